"""The one door: every refusal has its code, and a trace where it is one of policy."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path as Directory
from typing import Any, get_args

import msgspec
import pytest

from crypto.policy.vocabulary import Role
from server.domain.audit import EntryType
from server.domain.refusals import ENTRIES_PER_MINUTE, Refused
from server.domain.rules import RULES, Path
from server.hub.gate import ACTS
from signaling import frames
from signaling.codes import CODES, Code
from signaling.frames import AnyClientFrame
from tests.server import opaque
from tests.server.accounts import a_new_account, an_account
from tests.server.delegations import a_care
from tests.server.house import PEOPLE, House, Peer, a_house, a_pair, a_removal
from tests.server.hub.acts.test_epochs import successor
from tests.server.hub.delegation_ways import WAYS, Prepare
from tests.server.mls import added, forged, removal_of
from tests.server.talk import (
    CANDIDATES,
    OFFER,
    TURN,
    a_colleague,
    a_lobby,
    a_ringing,
    a_talk,
)
from tests.signaling.builders import KINDS, a_frame


def test_every_frame_that_is_not_local_has_its_act() -> None:
    """A rule without an act, or an act without a rule, cannot ship."""
    local = {kind for kind, rule in RULES.items() if rule.path is Path.LOCAL}

    assert set(ACTS) == set(get_args(AnyClientFrame)) - local


async def test_a_frame_without_an_act_is_refused(house: House) -> None:
    """Deny is the default: what is not in the tables does not exist."""
    session = await house.session("claire")

    outcome = await house.judge(session, str(uuid.uuid4()), frames.Ping(id="1"))

    assert outcome == Refused(Code.E_MALFORMED)


@pytest.mark.parametrize("seconds", [0, -1], ids=["at-its-instant", "after-it"])
async def test_no_frame_passes_on_a_session_that_is_over(house: House, seconds: float) -> None:
    """Whatever is asked: the session is judged first, at each frame."""
    session = await house.session("claire", seconds=seconds)

    outcomes = [
        await house.judge(session, str(uuid.uuid4()), decoded(kind))
        for kind in KINDS
        if kind != "ping"
    ]

    assert outcomes == [Refused(Code.E_SESSION)] * (len(KINDS) - 1)


def decoded(kind: str) -> AnyClientFrame:
    """Return a valid frame of a kind."""
    frame: AnyClientFrame = msgspec.convert(a_frame(kind), AnyClientFrame)
    return frame


OUTSIDERS = [
    (frame, role)
    for frame, rule in RULES.items()
    for role in Role
    if role not in rule.roles and rule.path is not Path.LOCAL
]
SLUGS = {PEOPLE[slug].role: slug for slug in ("claire", "lea", "jean", "sophie", "nadia", "marc")}
SLUGS[Role.SECOND_REVIEWER] = "ines"


@pytest.mark.parametrize("role", list(Role))
async def test_every_frame_that_is_not_of_ones_role_is_refused(house: House, role: Role) -> None:
    """E_ROLE for each, and `call.not_authorized` for those of a call; nothing else is looked at."""
    peer = await house.peer(SLUGS[role])
    forbidden = [frame for frame, outside in OUTSIDERS if outside is role]
    kinds = [str(frame.__struct_config__.tag) for frame in forbidden]

    outcomes = [await house.judge(peer.session, peer.device, decoded(kind)) for kind in kinds]

    codes = [
        Code.CALL_NOT_AUTHORIZED if kind.startswith("call.") else Code.E_ROLE for kind in kinds
    ]
    assert outcomes == [Refused(code) for code in codes]


# One real way to each audited refusal: what is sent, and the log its entry belongs in.
Way = Callable[[House], Awaitable[Peer]]


async def _role(house: House) -> Peer:
    jean = await house.peer("jean")
    await jean.refused(frames.ListPatients)
    return jean


async def _device(house: House) -> Peer:
    claire, hugo = await house.peer("claire"), await house.knock("hugo")
    hugo.mls = claire.mls
    await hugo.refused(frames.Hello, device=claire.device, signature_key=claire.signature_key)
    return hugo


async def _tenant(house: House) -> Peer:
    claire = await house.peer("claire")
    conversation = str(uuid.uuid4())
    await claire.refused(
        frames.CreateConversation,
        conversation=conversation,
        conversation_kind="remote_dispensation",
        patient=PEOPLE["rose"].id,
        motive="age",
        group_info=claire.group_info(conversation),
    )
    return claire


async def _tenant_inside(house: House) -> Peer:
    claire = await house.peer("claire")
    await claire.refused(
        frames.ClaimKeyPackages, conversation=await claire.create(), person=PEOPLE["sophie"].id
    )
    return claire


async def _not_found(house: House) -> Peer:
    _, _, conversation = await a_pair(house)
    hugo = await house.peer("hugo")
    body = hugo.message(conversation).at_epoch(1)
    await hugo.refused(frames.SendMessage, conversation=conversation, body=body)
    return hugo


async def _epoch(house: House) -> Peer:
    claire, _, conversation = await a_pair(house)
    body = claire.message(conversation).at_epoch(0)
    await claire.refused(frames.SendMessage, conversation=conversation, body=body)
    return claire


async def _id_reused(house: House) -> Peer:
    claire, _, conversation = await a_pair(house)
    message = claire.message(conversation)
    await claire.ok(frames.SendMessage, conversation=conversation, body=message.at_epoch(1))
    other = opaque.OpaqueMessage(
        conversation=conversation, id=message.id, counter=1, sent_at=1, franking_tag=bytes(32)
    )
    await claire.refused(frames.SendMessage, conversation=conversation, body=other.at_epoch(1))
    return claire


async def _package_used(house: House) -> Peer:
    claire, _, conversation = await a_pair(house)
    await house.peer("jean", packages=1)
    (row,) = await claire.claim(conversation, "jean")
    other = added(row | {"key_package": "ab" * 32})
    await claire.refused(frames.Commit, **claire.mls.an_add(conversation, row, adds=other))
    return claire


async def _no_package(house: House) -> Peer:
    claire = await house.peer("claire")
    await claire.refused(
        frames.ClaimKeyPackages, conversation=await claire.create(), person=PEOPLE["jean"].id
    )
    return claire


async def _franking(house: House) -> Peer:
    claire, _, conversation = await a_pair(house)
    body = claire.message(str(uuid.uuid4())).at_epoch(1)
    await claire.refused(frames.SendMessage, conversation=conversation, body=body)
    return claire


async def _kind(house: House) -> Peer:
    from crypto.mls.authenticated_data import AuthenticatedData
    from crypto.mls.framing import ContentType, MessageHeader, WireFormat, encode_private_message

    claire, _, conversation = await a_pair(house)
    data = AuthenticatedData(
        id=bytes(16), kind="prescription", counter=1, sent_at=1, franking_tag=bytes(32)
    )
    header = MessageHeader(
        wire_format=WireFormat.PRIVATE_MESSAGE,
        group_id=opaque.group_id(conversation),
        epoch=1,
        content_type=ContentType.APPLICATION,
        authenticated_data=data.encode(),
    )
    body = encode_private_message(header, bytes(28), bytes(272))
    await claire.refused(frames.SendMessage, conversation=conversation, body=body)
    return claire


async def _call_not_member(house: House) -> Peer:
    talk = await a_talk(house)
    hugo = await house.peer("hugo")
    await talk.refused(hugo, frames.AcceptCall)
    return hugo


async def _call_not_authorized(house: House) -> Peer:
    talk = await a_talk(house)
    await talk.refused(talk.jean, frames.RingCall, persons=[talk.claire.person])
    return talk.jean


async def _call_busy(house: House) -> Peer:
    talk = await a_talk(house)
    other = await talk.claire.create()
    await talk.claire.refused(frames.OpenCall, conversation=other, call=str(uuid.uuid4()))
    return talk.claire


async def _call_taken(house: House) -> Peer:
    talk = await a_talk(house)
    second = await house.peer("jean", packages=1)
    await talk.claire.add(talk.conversation, "jean")
    await talk.refused(second, frames.AcceptCall)
    return second


async def _call_full(house: House) -> Peer:
    talk = await a_talk(house)
    colleagues = [a_colleague(house, talk.conversation).id for _ in range(3)]
    await talk.refused(talk.claire, frames.RingCall, persons=colleagues)
    return talk.claire


async def _call_wrong_state(house: House) -> Peer:
    talk = await a_lobby(house)
    await talk.refused(talk.jean, frames.AcceptCall)
    return talk.jean


async def _call_stale_generation(house: House) -> Peer:
    talk = await a_talk(house)
    await talk.signal(talk.claire, talk.jean, generation=2)
    return talk.claire


async def _call_wrong_role(house: House) -> Peer:
    talk = await a_talk(house)
    await talk.signal(talk.jean, talk.claire, OFFER)
    return talk.jean


async def _call_rate_limited(house: House) -> Peer:
    talk = await a_talk(house)
    for _ in range(51):
        await talk.signal(talk.claire, talk.jean, CANDIDATES)
    return talk.claire


async def _call_too_large(house: House) -> Peer:
    talk = await a_talk(house)
    await talk.signal(talk.claire, talk.jean, size=18 * 1024)
    return talk.claire


async def _call_turn_unavailable(house: House) -> Peer:
    talk = await a_talk(house)
    await talk.refused(talk.jean, frames.IssueTurn)
    return talk.jean


async def _group_info(house: House) -> Peer:
    claire, _, conversation = await a_pair(house)
    fields = claire.mls.a_commit(conversation)
    other = claire.mls.a_commit(conversation)["group_info"]
    await claire.refused(frames.Commit, **fields | {"group_info": other})
    return claire


async def _group_info_outside(house: House) -> Peer:
    claire = await house.peer("claire")
    info = claire.group_info(str(uuid.uuid4()))
    await claire.refused(
        frames.CreateConversation,
        conversation=str(uuid.uuid4()),
        conversation_kind="remote_dispensation",
        patient=PEOPLE["jean"].id,
        motive="age",
        group_info=info,
    )
    return claire


async def _key_package(house: House) -> Peer:
    claire, jean = await house.peer("claire"), await house.peer("jean")
    await jean.refused(frames.PublishKeyPackages, packages=claire.key_packages())
    return jean


async def _sender(house: House) -> Peer:
    claire, jean, conversation = await a_pair(house)
    await jean.refused(frames.Commit, **claire.mls.a_commit(conversation))
    return jean


async def _commit(house: House) -> Peer:
    claire, _, conversation = await a_pair(house)
    fields = claire.mls.a_commit(conversation)
    await claire.refused(frames.Commit, **fields | {"commit": forged(fields["commit"])})
    return claire


async def _policy(house: House) -> Peer:
    claire, jean, conversation = await a_pair(house)
    gone = removal_of(jean.mls.groups[conversation], claire.device)
    await jean.refused(frames.Commit, **jean.mls.a_commit(conversation, gone))
    return jean


async def _policy_outside(house: House) -> Peer:
    claire, jean = await house.peer("claire"), await house.peer("jean")
    await jean.refused(frames.RetireDevice, statement=jean.mls.revocation(claire.device))
    return jean


async def _remove_pending(house: House) -> Peer:
    claire, second, conversation = await a_removal(house)
    await claire.ok(frames.RetireDevice, statement=claire.mls.revocation(second.device))
    body = claire.message(conversation).at_epoch(claire.mls.groups[conversation].epoch)
    await claire.refused(frames.SendMessage, conversation=conversation, body=body)
    return claire


async def _receipt(house: House) -> Peer:
    claire, _, conversation = await a_pair(house)
    receipt = claire.mls.receipt(conversation, confirmed_transcript_hash=bytes(32))
    await claire.refused(frames.ConfirmEpoch, conversation=conversation, receipt=receipt)
    return claire


async def _device_retired(house: House) -> Peer:
    claire, second, _ = await a_removal(house)
    await claire.ok(frames.RetireDevice, statement=claire.mls.revocation(second.device))
    again = await house.knock("claire")
    again.mls = second.mls
    await again.refused(frames.Hello, device=second.device, signature_key=second.mls.signature_key)
    return again


async def _identity_taken(house: House) -> Peer:
    jean = await house.peer("jean")
    other = a_new_account(PEOPLE["jean"]).enrolment()
    await jean.refused(frames.EnrolIdentity, statement=other)
    return jean


async def _device_certificate(house: House) -> Peer:
    bare = await house.peer("jean", certified=False)
    await bare.refused(frames.PublishKeyPackages, packages=bare.key_packages())
    return bare


async def _staff_certificate(house: House) -> Peer:
    hugo = await house.peer("hugo")
    house.run("DELETE FROM staff_certificate")
    conversation = str(uuid.uuid4())
    await hugo.refused(
        frames.CreateConversation,
        conversation=conversation,
        conversation_kind="remote_dispensation",
        patient=PEOPLE["jean"].id,
        motive="age",
        group_info=hugo.group_info(conversation),
    )
    return hugo


async def _carer_code(house: House) -> Peer:
    jean = await house.peer("jean")
    await jean.refused(frames.LinkCarer, code="AAAAA-AAAAA")
    return jean


def _about(prepare: Prepare) -> Way:
    """Return the way to a refusal about a delegation."""

    async def way(house: House) -> Peer:
        attempt = await prepare(house)
        await attempt.refused()
        return attempt.peer

    return way


@pytest.mark.parametrize(
    ("way", "code", "log"),
    [
        pytest.param(_role, Code.E_ROLE, "technical", id="E_ROLE"),
        pytest.param(_device, Code.E_DEVICE, "technical", id="E_DEVICE"),
        pytest.param(_tenant, Code.E_TENANT, "technical", id="E_TENANT"),
        pytest.param(_tenant_inside, Code.E_TENANT, "care", id="E_TENANT-in-a-conversation"),
        pytest.param(_not_found, Code.E_NOT_FOUND, "technical", id="E_NOT_FOUND"),
        pytest.param(_epoch, Code.E_EPOCH, "care", id="E_EPOCH"),
        pytest.param(_id_reused, Code.E_ID_REUSED, "care", id="E_ID_REUSED"),
        pytest.param(_package_used, Code.E_KEY_PACKAGE_USED, "care", id="E_KEY_PACKAGE_USED"),
        pytest.param(_no_package, Code.E_NO_KEY_PACKAGE, "care", id="E_NO_KEY_PACKAGE"),
        pytest.param(_franking, Code.E_FRANKING, "care", id="E_FRANKING"),
        pytest.param(_kind, Code.E_KIND, "care", id="E_KIND"),
        pytest.param(_call_not_member, Code.CALL_NOT_MEMBER, "technical", id="call.not_member"),
        pytest.param(
            _call_not_authorized, Code.CALL_NOT_AUTHORIZED, "care", id="call.not_authorized"
        ),
        pytest.param(_call_busy, Code.CALL_BUSY, "care", id="call.busy"),
        pytest.param(_call_taken, Code.CALL_TAKEN, "care", id="call.taken"),
        pytest.param(_call_full, Code.CALL_FULL, "care", id="call.full"),
        pytest.param(_call_wrong_state, Code.CALL_WRONG_STATE, "care", id="call.wrong_state"),
        pytest.param(
            _call_stale_generation, Code.CALL_STALE_GENERATION, "care", id="call.stale_generation"
        ),
        pytest.param(_call_wrong_role, Code.CALL_WRONG_ROLE, "care", id="call.wrong_role"),
        pytest.param(_call_rate_limited, Code.CALL_RATE_LIMITED, "care", id="call.rate_limited"),
        pytest.param(_call_too_large, Code.CALL_TOO_LARGE, "care", id="call.too_large"),
        pytest.param(
            _call_turn_unavailable, Code.CALL_TURN_UNAVAILABLE, "care", id="call.turn_unavailable"
        ),
        pytest.param(_group_info, Code.E_GROUP_INFO, "care", id="E_GROUP_INFO"),
        pytest.param(
            _group_info_outside, Code.E_GROUP_INFO, "technical", id="E_GROUP_INFO-of-no-group"
        ),
        pytest.param(_key_package, Code.E_KEY_PACKAGE, "technical", id="E_KEY_PACKAGE"),
        pytest.param(_sender, Code.E_SENDER, "care", id="E_SENDER"),
        pytest.param(_commit, Code.E_COMMIT, "care", id="E_COMMIT"),
        pytest.param(_policy, Code.E_POLICY, "care", id="E_POLICY"),
        pytest.param(_policy_outside, Code.E_POLICY, "technical", id="E_POLICY-outside"),
        pytest.param(_remove_pending, Code.E_REMOVE_PENDING, "care", id="E_REMOVE_PENDING"),
        pytest.param(_receipt, Code.E_RECEIPT, "care", id="E_RECEIPT"),
        pytest.param(_device_retired, Code.E_DEVICE_RETIRED, "technical", id="E_DEVICE_RETIRED"),
        pytest.param(_identity_taken, Code.E_IDENTITY_TAKEN, "technical", id="E_IDENTITY_TAKEN"),
        pytest.param(
            _device_certificate, Code.E_DEVICE_CERTIFICATE, "technical", id="E_DEVICE_CERTIFICATE"
        ),
        pytest.param(
            _staff_certificate, Code.E_STAFF_CERTIFICATE, "technical", id="E_STAFF_CERTIFICATE"
        ),
        pytest.param(_carer_code, Code.E_CARER_CODE, "technical", id="E_CARER_CODE"),
        *(
            pytest.param(_about(prepare), code, "care", id=code.value)
            for code, prepare in WAYS.items()
        ),
    ],
)
async def test_a_refusal_of_policy_is_an_entry(
    house: House, way: Way, code: Code, log: str
) -> None:
    """Who, which rule said no, and in which log: with the conversation only where it may show."""
    peer = await way(house)

    (entry,) = house.refusals(log=log)
    (other,) = {"care", "technical"} - {log}
    assert entry["decision"] == {"effect": "deny", "rule": code.value}
    assert entry["actor"]["person"] == peer.person
    # A refused hello is its person's act: the device it names may be somebody else's.
    at_hello = code in (Code.E_DEVICE, Code.E_DEVICE_RETIRED)
    assert entry["actor"]["device"] == (None if at_hello else peer.device)
    assert (entry["conversation"] is None) == (log == "technical")
    assert house.refusals(log=other) == []


# Why a call ended, or what a client met by itself: no frame is refused with these. Decisions, which
# need a capacity, have no frame yet.
NO_REFUSALS = {
    Code.E_CAPACITY,
    Code.CALL_DELEGATION_EXPIRED,
    Code.CALL_DELEGATION_REVOKED,
    Code.CALL_DECLINED,
    Code.CALL_TIMEOUT,
    Code.CALL_CANCELLED,
    Code.CALL_DEVICE_DENIED,
    Code.CALL_NO_DEVICE,
    Code.CALL_NETWORK_BLOCKED,
    Code.CALL_FINGERPRINT_MISMATCH,
    Code.CALL_IDENTITY_CHANGED,
    Code.CALL_MEDIA_LOST,
    Code.CALL_PEER_LEFT,
    Code.CALL_TRANSFERRED,
    Code.CALL_SERVER_RESTART,
}


def test_every_audited_code_is_driven_above() -> None:
    """A new code of policy needs its way here."""
    driven = {
        mark.values[1]
        for mark in test_a_refusal_of_policy_is_an_entry.pytestmark[0].args[1]  # type: ignore[attr-defined]
    }

    assert driven == {code for code, row in CODES.items() if row.audited} - NO_REFUSALS


async def test_a_fault_of_form_leaves_no_entry(house: House) -> None:
    """Malformed frames are counted, not logged: nobody fills the log from outside."""
    claire, _, conversation = await a_pair(house)
    before = house.entries(), house.entries(log="technical")

    claire.send_raw(b"\x81\xa4kind\xa4nope")
    malformed = await claire.answer("")
    refused = await claire.refused(frames.SendMessage, conversation=conversation, body=b"\x00")

    assert getattr(malformed, "code", "") == refused.code == "E_MALFORMED"
    assert (house.entries(), house.entries(log="technical")) == before


async def test_the_refusal_entry_does_not_tell_that_a_conversation_exists(house: House) -> None:
    """A stranger's attempt and an attempt at nothing leave entries that look alike."""
    _, _, conversation = await a_pair(house)
    hugo = await house.peer("hugo")
    for target in (conversation, str(uuid.uuid4())):
        body = hugo.message(target).at_epoch(1)
        await hugo.refused(frames.SendMessage, conversation=target, body=body)

    there, not_there = house.refusals(log="technical")

    varying = {"ts", "seq"}
    assert {k: v for k, v in there.items() if k not in varying} == {
        k: v for k, v in not_there.items() if k not in varying
    }
    assert conversation not in str(there)


