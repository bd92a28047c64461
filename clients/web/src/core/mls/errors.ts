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
 *         ├── InvalidWelcome    12.4.3: a Welcome or a GroupInfo
 *         └── Unsupported       what we do not have: a cipher suite
 */
import { VerificationError, type Fault } from "../errors"

export type MlsFault =
  | "malformed"
  | "wrong_group" | "wrong_epoch" | "wrong_wire_format" | "wrong_version" | "wrong_suite" | "wrong_content"
  | "bad_signature" | "bad_membership_tag" | "bad_confirmation_tag" | "bad_public_key" | "bad_private_key"
  | "decryption_failed" | "unknown_sender" | "own_message" | "generation_used" | "generation_too_far" | "nonzero_padding" | "unsigned"
  | "sender_may_not" | "unknown_proposal" | "own_update" | "removes_committer" | "same_leaf_twice" | "same_psk_twice"
  | "extensions_twice" | "reinit_not_alone" | "external_init" | "unsupported_proposal" | "unsupported_extension" | "unsupported_credential"
  | "blank_leaf" | "missing_path" | "path_shape" | "path_key" | "parent_hash" | "duplicate_key" | "same_encryption_key" | "duplicate_extension"
  | "leaf_source" | "lifetime" | "capabilities" | "required_capabilities" | "bad_extension" | "tree_shape" | "unmerged_leaves" | "tree_hash"
  | "unknown_psk" | "psk_nonce" | "psk_usage" | "version_lower" | "reinitialised"
  | "not_for_us" | "no_tree" | "no_external_pub" | "group_info" | "signer"
  | "unsupported_suite"

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
export class Unsupported extends Refused {}

export function malformed(sentence: string): MalformedMessage {
  return new MalformedMessage(sentence)
}
