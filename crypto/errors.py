"""Why a piece of cryptography was refused.

CryptoError            never raised itself
├── MalformedInput     the bytes or text are not what their format says
├── BadSignature       no signature by the expected key, or one that does not hold
├── BadCiphertext      a ciphertext that the key does not open
├── BadKey             no key of the algorithm it is offered for, or one that leads to nothing
├── BadProof           a Merkle proof does not lead to the root it is offered for
├── WrongOrigin        a checkpoint of another log than the one that was asked
├── WrongEntry         a receipt for another entry than the one in hand
├── BadFrankingTag     a payload is not the one its sender committed to
├── BadIdentity        a certificate that is not of this person, this device or this time
├── UnsupportedSuite   a cipher suite that this code does not speak
└── RuleBroken         never raised itself: a rule of RFC 9420, named by `rule`
    ├── InvalidMessage      its frame, its sender or its protection
    ├── InvalidLeafNode     RFC 9420, 7.3
    ├── InvalidKeyPackage   RFC 9420, 10.1
    ├── InvalidTree         RFC 9420, 12.4.3.1
    ├── InvalidProposal     RFC 9420, 12.1 and 12.2
    ├── InvalidCommit       RFC 9420, 12.4
    ├── InvalidGroupInfo    RFC 9420, 12.4.3
    ├── InvalidWelcome      RFC 9420, 12.4.3.1
    ├── InvalidPsk          RFC 9420, 8.4
    └── InvalidState        what the caller asks is not possible in this epoch

Every error has a `code`, short and stable, for machines. Their sentences are constant: nothing a
peer wrote travels through an error into a log.
"""

from __future__ import annotations

from enum import StrEnum


class CryptoError(Exception):
    """Root of this package's errors; catch it, never raise it."""

    code = "crypto"


class MalformedInput(CryptoError):
    """The bytes or text are not what their format says."""

    code = "malformed"


class BadSignature(CryptoError):
    """No signature by the expected key, or one that does not hold."""

    code = "bad_signature"


class BadCiphertext(CryptoError):
    """A ciphertext that the key does not open."""

    code = "bad_ciphertext"


class BadKey(CryptoError):
    """No key of the algorithm it is offered for, or one that leads to nothing."""

    code = "bad_key"


class BadProof(CryptoError):
    """A Merkle proof does not lead to the root it is offered for."""

    code = "bad_proof"


class WrongOrigin(CryptoError):
    """A checkpoint of another log than the one that was asked."""

    code = "wrong_origin"


class WrongEntry(CryptoError):
    """A receipt for another entry than the one in hand."""

    code = "wrong_entry"


class BadFrankingTag(CryptoError):
    """A payload is not the one its sender committed to."""

    code = "bad_franking_tag"


class BadIdentity(CryptoError):
    """A certificate that is not of this person, this device or this time."""

    code = "bad_identity"


class UnsupportedSuite(CryptoError):
    """A cipher suite that this code does not speak."""

    code = "unsupported_suite"