async def test_a_conversations_refusals_are_numbered_with_its_acts(house: House) -> None:
    """A refusal inside a conversation is one of its entries: the count shows it."""
    claire, _, conversation = await a_pair(house)
    body = claire.message(conversation).at_epoch(0)
    await claire.refused(frames.SendMessage, conversation=conversation, body=body)
    await claire.say(conversation)

    numbers = [entry["conversation_entry"] for entry in house.entries()]

    assert numbers == [1, 2, 3, 4, 5]


async def test_refusals_beyond_ten_a_minute_become_one_counted_entry(house: House) -> None:
    """A flood is one entry with its count; the next minute starts anew."""
    jean = await house.peer("jean")
    for _ in range(ENTRIES_PER_MINUTE + 15):
        await jean.refused(frames.ListPatients)
    house.clock.turn(60)

    house.hub._writer.flush_refusals()
    await house.hub._writer.finish()
    await jean.refused(frames.ListPatients)

    entries = house.refusals(log="technical")
    assert [entry["outcome"] for entry in entries] == [
        *[None] * ENTRIES_PER_MINUTE,
        {"count": 15},
        None,
    ]
    assert entries[ENTRIES_PER_MINUTE]["decision"] == {"effect": "deny", "rule": "coalesced"}
    assert entries[ENTRIES_PER_MINUTE]["actor"]["device"] == jean.device


