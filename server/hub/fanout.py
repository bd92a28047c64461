"""Who is connected, and who is told what. Lives on the loop; nothing here awaits.

A push is encoded once and the same bytes go to every member's connection. The durable truth is the
database: a connection that misses a push here finds it there by its cursor.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Protocol

from server.domain.conversation import Event
from server.hub.acts.context import summary
from server.hub.outcome import (
    CallChanged,
    Changed,
    CursorMoved,
    DeviceRetired,
    Effect,
    GroupForked,
    KeyPackagesArrived,
    KeyPackagesLow,
    CommitDue,
    SessionEnded,
    SignalTo,
    Streamed,
)
from server.hub.pushes import event_frame
from server.hub.signals import Letter, Mailbox
from signaling import call, codec, frames
from signaling.codes import CODES, Close, Code


class Subscriber(Protocol):
    """A greeted connection, as the fan-out sees it."""

    device: str
    person: str
    session: bytes
    heard_at: int
    """When this device last said anything."""

    def push(self, data: bytes) -> None:
        """Queue an encoded frame, or close if too much waits."""
        ...

    def push_urgent(
        self, data: bytes, *, about: str | None = None, until: int | None = None
    ) -> None:
        """Queue a frame of a call before all others (see `backpressure.UrgentLane`)."""
        ...

    def push_event(self, event: Event, since: int, data: bytes) -> None:
        """Queue the next step of a conversation in which this device is since `since`."""
        ...

    def close(self, code: Close, *, flush: bool = False) -> None:
        """End the connection; with `flush`, after what waits is written."""
        ...


class FanOut:
    """Greeted connections by device, person and session."""

    def __init__(self) -> None:
        self._devices: dict[str, Subscriber] = {}
        self._persons: defaultdict[str, set[Subscriber]] = defaultdict(set)
        self._mailbox = Mailbox()

    def __len__(self) -> int:
        return len(self._devices)

    def subscribers(self) -> list[Subscriber]:
        """Return every greeted connection."""
        return list(self._devices.values())

    def heard_at(self, device: str) -> int | None:
        """Return when a connected device last said anything."""
        subscriber = self._devices.get(device)
        return None if subscriber is None else subscriber.heard_at

    def join(self, subscriber: Subscriber) -> None:
        """Add a connection; an older one of the same device ends."""
        older = self._devices.get(subscriber.device)
        if older is not None:
            self.leave(older)
            older.close(Close.SUPERSEDED)
        self._devices[subscriber.device] = subscriber
        self._persons[subscriber.person].add(subscriber)

    def hand_over(self, subscriber: Subscriber, now: int) -> None:
        """Give a device that is back the signals that waited for it."""
        for letter in self._mailbox.collect(subscriber.device, now):
            subscriber.push_urgent(letter.data, until=letter.until)

    def leave(self, subscriber: Subscriber) -> None:
        """Forget a connection."""
        if self._devices.get(subscriber.device) is subscriber:
            del self._devices[subscriber.device]
        persons = self._persons.get(subscriber.person)
        if persons is not None:
            persons.discard(subscriber)
            if not persons:
                del self._persons[subscriber.person]

    def apply(self, effect: Effect) -> None:
        """Tell whoever is concerned."""
        if isinstance(effect, CommitDue):
            return  # the committers' desk decides who is asked, and when
        match effect:
            case Streamed():
                self._stream(effect)
            case Changed():
                self._change(effect)
            case CursorMoved():
                self._move_cursor(effect)
            case KeyPackagesArrived():
                self._tell(effect.persons, frames.KeyPackagesPush(person=effect.person))
            case GroupForked():
                push = frames.GroupForkedPush(conversation=effect.conversation, epoch=effect.epoch)
                self._tell(effect.persons, push)
            case CallChanged():
                self._tell_call(effect)
            case _:
                self._reach(effect)

    def _reach(self, effect: KeyPackagesLow | SignalTo | SessionEnded | DeviceRetired) -> None:
        """Tell the one device, or the one session, that is concerned."""
        match effect:
            case KeyPackagesLow():
                self._warn_low(effect)
            case SignalTo():
                self._pass_on(effect)
            case SessionEnded():
                self._end_session(effect)
            case DeviceRetired():
                self._turn_out(effect)

    def is_there(self, device: str) -> bool:
        """Tell whether a device is connected."""
        return device in self._devices

    def name_committer(self, device: str, due: CommitDue) -> None:
        """Ask one device to commit what is pending."""
        if device in self._devices:
            push = frames.CommitDuePush(conversation=due.conversation, epoch=due.epoch)
            self._devices[device].push(codec.encode(push))

    def _turn_out(self, effect: DeviceRetired) -> None:
        """Tell a device why, and end its connection: what was queued before it may still go out."""
        one = self._devices.get(effect.device)
        if one is not None:
            row = CODES[Code.E_DEVICE_RETIRED]
            refused = frames.RefusedFrame(
                id="", code=Code.E_DEVICE_RETIRED.value, text=row.text, retry=row.retry.value
            )
            one.push(codec.encode(refused))
            self.leave(one)
            one.close(Close.FORBIDDEN, flush=True)

    def _stream(self, effect: Streamed) -> None:
        data = codec.encode(event_frame(effect.event))
        for device, since in effect.admissions.items():
            if device in self._devices:
                self._devices[device].push_event(effect.event, since, data)

    def _change(self, effect: Changed) -> None:
        for member in effect.plain.members:
            for one in list(self._persons.get(member.person, ())):
                told = summary(effect.plain, one.device)
                one.push(codec.encode(frames.ConversationPush(conversation=told)))

    def _move_cursor(self, effect: CursorMoved) -> None:
        push = frames.CursorPush(
            conversation=effect.conversation,
            person=effect.person,
            delivered=effect.delivered,
            read=effect.read,
        )
        self._tell(effect.persons, push)

    def _warn_low(self, effect: KeyPackagesLow) -> None:
        if effect.device in self._devices:
            low = frames.KeyPackagesLowPush(left=effect.left)
            self._devices[effect.device].push(codec.encode(low))

    def _end_session(self, effect: SessionEnded) -> None:
        for one in self.subscribers():
            if one.session == effect.key:
                one.close(Close.SESSION)

    def _tell_call(self, effect: CallChanged) -> None:
        data = codec.encode(frames.CallPush(call=call.view(effect.facts)))
        for person in effect.persons:
            for one in list(self._persons.get(person, ())):
                one.push_urgent(data, about=effect.facts.id)

    def _pass_on(self, effect: SignalTo) -> None:
        data = codec.encode(effect.push)
        there = self._devices.get(effect.to)
        if there is None:
            self._mailbox.keep(Letter(effect.to, data, effect.until))
        else:
            there.push_urgent(data, until=effect.until)

    def _tell(self, persons: Iterable[str], frame: frames.ServerFrame) -> None:
        data = codec.encode(frame)
        for person in persons:
            for one in list(self._persons.get(person, ())):
                one.push(data)
