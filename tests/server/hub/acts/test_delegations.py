"""A delegation's life at the hub: proposed, confirmed, accepted; who is told what of it."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import pytest

from crypto.policy.statements import Delegation, Unverified
from crypto.policy.vocabulary import DelegationState, LegalBasis, Mandate, Scope
from signaling import frames
from signaling.codes import Code
from signaling.frames import DelegationView, Ok, RefusedFrame
from tests.server.delegations import (
    DAY,
    EVIDENCE,
    READ,
    SEND,
    Care,
    a_care,
    a_carer,
    next_delegation,
    settle,
)
from tests.server.house import PEOPLE, House, Peer
from tests.server.hub.delegation_ways import WAYS


def table(house: House) -> list[Any]:
    """Return every delegation as it is stored."""
    return house.rows("SELECT * FROM delegation ORDER BY id")


def told(peer: Peer) -> list[DelegationView]:
    """Return what a device has been told of delegations."""
    return [p.delegation for p in peer.pushes if isinstance(p, frames.DelegationPush)]


async def test_a_carer_writes_in_the_patients_name(house: House) -> None:
    """From the patient's word to the carer's first message: everybody sees it."""
    care = await a_carer(house)

    done = await care.write()

    assert isinstance(done, Ok), done
    assert (await care.jean.event()).person == care.sophie.person
    (entry,) = [e for e in house.entries() if e["type"] == "message.sent"]
    assert entry["acting_for"] == {
        "delegation": care.delegation,
        "patient": care.jean.person,
        "version": 1,
    }


async def test_each_step_is_an_entry_about_the_patient(house: House) -> None:
    """Proposed, confirmed, accepted, activated: who did it, and which delegation."""
    care = await a_carer(house)

    entries = care.entries()

    assert [entry["type"] for entry in entries] == [
        "delegation.proposed",
        "delegation.confirmed",
        "delegation.accepted",
        "delegation.activated",
    ]
    people = [care.jean.person, care.claire.person, care.sophie.person, care.claire.person]
    assert [entry["actor"]["person"] for entry in entries] == people
    assert {entry["subject"] for entry in entries} == {care.jean.person}
    assert {entry["outcome"]["delegation"] for entry in entries} == {care.delegation}
    assert {entry["outcome"]["carer"] for entry in entries} == {care.sophie.person}


async def test_each_step_is_a_line_of_who_saw_what(house: House) -> None:
    """The patient's device is told each, as it happens."""
    care = await a_care(house)
    care.jean.accesses.clear()

    await care.agree()
    await care.jean.settle()

    kinds = [row.entry.split(b'"type":"')[1].split(b'"')[0] for row in care.jean.accesses]
    assert kinds == [b"delegation.proposed", b"delegation.confirmed", b"delegation.accepted"]


@pytest.mark.parametrize("code", list(WAYS), ids=lambda code: code.value)
async def test_what_may_not_be_is_refused_and_changes_nothing(house: House, code: Code) -> None:
    """Each fault has its own code and its own sentence; the table is as it was."""
    attempt = await WAYS[code](house)
    before = table(house)

    refused = await attempt.refused()

    assert refused.code == code.value
    assert refused.text.endswith(".")
    if code is not Code.E_DELEGATION_EXPIRED:  # there the clock itself ends it, first
        assert table(house) == before


async def test_clocks_that_disagree_are_told_the_hubs(house: House) -> None:
    """So that a device can set itself by it, and try again."""
    refused = await (await WAYS[Code.E_CLOCK](house)).refused()

    assert (refused.code, refused.now) == ("E_CLOCK", house.clock.now())


# Proposed


async def test_a_proposal_is_told_to_the_patient_and_the_staff_alone(house: House) -> None:
    """All of it; the carer who is named hears nothing before a pharmacist confirmed it."""
    care = await a_care(house)
    tablet = await house.peer("jean")
    await settle(care)

    await care.propose()

    for peer in (care.claire, care.jean, tablet):
        view = await next_delegation(peer, "proposed")
        assert (view.id, view.grantee_name) == (care.delegation, "Sophie Lefèvre")
        assert Unverified.decode(Delegation, view.delegation).content == care.record().content
    await care.sophie.nothing_but_pong()