async def test_one_device_that_floods_hides_nobody_elses_refusals(house: House) -> None:
    """The ten a minute are each device's own."""
    jean, sophie = await house.peer("jean"), await house.peer("sophie")
    for _ in range(ENTRIES_PER_MINUTE + 5):
        await jean.refused(frames.ListPatients)

    await sophie.refused(frames.ListPatients)

    actors = [entry["actor"]["person"] for entry in house.refusals(log="technical")]
    assert actors.count(sophie.person) == 1


def of_type(house: House, kind: EntryType) -> int:
    """Count the entries of a type in both logs."""
    return sum(entry["type"] == kind.value for entry in everything(house))


async def _accepted(house: House) -> dict[type[Any], tuple[Peer, dict[str, Any]]]:
    claire = await house.peer("claire")
    jean = await house.peer("jean", packages=2)
    marc = await house.peer("marc")
    known = await house.knock("claire")
    conversation = await claire.create()
    fresh = str(uuid.uuid4())
    look = (await marc.ok(frames.ReadTimeline, conversation=conversation)).result or {}
    start = {
        "conversation": fresh,
        "conversation_kind": "remote_dispensation",
        "patient": jean.person,
        "motive": "other",
        "group_info": claire.group_info(fresh),
    }
    here = {"conversation": conversation}
    commit = claire.mls.a_commit(conversation)
    return {
        frames.Hello: (
            known,
            {"device": claire.device, "signature_key": claire.signature_key},
        ),
        frames.Ping: (jean, {}),
        frames.PublishKeyPackages: (jean, {"packages": jean.key_packages()}),
        frames.ClaimKeyPackages: (known, here | {"person": jean.person}),
        frames.ListPatients: (known, {}),
        frames.CreateConversation: (known, start),
        frames.Commit: (known, commit),
        frames.SendMessage: (known, here | {"body": known.message(conversation).at_epoch(1)}),
        frames.AdvanceCursor: (known, here | {"delivered": 1, "read": 1}),
        frames.ListAuditedConversations: (marc, {}),
        frames.ReadTimeline: (marc, here),
        frames.VerifyLogs: (marc, {}),
        frames.ReadPage: (marc, {"look": look["look"]}),
    }


