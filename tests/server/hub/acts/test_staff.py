"""The owner's word on who is of the staff: nobody else's counts, the operator's least of all."""

from __future__ import annotations

from typing import Any

import pytest

from crypto.suites import SUITES
from signaling import frames
from tests.server.accounts import a_new_account, an_account
from tests.server.house import NOON, PEOPLE, SECONDS, House

SUITE = SUITES[1]
OTHER = SUITE.signing_key(a_new_account(PEOPLE["claire"]).seed)


def uncertify(house: House, slug: str) -> None:
    """Have somebody of the staff wait for the owner's word."""
    person = PEOPLE[slug]
    house.run(f"DELETE FROM staff_certificate WHERE person = '{person.id}'")
    known = house.accounts[person.id]
    house.accounts[person.id] = an_account(person, identity=known.identity)


def words(house: House) -> list[Any]:
    """Return every word that the owners gave."""
    return house.rows("SELECT person, aik, certificate FROM staff_certificate ORDER BY person")


async def test_the_staff_are_listed_with_who_waits(house: House) -> None:
    """By name; the certificate is empty for the owner and whoever waits."""
    uncertify(house, "lea")
    hugo = await house.peer("hugo")

    rows = ((await hugo.ok(frames.ListStaff)).result or {})["staff"]

    assert [(one["name"], one["role"], one["profession"]) for one in rows] == [
        ("Claire Morel", "pharmacist", "owner"),
        ("Hugo Petit", "pharmacist", "deputy"),
        ("Léa Roux", "technician", ""),
    ]
    assert [bool(one["certificate"]) for one in rows] == [True, True, True]
    assert [bool(one["staff"]) for one in rows] == [False, True, False]


async def test_only_pharmacists_see_the_list(house: House) -> None:
    """It is theirs to act on."""
    for slug in ("lea", "jean", "sophie"):
        peer = await house.peer(slug)
        assert (await peer.refused(frames.ListStaff)).code == "E_ROLE"


async def test_the_owner_certifies_an_account_key(house: House) -> None:
    """From then on it is of the staff; those who meet them are told, and the log says so."""
    uncertify(house, "hugo")
    claire, hugo = await house.peer("claire"), await house.peer("hugo")
    certificate = claire.account.staff_certificate(hugo.account)

    await claire.ok(frames.CertifyStaff, certificate=certificate)

    assert (await hugo.push(frames.IdentityPush)).person == hugo.person
    again = await house.peer("hugo", device=hugo.device)
    assert again.welcomed["staff"] == certificate
    (entry,) = [e for e in house.entries(everything=True) if e["type"] == "staff.certified"]
    assert entry["outcome"]["person"] == hugo.person


async def test_the_same_word_again_changes_nothing(house: House) -> None:
    """No second entry."""
    claire = await house.peer("claire")
    certificate = house.accounts[PEOPLE["hugo"].id].staff

    again = await claire.ok(frames.CertifyStaff, certificate=certificate)

    assert again.receipt is None


@pytest.mark.parametrize(
    ("change", "code", "reason"),
    [
        pytest.param({"key": OTHER}, "E_SIGNATURE", None, id="not-the-owners-signature"),
        pytest.param({"pharmacy": "990000002"}, "E_IDENTITY", "wrong_pharmacy", id="elsewhere"),
        pytest.param(
            {"deployment": "x"}, "E_IDENTITY", "wrong_deployment", id="another-deployment"
        ),
        pytest.param({"role": "technician"}, "E_IDENTITY", "wrong_role", id="another-role"),
        pytest.param({"aik": b"k" * 32}, "E_IDENTITY", "wrong_key", id="another-account-key"),
        pytest.param({"not_after_us": NOON}, "E_IDENTITY", "expired", id="over"),
        pytest.param(
            {"not_before_us": NOON + 121 * SECONDS}, "E_CLOCK", None, id="from-the-future"
        ),
        pytest.param({"person": bytes(16)}, "E_TENANT", None, id="nobody"),
    ],
)
async def test_a_false_word_is_refused_and_logged(
    house: House, change: dict[str, Any], code: str, reason: str | None
) -> None:
    """Of this pharmacy, this account key, this role, by the owner: else nothing changes."""
    claire = await house.peer("claire")
    before = words(house)
    false = claire.account.staff_certificate(house.accounts[PEOPLE["hugo"].id], **change)

    refused = await claire.refused(frames.CertifyStaff, certificate=false)

    assert (refused.code, refused.reason) == (code, reason)
    assert words(house) == before
    assert len(house.refusals(log="technical")) == 1


@pytest.mark.parametrize(
    ("slug", "code", "reason"),
    [
        pytest.param("jean", "E_ROLE", None, id="a-patient"),
        pytest.param("sophie", "E_ROLE", None, id="a-carer"),
        pytest.param("paul", "E_TENANT", None, id="another-pharmacys"),
        pytest.param("claire", "E_IDENTITY", "wrong_role", id="the-owner-herself"),
    ],
)
async def test_who_is_not_of_the_staff_is_not_certified(
    house: House, slug: str, code: str, reason: str | None
) -> None:
    """Whatever the owner signs."""
    claire = await house.peer("claire")
    false = claire.account.staff_certificate(house.accounts[PEOPLE[slug].id], role="pharmacist")

    refused = await claire.refused(frames.CertifyStaff, certificate=false)

    assert (refused.code, refused.reason) == (code, reason)


async def test_a_deputy_certifies_nobody(house: House) -> None:
    """The owner alone, whoever signed."""
    hugo, claire = await house.peer("hugo"), house.accounts[PEOPLE["claire"].id]
    lea = house.accounts[PEOPLE["lea"].id]

    refused = [
        await hugo.refused(frames.CertifyStaff, certificate=one)
        for one in (hugo.account.staff_certificate(lea), claire.staff_certificate(lea))
    ]

    assert [one.code for one in refused] == ["E_ROLE", "E_ROLE"]


async def test_staff_who_wait_found_nothing(house: House) -> None:
    """Who is not certified cannot be a member: a conversation of theirs would be refused by all."""
    uncertify(house, "hugo")
    hugo = await house.peer("hugo")
    conversation = "00000000-0000-4000-8000-00000000000a"

    refused = await hugo.refused(
        frames.CreateConversation,
        conversation=conversation,
        conversation_kind="remote_dispensation",
        patient=PEOPLE["jean"].id,
        motive="age",
        group_info=hugo.group_info(conversation),
    )

    assert refused.code == "E_STAFF_CERTIFICATE"
    assert house.rows("SELECT count(*) FROM conversation") == [(0,)]


async def test_a_certified_deputy_founds(house: House) -> None:
    """By the owner's word, and no other."""
    hugo = await house.peer("hugo")

    await hugo.create()
