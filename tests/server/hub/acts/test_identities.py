"""Account keys: certified once, in the log before anybody gets the certificate, told with proof."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

import msgspec
import pytest

from crypto.errors import CryptoError
from crypto.log.checkpoint import VerifierKey
from crypto.log.verify import verify_receipt
from crypto.policy.identity import Trust, verify_identity
from crypto.suites import SUITES
from signaling import frames
from tests.server.accounts import DEPLOYMENT, YEAR, Account, a_new_account, an_account
from tests.server.house import NOON, PEOPLE, House, Peer

SUITE = SUITES[1]
DAY_SECONDS = 24 * 3600


async def a_newcomer(house: House, slug: str = "jean") -> tuple[Peer, Account]:
    """A person whose account nobody knows any more, on a device of theirs, as at the first run."""
    person = PEOPLE[slug].id
    house.run(
        f"DELETE FROM identity_certificate WHERE person = '{person}'",
        f"DELETE FROM staff_certificate WHERE person = '{person}'",
    )
    house.accounts.pop(person, None)
    return await house.peer(slug), an_account(PEOPLE[slug])


def enrolled(house: House) -> list[Any]:
    """Return every account key that stands."""
    return house.rows("SELECT person, aik FROM identity_certificate WHERE revocation IS NULL")


async def test_a_first_device_enrols_the_account_key(house: House) -> None:
    """The authority says who this is and which key is theirs."""
    jean, account = await a_newcomer(house)

    done = await jean.ok(frames.EnrolIdentity, statement=account.enrolment())

    trust = Trust(DEPLOYMENT, jean.welcomed["authority"])
    certificate = verify_identity((done.result or {})["certificate"], trust)
    assert certificate.person == account.id
    assert (certificate.role, certificate.profession) == ("patient", "")
    assert certificate.aik == account.aik
    assert (certificate.not_before_us, certificate.not_after_us) == (NOON, NOON + 5 * YEAR)


async def test_a_pharmacists_certificate_says_which_pharmacist(house: House) -> None:
    """Owner, deputy or locum: of their own pharmacy's table, never of what they send."""
    hugo, account = await a_newcomer(house, "hugo")

    done = await hugo.ok(frames.EnrolIdentity, statement=account.enrolment())

    trust = Trust(DEPLOYMENT, hugo.welcomed["authority"])
    certificate = verify_identity((done.result or {})["certificate"], trust)
    assert (certificate.role, certificate.profession) == ("pharmacist", "deputy")


async def test_a_certificate_is_in_the_log_before_it_is_told(house: House) -> None:
    """The answer's own receipt proves the entry that names it by its hash."""
    jean, account = await a_newcomer(house)

    done = await jean.ok(frames.EnrolIdentity, statement=account.enrolment())

    entry = msgspec.json.decode(jean.verify(done).entry)
    certificate = (done.result or {})["certificate"]
    assert entry["type"] == "identity.issued"
    assert entry["class"] == "care"
    assert entry["outcome"] == {"certificate": sha256(certificate)}
    assert entry["actor"]["person"] == entry["subject"] == jean.person


async def test_the_same_key_again_gets_the_same_certificate(house: House) -> None:
    """With the receipt of the first time, and no second entry."""
    jean, account = await a_newcomer(house)
    first = await jean.ok(frames.EnrolIdentity, statement=account.enrolment())
    before = len(house.entries(everything=True))

    again = await jean.ok(frames.EnrolIdentity, statement=account.enrolment())

    assert again.result == first.result
    assert again.receipt is not None
    assert first.receipt is not None
    assert again.receipt.entry == first.receipt.entry
    assert len(house.entries(everything=True)) == before


async def test_a_second_account_key_is_refused(house: House) -> None:
    """Nobody takes a person's place by signing in as them and bringing a key."""
    thief = await house.peer("jean", certified=False)
    before = enrolled(house)

    refused = await thief.refused(
        frames.EnrolIdentity, statement=a_new_account(PEOPLE["jean"]).enrolment()
    )

    assert refused.code == "E_IDENTITY_TAKEN"
    assert enrolled(house) == before
    assert [one["decision"]["rule"] for one in house.refusals(log="technical")] == [refused.code]


OTHER = SUITE.signing_key(a_new_account(PEOPLE["jean"]).seed)


