"""What was tried to break a delegation, and holds since."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from clients.python.delegations import Delegations
from clients.python.device import Device
from clients.python.groups import Room
from tests.attacks.delegation_scene import Scene, told
from tests.clients.circle import NOW_US


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
