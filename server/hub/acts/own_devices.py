"""A person's devices: which are certified, how a new one is let in, and how keys are recovered.

The first device certifies itself. A later one is let in by one that has the account key, or gets
that key back by the recovery code; the hub sees neither.
"""

from __future__ import annotations

import hmac
from uuid import UUID

from crypto.errors import BadSignature, MalformedInput
from crypto.policy.identity import validity_of
from crypto.policy.statements import DeviceCertificate, Unverified
from crypto.policy.vocabulary import CLOCK_TOLERANCE_US
from server.domain.audit import Draft, EntryType
from server.domain.conversation import Device
from server.domain.identity import LINK_LIFE, IssuedIdentity, LinkRequest
from server.domain.refusals import Refused
from server.hub.acts.context import Context, as_result
from server.hub.acts.identities import digest, own_subject, validity
from server.hub.outcome import Done, Effect, LinkAsked, Linked, Outcome
from server.ports import Located
from signaling.codes import Code
from signaling.frames import (
    AskLink,
    AskRecovery,
    CertifyDevice,
    DeviceView,
    KeepRecovery,
    ListDevices,
)

MAX_TOLD = 300
"""Devices that one answer names, the newest: those given up long ago are in the log."""


def certify(context: Context, frame: CertifyDevice) -> Outcome:
    """Keep the account key's word on this device, or on one that asked to be let in."""
    own = context.own_device()
    if isinstance(own, Refused):
        return own
    checked = _check(context, frame)
    if isinstance(checked, Refused):
        return checked
    device, until = checked
    if device.id != own.id:
        return _let_in(context, frame, device, until)
    if frame.sealed:
        return _unfit("sealed_to_itself")
    if device.certificate == frame.certificate:
        return Done({"device": device.id}, unchanged=True)
    context.tx.devices.certify(device.id, frame.certificate, until)
    return Done({"device": device.id}, _record(context, device, frame.certificate))


def list_devices(context: Context, _frame: ListDevices) -> Outcome:
    """Tell a person's devices, the newest first, with those they gave up."""
    tx, person = context.tx, context.principal.person
    asking = {one.device for one in tx.links.of(person.id) if _waits(one, context.now)}
    ids = tx.devices.of(person.id, retired=True)[:MAX_TOLD]
    found = [one for one in map(tx.devices.find, ids) if one is not None]
    rows = [
        DeviceView(
            device=one.id,
            number=one.number,
            registered_at=one.registered_at,
            certified=one.is_certified(context.now),
            asks=one.id in asking,
            retired_at=one.retired_at,
        )
        for one in found
    ]
    return Done({"devices": [as_result(row) for row in rows]})


def ask_link(context: Context, frame: AskLink) -> Outcome:
    """Have this person's other devices asked to let this one in."""
    device, person = context.own_device(), context.principal.person
    if isinstance(device, Refused):
        return device
    if context.tx.certificates.find(person.id) is None:
        return _unfit("no_identity")
    request = LinkRequest(
        device=device.id, person=person.id, init_key=frame.init_key, asked_at=context.now
    )
    context.tx.links.forget(person.id, context.now - LINK_LIFE)
    context.tx.links.ask(request)
    located = _technical(context, EntryType.DEVICE_LINK_ASKED, "device.link")
    return Done({"until": context.now + LINK_LIFE}, located, (_asked(device, request),))


def waiting_links(context: Context, device: Device) -> tuple[Effect, ...]:
    """Return what a device that says hello is told: who asks to be let in, and that it was."""
    told: list[Effect] = []
    for request in context.tx.links.of(device.person):
        other = context.tx.devices.find(request.device)
        if other is None or other.retired_at is not None or not request.is_live(context.now):
            continue
        if request.device == device.id and request.sealed:
            told.append(Linked(device.id, device.certificate, request.sealed))
        elif request.device != device.id and not request.sealed:
            told.append(_asked(other, request, only=device.id))
    return tuple(told)


def keep_recovery(context: Context, frame: KeepRecovery) -> Outcome:
    """Store the account key, wrapped under a code that only its person has."""
    tx, person = context.tx, context.principal.person
    if tx.certificates.find(person.id) is None:
        return _unfit("no_identity")
    if tx.recovery.find(person.id) == frame.blob:
        return Done(unchanged=True)
    tx.recovery.keep(person.id, frame.blob, context.now)
    return Done(entry=_technical(context, EntryType.RECOVERY_KEPT, "recovery.keep"))


