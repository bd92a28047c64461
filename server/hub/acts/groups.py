"""The group moves: a device's package is claimed, a commit opens the next epoch.

What the hub checks on a commit, in this order, each with a code of its own: that it can be read,
the epoch, that its sender's leaf is the device that signed in; then all that RFC 9420 lets anybody
check without a secret (`PublicGroup.check_commit`, once); the key packages; what policy allows, and
the hub's own table of delegations (`judgements`). Only then anything is stored.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from itertools import islice

from crypto.errors import CryptoError, InvalidGroupInfo, MalformedInput, Rule, RuleBroken
from crypto.mls.framing import (
    ContentType,
    MessageHeader,
    SenderType,
    WireFormat,
    decode_header,
)
from crypto.mls.message import encode_message
from crypto.mls.proposal import Add
from crypto.mls.proposal_list import of_kind
from crypto.mls.public_group import CheckedCommit, PublicGroup
from crypto.policy.identity import LeafIdentity
from crypto.policy.membership import BRINGS, Breach
from crypto.policy.vocabulary import STAFF, Role
from server.domain.audit import Draft, EntryType, LogClass, Sealed
from server.domain.conversation import Conversation, Device, Event, KeyPackage, What, group_id
from server.domain.group import StoredGroup
from server.domain.refusals import Refused
from server.hub.acts.admissions import settle_delegations
from server.hub.acts.context import Context, plain_state
from server.hub.acts.judgements import Judged, judge_commit
from server.hub.dues import due
from server.hub.groups import MAX_GROWING_BYTES, SECOND, identity_of, is_large, is_leaf_of
from server.hub.outcome import Changed, Done, Effect, KeyPackagesLow, Outcome, Streamed
from server.hub.removals import Removals
from server.ports import Admission
from signaling.codes import Code
from signaling.frames import Added, ClaimKeyPackages, Commit

CLAIMED_DEVICES = 5
"""Devices of one person that a commit adds at most: the newest that have packages."""
LOW_STOCK = 10

MAX_TOLD = 25
"""Removed devices that an entry names: it has 8 KiB, and adds alone may take five."""

_COMMITTERS = frozenset({SenderType.MEMBER, SenderType.NEW_MEMBER_COMMIT})


def claim_key_packages(context: Context, frame: ClaimKeyPackages) -> Outcome:
    """Hand out one unused package for each device of a member; each is handed out once."""
    conversation, here = context.conversation, context.conversation.id
    sender = context.principal.person
    refused = _not_to_be_added(context, frame.person)
    if refused is not None:
        return refused
    inside = {one.device for one in context.tx.members.admissions(here)}
    devices = [d for d in context.tx.devices.of(frame.person) if d not in inside]
    claims = (
        context.tx.directory.claim(device, by=context.device, conversation=here, now=context.now)
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
            actor=sender,
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


def _not_to_be_added(context: Context, person: str) -> Refused | None:
    """Refuse packages of whom policy, or the hub's own table, lets this sender add nobody.

    Of a package that nobody may spend the stock would only grow poorer.
    """
    here, sender = context.conversation.id, context.principal.person
    target = context.tx.people.find(person)
    tenant = Refused(Code.E_TENANT, conversation=here)
    # Another pharmacy's people and nobody at all: one answer.
    if target is None or target.tenant != sender.tenant:
        return tenant
    is_member = person in {member.person for member in context.tx.members.of(here)}
    if not is_member and target.role is Role.CARER:
        return _not_yet_carer(context, person)
    if not is_member and target.role not in STAFF:
        return tenant
    if person != sender.id and target.role not in BRINGS.get(sender.role, ()):
        return Refused(Code.E_POLICY, conversation=here, reason=Breach.ADDS_ANOTHER.value)
    return None


def _not_yet_carer(context: Context, person: str) -> Refused | None:
    """Refuse a carer unless all is said and their time has come."""
    rows = context.tx.delegations.of(context.conversation.id, person)
    if any(row.waits_for_admission(context.now) for row in rows):
        return None
    here, proposed = context.conversation.id, [row for row in rows if not row.is_over]
    if not proposed:
        code = Code.E_ALREADY_ENDED if rows else Code.E_TENANT
        return Refused(code, conversation=here)
    if not any(row.is_expected for row in proposed):
        return Refused(Code.E_NOT_CONFIRMED, conversation=here)
    accepted = any(row.accepted_at is not None for row in proposed)
    return Refused(Code.E_PERIOD if accepted else Code.E_NOT_ACCEPTED, conversation=here)


def commit(context: Context, frame: Commit) -> Outcome:
    """Open the next epoch: the first commit that names the current one wins."""
    conversation, here = context.conversation, context.conversation.id
    header = read_header(frame.commit)
    if header is None or not _well_formed(frame, header):
        return Refused(Code.E_MALFORMED)
    if not names(conversation, header):
        return Refused(Code.E_COMMIT, conversation=here, reason=Rule.WRONG_GROUP.value)
    accepted = context.tx.stream.commit(here, context.device, frame.commit)
    if accepted is not None:
        return _again(context, accepted)
    if not is_current(conversation, header):
        return Refused(Code.E_EPOCH, epoch=conversation.epoch, conversation=here)
    device, stored = context.own_device(), context.tx.groups.find(here)
    if isinstance(device, Refused):
        return device
    if stored is None:
        return Refused(Code.E_COMMIT, conversation=here, reason="no_group")
    group = context.means.groups.load(here, stored)
    refused = _wrong_sender(context, group, header, device)
    return refused or _commit(context, frame, stored, device)


def _commit(context: Context, frame: Commit, stored: StoredGroup, device: Device) -> Outcome:
    """Check a commit by this device on its group's current epoch, and carry it out."""
    group = context.means.groups.load(context.conversation.id, stored)
    checked = _check(context, frame, group)
    if isinstance(checked, Refused):
        return checked
    if reason := _beyond_bounds(frame, checked):
        return Refused(Code.E_COMMIT, conversation=context.conversation.id, reason=reason)
    added = _added(context, frame, checked)
    if isinstance(added, Refused):
        return added
    judged = judge_commit(context, group, checked, device, last_at=stored.at)
    if isinstance(judged, Refused):
        return judged
    return _advance(context, frame, group, checked, judged, added)


