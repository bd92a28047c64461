"""A delegation ends, or is narrowed: at once, for good, whoever is there to carry it out."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest

from crypto.mls.framing import decode_header
from crypto.policy.conversation import Tombstone, read_extensions
from crypto.policy.delegation import Why
from crypto.policy.removal import RemoveJustification
from crypto.policy.vocabulary import DelegationState
from signaling import frames
from signaling.frames import Ok, RefusedFrame
from tests.server.delegations import (
    CALL,
    DAY,
    READ,
    SEND,
    Care,
    a_care,
    a_carer,
    next_delegation,
    settle,
)
from tests.server.house import NOON, SECONDS, House, a_house
from tests.server.talk import Talk

STATES = DelegationState
EVERY_END = [
    pytest.param("revocation", STATES.REVOKED, "E_DELEGATION_REVOKED", id="withdrawn"),
    pytest.param("resignation", STATES.RESIGNED, "E_DELEGATION_RESIGNED", id="given-back"),
    pytest.param("suspension", STATES.SUSPENDED, "E_DELEGATION_SUSPENDED", id="suspended"),
]
OVER = "Cette autorisation est terminée. Questions : appelez votre pharmacie."


def writing(care: Care, body: bytes | None = None) -> dict[str, Any]:
    """Return the fields of a carer's message."""
    return {"conversation": care.conversation, "body": body or care.message()}


@pytest.mark.parametrize(("what", "state", "code"), EVERY_END)
async def test_the_very_next_frame_is_refused(
    house: House, what: str, state: DelegationState, code: str
) -> None:
    """On the open socket, in the same words however it ended; then the session is over."""
    care = await a_carer(house)
    fields = writing(care)

    await care.end(what)

    first = await care.sophie.refused(frames.SendMessage, **fields)
    second = await care.sophie.refused(frames.SendMessage, **fields)
    assert (first.code, first.text) == (code, OVER)
    assert second.code == "E_SESSION"
    assert await care.sophie.closed() == 4401
    assert care.row().state is state


async def test_a_frame_on_its_way_meets_the_end(house: House) -> None:
    """Both wait for the writer: in one transaction the second finds what the first did."""
    care = await a_carer(house)
    fields = writing(care)

    async with house.one_batch(2):
        ending = asyncio.create_task(care.end())
        await asyncio.sleep(0)
        answer = asyncio.create_task(care.sophie.ask(frames.SendMessage, **fields))

    refused = await answer
    await ending
    assert isinstance(refused, RefusedFrame)
    assert refused.code == "E_DELEGATION_REVOKED"


async def test_a_contest_suspends_at_once(house: House) -> None:
    """Its state says that it is contested; the carer is answered as at any suspension."""
    care = await a_carer(house)

    await care.end("suspension", reason="contest")

    assert care.row().state is STATES.CONTESTED
    refused = await care.sophie.refused(frames.SendMessage, **writing(care))
    assert refused.code == "E_DELEGATION_SUSPENDED"


@pytest.mark.parametrize(("what", "state", "code"), EVERY_END)
async def test_an_end_is_told_to_each_their_part(
    house: House, what: str, state: DelegationState, code: str
) -> None:
    """The patient and the staff all of it; the carer that it is over, and nothing to keep."""
    care = await a_carer(house)

    await care.end(what)

    for peer in (care.claire, care.jean):
        view = await next_delegation(peer, state.value)
        assert (view.ending, view.ended_at) == (True, house.clock.now())
        assert view.ended == care.row().ended != b""
    hers = await next_delegation(care.sophie, state.value)
    assert (hers.id, hers.conversation, hers.ended_at) == (
        care.delegation,
        care.conversation,
        house.clock.now(),
    )
    kept = (hers.grantor_name, hers.delegation, hers.confirmations, hers.acceptance, hers.ended)
    assert kept == ("", b"", [], b"", b"")
    assert code.startswith("E_DELEGATION_")


async def test_nothing_reaches_the_carer_from_that_instant(house: House) -> None:
    """Neither what is written nor how the conversation goes on; not from the past either."""
    care = await a_carer(house)
    await care.end()
    await care.sophie.settle()
    care.sophie.pushes.clear()

    await care.carry_out()
    await care.jean.settle()
    await care.jean.say(care.conversation, epoch=3)
    await care.jean.ok(frames.AdvanceCursor, conversation=care.conversation, delivered=3, read=3)

    await care.sophie.nothing_but_pong()


