/** HKDF (RFC 5869) and what RFC 9420, section 8, derives with it. */
import { concat, encodeUtf8 } from "../bytes"
import { opaque, uint16, uint32 } from "./encoding"
import type { Hash } from "./primitives"
import type { CipherSuite } from "./suites"

export function extract(hash: Hash, salt: Uint8Array, ikm: Uint8Array): Uint8Array {
  return hash.hmac(salt, ikm)
}

export function expand(hash: Hash, prk: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  if (length > 255 * hash.length) throw new RangeError("more than HKDF can give")
  const output = new Uint8Array(length)
  let block: Uint8Array = new Uint8Array()
  for (let at = 0, counter = 1; at < length; at += hash.length, counter++) {
    block = hash.hmac(prk, concat(block, info, Uint8Array.of(counter)))
    output.set(block.subarray(0, length - at), at)
  }
  return output
}

/** ExpandWithLabel (RFC 9420, 8). */
export function expandWithLabel(suite: CipherSuite, secret: Uint8Array, label: string, context: Uint8Array, length: number): Uint8Array {
  const info = concat(uint16(length), opaque(encodeUtf8(`MLS 1.0 ${label}`)), opaque(context))
  return expand(suite.hash, secret, info, length)
}

/** DeriveSecret (RFC 9420, 8). */
export function deriveSecret(suite: CipherSuite, secret: Uint8Array, label: string): Uint8Array {
  return expandWithLabel(suite, secret, label, new Uint8Array(), suite.hash.length)
}

/** DeriveTreeSecret (RFC 9420, 9.1). */
export function deriveTreeSecret(suite: CipherSuite, secret: Uint8Array, label: string, generation: number, length: number): Uint8Array {
  return expandWithLabel(suite, secret, label, uint32(generation), length)
}
