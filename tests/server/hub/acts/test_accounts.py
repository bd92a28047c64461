"""A lost account key: two different pharmacists, neither concerned, and the authority."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crypto.policy.conversation import ConversationPolicy
from crypto.policy.cosigned import CoSigned, check_account_revocation
from crypto.policy.identity import Trust
from crypto.policy.vocabulary import DelegationState
from crypto.suites import SUITES
from signaling import frames
from tests.server.accounts import DEPLOYMENT, a_new_account, an_account
from tests.server.delegations import a_carer, next_delegation
from tests.server.house import NOON, PEOPLE, SECONDS, House, Peer, a_house, a_pair
from tests.server.mls import policy_of

SUITE = SUITES[1]
DAY_SECONDS = 24 * 3600


def lost(peer: Peer, slug: str = "jean", **changes: Any) -> bytes:
    """Return a pharmacist's word that somebody's key is lost."""
    concerned = peer.house.accounts[PEOPLE[slug].id]
    at_us = changes.pop("at_us", NOON)
    return peer.account.account_revocation(concerned, at_us, **changes)


async def revoke(house: House, slug: str = "jean") -> tuple[Peer, Peer, bytes]:
    """Have two pharmacists revoke somebody's key; return them, and what both signed."""
    hugo, claire = await house.peer("hugo"), await house.peer("claire")
    await hugo.ok(frames.RevokeAccount, statement=lost(hugo, slug))
    done = await claire.ok(frames.RevokeAccount, statement=lost(claire, slug))
    signed: bytes = (done.result or {})["revocation"]
    return hugo, claire, signed


def standing(house: House, slug: str = "jean") -> int:
    """Count the account keys of a person that stand."""
    query = "SELECT count(*) FROM identity_certificate WHERE revocation IS NULL AND person = "
    ((count,),) = house.rows(query + f"'{PEOPLE[slug].id}'")
    return int(count)


async def test_one_pharmacists_word_waits(house: House) -> None:
    """Nothing changes for the person; the other pharmacists see what waits."""
    jean, hugo = await house.peer("jean"), await house.peer("hugo")
    statement = lost(hugo)

    done = await hugo.ok(frames.RevokeAccount, statement=statement)
    claire = await house.peer("claire")
    waiting = (await claire.ok(frames.ListRevocations)).result or {}

    assert done.result == {"state": "proposed"}
    assert waiting == {"waiting": [statement]}
    await jean.ok(frames.ListDevices)
    assert standing(house) == 1
    (entry,) = house.entries()
    assert (entry["type"], entry["subject"]) == ("account.revocation_proposed", jean.person)
    assert entry["outcome"] == {"person": jean.person, "reason": "lost"}


async def test_a_second_pharmacists_word_carries_it_out(house: House) -> None:
    """The key stands no more, and what proves it is signed by both and by the authority."""
    hugo, claire, signed = await revoke(house)

    owner = house.accounts[PEOPLE["claire"].id]
    policy = ConversationPolicy(
        conversation=bytes(16),
        kind="care_thread",
        pharmacy="990000001",
        owner_aik=owner.aik,
        patient=house.accounts[PEOPLE["jean"].id].id,
    )
    trust = Trust(DEPLOYMENT, claire.welcomed["authority"])
    said = check_account_revocation(signed, policy=policy, trust=trust, at_us=NOON)
    assert not isinstance(said, str)
    assert getattr(said, "aik", None) == house.accounts[PEOPLE["jean"].id].aik
    signers = [one.signer for one in CoSigned.decode(signed).signatures]
    assert signers == [hugo.account.id, claire.account.id, b""]
    assert standing(house) == 0
    assert (await claire.ok(frames.ListRevocations)).result == {"waiting": []}


async def test_a_revocation_is_in_the_log_and_told(house: House) -> None:
    """To those who meet the person: they ask for the certificates anew, and see what ended."""
    lea = await house.peer("lea")

    await revoke(house)

    assert (await lea.push(frames.IdentityPush)).person == PEOPLE["jean"].id
    types = [entry["type"] for entry in house.entries()]
    assert types == ["account.revocation_proposed", "account.revoked"]


async def test_all_devices_of_the_person_are_given_up(house: House) -> None:
    """Their sessions end, and in each group the hub demands their leaves, with both signatures."""
    claire, jean, conversation = await a_pair(house)
    hugo = await house.peer("hugo")
    await hugo.ok(frames.RevokeAccount, statement=lost(hugo))

    done = await claire.ok(frames.RevokeAccount, statement=lost(claire))

    assert await jean.closed() == 4403
    assert await house.hub.find_session(jean.session.key) is None
    event = await claire.event()
    while event.what != "proposal":
        event = await claire.event()
    received = claire.mls.groups[conversation].public.receive_proposal(
        event.body, now=claire.mls.now
    )
    assert received is not None
    ((why, statement, at),) = house.rows("SELECT why, statement, at_us FROM pending_remove")
    assert (why, at) == ("account", NOON)
    assert statement == (done.result or {})["revocation"]
    await claire.settle()
    await claire.ok(frames.Commit, **claire.mls.a_commit(conversation))
    assert len(claire.mls.groups[conversation].members()) == 1
    assert policy_of(claire.mls.groups[conversation]).patient_aik == jean.account.aik


