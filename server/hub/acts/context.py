"""What an act has in hand, and the plain state that several acts tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
from msgspec import structs

from crypto.policy import decision
from crypto.policy.state import State
from crypto.policy.vocabulary import Role
from server.domain.audit import ActingFor, Draft
from server.domain.conversation import Conversation, Device, Member
from server.domain.delegation import StoredDelegation
from server.domain.people import Principal
from server.domain.refusals import Refused
from server.hub.bounds import TurnSettings
from server.hub.groups import GroupCache, trust_of
from server.hub.outcome import Look, Plain
from server.ports import Located, Tx
from signaling.codes import Code
from signaling.frames import MemberState, Summary


@dataclass(frozen=True, slots=True)
class Means:
    """What acts need beside the database."""

    turn: TurnSettings | None = None
    groups: GroupCache = field(default_factory=GroupCache)
    """Only in the writer's thread."""


@dataclass(frozen=True, slots=True)
class Stood:
    """Where the gate found the sender to stand."""

    conversation: Conversation | None = None
    admitted: Mapping[str, int] = field(default_factory=dict)
    """`since` by device in the group, where the frame's rule asks for one of them."""
    by: StoredDelegation | None = None
    """The delegation under which a carer acts; None: the sender acts in their own name."""


@dataclass(frozen=True, slots=True)
class Context:
    """One frame being carried out."""

    tx: Tx
    principal: Principal
    stood: Stood
    now: int
    looks: Mapping[str, Look]
    means: Means
    recorded: list[Located] = field(default_factory=list)

    @property
    def device(self) -> str:
        """The sender's device; only `hello` comes before it is known."""
        if self.principal.device is None:
            raise RuntimeError("no device said hello")
        return self.principal.device

    @property
    def conversation(self) -> Conversation:
        """The conversation the frame names, in which the gate found the sender to stand."""
        if self.stood.conversation is None:
            raise RuntimeError("the frame names no conversation")
        return self.stood.conversation

    def own_device(self) -> Device | Refused:
        """Return the sender's device, which may have been given up since it said hello."""
        device = self.tx.devices.find(self.device)
        if device is None:
            raise RuntimeError("a device that never said hello")
        return device if device.retired_at is None else Refused(Code.E_DEVICE_RETIRED)

    def group_state(self) -> State | Refused:
        """Return what the conversation's group says of itself, verified."""
        here = self.conversation.id
        stored = self.tx.groups.find(here)
        if stored is None:
            return Refused(Code.E_COMMIT, conversation=here, reason="no_group")
        return self.means.groups.state(here, stored, trust_of(self.tx.identity))

    def policy_says(self, refused: decision.Refused) -> Refused:
        """Say a "no" of policy in the words of the wire."""
        code = Code(refused.why.value)
        return Refused(
            code,
            conversation=self.conversation.id,
            reason=None if refused.breach is None else refused.breach.value,
            now=self.now if code is Code.E_CLOCK else None,
        )

    @property
    def acting_for(self) -> ActingFor | None:
        """In whose name the sender acts, where it is not their own."""
        by = self.stood.by
        return None if by is None else ActingFor(by.grantor, by.id, by.version)

    def record(self, draft: Draft) -> Located:
        """Append the act's entry to the log; a carer's says for whom they acted."""
        located = self.tx.log.append(replace(draft, acting_for=self.acting_for), self.now)
        self.recorded.append(located)
        return located


def plain_state(tx: Tx, conversation: Conversation, now: int) -> Plain:
    """Read the plain state of a conversation."""
    waiting = [row for row in tx.delegations.of(conversation.id) if row.is_expected]
    accepted = {row.grantee for row in waiting if row.accepted_at is not None}
    members = tx.members.of(conversation.id)
    there = {member.person for member in members}
    invited = dict.fromkeys(row.grantee for row in waiting if row.grantee not in there)
    members += [Member(person=person, role=Role.CARER) for person in invited]
    admissions = tx.members.admissions(conversation.id)
    joined = {one.person for one in admissions}
    persons = [member.person for member in members]
    names = tx.people.names(persons)
    reachable = reachable_persons(tx, [p for p in persons if p not in joined], now)
    return Plain(
        id=conversation.id,
        conversation_kind=conversation.kind.value,
        motive=conversation.motive.value,
        created_at=conversation.created_at,
        founder=conversation.founder,
        patient=conversation.patient,
        generation=conversation.generation,
        epoch=conversation.epoch,
        last_seq=conversation.last_seq,
        removing=conversation.removing,
        members=tuple(
            MemberState(
                person=member.person,
                name=names.get(member.person, ""),
                role=member.role.value,
                state="joined" if member.person in joined else "invited",
                delivered=member.delivered,
                read=member.read,
                key_packages=member.person in reachable,
            )
            for member in members
        ),
        admissions={one.device: one.since for one in admissions},
        persons=frozenset(there | accepted),
    )


def reachable_persons(tx: Tx, persons: Iterable[str], now: int) -> set[str]:
    """Return those of `persons` whose devices have key packages to claim."""
    return {person for person in persons if tx.directory.left(tx.devices.of(person), now=now)}


def summary(plain: Plain, device: str, person: str) -> Summary:
    """Tell the plain state to one device: whether it is in, and since when."""
    members = list(plain.members)
    if any(one.person == person and one.role == Role.CARER for one in members):
        members = list(_seen_by_carer(members, person))
    return Summary(
        id=plain.id,
        conversation_kind=plain.conversation_kind,
        motive=plain.motive,
        created_at=plain.created_at,
        founder=plain.founder,
        patient=plain.patient,
        generation=plain.generation,
        epoch=plain.epoch,
        last_seq=plain.last_seq,
        removing=plain.removing,
        joined=device in plain.admissions,
        since=plain.admissions.get(device, 0),
        members=members,
    )


def _seen_by_carer(members: Iterable[MemberState], person: str) -> Iterator[MemberState]:
    """Leave out who may join later, and whether anybody's key packages go down.

    The carer can add nobody; and a package that goes is one that some conversation took.
    """
    for one in members:
        if one.person == person or one.state == "joined" or one.role != Role.CARER:
            yield structs.replace(one, key_packages=False)


def as_result(value: msgspec.Struct) -> dict[str, Any]:
    """Return a Struct as the map that an `ok` carries."""
    built: dict[str, Any] = msgspec.to_builtins(value, builtin_types=(bytes,))
    return built
