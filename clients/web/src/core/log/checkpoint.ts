/**
 * A log's signed statement of its size and root (c2sp.org/tlog-checkpoint over signed-note).
 *
 * Signatures by other keys (witnesses) are ignored; extension lines, which nobody audits, are
 * refused. The Python twin is `crypto/log/checkpoint.py`.
 */
import { ed25519 } from "@noble/curves/ed25519.js"
import { sha256 } from "@noble/hashes/sha2.js"
import { concat, decodeBase64, encodeBase64, encodeHex, encodeUtf8, equal } from "../bytes"
import { VerificationError, malformed } from "../errors"
import { checkKeyName, decodeDecimal, decodeHash } from "./text"

export const MAX_SIGNATURES = 16
export const MAX_CHECKPOINT_BYTES = 8192

const ED25519 = 1
const PUBLIC_KEY_BYTES = 32
const SIGNATURE_BYTES = 64
const KEY_ID_BYTES = 4
const VERIFIER_KEY = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/
const NOT_IN_A_NOTE = /[^\n\P{Cc}]|\p{Surrogate}/u

/** A log's public key and the name it signs under: what this client pins. */
export interface VerifierKey {
  readonly name: string
  readonly publicKey: Uint8Array
  /** The four bytes that name the key in signature lines. */
  readonly keyId: Uint8Array
}

/** The log `origin` had `size` entries under `root`. */
export interface Checkpoint {
  readonly origin: string
  readonly size: number
  readonly root: Uint8Array
}

/** One signature line: who claims to have signed, and the bytes. */
export interface NoteSignature {
  readonly name: string
  readonly keyId: Uint8Array
  readonly signature: Uint8Array
}

/** A checkpoint as it came: readable, not yet to be believed. */
export interface UnverifiedCheckpoint {
  readonly content: Checkpoint
  readonly signatures: readonly NoteSignature[]
}

/** Read `name+key id+base64`, the form in which Go's sumdb and C2SP tools print keys. */
export function parseVerifierKey(text: string): VerifierKey {
  const [, name = "", id = "", encoded = ""] = VERIFIER_KEY.exec(text) ?? []
  checkKeyName(name)
  const [type, ...key] = decodeBase64(encoded)
  if (type !== ED25519 || key.length !== PUBLIC_KEY_BYTES) throw malformed("not an Ed25519 verifier key")
  const publicKey = Uint8Array.from(key)
  const keyId = keyIdOf(name, publicKey)
  if (encodeHex(keyId) !== id) throw malformed("the key id is not this key's")
  return { name, publicKey, keyId }
}

/** Write the text that `parseVerifierKey` reads. */
export function encodeVerifierKey(key: VerifierKey): string {
  return `${key.name}+${encodeHex(key.keyId)}+${encodeBase64(concat(Uint8Array.of(ED25519), key.publicKey))}`
}

/** Read a signed note whose text is a checkpoint. */
export function parseCheckpoint(text: string): UnverifiedCheckpoint {
  if (NOT_IN_A_NOTE.test(text)) throw malformed("a note is valid Unicode without control characters")
  if (encodeUtf8(text).length > MAX_CHECKPOINT_BYTES) throw malformed("a checkpoint is at most 8 KiB")
  const separator = text.lastIndexOf("\n\n")
  if (separator < 0 || !text.endsWith("\n")) {
    throw malformed("a note is a text, an empty line and signature lines")
  }
  const lines = text.slice(separator + 2, -1).split("\n")
  if (lines.length > MAX_SIGNATURES) throw malformed("a checkpoint has at most 16 signatures")
  return { content: parseBody(text.slice(0, separator)), signatures: lines.map(parseSignature) }
}

/**
 * Return the checkpoint if the log that `key` names signed it; throw otherwise.
 *
 * Lines by other keys are ignored, as signed-note demands; every line by this key must hold.
 */
export function verifyCheckpoint({ content, signatures }: UnverifiedCheckpoint, key: VerifierKey): Checkpoint {
  if (content.origin !== key.name) {
    throw new VerificationError("wrong_origin", "the checkpoint is another log's")
  }
  const ours = signatures.filter((line) => line.name === key.name && equal(line.keyId, key.keyId))
  if (ours.length === 0) {
    throw new VerificationError("bad_signature", "the log did not sign this checkpoint")
  }
  // Encoding again yields the signed text: parsing accepted no other spelling of it.
  const text = encodeUtf8(encodeCheckpoint(content))
  if (!ours.every((line) => isSignedBy(key, line.signature, text))) {
    throw new VerificationError("bad_signature", "the log's signature does not hold")
  }
  return content
}

/** Write the note text: what is signed. */
export function encodeCheckpoint({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${encodeBase64(root)}\n`
}

function keyIdOf(name: string, publicKey: Uint8Array): Uint8Array {
  const named = concat(encodeUtf8(`${name}\n`), Uint8Array.of(ED25519), publicKey)
  return sha256(named).slice(0, KEY_ID_BYTES)
}

function parseBody(body: string): Checkpoint {
  const [origin, size, root, ...rest] = body.split("\n")
  if (origin === undefined || size === undefined || root === undefined || rest.length > 0) {
    throw malformed("a checkpoint is an origin, a size and a root")
  }
  checkKeyName(origin)
  return { origin, size: decodeDecimal(size), root: decodeHash(root) }
}

function parseSignature(line: string): NoteSignature {
  const [dash, name, encoded, ...rest] = line.split(" ")
  if (dash !== "—" || name === undefined || encoded === undefined || rest.length > 0) {
    throw malformed("a signature line is a dash, a name and a signature")
  }
  checkKeyName(name)
  const value = decodeBase64(encoded)
  if (value.length <= KEY_ID_BYTES) throw malformed("a signature follows its key id")
  return { name, keyId: value.slice(0, KEY_ID_BYTES), signature: value.slice(KEY_ID_BYTES) }
}

function isSignedBy(key: VerifierKey, signature: Uint8Array, text: Uint8Array): boolean {
  // Strict RFC 8032 rather than the library's default, ZIP 215, which takes more encodings.
  const options = { zip215: false }
  return signature.length === SIGNATURE_BYTES && ed25519.verify(signature, text, key.publicKey, options)
}