async def test_a_named_carer_does_not_show_among_the_members_yet(house: House) -> None:
    """The list of people tells of them from the confirmation on."""
    care = await a_care(house)
    await care.propose()

    again = await house.peer("claire", device=care.claire.device)
    (summary,) = again.welcomed["conversations"]

    assert [one["person"] for one in summary["members"]] == [care.claire.person, care.jean.person]
    assert [one["id"] for one in again.welcomed["delegations"]] == [care.delegation]


async def test_the_same_proposal_again_is_the_same_one(house: House) -> None:
    """A retry after a lost answer: no second row, no second entry."""
    care = await a_care(house)
    fields = care.proposal()
    first = await care.jean.ok(frames.ProposeDelegation, **fields)

    again = await care.jean.ok(frames.ProposeDelegation, **fields)

    assert again.result == first.result
    assert again.receipt is None
    assert len(table(house)) == len(care.entries()) == 1


async def test_another_document_under_a_known_id_is_refused(house: House) -> None:
    """An id is one document's for good."""
    care = await a_care(house)
    await care.propose()
    other = care.proposal(delegation=uuid.UUID(care.delegation).bytes, scopes=(READ,))

    refused = await care.jean.refused(frames.ProposeDelegation, **other)

    assert refused.code == "E_ID_REUSED"


async def test_a_patient_names_only_whom_they_know(house: House) -> None:
    """A stranger carer and nobody at all answer alike: no list of carers is found by trying."""
    care = await a_care(house)
    house.run("DELETE FROM relation")

    stranger = await care.jean.refused(frames.ProposeDelegation, **care.proposal())
    nobody = await care.jean.refused(
        frames.ProposeDelegation, **care.proposal(grantee=uuid.uuid4().bytes)
    )
    elsewhere = await care.jean.refused(
        frames.ProposeDelegation,
        **care.proposal(grantee=uuid.UUID(PEOPLE["paul"].id).bytes),
    )

    assert {one.code for one in (stranger, nobody, elsewhere)} == {"E_TENANT"}
    assert table(house) == []


@pytest.mark.parametrize("slug", ["lea", "nadia", "marc"])
async def test_those_who_neither_give_nor_confirm_propose_nothing(house: House, slug: str) -> None:
    """A technician, a courier, an officer."""
    care = await a_care(house)
    peer = await house.peer(slug)

    refused = await peer.refused(frames.ProposeDelegation, **care.proposal())

    assert refused.code == "E_ROLE"


async def test_a_pharmacist_does_not_give_what_the_patients_hand_gives(house: House) -> None:
    """Nor does the patient bring the paper that pharmacists attest."""
    care = await a_care(house)

    by_claire = await care.claire.refused(frames.ProposeDelegation, **care.proposal())
    by_jean = await care.jean.refused(frames.ProposeDelegation, **care.proposal(**EVIDENCE))

    assert [by_claire.code, by_jean.code] == ["E_ROLE", "E_ROLE"]


async def test_a_conversation_alone_with_the_pharmacy_takes_no_carer(house: House) -> None:
    """« Parler seul(e) à ma pharmacie »: nobody can be named into it."""
    care = await a_care(house)
    aside = await care.claire.create(conversation_kind="private_aside")
    await house.peer("jean", device=care.jean.device)
    packages = await house.peer("jean", packages=1)
    await care.claire.add(aside, "jean")
    await packages.push(frames.WelcomePush)

    document = replace(care.document(), conversation=uuid.UUID(aside).bytes)
    refused = await packages.refused(
        frames.ProposeDelegation, conversation=aside, delegation=care.signed(document)
    )

    assert refused.code == "E_KIND"


async def test_a_de_facto_carer_has_no_place_in_a_group(house: House) -> None:
    """They may give information at the counter; they read nothing."""
    care = await a_care(house)

    refused = await care.jean.refused(
        frames.ProposeDelegation, **care.proposal(legal_basis=LegalBasis.DE_FACTO_CARER)
    )

    assert refused.code == "E_LEGAL_BASIS"


async def test_a_renewal_begins_where_the_first_one_ends(house: House) -> None:
    """It is a new document; until then the first one stands."""
    care = await a_carer(house)
    first = care.row()

    await care.propose(not_before_us=first.not_after, not_after_us=first.not_after + 31 * DAY)

    assert care.row(first.id).state is DelegationState.ACTIVE
    assert care.row().state is DelegationState.PROPOSED
    care.delegation = first.id
    assert isinstance(await care.write(), Ok)