class Rule(StrEnum):
    """The rules that a message of MLS can break, as stable words. Never renamed or reused."""

    # Framing and protection: RFC 9420, section 6.
    WRONG_GROUP = "wrong_group"
    WRONG_EPOCH = "wrong_epoch"
    WRONG_WIRE_FORMAT = "wrong_wire_format"
    WRONG_CONTENT = "wrong_content"
    UNKNOWN_SENDER = "unknown_sender"
    OWN_MESSAGE = "own_message"
    BAD_SIGNATURE = "bad_signature"
    BAD_MEMBERSHIP_TAG = "bad_membership_tag"
    BAD_CIPHERTEXT = "bad_ciphertext"
    BAD_PADDING = "bad_padding"
    CONSUMED_GENERATION = "consumed_generation"
    TOO_FAR_AHEAD = "too_far_ahead"
    # Leaf nodes and key packages: 7.3, 10.1.
    WRONG_VERSION = "wrong_version"
    WRONG_SUITE = "wrong_suite"
    WRONG_SOURCE = "wrong_source"
    BAD_LIFETIME = "bad_lifetime"
    BAD_KEY = "bad_key"
    SAME_KEY = "same_key"
    DUPLICATE_KEY = "duplicate_key"
    DUPLICATE_EXTENSION = "duplicate_extension"
    UNLISTED_EXTENSION = "unlisted_extension"
    UNSUPPORTED_CREDENTIAL = "unsupported_credential"
    UNSUPPORTED_EXTENSION = "unsupported_extension"
    MISSING_CAPABILITY = "missing_capability"
    # Trees: 7.8, 7.9, 12.4.3.1.
    TREE_HASH = "tree_hash"
    PARENT_HASH = "parent_hash"
    UNMERGED_LEAVES = "unmerged_leaves"
    MISSING_TREE = "missing_tree"
    BAD_TREE = "bad_tree"
    # Proposals: 12.1, 12.2.
    UNKNOWN_PROPOSAL = "unknown_proposal"
    UNKNOWN_LEAF = "unknown_leaf"
    FORBIDDEN_SENDER = "forbidden_sender"
    OWN_UPDATE = "own_update"
    OWN_REMOVE = "own_remove"
    SAME_LEAF_TWICE = "same_leaf_twice"
    SEVERAL_EXTENSIONS = "several_extensions"
    REINIT_NOT_ALONE = "reinit_not_alone"
    EXTERNAL_INIT = "external_init"
    PSK_NONCE = "psk_nonce"
    PSK_USAGE = "psk_usage"
    DUPLICATE_PSK = "duplicate_psk"
    UNKNOWN_PSK = "unknown_psk"
    # Commits: 12.4.
    MISSING_PATH = "missing_path"
    PATH_SHAPE = "path_shape"
    PATH_SECRET = "path_secret"  # noqa: S105
    BAD_CONFIRMATION_TAG = "bad_confirmation_tag"
    REFERENCE_IN_EXTERNAL_COMMIT = "reference_in_external_commit"
    MISSING_REMOVE = "missing_remove"
    # Joining: 12.4.3.
    NOT_FOR_US = "not_for_us"
    WRONG_SIGNER = "wrong_signer"
    WRONG_CONTEXT = "wrong_context"
    MISSING_EXTERNAL_PUB = "missing_external_pub"
    WRONG_WELCOME = "wrong_welcome"
    NOT_THE_REINIT = "not_the_reinit"
    NOT_THE_BRANCH = "not_the_branch"
    # The caller's own state.
    GROUP_CLOSED = "group_closed"
    PENDING_PROPOSALS = "pending_proposals"
    EXHAUSTED = "exhausted"


class RuleBroken(CryptoError):
    """A rule of RFC 9420 is broken; `code` says which. Catch it, never raise it."""

    def __init__(self, rule: Rule) -> None:
        super().__init__(rule.value)
        self.rule = rule
        self.code = rule.value


class InvalidMessage(RuleBroken):
    """A message's frame, sender or protection (RFC 9420, section 6)."""


class InvalidLeafNode(RuleBroken):
    """A leaf node (RFC 9420, 7.3)."""


class InvalidKeyPackage(RuleBroken):
    """A key package (RFC 9420, 10.1)."""


class InvalidTree(RuleBroken):
    """A ratchet tree (RFC 9420, 12.4.3.1)."""


class InvalidProposal(RuleBroken):
    """A proposal, or a list of them (RFC 9420, 12.1 and 12.2)."""


class InvalidCommit(RuleBroken):
    """A commit (RFC 9420, 12.4)."""


class InvalidGroupInfo(RuleBroken):
    """A GroupInfo (RFC 9420, 12.4.3)."""


class InvalidWelcome(RuleBroken):
    """A Welcome (RFC 9420, 12.4.3.1)."""


class InvalidPsk(RuleBroken):
    """A pre-shared key (RFC 9420, 8.4)."""


class InvalidState(RuleBroken):
    """What the caller asks is not possible in this epoch."""
