"""A carer sees ONE conversation: that there are others cannot be told from anything they get."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from crypto.policy.vocabulary import Role
from server.domain.rules import RULES, Standing
from signaling import frames
from signaling.frames import RefusedFrame
from tests.server.delegations import CALL, READ, SEND, Care, a_care, a_carer, settle
from tests.server.house import PEOPLE, House, Peer
from tests.server.hub.test_gate import decoded
from tests.signaling.builders import KINDS

OF_CONVERSATIONS = sorted(
    kind
    for kind in KINDS
    if (frame := type(decoded(kind))) in RULES
    and RULES[frame].standing is not Standing.NONE
    and Role.CARER in RULES[frame].roles
)


async def an_aside(care: Care) -> tuple[str, Peer]:
    """The patient speaks alone with the pharmacy: another conversation, on the same device."""
    second = await care.house.peer("jean", packages=2)
    aside = await care.claire.create(conversation_kind="private_aside")
    await care.claire.add(aside, "jean")
    await second.push(frames.WelcomePush)
    return aside, second


def shape(refused: RefusedFrame) -> dict[str, Any]:
    """Return all that an answer says but which frame it answers."""
    fields = {name: getattr(refused, name) for name in refused.__struct_fields__}
    return {name: value for name, value in fields.items() if name != "id"}


@pytest.mark.parametrize("kind", OF_CONVERSATIONS)
async def test_every_frame_about_another_conversation_answers_like_a_random_id(
    house: House, kind: str
) -> None:
    """The patient's aside, their other thread, and an id that nobody has: one answer."""
    care = await a_carer(house, scopes=(READ, SEND, CALL))
    aside, _ = await an_aside(care)
    other = await care.claire.create(patient="jean", conversation_kind="care_thread")
    frame = decoded(kind)
    fields = {name: getattr(frame, name) for name in frame.__struct_fields__ if name != "id"}

    answers = [
        await care.sophie.refused(type(frame), **fields | {"conversation": one})
        for one in (aside, other, str(uuid.uuid4()))
    ]

    assert shape(answers[0]) == shape(answers[1]) == shape(answers[2])
    expected = "call.not_member" if kind.startswith("call.") else "E_NOT_FOUND"
    assert answers[0].code == expected
    assert house.refusals() == []


async def test_nothing_of_an_aside_is_pushed_to_the_carer(house: House) -> None:
    """Founding, admitting, writing, reading, calling, removing: not a byte, not a ping."""
    care = await a_carer(house, scopes=(READ, SEND, CALL))
    aside, second = await an_aside(care)
    call = str(uuid.uuid4())

    await second.say(aside, epoch=1)
    await second.ok(frames.AdvanceCursor, conversation=aside, delivered=2, read=2)
    await care.claire.ok(frames.OpenCall, conversation=aside, call=call)
    await care.claire.ok(frames.RingCall, conversation=aside, call=call, persons=[care.jean.person])
    await care.jean.ok(frames.PublishKeyPackages, packages=care.jean.key_packages(2))
    await second.ok(frames.RetireDevice, statement=second.mls.revocation(second.device))

    await care.sophie.nothing_but_pong()


async def test_hello_tells_a_carer_one_conversation(house: House) -> None:
    """Its people, its call; and of delegations their own."""
    care = await a_carer(house, scopes=(READ, CALL))
    aside, second = await an_aside(care)
    call = str(uuid.uuid4())
    await care.claire.ok(frames.OpenCall, conversation=aside, call=call)

    back = await house.peer("sophie", device=care.sophie.device)

    assert [one["id"] for one in back.welcomed["conversations"]] == [care.conversation]
    assert [one["id"] for one in back.welcomed["delegations"]] == [care.delegation]
    assert back.welcomed["calls"] == []
    assert second.device != care.jean.device


async def test_the_patients_stock_of_packages_is_not_the_carers_to_see(house: House) -> None:
    """It goes down when some conversation takes one: in a carer's view it is never there."""
    care = await a_carer(house)
    hugo = await house.peer("hugo", packages=1)
    await settle(care)
    house.run(
        "INSERT INTO member (conversation, person, role, position) VALUES "
        f"('{care.conversation}', '{hugo.person}', 'pharmacist', 9)"
    )
    await care.claire.ok(frames.Commit, **care.claire.mls.a_commit(care.conversation))

    seen = (await care.sophie.push(frames.ConversationPush)).conversation
    full = (await care.claire.push(frames.ConversationPush)).conversation

    assert [one.key_packages for one in seen.members] == [False] * 4
    assert [one.key_packages for one in full.members].count(True) == 1