# Confirmed


async def test_a_confirmation_is_told_to_the_carer_too(house: House) -> None:
    """From now on they know: all of the document, and who confirmed it."""
    care = await a_care(house)
    await care.propose()
    await settle(care)

    await care.confirm()

    for peer in (care.claire, care.jean, care.sophie):
        view = await next_delegation(peer, "confirmed")
        assert view.confirmations == [care.record().confirmations[0].confirmation]
        assert (view.staff, view.acceptance) == ([b""], b"")


async def test_a_confirmed_carer_is_expected_by_the_others(house: House) -> None:
    """`invited` in the list of people, which the carer does not get to see before they accept."""
    care = await a_care(house)
    await care.propose()
    await settle(care)
    await care.confirm()

    state = (await care.jean.push(frames.ConversationPush)).conversation
    await care.sophie.settle()

    (sophie,) = [one for one in state.members if one.person == care.sophie.person]
    assert (sophie.state, sophie.role, sophie.key_packages) == ("invited", "carer", True)
    assert not [one for one in care.sophie.pushes if isinstance(one, frames.ConversationPush)]
    back = await house.peer("sophie", device=care.sophie.device)
    assert back.welcomed["conversations"] == []
    assert [one["id"] for one in back.welcomed["delegations"]] == [care.delegation]


async def test_a_colleagues_later_word_changes_nothing(house: House) -> None:
    """One pharmacist is enough where the patient signed."""
    care = await a_care(house)
    hugo = await a_colleague(care, house)
    await care.propose()
    await care.confirm()
    before = table(house)

    await hugo.ok(frames.ConfirmDelegation, **care.confirmation("hugo"))

    assert table(house) == before


async def a_colleague(care: Care, house: House, slug: str = "hugo") -> Peer:
    """Have a colleague of the pharmacy added to the conversation."""
    peer = await house.peer(slug, packages=2)
    await care.claire.add(care.conversation, slug)
    await peer.push(frames.WelcomePush)
    await settle(care)
    return peer


async def test_a_deputy_confirms_with_the_owners_certificate(house: House) -> None:
    """It travels with the word, so that every member can check that they are a pharmacist."""
    care = await a_care(house)
    hugo = await a_colleague(care, house)
    await care.propose()

    await care.confirm(hugo)

    (one,) = care.record().confirmations
    assert one.staff == care.account("hugo").staff


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"key": "jean"}, "E_SIGNATURE", id="signed-by-another"),
        pytest.param({"pharmacist": "hugo"}, "E_SIGNATURE", id="in-a-colleagues-name"),
        pytest.param({"deployment": "other.example"}, "E_STALE_CONFIRMATION", id="of-elsewhere"),
        pytest.param({"conversation": bytes(16)}, "E_STALE_CONFIRMATION", id="of-another-room"),
    ],
)
async def test_a_false_confirmation_confirms_nothing(
    house: House, changes: dict[str, Any], code: str
) -> None:
    """Whose word it is, about what, and where."""
    care = await a_care(house)
    await care.propose()
    said = dict(changes)
    if "key" in said:
        said["key"] = care.account(said["key"]).key
    if "pharmacist" in said:
        said["pharmacist"] = care.account(said["pharmacist"]).id

    refused = await care.claire.refused(frames.ConfirmDelegation, **care.confirmation(**said))

    assert refused.code == code
    assert care.row().state is DelegationState.PROPOSED


@pytest.mark.parametrize("slug", ["jean", "sophie", "lea"])
async def test_only_a_pharmacist_confirms(house: House, slug: str) -> None:
    """Not the patient, not the carer, not a technician."""
    care = await a_care(house)
    await care.propose()
    peer = await house.peer(slug)

    refused = await peer.refused(frames.ConfirmDelegation, **care.confirmation(slug))

    assert refused.code == "E_ROLE"


# Without the patient's hand


async def test_a_courts_word_needs_two_pharmacists(house: House) -> None:
    """The first one's is kept, and waits; the second one's makes it whole."""
    care = await a_care(house)
    hugo = await a_colleague(care, house)
    await care.propose_evidence()

    await care.confirm()
    waiting = care.row()
    await care.confirm(hugo)

    assert waiting.state is DelegationState.PROPOSED
    assert waiting.confirmed_at is None
    assert care.row().state is DelegationState.CONFIRMED
    assert len(care.record().confirmations) == 2
    outcomes = [e["outcome"]["enough"] for e in care.entries("delegation.confirmed")]
    assert outcomes == [False, True]