@pytest.mark.parametrize(
    ("change", "code", "reason"),
    [
        pytest.param({"key": OTHER}, "E_SIGNATURE", None, id="not-signed-by-its-own-key"),
        pytest.param({"person": bytes(16)}, "E_IDENTITY", "wrong_person", id="another-person"),
        pytest.param(
            {"deployment": "elsewhere"}, "E_IDENTITY", "wrong_deployment", id="another-deployment"
        ),
        pytest.param(
            {"conversation": bytes(16)}, "E_IDENTITY", "wrong_deployment", id="of-a-conversation"
        ),
        pytest.param({"aik": bytes(32)}, "E_SIGNATURE", None, id="a-key-for-which-anybody-signs"),
    ],
)
async def test_a_false_enrolment_is_refused_and_logged(
    house: House, change: dict[str, Any], code: str, reason: str | None
) -> None:
    """Of oneself, here, and by whoever holds the key: else nothing is certified."""
    jean, account = await a_newcomer(house)
    before = enrolled(house)

    refused = await jean.refused(frames.EnrolIdentity, statement=account.enrolment(**change))

    assert (refused.code, refused.reason) == (code, reason)
    assert enrolled(house) == before
    assert len(house.refusals(log="technical")) == 1


async def test_two_people_do_not_share_an_account_key(house: House) -> None:
    """Else a patient would be their own carer."""
    jean, _ = await a_newcomer(house)
    sophies = an_account(PEOPLE["jean"], seed=an_account(PEOPLE["sophie"]).seed)

    refused = await jean.refused(frames.EnrolIdentity, statement=sophies.enrolment())

    assert (refused.code, refused.reason) == ("E_IDENTITY", "known_key")


async def test_what_is_no_enrolment_is_refused_without_an_entry(house: House) -> None:
    """A fault of form."""
    jean, _ = await a_newcomer(house)

    refused = await jean.refused(frames.EnrolIdentity, statement=b"\x01\x02")

    assert refused.code == "E_MALFORMED"
    assert house.refusals(log="technical") == []


@pytest.mark.parametrize("slug", ["marc", "ines", "nadia"])
async def test_those_who_hold_no_leaf_need_no_account_key(house: House, slug: str) -> None:
    """An officer and a courier are never in a group: they enrol nothing."""
    peer = await house.peer(slug)

    refused = await peer.refused(
        frames.EnrolIdentity, statement=an_account(PEOPLE[slug]).enrolment()
    )

    assert refused.code == "E_ROLE"
    assert peer.welcomed["identity"] == b""


async def test_near_its_end_the_same_key_gets_another_certificate(house: House) -> None:
    """A month before: with an entry of its own, so that clients believe it."""
    jean, account = await a_newcomer(house)
    first = await jean.ok(frames.EnrolIdentity, statement=account.enrolment())
    house.clock.turn((5 * 365 - 31) * DAY_SECONDS)
    early = await house.peer("jean")
    too_early = await early.ok(frames.EnrolIdentity, statement=account.enrolment())
    house.clock.turn(2 * DAY_SECONDS)
    late = await house.peer("jean")

    renewed = await late.ok(frames.EnrolIdentity, statement=account.enrolment())

    assert too_early.result == first.result
    trust = Trust(DEPLOYMENT, late.welcomed["authority"])
    certificate = verify_identity((renewed.result or {})["certificate"], trust)
    assert certificate.aik == account.aik
    assert certificate.not_before_us == house.clock.now()
    assert len(enrolled(house)) == 7


async def test_those_who_meet_a_person_are_told_that_they_enrolled(house: House) -> None:
    """The pharmacy's staff, and the carer of a patient; nobody of another pharmacy."""
    hugo, sophie = await house.peer("hugo"), await house.peer("sophie")
    paul = await house.peer("paul")
    jean, account = await a_newcomer(house)

    await jean.ok(frames.EnrolIdentity, statement=account.enrolment())

    for peer in (hugo, sophie):
        assert (await peer.push(frames.IdentityPush)).person == jean.person
    await paul.nothing_but_pong()


