/** From a receipt to a fact: this entry stands at this index of this log. */
import { equal } from "../bytes"
import { VerificationError } from "../errors"
import { verifyCheckpoint, type Checkpoint, type VerifierKey } from "./checkpoint"
import { parseLogProof } from "./proof"
import { leafHash, verifyInclusion } from "./tree"

/** The log has committed itself to `entry` at `index`; only `verifyReceipt` makes one. */
export interface VerifiedReceipt {
  readonly entry: Uint8Array
  readonly index: number
  readonly checkpoint: Checkpoint
}

/**
 * Return what the receipt proves; throw the `VerificationError` that says why it proves nothing.
 *
 * The entry is the caller's, or the one that travels in the receipt; where both are there they
 * must be the same bytes.
 */
export function verifyReceipt(
  proofText: string,
  key: VerifierKey,
  entry: Uint8Array | null = null,
): VerifiedReceipt {
  const proof = parseLogProof(proofText)
  const proven = chooseEntry(entry, proof.extra)
  const checkpoint = verifyCheckpoint(proof.checkpoint, key)
  verifyInclusion({
    leaf: leafHash(proven),
    index: proof.index,
    size: checkpoint.size,
    proof: proof.hashes,
    root: checkpoint.root,
  })
  return { entry: proven, index: proof.index, checkpoint }
}

function chooseEntry(given: Uint8Array | null, carried: Uint8Array | null): Uint8Array {
  const chosen = given ?? carried
  if (!chosen) throw new VerificationError("wrong_entry", "the receipt carries no entry and none was given")
  if (carried && !equal(chosen, carried)) {
    throw new VerificationError("wrong_entry", "the receipt carries another entry")
  }
  return chosen
}