async def test_a_lone_pharmacist_waits_a_day(house: House) -> None:
    """With a document, and beginning a day later: time for somebody else to object."""
    care = await a_care(house)
    begins = care.now + DAY + 1_000_000

    await care.propose_evidence(not_before_us=begins, not_after_us=begins + 30 * DAY)
    await care.confirm()
    await care.accept()

    assert care.row().state is DelegationState.CONFIRMED
    refused = await care.claire.refused(
        frames.ClaimKeyPackages, conversation=care.conversation, person=care.sophie.person
    )
    assert refused.code == "E_PERIOD"


async def test_a_mandate_on_paper_is_for_a_patient_without_a_device(house: House) -> None:
    """Whoever has one signs there: paper beside it would be a second hand nobody can check."""
    care = await a_care(house)
    paper = {"mandate": Mandate.PAPER, "grantor_aik": b"", "evidence": bytes(32)}

    refused = await care.claire.refused(frames.ProposeDelegation, **care.proposal(**paper))

    assert refused.code == "E_LEGAL_BASIS"


async def test_a_patient_without_a_device_is_acted_for_by_two_pharmacists_word(
    house: House,
) -> None:
    """Nobody of theirs is in the group; the paper, two pharmacists and the carer's yes are."""
    care = await a_care(house)
    hugo = await house.peer("hugo", packages=2)
    care.conversation = await care.claire.create()
    await care.claire.add(care.conversation, "hugo")
    await care.propose(by=care.claire, mandate=Mandate.PAPER, grantor_aik=b"")
    await care.confirm()
    await care.confirm(hugo)
    await care.accept()
    await care.claire.settle()

    rows = await care.claire.claim(care.conversation, "sophie")
    await care.claire.ok(frames.Commit, **care.admission(care.claire, rows))
    await care.sophie.push(frames.WelcomePush)

    assert isinstance(await care.write(), Ok)


@pytest.mark.parametrize(
    ("basis", "scopes", "mandate", "allowed"),
    [
        (LegalBasis.PATIENT_MANDATE, (READ, SEND), Mandate.DEVICE, True),
        (LegalBasis.PATIENT_MANDATE, (READ, Scope.DECIDE_ASSIST), Mandate.DEVICE, True),
        (LegalBasis.PATIENT_MANDATE, (READ, Scope.DECIDE_FINAL), Mandate.DEVICE, False),
        (LegalBasis.TRUSTED_PERSON, (READ, SEND), Mandate.DEVICE, True),
        (LegalBasis.TRUSTED_PERSON, (READ, Scope.DECIDE_ASSIST), Mandate.DEVICE, False),
        (LegalBasis.GUARDIANSHIP_PERSON, (READ, Scope.DECIDE_FINAL), Mandate.EVIDENCE, True),
        (LegalBasis.GUARDIANSHIP_PERSON, (READ, SEND), Mandate.DEVICE, False),
        (LegalBasis.CURATORSHIP, (READ, Scope.DECIDE_ASSIST), Mandate.EVIDENCE, True),
        (LegalBasis.CURATORSHIP, (READ, Scope.DECIDE_FINAL), Mandate.EVIDENCE, False),
        (LegalBasis.PARENTAL_AUTHORITY, (READ, SEND), Mandate.EVIDENCE, True),
        (LegalBasis.FAMILY_HABILITATION_REPRESENTATION, (READ, SEND), Mandate.EVIDENCE, True),
        (LegalBasis.FUTURE_PROTECTION_MANDATE, (READ, SEND), Mandate.EVIDENCE, True),
    ],
)
async def test_the_legal_basis_decides_for_what_and_by_whose_hand(
    house: House, basis: LegalBasis, scopes: tuple[Scope, ...], mandate: Mandate, allowed: bool
) -> None:
    """A matrix of law: what is not in it is refused."""
    care = await a_care(house)
    by = care.jean if mandate is Mandate.DEVICE else care.claire
    changes = {} if mandate is Mandate.DEVICE else dict(EVIDENCE)
    changes |= {"legal_basis": basis, "scopes": scopes, "mandate": mandate}

    answer = await by.ask(frames.ProposeDelegation, **care.proposal(**changes))

    assert isinstance(answer, Ok) is allowed
    assert isinstance(answer, Ok) or answer.code == "E_LEGAL_BASIS"