async def test_afterwards_the_person_enrols_another_key(house: House) -> None:
    """On a new device; the lost key never stands again, and the notice is told with the new one."""
    _, claire, signed = await revoke(house)
    new = a_new_account(PEOPLE["jean"])
    old = an_account(PEOPLE["jean"])
    house.accounts.pop(PEOPLE["jean"].id)
    jean = await house.peer("jean", certified=False)

    refused = await jean.refused(frames.EnrolIdentity, statement=old.enrolment())
    await jean.ok(frames.EnrolIdentity, statement=new.enrolment())

    assert (refused.code, refused.reason) == ("E_IDENTITY", "known_key")
    done = await claire.ok(frames.ListIdentities, persons=[jean.person])
    ((view),) = (done.result or {})["identities"]
    assert view["revoked"] == signed
    certificate = new.device_certificate(jean.device, jean.signature_key)
    await jean.ok(frames.CertifyDevice, certificate=certificate)


async def test_what_a_carer_did_for_others_ends_with_the_lost_key(house: House) -> None:
    """Suspended at that instant, told to the patient, and out of the group by the same word."""
    care = await a_carer(house)
    hugo = await house.peer("hugo")
    await hugo.ok(frames.RevokeAccount, statement=lost(hugo, "sophie"))

    await care.claire.ok(frames.RevokeAccount, statement=lost(care.claire, "sophie"))

    assert care.row().state is DelegationState.SUSPENDED
    assert (await next_delegation(care.jean, "suspended")).id == care.delegation
    assert await care.sophie.closed() == 4403
    (entry,) = [e for e in care.entries() if e["type"] == "delegation.suspended"]
    assert (entry["decision"]["rule"], entry["subject"]) == ("account.revoke", care.jean.person)
    ((why, named),) = house.rows("SELECT why, delegation FROM pending_remove")
    assert (why, named) == ("account", b"")
    await care.carry_out(state=DelegationState.SUSPENDED)
    members = care.claire.mls.groups[care.conversation].members()
    assert len(members) == 2


async def test_what_hung_on_the_lost_key_is_gone(house: House) -> None:
    """The wrapped key, and who waited to be let in: of no use to anybody but a thief."""
    jean = await house.peer("jean")
    await jean.ok(frames.KeepRecovery, blob=b"wrapped")
    new = await house.peer("jean", certified=False)
    await new.ok(frames.AskLink, init_key=b"i" * 32)

    await revoke(house)

    assert house.rows("SELECT count(*) FROM recovery") == [(0,)]
    assert house.rows("SELECT count(*) FROM link_request") == [(0,)]


async def test_a_colleagues_lost_key_needs_the_owners_word_again(house: House) -> None:
    """The certificate was of the key, not of the person."""
    claire, lea = await house.peer("claire"), house.accounts[PEOPLE["lea"].id]
    hugo = await house.peer("hugo")
    await hugo.ok(frames.RevokeAccount, statement=lost(hugo, "lea"))
    await claire.ok(frames.RevokeAccount, statement=lost(claire, "lea"))
    new = a_new_account(lea.person)
    house.accounts.pop(lea.person.id)
    peer = await house.peer("lea", certified=False)

    await peer.ok(frames.EnrolIdentity, statement=new.enrolment())

    rows = ((await claire.ok(frames.ListStaff)).result or {})["staff"]
    assert {one["name"]: bool(one["staff"]) for one in rows}["Léa Roux"] is False


async def test_one_pharmacist_says_it_twice_and_it_still_waits(house: House) -> None:
    """On two devices, in two statements: it is one pair of eyes."""
    one, two = await house.peer("hugo"), await house.peer("hugo")
    await one.ok(frames.RevokeAccount, statement=lost(one))

    same = await two.ok(frames.RevokeAccount, statement=lost(two))
    other = await two.ok(frames.RevokeAccount, statement=lost(two, reason="stolen"))

    assert same.result == other.result == {"state": "proposed"}
    assert (same.receipt, other.receipt is None) == (None, False)
    assert standing(house) == 1
    assert house.rows("SELECT count(*) FROM revocation_waiting") == [(1,)]


async def test_two_pharmacists_who_say_different_things_do_not_agree(house: House) -> None:
    """Each waits for somebody who says the same."""
    hugo, claire = await house.peer("hugo"), await house.peer("claire")
    await hugo.ok(frames.RevokeAccount, statement=lost(hugo))

    done = await claire.ok(frames.RevokeAccount, statement=lost(claire, reason="stolen"))

    assert done.result == {"state": "proposed"}
    assert standing(house) == 1


