"""A device that is given up: from that instant it is nobody's.

By its person, whose account key signs that; or with the account key itself, when that was lost.
"""

from __future__ import annotations

from uuid import UUID

from crypto.errors import BadSignature, MalformedInput
from crypto.policy.statements import DeviceRevocation, Unverified
from crypto.policy.vocabulary import CLOCK_TOLERANCE_US
from server.domain.audit import Draft, EntryType
from server.domain.conversation import Device
from server.domain.refusals import Refused
from server.hub.acts import calls
from server.hub.acts.context import Context, plain_state
from server.hub.acts.identities import own_subject
from server.hub.outcome import Changed, DeviceRetired, Done, Effect, Outcome, SessionEnded
from server.hub.removals import Removals
from server.ports import Located
from signaling.codes import Code
from signaling.frames import RetireDevice


def retire(context: Context, frame: RetireDevice) -> Outcome:
    """Take nothing more from a device and give it nothing more; have its leaves removed."""
    try:
        unverified = Unverified.decode(DeviceRevocation, frame.statement)
    except MalformedInput:
        return Refused(Code.E_MALFORMED)
    device = _verify(context, unverified)
    if isinstance(device, Refused):
        return device
    if device.retired_at is not None:
        return Done({"device": device.id}, unchanged=True)
    located = _record(context, device)
    effects = give_up(context, device.id, why="device", statement=frame.statement)
    return Done({"device": device.id}, located, effects)


def give_up(context: Context, device: str, *, why: str, statement: bytes) -> tuple[Effect, ...]:
    """Let a device out of everything; return what follows."""
    tx, known = context.tx, context.tx.devices.find(device)
    if known is None:
        raise RuntimeError("a device that never said hello")
    tx.devices.retire(device, context.now)
    effects: list[Effect] = [DeviceRetired(device)]
    effects += [SessionEnded(key) for key in tx.sessions.close_of(device)]
    for conversation in tx.conversations.of_person(known.person):
        effects += _put_out(context, conversation.id, device, why=why, statement=statement)
    return tuple(effects)


def _verify(context: Context, unverified: Unverified[DeviceRevocation]) -> Device | Refused:
    """Return the device to give up; refuse a statement that is not its person's own, and true."""
    said, person = unverified.content, context.principal.person
    standing = context.tx.certificates.find(person.id)
    if said.deployment != context.tx.identity.deployment or said.conversation:
        return _refused("wrong_deployment")
    device = _device(context, said.device)
    # A stranger's device and none at all: one answer.
    if device is None or said.person != UUID(person.id).bytes:
        return _refused("unknown_device")
    if standing is None:
        return _refused("no_identity")
    if said.at_us > context.now + CLOCK_TOLERANCE_US:
        return Refused(Code.E_CLOCK, now=context.now)
    try:
        unverified.verify(standing.aik)
    except BadSignature:
        return Refused(Code.E_SIGNATURE)
    return device


def _device(context: Context, raw: bytes) -> Device | None:
    """Return a device of the sender's person."""
    device = context.tx.devices.find(str(UUID(bytes=raw)))
    return device if device and device.person == context.principal.person.id else None


def _record(context: Context, device: Device) -> Located:
    person = context.principal.person
    return context.record(
        Draft(
            type=EntryType.DEVICE_RETIRED,
            actor=person,
            device=context.device,
            rule="device.retire",
            subject=own_subject(person),
            outcome={"device": device.id},
        )
    )


def _put_out(
    context: Context, conversation_id: str, device: str, *, why: str, statement: bytes
) -> tuple[Effect, ...]:
    """End what a device has in one conversation: its admission, its leg of a call, its leaf."""
    tx = context.tx
    if device not in {one.device for one in tx.members.admissions(conversation_id)}:
        return ()
    left = calls.put_out(tx, conversation_id, device, context.now)
    conversation = tx.conversations.find(conversation_id)
    if conversation is None:
        raise RuntimeError("an admission without its conversation")
    removals = Removals(tx, context.means.groups, context.now)
    moved, demanded = removals.demand(conversation, device, why=why, statement=statement)
    return (*left, *demanded, Changed(plain_state(tx, moved, context.now)))


def _refused(reason: str) -> Refused:
    return Refused(Code.E_POLICY, reason=reason)
