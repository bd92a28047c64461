"""What came of a frame: done, with what follows from it; or refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from server.domain.conversation import Event
from server.domain.delegation import StoredDelegation
from server.domain.refusals import Refused
from server.ports import Located, Proven
from signaling.call import CallFacts
from signaling.frames import AccessRow, DelegationView, MemberState, SignalPush


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """The plain state of a conversation, before it is told to each device its own way."""

    id: str
    conversation_kind: str
    motive: str
    created_at: int
    founder: str
    patient: str
    generation: int
    epoch: int
    last_seq: int
    removing: bool
    members: tuple[MemberState, ...]
    admissions: dict[str, int]
    """`since` by device in the group."""
    persons: frozenset[str]
    """Who is told of it: the members, and the carer who accepted and will be one."""


@dataclass(frozen=True, slots=True)
class Streamed:
    """A conversation has a next event; the devices of `admissions` may see it."""

    event: Event
    admissions: dict[str, int]


@dataclass(frozen=True, slots=True)
class Changed:
    """The plain state of a conversation changed."""

    plain: Plain
    only: frozenset[str] | None = None
    """Who is told now: who comes to it, before their Welcome. None: everybody."""


@dataclass(frozen=True, slots=True)
class CursorMoved:
    """A member received or read further."""

    conversation: str
    persons: frozenset[str]
    person: str
    delivered: int
    read: int


@dataclass(frozen=True, slots=True)
class KeyPackagesArrived:
    """A person can be added now: told to the devices of those who share a conversation."""

    person: str
    persons: frozenset[str]


@dataclass(frozen=True, slots=True)
class KeyPackagesLow:
    """A device should publish more."""

    device: str
    left: int


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """Every connection of this session ends now."""

    key: bytes


@dataclass(frozen=True, slots=True)
class CallChanged:
    """A call moved on: its members are told all of it."""

    facts: CallFacts
    persons: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalTo:
    """A signal passes to one device, which waits for it no longer than `until`."""

    call: str
    generation: int
    to: str
    push: SignalPush
    until: int


@dataclass(frozen=True, slots=True)
class DeviceRetired:
    """A device is nobody's any more: its connection ends now."""

    device: str


@dataclass(frozen=True, slots=True)
class CommitDue:
    """Somebody must commit what waits; empty `devices`: nothing waits any more."""

    conversation: str
    epoch: int
    devices: tuple[str, ...] = ()
    """Those that can, the pharmacy's first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegationChanged:
    """A delegation changed: each concerned is told their part of it."""

    row: StoredDelegation
    whole: DelegationView
    persons: frozenset[str]
    """Told all of it: the patient, and the staff of the conversation."""
    carers: DelegationView | None
    """What its carer is told, or nothing."""


@dataclass(frozen=True, slots=True)
class LetOut:
    """A device is in a conversation no more: what was on its way to it there is dropped."""

    conversation: str
    device: str


@dataclass(frozen=True, slots=True)
class IdentityChanged:
    """A person's certificates are others now: told to those who meet that person."""

    person: str
    persons: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkAsked:
    """A device asks to be let in: told to the person's other devices, or `only` to one."""

    person: str
    device: str
    signature_key: bytes
    init_key: bytes
    only: str | None = None


@dataclass(frozen=True, slots=True)
class Linked:
    """A device was let in: told to it alone."""

    device: str
    certificate: bytes
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A device said in which epoch it is: told to the other devices of the group."""

    conversation: str
    receipt: bytes
    devices: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accessed:
    """A new line of « Qui a vu quoi »: told to the patient; to all of the pharmacy's if None."""

    row: AccessRow
    patient: str | None
    tenant: str


@dataclass(frozen=True, slots=True)
class GroupForked:
    """Two devices hold different secrets for one epoch: told to the staff among the members."""

    conversation: str
    epoch: int
    persons: frozenset[str]


Effect = (
    Streamed
    | Changed
    | CursorMoved
    | KeyPackagesArrived
    | KeyPackagesLow
    | SessionEnded
    | CallChanged
    | SignalTo
    | DeviceRetired
    | CommitDue
    | GroupForked
    | IdentityChanged
    | LinkAsked
    | Linked
    | Confirmed
    | Accessed
    | DelegationChanged
    | LetOut
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What an officer opened on this connection: fixed sizes, so that its pages agree."""

    id: str
    logs: dict[str, str]
    """Log names by class."""
    sizes: dict[str, int]
    conversation: str | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """The act took effect. `entry` is its place in the log, `effects` what others are told.

    `repeated`: it had taken effect before, and this is the same answer again. `unchanged`: all was
    as the frame asks for already.
    """

    result: dict[str, Any] | None = None
    entry: Located | None = None
    effects: tuple[Effect, ...] = field(default=())
    repeated: bool = False
    unchanged: bool = False
    opens: Look | None = None


Outcome = Done | Refused


@dataclass(frozen=True, slots=True)
class Settled:
    """An outcome after the transaction is durable, with the receipt that proves it."""

    outcome: Outcome
    proven: Proven | None
    now: int
    before: tuple[Effect, ...] = ()
    """What fell due just before, whatever came of the frame itself."""