# Accepted


async def test_who_accepts_is_told_of_the_conversation(house: House) -> None:
    """Its people and where it stands; not yet a device in it."""
    care = await a_care(house)
    await care.propose()
    await care.confirm()
    await settle(care)

    await care.accept()

    state = (await care.sophie.push(frames.ConversationPush)).conversation
    assert (state.id, state.joined) == (care.conversation, False)
    assert {one.role for one in state.members} == {"pharmacist", "patient", "carer"}
    assert not any(one.key_packages for one in state.members)
    view = await next_delegation(care.jean, "confirmed")
    assert view.acceptance == care.record().acceptance


async def test_the_pharmacy_is_asked_to_let_the_carer_in(house: House) -> None:
    """One device at a time; a carer never."""
    care = await a_care(house)
    await care.propose()
    await care.confirm()
    await settle(care)

    await care.accept()
    due = await care.claire.push(frames.CommitDuePush)

    assert due == frames.CommitDuePush(conversation=care.conversation, epoch=1)
    await care.jean.settle()
    assert not [one for one in care.jean.pushes if isinstance(one, frames.CommitDuePush)]
    house.clock.turn(2)
    house.hub.committers.sweep()
    assert await care.jean.push(frames.CommitDuePush) == due


async def test_nobody_is_asked_to_add_a_carer_without_key_packages(house: House) -> None:
    """Once the carer's device has published some, somebody is."""
    care = await a_care(house)
    house.run("DELETE FROM key_package")
    await care.propose()
    await care.confirm()
    await care.accept()
    assert len(house.hub.committers) == 0

    await care.sophie.ok(frames.PublishKeyPackages, packages=care.sophie.key_packages())

    assert (await care.claire.push(frames.CommitDuePush)).conversation == care.conversation
    assert len(house.hub.committers) == 1


async def test_the_same_acceptance_again_changes_nothing(house: House) -> None:
    """A retry after a lost answer; another one after it is refused."""
    care = await a_care(house)
    await care.propose()
    await care.confirm()
    fields = care.acceptance()
    await care.sophie.ok(frames.AcceptDelegation, **fields)

    again = await care.sophie.ok(frames.AcceptDelegation, **fields)
    other = await care.sophie.refused(
        frames.AcceptDelegation, **care.acceptance(duties_hash=bytes(32))
    )

    assert again.receipt is None
    assert other.code == "E_DUPLICATE_DELEGATION"
    assert len(care.entries("delegation.accepted")) == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"key": "jean"}, "E_SIGNATURE", id="signed-by-the-patient"),
        pytest.param({"delegation_hash": bytes(32)}, "E_NOT_ACCEPTED", id="another-text"),
        pytest.param({"at_us": 1}, "E_CLOCK", id="long-ago"),
    ],
)
async def test_a_false_acceptance_accepts_nothing(
    house: House, changes: dict[str, Any], code: str
) -> None:
    """The carer's own word, on this very document, now."""
    care = await a_care(house)
    await care.propose()
    await care.confirm()
    said = dict(changes)
    if "key" in said:
        said["key"] = care.account(said["key"]).key

    refused = await care.sophie.refused(frames.AcceptDelegation, **care.acceptance(**said))

    assert refused.code == code
    assert care.row().accepted_at is None


async def test_what_is_not_confirmed_is_not_there_for_the_carer(house: House) -> None:
    """Its id answers like any other: nobody learns by guessing that they were named."""
    care = await a_care(house)
    await care.propose()

    named = await care.sophie.refused(frames.AcceptDelegation, **care.acceptance())
    guessed = await care.sophie.refused(
        frames.AcceptDelegation, **care.acceptance() | {"delegation": str(uuid.uuid4())}
    )

    assert _without_id(named) == _without_id(guessed)
    assert named.code == "E_NOT_FOUND"
    assert house.refusals() == []


def _without_id(refused: RefusedFrame) -> dict[str, Any]:
    fields = {name: getattr(refused, name) for name in refused.__struct_fields__}
    return {name: value for name, value in fields.items() if name != "id"}
