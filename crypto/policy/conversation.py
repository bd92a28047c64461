"""What a group says of its conversation: two extensions, and the data of each commit.

`conversation_policy` (0xF0C2) stays as the group was founded, but for the patient's account key,
which is set once. `delegations` (0xF0C3) holds the records in force and a tombstone for each that
ended, so that none comes back; its number goes up by one at each change. Every commit carries
`CommitData` in its `authenticated_data`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from crypto.errors import MalformedInput
from crypto.mls.credential import Credential
from crypto.mls.extensions import (
    Extension,
    Extensions,
    ExtensionType,
    ExternalSender,
    RequiredCapabilities,
    external_senders_extension,
)
from crypto.policy.fields import (
    KEY_BYTES,
    Layout,
    hash32,
    id16,
    number,
    opaque,
    opaques,
    optional,
    structs,
    uint16,
    word,
)
from crypto.policy.identity import CREDENTIAL_TYPE, HUB
from crypto.policy.statements import (
    MAX_STATEMENT_BYTES,
    Delegation,
    Revocation,
    Unverified,
)
from crypto.policy.vocabulary import ConversationKind, DelegationState

POLICY_EXTENSION: Final = 0xF0C2
DELEGATIONS_EXTENSION: Final = 0xF0C3
SUCCESSION_EXTENSION: Final = 0xF0C4
"""Of the GroupInfo that founds a successor: the co-signed `Succession`, where there is one."""
LEAF_EXTENSIONS: Final = (POLICY_EXTENSION, DELEGATIONS_EXTENSION)
"""What every leaf's capabilities list, besides the credential type."""
MAX_CONFIRMATIONS: Final = 2
MAX_WITHDRAWALS: Final = 16
"""Each takes away at least one scope."""
MAX_IN_FORCE: Final = 16
MAX_KNOWN: Final = 256
"""In force and tombstones together: an end changes one into the other, so there is always room."""
MAX_ENDINGS: Final = 8
MAX_ENDING_BYTES: Final = 8192

