/**
 * Why MLS refused something. Nothing here carries a secret, or what a peer wrote.
 *
 *     VerificationError
 *     └── MlsError              never thrown itself
 *         ├── MalformedMessage  the bytes are not what their format says: all that decoding throws
 *         ├── InvalidMessage    a message that is not for this group and epoch, or that nobody here wrote
 *         ├── InvalidProposal   RFC 9420, 12.1 and 12.2: a proposal, or a list of them, against the rules
 *         ├── InvalidCommit     12.4: a commit, its path or what it leads to
 *         ├── InvalidTree       7: a tree, a leaf or a key package
 *         ├── InvalidWelcome    12.4.3.1: a Welcome
 *         ├── InvalidGroupInfo  12.4.3: a GroupInfo
 *         ├── InvalidState      what the caller asks is not possible in this epoch
 *         └── Unsupported       what we do not have: a cipher suite
 */
import { VerificationError, type Fault } from "../errors"

/** Stable words, the same in Python (`crypto.errors.Rule`): never renamed or reused. */
export type MlsFault =
  | "malformed" | "unsupported_suite"
  // Framing and protection: 6.
  | "wrong_group" | "wrong_epoch" | "wrong_wire_format" | "wrong_content" | "unknown_sender" | "own_message"
  | "bad_signature" | "bad_membership_tag" | "bad_ciphertext" | "bad_padding" | "consumed_generation" | "too_far_ahead"
  // Leaf nodes and key packages: 7.3, 10.1.
  | "wrong_version" | "wrong_suite" | "wrong_source" | "bad_lifetime" | "bad_key" | "same_key" | "duplicate_key"
  | "duplicate_extension" | "unlisted_extension" | "unsupported_credential" | "unsupported_extension" | "missing_capability"
  // Trees: 7.8, 7.9, 12.4.3.1.
  | "tree_hash" | "parent_hash" | "unmerged_leaves" | "missing_tree" | "bad_tree"
  // Proposals: 12.1, 12.2.
  | "unknown_proposal" | "unknown_leaf" | "forbidden_sender" | "own_update" | "own_remove" | "same_leaf_twice" | "several_extensions"
  | "reinit_not_alone" | "external_init" | "psk_nonce" | "psk_usage" | "duplicate_psk" | "unknown_psk"
  // Commits: 12.4.
  | "missing_path" | "path_shape" | "path_secret" | "bad_confirmation_tag" | "reference_in_external_commit" | "missing_remove"
  // Joining: 12.4.3.
  | "not_for_us" | "wrong_signer" | "wrong_context" | "missing_external_pub" | "wrong_welcome" | "not_the_reinit" | "not_the_branch"
  // Our own state.
  | "group_closed" | "pending_proposals" | "exhausted"

export abstract class MlsError extends VerificationError {
  /** Which rule: stable, for machines. */
  readonly code: MlsFault

  constructor(fault: Fault, code: MlsFault, sentence: string) {
    super(fault, sentence)
    this.code = code
  }
}

export class MalformedMessage extends MlsError {
  constructor(sentence: string) {
    super("malformed_input", "malformed", sentence)
  }
}

/** A refusal by a rule: its code says which. */
abstract class Refused extends MlsError {
  constructor(code: MlsFault, sentence: string) {
    super(code === "bad_signature" ? "bad_signature" : "invalid_message", code, sentence)
  }
}

export class InvalidMessage extends Refused {}
export class InvalidProposal extends Refused {}
export class InvalidCommit extends Refused {}
export class InvalidTree extends Refused {}
export class InvalidWelcome extends Refused {}
export class InvalidGroupInfo extends Refused {}
export class InvalidState extends Refused {}
export class Unsupported extends Refused {}

export function malformed(sentence: string): MalformedMessage {
  return new MalformedMessage(sentence)
}