async def _accepted_in_groups(house: House) -> dict[type[Any], tuple[Peer, dict[str, Any]]]:
    """What devices ask of a group: where they are, and what if they cannot follow."""
    claire, jean, conversation = await a_pair(house)
    stuck, _, lost = await a_pair(house)
    here = {"conversation": conversation}
    confirm = here | {"receipt": jean.mls.receipt(conversation)}
    return {
        frames.AskGroupInfo: (claire, here),
        frames.ConfirmEpoch: (jean, confirm),
        frames.ReportStuck: (
            stuck,
            {"conversation": lost, "epoch": 1, "reason": "path_secret"},
        ),
        frames.SucceedGroup: (
            stuck,
            {"conversation": lost, "group_info": successor(stuck, lost)},
        ),
        frames.RetireDevice: (
            stuck,
            {"statement": stuck.mls.revocation((await house.peer("claire")).device)},
        ),
    }


async def _accepted_of_delegations(house: House) -> dict[type[Any], tuple[Peer, dict[str, Any]]]:
    """Each step of a delegation's life, in conversations of their own."""
    proposed, confirmed, waiting, over = [await a_care(house) for _ in range(4)]
    for care in (confirmed, waiting, over):
        await care.propose()
    await waiting.confirm()
    return {
        frames.ProposeDelegation: (proposed.jean, proposed.proposal()),
        frames.ConfirmDelegation: (confirmed.claire, confirmed.confirmation()),
        frames.AcceptDelegation: (waiting.sophie, waiting.acceptance()),
        # Of one that was never active nothing else follows.
        frames.EndDelegation: (over.jean, over.statement("revocation")),
    }