def read_header(data: bytes) -> MessageHeader | None:
    """Decode the bounded header of an MLS message, or return None."""
    try:
        return decode_header(data)
    except CryptoError:
        return None


def names(conversation: Conversation, header: MessageHeader) -> bool:
    """Tell whether a message is for this conversation's group, or one that came before it."""
    if header.group_id == conversation.group_id:
        return True
    earlier = (group_id(conversation.id, n) for n in range(conversation.generation))
    return header.group_id in earlier


def is_current(conversation: Conversation, header: MessageHeader) -> bool:
    """Tell whether a message is of the group and epoch that stand."""
    return (header.group_id, header.epoch) == (conversation.group_id, conversation.epoch)


def _well_formed(frame: Commit, header: MessageHeader) -> bool:
    """A public commit, by a member or by one who comes in; a Welcome exactly when it adds."""
    if header.wire_format is not WireFormat.PUBLIC_MESSAGE or header.sender is None:
        return False
    if header.content_type is not ContentType.COMMIT or header.sender.type not in _COMMITTERS:
        return False
    return bool(frame.adds) == (frame.welcome is not None)


def _wrong_sender(
    context: Context, group: PublicGroup, header: MessageHeader, device: Device
) -> Refused | None:
    """Refuse who is not in the group, and whoever commits from another device's leaf."""
    here = context.conversation.id
    if header.sender is not None and header.sender.type is SenderType.NEW_MEMBER_COMMIT:
        return None  # Whose leaf it brings is seen in its path: `judge_commit`.
    if context.device not in {one.device for one in context.tx.members.admissions(here)}:
        return Refused(Code.E_NOT_FOUND)
    leaf = None if header.sender_leaf is None else group.tree.leaf(header.sender_leaf)
    if leaf is None or not is_leaf_of(leaf, device):
        return Refused(Code.E_SENDER, conversation=here)
    return None


def _check(context: Context, frame: Commit, group: PublicGroup) -> CheckedCommit | Refused:
    """Have the core check all that needs no secret: once, and nothing of it here again."""
    here = context.conversation.id
    try:
        return group.check_commit(
            frame.commit,
            group_info=frame.group_info,
            welcome=frame.welcome,
            # Nobody proposes but the hub: what is known in this epoch is what must be committed.
            pending=group.proposals.keys(),
            now=context.now // SECOND,
        )
    except MalformedInput:
        return Refused(Code.E_MALFORMED)
    except InvalidGroupInfo as exc:
        return Refused(Code.E_GROUP_INFO, conversation=here, reason=exc.code)
    except RuleBroken as exc:
        code = Code.E_REMOVE_PENDING if exc.rule is Rule.MISSING_REMOVE else Code.E_COMMIT
        return Refused(code, conversation=here, reason=exc.code)
    except CryptoError as exc:
        return Refused(Code.E_COMMIT, conversation=here, reason=exc.code)


def _beyond_bounds(frame: Commit, checked: CheckedCommit) -> str | None:
    """Name what would leave no room in a frame for the commits that are to come."""
    if any(is_large(one.leaf_node) for one in (checked.committer, *checked.added)):
        return "large_leaf"
    grows = checked.kind == "join" or bool(checked.added)
    return "full_group" if grows and len(frame.group_info) > MAX_GROWING_BYTES else None


