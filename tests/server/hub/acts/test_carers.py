"""Whom a patient may name: relatives the pharmacy knows, and whoever told them a code."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

from crypto.policy.vocabulary import Role
from server.domain.people import Person
from server.hub.rates import RateSettings
from signaling import frames
from tests.server.house import PEOPLE, House, Peer, a_house

JEAN, SOPHIE, ROSE = PEOPLE["jean"], PEOPLE["sophie"], PEOPLE["rose"]


async def code_of(peer: Peer) -> str:
    """Return the code that a carer's screen shows."""
    code: str = ((await peer.ok(frames.AskCarerCode)).result or {})["code"]
    return code


def unrelated(house: House) -> None:
    """Have nobody know anybody."""
    house.run("DELETE FROM relation")


def relations(house: House) -> set[tuple[str, str]]:
    """Return who may be named by whom."""
    return {tuple(row) for row in house.rows("SELECT patient, carer FROM relation")}


async def test_a_patient_sees_the_carers_they_may_name(house: House) -> None:
    """With the account key's certificate: empty for one who never signed in."""
    jean = await house.peer("jean")
    other = Person(str(uuid.uuid4()), JEAN.tenant, Role.CARER)
    with house.database.write() as tx:
        tx.people.enrol(other, "Alain Lefèvre")
        tx.carers.relate(JEAN.id, other.id, 1)
        tx.seal()

    done = await jean.ok(frames.ListCarers)

    assert (done.result or {})["carers"] == [
        {"person": other.id, "name": "Alain Lefèvre", "certificate": b""},
        {
            "person": SOPHIE.id,
            "name": "Sophie Lefèvre",
            "certificate": house.accounts[SOPHIE.id].identity,
        },
    ]


async def test_the_staff_see_the_carers_of_a_patient(house: House) -> None:
    """For a mandate on paper: of the pharmacy's own patients alone."""
    lea = await house.peer("lea")

    done = await lea.ok(frames.ListCarers, patient=JEAN.id)
    strange = await lea.refused(frames.ListCarers, patient=ROSE.id)
    nobody = await lea.refused(frames.ListCarers, patient=str(uuid.uuid4()))
    unsaid = await lea.refused(frames.ListCarers)

    assert [one["person"] for one in (done.result or {})["carers"]] == [SOPHIE.id]
    assert {one.code for one in (strange, nobody, unsaid)} == {"E_TENANT"}
    assert strange.text == nobody.text


async def test_a_patient_asks_for_themselves_alone(house: House) -> None:
    """Another patient's carers are nobody's business."""
    jean = await house.peer("jean")

    refused = await jean.refused(frames.ListCarers, patient=ROSE.id)
    own = await jean.ok(frames.ListCarers, patient=JEAN.id)

    assert refused.code == "E_TENANT"
    assert len((own.result or {})["carers"]) == 1


async def test_a_carer_has_no_list(house: House) -> None:
    """Whose carer one could be is the patients' to say."""
    sophie = await house.peer("sophie")

    assert (await sophie.refused(frames.ListCarers)).code == "E_ROLE"


async def test_a_carers_code_makes_them_one_to_be_named(house: House) -> None:
    """Told across the table, typed by the patient; in the log, and the patient sees it there."""
    unrelated(house)
    jean, sophie = await house.peer("jean"), await house.peer("sophie")
    code = await code_of(sophie)

    done = await jean.ok(frames.LinkCarer, code=code)

    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}", code)
    assert ((done.result or {})["carer"])["person"] == SOPHIE.id
    assert relations(house) == {(JEAN.id, SOPHIE.id)}
    (entry,) = house.entries()
    assert (entry["type"], entry["subject"]) == ("carer.linked", JEAN.id)
    assert entry["outcome"] == {"carer": SOPHIE.id}
    assert code.replace("-", "") not in str(entry)


async def test_a_code_is_used_once(house: House) -> None:
    """Then the carer's screen shows another."""
    unrelated(house)
    jean, sophie = await house.peer("jean"), await house.peer("sophie")
    code = await code_of(sophie)
    await jean.ok(frames.LinkCarer, code=code)

    again = await jean.refused(frames.LinkCarer, code=code)

    assert again.code == "E_CARER_CODE"
    assert await code_of(sophie) != code


async def test_a_code_stays_while_nobody_used_it(house: House) -> None:
    """Asked for again it is the same, and leaves no second entry."""
    sophie = await house.peer("sophie")

    first, second = await code_of(sophie), await code_of(sophie)

    assert first == second
    made = [e for e in house.entries(log="technical") if e["type"] == "carer.code_made"]
    assert len(made) == 1


async def test_a_code_is_read_as_people_write_it(house: House) -> None:
    """Without the hyphen, and with the letters that stand for digits."""
    unrelated(house)
    jean = await house.peer("jean")
    with house.database.write() as tx:
        tx.carers.code(SOPHIE.id, "0101AB2345")

    await jean.ok(frames.LinkCarer, code="OIOLAB-2345")

    assert relations(house) == {(JEAN.id, SOPHIE.id)}


async def test_a_wrong_code_is_refused_and_logged(house: House) -> None:
    """And nothing changes, the right one least of all."""
    unrelated(house)
    jean, sophie = await house.peer("jean"), await house.peer("sophie")
    code = await code_of(sophie)

    refused = await jean.refused(frames.LinkCarer, code="AAAAA-AAAAA")

    assert refused.code == "E_CARER_CODE"
    assert relations(house) == set()
    assert await code_of(sophie) == code
    rules = [one["decision"]["rule"] for one in house.refusals(log="technical")]
    assert rules == ["E_CARER_CODE"]


async def test_a_code_of_another_pharmacys_carer_is_no_code(house: House) -> None:
    """It answers like one that never was, and is not used up."""
    rose, sophie = await house.peer("rose"), await house.peer("sophie")
    code = await code_of(sophie)

    refused = await rose.refused(frames.LinkCarer, code=code)

    assert refused.code == "E_CARER_CODE"
    assert await code_of(sophie) == code


async def test_only_patients_type_codes_and_only_carers_have_them(house: House) -> None:
    """The pharmacy does not choose a patient's carers."""
    claire, jean = await house.peer("claire"), await house.peer("jean")

    typed = await claire.refused(frames.LinkCarer, code="AAAAA-AAAAA")
    asked = await jean.refused(frames.AskCarerCode)

    assert (typed.code, asked.code) == ("E_ROLE", "E_ROLE")


async def test_codes_are_not_tried_one_after_the_other(home: Path) -> None:
    """Ten an hour for one person, on however many devices."""
    async with a_house(home, rates=RateSettings()) as house:
        one, two = await house.peer("jean"), await house.peer("jean")
        tries = [
            await peer.refused(frames.LinkCarer, code=f"AAAAA-AAAA{n}")
            for peer in (one, two)
            for n in range(6)
        ]

    assert [one.code for one in tries] == ["E_CARER_CODE"] * 10 + ["E_RATE"] * 2