async def _accepted_of_keys(house: House) -> dict[type[Any], tuple[Peer, dict[str, Any]]]:
    """How people come by keys and certificates, lose them, and see who saw what."""
    lost, claire = an_account(PEOPLE["lea"]), await house.peer("claire")
    hugo, jean, carer = [await house.peer(slug) for slug in ("hugo", "jean", "sophie")]
    at_us = house.clock.now()
    word = hugo.account.account_revocation(lost, at_us)
    await hugo.ok(frames.RevokeAccount, statement=word)
    house.run(
        f"DELETE FROM identity_certificate WHERE person = '{PEOPLE['rose'].id}'",
        "DELETE FROM staff_certificate",
    )
    rose, bare = await house.knock("rose"), await house.peer("jean", certified=False)
    await rose.hello()
    code = (await carer.ok(frames.AskCarerCode)).result or {}
    await carer.ok(frames.KeepRecovery, blob=b"wrapped")
    house.run("DELETE FROM relation")
    size = len(house.entries(everything=True))
    return {
        frames.EnrolIdentity: (rose, {"statement": an_account(PEOPLE["rose"]).enrolment()}),
        frames.ListIdentities: (jean, {"persons": [jean.person]}),
        frames.CertifyDevice: (bare, {"certificate": bare.mls.certificate}),
        frames.ListDevices: (jean, {}),
        frames.AskLink: (await house.peer("jean", certified=False), {"init_key": bytes(32)}),
        frames.KeepRecovery: (jean, {"blob": b"wrapped"}),
        frames.AskRecovery: (carer, {}),
        frames.ListStaff: (hugo, {}),
        frames.CertifyStaff: (
            claire,
            {"certificate": claire.account.staff_certificate(hugo.account)},
        ),
        frames.RevokeAccount: (
            claire,
            {"statement": claire.account.account_revocation(lost, at_us)},
        ),
        frames.ListRevocations: (hugo, {}),
        frames.ListCarers: (jean, {}),
        frames.LinkCarer: (jean, {"code": code["code"]}),
        frames.AskCarerCode: (carer, {}),
        frames.ListAccesses: (jean, {}),
        frames.ProveConsistency: (jean, {"first": 1, "second": size}),
    }