def _added(context: Context, frame: Commit, checked: CheckedCommit) -> list[KeyPackage] | Refused:
    """Return the packages the commit spends: claimed by this device, for here, not yet used.

    They are those it names, and those it adds: the same.
    """
    used = Refused(Code.E_KEY_PACKAGE_USED, conversation=context.conversation.id)
    known = {one.ref: one for one in context.tx.directory.known(a.key_package for a in frame.adds)}
    spent: list[KeyPackage] = []
    for add in frame.adds:
        package = known.pop(add.key_package, None)
        if package is None or not _spendable(context, package, add):
            return used
        spent.append(package)
    committed = sorted(_ref(add) for _, add in of_kind(checked.proposals, Add))
    return spent if committed == sorted(package.ref for package in spent) else used


def _ref(add: Add) -> str:
    return hashlib.sha256(encode_message(add.key_package)).hexdigest()


def _spendable(context: Context, package: KeyPackage, add: Added) -> bool:
    if package.used or (package.device, package.person) != (add.device, add.person):
        return False
    claim = (package.claimed_by, package.claimed_for)
    if claim != (context.device, context.conversation.id):
        return False
    device = context.tx.devices.find(package.device)
    return device is not None and device.retired_at is None


def _advance(
    context: Context,
    frame: Commit,
    group: PublicGroup,
    checked: CheckedCommit,
    judged: Judged,
    added: list[KeyPackage],
) -> Outcome:
    before, tx = context.conversation, context.tx
    after = replace(before, epoch=before.epoch + 1, last_seq=before.last_seq + 1)
    transcript = checked.next.context.confirmed_transcript_hash
    sealed = Sealed(frame.commit, before.epoch, after.last_seq, transcript=transcript)
    located = context.record(_committed(context, sealed, checked))
    event = _event(context, frame, before, after, located.index)
    tx.conversations.advance(
        before.id, generation=after.generation, epoch=after.epoch, last_seq=after.last_seq
    )
    tx.stream.append(event)
    stored = StoredGroup(
        public=checked.next.serialize(),
        group_info=frame.group_info,
        last_transcript=group.context.confirmed_transcript_hash,
        at=judged.at_us,
    )
    tx.groups.save(before.id, stored)
    context.means.groups.keep(before.id, stored, checked.next, judged.after)
    were = {member.person for member in tx.members.of(before.id)}
    _admit(context, checked, added, after.last_seq)
    settled = settle_delegations(context, judged)
    admissions = {one.device: one.since for one in tx.members.admissions(before.id)}
    removals = Removals(tx, context.means.groups, context.now)
    moved, renewed = removals.carry_over(after, _devices_of(checked))
    plain = plain_state(tx, moved, context.now)
    effects: tuple[Effect, ...] = (
        # Who is new to it hears of the conversation before the Welcome to its group.
        Changed(plain, only=frozenset(one.person for one in added) - were),
        Streamed(event, admissions),
        *renewed,
        *settled,
        due(tx, moved, context.now),
        Changed(plain),
    )
    return Done({"seq": event.seq, "epoch": after.epoch}, located, effects)


def _devices_of(checked: CheckedCommit) -> list[str]:
    """Return the devices whose leaves a commit took out."""
    return [identity_of(member.leaf_node).device for member in checked.removed]


def _admit(context: Context, checked: CheckedCommit, added: list[KeyPackage], seq: int) -> None:
    """Let in and out whom the commit lets in and out; one that rejoins begins here."""
    members, here = context.tx.members, context.conversation.id
    members.dismiss(here, _devices_of(checked))
    for package in added:
        context.tx.directory.use(package.ref)
        members.admit(here, Admission(package.device, package.person, seq))
    if checked.kind != "member":
        members.admit(here, Admission(context.device, context.principal.person.id, seq))


def _committed(context: Context, sealed: Sealed, checked: CheckedCommit) -> Draft:
    gone = _devices_of(checked)
    outcome = {
        "adds": [_told(identity_of(member.leaf_node)) for member in checked.added],
        "removes": gone[:MAX_TOLD],
        "removed": len(gone),
        "kind": checked.kind,
    }
    return Draft(
        type=EntryType.GROUP_COMMITTED,
        actor=context.principal.person,
        device=context.device,
        rule="group.commit",
        conversation=context.conversation.id,
        subject=context.conversation.patient,
        sealed=sealed,
        outcome=outcome,
    )


def _told(one: LeafIdentity) -> dict[str, str]:
    return {"device": one.device, "person": one.person}


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
    devices = [package.device for package in packages]
    left = context.tx.directory.left(devices, now=context.now)
    return tuple(
        KeyPackagesLow(p.device, left.get(p.device, 0))
        for p in packages
        if left.get(p.device, 0) < LOW_STOCK
    )
