/** Labelled uses of keys (RFC 9420, 5.1.2, 5.1.3 and 5.2): one signature or ciphertext cannot pass for another. */
import { concat, encodeUtf8 } from "../bytes"
import { opaque } from "./encoding"
import { InvalidMessage } from "./errors"
import { open, seal, type HpkeCiphertext } from "./hpke"
import type { RandomBytes } from "./primitives"
import type { CipherSuite } from "./suites"

function labelled(label: string, content: Uint8Array): Uint8Array {
  return concat(opaque(encodeUtf8(`MLS 1.0 ${label}`)), opaque(content))
}

export function signWithLabel(suite: CipherSuite, privateKey: Uint8Array, label: string, content: Uint8Array): Uint8Array {
  return suite.signature.sign(privateKey, labelled(label, content))
}

/** Throw unless `signature` is by the owner of `publicKey`. */
export function verifyWithLabel(suite: CipherSuite, publicKey: Uint8Array, label: string, content: Uint8Array, signature: Uint8Array): void {
  if (!suite.signature.isValid(publicKey, labelled(label, content), signature)) {
    throw new InvalidMessage("bad_signature", "the signature does not hold")
  }
}

export function encryptWithLabel(
  suite: CipherSuite, publicKey: Uint8Array, label: string, context: Uint8Array, plaintext: Uint8Array, random: RandomBytes,
): HpkeCiphertext {
  return seal(suite, publicKey, labelled(label, context), plaintext, random)
}

export function decryptWithLabel(
  suite: CipherSuite, privateKey: Uint8Array, label: string, context: Uint8Array, ciphertext: HpkeCiphertext,
): Uint8Array {
  return open(suite, privateKey, labelled(label, context), ciphertext)
}

/** RefHash (RFC 9420, 5.2): its labels carry "MLS 1.0" themselves. */
export function refHash({ hash }: CipherSuite, label: string, value: Uint8Array): Uint8Array {
  return hash.digest(concat(opaque(encodeUtf8(label)), opaque(value)))
}