async def test_the_pharmacist_concerned_signs_nothing(house: House) -> None:
    """Neither first nor second, for their own key."""
    hugo, claire = await house.peer("hugo"), await house.peer("claire")
    await hugo.ok(frames.RevokeAccount, statement=lost(hugo, "claire"))

    own = await claire.refused(frames.RevokeAccount, statement=lost(claire, "claire"))

    assert (own.code, own.reason) == ("E_FOUR_EYES", "concerned")
    assert standing(house, "claire") == 1


OTHER = SUITE.signing_key(a_new_account(PEOPLE["hugo"]).seed)


@pytest.mark.parametrize(
    ("change", "code", "reason"),
    [
        pytest.param({"key": OTHER}, "E_SIGNATURE", None, id="another-key"),
        pytest.param({"aik": b"k" * 32}, "E_IDENTITY", "unknown_key", id="another-account-key"),
        pytest.param({"person": bytes(16)}, "E_TENANT", None, id="nobody"),
        pytest.param(
            {"deployment": "x"}, "E_IDENTITY", "wrong_deployment", id="another-deployment"
        ),
        pytest.param({"at_us": NOON + 121 * SECONDS}, "E_CLOCK", None, id="from-the-future"),
        pytest.param({"at_us": NOON - 121 * SECONDS}, "E_CLOCK", None, id="from-the-past"),
    ],
)
async def test_a_false_word_is_refused_and_logged(
    house: House, change: dict[str, Any], code: str, reason: str | None
) -> None:
    """Of a key that stands in this pharmacy, said now, by the one who signs."""
    hugo = await house.peer("hugo")

    refused = await hugo.refused(frames.RevokeAccount, statement=lost(hugo, **change))

    assert (refused.code, refused.reason) == (code, reason)
    assert house.rows("SELECT count(*) FROM revocation_waiting") == [(0,)]
    assert len(house.refusals(log="technical")) == 1


async def test_another_pharmacys_people_are_not_ours_to_revoke(house: House) -> None:
    """They answer like nobody at all."""
    claire = await house.peer("claire")

    refused = await claire.refused(frames.RevokeAccount, statement=lost(claire, "rose"))

    assert refused.code == "E_TENANT"


@pytest.mark.parametrize("slug", ["lea", "sophie", "jean"])
async def test_only_pharmacists_revoke(house: House, slug: str) -> None:
    """A technician, a carer, the patient: not theirs to say."""
    peer = await house.peer(slug)

    assert (await peer.refused(frames.RevokeAccount, statement=lost(peer))).code == "E_ROLE"
    assert (await peer.refused(frames.ListRevocations)).code == "E_ROLE"


async def test_a_pharmacist_whom_the_owner_did_not_certify_revokes_nothing(house: House) -> None:
    """The operator could make such a one in a minute."""
    person = PEOPLE["hugo"]
    house.run(f"DELETE FROM staff_certificate WHERE person = '{person.id}'")
    hugo = await house.peer("hugo")

    refused = await hugo.refused(frames.RevokeAccount, statement=lost(hugo))

    assert refused.code == "E_STAFF_CERTIFICATE"


async def test_after_a_week_a_first_word_is_over(house: House) -> None:
    """The second pharmacist's stands alone then, and is too old to begin with."""
    hugo = await house.peer("hugo")
    await hugo.ok(frames.RevokeAccount, statement=lost(hugo))
    house.clock.turn(7 * DAY_SECONDS)
    claire = await house.peer("claire")

    waiting = (await claire.ok(frames.ListRevocations)).result
    refused = await claire.refused(frames.RevokeAccount, statement=lost(claire))

    assert waiting == {"waiting": []}
    assert refused.code == "E_CLOCK"
    assert standing(house) == 1


async def test_a_day_later_the_second_word_still_counts(house: House) -> None:
    """What it signs is what the first one signed, with its instant."""
    hugo = await house.peer("hugo")
    await hugo.ok(frames.RevokeAccount, statement=lost(hugo))
    house.clock.turn(DAY_SECONDS)
    claire = await house.peer("claire")

    done = await claire.ok(frames.RevokeAccount, statement=lost(claire))

    assert (done.result or {})["state"] == "revoked"


async def test_what_waits_survives_a_restart(home: Path) -> None:
    """A row, not memory."""
    async with a_house(home) as house:
        hugo = await house.peer("hugo")
        await hugo.ok(frames.RevokeAccount, statement=lost(hugo))

    async with a_house(home) as house:
        claire = await house.peer("claire")
        done = await claire.ok(frames.RevokeAccount, statement=lost(claire))

    assert (done.result or {})["state"] == "revoked"


async def test_a_carried_out_revocation_is_not_carried_out_again(house: House) -> None:
    """There is no such key any more."""
    hugo, _, _ = await revoke(house)

    refused = await hugo.refused(frames.RevokeAccount, statement=lost(hugo))

    assert (refused.code, refused.reason) == ("E_IDENTITY", "unknown_key")
