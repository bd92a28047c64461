"""A device says hello, and stocks the directory with key packages."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator

from crypto.errors import CryptoError, MalformedInput, Rule
from crypto.mls.leaf_node import LeafNode
from crypto.mls.message import decode_key_package
from crypto.mls.validation import check_key_package
from crypto.policy.identity import verify_credential
from crypto.policy.vocabulary import Role
from crypto.suites import suite_of
from server.domain.audit import Draft, EntryType, LogClass
from server.domain.conversation import Device, KeyPackage
from server.domain.refusals import Refused
from server.hub.acts.calls import live_calls
from server.hub.acts.context import Context, as_result, plain_state, summary
from server.hub.acts.identities import owner_of, trust_of
from server.hub.acts.own_devices import waiting_links
from server.hub.acts.views import expected_in, views_for
from server.hub.dues import due
from server.hub.groups import SECOND, SUITES, is_large, is_leaf_of, leaf_requirements
from server.hub.outcome import Confirmed, Done, Effect, KeyPackagesArrived, Outcome
from signaling.codes import Code
from signaling.frames import Hello, Pharmacy, PublishKeyPackages, Welcomed

MAX_STOCK = 100
"""Unclaimed key packages of one device: what a person away for a month may need, twice over."""
MAX_DEVICES = 200
"""Of one person, those given up aside. Every cleared browser is a new device."""
MAX_LIFETIME = 30 * 24 * 3600 + 3600
"""Seconds that a key package may live: 30 days, and an hour for a clock that runs behind."""


def hello(context: Context, frame: Hello) -> Outcome:
    """Bind the device to the person at its first hello, and tell the whole plain state."""
    known = context.tx.devices.find(frame.device)
    if known is not None and not _same_device(known, context, frame):
        return Refused(Code.E_DEVICE)
    if known is not None and known.retired_at is not None:
        return Refused(Code.E_DEVICE_RETIRED)
    others = [d for d in context.tx.devices.of(context.principal.person.id) if d != frame.device]
    if known is None:
        if len(others) >= MAX_DEVICES:
            return Refused(Code.E_DEVICE)
        context.tx.devices.register(
            Device(
                frame.device,
                context.principal.person.id,
                frame.signature_key,
                registered_at=context.now,
            )
        )
    context.tx.sessions.use(context.principal.session.key, frame.device)
    located = context.record(
        Draft(
            type=EntryType.CONNECTION_OPENED if known else EntryType.DEVICE_REGISTERED,
            actor=context.principal.person,
            device=frame.device,
            rule="hello",
        )
    )
    welcomed = _welcomed(context, frame, new_device=known is None, other_devices=len(others))
    return Done(as_result(welcomed), located, _waiting(context, known))


def publish_key_packages(context: Context, frame: PublishKeyPackages) -> Outcome:
    """Put single-use packages in the directory; who waits for this person is told."""
    device, directory = context.own_device(), context.tx.directory
    if isinstance(device, Refused):
        return device
    packages = _read_packages(context, device, frame.packages)
    if isinstance(packages, Refused):
        return packages
    init_keys = {package.init_key for package in packages.values()}
    there = directory.known(packages, init_keys)
    if len(init_keys) < len(packages) or any(known.ref not in packages for known in there):
        # Another package with the same init key: the Welcome for one would open with the other's.
        return _unfit("known_init_key")
    # Only new ones count: the retry of a lost answer must not meet its own first time.
    fresh = len(packages) - len(there)
    if fresh and _stock(context, device.id) + fresh > MAX_STOCK:
        return Refused(Code.E_RATE, retry_after=3_600_000)
    directory.publish(list(packages.values()))
    located = context.record(
        Draft(
            type=EntryType.KEY_PACKAGES_PUBLISHED,
            actor=context.principal.person,
            device=device.id,
            rule="key_packages.publish",
            outcome={"count": len(packages)},
        )
    )
    return Done({"left": _stock(context, device.id)}, located, _arrivals(context))


def _stock(context: Context, device: str) -> int:
    return context.tx.directory.left([device], now=context.now).get(device, 0)


def _read_packages(
    context: Context, device: Device, bodies: Iterable[bytes]
) -> dict[str, KeyPackage] | Refused:
    """Return the packages by reference, each of them fit to be added; refuse all for one."""
    packages: dict[str, KeyPackage] = {}
    for body in bodies:
        package = _read_package(context, device, body)
        if isinstance(package, Refused):
            return package
        packages[package.ref] = package
    return packages


def _read_package(context: Context, device: Device, body: bytes) -> KeyPackage | Refused:
    """Verify one package (RFC 9420, 10.1), that it is this device's, and that it ends in time."""
    extensions = leaf_requirements(context.tx.identity)
    try:
        package = decode_key_package(body)
        suite = suite_of(package.cipher_suite)
        check_key_package(suite, package, extensions, context.now // SECOND)
    except MalformedInput:
        return Refused(Code.E_MALFORMED)
    except CryptoError as exc:
        return _unfit(exc.code)
    leaf = package.leaf_node
    if suite.id not in SUITES:
        return _unfit(Rule.WRONG_SUITE.value)
    if not is_leaf_of(leaf, device):
        return _unfit("wrong_leaf")
    if reason := _identity_fault(context, leaf):
        return Refused(Code.E_IDENTITY, reason=reason)
    if is_large(leaf):
        return _unfit("large_leaf")
    if leaf.lifetime is None or leaf.lifetime.not_after - leaf.lifetime.not_before > MAX_LIFETIME:
        return _unfit("long_lifetime")
    return KeyPackage(
        ref=hashlib.sha256(body).hexdigest(),
        device=device.id,
        person=device.person,
        body=body,
        init_key=package.init_key,
        not_after=leaf.lifetime.not_after * SECOND,
    )


def _identity_fault(context: Context, leaf: LeafNode) -> str | None:
    """Name what is wrong with a leaf's certificates; None where they are those on file."""
    tx, person = context.tx, context.principal.person
    standing, owner = tx.certificates.find(person.id), owner_of(tx, person.tenant)
    if standing is None:
        return "no_identity"
    try:
        certified = verify_credential(
            leaf.credential,
            signature_key=leaf.signature_key,
            trust=trust_of(tx),
            # Before the owner enrolled there is no staff, but patients and carers there are.
            owner_aik=owner.aik if owner else b"",
            pharmacy=person.tenant,
            at_us=context.now,
        )
    except CryptoError as exc:
        return exc.code
    if not hmac.compare_digest(certified.aik, standing.aik):
        return "wrong_key"
    return None if certified.role is person.role else "wrong_role"


def _unfit(reason: str) -> Refused:
    return Refused(Code.E_KEY_PACKAGE, reason=reason)


def _same_device(known: Device, context: Context, frame: Hello) -> bool:
    same_key = hmac.compare_digest(known.signature_key, frame.signature_key)
    return same_key and known.person == context.principal.person.id


def _arrivals(context: Context) -> tuple[Effect, ...]:
    """Tell those who share a conversation in which this person has no device yet.

    Not carers: they can add nobody, and when a patient's packages come is none of their business.
    """
    tx, person, waiting = context.tx, context.principal.person, set[str]()
    expected = expected_in(tx, person)
    for conversation in (*tx.conversations.of_person(person.id), *expected):
        if all(one.person != person.id for one in tx.members.admissions(conversation.id)):
            members = tx.members.of(conversation.id)
            waiting |= {one.person for one in members if one.role is not Role.CARER}
    waiting.discard(person.id)
    told = (KeyPackagesArrived(person.id, frozenset(waiting)),) if waiting else ()
    return (*told, *(due(tx, one, context.now) for one in expected))


def _waiting(context: Context, known: Device | None) -> tuple[Effect, ...]:
    """Return what a device is told that was here before."""
    if known is None:
        return ()
    return (*waiting_links(context, known), *_confirmed_meanwhile(context, known))


def _confirmed_meanwhile(context: Context, device: Device) -> Iterator[Effect]:
    """Tell a patient who else is in the present epochs: « Arrêtée » waits for a pharmacy's device.

    Nobody else waits for it, and a patient has few conversations.
    """
    if context.principal.person.role is not Role.PATIENT:
        return
    for one in context.tx.conversations.of_person(device.person):
        if device.id in {admission.device for admission in context.tx.members.admissions(one.id)}:
            for receipt in context.tx.receipts.of(one.id, one.generation, one.epoch):
                if receipt.device != device.id:
                    yield Confirmed(one.id, receipt.statement, frozenset({device.id}))


def _welcomed(context: Context, frame: Hello, *, new_device: bool, other_devices: int) -> Welcomed:
    tx, person = context.tx, context.principal.person
    pharmacy = tx.people.pharmacy(person.tenant)
    standing, owner = tx.certificates.find(person.id), owner_of(tx, person.tenant)
    device = tx.devices.find(frame.device)
    care = tx.log.head(person.tenant, LogClass.CARE)
    technical = tx.log.head(person.tenant, LogClass.TECHNICAL)
    here = tx.conversations.of_person(person.id)
    conversations = [plain_state(tx, one, context.now) for one in (*here, *expected_in(tx, person))]
    return Welcomed(
        person=person.id,
        name=tx.people.names([person.id]).get(person.id, ""),
        role=person.role.value,
        device=frame.device,
        new_device=new_device,
        other_devices=other_devices,
        pharmacy=Pharmacy(finess=pharmacy.finess, name=pharmacy.name, phone=pharmacy.phone),
        key_packages_left=_stock(context, frame.device),
        deployment=tx.identity.deployment,
        hub_key=tx.identity.mls_public_key,
        authority=tx.identity.authority_public_key,
        identity=standing.certificate if standing else b"",
        device_certificate=device.certificate if device else b"",
        staff=tx.staff.find(person.id, standing.aik) if standing else b"",
        owner=owner.certificate if owner else b"",
        logs={"care": care.verifier_key, "technical": technical.verifier_key},
        checkpoint=care.checkpoint,
        conversations=[summary(plain, frame.device, person.id) for plain in conversations],
        calls=live_calls(tx, person.id),
        delegations=views_for(tx, person, here),
    )
