"""A device belongs to one person for good; the directory holds its single-use packages."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from dataclasses import replace
from typing import Any

import pytest

from crypto.keys import Secret
from crypto.mls.credential import Credential
from crypto.mls.extensions import Extension
from crypto.mls.leaf_node import ALWAYS, Lifetime
from crypto.mls.message import encode_message
from crypto.suites import SUITES
from server.hub.acts.devices import MAX_DEVICES, MAX_STOCK
from signaling import frames
from signaling.frames import Ok, RefusedFrame
from tests.server.house import NOON, House, Peer
from tests.server.mls import CAPABILITIES, forged


async def say_hello(peer: Peer, device: str, key: bytes) -> Ok | RefusedFrame:
    """Say hello as a device that may be refused."""
    return await peer.ask(frames.Hello, device=device, signature_key=key)


async def test_hello_tells_the_whole_plain_state(house: House) -> None:
    """Who one is, the pharmacy, the logs' keys and the last signed checkpoint."""
    claire = await house.peer("claire")

    welcomed = claire.welcomed

    assert welcomed["name"] == "Claire Morel"
    assert welcomed["role"] == "pharmacist"
    assert welcomed["pharmacy"]["name"] == "Pharmacie du Marché"
    assert (welcomed["new_device"], welcomed["other_devices"]) == (True, 0)
    assert set(welcomed["logs"]) == {"care", "technical"}
    assert welcomed["checkpoint"].startswith("test.example/990000001/care\n5\n")


async def test_the_first_hello_registers_the_device_and_later_ones_open_connections(
    house: House,
) -> None:
    """Two types of entry, in the technical log, each proved in the answer."""
    first = await house.peer("claire")

    second = await house.knock("claire")
    again = await second.hello(device=first.device, signature_key=first.signature_key)

    assert json.loads(second.verify(again).entry)["type"] == "connection.opened"
    types = [e["type"] for e in house.entries(log="technical") if e["actor"]["device"]]
    assert types == ["device.registered", "connection.opened"]
    assert second.welcomed["new_device"] is False


async def test_a_second_device_is_told_that_there_is_another(house: House) -> None:
    """It sees only later conversations, and its person is told so."""
    first = await house.peer("claire")
    await first.create()

    second = await house.peer("claire")

    assert (second.welcomed["new_device"], second.welcomed["other_devices"]) == (True, 1)
    assert [one["joined"] for one in second.welcomed["conversations"]] == [False]


@pytest.mark.parametrize("who", ["hugo", "paul"])
async def test_the_device_of_another_person_is_refused_and_closed(house: House, who: str) -> None:
    """Even with its key: a device is bound to one person for good."""
    claire = await house.peer("claire")
    thief = await house.knock(who)

    refused = await say_hello(thief, claire.device, claire.signature_key)

    assert isinstance(refused, RefusedFrame)
    assert refused.code == "E_DEVICE"
    assert await thief.closed() == 4403


async def test_a_known_device_with_another_signature_key_is_refused(house: House) -> None:
    """The key was told at the first hello; another one is another device."""
    claire = await house.peer("claire")
    impostor = await house.knock("claire")

    refused = await say_hello(impostor, claire.device, b"k" * 32)

    assert isinstance(refused, RefusedFrame)
    assert refused.code == "E_DEVICE"
    assert await impostor.closed() == 4403
    await claire.ok(frames.Ping)
    assert house.rows("SELECT signature_key FROM device") == [(claire.signature_key,)]


async def test_a_newer_connection_of_a_device_ends_the_older(house: House) -> None:
    """One connection per device: the older learns it with 4409, the newer serves."""
    older = await house.peer("claire")

    newer = await house.peer("claire", device=older.device, signature_key=older.signature_key)

    assert await older.closed() == 4409
    await newer.create()


async def test_two_devices_of_a_person_live_side_by_side(house: House) -> None:
    """Only the same device supersedes itself."""
    first, second = await house.peer("claire"), await house.peer("claire")

    await first.ok(frames.Ping)
    await second.ok(frames.Ping)

    assert not first.wire.closed.done()