def everything(house: House) -> list[dict[str, Any]]:
    """Return what stands in all logs of both pharmacies."""
    return [msgspec.json.decode(row.bytes) for row in house.rows("SELECT bytes FROM entry")]


async def _accepted_in_calls(house: House) -> dict[type[Any], tuple[Peer, dict[str, Any]]]:
    """Frames of calls, each at a moment of a call when it is due."""
    claire, _, conversation = await a_pair(house)
    ready, asked, refused = await a_lobby(house), await a_ringing(house), await a_ringing(house)
    hugo = a_colleague(house, ready.conversation, PEOPLE["hugo"])
    waiting, talk = await a_lobby(house), await a_talk(house)
    await waiting.ok(waiting.jean, frames.OpenCall)
    pair = talk.here | {"peer": talk.claire.device, "generation": 1}
    return {
        frames.OpenCall: (claire, {"conversation": conversation, "call": str(uuid.uuid4())}),
        frames.RingCall: (ready.claire, ready.here | {"persons": [hugo.id]}),
        frames.AcceptCall: (asked.jean, asked.here),
        frames.DeclineCall: (refused.jean, refused.here),
        frames.HangUp: (waiting.jean, waiting.here),
        frames.DelayCall: (waiting.claire, waiting.here | {"minutes": 5}),
        frames.ReportConnected: (talk.jean, pair),
        frames.ReportPairLost: (talk.jean, pair | {"why": "stalled"}),
        frames.ReportIncident: (talk.jean, talk.here | {"code": "call.no_device"}),
        frames.IssueTurn: (talk.jean, talk.here),
        frames.Signal: (
            talk.jean,
            {
                "conversation": talk.conversation,
                "body": talk.signal_body(talk.claire, OFFER, generation=2),
            },
        ),
    }


