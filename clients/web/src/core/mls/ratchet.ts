/** One symmetric ratchet (RFC 9420, 9.1): a value; advancing it gives the next. */
import { InvalidMessage, InvalidState } from "./errors"
import { deriveTreeSecret } from "./hkdf"
import type { CipherSuite } from "./suites"

/** Keys of messages that have not come yet and may still. */
const MAX_SKIPPED = 64
const MAX_FORWARD = 1_000
const LAST_GENERATION = 2 ** 32 - 1

export interface MessageKey {
  readonly key: Uint8Array
  readonly nonce: Uint8Array
}

export interface SkippedKey extends MessageKey {
  readonly generation: number
}

export interface Ratchet {
  /** The next generation: those before it are used, or skipped. */
  readonly generation: number
  readonly secret: Uint8Array
  readonly skipped: readonly SkippedKey[]
}

export interface Advanced extends MessageKey {
  readonly next: Ratchet
}

export function newRatchet(secret: Uint8Array): Ratchet {
  return { generation: 0, secret, skipped: [] }
}

/** The key of one generation, and the ratchet without it. */
export function advance(suite: CipherSuite, ratchet: Ratchet, generation: number): Advanced {
  return generation < ratchet.generation ? late(ratchet, generation) : ahead(suite, ratchet, generation)
}

function late(ratchet: Ratchet, generation: number): Advanced {
  const found = ratchet.skipped.find((one) => one.generation === generation)
  if (found === undefined) throw new InvalidMessage("consumed_generation", "a message whose key was used or forgotten")
  const next = { ...ratchet, skipped: ratchet.skipped.filter((one) => one !== found) }
  return { key: found.key, nonce: found.nonce, next }
}

function ahead(suite: CipherSuite, ratchet: Ratchet, generation: number): Advanced {
  if (generation - ratchet.generation > MAX_FORWARD) throw new InvalidMessage("too_far_ahead", "a message too far ahead")
  if (generation >= LAST_GENERATION) throw new InvalidState("exhausted", "the last key of a ratchet")
  const skipped = [...ratchet.skipped]
  let { secret } = ratchet
  for (let at = ratchet.generation; at < generation; at++) {
    if (generation - at <= MAX_SKIPPED) skipped.push({ generation: at, ...keyAt(suite, secret, at) })
    secret = passed(suite, secret, at, ratchet.secret)
  }
  const key = keyAt(suite, secret, generation)
  const next = { generation: generation + 1, secret: passed(suite, secret, generation, ratchet.secret), skipped: skipped.slice(-MAX_SKIPPED) }
  return { ...key, next }
}

function keyAt(suite: CipherSuite, secret: Uint8Array, generation: number): MessageKey {
  return {
    key: deriveTreeSecret(suite, secret, "key", generation, suite.aead.keyLength),
    nonce: deriveTreeSecret(suite, secret, "nonce", generation, suite.aead.nonceLength),
  }
}

/** The secret after `secret`, which is destroyed unless it is the `first`: that one is still the ratchet's. */
function passed(suite: CipherSuite, secret: Uint8Array, generation: number, first: Uint8Array): Uint8Array {
  const next = deriveTreeSecret(suite, secret, "secret", generation, suite.hash.length)
  if (secret !== first) secret.fill(0)
  return next
}

/** Destroy what `after` does not need of `before`. */
export function wipePassed(before: Ratchet, after: Ratchet): void {
  if (before.secret !== after.secret) before.secret.fill(0)
  for (const one of before.skipped) {
    if (!after.skipped.includes(one)) wipeKey(one)
  }
}

export function wipeKey({ key, nonce }: MessageKey): void {
  key.fill(0)
  nonce.fill(0)
}