async def test_a_person_has_a_bounded_number_of_devices(house: House) -> None:
    """Beyond it a lost one must go first; the known ones still connect."""
    session = await house.session("claire")
    devices = [await house.peer("claire", session=session) for _ in range(MAX_DEVICES)]
    one_more = await house.knock("claire", session=session)

    refused = await say_hello(one_more, str(uuid.uuid4()), b"k" * 32)

    assert isinstance(refused, RefusedFrame)
    assert refused.code == "E_DEVICE"
    known = devices[0]
    await house.peer("claire", device=known.device, signature_key=known.signature_key)


async def test_published_packages_are_counted_and_leave_one_entry(house: House) -> None:
    """The entry says how many, never which: packages are claimed in the open, later."""
    jean = await house.peer("jean")

    done = await jean.ok(frames.PublishKeyPackages, packages=jean.key_packages(3))

    assert done.result == {"left": 3}
    entry = json.loads(jean.verify(done).entry)
    assert (entry["type"], entry["outcome"]) == ("key_packages.published", {"count": 3})


async def test_packages_published_again_are_there_once(house: House) -> None:
    """A retry after a lost answer changes nothing, even where the stock is nearly full."""
    jean = await house.peer("jean")
    packages = jean.key_packages(60)
    await jean.ok(frames.PublishKeyPackages, packages=packages)

    again = await jean.ok(frames.PublishKeyPackages, packages=packages)

    assert again.result == {"left": 60}


async def test_a_used_package_does_not_come_back(house: House) -> None:
    """Publishing it again does not make it unused: single use is for good."""
    claire, jean = await house.peer("claire"), await house.peer("jean")
    (package,) = jean.key_packages()
    await jean.ok(frames.PublishKeyPackages, packages=[package])
    await claire.add(await claire.create(), "jean")

    done = await jean.ok(frames.PublishKeyPackages, packages=[package])

    assert done.result == {"left": 0}


async def test_a_package_of_another_device_is_refused(house: House) -> None:
    """Nobody stocks the directory with somebody else's package."""
    jean, rose = await house.peer("jean"), await house.peer("rose")
    (package,) = jean.key_packages()
    await jean.ok(frames.PublishKeyPackages, packages=[package])

    refused = await rose.refused(frames.PublishKeyPackages, packages=[package])

    assert (refused.code, refused.reason) == ("E_KEY_PACKAGE", "wrong_leaf")
    ref = hashlib.sha256(package).hexdigest()
    assert house.rows(f"SELECT device FROM key_package WHERE ref='{ref}'") == [(jean.device,)]


async def test_what_is_no_key_package_stocks_nothing(house: House) -> None:
    """One wrong package refuses all of the frame."""
    jean = await house.peer("jean")

    refused = await jean.refused(
        frames.PublishKeyPackages,
        packages=[*jean.key_packages(), jean.group_info(str(uuid.uuid4()))],
    )

    assert refused.code == "E_MALFORMED"
    assert house.rows("SELECT count(*) FROM key_package") == [(0,)]


async def test_a_stock_is_bounded(house: House) -> None:
    """Beyond the bound nothing is stored, and the device is told to come back later."""
    jean = await house.peer("jean")
    await jean.ok(frames.PublishKeyPackages, packages=jean.key_packages(60))

    refused = await jean.refused(
        frames.PublishKeyPackages,
        packages=jean.key_packages(MAX_STOCK - 60 + 1),
    )

    assert refused.code == "E_RATE"
    assert refused.retry_after is not None
    assert house.rows("SELECT count(*) FROM key_package") == [(60,)]


@pytest.mark.parametrize("who", ["nadia", "marc", "ines"])
async def test_whoever_can_be_in_no_group_stocks_nothing(house: House, who: str) -> None:
    """A courier and the auditors never hold a leaf."""
    peer = await house.peer(who)

    refused = await peer.refused(frames.PublishKeyPackages, packages=peer.key_packages())

    assert refused.code == "E_ROLE"


DAY = 24 * 3600
NOW = NOON // 1_000_000


def made(**changes: Any) -> Any:
    """Return how a device makes a package that is not as it must be."""
    return lambda peer: peer.mls.key_package(**changes)


def of_suite_2(peer: Peer) -> bytes:
    """A package under a key that is not Ed25519."""
    return peer.mls.key_package(
        SUITES[2],
        signature_key=SUITES[2].generate_signature_key(os.urandom),
        capabilities=replace(CAPABILITIES, cipher_suites=(2,)),
    )


def of_another_device(peer: Peer) -> bytes:
    """A package of a device that this person certified, and that is not this one."""
    other = peer.account.device_certificate(str(uuid.UUID(int=1)), peer.signature_key)
    return peer.mls.key_package(credential=peer.mls.parts(device=other).credential())