async def test_the_old_session_opens_nothing(house: House) -> None:
    """Whoever comes back with the cookie of then is signed out."""
    care = await a_carer(house)
    session = care.sophie.session

    await care.end()

    assert await house.hub.find_session(session.key) is None
    again = await house.knock("sophie", session=session)
    again.mls = care.sophie.mls
    refused = await again.refused(
        frames.Hello, device=again.device, signature_key=again.signature_key
    )
    assert refused.code == "E_SESSION"


async def test_a_new_session_finds_that_it_is_over(house: House) -> None:
    """No conversation, and one authorisation that has ended; its frames are answered so."""
    care = await a_carer(house)
    body = care.message()
    await care.end()

    back = await house.peer("sophie", device=care.sophie.device)

    assert back.welcomed["conversations"] == back.welcomed["calls"] == []
    (view,) = back.welcomed["delegations"]
    assert (view["state"], view["delegation"]) == ("revoked", b"")
    for kind, fields in (
        (frames.SendMessage, writing(care, body)),
        (frames.AskGroupInfo, {"conversation": care.conversation}),
        (frames.AcceptDelegation, care.acceptance()),
    ):
        assert (await back.refused(kind, **fields)).code == "E_DELEGATION_REVOKED"


async def test_who_acts_elsewhere_stays_signed_in(house: House) -> None:
    """Only with the last delegation the session ends."""
    care = await a_carer(house)
    first, here = care.delegation, care.conversation
    care.conversation = await care.claire.create()
    second = await house.peer("jean", packages=1)
    await care.claire.add(care.conversation, "jean")
    await second.push(frames.WelcomePush)
    await care.propose(by=second)
    await care.confirm()
    care.delegation, care.conversation = first, here
    fields = writing(care)

    await care.end()

    for _ in range(2):
        refused = await care.sophie.refused(frames.SendMessage, **fields)
        assert refused.code == "E_DELEGATION_REVOKED"
    await care.sophie.ok(frames.ListDevices)


# What the group has still to do


async def test_the_hub_demands_the_carers_removal_and_says_why(house: House) -> None:
    """The statement itself stands in the proposal: no member has to take the hub's word."""
    care = await a_carer(house)

    await care.end()

    proposal = await care.claire.event()
    said = RemoveJustification.decode(decode_header(proposal.body).authenticated_data)
    assert proposal.what == "proposal"
    assert (said.why, said.delegation) == (Why.REVOCATION, uuid.UUID(care.delegation).bytes)
    assert said.device == uuid.UUID(care.sophie.device).bytes
    assert (said.statement, said.at_us) == (care.row().ended, house.clock.now())
    due = await care.claire.push(frames.CommitDuePush)
    assert (due.conversation, due.epoch) == (care.conversation, 2)


async def test_a_suspensions_removal_carries_the_pharmacists_certificate(house: House) -> None:
    """Else members could not see that a deputy may suspend."""
    care = await a_carer(house)
    hugo = await house.peer("hugo", packages=1)
    await care.claire.add(care.conversation, "hugo")
    await hugo.push(frames.WelcomePush)
    await settle(care)
    await hugo.ok(frames.EndDelegation, **care.statement("suspension", signer="hugo"))

    proposal = await care.claire.event()

    said = RemoveJustification.decode(decode_header(proposal.body).authenticated_data)
    assert (said.why, said.staff) == (Why.SUSPENSION, care.account("hugo").staff)


async def test_every_device_of_the_carer_goes_in_one_commit(house: House) -> None:
    """The removal of each is demanded; the tombstone comes with all of them."""
    care = await a_carer(house)
    tablet = await house.peer("sophie")
    info = await tablet.ok(frames.AskGroupInfo, conversation=care.conversation)
    rejoin = tablet.mls.rejoin(care.conversation, (info.result or {})["group_info"])
    await tablet.ok(frames.Commit, **rejoin)

    await care.end()
    done = await care.carry_out()

    assert (done.result or {})["epoch"] == 4
    entry = house.entries()[-1]
    assert set(entry["outcome"]["removes"]) == {care.sophie.device, tablet.device}
    assert house.rows("SELECT count(*) FROM pending_remove") == [(0,)]
    admitted = {row[0] for row in house.rows("SELECT person FROM admission")}
    assert admitted == {care.claire.person, care.jean.person}