_REQUIRED: Final = RequiredCapabilities(
    extension_types=LEAF_EXTENSIONS, credential_types=(CREDENTIAL_TYPE,)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationPolicy(Layout):
    """Whose a conversation is, of which kind, and the two account keys that everything hangs on."""

    VERSION: ClassVar = 1
    FIELDS: ClassVar = (
        id16("conversation"),
        word("kind"),
        word("pharmacy"),
        hash32("owner_aik"),
        id16("patient"),
        optional("patient_aik", KEY_BYTES),
        uint16("suite_floor"),
    )

    conversation: bytes
    kind: str
    pharmacy: str
    """FINESS."""
    owner_aik: bytes
    patient: bytes
    patient_aik: bytes = b""
    """Empty until the patient's first device comes in."""
    suite_floor: int = 1

    def __post_init__(self) -> None:
        if self.kind not in set(ConversationKind):
            raise MalformedInput("no kind of conversation")


@dataclass(frozen=True, slots=True)
class SignedConfirmation(Layout):
    """A pharmacist's confirmation, and the certificate that says that it is one's."""

    FIELDS: ClassVar = (
        opaque("confirmation", MAX_STATEMENT_BYTES),
        opaque("staff", MAX_STATEMENT_BYTES),
    )

    confirmation: bytes
    staff: bytes = b""
    """The confirmer's signed StaffCertificate; empty for the owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegationRecord(Layout):
    """All that makes a delegation hold, as it was signed: whoever reads the group can check it."""

    FIELDS: ClassVar = (
        opaque("delegation", MAX_STATEMENT_BYTES),
        structs("confirmations", SignedConfirmation, at_most=MAX_CONFIRMATIONS),
        opaque("acceptance", MAX_STATEMENT_BYTES),
        opaques("revocations", at_most=MAX_WITHDRAWALS, each=MAX_STATEMENT_BYTES),
    )

    delegation: bytes
    confirmations: tuple[SignedConfirmation, ...]
    acceptance: bytes
    revocations: tuple[bytes, ...] = ()
    """Partial ones, oldest first."""

    @property
    def content(self) -> Delegation:
        """Return the delegation as it came: not to be believed before it was checked."""
        return Unverified.decode(Delegation, self.delegation).content

    @property
    def id(self) -> bytes:
        """Return the delegation's id."""
        return self.content.delegation


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone(Layout):
    """A delegation that ended: it stays ended."""

    FIELDS: ClassVar = (
        id16("delegation"),
        word("ending"),
        number("at_us"),
        number("not_after_us"),
    )

    delegation: bytes
    ending: str
    """A `DelegationState` that is an end."""
    at_us: int
    """The `at` of the commit that ended it in the group."""
    not_after_us: int
    """When the delegation would have ended by itself: until then the tombstone stays."""


@dataclass(frozen=True, slots=True)
class Delegations(Layout):
    """Who acts for the patient here, and who did."""

    VERSION: ClassVar = 1
    FIELDS: ClassVar = (
        number("number"),
        structs("in_force", DelegationRecord, at_most=MAX_IN_FORCE, key=lambda one: one.id),
        structs("tombstones", Tombstone, at_most=MAX_KNOWN, key=lambda one: one.delegation),
    )

    number: int = 0
    in_force: tuple[DelegationRecord, ...] = ()
    tombstones: tuple[Tombstone, ...] = ()

    def __post_init__(self) -> None:
        if len(self.in_force) + len(self.tombstones) > MAX_KNOWN:
            raise MalformedInput("more delegations than a group can remember")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndingStatement(Layout):
    """Why a commit ends a delegation, or lets the patient's old devices go."""

    FIELDS: ClassVar = (
        word("what"),
        opaque("statement", MAX_ENDING_BYTES),
        opaque("staff", MAX_STATEMENT_BYTES),
    )

    what: str
    """`revocation`, `resignation`, `suspension` or `succession`."""
    statement: bytes
    staff: bytes = b""
    """The suspending pharmacist's signed StaffCertificate; empty for the owner, and elsewhere."""


@dataclass(frozen=True, slots=True)
class CommitData(Layout):
    """What stands in the `authenticated_data` of every commit."""

    VERSION: ClassVar = 1
    FIELDS: ClassVar = (
        number("at_us"),
        structs("statements", EndingStatement, at_most=MAX_ENDINGS),
    )

    at_us: int
    """Hub time."""
    statements: tuple[EndingStatement, ...] = ()


def extensions_of(
    policy: ConversationPolicy, delegations: Delegations, hub_external_sender: ExternalSender
) -> Extensions:
    """Return what the context of a group says: these four extensions, in this order."""
    return (
        _REQUIRED.as_extension(),
        external_senders_extension((hub_external_sender,)),
        Extension(POLICY_EXTENSION, policy.encode()),
        Extension(DELEGATIONS_EXTENSION, delegations.encode()),
    )


def hub_sender(signature_key: bytes) -> ExternalSender:
    """Return the hub as the external sender of its groups."""
    return ExternalSender(signature_key, Credential.basic(HUB))


def read_extensions(extensions: Extensions) -> tuple[ConversationPolicy, Delegations]:
    """Read a group's policy; raise `MalformedInput` where it has not exactly those extensions.

    Who the external sender is, is the caller's to compare (`same_other_extensions`, or a pin).
    """
    types = tuple(one.type for one in extensions)
    expected = (
        ExtensionType.REQUIRED_CAPABILITIES,
        ExtensionType.EXTERNAL_SENDERS,
        POLICY_EXTENSION,
        DELEGATIONS_EXTENSION,
    )
    if types != expected or extensions[0] != _REQUIRED.as_extension():
        raise MalformedInput("a group's context has four extensions, and no other")
    return ConversationPolicy.decode(extensions[2].data), Delegations.decode(extensions[3].data)


def others_of(extensions: Extensions) -> Extensions:
    """Return the extensions that no commit ever changes."""
    return tuple(one for one in extensions if one.type not in LEAF_EXTENSIONS)


def succession_in(extensions: Extensions) -> bytes:
    """Return the co-signed `Succession` among a GroupInfo's extensions, or nothing."""
    return next((one.data for one in extensions if one.type == SUCCESSION_EXTENSION), b"")


def changed(
    delegations: Delegations,
    *,
    admitted: Iterable[DelegationRecord] = (),
    narrowed: Iterable[bytes] = (),
    ended: Iterable[tuple[bytes, DelegationState]] = (),
    at_us: int,
) -> Delegations:
    """Return the delegations after one commit: the number goes up by one where anything changed.

    `narrowed` are signed partial revocations, `ended` ids with their ends. Tombstones whose time
    has come go along. Raises `MalformedInput` where what changes is not there.
    """
    records = {one.id: one for one in delegations.in_force}
    stones = {one.delegation: one for one in delegations.tombstones if one.not_after_us > at_us}
    for data in narrowed:
        named = Unverified.decode(Revocation, data).content.delegation
        record = _known(records, named)
        records[named] = replace(record, revocations=(*record.revocations, data))
    for named, ending in ended:
        record = _known(records, named)
        del records[named]
        stones[named] = tombstone_of(record.content, ending, at_us)
    for record in admitted:
        if record.id in records or record.id in stones:
            raise MalformedInput("a delegation is admitted once")
        records[record.id] = record
    after = Delegations(
        delegations.number,
        tuple(records[one] for one in sorted(records)),
        tuple(stones[one] for one in sorted(stones)),
    )
    return after if after == delegations else replace(after, number=delegations.number + 1)


def tombstone_of(delegation: Delegation, ending: DelegationState, at_us: int) -> Tombstone:
    """Return what stays of a delegation that ends in a commit of that instant."""
    return Tombstone(
        delegation=delegation.delegation,
        ending=ending.value,
        at_us=at_us,
        not_after_us=delegation.not_after_us,
    )


def _known(records: dict[bytes, DelegationRecord], named: bytes) -> DelegationRecord:
    if named not in records:
        raise MalformedInput("no delegation in force has this id")
    return records[named]
