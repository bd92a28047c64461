"""The group moves: a device's package is claimed, a commit opens the next epoch.

The hub orders commits and lets the added devices in. It decodes only the bounded header of an MLS
message for now; the full checks of RFC 9420 come with the MLS core.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from uuid import UUID

from crypto.errors import CryptoError
from crypto.mls.framing import (
    ContentType,
    MessageHeader,
    WireFormat,
    decode_header,
    decode_wire_format,
)
from server.domain.audit import Draft, EntryType, LogClass, Sealed
from server.domain.conversation import Conversation, Event, KeyPackage, What
from server.domain.refusals import Refused
from server.hub.acts.context import Context, plain_state
from server.hub.outcome import Changed, Done, Effect, KeyPackagesLow, Outcome, Streamed
from server.ports import Admission
from signaling.codes import Code
from signaling.frames import Added, ClaimKeyPackages, Commit

CLAIMED_DEVICES = 5
"""Devices of one person that a commit adds at most: the newest that have packages."""
LOW_STOCK = 10


def claim_key_packages(context: Context, frame: ClaimKeyPackages) -> Outcome:
    """Hand out one unused package for each device of a member; each is handed out once."""
    conversation, here = context.conversation, context.conversation.id
    if frame.person not in {member.person for member in context.tx.members.of(here)}:
        return Refused(Code.E_TENANT, conversation=here)
    inside = {one.device for one in context.tx.members.admissions(here)}
    devices = [d for d in context.tx.devices.of(frame.person) if d not in inside]
    claims = (
        context.tx.directory.claim(device, by=context.device, conversation=here)
        for device in devices
    )
    # Lazily: of a device beyond the bound nothing is claimed.
    found = (package for package in claims if package is not None)
    packages = list(islice(found, CLAIMED_DEVICES))
    if not packages:
        return Refused(Code.E_NO_KEY_PACKAGE, conversation=here)
    located = context.record(
        Draft(
            type=EntryType.KEY_PACKAGE_CLAIMED,
            actor=context.principal.person,
            device=context.device,
            rule="key_packages.claim",
            conversation=here,
            subject=conversation.patient,
            outcome={"key_packages": [package.ref for package in packages]},
        )
    )
    rows = [
        {"person": p.person, "device": p.device, "key_package": p.ref, "bytes": p.body}
        for p in packages
    ]
    return Done({"packages": rows}, located, _low_stocks(context, packages))


def commit(context: Context, frame: Commit) -> Outcome:
    """Open the next epoch: the first commit that names the current one wins."""
    conversation, here = context.conversation, context.conversation.id
    header = read_header(frame.commit)
    if header is None or not _well_formed(frame, header):
        return Refused(Code.E_MALFORMED)
    if header.group_id != UUID(here).bytes:
        return Refused(Code.E_FRANKING, conversation=here)
    accepted = context.tx.stream.commit(here, context.device, frame.commit)
    if accepted is not None:
        return _again(context, accepted)
    if header.epoch != conversation.epoch:
        return Refused(Code.E_EPOCH, epoch=conversation.epoch, conversation=here)
    added = _added(context, frame)
    if isinstance(added, Refused):
        return added
    return _advance(context, frame, added)


def read_header(data: bytes) -> MessageHeader | None:
    """Decode the bounded header of an MLS message, or return None."""
    try:
        return decode_header(data)
    except CryptoError:
        return None


def _well_formed(frame: Commit, header: MessageHeader) -> bool:
    """A member's public commit with its GroupInfo; a Welcome exactly when it adds somebody."""
    if header.wire_format is not WireFormat.PUBLIC_MESSAGE:
        return False
    if header.content_type is not ContentType.COMMIT or header.sender_leaf is None:
        return False
    if bool(frame.adds) != (frame.welcome is not None):
        return False
    wanted = [(frame.group_info, WireFormat.GROUP_INFO)]
    if frame.welcome is not None:
        wanted.append((frame.welcome, WireFormat.WELCOME))
    try:
        return all(decode_wire_format(data) is kind for data, kind in wanted)
    except CryptoError:
        return False


def _added(context: Context, frame: Commit) -> list[KeyPackage] | Refused:
    """Return the packages the commit spends: claimed by this device, for here, not yet used."""
    here = context.conversation.id
    inside = {one.device for one in context.tx.members.admissions(here)}
    spent: list[KeyPackage] = []
    for add in frame.adds:
        package = context.tx.directory.find(add.key_package)
        if package is None or not _spendable(context, package, add):
            return Refused(Code.E_KEY_PACKAGE_USED, conversation=here)
        if package.device in inside:
            return Refused(Code.E_KEY_PACKAGE_USED, conversation=here)
        inside.add(package.device)
        spent.append(package)
    return spent


def _spendable(context: Context, package: KeyPackage, add: Added) -> bool:
    return (
        not package.used
        and package.claimed_by == context.device
        and package.claimed_for == context.conversation.id
        and package.device == add.device
        and package.person == add.person
    )


def _advance(context: Context, frame: Commit, added: list[KeyPackage]) -> Outcome:
    before, tx = context.conversation, context.tx
    after = replace(
        before,
        epoch=before.epoch + 1,
        last_seq=before.last_seq + 1,
        group_info=frame.group_info,
    )
    sealed = Sealed(frame.commit, before.epoch, after.last_seq)
    located = context.record(_committed(context, sealed, added))
    event = _event(context, frame, before, after, located.index)
    tx.conversations.advance(
        before.id, epoch=after.epoch, last_seq=after.last_seq, group_info=after.group_info
    )
    tx.stream.append(event)
    for package in added:
        tx.directory.use(package.ref)
        tx.members.admit(before.id, Admission(package.device, package.person, after.last_seq))
    plain = plain_state(tx, after)
    effects: tuple[Effect, ...] = (Streamed(event, plain.admissions), Changed(plain))
    return Done({"seq": event.seq, "epoch": after.epoch}, located, effects)


def _committed(context: Context, sealed: Sealed, added: list[KeyPackage]) -> Draft:
    adds = [{"device": package.device, "person": package.person} for package in added]
    return Draft(
        type=EntryType.GROUP_COMMITTED,
        actor=context.principal.person,
        device=context.device,
        rule="group.commit",
        conversation=context.conversation.id,
        subject=context.conversation.patient,
        sealed=sealed,
        outcome={"adds": adds},
    )


def _event(
    context: Context, frame: Commit, before: Conversation, after: Conversation, log_index: int
) -> Event:
    return Event(
        conversation=before.id,
        seq=after.last_seq,
        ts=context.now,
        what=What.COMMIT,
        person=context.principal.person.id,
        device=context.device,
        body=frame.commit,
        epoch=before.epoch,
        welcome=frame.welcome,
        log_index=log_index,
    )


def _again(context: Context, accepted: Event) -> Done:
    tenant = context.conversation.tenant
    located = context.tx.log.located(tenant, LogClass.CARE, accepted.log_index)
    result = {"seq": accepted.seq, "epoch": accepted.epoch + 1}
    return Done(result, located, repeated=True)


def _low_stocks(context: Context, packages: list[KeyPackage]) -> tuple[Effect, ...]:
    left = context.tx.directory.left([package.device for package in packages])
    return tuple(
        KeyPackagesLow(p.device, left.get(p.device, 0))
        for p in packages
        if left.get(p.device, 0) < LOW_STOCK
    )