async def test_a_carer_has_five_devices_in_a_group_at_most(house: House) -> None:
    """As many as one commit can take out."""
    care = await a_carer(house)
    answers = []
    for _ in range(5):
        tablet = await house.peer("sophie")
        info = await tablet.ok(frames.AskGroupInfo, conversation=care.conversation)
        rejoin = tablet.mls.rejoin(care.conversation, (info.result or {})["group_info"])
        answers.append(await tablet.ask(frames.Commit, **rejoin))

    assert [isinstance(one, Ok) for one in answers] == [True] * 4 + [False]
    assert isinstance(answers[-1], RefusedFrame)
    assert (answers[-1].code, answers[-1].reason) == ("E_POLICY", "too_many_devices")


@pytest.mark.parametrize("who", ["claire", "jean"])
async def test_any_member_may_carry_the_end_out(house: House, who: str) -> None:
    """The patient's own device, too: `ending` is over with the epoch that it opens."""
    care = await a_carer(house)
    await care.end()
    peer = care.claire if who == "claire" else care.jean
    await settle(care)

    await care.carry_out(peer)

    view = await next_delegation(care.jean, "revoked")
    assert not view.ending
    policy, delegations = read_extensions(peer.mls.groups[care.conversation].context.extensions)
    row = care.row()
    assert delegations.number == 2
    assert delegations.in_force == ()
    assert delegations.tombstones == (
        Tombstone(
            delegation=uuid.UUID(row.id).bytes,
            ending="revoked",
            at_us=house.clock.now(),
            not_after_us=row.not_after,
        ),
    )
    assert policy.patient == care.account("jean").id


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        pytest.param(STATES.SUSPENDED, "without_tombstone", id="another-ending"),
        pytest.param(None, "leaves_carer", id="none-at-all"),
    ],
)
async def test_the_tombstone_says_how_it_ended(
    house: House, state: DelegationState | None, reason: str
) -> None:
    """Members see the statement: a commit that says something else is refused."""
    care = await a_carer(house)
    await care.end()
    await care.claire.settle()
    fields = (
        care.departure(care.claire, state) if state else care.claire.mls.a_commit(care.conversation)
    )

    refused = await care.claire.refused(frames.Commit, **fields)

    assert refused.code == "E_POLICY"
    assert refused.reason in (reason, "without_tombstone")


async def test_nothing_else_is_accepted_until_the_carer_is_out(house: House) -> None:
    """No ciphertext that the carer could read is ever stored; the commit opens the door again."""
    care = await a_carer(house)
    await care.end()
    body = care.jean.message(care.conversation).at_epoch(2)

    refused = await care.jean.refused(frames.SendMessage, conversation=care.conversation, body=body)
    await care.carry_out()
    await care.jean.settle()
    done = await care.jean.say(care.conversation, epoch=3)

    assert refused.code == "E_REMOVE_PENDING"
    assert done.result is not None
    assert house.rows("SELECT count(*) FROM event WHERE what = 'message'") == [(1,)]


async def test_with_nobody_online_the_first_to_come_is_asked(house: House) -> None:
    """Over at once all the same; the group hears of it with the first member's device."""
    care = await a_carer(house)
    await care.end()
    for peer in (care.claire, care.jean):
        peer.hang_up()
    fields = writing(care)
    assert (await care.sophie.refused(frames.SendMessage, **fields)).code == "E_DELEGATION_REVOKED"

    back = await house.peer("claire", device=care.claire.device, cursors={care.conversation: 2})
    due = await back.push(frames.CommitDuePush)
    await back.event()

    assert due.conversation == care.conversation
    await care.carry_out(back)
    assert not care.row().ending


async def test_a_proposal_is_withdrawn_before_anybody_else_heard_of_it(house: House) -> None:
    """The carer never learns that they were named; the group has nothing to do."""
    care = await a_care(house)
    await care.propose()
    await settle(care)

    await care.end()

    view = await next_delegation(care.claire, "revoked")
    assert not view.ending
    await care.sophie.nothing_but_pong()
    unknown = await care.sophie.refused(frames.AskGroupInfo, conversation=care.conversation)
    assert unknown.code == "E_NOT_FOUND"


async def test_who_was_confirmed_may_decline(house: House) -> None:
    """Resigning before accepting: it never was in the group."""
    care = await a_care(house)
    await care.propose()
    await care.confirm()
    await settle(care)

    await care.end("resignation")

    assert (await next_delegation(care.jean, "resigned")).ending is False
    state = (await care.claire.push(frames.ConversationPush)).conversation
    assert care.sophie.person not in {one.person for one in state.members}


