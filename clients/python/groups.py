"""One conversation as one device holds it: its events in order, its group, what is under way.

Nothing here touches the world: it is told what arrived, and the instant, and says what that means.
A group moves on only by what the hub has ordered. A commit of this device's own is kept aside until
it comes back in its place; another's is believed once MLS, and then `trust.Judge`, let it through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar
from uuid import UUID

import msgspec

from clients.python.commits import Wanted, compose
from clients.python.content import (
    Acting,
    Franked,
    Opened,
    Said,
    SignalContent,
    open_message,
    open_signal,
    seal,
)
from clients.python.context import said_by
from clients.python.errors import (
    BrokenStream,
    CannotFollow,
    Denied,
    GroupForked,
    HubFault,
    NoGroup,
    StateUnreadable,
    Unlawful,
    Unproven,
)
from clients.python.judge import Before, Floor, Judge, due_in, identity_of
from clients.python.stored import STORED_VERSION, StoredPending, StoredRoom
from crypto.errors import CryptoError
from crypto.hpke import RandomBytes
from crypto.mls.authenticated_data import AuthenticatedData
from crypto.mls.extensions import Extension, Extensions
from crypto.mls.framing import MessageHeader, decode_header
from crypto.mls.group import Committed, Group, ReceivedCommit, ReceivedProposal
from crypto.mls.joining import CheckSigner
from crypto.mls.key_package import KeyPackageBundle, Own
from crypto.mls.leaf_node import LeafNode
from crypto.mls.message import decode_group_info, decode_welcome
from crypto.mls.public_group import PublicGroup
from crypto.policy.conversation import (
    SUCCESSION_EXTENSION,
    CommitData,
    ConversationPolicy,
    DelegationRecord,
    Delegations,
    EndingStatement,
    Tombstone,
    succession_in,
)
from crypto.policy.identity import LeafIdentity
from crypto.policy.state import State
from crypto.policy.statements import (
    EpochReceipt,
    Succession,
    Unverified,
    authenticator_hash,
    sign,
)
from crypto.policy.vocabulary import CLOCK_TOLERANCE_US, STAFF, Role
from crypto.suites import SUITES, Suite
from signaling import frames
from signaling.codec import decode_client, encode
from signaling.errors import SignalingError
from signaling.frames import Event, SignalPush

SUITE: Final[Suite] = SUITES[1]
PREVIOUS_SECONDS: Final = 10.0
"""How long signals of the epoch before are still opened; none is across a removal."""
MAX_GENERATION: Final = 255
"""The group id of a successor has one byte for it."""
MAX_SIGNALS: Final = 500
"""Signals of this device in one epoch, after which its keys are renewed."""

Place = tuple[int, int]
"""Which group of the conversation, and which of its epochs."""
Starting = frames.CreateConversation | frames.SucceedGroup
Step = frames.Commit | Starting
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pending:
    """What was made durable and is being asked of the hub; `following` is where it leads."""

    frame: Step
    following: Group | None = None
    rejoins: bool = False
    """It is an external commit: this device comes in (again) by it."""

    @property
    def body(self) -> bytes:
        """Return the bytes by which it comes back as an event."""
        return self.frame.commit if isinstance(self.frame, frames.Commit) else self.frame.group_info


@dataclass(frozen=True, slots=True)
class _Previous:
    group: Group
    state: State
    until: float


@dataclass(frozen=True, slots=True)
class Joined:
    """This device is in the group now; `spent` is the key package it came in by."""

    spent: bytes


@dataclass(slots=True)
class Room:
    """A conversation. `cursor` is the last `seq` this device has applied."""

    conversation: str
    cursor: int = 0
    group: Group | None = None
    pending: Pending | None = None
    counter: int = 0
    """Of this device's messages here, from 1: the next is never one that was used."""
    fault: CannotFollow | Unlawful | None = None
    """Why the group cannot be followed, where it cannot."""
    confirmed: bool = False
    """The hub has this device's receipt of the present epoch."""
    signals: int = 0
    """Those that this device sealed in the present epoch."""
    place: Place = (0, 0)
    """Where the group stands, or stood last: what is older is refused."""
    floor: Floor = field(default_factory=Floor)
    """The highest number of its delegations, and instant of its commits, that were applied."""
    _previous: _Previous | None = field(default=None, repr=False)
    _vouchers: dict[str, bytes] = field(default_factory=dict)
    """Who was in the group that this device held last, by signature key."""
    given_up: frozenset[LeafIdentity] = frozenset()
    """Devices still in the group that their person gave up, whether or not the hub asks again."""
    ended: dict[bytes, EndingStatement] = field(default_factory=dict)
    """Delegations that this device's person ended: nothing is sealed while one is in force."""
    refused: frozenset[bytes] = frozenset()
    """Delegations that this device's person ended before their carer came in: none ever does."""
    stopped: frozenset[bytes] = frozenset()
    """Delegations without whose carer a pharmacy's device has said that it goes on."""
    _last: tuple[ConversationPolicy | None, tuple[Tombstone, ...]] = (None, ())
    """What the group said that this device held last, of itself and of what ended."""
    _state: State | None = field(default=None, repr=False)

    @property
    def policy(self) -> ConversationPolicy:
        """Return what the group says of the conversation."""
        return said_by(self._held()).policy

    @property
    def number(self) -> int:
        """Return the number of the group's delegations."""
        return said_by(self._held()).delegations.number

    @property
    def records(self) -> Mapping[bytes, DelegationRecord]:
        """Return the delegations that the group holds, by their ids."""
        return {} if self.group is None else said_by(self.group).records

    @property
    def in_force(self) -> frozenset[bytes]:
        """Return the ids of the delegations that the group holds."""
        return frozenset(self.records)

    @property
    def epoch(self) -> int:
        """Return the epoch of the group that this device holds."""
        return self.place[1]

    @property
    def generation(self) -> int:
        """Return how many groups came before this one."""
        return self.place[0]

    @property
    def is_founding(self) -> bool:
        """Tell whether the hub has not answered yet that the conversation exists."""
        return self.pending is not None and isinstance(
            self.pending.frame, frames.CreateConversation
        )

    @property
    def may_send(self) -> bool:
        """Tell whether a message can be encrypted now: not while a removal waits (12.4)."""
        waits = self._enters_anew or self.proposals or self.given_up
        return self.is_steady and not waits and not self.ended.keys() & self.in_force

    @property
    def is_steady(self) -> bool:
        """Tell whether there is a group here, and this device follows it."""
        return self.group is not None and self.fault is None and not self.is_founding

    @property
    def proposals(self) -> int:
        """Return how many proposals of the hub wait for their commit."""
        return 0 if self.group is None else len(self.group.public.proposals)

    def members(self) -> list[LeafIdentity]:
        """Return whose leaves the group has."""
        return _leaves(self._held())

    # What this device does

    def found(
        self,
        asked: Callable[[bytes], Starting],
        own: Own,
        extensions: Extensions,
        random_bytes: RandomBytes,
        *,
        succession: bytes = b"",
    ) -> Pending:
        """Found the conversation's group, or the next one; `asked` makes the frame that says so.

        `succession`: what two pharmacists signed, where the patient's key is another there.
        """
        generation = 0 if self.group is None and self.place == (0, 0) else self.generation + 1
        named = group_id(self.conversation, generation)
        group = Group.create(SUITE, named, own, extensions, random_bytes)
        word = (Extension(SUCCESSION_EXTENSION, succession),) if succession else ()
        frame = asked(group.group_info(extensions=word))
        self.drop()
        if isinstance(frame, frames.CreateConversation):
            self.group, self.pending = group, Pending(frame)
        else:
            self.pending = Pending(frame, group)
        return self.pending

    def commit(
        self,
        wanted: Wanted,
        own: Own,
        judge: Judge,
        *,
        random_bytes: RandomBytes,
    ) -> Pending:
        """Make a commit, fresh keys included, of what is wanted and of all that is due.

        Raises `Denied` where nobody would follow it.
        """
        group, state = self._held(), self.state(judge)
        at_us = max(judge.now_us, self.floor.at_us)
        wanted = replace(wanted, ended=tuple(self.ended.values()))
        proposals, data = compose(group, state, judge.me, wanted, at_us=at_us)
        renewed = own.credential != group.public.tree.member(group.own_leaf_index).credential
        made = _or_cannot(
            lambda: group.commit(
                proposals,
                force_path=True,
                own=own if renewed else None,
                authenticated_data=data.encode(),
                now=judge.now_us // 1_000_000,
                random_bytes=random_bytes,
            )
        )
        try:
            judge.check_made(group, state, made.next, data, self.floor)
        except Unlawful as exc:
            made.next.wipe()
            raise Denied(exc.code) from exc
        return self._ask(made, wanted.adds, rejoins=False)

    def rejoin(
        self, group_info: bytes, own: Own, judge: Judge, *, random_bytes: RandomBytes
    ) -> Pending:
        """Make an external commit in place of this device's leaf, where it has one.

        Raises `CannotFollow` where the GroupInfo is of an older epoch than was seen, or invalid,
        `Unlawful` where the group is not one of ours.
        """
        public = _or_cannot(lambda: PublicGroup.found(group_info))
        place = self._place_of(public)
        if place < self.place:
            raise CannotFollow("old_group_info")
        judge.check_group(public, self.before())
        self._check_signer(public.tree.member(decode_group_info(group_info).signer))
        ours = (
            one.leaf_index for one in public.members() if identity_of(one.leaf_node) == judge.me
        )
        prior = next(ours, None)
        data = CommitData(max(judge.now_us, self.floor.at_us))
        made = _or_cannot(
            lambda: Group.join_external(
                group_info,
                own,
                remove_prior=prior,
                authenticated_data=data.encode(),
                now=judge.now_us // 1_000_000,
                random_bytes=random_bytes,
            )
        )
        return self._ask(made, (), rejoins=True)

    def state(self, judge: Judge) -> State:
        """Return what the group says of itself, verified once an epoch."""
        if self._state is None:
            self._state = judge.state_of(self._held().public)
        return self._state

    def before(self) -> Before:
        """Return what whoever leads this device into a group has to go on from."""
        if self.group is None:
            return Before(self.floor, *self._last, self.refused)
        said = said_by(self.group)
        return Before(self.floor, said.policy, said.delegations.tombstones, self.refused)

    def for_successor(self, now_us: int) -> tuple[ConversationPolicy, Delegations]:
        """Return what the next group of this conversation begins with: nobody is let in yet."""
        before = self.before()
        if before.policy is None:
            raise NoGroup("not_in_group")
        stones = tuple(one for one in before.tombstones if one.not_after_us > now_us)
        return before.policy, Delegations(before.floor.number + 1, (), stones)

    def succession(self, judge: Judge) -> Succession:
        """Say that the patient, who lost every device, goes on in a next group with another key.

        Raises `Denied` where the patient's key that the log shows is the one that stands here.
        """
        group, policy = self._held(), self.policy
        key = judge.trust.aik_of(judge.patient)
        if not policy.patient_aik or key is None or key == policy.patient_aik:
            raise Denied("same_key")
        if self.generation >= MAX_GENERATION:
            raise Denied("last_generation")
        return Succession(
            deployment=judge.trust.authority.deployment,
            conversation=policy.conversation,
            old_group=group.group_id,
            old_epoch=group.epoch,
            new_group=group_id(self.conversation, self.generation + 1),
            patient=policy.patient,
            old_aik=policy.patient_aik,
            new_aik=key,
            at_us=judge.now_us,
        )

    def is_overdue(self, own_us: int) -> bool:
        """Tell whether a carer's time is over by this device's own clock, and the carer is in.

        Then the hub's clock stands still, or it keeps the carer's removal back.
        """
        return any(
            own_us > one.content.not_after_us + CLOCK_TOLERANCE_US for one in self.records.values()
        )

    def acting(self, judge: Judge) -> Acting:
        """Return under what this device sends here: a carer, under the delegation in force."""
        state = self.state(judge)
        leaf = state.leaf(judge.me)
        under = None if leaf is None else state.delegation_of(leaf)
        if leaf is None or leaf.role is not Role.CARER or under is None:
            return Acting()
        return Acting(state.policy.patient, under.id, state.number)

    def drop(self) -> None:
        """Forget what is under way: it was refused, or another's came first."""
        if self.pending is not None and self.pending.following is not None:
            self.pending.following.wipe()
        self.pending = None

    def next_counter(self) -> int:
        """Take the next number of this device's messages."""
        self.counter += 1
        return self.counter

    def seal(self, franked: Franked, random_bytes: RandomBytes) -> bytes:
        """Encrypt in the present epoch. To be made durable before a byte of it leaves."""
        if not self.may_send:
            raise NoGroup("may_not_send")
        return seal(self._held(), franked, random_bytes)

    def receipt(self, deployment: str, device: str) -> bytes:
        """Sign which epoch this device is in."""
        group = self._held()
        said = EpochReceipt(
            deployment=deployment,
            conversation=UUID(self.conversation).bytes,
            group_id=group.group_id,
            epoch=group.epoch,
            confirmed_transcript_hash=group.context.confirmed_transcript_hash,
            authenticator_hash=authenticator_hash(group.epoch_authenticator.reveal()),
            device=UUID(device).bytes,
        )
        return sign(said, group.signing_key)

    def confirmed_by(self, receipt: bytes, judge: Judge) -> None:
        """Take a member's word of which epoch it is in; raise `GroupForked` where it contradicts.

        Once a pharmacy's device goes on without a carer, that carer's delegation is stopped.
        """
        if self.group is None or self.fault is not None:
            return
        group, state = self.group, self.state(judge)
        try:
            unverified = Unverified.decode(EpochReceipt, receipt)
            named = str(UUID(bytes=unverified.content.device))
            leaf = next((one for one in state.leaves if one.identity.device == named), None)
            if leaf is None or unverified.content.group_id != group.group_id:
                return
            said = unverified.verify(leaf.signature_key)
        except CryptoError as exc:
            raise HubFault("a receipt that nobody signed") from exc
        if said.epoch != group.epoch:
            return
        if said.authenticator_hash != authenticator_hash(group.epoch_authenticator.reveal()):
            raise GroupForked("members_disagree", self.conversation)
        if leaf.role in STAFF:
            self.stopped |= {one.delegation for one in state.tombstones}

    # What arrives

    def arrive(self, event: Event) -> None:
        """Take the next event's number; raise `BrokenStream` when it is not the next one.

        What lets this device in anew may come after events that it never saw.
        """
        enters = self._enters_anew and self.is_own(event) and event.seq > self.cursor
        if event.seq != self.cursor + 1 and not enters:
            raise BrokenStream(expected=self.cursor + 1, arrived=event.seq)
        self.cursor = event.seq

    def is_own(self, event: Event) -> bool:
        """Tell whether an event is what this device asked for and waits to see."""
        return self.pending is not None and self.pending.body == event.body

    def follow(self, event: Event, judge: Judge, now: float) -> bool:
        """Take a commit, proposal or succession; tell whether the group moved on.

        Raises `CannotFollow` or `Unlawful`, and then stays where it is until it is mended.
        """
        try:
            match event.what:
                case "commit":
                    return self._take_commit(event, judge, now)
                case "proposal":
                    return self._take_proposal(event, judge, now)
                case "succession":
                    return self._take_succession(event, judge)
        except (CannotFollow, Unlawful) as why:
            self.fault = why
            raise
        self.fault = CannotFollow("unknown_event")
        raise self.fault

    def told(self, summary: frames.Summary) -> bool:
        """Take in the hub's description; tell whether this device stands elsewhere by it."""
        place = (summary.generation, summary.epoch)
        pending = self.pending
        if (
            self._enters_anew
            and pending is not None
            and pending.following is not None
            and summary.joined
            and summary.since > self.cursor
            and self._place_of(pending.following.public) <= place
        ):
            # It was accepted, and its answer and its event were lost.
            return self.adopt(summary.since, 0.0)
        if summary.generation > self.generation:
            self._leave((summary.generation, 0))
            return True
        if self.group is not None and not (summary.joined or self.is_founding):
            # Removed: the commit that did it was for those who stay.
            self._leave(self.place)
            return True
        return False

    def read(self, event: Event, judge: Judge, now: float) -> Opened[Said]:
        """Open another device's message; raise `Unproven`, or `Unauthorised` where it may not."""
        if self.group is None or self.fault is not None:
            raise Unproven("not_in_group")
        opened = open_message(self.group, event, now=int(now))
        # The hub's clock said when it took it, and no commit before it was later.
        at_us = max(event.ts, self.floor.at_us)
        judge.check_act(opened.sender, opened.data, self.state(judge), at_us=at_us)
        return opened

    def check_counter(self, event: Event) -> None:
        """Raise `CannotFollow` where an own message is ahead of what this device knows it sent.

        Then what is stored here is a copy of an older day, and its keys were used before.
        """
        if _counter(event.body) > self.counter:
            self.fault = CannotFollow("own_message_ahead")
            raise self.fault

    def read_signal(self, push: SignalPush, judge: Judge, now: float) -> SignalContent | None:
        """Open a signal; None where its epoch is on its way here.

        Raises `Unproven`, or `Unauthorised` where its sender may not.
        """
        if self.group is None:
            raise Unproven("not_in_group")
        header = _header(push.body)
        ahead = header.group_id == self.group.group_id and header.epoch > self.group.epoch
        if ahead:
            return None
        group, state = self._group_of(header, judge, now)
        opened = open_signal(group, push, me=judge.me.device, now=int(now))
        judge.check_act(opened.sender, opened.data, state, at_us=judge.now_us)
        return opened.content

    def admit(
        self, push: frames.WelcomePush, bundles: Iterable[KeyPackageBundle], judge: Judge
    ) -> Joined | None:
        """Join by a Welcome; None where it is one that was taken before.

        Raises `CannotFollow` or `Unlawful`; the stream begins after it all the same.
        """
        if self.group is not None and push.seq <= self.cursor:
            return None
        try:
            joined, spent = _join(push.welcome, bundles, self._check_signer)
            self._check_newer(joined.public)
            state = judge.check_group(joined.public, self.before())
        except (CannotFollow, Unlawful) as why:
            self.cursor = max(self.cursor, push.seq)
            self.fault = why
            raise
        self.cursor = max(self.cursor, push.seq)
        self._enter(joined, 0.0, state=state, keep_previous=False)
        return Joined(spent)

    def adopt(self, seq: int, now: float) -> bool:
        """Go on with what the hub has accepted, and where it stands; tell whether it was news."""
        pending = self.pending
        if pending is None:
            return False
        self.cursor = max(self.cursor, seq)
        if pending.following is None:
            self.pending = None
            return False
        keep = not self._enters_anew and set(self.members()) <= set(_leaves(pending.following))
        self._enter(pending.following, now, at_us=_instant_of(pending), keep_previous=keep)
        return True

    def forget_previous(self, now: float) -> None:
        """Overwrite the epoch before, once its time is over."""
        if self._previous is not None and now >= self._previous.until:
            self._drop_previous()

    # Stored form

    def encode(self) -> bytes:
        """Return the stored form. The epoch before is not in it: a restart ends its time."""
        pending = self.pending
        stored = None
        if pending is not None:
            following = pending.following
            stored = StoredPending(
                frame=encode(pending.frame),
                following=None if following is None else following.serialize(),
                rejoins=pending.rejoins,
            )
        return msgspec.msgpack.encode(
            StoredRoom(
                cursor=self.cursor,
                place=self.place,
                number=self.floor.number,
                at_us=self.floor.at_us,
                group=None if self.group is None else self.group.serialize(),
                pending=stored,
                counter=self.counter,
                signals=self.signals,
                confirmed=self.confirmed,
                fault=None if self.fault is None else self.fault.code,
                unlawful=isinstance(self.fault, Unlawful),
                vouchers=self._vouchers,
                given_up=sorted(map(_name, self.given_up)),
                ended={named.hex(): one.encode() for named, one in self.ended.items()},
                refused=sorted(self.refused),
                stopped=sorted(self.stopped),
                policy=None if self._last[0] is None else self._last[0].encode(),
                tombstones=[one.encode() for one in self._last[1]],
            )
        )

    @classmethod
    def decode(cls, conversation: str, data: bytes) -> Room:
        """Read the stored form; raise `StateUnreadable`."""
        try:
            stored = msgspec.msgpack.decode(data, type=StoredRoom)
            return cls._of(conversation, stored)
        except (msgspec.DecodeError, CryptoError, SignalingError) as exc:
            raise StateUnreadable("no conversation of this version") from exc

    @classmethod
    def _of(cls, conversation: str, stored: StoredRoom) -> Room:
        if stored.v != STORED_VERSION:
            raise StateUnreadable("no conversation of this version")
        fault = None
        if stored.fault is not None:
            fault = Unlawful(stored.fault) if stored.unlawful else CannotFollow(stored.fault)
        return cls(
            conversation=conversation,
            cursor=stored.cursor,
            group=None if stored.group is None else Group.deserialize(stored.group),
            pending=None if stored.pending is None else _pending(stored.pending),
            counter=stored.counter,
            fault=fault,
            confirmed=stored.confirmed,
            signals=stored.signals,
            place=stored.place,
            floor=Floor(stored.number, stored.at_us),
            _vouchers=stored.vouchers,
            given_up=frozenset(map(_named, stored.given_up)),
            ended={
                bytes.fromhex(named): EndingStatement.decode(one)
                for named, one in stored.ended.items()
            },
            refused=frozenset(stored.refused),
            stopped=frozenset(stored.stopped),
            _last=(
                None if stored.policy is None else ConversationPolicy.decode(stored.policy),
                tuple(map(Tombstone.decode, stored.tombstones)),
            ),
        )

    # Inside

    def _held(self) -> Group:
        if self.group is None:
            raise NoGroup("not_in_group")
        return self.group

    @property
    def _enters_anew(self) -> bool:
        """Tell whether what is under way lets this device in again: a rejoin, or a new group."""
        pending = self.pending
        if pending is None:
            return False
        return pending.rejoins or isinstance(pending.frame, frames.SucceedGroup)

    def _check_signer(self, leaf: LeafNode) -> None:
        """Raise `CannotFollow` where who leads into a group was not in it beside this device.

        A GroupInfo's signature says no more than that somebody made it: the hub can make up a
        device, and whoever was removed still has its key. At first sight anybody may lead.
        """
        known = self._vouchers if self.group is None else self._staying(self.group)
        name = _name(LeafIdentity.of(leaf.credential))
        if known and known.get(name) != leaf.signature_key:
            raise CannotFollow("wrong_signer")

    def _staying(self, group: Group) -> dict[str, bytes]:
        """Return who is in a group to stay: nobody given up leads into another one."""
        leaves = [one.leaf_node for one in group.members()]
        keys = {_name(identity_of(leaf)): leaf.signature_key for leaf in leaves}
        for gone in self.given_up:
            keys.pop(_name(gone), None)
        return keys

    def _check_newer(self, public: PublicGroup) -> None:
        """Raise `CannotFollow` for a Welcome to where this device has been already."""
        place = self._place_of(public)
        if place < self.place or (self.group is not None and place == self.place):
            raise CannotFollow("old_welcome")

    def _place_of(self, public: PublicGroup) -> Place:
        """Return where a group of this conversation stands; raise `CannotFollow` for another's."""
        first = UUID(self.conversation).bytes
        head, tail = public.group_id[: len(first)], public.group_id[len(first) :]
        generation = tail[0] if tail else 0
        if head != first or public.group_id != group_id(self.conversation, generation):
            raise CannotFollow("wrong_group")
        return generation, public.epoch

    def _ask(self, made: Committed, adds: Sequence[frames.Added], *, rejoins: bool) -> Pending:
        frame = frames.Commit(
            id="-",
            conversation=self.conversation,
            commit=made.message,
            group_info=made.group_info,
            welcome=made.welcome,
            adds=list(adds),
        )
        self.drop()
        self.pending = Pending(frame, made.next, rejoins=rejoins)
        return self.pending

    def _take_commit(self, event: Event, judge: Judge, now: float) -> bool:
        if self.is_own(event):
            judge.check_own(event)
            return self.adopt(event.seq, now)
        if self.fault is not None or self.group is None:
            return False
        group = self.group
        received = _or_cannot(lambda: group.receive(event.body, now=int(now)))
        if not isinstance(received, ReceivedCommit):
            raise CannotFollow("wrong_content")
        state, at_us = judge.check_commit(
            event,
            group,
            self.state(judge),
            received,
            floor=self.floor,
            waiting=self.given_up,
            ended=self.refused,
        )
        # Another's came first: ours can never be.
        self.drop()
        if received.next is None:
            self._leave(self.place)
            return True
        keep = not received.removed
        self._enter(received.next, now, state=state, at_us=at_us, keep_previous=keep)
        return True

    def _take_proposal(self, event: Event, judge: Judge, now: float) -> bool:
        if self.fault is not None or self.group is None:
            return False
        group = self.group
        received = _or_cannot(lambda: group.receive(event.body, now=int(now)))
        if not isinstance(received, ReceivedProposal):
            raise CannotFollow("wrong_content")
        judge.check_removal(group, self.state(judge), received)
        self.group = received.next
        # An external commit takes no proposals along: what was proven stays so.
        self.given_up |= set(due_in(received.next, self.state(judge)))
        return False

    def _take_succession(self, event: Event, judge: Judge) -> bool:
        if self.is_own(event):
            judge.check_own(event)
            return self.adopt(event.seq, 0.0)
        public = _or_cannot(lambda: PublicGroup.found(event.body))
        place = self._place_of(public)
        if place <= self.place or public.epoch != 0:
            raise Unlawful("old_successor")
        word, said = succession_in(decode_group_info(event.body).extensions), None
        if word:
            said = judge.check_succession(word, self.before())
            self._check_follows(said, place)
        state = judge.check_successor(event, public, self.before(), said)
        if said is not None and self.is_steady:
            founder = LeafIdentity(event.person, event.device)
            judge.check_founding(state, founder, self.state(judge), self.floor, word)
        for member in public.members():
            self._check_signer(member.leaf_node)
        self._leave(place)
        return True

    def _check_follows(self, said: Succession, place: Place) -> None:
        """Raise `Unlawful` unless a succession leads from where this device stands, or further."""
        last = (place[0] - 1, said.old_epoch)
        groups = tuple(group_id(self.conversation, one) for one in (last[0], place[0]))
        behind = last < self.place or (self.is_steady and last != self.place)
        if (said.old_group, said.new_group) != groups or behind:
            raise Unlawful("wrong_succession")

    def _enter(
        self,
        following: Group,
        now: float,
        *,
        state: State | None = None,
        at_us: int = 0,
        keep_previous: bool,
    ) -> None:
        """Stand in another epoch: the one before is kept for signals that come late, or wiped."""
        before, self.group = self.group, following
        self._drop_previous()
        if before is not None and keep_previous and self._state is not None:
            self._previous = _Previous(before, self._state, now + PREVIOUS_SECONDS)
        elif before is not None:
            before.wipe()
        self._state = state
        self.floor = Floor(max(self.floor.number, self.number), max(self.floor.at_us, at_us))
        self.ended = {named: one for named, one in self.ended.items() if named in self.in_force}
        self.pending = None
        self.given_up &= set(_leaves(following))
        self.place = self._place_of(following.public)
        self.fault, self.confirmed, self.signals = None, False, 0

    def _leave(self, place: Place) -> None:
        """Hold no group any more."""
        self.drop()
        self._drop_previous()
        if self.group is not None:
            self._vouchers = self._staying(self.group)
            before = self.before()
            self._last = (before.policy, before.tombstones)
            self.group.wipe()
        self.group, self.place, self.given_up = None, place, frozenset()
        self._state = None
        self.fault, self.confirmed, self.signals = None, False, 0

    def _drop_previous(self) -> None:
        if self._previous is not None:
            self._previous.group.wipe()
            self._previous = None

    def _group_of(self, header: MessageHeader, judge: Judge, now: float) -> tuple[Group, State]:
        """Return the group of a message's epoch: this one, or the one before for a while."""
        self.forget_previous(now)
        before = self._previous
        if before is not None:
            theirs = (before.group.group_id, before.group.epoch)
            if (header.group_id, header.epoch) == theirs:
                return before.group, before.state
        return self._held(), self.state(judge)


