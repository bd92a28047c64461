"""What was tried to break a delegation, and holds since."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import msgspec
import pytest

from clients.python.delegations import Delegations
from clients.python.device import Device
from clients.python.errors import Denied
from clients.python.groups import Room
from crypto.policy.vocabulary import DelegationState
from server.hub.acts import accounts
from signaling import frames
from tests.attacks.delegation_scene import Scene, told
from tests.clients.circle import NOW_US
from tests.server.delegations import a_care, a_carer
from tests.server.house import NOON, PEOPLE, SECONDS, House, Peer
from tests.server.hub.acts.test_delegations import a_colleague


def delegations_of(scene: Scene, device: Device) -> Delegations:
    """Return what a device does with delegations; its hub says yes to all, and does nothing."""

    async def perform(_frame: Any) -> SimpleNamespace:
        return SimpleNamespace(proof=lambda **_: None, result={})

    client = SimpleNamespace(
        device=device,
        rooms={scene.circle.id: scene.circle.room(device)},
        now_us=lambda: NOW_US,
        next_id=lambda: "1",
        perform=perform,
        upkeep=SimpleNamespace(see_out=lambda *_: None),
    )
    return Delegations(client)  # type: ignore[arg-type]


async def given_up_before_she_comes() -> Scene:
    """Have the patient withdraw what was confirmed and accepted; the hub keeps that to itself."""
    scene = Scene.set(inside=False)
    scene.jean.account = scene.mandates.account("jean")
    delegations, named = delegations_of(scene, scene.jean), str(UUID(bytes=scene.record.id))
    delegations.book.learn(scene.mandates.view(scene.record))
    await delegations.withdraw(named)
    return scene


async def test_nobody_lets_a_carer_in_whom_the_patient_gave_up_before() -> None:
    """The pharmacist was never told; the patient's device knows, and does not follow."""
    scene = await given_up_before_she_comes()

    assert scene.shown(scene.jean, scene.lets_in(scene.record)) == "brought_back"


async def test_nor_does_the_patients_device_come_back_into_a_group_with_that_carer() -> None:
    """A GroupInfo of an honest pharmacist's device does not make her one that was asked for."""
    scene = await given_up_before_she_comes()
    scene.circle.inside.remove(scene.jean)
    scene.mandates.let_in(scene.claire, scene.sophie, scene.record)
    info = scene.group(scene.claire).group_info()
    judge = scene.circle.judge(scene.jean)

    def comes_back() -> object:
        room = scene.circle.room(scene.jean)
        return room.rejoin(info, scene.jean.own(), judge, random_bytes=os.urandom)

    assert told(comes_back) == "brought_back"


async def test_what_was_given_up_is_known_after_a_restart() -> None:
    """It stands in what the device stores."""
    scene = await given_up_before_she_comes()
    room = scene.circle.room(scene.jean)

    kept = Room.decode(scene.circle.id, room.encode())

    assert kept.refused == room.refused == {scene.record.id}


@pytest.mark.parametrize("lie", ["not_before", "not_after"])
async def test_a_pharmacist_does_not_confirm_a_period_that_was_not_signed(lie: str) -> None:
    """What the hub shows beside the document is what stands in it."""
    scene = Scene.set(inside=False)
    scene.claire.account = scene.mandates.account("claire")
    delegations, view = delegations_of(scene, scene.claire), scene.mandates.view(scene.record)
    delegations.book.learn(msgspec.structs.replace(view, **{lie: NOW_US + 1}))

    with pytest.raises(Denied) as denied:
        await delegations.confirm(view.id, heard_alone=True)

    assert denied.value.code == "wrong_document"


# A key that was stolen


def lost(peer: Peer, slug: str) -> bytes:
    """Return a pharmacist's word that somebody's key is lost."""
    return peer.account.account_revocation(peer.house.accounts[PEOPLE[slug].id], NOON)


@pytest.fixture
def third_pharmacist(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demonstration's pharmacy has two: here the owner speaks for a third one, too."""
    monkeypatch.setattr(accounts, "_seconds", lambda *_: True)


async def gave_up(slug: str, *pharmacists: Peer) -> None:
    """Have two pharmacists end somebody's account key."""
    for one in pharmacists:
        await one.ok(frames.RevokeAccount, statement=lost(one, slug))


@pytest.mark.parametrize("steps", [0, 1, 2])
async def test_what_a_stolen_patients_key_gave_goes_nowhere_once_the_key_is_lost(
    house: House, steps: int
) -> None:
    """A thief named an accomplice; the patient telephoned before she was in."""
    care = await a_care(house)
    hugo = await house.peer("hugo")
    await care.propose()
    for step in (care.confirm, care.accept)[:steps]:
        await step()

    await gave_up("jean", hugo, care.claire)

    assert care.row().state is DelegationState.SUSPENDED
    (entry,) = care.entries("delegation.suspended")
    assert (entry["decision"]["rule"], entry["subject"]) == ("account.revoke", care.jean.person)


@pytest.mark.usefixtures("third_pharmacist")
async def test_nor_does_what_a_stolen_pharmacists_key_confirmed(house: House) -> None:
    """The colleague's key was a thief's when it said that it saw her."""
    care = await a_care(house)
    hugo = await a_colleague(care, house)
    await care.propose()
    await care.confirm(hugo)
    await care.accept()

    await gave_up("hugo", care.claire, care.claire)

    assert care.row().state is DelegationState.SUSPENDED


@pytest.mark.usefixtures("third_pharmacist")
async def test_a_stolen_keys_word_that_somebodys_key_is_lost_waits_for_nobody(
    house: House,
) -> None:
    """Whoever would say the same after the theft stands alone again."""
    hugo, claire = await house.peer("hugo"), await house.peer("claire")
    await hugo.ok(frames.RevokeAccount, statement=lost(hugo, "jean"))
    await gave_up("hugo", claire, claire)

    waiting = (await claire.ok(frames.ListRevocations)).result
    done = await claire.ok(frames.RevokeAccount, statement=lost(claire, "jean"))

    assert waiting == {"waiting": []}
    assert done.result == {"state": "proposed"}


# At the second, whatever the clock's own step is doing


async def test_a_carer_who_says_hello_at_the_second_of_the_end_is_shown_nothing(
    house: House,
) -> None:
    """The frame names no conversation: what is due of all of theirs is done before it is heard."""
    care = await a_carer(house)
    house.clock.turn((care.row().not_after - care.now) / SECONDS)

    again = await house.knock("sophie")
    refused = await again.refused(
        frames.Hello, device=again.device, signature_key=again.signature_key
    )

    assert refused.code == "E_SESSION"
    assert care.row().state is DelegationState.EXPIRED
    back = await house.peer("sophie")
    assert (back.welcomed["conversations"], back.welcomed["calls"]) == ([], [])