@pytest.mark.parametrize(
    ("what", "by"),
    [
        ("revocation", "claire"),
        ("revocation", "sophie"),
        ("resignation", "jean"),
        ("resignation", "claire"),
        ("suspension", "jean"),
        ("suspension", "sophie"),
    ],
)
async def test_each_end_is_one_hands(house: House, what: str, by: str) -> None:
    """The patient withdraws, the carer gives back, a pharmacist suspends: nobody for another."""
    care = await a_carer(house)
    peer = {"claire": care.claire, "jean": care.jean, "sophie": care.sophie}[by]

    refused = await peer.refused(frames.EndDelegation, **care.statement(what))

    assert refused.code == "E_ROLE"
    assert care.row().state is STATES.ACTIVE


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"signer": "sophie"}, "E_SIGNATURE", id="the-carers-signature"),
        pytest.param({"at_us": NOON - 121 * SECONDS}, "E_CLOCK", id="two-minutes-ago"),
        pytest.param({"at_us": NOON + 121 * SECONDS}, "E_CLOCK", id="in-two-minutes"),
        pytest.param({"deployment": "other.example"}, "E_NO_DELEGATION", id="of-elsewhere"),
        pytest.param({"delegation": bytes(16)}, "E_NOT_FOUND", id="another-delegation"),
    ],
)
async def test_a_false_statement_ends_nothing(
    house: House, changes: dict[str, Any], code: str
) -> None:
    """Whose word, about what, now."""
    care = await a_carer(house)

    refused = await care.jean.refused(
        frames.EndDelegation, **care.statement("revocation", **changes)
    )

    assert refused.code == code
    assert isinstance(await care.write(), Ok)


async def test_a_delegation_ends_once(house: House) -> None:
    """Whoever comes second is told that it has: nothing is written over."""
    care = await a_carer(house)
    await care.end()
    row = care.row()

    again = await care.jean.refused(frames.EndDelegation, **care.statement("revocation"))
    other = await care.claire.refused(frames.EndDelegation, **care.statement("suspension"))

    assert [again.code, other.code] == ["E_ALREADY_ENDED"] * 2
    assert care.row() == row


# Some scopes, not all


async def test_withdrawn_scopes_are_gone_at_once(house: House) -> None:
    """The hub heeds it before any commit; the carer goes on reading, and stays signed in."""
    care = await a_carer(house)

    await care.end(scopes=(SEND,))
    refused = await care.write()

    assert isinstance(refused, RefusedFrame)
    assert (refused.code, refused.reason) == ("E_SCOPE", "conversation.send")
    await care.sophie.ok(frames.AdvanceCursor, conversation=care.conversation, delivered=1, read=1)
    view = await next_delegation(care.sophie, "active")
    assert len(view.revocations) == 1
    assert care.row().scopes == {READ}


async def test_a_withdrawal_waits_for_a_commit_and_holds_nothing_up(house: House) -> None:
    """A member is asked to say it in the group; messages pass meanwhile."""
    care = await a_carer(house, scopes=(READ, SEND, CALL))
    await care.end(scopes=(CALL,))
    due = await care.claire.push(frames.CommitDuePush)
    await care.jean.say(care.conversation, epoch=2)

    change = care.change(care.claire, narrowed=care.record().revocations)
    await care.claire.ok(frames.Commit, **care.claire.mls.a_commit(care.conversation, change))

    assert due.epoch == 2
    assert (care.row().narrowing, care.row().version) == (False, 2)
    assert len(house.hub.committers) == 0
    await care.sophie.settle()
    assert isinstance(await care.write(), Ok)


async def test_reading_alone_cannot_be_withdrawn(house: House) -> None:
    """Every leaf reads: without it nothing is left, and all of it is withdrawn instead."""
    care = await a_carer(house)

    refused = await care.jean.refused(
        frames.EndDelegation, **care.statement("revocation", scopes=(READ,))
    )

    assert refused.code == "E_SCOPE"


async def test_a_scope_is_withdrawn_once(house: House) -> None:
    """A second time there is nothing to take away."""
    care = await a_carer(house)
    await care.end(scopes=(SEND,))

    refused = await care.jean.refused(
        frames.EndDelegation, **care.statement("revocation", scopes=(SEND,))
    )

    assert refused.code == "E_ALREADY_ENDED"


# Calls


