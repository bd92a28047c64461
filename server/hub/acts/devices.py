"""A device says hello, and stocks the directory with key packages."""

from __future__ import annotations

import hashlib
import hmac

from crypto.errors import CryptoError
from crypto.mls.framing import WireFormat, decode_wire_format
from server.domain.audit import Draft, EntryType, LogClass
from server.domain.conversation import Device, KeyPackage
from server.domain.refusals import Refused
from server.hub.acts.calls import live_calls
from server.hub.acts.context import Context, as_result, plain_states, summary
from server.hub.outcome import Done, Effect, KeyPackagesArrived, Outcome
from signaling.codes import Code
from signaling.frames import Hello, Pharmacy, PublishKeyPackages, Welcomed

MAX_STOCK = 100
"""Unclaimed key packages of one device: what a person away for a month may need, twice over."""
MAX_DEVICES = 200
"""Of one person. Every cleared browser is a new device, and none can be removed before devices get
certificates: the bound is only there for bounds' sake."""


def hello(context: Context, frame: Hello) -> Outcome:
    """Bind the device to the person at its first hello, and tell the whole plain state."""
    known = context.tx.devices.find(frame.device)
    if known is not None and not _same_device(known, context, frame):
        return Refused(Code.E_DEVICE)
    others = [d for d in context.tx.devices.of(context.principal.person.id) if d != frame.device]
    if known is None:
        if len(others) >= MAX_DEVICES:
            return Refused(Code.E_DEVICE)
        context.tx.devices.register(
            Device(frame.device, context.principal.person.id, frame.signature_key)
        )
    located = context.record(
        Draft(
            type=EntryType.CONNECTION_OPENED if known else EntryType.DEVICE_REGISTERED,
            actor=context.principal.person,
            device=frame.device,
            rule="hello",
        )
    )
    welcomed = _welcomed(context, frame, new_device=known is None, other_devices=len(others))
    return Done(as_result(welcomed), located)


def publish_key_packages(context: Context, frame: PublishKeyPackages) -> Outcome:
    """Put single-use packages in the directory; who waits for this person is told."""
    person, device, directory = context.principal.person, context.device, context.tx.directory
    if not all(_is(WireFormat.KEY_PACKAGE, body) for body in frame.packages):
        return Refused(Code.E_MALFORMED)
    packages = {
        (ref := hashlib.sha256(body).hexdigest()): KeyPackage(
            ref=ref, device=device, person=person.id, body=body
        )
        for body in frame.packages
    }
    there = [known for known in map(directory.find, packages) if known is not None]
    if any(known.device != device for known in there):
        return Refused(Code.E_KEY_PACKAGE_USED)
    # Only new ones count: the retry of a lost answer must not meet its own first time.
    fresh = len(packages) - len(there)
    if fresh and directory.left([device]).get(device, 0) + fresh > MAX_STOCK:
        return Refused(Code.E_RATE, retry_after=3_600_000)
    directory.publish(list(packages.values()))
    left = directory.left([device]).get(device, 0)
    located = context.record(
        Draft(
            type=EntryType.KEY_PACKAGES_PUBLISHED,
            actor=person,
            device=device,
            rule="key_packages.publish",
            outcome={"count": len(packages)},
        )
    )
    return Done({"left": left}, located, _arrivals(context))


def _same_device(known: Device, context: Context, frame: Hello) -> bool:
    same_key = hmac.compare_digest(known.signature_key, frame.signature_key)
    return same_key and known.person == context.principal.person.id


def _arrivals(context: Context) -> tuple[Effect, ...]:
    """Tell those who share a conversation in which this person has no device yet."""
    person = context.principal.person.id
    waiting: set[str] = set()
    for conversation in context.tx.conversations.of_person(person):
        if all(one.person != person for one in context.tx.members.admissions(conversation.id)):
            waiting |= {member.person for member in context.tx.members.of(conversation.id)}
    waiting.discard(person)
    return (KeyPackagesArrived(person, frozenset(waiting)),) if waiting else ()


def _is(expected: WireFormat, body: bytes) -> bool:
    try:
        return decode_wire_format(body) is expected
    except CryptoError:
        return False


def _welcomed(context: Context, frame: Hello, *, new_device: bool, other_devices: int) -> Welcomed:
    tx, person = context.tx, context.principal.person
    pharmacy = tx.people.pharmacy(person.tenant)
    care = tx.log.head(person.tenant, LogClass.CARE)
    technical = tx.log.head(person.tenant, LogClass.TECHNICAL)
    conversations = plain_states(tx, tx.conversations.of_person(person.id))
    return Welcomed(
        person=person.id,
        name=tx.people.names([person.id]).get(person.id, ""),
        role=person.role.value,
        device=frame.device,
        new_device=new_device,
        other_devices=other_devices,
        pharmacy=Pharmacy(finess=pharmacy.finess, name=pharmacy.name, phone=pharmacy.phone),
        key_packages_left=tx.directory.left([frame.device]).get(frame.device, 0),
        logs={"care": care.verifier_key, "technical": technical.verifier_key},
        checkpoint=care.checkpoint,
        conversations=[summary(plain, frame.device) for plain in conversations],
        calls=live_calls(tx, person.id),
    )
