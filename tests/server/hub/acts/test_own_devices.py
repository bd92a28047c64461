"""A person's devices: certified by the account key, let in by one another, recovered by a code."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import Any

import pytest

from crypto.policy.vocabulary import PARTICIPANTS
from crypto.suites import SUITES
from server.domain.rules import RULES
from signaling import frames
from signaling.frames import AnyClientFrame
from tests.server.accounts import a_new_account, an_account
from tests.server.house import NOON, PEOPLE, SECONDS, House, Peer, a_house, a_pair
from tests.server.talk import every_byte
from tests.signaling.builders import a_frame

SUITE = SUITES[1]
INIT_KEY = b"i" * 32
SEALED = b"enc" + b"ciphertext"
OTHER = SUITE.signing_key(a_new_account(PEOPLE["jean"]).seed)


def certificates(house: House) -> list[Any]:
    """Return the certificate of every device."""
    return house.rows("SELECT id, certificate, certified_until FROM device ORDER BY id")


async def test_a_device_is_certified_by_the_account_key(house: House) -> None:
    """It is its person's from then on, with an entry that the person sees."""
    jean = await house.peer("jean", certified=False)

    done = await jean.certify()

    assert done.result == {"device": jean.device}
    (entry,) = [e for e in house.entries(everything=True) if e["type"] == "device.certified"]
    assert entry["outcome"]["device"] == jean.device
    assert entry["subject"] == jean.person
    rows = (await jean.ok(frames.ListDevices)).result or {}
    assert [one["certified"] for one in rows["devices"]] == [True]


async def test_the_same_certificate_again_changes_nothing(house: House) -> None:
    """A lost answer is asked for again: no second entry."""
    jean = await house.peer("jean")
    before = len(house.entries(everything=True))

    again = await jean.certify()

    assert again.result == {"device": jean.device}
    assert again.receipt is None
    assert len(house.entries(everything=True)) == before


@pytest.mark.parametrize(
    ("change", "code", "reason"),
    [
        pytest.param({"key": OTHER}, "E_SIGNATURE", None, id="another-account-key"),
        pytest.param({"signature_key": b"k" * 32}, "E_IDENTITY", "wrong_key", id="another-key"),
        pytest.param({"person": bytes(16)}, "E_IDENTITY", "wrong_person", id="another-person"),
        pytest.param(
            {"deployment": "elsewhere"}, "E_IDENTITY", "wrong_deployment", id="another-deployment"
        ),
        pytest.param({"not_after_us": NOON}, "E_IDENTITY", "expired", id="over-at-this-instant"),
        pytest.param(
            {"not_before_us": NOON + 120 * SECONDS + 1}, "E_CLOCK", None, id="from-the-future"
        ),
    ],
)
async def test_a_false_certificate_is_refused_and_logged(
    house: House, change: dict[str, Any], code: str, reason: str | None
) -> None:
    """Of this device, this person, this deployment and this time; else it stays what it was."""
    jean = await house.peer("jean", certified=False)
    before = certificates(house)
    false = jean.account.device_certificate(
        jean.device, **{"signature_key": jean.signature_key} | change
    )

    refused = await jean.refused(frames.CertifyDevice, certificate=false)

    assert (refused.code, refused.reason) == (code, reason)
    assert refused.now == (house.clock.now() if code == "E_CLOCK" else None)
    assert certificates(house) == before
    assert len(house.refusals(log="technical")) == 1


async def test_two_minutes_of_disagreement_are_no_reason(house: House) -> None:
    """A device's clock may run so far ahead of the hub's."""
    jean = await house.peer("jean", certified=False)
    ahead = jean.account.device_certificate(
        jean.device, jean.signature_key, not_before_us=NOON + 120 * SECONDS
    )

    await jean.ok(frames.CertifyDevice, certificate=ahead)


