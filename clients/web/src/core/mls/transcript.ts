/** Transcript hashes and the confirmation tag (RFC 9420, 8.2 and 6.1). */
import { concat, equal } from "../bytes"
import { BYTES } from "./codec"
import { InvalidCommit } from "./errors"
import { confirmedTranscriptHashInput, type AuthenticatedContent } from "./framing"
import type { CipherSuite } from "./suites"

export function confirmedTranscriptHash(suite: CipherSuite, interimBefore: Uint8Array, commit: AuthenticatedContent): Uint8Array {
  return suite.hash.digest(concat(interimBefore, confirmedTranscriptHashInput(commit)))
}

export function interimTranscriptHash(suite: CipherSuite, confirmed: Uint8Array, confirmationTag: Uint8Array): Uint8Array {
  return suite.hash.digest(concat(confirmed, BYTES.encode(confirmationTag)))
}

export function confirmationTag(suite: CipherSuite, confirmationKey: Uint8Array, confirmed: Uint8Array): Uint8Array {
  return suite.hash.hmac(confirmationKey, confirmed)
}

/** Throw unless `tag` was made by somebody who arrived at the same epoch. */
export function verifyConfirmationTag(suite: CipherSuite, confirmationKey: Uint8Array, confirmed: Uint8Array, tag: Uint8Array): void {
  if (!equal(confirmationTag(suite, confirmationKey, confirmed), tag)) {
    throw new InvalidCommit("bad_confirmation_tag", "the confirmation tag does not hold")
  }
}
