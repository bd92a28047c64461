"""What the hub hands on to a device, in its order: opened, followed, refused, or put by."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, assert_never

from clients.python.acts import Observer
from clients.python.content import IncomingSignal, Message, Spoken
from clients.python.errors import (
    BrokenStream,
    CannotFollow,
    ClientError,
    GroupForked,
    HubFault,
    NoAnswer,
    Unauthorised,
    Unlawful,
    Unproven,
)
from clients.python.groups import PREVIOUS_SECONDS, Room
from clients.python.judge import NeedsProof
from signaling import frames
from signaling.frames import Event, SignalPush, Summary

if TYPE_CHECKING:
    from clients.python.client import Client

MAX_EARLY = 64
"""Signals that wait for a commit on its way, of all conversations."""
MAX_HELD = 1_000
"""Frames of a conversation that wait for somebody's proof of identity; beyond, they come again."""
Held = Event | frames.WelcomePush
GroupPush = Held | frames.CommitDuePush | frames.GroupForkedPush | frames.ReceiptPush | SignalPush


@dataclass(slots=True)
class Hold:
    """What waits, in its order, until the log has shown who somebody is.

    Or, before that, until the hub has described the conversation into which it lets this device.
    """

    asked: frozenset[str] = frozenset()
    waiting: deque[Held] = field(default_factory=deque)
    receipts: deque[frames.ReceiptPush] = field(default_factory=lambda: deque(maxlen=MAX_EARLY))
    """Of the epochs to which the frames lead."""
    undescribed: bool = False