async def test_without_an_account_key_no_device_is_certified(house: House) -> None:
    """The order of a first run: the person, then the device."""
    house.run(f"DELETE FROM identity_certificate WHERE person = '{PEOPLE['jean'].id}'")
    jean = await house.peer("jean", certified=False)

    refused = await jean.refused(frames.CertifyDevice, certificate=jean.mls.certificate)

    assert (refused.code, refused.reason) == ("E_IDENTITY", "no_identity")


async def test_another_persons_device_and_none_at_all_answer_alike(house: House) -> None:
    """Else the answer would tell which devices there are."""
    claire, jean = await house.peer("claire"), await house.peer("jean")
    hers = jean.account.device_certificate(claire.device, claire.signature_key)
    nobodys = jean.account.device_certificate(str(uuid.uuid4()), claire.signature_key)

    answers = [await jean.refused(frames.CertifyDevice, certificate=one) for one in (hers, nobodys)]

    assert {(one.code, one.reason) for one in answers} == {("E_IDENTITY", "unknown_device")}


async def test_what_is_no_certificate_is_refused_without_an_entry(house: House) -> None:
    """A fault of form."""
    jean = await house.peer("jean", certified=False)

    refused = await jean.refused(frames.CertifyDevice, certificate=b"\x01")

    assert refused.code == "E_MALFORMED"
    assert house.refusals(log="technical") == []


BARE = [kind for kind, rule in RULES.items() if rule.bare]
NOT_BARE = [k for k, rule in RULES.items() if k not in BARE and rule.roles & PARTICIPANTS]


def test_a_device_without_a_certificate_may_only_come_by_one() -> None:
    """The closed list: a frame that is not on it is refused."""
    assert {kind.__struct_config__.tag for kind in BARE} == {
        "hello",
        "ping",
        "identity.enrol",
        "identity.list",
        "device.certify",
        "device.list",
        "device.link",
        "recovery.ask",
    }


@pytest.mark.parametrize("kind", NOT_BARE, ids=lambda kind: kind.__struct_config__.tag)
async def test_every_other_frame_is_refused_from_a_device_without_one(
    house: House, kind: type[AnyClientFrame]
) -> None:
    """Whatever it asks, and before anything is looked for: nothing is told and nothing changes."""
    slug = next(slug for slug, one in PEOPLE.items() if one.role in RULES[kind].roles)
    peer = await house.peer(slug, certified=False)
    example = a_frame(str(kind.__struct_config__.tag))
    fields = {name: value for name, value in example.items() if name not in ("kind", "id")}

    refused = await peer.refused(kind, **fields)

    assert refused.code == "E_DEVICE_CERTIFICATE"


async def test_a_certificate_that_has_run_out_is_none(house: House) -> None:
    """At the instant it ends; a new one by the account key, and it goes on."""
    claire = await house.peer("claire", certified=False)
    ends = NOON + 3600 * SECONDS
    await claire.ok(
        frames.CertifyDevice,
        certificate=claire.account.device_certificate(
            claire.device, claire.signature_key, not_after_us=ends
        ),
    )
    await claire.ok(frames.ListStaff)
    house.clock.turn(3599.9)
    again = await house.peer("claire", device=claire.device)
    house.clock.turn(0.1)

    refused = await again.refused(frames.ListStaff)
    await again.certify()
    await again.ok(frames.ListStaff)

    assert refused.code == "E_DEVICE_CERTIFICATE"


async def test_an_officer_works_without_certificates(house: House) -> None:
    """Who never holds a leaf needs none."""
    marc = await house.peer("marc")

    await marc.ok(frames.ListAuditedConversations)

    assert marc.welcomed["device_certificate"] == b""


async def asking(house: House, slug: str = "jean") -> tuple[Peer, Peer]:
    """A device that is let in already, and a new one of the same person that asks."""
    known, new = await house.peer(slug), await house.peer(slug, certified=False)
    await new.ok(frames.AskLink, init_key=INIT_KEY)
    return known, new