def ask_recovery(context: Context, _frame: AskRecovery) -> Outcome:
    """Give back what was stored: of no use to anybody without the code."""
    device = context.own_device()
    if isinstance(device, Refused):
        return device
    blob = context.tx.recovery.find(context.principal.person.id)
    if blob is None:
        return Refused(Code.E_NOT_FOUND)
    return Done({"blob": blob}, _technical(context, EntryType.RECOVERY_ASKED, "recovery.ask"))


def _check(context: Context, frame: CertifyDevice) -> tuple[Device, int] | Refused:
    """Return the device that a certificate is of, and until when it holds; refuse a false one."""
    try:
        unverified = Unverified.decode(DeviceCertificate, frame.certificate)
    except MalformedInput:
        return Refused(Code.E_MALFORMED)
    said, standing = unverified.content, _standing(context)
    if standing is None:
        return _unfit("no_identity")
    if said.deployment != context.tx.identity.deployment or said.conversation:
        return _unfit("wrong_deployment")
    device = context.tx.devices.find(str(UUID(bytes=said.device)))
    # A stranger's device and none at all: one answer.
    if device is None or device.person != standing.person or device.retired_at is not None:
        return _unfit("unknown_device")
    if said.person != UUID(device.person).bytes:
        return _unfit("wrong_person")
    if not hmac.compare_digest(said.signature_key, device.signature_key):
        return _unfit("wrong_key")
    try:
        unverified.verify(standing.aik)
    except BadSignature:
        return Refused(Code.E_SIGNATURE)
    if said.not_before_us > context.now + CLOCK_TOLERANCE_US:
        return Refused(Code.E_CLOCK, now=context.now)
    period = validity_of(said).within(validity(standing.certificate))
    if not period.includes(context.now):
        return _unfit("expired")
    return device, period.not_after_us


def _let_in(context: Context, frame: CertifyDevice, device: Device, until: int) -> Outcome:
    """Certify another device: one that asked, by one that is certified itself."""
    own = context.tx.devices.find(context.device)
    if own is None or not own.is_certified(context.now):
        return Refused(Code.E_DEVICE_CERTIFICATE)
    asked = {one.device: one for one in context.tx.links.of(device.person)}
    request = asked.get(device.id)
    if request is None or not request.is_live(context.now):
        return _unfit("not_asked")
    if device.certificate == frame.certificate and request.sealed == frame.sealed:
        return Done({"device": device.id}, unchanged=True)
    if not frame.sealed or request.sealed:
        return _unfit("not_sealed" if not frame.sealed else "not_asked")
    context.tx.devices.certify(device.id, frame.certificate, until)
    context.tx.links.answer(device.id, frame.sealed)
    located = _record(context, device, frame.certificate)
    effects = (Linked(device.id, frame.certificate, frame.sealed),)
    return Done({"device": device.id}, located, effects)


def _standing(context: Context) -> IssuedIdentity | None:
    return context.tx.certificates.find(context.principal.person.id)


def _waits(request: LinkRequest, now: int) -> bool:
    return request.is_live(now) and not request.sealed


def _asked(device: Device, request: LinkRequest, *, only: str | None = None) -> LinkAsked:
    return LinkAsked(
        person=device.person,
        device=device.id,
        signature_key=device.signature_key,
        init_key=request.init_key,
        only=only,
    )


def _record(context: Context, device: Device, certificate: bytes) -> Located:
    person = context.principal.person
    return context.record(
        Draft(
            type=EntryType.DEVICE_CERTIFIED,
            actor=person,
            device=context.device,
            rule="device.certify",
            subject=own_subject(person),
            outcome={"certificate": digest(certificate), "device": device.id},
        )
    )


def _technical(context: Context, what: EntryType, rule: str) -> Located:
    return context.record(
        Draft(type=what, actor=context.principal.person, device=context.device, rule=rule)
    )


def _unfit(reason: str) -> Refused:
    return Refused(Code.E_IDENTITY, reason=reason)