class Arrivals:
    """Takes in what arrives for one client."""

    def __init__(self, client: Client, observer: Observer) -> None:
        self._client = client
        self._observer = observer
        self._early: deque[tuple[SignalPush, float]] = deque(maxlen=MAX_EARLY)
        self._held: dict[str, Hold] = {}
        self._ends: dict[str, int] = {}
        """By conversation: its last event when this device said hello."""

    def take(self, frame: GroupPush) -> None:
        """Take what is about a group."""
        match frame:
            case Event():
                self._observer.on_event(frame)
                self._in_order(frame)
            case frames.WelcomePush():
                self._in_order(frame)
            case frames.ReceiptPush():
                self._confirmed(frame)
            case frames.CommitDuePush():
                self._client.upkeep.asked(frame)
            case frames.GroupForkedPush():
                self._client.alarm(GroupForked("members_disagree", frame.conversation))
            case SignalPush():
                self._open_signal(frame, time.time() + PREVIOUS_SECONDS)
            case _:
                assert_never(frame)

    def greeted(self, summaries: list[Summary]) -> None:
        """Take in what a hello tells of the conversations."""
        # What waited comes again, from the cursor that was told.
        self._held.clear()
        for summary in summaries:
            self.learn(summary)
            self._ends[summary.id] = summary.last_seq
            self._miss(self._client.device.room(summary.id), summary)

    def has_caught_up(self, room: Room) -> bool:
        """Tell whether this device has seen all that stood there at its hello.

        Until then it cannot know that its state is no copy of an older day, and encrypts nothing.
        """
        return room.cursor >= self._ends.get(room.conversation, 0)

    def _miss(self, room: Room, summary: Summary) -> None:
        """A founder's device that lost its group gets no Welcome: it rejoins."""
        lost = summary.joined and summary.since == 0 and room.group is None
        if lost and room.pending is None and self._client.device.opens:
            room.fault = CannotFollow("no_group")

    def _in_order(self, frame: Held, asked: frozenset[str] = frozenset()) -> None:
        """Take what stands in a conversation's order, or keep it until it can be judged.

        `asked`: whose certificates the hub was asked for already; without them it is refused.
        """
        hold = self._held.get(frame.conversation)
        if hold is None and self._is_news(frame):
            hold = self._held[frame.conversation] = Hold(undescribed=True)
        if hold is not None:
            self._keep_waiting(hold, frame)
            return
        try:
            self._take_in_order(frame)
        except NeedsProof as unproven:
            if asked and unproven.persons <= asked:
                self._refuse(frame)
                return
            hold = Hold(asked | unproven.persons, deque([frame]))
            self._held[frame.conversation] = hold
            self._client.begin(self._prove(frame.conversation, hold))

    def _is_news(self, frame: Held) -> bool:
        """Tell whether somebody let this device into a conversation that it knows nothing of."""
        welcome = isinstance(frame, frames.WelcomePush) and self._client.device.opens
        return welcome and frame.conversation not in self._client.summaries

    def _keep_waiting(self, hold: Hold, frame: Held) -> None:
        if len(hold.waiting) >= MAX_HELD:
            room = self._client.device.room(frame.conversation)
            raise BrokenStream(expected=room.cursor + 1, arrived=frame.seq)
        hold.waiting.append(frame)

    async def _prove(self, conversation: str, hold: Hold) -> None:
        """Ask who somebody is, then go on with what waited for it."""
        try:
            await self._client.identities.prove_for(conversation, hold.asked)
        except NoAnswer:
            # Nothing is held against anybody: what waits comes again with the next connection.
            self._client.reconnect()
            return
        except ClientError as why:
            self._client.alarm(why)
        if self._held.get(conversation) is hold:
            del self._held[conversation]
            self._go_on(hold)

    def _go_on(self, hold: Hold) -> None:
        asked = hold.asked or frozenset({""})
        if hold.undescribed:
            asked = frozenset()
        while hold.waiting:
            frame = hold.waiting.popleft()
            self._in_order(frame, asked)
            again = self._held.get(frame.conversation)
            if again is not None:
                again.waiting.extend(hold.waiting)
                again.receipts.extend(hold.receipts)
                return
        for receipt in hold.receipts:
            self._confirmed(receipt)

    def _refuse(self, frame: Held) -> None:
        """Somebody's certificate is not in the log: neither a step nor a group with it is ours."""
        room = self._client.device.room(frame.conversation)
        room.cursor = max(room.cursor, frame.seq)
        room.fault = Unlawful("unproven_identity")
        self._lose(room, room.fault)
        self._client.keep_soon(room)

    def _take_in_order(self, frame: Held) -> None:
        if isinstance(frame, Event):
            self._apply(frame)
        else:
            self._admit(frame)

    def _confirmed(self, push: frames.ReceiptPush) -> None:
        """A member says which epoch it is in."""
        room = self._client.rooms.get(push.conversation)
        if not self._client.device.opens or room is None:
            return
        hold = self._held.get(push.conversation)
        if hold is not None:
            hold.receipts.append(push)
            return
        try:
            room.confirmed_by(push.receipt, self._client.judge(push.conversation))
        except (GroupForked, HubFault) as why:
            self._client.alarm(why)
        self._client.keep_soon(room)

    def _apply(self, event: Event) -> None:
        room = self._client.device.room(event.conversation)
        before = room.cursor
        try:
            room.arrive(event)
            if self._client.device.opens:
                self._digest(room, event)
        except BrokenStream as fault:
            self._client.faults.append(fault)
            raise
        except BaseException:
            # It waits for a proof; or it ends this client, and comes again to the next.
            room.cursor = before
            raise

    def _digest(self, room: Room, event: Event) -> None:
        """Open a message, or follow a step of the group."""
        if event.what == "message":
            self._observer.on_message(self._read(room, event))
        else:
            self._follow(room, event)
        self._client.keep_soon(room)

    def _follow(self, room: Room, event: Event) -> None:
        """Take a step of the group; what cannot be followed is mended, what may not be is not."""
        try:
            moved = room.follow(event, self._client.judge(room.conversation), time.time())
        except (CannotFollow, Unlawful, Unproven) as why:
            self._lose(room, why)
            return
        if moved:
            self.entered(room)
        else:
            self._client.upkeep.look(room)

    def _lose(self, room: Room, why: CannotFollow | Unlawful | Unproven | Unauthorised) -> None:
        """Tell what was refused; mend what may be mended, and leave a trace of what may not."""
        why.conversation = room.conversation
        self._client.alarm(why)
        if isinstance(why, CannotFollow):
            self._client.upkeep.mend(room)
        elif isinstance(why, Unlawful):
            self._client.upkeep.protest(room, why.code)

    def entered(self, room: Room) -> None:
        """A group stands in another epoch (or is none any more)."""
        self._client.device.touch_pins()
        self._client.upkeep.moved(room)
        early, now = list(self._early), time.time()
        self._early.clear()
        for push, until in early:
            if now < until:
                self._open_signal(push, until)

    def _read(self, room: Room, event: Event) -> Message:
        mine = event.device == self._client.device.id
        try:
            said = self._read_own(room, event) if mine else self._read_other(room, event)
        except (Unproven, Unauthorised, CannotFollow, Unlawful) as why:
            self._lose(room, why)
            return Message.of(event, mine=mine, refused=why.code)
        return Message.of(event, mine=mine, said=said)

    def _read_other(self, room: Room, event: Event) -> Spoken:
        opened = room.read(event, self._client.judge(room.conversation), time.time())
        self._client.watch.heard(event.device, opened.content.checkpoint)
        return Spoken.of(opened.content, opened.data)

    def _read_own(self, room: Room, event: Event) -> Spoken:
        """Return what was kept until it came back: MLS does not open one's own."""
        written = self._client.device.written.get(event.message or "")
        if written is None:
            room.check_counter(event)
            raise Unproven("not_kept")
        # Under this device's name, once, and as it was sent: else the hub made it up.
        if written.body != event.body or event.person != self._client.person or written.echoed:
            raise Unproven("wrong_data")
        self._client.device.echoed(written)
        return written.spoken

    def _admit(self, push: frames.WelcomePush) -> None:
        room = self._client.device.room(push.conversation)
        if not self._client.device.opens:
            room.cursor = max(room.cursor, push.seq)
            return
        packages = list(self._client.device.packages.values())
        try:
            joined = room.admit(push, packages, self._client.judge(push.conversation))
        except (CannotFollow, Unlawful) as why:
            self._lose(room, why)
        else:
            if joined is not None:
                self._client.device.spend(joined.spent)
                self.entered(room)
        self._client.keep_soon(room)

    def _open_signal(self, push: SignalPush, until: float) -> None:
        if not self._client.device.opens:
            return
        room = self._client.device.room(push.conversation)
        try:
            content = room.read_signal(push, self._client.judge(push.conversation), time.time())
        except (Unproven, Unauthorised, Unlawful) as why:
            self._lose(room, why)
            return
        if content is None:
            self._early.append((push, until))
            return
        self._client.keep_soon(room)
        self._observer.on_signal(IncomingSignal.of(push, content))

    def learn(self, summary: Summary) -> None:
        """Take in the plain state of a conversation."""
        self._client.summaries[summary.id] = summary
        room = self._client.device.room(summary.id)
        if self._client.device.opens and room.told(summary):
            self.entered(room)
            self._client.keep_soon(room)
        hold = self._held.get(summary.id)
        if hold is not None and hold.undescribed:
            del self._held[summary.id]
            self._go_on(hold)