async def a_call(care: Care) -> Talk:
    """Have Claire and Sophie talk."""
    talk = Talk(care.house, care.claire, care.sophie, care.conversation, str(uuid.uuid4()))
    await talk.ok(care.claire, frames.OpenCall)
    await talk.ok(care.claire, frames.RingCall, persons=[care.sophie.person])
    await talk.ok(care.sophie, frames.AcceptCall)
    return talk


async def test_a_carer_joins_calls_by_their_scope(house: House) -> None:
    """Rung like anyone; each entry says for whom."""
    care = await a_carer(house, scopes=(READ, CALL))

    talk = await a_call(care)

    (entry,) = [one for one in talk.entries() if one["type"] == "call.accepted"]
    assert entry["acting_for"]["patient"] == care.jean.person


async def test_a_carer_who_only_writes_is_told_of_no_call(house: House) -> None:
    """Neither rung nor shown; their own frames are beyond their scopes."""
    care = await a_carer(house)
    talk = Talk(house, care.claire, care.jean, care.conversation, str(uuid.uuid4()))
    await talk.ok(care.claire, frames.OpenCall)

    rung = await talk.refused(care.claire, frames.RingCall, persons=[care.sophie.person])
    entered = await talk.refused(care.sophie, frames.OpenCall)

    assert (rung, entered) == ("call.not_authorized", "E_SCOPE")
    await care.sophie.settle()
    assert not [one for one in care.sophie.pushes if isinstance(one, frames.CallPush)]
    back = await house.peer("sophie", device=care.sophie.device)
    assert back.welcomed["calls"] == []


async def test_the_carers_call_ends_with_the_delegation(house: House) -> None:
    """Their leg at once; of two the call; no relay for them any more."""
    care = await a_carer(house, scopes=(READ, CALL))
    talk = await a_call(care)

    await care.end()

    view = [p.call for p in await drained(care.claire) if isinstance(p, frames.CallPush)][-1]
    (leg,) = [leg for leg in view.legs if leg.person == care.sophie.person]
    assert leg.state == "left"
    assert view.state == "ended"
    types = [one["type"] for one in house.entries()]
    assert types[types.index("delegation.revoked") :][:3] == [
        "delegation.revoked",
        "call.left",
        "group.remove_proposed",
    ]
    assert await talk.refused(care.sophie, frames.IssueTurn) == "E_DELEGATION_REVOKED"


async def test_without_the_scope_the_carer_is_out_of_the_call(house: House) -> None:
    """The rest of the delegation stands."""
    care = await a_carer(house, scopes=(READ, SEND, CALL))
    talk = await a_call(care)

    await care.end(scopes=(CALL,))

    left = talk.entries()[-1]
    assert (left["type"], left["outcome"]["state"]) == ("call.left", "ended")
    assert await talk.refused(care.sophie, frames.OpenCall) == "E_SCOPE"
    assert isinstance(await care.write(), Ok)


async def drained(peer: Any) -> list[Any]:
    """Return all that the hub has said so far."""
    await peer.settle()
    return list(peer.pushes)


# Its period


async def test_a_delegation_ends_at_its_second_on_an_open_socket(house: House) -> None:
    """The desk ends it; the carer's next frame says so; the patient's screen shows it."""
    care = await a_carer(house, not_after_us=house.clock.now() + 10 * SECONDS)
    fields = writing(care)
    house.clock.turn(9.999999)
    assert isinstance(await care.write(), Ok)
    await house.hub.delegations.sweep()
    assert care.row().state is STATES.ACTIVE

    house.clock.turn(0.000001)
    await house.hub.delegations.sweep()

    assert care.row().state is STATES.EXPIRED
    view = await next_delegation(care.jean, "expired")
    assert (view.ended, view.ended_at) == (b"", house.clock.now())
    refused = await care.sophie.refused(frames.SendMessage, **fields)
    assert (refused.code, refused.text) == ("E_DELEGATION_EXPIRED", OVER)
    (entry,) = care.entries("delegation.expired")
    assert (entry["actor"]["person"], entry["subject"]) == ("hub", care.jean.person)


async def test_a_frame_that_comes_before_the_desk_ends_it(house: House) -> None:
    """Whoever sends it: the end comes first, with all that follows from it."""
    care = await a_carer(house, not_after_us=house.clock.now() + 10 * SECONDS)
    body = care.jean.message(care.conversation).at_epoch(2)
    house.clock.turn(10)

    refused = await care.jean.refused(frames.SendMessage, conversation=care.conversation, body=body)

    assert refused.code == "E_REMOVE_PENDING"
    assert care.row().state is STATES.EXPIRED
    await next_delegation(care.claire, "expired")
    assert len(care.entries("delegation.expired")) == 1