def group_id(conversation: str, generation: int = 0) -> bytes:
    """Return the id of a conversation's group: its UUID's bytes, and one byte for a successor."""
    return UUID(conversation).bytes + (bytes((generation,)) if generation else b"")


def _or_cannot(work: Callable[[], T]) -> T:
    """Do what MLS may refuse; raise `CannotFollow` with its reason."""
    try:
        return work()
    except CryptoError as exc:
        raise CannotFollow(exc.code) from exc


def _join(
    welcome: bytes, bundles: Iterable[KeyPackageBundle], check_signer: CheckSigner
) -> tuple[Group, bytes]:
    """Join with whichever of our packages the Welcome is for."""
    invited = {one.new_member for one in _or_cannot(lambda: decode_welcome(welcome)).secrets}
    ours = (one for one in bundles if one.key_package.reference() in invited)
    bundle = next(ours, None)
    if bundle is None:
        raise CannotFollow("not_for_us")
    group = _or_cannot(lambda: Group.join(welcome, bundle, check_signer=check_signer))
    return group, bundle.key_package.reference()


def _name(one: LeafIdentity) -> str:
    return f"{one.person}/{one.device}"


def _named(text: str) -> LeafIdentity:
    person, _, device = text.partition("/")
    return LeafIdentity(person, device)


def _leaves(group: Group) -> list[LeafIdentity]:
    return [identity_of(member.leaf_node) for member in group.members()]


def _header(body: bytes) -> MessageHeader:
    try:
        return decode_header(body)
    except CryptoError as exc:
        raise Unproven(exc.code) from exc


def _counter(body: bytes) -> int:
    """Return the counter in a message's authenticated data; 0 where there is none to read."""
    try:
        return AuthenticatedData.decode(decode_header(body).authenticated_data).counter
    except CryptoError:
        return 0


def _instant_of(pending: Pending) -> int:
    """Return the instant that an own commit says; a new group has had none."""
    if not isinstance(pending.frame, frames.Commit):
        return 0
    return CommitData.decode(decode_header(pending.frame.commit).authenticated_data).at_us


def _pending(stored: StoredPending) -> Pending:
    frame = decode_client(stored.frame)
    if not isinstance(frame, Step):
        raise StateUnreadable("nothing that waits for an answer")
    following = None if stored.following is None else Group.deserialize(stored.following)
    return Pending(frame, following, rejoins=stored.rejoins)
