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
    Accessed,
    CallChanged,
    Changed,
    CommitDue,
    Confirmed,
    CursorMoved,
    DelegationChanged,
    DeviceRetired,
    Effect,
    GroupForked,
    IdentityChanged,
    KeyPackagesArrived,
    KeyPackagesLow,
    LetOut,
    LinkAsked,
    Linked,
    SessionEnded,
    SignalTo,
    Streamed,
)
from server.hub.pushes import event_frame
from server.hub.signals import Letter, Mailbox
from signaling import call, codec, frames
from signaling.codes import CODES, Close, Code

OfDevices = (
    KeyPackagesLow
    | SignalTo
    | SessionEnded
    | DeviceRetired
    | LinkAsked
    | Linked
    | Confirmed
    | LetOut
)


class Subscriber(Protocol):
    """A greeted connection, as the fan-out sees it."""

    device: str
    person: str
    session: bytes
    patient_of: str | None
    """The pharmacy (FINESS), where this is a patient's."""
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
            case IdentityChanged() | Accessed() | DelegationChanged():
                self._inform(effect)
            case _:
                self._reach(effect)

    def _inform(self, effect: IdentityChanged | Accessed | DelegationChanged) -> None:
        """Tell what people see of others: who they are, who looked, who acts for whom."""
        match effect:
            case IdentityChanged():
                self._tell(effect.persons, frames.IdentityPush(person=effect.person))
            case Accessed():
                self._tell_access(effect)
            case DelegationChanged():
                self._tell_delegation(effect)

    def _reach(self, effect: OfDevices) -> None:
        """Tell the devices, or the one session, that are concerned."""
        match effect:
            case LinkAsked():
                self._ask_link(effect)
            case Linked():
                linked = frames.LinkedPush(certificate=effect.certificate, sealed=effect.sealed)
                self._push_to([effect.device], linked)
            case Confirmed():
                push = frames.ReceiptPush(conversation=effect.conversation, receipt=effect.receipt)
                self._push_to(effect.devices, push)
            case KeyPackagesLow():
                self._warn_low(effect)
            case SignalTo():
                self._pass_on(effect)
            case SessionEnded():
                self._end_session(effect)
            case DeviceRetired():
                self._turn_out(effect)
            case LetOut():
                self._mailbox.forget(effect.device, effect.conversation)

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

    def _ask_link(self, effect: LinkAsked) -> None:
        push = frames.LinkAskedPush(
            device=effect.device, signature_key=effect.signature_key, init_key=effect.init_key
        )
        there = [one.device for one in self._persons.get(effect.person, ())]
        wanted = [one for one in there if one != effect.device and effect.only in (None, one)]
        self._push_to(wanted, push)

    def _tell_access(self, effect: Accessed) -> None:
        push = frames.AccessPush(row=effect.row)
        if effect.patient is not None:
            self._tell([effect.patient], push)
            return
        patients = {one.person for one in self.subscribers() if one.patient_of == effect.tenant}
        self._tell(patients, push)

    def _tell_delegation(self, effect: DelegationChanged) -> None:
        self._tell(effect.persons, frames.DelegationPush(delegation=effect.whole))
        if effect.carers is not None:
            self._tell([effect.row.grantee], frames.DelegationPush(delegation=effect.carers))

    def _push_to(self, devices: Iterable[str], frame: frames.ServerFrame) -> None:
        there = [self._devices[one] for one in devices if one in self._devices]
        if there:
            data = codec.encode(frame)
            for one in there:
                one.push(data)

    def _stream(self, effect: Streamed) -> None:
        data = codec.encode(event_frame(effect.event))
        for device, since in effect.admissions.items():
            if device in self._devices:
                self._devices[device].push_event(effect.event, since, data)

    def _change(self, effect: Changed) -> None:
        told_now = effect.plain.persons if effect.only is None else effect.only
        for person in told_now:
            for one in list(self._persons.get(person, ())):
                told = summary(effect.plain, one.device, one.person)
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
            self._mailbox.keep(Letter(effect.to, data, effect.until, effect.push.conversation))
        else:
            there.push_urgent(data, until=effect.until)

    def _tell(self, persons: Iterable[str], frame: frames.ServerFrame) -> None:
        data = codec.encode(frame)
        for person in persons:
            for one in list(self._persons.get(person, ())):
                one.push(data)