async def test_a_new_device_asks_the_others_to_let_it_in(house: House) -> None:
    """They are shown its keys, of which both sides make the same sixteen digits."""
    hugo = await house.peer("hugo")
    known, new = await asking(house)

    asked = await known.push(frames.LinkAskedPush)

    assert (asked.device, asked.signature_key, asked.init_key) == (
        new.device,
        new.signature_key,
        INIT_KEY,
    )
    await new.nothing_but_pong()
    await hugo.nothing_but_pong()
    rows = ((await known.ok(frames.ListDevices)).result or {})["devices"]
    assert {one["device"]: one["asks"] for one in rows} == {known.device: False, new.device: True}


async def test_a_known_device_lets_the_new_one_in(house: House) -> None:
    """Its certificate, and the account key sealed to it alone; then it may act."""
    known, new = await asking(house)
    certificate = new.mls.certificate

    await known.ok(frames.CertifyDevice, certificate=certificate, sealed=SEALED)
    linked = await new.push(frames.LinkedPush)

    assert (linked.certificate, linked.sealed) == (certificate, SEALED)
    await new.ok(frames.PublishKeyPackages, packages=new.key_packages())
    rows = ((await known.ok(frames.ListDevices)).result or {})["devices"]
    assert [one["asks"] for one in rows] == [False, False]


async def test_a_device_that_was_away_is_told_at_hello(house: House) -> None:
    """Who asks, to one that can let in; that it was let in, to the one that asked."""
    known, new = await asking(house)
    known.hang_up()
    back = await house.peer("jean", device=known.device)
    asked = await back.push(frames.LinkAskedPush)
    new.hang_up()
    await back.ok(frames.CertifyDevice, certificate=new.mls.certificate, sealed=SEALED)

    again = await house.peer("jean", device=new.device)
    linked = await again.push(frames.LinkedPush)

    assert asked.device == new.device
    assert linked.sealed == SEALED


async def test_after_ten_minutes_a_request_is_over(house: House) -> None:
    """It is told to nobody any more, and cannot be answered."""
    known, new = await asking(house)
    await known.push(frames.LinkAskedPush)
    house.clock.turn(600)

    refused = await known.refused(
        frames.CertifyDevice, certificate=new.mls.certificate, sealed=SEALED
    )
    late = await house.peer("jean")

    assert (refused.code, refused.reason) == ("E_IDENTITY", "not_asked")
    await late.nothing_but_pong()
    rows = ((await known.ok(frames.ListDevices)).result or {})["devices"]
    assert not any(one["asks"] for one in rows)


async def test_a_device_that_did_not_ask_is_not_let_in(house: House) -> None:
    """Nobody's account key goes to a device that waits for nothing."""
    known, new = await house.peer("jean"), await house.peer("jean", certified=False)

    refused = await known.refused(
        frames.CertifyDevice, certificate=new.mls.certificate, sealed=SEALED
    )

    assert (refused.code, refused.reason) == ("E_IDENTITY", "not_asked")


async def test_a_device_that_was_not_let_in_lets_nobody_in(house: House) -> None:
    """However well it signs: it has the key from somewhere else."""
    one, two = [await house.peer("jean", certified=False) for _ in range(2)]
    await two.ok(frames.AskLink, init_key=INIT_KEY)

    refused = await one.refused(
        frames.CertifyDevice, certificate=two.mls.certificate, sealed=SEALED
    )

    assert refused.code == "E_DEVICE_CERTIFICATE"


async def test_letting_in_needs_the_sealed_key_and_happens_once(house: House) -> None:
    """A certificate without the key helps nobody; a second answer is no answer."""
    known, new = await asking(house)
    certificate = new.mls.certificate

    empty = await known.refused(frames.CertifyDevice, certificate=certificate)
    await known.ok(frames.CertifyDevice, certificate=certificate, sealed=SEALED)
    same = await known.ok(frames.CertifyDevice, certificate=certificate, sealed=SEALED)
    other = await known.refused(frames.CertifyDevice, certificate=certificate, sealed=b"other")

    assert (empty.code, empty.reason) == ("E_IDENTITY", "not_sealed")
    assert same.receipt is None
    assert (other.code, other.reason) == ("E_IDENTITY", "not_asked")


