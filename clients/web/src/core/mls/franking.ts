/**
 * Franking: a sender's commitment to a content that the hub sees without learning the content.
 * A payload is salt[32] ‖ content; its tag, HMAC-SHA256(salt, content), is in the clear.
 */
import { hmac } from "@noble/hashes/hmac.js"
import { sha256 } from "@noble/hashes/sha2.js"
import { concat, equal } from "../bytes"
import { VerificationError, malformed } from "../errors"

export const SALT_BYTES = 32

/** A decrypted payload whose content has not been held against its tag yet. */
export interface UnverifiedPayload {
  readonly salt: Uint8Array
  readonly content: Uint8Array
}

/** Compute HMAC-SHA256(salt, content). */
export function frankingTag(salt: Uint8Array, content: Uint8Array): Uint8Array {
  checkSalt(salt)
  return hmac(sha256, salt, content)
}

/** Return the content if `tag` commits to it; throw otherwise. */
export function verifyFrankingTag(tag: Uint8Array, { salt, content }: UnverifiedPayload): Uint8Array {
  if (!equal(frankingTag(salt, content), tag)) {
    throw new VerificationError("bad_franking_tag", "the content is not the one its sender committed to")
  }
  return content
}

/** Write the plaintext of an application message. */
export function encodePayload(salt: Uint8Array, content: Uint8Array): Uint8Array {
  checkSalt(salt)
  return concat(salt, content)
}

/** Split the plaintext of an application message. */
export function decodePayload(payload: Uint8Array): UnverifiedPayload {
  if (payload.length < SALT_BYTES) throw malformed("a payload begins with a salt of 32 bytes")
  return { salt: payload.slice(0, SALT_BYTES), content: payload.slice(SALT_BYTES) }
}

// HMAC pads a shorter key with zeros: two salts would then share one tag.
function checkSalt(salt: Uint8Array): void {
  if (salt.length !== SALT_BYTES) throw malformed("a salt is 32 bytes")
}