async def test_hello_tells_what_certificates_there_are(house: House) -> None:
    """One's own, the owner's, and the key of the authority that all of them hang on."""
    hugo = await house.peer("hugo", certified=False)
    before = hugo.welcomed
    await hugo.certify()
    again = await house.peer("hugo", device=hugo.device)

    owner = house.accounts[PEOPLE["claire"].id]
    assert before["identity"] == hugo.account.identity
    assert before["staff"] == hugo.account.staff != b""
    assert before["owner"] == owner.identity
    assert len(before["authority"]) == 32
    assert before["device_certificate"] == b""
    assert again.welcomed["device_certificate"] == hugo.mls.certificate


async def test_before_anybody_enrolled_hello_tells_none(house: House) -> None:
    """A first run: empty, and the client makes its key."""
    await a_newcomer(house, "claire")
    jean, _ = await a_newcomer(house)

    assert jean.welcomed["identity"] == jean.welcomed["owner"] == jean.welcomed["staff"] == b""


async def test_certificates_are_told_with_a_proof_that_they_are_in_the_log(house: House) -> None:
    """Whoever asks checks it with the key of the log: the hub's word is not enough."""
    jean = await house.peer("jean")

    done = await jean.ok(frames.ListIdentities, persons=[PEOPLE["hugo"].id])

    ((view,)) = (done.result or {})["identities"]
    hugo = house.accounts[PEOPLE["hugo"].id]
    assert (view["person"], view["name"], view["role"]) == (
        PEOPLE["hugo"].id,
        "Hugo Petit",
        "pharmacist",
    )
    assert (view["certificate"], view["staff"], view["revoked"]) == (
        hugo.identity,
        hugo.staff,
        b"",
    )
    key = VerifierKey.parse(jean.welcomed["logs"]["care"])
    proven = verify_receipt(view["receipt"]["proof"], key, view["receipt"]["entry"])
    entry = msgspec.json.decode(proven.entry)
    assert entry["type"] == "identity.issued"
    assert entry["outcome"]["certificate"] == sha256(hugo.identity)


async def test_a_proof_of_one_certificate_is_none_of_another(house: House) -> None:
    """What a client compares is the hash in the entry."""
    jean = await house.peer("jean")
    done = await jean.ok(frames.ListIdentities, persons=[PEOPLE["hugo"].id, PEOPLE["claire"].id])
    hugo, claire = (done.result or {})["identities"]
    key = VerifierKey.parse(jean.welcomed["logs"]["care"])

    with pytest.raises(CryptoError):
        verify_receipt(claire["receipt"]["proof"], key, hugo["receipt"]["entry"])


@pytest.mark.parametrize(
    ("asking", "about", "told"),
    [
        pytest.param("jean", "jean", True, id="oneself"),
        pytest.param("jean", "lea", True, id="staff-of-ones-pharmacy"),
        pytest.param("jean", "sophie", True, id="a-carer-one-may-name"),
        pytest.param("sophie", "jean", True, id="the-patient-of-a-carer"),
        pytest.param("lea", "jean", True, id="staff-ask-for-a-patient"),
        pytest.param("claire", "sophie", True, id="staff-ask-for-a-carer"),
        pytest.param("jean", "paul", False, id="staff-of-another-pharmacy"),
        pytest.param("claire", "rose", False, id="a-patient-of-another-pharmacy"),
        pytest.param("jean", "marc", False, id="an-officer"),
    ],
)
async def test_certificates_are_told_to_those_who_meet(
    house: House, asking: str, about: str, told: bool
) -> None:
    """Who may not be met is not in the answer, like a person that never was."""
    peer = await house.peer(asking)

    done = await peer.ok(
        frames.ListIdentities, persons=[PEOPLE[about].id, str(uuid.uuid4()), PEOPLE[about].id]
    )

    found = [view["person"] for view in (done.result or {})["identities"]]
    assert found == ([PEOPLE[about].id] if told else [])


async def test_a_stranger_patient_is_not_told(house: House) -> None:
    """Two patients of one pharmacy who share no conversation do not know each other."""
    house.run(f"DELETE FROM relation WHERE carer = '{PEOPLE['sophie'].id}'")
    jean = await house.peer("jean")

    done = await jean.ok(frames.ListIdentities, persons=[PEOPLE["sophie"].id])

    assert done.result == {"identities": []}


def sha256(data: bytes) -> str:
    """Return how entries name a certificate."""
    return hashlib.sha256(data).hexdigest()