async def test_every_accepted_frame_leaves_exactly_the_entry_of_its_rule(home: Directory) -> None:
    """No act without trace, no trace without act: each frame driven once, in the order of RULES."""
    async with a_house(home, turn=TURN) as house:
        await _drive_all(house)


async def _drive_all(house: House) -> None:
    drives = await _accepted(house) | await _accepted_in_calls(house)
    drives |= await _accepted_in_groups(house) | await _accepted_of_delegations(house)
    drives |= await _accepted_of_keys(house)
    assert set(drives) == set(RULES)

    for kind in RULES:
        peer, fields = drives[kind]
        if kind is frames.SucceedGroup:
            house.clock.turn(5)
        before = len(everything(house))
        audited = RULES[kind].audited
        typed = of_type(house, audited) if audited else 0
        done = await peer.ok(kind, **fields)
        after = len(everything(house))
        assert after - before == (1 if audited else 0), kind
        assert (done.receipt is not None) == (audited is not None), kind
        if audited:
            assert of_type(house, audited) == typed + 1, kind


async def test_an_act_and_its_entry_that_disagree_are_undone(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An act that forgets its entry is our fault: it is told E_INTERNAL and has no effect."""
    from server.hub.acts.context import Context
    from server.hub.outcome import Done, Outcome

    def forgetful(context: Context, frame: frames.PublishKeyPackages) -> Outcome:
        context.tx.sessions.close(context.principal.session.key)
        return Done({"left": len(frame.packages)})

    jean = await house.peer("jean")
    monkeypatch.setitem(ACTS, frames.PublishKeyPackages, forgetful)

    refused = await jean.refused(frames.PublishKeyPackages, packages=jean.key_packages())

    assert (refused.code, refused.retry) == ("E_INTERNAL", "later")
    await jean.ok(frames.Ping)
    assert await asyncio.wait_for(house.hub.find_session(jean.session.key), 5) is not None


async def test_only_a_frame_that_may_find_all_settled_may_leave_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """« Nothing changed » is no way around the trail: its rule must say that this can be."""
    from server.hub.acts.context import Context
    from server.hub.outcome import Done, Outcome

    def idle(_context: Context, _frame: object) -> Outcome:
        return Done(unchanged=True)

    talk = await a_talk(house)
    monkeypatch.setitem(ACTS, frames.IssueTurn, idle)
    monkeypatch.setitem(ACTS, frames.AcceptCall, idle)

    assert not RULES[frames.IssueTurn].settled
    assert await talk.refused(talk.jean, frames.IssueTurn) == "E_INTERNAL"
    await talk.jean.ok(frames.AcceptCall, **talk.here)


async def test_what_changes_nothing_tells_nobody(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An act that says it changed nothing and pushes something all the same is undone."""
    from server.hub.acts.context import Context
    from server.hub.outcome import Done, KeyPackagesLow, Outcome

    def talkative(context: Context, _frame: object) -> Outcome:
        return Done(unchanged=True, effects=(KeyPackagesLow(context.device, 0),))

    talk = await a_talk(house)
    monkeypatch.setitem(ACTS, frames.AcceptCall, talkative)

    assert await talk.refused(talk.jean, frames.AcceptCall) == "E_INTERNAL"