async def test_a_carer_is_told_of_nobodys_packages(house: House) -> None:
    """They can add nobody; and when a patient's arrive is not theirs to time."""
    care = await a_carer(house)
    house.run(f"DELETE FROM admission WHERE person = '{care.jean.person}'")

    await care.jean.ok(frames.PublishKeyPackages, packages=care.jean.key_packages())

    assert (await care.claire.push(frames.KeyPackagesPush)).person == care.jean.person
    await care.sophie.nothing_but_pong()


async def test_a_second_carer_is_not_told_that_a_third_is_expected(house: House) -> None:
    """Who may come is between the patient and the pharmacy; who is there is seen by all."""
    care = await a_care(house)
    await care.agree()
    await care.admit()
    first = care.delegation
    await settle(care)
    marie = _another_carer(house, care)
    await care.propose(grantee=marie.bytes, grantee_aik=bytes(range(1, 33)))
    await care.confirm()

    full = (await care.jean.push(frames.ConversationPush)).conversation

    assert str(marie) in {one.person for one in full.members}
    await care.sophie.nothing_but_pong()
    back = await house.peer("sophie", device=care.sophie.device)
    (summary,) = back.welcomed["conversations"]
    assert str(marie) not in {one["person"] for one in summary["members"]}
    assert [one["id"] for one in back.welcomed["delegations"]] == [first]


def _another_carer(house: House, care: Care) -> uuid.UUID:
    """Enrol a second carer whom the patient knows, with an account key."""
    from server.domain.identity import IssuedIdentity
    from server.domain.people import Person

    person = Person(str(uuid.uuid4()), PEOPLE["jean"].tenant, Role.CARER)
    with house.database.write() as tx:
        tx.people.enrol(person, "Marie Lefèvre")
        tx.carers.relate(care.jean.person, person.id, 1)
        tx.certificates.issue(
            IssuedIdentity(
                person=person.id,
                aik=bytes(range(1, 33)),
                certificate=b"certificate",
                tenant=person.tenant,
                index=0,
                issued_at=1,
            )
        )
        tx.seal()
    return uuid.UUID(person.id)


@pytest.mark.parametrize("named", ["by-nobody", "proposed", "withdrawn-before-they-knew"])
async def test_who_was_not_told_finds_what_a_stranger_finds(house: House, named: str) -> None:
    """Being named changes nothing for a carer until a pharmacist has confirmed it."""
    care = await a_care(house)
    if named != "by-nobody":
        await care.propose()
    if named == "withdrawn-before-they-knew":
        await care.end()

    there = await care.sophie.refused(frames.AskGroupInfo, conversation=care.conversation)
    nowhere = await care.sophie.refused(frames.AskGroupInfo, conversation=str(uuid.uuid4()))

    assert shape(there) == shape(nowhere)
    assert there.code == "E_NOT_FOUND"


async def test_between_yes_and_admission_a_carer_stands_nowhere(house: House) -> None:
    """They know where they are expected; until they are in, it answers like any id."""
    care = await a_care(house)
    await care.agree()

    refused = await care.sophie.refused(frames.AskGroupInfo, conversation=care.conversation)

    assert refused.code == "E_NOT_FOUND"


async def test_an_ended_session_does_not_tell_one_id_from_another(house: House) -> None:
    """The one word that is left is the same for an aside and for a random id."""
    care = await a_carer(house)
    aside, _ = await an_aside(care)
    answers = []
    for target in (aside, str(uuid.uuid4())):
        other = await house.peer("sophie")
        with house.database.write() as tx:
            tx.sessions.close_of(carer=care.sophie.person)
        house.run(f"UPDATE delegation SET state = 'revoked', ended_at = {care.now}")
        answers.append(await other.refused(frames.AskGroupInfo, conversation=target))

    assert shape(answers[0]) == shape(answers[1])
