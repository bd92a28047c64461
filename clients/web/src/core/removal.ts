/**
 * Whether the hub may have a device removed: it says why in the proposal's authenticated data, and that
 * must be a revocation by a device of the same person that stands in this very group and epoch. The hub's
 * signature on the proposal alone moves nobody.
 */
import { equal } from "./bytes"
import type { Leaf } from "./conversation"
import { VerificationError } from "./errors"
import { DEVICE_REVOCATION, UnverifiedStatement, decodeJustification, type DeviceRevocation } from "./statements"
import { uuidBytes, uuidText } from "./uuid"

export interface Signer extends Leaf {
  readonly signatureKey: Uint8Array
}

/** Where a removal is proposed. */
export interface Place {
  readonly deployment: string
  readonly conversation: string
  readonly confirmedTranscriptHash: Uint8Array
  readonly members: readonly Signer[]
}

/** Return the revocation that justifies the removal of `removed`; throw where there is none. */
export function verifyRemoval(authenticatedData: Uint8Array, removed: Leaf, place: Place): DeviceRevocation {
  const justification = decodeJustification(authenticatedData)
  demand(equal(justification.conversation, uuidBytes(place.conversation)), "it is about another conversation")
  demand(equal(justification.device, uuidBytes(removed.device)), "it is about another device")
  demand(equal(justification.confirmedTranscriptHash, place.confirmedTranscriptHash), "it is of another epoch")
  const revocation = UnverifiedStatement.decode(DEVICE_REVOCATION, justification.statement)
  demand(revocation.content.deployment === place.deployment, "a statement of another deployment")
  demand(equal(revocation.content.device, uuidBytes(removed.device)), "a statement about another device")
  demand(equal(revocation.content.person, uuidBytes(removed.person)), "a statement of another person")
  const signer = uuidText(revocation.content.signer)
  const leaf = place.members.find(({ person, device }) => person === removed.person && device === signer)
  // Until people have certificates, no other device of theirs is known to anybody here.
  if (leaf === undefined) throw new VerificationError("wrong_origin", "no device of that person in this group signed it")
  return revocation.verify(leaf.signatureKey)
}

function demand(holds: boolean, sentence: string): void {
  if (!holds) throw new VerificationError("wrong_entry", sentence)
}
