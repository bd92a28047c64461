"""What a device does by itself between its owner's acts: confirm, commit what is due, rejoin.

Every step is kept before it is asked for, and may be asked for again: whatever a lost connection or
a crash interrupted is taken up at the next hello.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace as with_changes
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from msgspec.structs import replace

from clients.python.acts import Answer
from clients.python.commits import Wanted
from clients.python.errors import (
    CannotFollow,
    Denied,
    GroupForked,
    HubFault,
    NoAnswer,
    NoGroup,
    Refused,
    Unlawful,
)
from clients.python.groups import PREVIOUS_SECONDS, Room
from clients.python.judge import NeedsProof
from crypto.policy.conversation import DelegationRecord, extensions_of
from crypto.policy.vocabulary import STAFF, ConversationKind, Role
from signaling import frames
from signaling.codes import Code

if TYPE_CHECKING:
    from clients.python.client import Client

# Of those who could follow, the receipts may still be on their way.
REASK_SECONDS: Final = 1.0
REASKED: Final = 30
SUCCEED_SECONDS: Final = 1.0
SUCCEED_TRIES: Final = 30
"""So often, so far apart, where the hub gives others time to say that they follow."""
STARTED: Final = {
    ConversationKind.REMOTE_DISPENSATION: "dispensation.started",
    ConversationKind.CARE_THREAD: "thread.started",
    ConversationKind.PRIVATE_ASIDE: "aside.started",
}
_PASSED_BY: Final = frozenset({Code.E_EPOCH, Code.E_REMOVE_PENDING})
ENFORCE_SECONDS: Final = 10.0
"""How long the hub may take to have an end carried out, before this device does it itself."""
_ADMITS: Final = frozenset({Role.PATIENT, *STAFF})
CLOCK_TRIES: Final = 3
"""How often a commit is dated anew by the clock that a refusal told."""


class Upkeep:
    """The groups of one client, kept in step with the hub."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._due: dict[str, int] = {}
        self._mending: set[str] = set()

    def resume(self) -> None:
        """After a hello: take up whatever was left unfinished."""
        for room in list(self._client.rooms.values()):
            if room.pending is not None and not self._locks[room.conversation].locked():
                self._client.begin(self._settle(room))
            elif isinstance(room.fault, CannotFollow):
                self.mend(room)
            else:
                if room.epoch > 0:
                    self._client.begin(self._confirm(room))
                self.admit(room)

    def moved(self, room: Room) -> None:
        """A group stands in another epoch: say so, and see what is due there."""
        loop = asyncio.get_running_loop()
        loop.call_later(PREVIOUS_SECONDS, lambda: room.forget_previous(time.time()))
        self._client.begin(self._confirm(room))
        self.look(room)

    def asked(self, push: frames.CommitDuePush) -> None:
        """The hub names this device to commit what waits in an epoch."""
        self._due[push.conversation] = push.epoch
        self.look(self._client.device.room(push.conversation))

    def look(self, room: Room) -> None:
        """Commit what waits, if this device is the one that was asked to."""
        if self._due.get(room.conversation) == room.epoch and self._waits(room):
            del self._due[room.conversation]
            self._client.begin(self._commit_due(room))

    def admit(self, room: Room) -> None:
        """Let in whoever has accepted a delegation, or take away what was withdrawn."""
        if room.is_steady and (self._accepted(room) or self._withdrawn(room)):
            self._client.begin(self._commit_due(room))

    def see_out(self, room: Room, delegation: bytes) -> None:
        """See that a delegation that this device's person ended leaves the group."""
        self._client.begin(self._see_out(room, delegation))

    def mend(self, room: Room) -> None:
        """Have a device that cannot follow rejoin, once at a time."""
        if room.conversation not in self._mending:
            self._mending.add(room.conversation)
            self._client.begin(self._mend(room))

    def protest(self, room: Room, reason: str) -> None:
        """Leave in the trail why this device does not follow what the hub let through."""
        self._client.begin(self._protest(room, reason))

    async def start(self, room: Room) -> Answer:
        """Ask the hub for what was just founded here; a refusal undoes it."""
        async with self._locks[room.conversation]:
            return await self._submit(room)

    async def succeed(self, room: Room, succession: bytes = b"") -> Answer:
        """Begin the next group; where the hub still gives others time to follow, a little later.

        Raises `Denied` for a `succession` that nobody would follow.
        """
        for tries in range(1, SUCCEED_TRIES + 1):
            self._found_next(room, succession)
            try:
                return await self.start(room)
            except Refused as refusal:
                if refusal.reason != "too_soon" or tries == SUCCEED_TRIES:
                    raise
            await asyncio.sleep(SUCCEED_SECONDS)
        raise NoGroup("somebody_follows", room.conversation)

    def _found_next(self, room: Room, succession: bytes) -> None:
        device = self._client.device
        policy, delegations = room.for_successor(self._client.now_us())
        if succession:
            said = self._client.read_succession(room.conversation, succession)
            policy = with_changes(policy, patient_aik=said.new_aik)
        room.found(
            lambda group_info: frames.SucceedGroup(
                id="-", conversation=room.conversation, group_info=group_info
            ),
            device.own(),
            extensions_of(policy, delegations, device.trust.hub),
            device.random_bytes,
            succession=succession,
        )

    async def commit(
        self,
        room: Room,
        wanted: Callable[[], Wanted] = Wanted,
        *,
        still: Callable[[], bool] = lambda: True,
    ) -> Answer | None:
        """Commit what is wanted, and whatever is due, in the epoch there is.

        Where another's commit comes first, it is made again after it, while it is `still` wanted.
        """
        while True:
            # Outside of the lock: what mends the group needs it.
            await self._client.steady(room)
            async with self._locks[room.conversation]:
                if room.pending is not None:
                    await self._leftover(room)
                elif not still():
                    return None
                elif room.is_steady:
                    answer = await self._attempt(room, wanted)
                    if answer is not None:
                        return answer

    async def _attempt(self, room: Room, wanted: Callable[[], Wanted]) -> Answer | None:
        """Commit once; None where the group has moved on meanwhile."""
        stood = (room.place, room.proposals)
        for tries in range(1, CLOCK_TRIES + 1):
            self._make(room, wanted())
            try:
                return await self._submit(room)
            except Refused as refusal:
                if refusal.code in _PASSED_BY:
                    break
                if refusal.code is not Code.E_CLOCK or tries == CLOCK_TRIES:
                    raise
        await self._client.until(
            lambda: (room.place, room.proposals) != stood or room.fault is not None
        )
        return None

    def _make(self, room: Room, wanted: Wanted) -> None:
        client, device = self._client, self._client.device
        if self._may_admit:
            wanted = with_changes(wanted, narrowed=tuple(self._withdrawn(room)))
        try:
            room.commit(
                wanted,
                device.own(),
                client.judge(room.conversation),
                random_bytes=device.random_bytes,
            )
        except NeedsProof as exc:
            raise Denied("unproven_identity") from exc

    async def _submit(self, room: Room) -> Answer:
        """Ask for what is under way until it is answered, and go on with it once it stands."""
        pending, client = room.pending, self._client
        if pending is None:
            raise NoGroup("nothing_under_way")
        client.device.keep(room)
        try:
            answer = await client.perform(replace(pending.frame, id=client.next_id()))
        except Refused:
            if room.pending is pending:
                self._undo(room)
            raise
        answer.proof(
            act=_act_of(pending.frame), conversation=room.conversation, body=_sealed(pending.frame)
        )
        if isinstance(pending.frame, frames.Commit) and not pending.rejoins:
            # It is in force where it stands among the events, not before; and not here, where an
            # event before it cannot be followed.
            await client.until(lambda: room.pending is not pending or room.fault is not None)
        elif room.pending is pending:
            client.accepted(room, answer.result)
        return answer

    def _undo(self, room: Room) -> None:
        if room.is_founding:
            self._client.device.forget(room.conversation)
            return
        room.drop()
        self._client.device.keep(room)

    async def _leftover(self, room: Room) -> None:
        """Bring to its end what an earlier run, or an act without an answer, left under way."""
        try:
            await self._submit(room)
        except Refused as refusal:
            if refusal.code not in _PASSED_BY:
                raise

    async def _settle(self, room: Room) -> None:
        async with self._locks[room.conversation]:
            if room.pending is not None:
                await self._leftover(room)

    async def _commit_due(self, room: Room) -> None:
        """Commit what waits: what is due by itself, and each carer who is to be let in."""
        if room.proposals or self._withdrawn(room):
            await self.commit(room, still=lambda: room.proposals > 0 or bool(self._withdrawn(room)))
        for record in self._accepted(room):
            await self._let_in(room, record)

    async def _let_in(self, room: Room, record: DelegationRecord) -> None:
        """Add a carer's devices, in the commit that brings the delegation into force."""
        client = self._client
        carer = str(UUID(bytes=record.content.grantee))
        packages = await client.claim(room.conversation, carer)
        adds = await client.additions(room, packages)
        await self.commit(
            room,
            lambda: with_changes(adds, admitted=(record,)),
            still=lambda: record.id not in room.in_force,
        )

    async def _see_out(self, room: Room, delegation: bytes) -> None:
        client = self._client
        try:
            await client.until(lambda: delegation not in room.in_force, ENFORCE_SECONDS)
        except NoAnswer:
            # A hub that keeps an end back: this device's commit carries it out by itself.
            client.alarm(Unlawful("withheld_end", room.conversation))
            await self.commit(room, still=lambda: delegation in room.in_force)

    @property
    def _may_admit(self) -> bool:
        welcomed = self._client.welcomed
        return welcomed is not None and Role(welcomed.role) in _ADMITS

    def _accepted(self, room: Room) -> list[DelegationRecord]:
        """Return the delegations that wait for their carer to be let in."""
        if not self._may_admit or room.group is None:
            return []
        book, now = self._client.delegations.book, self._client.now_us()
        known = room.in_force | {one.delegation for one in room.before().tombstones}
        # A renewed delegation comes in once the one before it is out.
        inside = {one.content.grantee for one in room.records.values()}
        return [
            one
            for one in book.accepted(room.conversation, now)
            if one.id not in known and one.content.grantee not in inside
        ]

    def _withdrawn(self, room: Room) -> list[bytes]:
        """Return the withdrawals of scopes that the group does not hold yet."""
        if not self._may_admit or room.group is None:
            return []
        told = self._client.delegations.book.withdrawn(room.conversation)
        return [
            one
            for named, held in room.records.items()
            for one in told.get(named, ())
            if one not in held.revocations
        ]

    def _waits(self, room: Room) -> bool:
        return bool(room.proposals or self._accepted(room) or self._withdrawn(room))

    async def _confirm(self, room: Room) -> None:
        """Send the receipt of the present epoch, where the hub has none of this device."""
        client, deployment = self._client, self._client.device.trust.deployment
        if room.group is None or room.confirmed or room.fault is not None or deployment is None:
            return
        place, receipt = room.place, room.receipt(deployment, client.device.id)
        # What the receipt says is held for good before it is said.
        client.device.keep(room)
        frame = frames.ConfirmEpoch(
            id=client.next_id(), conversation=room.conversation, receipt=receipt
        )
        try:
            await client.perform(frame)
        except Refused as refusal:
            if refusal.code is Code.E_RECEIPT:
                reason = refusal.reason or "receipt_refused"
                raise GroupForked(reason, room.conversation) from refusal
            # The group has moved on: the next epoch's receipt follows its commit.
            if refusal.code is not Code.E_EPOCH:
                raise
        else:
            if room.place == place:
                room.confirmed = True
                client.device.touch(room)

    async def _mend(self, room: Room) -> None:
        try:
            async with self._locks[room.conversation]:
                while isinstance(room.fault, CannotFollow):
                    await self._rejoin(room, room.fault.code)
        finally:
            self._mending.discard(room.conversation)

    async def _rejoin(self, room: Room, reason: str) -> None:
        """Report the fault, and come in again by an external commit in place of the own leaf."""
        await self._report(room, reason)
        await self._enter(room)

    async def enter(self, room: Room) -> None:
        """Come into a group by oneself: a new device of somebody who is there."""
        async with self._locks[room.conversation]:
            if room.group is None and room.pending is None:
                await self._enter(room)

    async def _enter(self, room: Room) -> None:
        """Come in (again) by an external commit, once everybody inside is known."""
        client = self._client
        asked = frames.AskGroupInfo(id=client.next_id(), conversation=room.conversation)
        answer = await client.perform(asked)
        answer.proof(act="group.info_told", conversation=None)
        told = answer.result.get("group_info")
        if not isinstance(told, bytes):
            raise HubFault("the hub answered with no GroupInfo")
        try:
            self._come_in(room, told)
        except NeedsProof as unproven:
            await client.identities.prove_for(room.conversation, unproven.persons)
            try:
                self._come_in(room, told)
            except NeedsProof as exc:
                raise Unlawful("unproven_identity", room.conversation) from exc
        await self._leftover(room)

    def _come_in(self, room: Room, group_info: bytes) -> None:
        device = self._client.device
        room.rejoin(
            group_info,
            device.own(),
            self._client.judge(room.conversation),
            random_bytes=device.random_bytes,
        )

    async def _report(self, room: Room, reason: str) -> None:
        """Say that this device is stuck until somebody is known to follow."""
        for _ in range(REASKED):
            if await self._say_stuck(room, reason):
                return
            await asyncio.sleep(REASK_SECONDS)
        raise NoGroup("nobody_follows", room.conversation)

    async def _say_stuck(self, room: Room, reason: str) -> bool:
        """Report that this device cannot follow; return whether somebody is known to."""
        epoch = self._client.summaries[room.conversation].epoch
        while True:
            frame = frames.ReportStuck(
                id=self._client.next_id(),
                conversation=room.conversation,
                epoch=epoch,
                reason=reason,
            )
            try:
                answer = await self._client.perform(frame)
                answer.proof_of_news(act="group.stuck", conversation=room.conversation)
                return bool(answer.result.get("resync"))
            except Refused as refusal:
                if refusal.code is not Code.E_EPOCH or refusal.epoch in (None, epoch):
                    raise
                epoch = refusal.epoch or 0

    async def _protest(self, room: Room, reason: str) -> None:
        await self._say_stuck(room, reason)


def _act_of(frame: frames.ClientFrame) -> str:
    if isinstance(frame, frames.CreateConversation):
        return STARTED[frame.conversation_kind]
    return "group.committed" if isinstance(frame, frames.Commit) else "group.succeeded"


def _sealed(frame: Any) -> bytes | None:
    """Return the bytes that the entry of an act names by their hash."""
    if isinstance(frame, frames.Commit):
        return frame.commit
    return frame.group_info if isinstance(frame, frames.SucceedGroup) else None
