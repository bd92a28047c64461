/** The kinds of test vectors, told apart by the fields of their cases. */
import { cryptoBasics, deserialization, pskSecrets, treeMath } from "./basics"
import { isRecord, type Case } from "./expect"
import { passiveClient, welcome } from "./groups"
import { messageProtection } from "./protection"
import { keySchedule, secretTree, transcriptHashes } from "./schedule"
import { messages } from "./structures"
import { treeKem, treeOperations, treeValidation } from "./trees"

/** Throws where the case does not hold. */
export type Check = (one: Case) => void

/** Each kind by fields that no other kind has together. */
const KINDS: readonly (readonly [readonly string[], Check])[] = [
  [["ref_hash", "encrypt_with_label"], cryptoBasics],
  [["vlbytes_header"], deserialization],
  [["n_leaves", "sibling"], treeMath],
  [["psks", "psk_secret"], pskSecrets],
  [["initial_init_secret", "epochs"], keySchedule],
  [["sender_data", "leaves"], secretTree],
  [["interim_transcript_hash_before"], transcriptHashes],
  [["proposal_priv", "application_priv"], messageProtection],
  [["mls_welcome", "group_secrets"], messages],
  [["tree_before", "tree_after"], treeOperations],
  [["tree_hashes", "resolutions"], treeValidation],
  [["leaves_private", "update_paths"], treeKem],
  [["welcome", "signer_pub"], welcome],
  [["welcome", "initial_epoch_authenticator"], passiveClient],
]

/** How to check `one`; null where it is of no kind we know. */
export function checkOf(one: unknown): (() => void) | null {
  if (!isRecord(one)) return null
  const found = KINDS.find(([fields]) => fields.every((field) => field in one))
  return found === undefined ? null : () => found[1](one)
}
