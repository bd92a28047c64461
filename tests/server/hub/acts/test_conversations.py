"""Founding a conversation is the pharmacist's; the log keeps why without telling it."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from crypto.policy.vocabulary import Role
from server.domain.audit import commitment
from server.domain.people import Person
from signaling import frames
from tests.server.house import PEOPLE, House, Peer


def a_start(founder: Peer, **changes: Any) -> dict[str, Any]:
    """Return the fields of a conversation.create for Jean."""
    conversation = str(uuid.uuid4())
    fields: dict[str, Any] = {
        "conversation": conversation,
        "conversation_kind": "remote_dispensation",
        "patient": PEOPLE["jean"].id,
        "motive": "age",
        "group_info": founder.group_info(conversation),
    }
    return fields | changes


def founded(house: House) -> int:
    """Count the conversations that stand in the database."""
    return int(house.rows("SELECT count(*) FROM conversation")[0][0])


@pytest.mark.parametrize("kind", ["remote_dispensation", "care_thread"])
@pytest.mark.parametrize("forger", ["lea", "jean", "sophie", "nadia", "marc", "ines"])
async def test_only_a_pharmacist_starts_a_conversation(
    house: House, forger: str, kind: str
) -> None:
    """There is no start button for anyone else, and a forged frame is refused E_ROLE."""
    peer = await house.peer(forger)

    refused = await peer.refused(frames.CreateConversation, **a_start(peer, conversation_kind=kind))

    assert (refused.code, refused.retry) == ("E_ROLE", "never")
    assert founded(house) == 0


async def test_another_pharmacys_patient_and_nobody_answer_alike(house: House) -> None:
    """Else the answer would tell who is a patient where."""
    claire = await house.peer("claire")

    elsewhere = await claire.refused(
        frames.CreateConversation, **a_start(claire, patient=PEOPLE["rose"].id)
    )
    nobody = await claire.refused(
        frames.CreateConversation, **a_start(claire, patient=str(uuid.uuid4()))
    )

    assert elsewhere.code == nobody.code == "E_TENANT"
    assert (elsewhere.text, elsewhere.retry) == (nobody.text, nobody.retry)
    assert founded(house) == 0


@pytest.mark.parametrize("whom", ["hugo", "sophie", "claire", "marc"])
async def test_a_dispensation_is_for_a_patient(house: House, whom: str) -> None:
    """A colleague, a carer or oneself is no patient of this pharmacy."""
    claire = await house.peer("claire")

    refused = await claire.refused(
        frames.CreateConversation, **a_start(claire, patient=PEOPLE[whom].id)
    )

    assert refused.code == "E_TENANT"


async def test_a_taken_id_is_refused(house: House) -> None:
    """Another patient, another founder or another pharmacy: the id is taken, and that is all."""
    claire, hugo, paul = [await house.peer(slug) for slug in ("claire", "hugo", "paul")]
    start = a_start(claire)
    await claire.ok(frames.CreateConversation, **start)

    answers = [
        await claire.refused(frames.CreateConversation, **(start | {"motive": "health"})),
        await hugo.refused(frames.CreateConversation, **start),
        await paul.refused(frames.CreateConversation, **(start | {"patient": PEOPLE["rose"].id})),
    ]

    assert {answer.code for answer in answers} == {"E_ID_REUSED"}
    assert founded(house) == 1


async def test_a_start_sent_again_returns_its_receipt(house: House) -> None:
    """A lost answer founds nothing twice: the same proof of the same entry comes back."""
    claire = await house.peer("claire")
    start = a_start(claire)

    first = await claire.ok(frames.CreateConversation, **start)
    again = await claire.ok(frames.CreateConversation, **start)

    assert first.receipt is not None
    assert again.receipt is not None
    assert again.receipt.entry == first.receipt.entry
    claire.verify(again)
    assert again.result == first.result
    assert [entry["type"] for entry in house.entries()] == ["dispensation.started"]


async def test_the_log_keeps_the_motive_as_a_salted_commitment(house: House) -> None:
    """Four motives could be tried by anyone: the entry says none, the stored salt opens it."""
    claire = await house.peer("claire")

    done = await claire.ok(frames.CreateConversation, **a_start(claire, motive="location"))

    entry = claire.verify(done).entry
    ((salt,),) = house.rows("SELECT motive_salt FROM conversation")
    assert b"location" not in entry
    assert json.loads(entry)["commitments"] == {"motive": commitment(salt, "location")}
    assert len(salt) == 32


async def test_two_conversations_of_one_motive_do_not_look_alike(house: House) -> None:
    """Each has its own salt: equal motives cannot be told from the log."""
    claire = await house.peer("claire")

    await claire.create()
    await claire.create()

    first, second = [entry["commitments"]["motive"] for entry in house.entries()]
    assert first != second


async def test_a_founded_conversation_has_its_founder_in_and_its_patient_invited(
    house: House,
) -> None:
    """Both are told; the founder's device is in the group, the patient's not yet."""
    claire, jean = await house.peer("claire"), await house.peer("jean")

    conversation = await claire.create()

    hers = (await claire.push(frames.ConversationPush)).conversation
    his = (await jean.push(frames.ConversationPush)).conversation
    assert (hers.joined, his.joined) == (True, False)
    assert hers.members == his.members
    assert [(m.person, m.name, m.state) for m in hers.members] == [
        (claire.person, "Claire Morel", "joined"),
        (jean.person, "Jean Lefèvre", "invited"),
    ]
    assert hers.id == conversation


async def test_what_is_no_group_info_founds_nothing(house: House) -> None:
    """The group's state must be what its format says."""
    claire = await house.peer("claire")

    refused = await claire.refused(
        frames.CreateConversation, **a_start(claire, group_info=claire.key_packages()[0])
    )

    assert refused.code == "E_MALFORMED"
    assert founded(house) == 0


async def test_patients_stand_in_the_neutral_order(house: House) -> None:
    """By family name, accents and case aside (red line R1): nobody is put forward."""
    names = ["Zoé Élan", "Anna Eland", "émile elan", "Bob Zola", "Éva Abel"]
    with house.database.write() as tx:
        for name in names:
            tx.people.enrol(Person(str(uuid.uuid4()), "990000001", Role.PATIENT), name)
    claire = await house.peer("claire")

    listed = await claire.ok(frames.ListPatients)

    assert [row["name"] for row in (listed.result or {})["patients"]] == [
        "Éva Abel",
        "émile elan",
        "Zoé Élan",
        "Anna Eland",
        "Jean Lefèvre",
        "Bob Zola",
    ]


async def test_patients_are_never_those_of_another_pharmacy(house: House) -> None:
    """Each pharmacy sees its own, and whether they can be reached."""
    claire, paul = await house.peer("claire"), await house.peer("paul")
    await house.peer("jean", packages=1)

    ours, theirs = await claire.ok(frames.ListPatients), await paul.ok(frames.ListPatients)

    assert ours.result == {
        "patients": [{"person": PEOPLE["jean"].id, "name": "Jean Lefèvre", "reachable": True}]
    }
    assert theirs.result == {
        "patients": [{"person": PEOPLE["rose"].id, "name": "Rose Martin", "reachable": False}]
    }


@pytest.mark.parametrize("who", ["jean", "sophie", "nadia", "marc", "ines"])
async def test_the_list_of_patients_is_for_the_staff(house: House, who: str) -> None:
    """Nobody else learns who is a patient here."""
    peer = await house.peer(who)

    refused = await peer.refused(frames.ListPatients)

    assert refused.code == "E_ROLE"
