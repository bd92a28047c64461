"""A person gives one of their devices up: from that instant it is nobody's.

Until people have certificates, any device of the same person may sign for another: what is lost is
given up by the hand that is still there.
"""

from __future__ import annotations

from uuid import UUID

from crypto.errors import BadSignature, MalformedInput
from crypto.policy.statements import DeviceRevocation, Unverified
from server.domain.audit import Draft, EntryType
from server.domain.conversation import Device
from server.domain.refusals import Refused
from server.hub.acts import calls
from server.hub.acts.context import Context, plain_state
from server.hub.outcome import Changed, DeviceRetired, Done, Effect, Outcome, SessionEnded
from server.hub.removals import Removals
from server.ports import Located
from signaling.codes import Code
from signaling.frames import RetireDevice

MAX_AHEAD = 120_000_000
"""Microseconds that a device's clock may run before the hub's."""


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
    context.tx.devices.retire(device.id, context.now)
    effects: list[Effect] = [DeviceRetired(device.id)]
    effects += [SessionEnded(key) for key in context.tx.sessions.close_of(device.id)]
    located = _record(context, device, unverified.content)
    for conversation in context.tx.conversations.of_person(device.person):
        effects += _put_out(context, conversation.id, device, unverified.content, frame.statement)
    return Done({"device": device.id}, located, tuple(effects))


def _verify(context: Context, unverified: Unverified[DeviceRevocation]) -> Device | Refused:
    """Return the device to give up; refuse a statement that is not its person's own, and true."""
    said, person = unverified.content, context.principal.person
    device, signer = (_device(context, one) for one in (said.device, said.signer))
    if said.deployment != context.tx.identity.deployment:
        return _refused("wrong_deployment")
    # A stranger's device and none at all: one answer.
    if device is None or said.person != UUID(person.id).bytes:
        return _refused("unknown_device")
    if signer is None or (signer.retired_at is not None and signer.id != device.id):
        return _refused("unknown_signer")
    if said.at_us > context.now + MAX_AHEAD:
        return _refused("wrong_time")
    try:
        unverified.verify(signer.signature_key)
    except BadSignature as exc:
        return _refused(exc.code)
    return device


def _device(context: Context, raw: bytes) -> Device | None:
    """Return a device of the sender's person."""
    device = context.tx.devices.find(str(UUID(bytes=raw)))
    return device if device and device.person == context.principal.person.id else None


def _record(context: Context, device: Device, said: DeviceRevocation) -> Located:
    return context.record(
        Draft(
            type=EntryType.DEVICE_RETIRED,
            actor=context.principal.person,
            device=context.device,
            rule="device.retire",
            outcome={"device": device.id, "signer": str(UUID(bytes=said.signer))},
        )
    )


def _put_out(
    context: Context,
    conversation_id: str,
    device: Device,
    said: DeviceRevocation,
    statement: bytes,
) -> tuple[Effect, ...]:
    """End what a device has in one conversation: its admission, its leg of a call, its leaf."""
    tx = context.tx
    if device.id not in {one.device for one in tx.members.admissions(conversation_id)}:
        return ()
    left = calls.put_out(tx, conversation_id, device.id, context.now)
    conversation = tx.conversations.find(conversation_id)
    if conversation is None:
        raise RuntimeError("an admission without its conversation")
    removals = Removals(tx, context.means.groups, context.now)
    signer = str(UUID(bytes=said.signer))
    moved, demanded = removals.demand(conversation, device.id, signer=signer, statement=statement)
    return (*left, *demanded, Changed(plain_state(tx, moved, context.now)))


def _refused(reason: str) -> Refused:
    return Refused(Code.E_POLICY, reason=reason)