async def test_a_key_sealed_to_oneself_is_refused(house: House) -> None:
    """The frame says two things at once: neither is done."""
    jean = await house.peer("jean", certified=False)

    refused = await jean.refused(
        frames.CertifyDevice, certificate=jean.mls.certificate, sealed=SEALED
    )

    assert (refused.code, refused.reason) == ("E_IDENTITY", "sealed_to_itself")


async def test_a_device_that_asks_twice_is_asked_for_once(house: House) -> None:
    """With the key it asked with last: of the earlier it kept nothing."""
    known, new = await asking(house)
    await new.ok(frames.AskLink, init_key=b"j" * 32)

    late = await house.peer("jean", device=known.device)
    asked = await late.push(frames.LinkAskedPush)

    assert asked.init_key == b"j" * 32
    assert house.rows("SELECT count(*) FROM link_request") == [(1,)]
    await late.nothing_but_pong()


async def test_whoever_has_no_account_key_has_nothing_to_ask_for(house: House) -> None:
    """A first device makes the key; it does not wait for another."""
    house.run(f"DELETE FROM identity_certificate WHERE person = '{PEOPLE['jean'].id}'")
    jean = await house.peer("jean", certified=False)

    refused = await jean.refused(frames.AskLink, init_key=INIT_KEY)

    assert (refused.code, refused.reason) == ("E_IDENTITY", "no_identity")


async def test_a_device_that_was_given_up_is_not_let_in_again(house: House) -> None:
    """Given up is for good, also while it asks."""
    known, new = await asking(house)
    await known.ok(frames.RetireDevice, statement=known.mls.revocation(new.device))

    refused = await known.refused(
        frames.CertifyDevice, certificate=new.mls.certificate, sealed=SEALED
    )
    late = await house.peer("jean")

    assert (refused.code, refused.reason) == ("E_IDENTITY", "unknown_device")
    await late.nothing_but_pong()


async def test_requests_survive_a_restart(home: Path) -> None:
    """They are rows, not memory."""
    async with a_house(home) as house:
        known, new = await asking(house)
        keys = house.mls

    async with a_house(home) as house:
        house.mls = keys
        back = await house.peer("jean", device=known.device)
        assert (await back.push(frames.LinkAskedPush)).device == new.device


async def test_the_wrapped_key_comes_back_to_a_new_device(house: House) -> None:
    """To one that nobody let in yet: the code opens it, and the hub never saw the code."""
    jean = await house.peer("jean")
    await jean.ok(frames.KeepRecovery, blob=b"wrapped")
    fresh = await house.peer("jean", certified=False)

    done = await fresh.ok(frames.AskRecovery)
    await fresh.certify()

    assert done.result == {"blob": b"wrapped"}
    kept = [e["type"] for e in house.entries(log="technical")]
    assert [one for one in kept if one.startswith("recovery")] == [
        "recovery.kept",
        "recovery.asked",
    ]


async def test_what_is_kept_is_in_no_log(house: House, home: Path) -> None:
    """An entry says that it was kept; the bytes stand in one row, to be replaced."""
    jean, blob = await house.peer("jean"), os.urandom(60)

    await jean.ok(frames.KeepRecovery, blob=blob)

    entries = house.entries(log="technical") + house.entries(everything=True)
    assert blob.hex() not in str(entries)
    assert blob in every_byte(home)


async def test_the_same_blob_again_changes_nothing(house: House) -> None:
    """And another takes its place."""
    jean = await house.peer("jean")
    await jean.ok(frames.KeepRecovery, blob=b"first")

    again = await jean.ok(frames.KeepRecovery, blob=b"first")
    other = await jean.ok(frames.KeepRecovery, blob=b"second")

    assert (again.receipt, other.receipt is None) == (None, False)
    assert (await jean.ok(frames.AskRecovery)).result == {"blob": b"second"}


