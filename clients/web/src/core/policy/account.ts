/**
 * What is made with a person's account key besides statements: what people compare, how the key travels
 * to another of their devices, and how it is kept for the day when all of them are lost.
 */
import { sha256 } from "@noble/hashes/sha2.js"
import { concat, encodeHex, encodeUtf8, equal } from "../bytes"
import { expand, extract } from "../mls/hkdf"
import { open, seal } from "../mls/hpke"
import { InvalidTree, malformed } from "../mls/errors"
import { AES_256_GCM, type RandomBytes } from "../mls/primitives"
import { SUITE_1 } from "../mls/suites"
import { uuidBytes } from "../uuid"

const LINK_INFO = encodeUtf8("Colloque 1 Link")
const KEM_BYTES = 32
const NONCE_BYTES = 12
const KEY_BYTES = 32
/** Crockford's base 32: no I, L, O or U. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
const LOOKALIKES: Readonly<Record<string, string>> = { O: "0", I: "1", L: "1" }
const CODE_CHARACTERS = 26
const CODE = /^[0-9A-HJKMNP-TV-Z]{26}$/

/** A device of a person, as it asks to be given the account key. */
export interface NewDevice {
  readonly device: string
  readonly signatureKey: Uint8Array
}

/** What two people compare to know that they mean the same person and key. */
export function fingerprint(person: string, aik: Uint8Array): Uint8Array {
  return sha256(concat(encodeUtf8("Colloque 1 Fingerprint"), uuidBytes(person), aik))
}

/** As a screen shows it for another's camera. */
export function fingerprintText(deployment: string, person: string, aik: Uint8Array): string {
  return `colloque:1:${deployment}:${person}:${encodeHex(fingerprint(person, aik))}`
}

/** As it is read aloud. */
export function fingerprintDigits(person: string, aik: Uint8Array): string {
  return decimal(fingerprint(person, aik), 30)
}

/** Of 53 bits: a hub that swaps the keys in between has to find another pair with the same ones. */
const LINK_DIGITS = 16

/** What both devices show before one gives the other the key. */
export function linkDigits({ device, signatureKey }: NewDevice, initKey: Uint8Array): string {
  return decimal(sha256(concat(encodeUtf8("Colloque 1 LinkCode"), uuidBytes(device), signatureKey, initKey)), LINK_DIGITS)
}

function decimal(digest: Uint8Array, digits: number): string {
  return (BigInt(`0x${encodeHex(digest)}`) % 10n ** BigInt(digits)).toString().padStart(digits, "0")
}

/** The account's seed, for another device of the same person alone. */
export function sealSeed(seed: Uint8Array, to: NewDevice, initKey: Uint8Array, random: RandomBytes): Uint8Array {
  const { kemOutput, ciphertext } = seal(SUITE_1, initKey, LINK_INFO, seed, random, bound(to))
  return concat(kemOutput, ciphertext)
}

/** The seed of the account of this `aik`; throws where that was not sealed for this device. */
export function openSeed(sealed: Uint8Array, to: NewDevice, initPrivateKey: Uint8Array, aik: Uint8Array): Uint8Array {
  const parts = { kemOutput: sealed.slice(0, KEM_BYTES), ciphertext: sealed.slice(KEM_BYTES) }
  return seedOf(open(SUITE_1, initPrivateKey, LINK_INFO, parts, bound(to)), aik)
}

function bound({ device, signatureKey }: NewDevice): Uint8Array {
  return concat(uuidBytes(device), signatureKey)
}

/** A fresh recovery code, in groups as it is written down: of each byte five bits, 130 of them random. */
export function recoveryCode(random: RandomBytes): string {
  const drawn = Array.from(random(CODE_CHARACTERS), (byte) => ALPHABET.charAt(byte & 31)).join("")
  return drawn.replace(/.{5}(?=.)/g, "$&-")
}

/** The seed under a recovery code, to be stored by a hub that cannot open it. */
export function wrapSeed(seed: Uint8Array, code: string, person: string, random: RandomBytes): Uint8Array {
  const nonce = random(NONCE_BYTES)
  return concat(nonce, AES_256_GCM.seal(recoveryKey(code, person), nonce, SUITE_1.signature.publicKey(seed), seed))
}

/** The seed of the account of this `aik`; throws where the code does not open it. */
export function unwrapSeed(blob: Uint8Array, code: string, person: string, aik: Uint8Array): Uint8Array {
  if (blob.length < NONCE_BYTES) throw malformed("no wrapped account key")
  return seedOf(AES_256_GCM.open(recoveryKey(code, person), blob.slice(0, NONCE_BYTES), aik, blob.slice(NONCE_BYTES)), aik)
}

function seedOf(seed: Uint8Array, aik: Uint8Array): Uint8Array {
  if (!equal(SUITE_1.signature.publicKey(seed), aik)) throw new InvalidTree("bad_key", "the key of another account")
  return seed
}

function recoveryKey(code: string, person: string): Uint8Array {
  return expand(SUITE_1.hash, extract(SUITE_1.hash, uuidBytes(person), canonical(code)), encodeUtf8("Colloque 1 Recovery"), KEY_BYTES)
}

/** A code as it was made, however it was typed. */
function canonical(code: string): Uint8Array {
  const typed = code.toUpperCase().replace(/[-\s]/g, "").replace(/[OIL]/g, (letter) => LOOKALIKES[letter] ?? "")
  if (!CODE.test(typed)) throw malformed("a recovery code is 26 letters and digits")
  return encodeUtf8(typed)
}