async def test_the_carers_own_frame_ends_it_too(house: House) -> None:
    """And is the last one of theirs that is answered with more than a closed session."""
    care = await a_carer(house, not_after_us=house.clock.now() + 10 * SECONDS)
    fields = writing(care)
    house.clock.turn(10)

    first = await care.sophie.refused(frames.SendMessage, **fields)
    second = await care.sophie.refused(frames.SendMessage, **fields)

    assert [first.code, second.code] == ["E_DELEGATION_EXPIRED", "E_SESSION"]
    assert care.row().state is STATES.EXPIRED


async def test_what_ran_out_needs_nobodys_statement(house: House) -> None:
    """The hub's Remove names the period; members see in the document that it is over."""
    care = await a_carer(house, not_after_us=house.clock.now() + 10 * SECONDS)
    house.clock.turn(10)
    await house.hub.delegations.sweep()

    proposal = await care.claire.event()
    said = RemoveJustification.decode(decode_header(proposal.body).authenticated_data)
    await care.carry_out(state=STATES.EXPIRED)

    assert (said.why, said.statement, said.staff) == (Why.EXPIRY, b"", b"")
    assert not care.row().ending


async def test_nobody_ends_a_period_early(house: House) -> None:
    """A clock that runs ahead within the two minutes that are allowed expires nothing."""
    care = await a_carer(house, not_after_us=house.clock.now() + 10 * SECONDS)
    gone = care.removal(care.claire, care.sophie.device)
    ended = [(uuid.UUID(care.delegation).bytes, STATES.EXPIRED)]
    later = care.now + 20 * SECONDS
    change = care.change(care.claire, ended=ended, at_us=later)
    data = care.claire.mls.commit_data(at_us=later)
    made = care.claire.mls.commit(care.conversation, change, gone, authenticated_data=data)

    refused = await care.claire.refused(
        frames.Commit,
        conversation=care.conversation,
        commit=made.message,
        group_info=made.group_info,
        welcome=None,
    )

    assert (refused.code, refused.reason) == ("E_POLICY", "not_ended_here")


async def test_what_was_never_accepted_runs_out_too(house: House) -> None:
    """A proposal that nobody answered is over at its end."""
    care = await a_care(house)
    await care.propose(not_after_us=house.clock.now() + DAY)
    await care.confirm()
    house.clock.turn(24 * 3600)

    await house.hub.delegations.sweep()

    assert care.row().state is STATES.EXPIRED
    assert len(house.hub.delegations) == 0


async def test_an_accepted_one_is_let_in_when_it_begins(house: House) -> None:
    """Nobody is asked before; at its first second somebody is."""
    care = await a_care(house)
    begins = house.clock.now() + 60 * SECONDS
    await care.agree(not_before_us=begins, not_after_us=begins + DAY)
    assert len(house.hub.committers) == 0
    house.clock.turn(60)

    await house.hub.delegations.sweep()

    assert (await care.claire.push(frames.CommitDuePush)).conversation == care.conversation
    await care.admit()
    assert isinstance(await care.write(), Ok)


async def test_a_restart_forgets_no_period(home: Any) -> None:
    """A hub that was away ends what ran out meanwhile, and asks for what waits."""
    async with a_house(home) as house:
        care = await a_carer(house, not_after_us=house.clock.now() + 10 * SECONDS)
        before = house
    before.clock.turn(3600)

    async with a_house(home, clock=before.clock) as house:
        house.mls = before.mls
        await house.hub.delegations.sweep()
        care.house = house
        assert care.row().state is STATES.EXPIRED
        assert care.row().ending
        back = await house.peer("jean", device=care.jean.device)
        assert (await back.push(frames.CommitDuePush)).conversation == care.conversation


async def test_a_restart_in_the_middle_of_an_end_goes_on_with_it(home: Any) -> None:
    """Ended before, not carried out: the next hub asks the first that comes."""
    async with a_house(home) as house:
        care = await a_carer(house)
        await care.end()
        before = house

    async with a_house(home, clock=before.clock) as house:
        house.mls = before.mls
        assert len(house.hub.committers) == 1
        back = await house.peer("claire", device=care.claire.device)
        assert (await back.push(frames.CommitDuePush)).epoch == 2