async def test_where_nothing_was_kept_nothing_comes_back(house: House) -> None:
    """One answer, whoever asks."""
    jean = await house.peer("jean", certified=False)

    assert (await jean.refused(frames.AskRecovery)).code == "E_NOT_FOUND"


async def test_a_stolen_session_does_not_overwrite_what_is_kept(house: House) -> None:
    """A device that nobody let in keeps nothing."""
    jean = await house.peer("jean")
    await jean.ok(frames.KeepRecovery, blob=b"wrapped")
    thief = await house.peer("jean", certified=False)

    refused = await thief.refused(frames.KeepRecovery, blob=b"the thief's")

    assert refused.code == "E_DEVICE_CERTIFICATE"
    assert (await jean.ok(frames.AskRecovery)).result == {"blob": b"wrapped"}


async def test_devices_are_listed_newest_first_with_those_given_up(house: House) -> None:
    """One's own alone, with the instants that tell them apart."""
    await house.peer("claire")
    first = await house.peer("jean")
    house.clock.turn(60)
    second = await house.peer("jean", certified=False)
    await first.ok(frames.RetireDevice, statement=first.mls.revocation(second.device))

    rows = ((await first.ok(frames.ListDevices)).result or {})["devices"]

    assert rows == [
        {
            "device": second.device,
            "number": 1,
            "registered_at": NOON + 60 * SECONDS,
            "certified": False,
            "asks": False,
            "retired_at": NOON + 60 * SECONDS,
        },
        {
            "device": first.device,
            "number": 0,
            "registered_at": NOON,
            "certified": True,
            "asks": False,
            "retired_at": None,
        },
    ]


async def test_key_packages_carry_certificates_that_hold(house: House) -> None:
    """Those on file, of this person: else nobody could add them, and nobody should."""
    jean = await house.peer("jean")
    strange = a_new_account(PEOPLE["jean"], identity=jean.account.identity)
    sophies = an_account(PEOPLE["sophie"], identity=house.accounts[PEOPLE["sophie"].id].identity)
    device = {
        "another-account-key": strange.device_certificate(jean.device, jean.signature_key),
        "another-key": jean.account.device_certificate(jean.device, b"k" * 32),
        "over": jean.account.device_certificate(jean.device, jean.signature_key, not_after_us=NOON),
    }
    faults = {name: {"device": data} for name, data in device.items()}
    faults["another-person"] = {
        "identity": sophies.identity,
        "device": sophies.device_certificate(jean.device, jean.signature_key),
    }
    faults["staff-without-being-it"] = {"staff": house.accounts[PEOPLE["hugo"].id].staff}
    faults["no-certificate"] = {"identity": b""}

    for name, parts in faults.items():
        credential = jean.mls.parts(**parts).credential()
        package = jean.mls.key_package(credential=credential)
        refused = await jean.refused(frames.PublishKeyPackages, packages=[package])
        assert refused.code in ("E_IDENTITY", "E_KEY_PACKAGE"), name

    assert house.rows("SELECT count(*) FROM key_package") == [(0,)]


async def test_staff_whom_the_owner_did_not_certify_publish_nothing(house: House) -> None:
    """The operator's authority alone makes nobody staff."""
    hugo = await house.peer("hugo")
    bare = hugo.mls.key_package(credential=hugo.mls.parts(staff=b"").credential())
    rose = house.accounts[PEOPLE["paul"].id].staff_certificate(hugo.account)
    foreign = hugo.mls.key_package(credential=hugo.mls.parts(staff=rose).credential())

    answers = [
        await hugo.refused(frames.PublishKeyPackages, packages=[one]) for one in (bare, foreign)
    ]
    await hugo.ok(frames.PublishKeyPackages, packages=hugo.key_packages())

    assert {one.code for one in answers} == {"E_IDENTITY"}


async def test_a_conversation_goes_on_with_certified_devices(house: House) -> None:
    """The whole way: enrolled, certified, published, added, written."""
    claire, _, conversation = await a_pair(house)

    await claire.say(conversation)