def with_a_broken_signature(peer: Peer) -> bytes:
    """A package with one bit of its signature turned over."""
    return forged(peer.mls.key_package(), -1)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        pytest.param(of_suite_2, "wrong_suite", id="another-suite"),
        pytest.param(with_a_broken_signature, "bad_signature", id="a-broken-signature"),
        pytest.param(made(signature_key=Secret(b"o" * 32)), "wrong_leaf", id="another-key"),
        pytest.param(of_another_device, "wrong_leaf", id="another-device"),
        pytest.param(
            made(credential=Credential.basic(b"jean/telephone")),
            "unsupported_credential",
            id="without-certificates",
        ),
        pytest.param(made(lifetime=Lifetime(NOW - 2 * DAY, NOW - 1)), "bad_lifetime", id="over"),
        pytest.param(made(lifetime=Lifetime(NOW + 1, NOW + DAY)), "bad_lifetime", id="not-yet"),
        pytest.param(
            made(lifetime=Lifetime(NOW - 3600, NOW + 30 * DAY + 1)), "long_lifetime", id="too-long"
        ),
        pytest.param(made(lifetime=ALWAYS), "long_lifetime", id="for-ever"),
    ],
)
async def test_an_unfit_package_is_refused_with_its_reason(
    house: House, make: Any, reason: str
) -> None:
    """Whoever adds this device trusts the directory: it is verified when it is published."""
    jean = await house.peer("jean")

    refused = await jean.refused(
        frames.PublishKeyPackages, packages=[*jean.key_packages(), make(jean)]
    )

    assert (refused.code, refused.reason) == ("E_KEY_PACKAGE", reason)
    assert refused.retry == "changed"
    assert house.rows("SELECT count(*) FROM key_package") == [(0,)]


@pytest.mark.parametrize("suite", [1, 3])
async def test_a_package_may_live_for_thirty_days_and_an_hour(house: House, suite: int) -> None:
    """The hour is for a clock that runs behind; at the border exactly."""
    jean = await house.peer("jean")
    package = jean.mls.key_package(SUITES[suite], lifetime=Lifetime(NOW - 3600, NOW + 30 * DAY))

    done = await jean.ok(frames.PublishKeyPackages, packages=[package])

    assert done.result == {"left": 1}


@pytest.mark.parametrize("at_once", [True, False], ids=["in-one-frame", "later"])
async def test_an_init_key_serves_one_package(house: House, at_once: bool) -> None:
    """Signed twice over one init key, a Welcome for either would open with the other's."""
    jean = await house.peer("jean")
    bundle = jean.mls.bundle()
    again = replace(bundle.key_package, extensions=(Extension(0xF000, b""),)).signed(jean.mls.key)
    twins = [encode_message(bundle.key_package), encode_message(again)]
    if not at_once:
        await jean.ok(frames.PublishKeyPackages, packages=[twins.pop(0)])

    refused = await jean.refused(frames.PublishKeyPackages, packages=twins)

    assert (refused.code, refused.reason) == ("E_KEY_PACKAGE", "known_init_key")
    stocked = house.rows("SELECT count(*) FROM key_package")
    assert stocked == [(0 if at_once else 1,)]


async def test_a_stock_that_has_expired_is_no_stock(house: House) -> None:
    """A month later nothing is left to claim, and the device is told so at hello."""
    claire, jean = await house.peer("claire"), await house.peer("jean", packages=3)
    conversation = await claire.create()

    house.clock.turn(30 * DAY + 1)
    back = await house.peer("jean", device=jean.device)
    again = await house.peer("claire", device=claire.device)
    refused = await again.refused(
        frames.ClaimKeyPackages, conversation=conversation, person=jean.person
    )

    assert back.welcomed["key_packages_left"] == 0
    assert refused.code == "E_NO_KEY_PACKAGE"


async def test_hello_tells_whom_the_hub_is(house: House) -> None:
    """Its key in every group, which clients pin, and the name in every statement: one for all."""
    claire, paul = await house.peer("claire"), await house.peer("paul")

    told = {(one.welcomed["hub_key"], one.welcomed["deployment"]) for one in (claire, paul)}

    ((key, deployment),) = told
    assert (len(key), deployment) == (32, "test.example")
