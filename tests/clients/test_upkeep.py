"""Over a real hub: what devices do by themselves to stay in one group, whatever befalls them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

import pytest

from clients.python import upkeep
from clients.python.client import Client
from clients.python.commits import Wanted
from clients.python.device import Device
from clients.python.errors import CannotFollow, Dismissed, NoGroup, Unproven
from clients.python.groups import Pending, Room
from clients.python.store import MemoryStore
from clients.python.upkeep import Upkeep
from crypto.policy.vocabulary import Motive
from loadtests.hub_process import HubProcess
from tests.clients.real_hub import Ear, a_hub, agree, online, until


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[HubProcess]:
    """A hub of this test's own."""
    async with a_hub(tmp_path) as running:
        yield running


async def start(claire: Client, *others: Client) -> str:
    """Have a pharmacist found a conversation with a patient's devices; return it."""
    conversation = str(uuid4())
    for other in others:
        await other.publish_key_packages(12)
    patient = others[0].person
    await claire.create_conversation(conversation, patient=patient, motive=Motive.AGE)
    await claire.add(conversation, await claire.claim(conversation, patient))
    await agree(conversation, claire, *others)
    return conversation


def copied(device: Device) -> Device:
    """Return a device as its store has it right now."""
    return Device.load(MemoryStore(device._store.read()))


async def test_a_conversation_goes_on_after_both_devices_restarted(
    hub: HubProcess, tmp_path: Path
) -> None:
    """From their files, in another process as far as they know."""
    paths = [tmp_path / "claire.device", tmp_path / "jean.device"]
    devices = [Device.open(path) for path in paths]
    async with online(hub, "claire", devices[0]) as claire, online(hub, "jean", devices[1]) as jean:
        conversation = await start(claire, jean)
        await claire.send(conversation, "un")
    for device in devices:
        device.close()

    ears = Ear(), Ear()
    devices = [Device.open(path) for path in paths]
    async with (
        online(hub, "claire", devices[0], ears[0]) as claire,
        online(hub, "jean", devices[1], ears[1]) as jean,
    ):
        await jean.send(conversation, "deux")
        await claire.send(conversation, "trois")
        await until(lambda: "trois" in ears[1].texts and "deux" in ears[0].texts, claire, jean)
        await claire.renew(conversation)
        await agree(conversation, claire, jean)
    for device in devices:
        device.close()

    assert ears[0].alarms + ears[1].alarms == []


async def test_what_was_written_before_a_crash_is_sent_after_it_once(hub: HubProcess) -> None:
    """It was kept before it left: whether the hub had it or not, it stands there once."""
    ear = Ear()
    claires, jeans = Device.new(), Device.new()
    async with online(hub, "jean", jeans, ear) as jean:
        async with online(hub, "claire", claires) as claire:
            conversation = await start(claire, jean)
            room = claire.rooms[conversation]
            unsent = claires.write(room, "never left")
            sent = claires.write(room, "left, and its answer was lost")
            claires.seal(room, sent, claire.judge(conversation))
            crashed = copied(claires)
            await claire.outbox.deliver(room, sent)
        assert set(crashed.written) == {unsent.id, sent.id}
        await jean.renew(conversation)
        async with online(hub, "claire", crashed) as claire:
            await until(lambda: len(ear.messages) >= 2, claire, jean)
            await until(lambda: crashed.written == {}, claire)
            await claire.send(conversation, "and on")
            await until(lambda: "and on" in ear.texts, jean)

    expected = ["left, and its answer was lost", "never left", "and on"]
    assert ear.texts == expected
    assert ear.alarms == []


async def test_a_commit_that_a_crash_interrupted_is_taken_up(hub: HubProcess) -> None:
    """It was kept before it left, and is asked for again."""
    claires, jeans = Device.new(), Device.new()
    async with online(hub, "jean", jeans) as jean:
        async with online(hub, "claire", claires) as claire:
            conversation = await start(claire, jean)
            room = claire.rooms[conversation]
            make_commit(claire, room)
            claires.keep(room)
            crashed = copied(claires)
            room.drop()
        async with online(hub, "claire", crashed) as claire:
            await until(lambda: claire.rooms[conversation].epoch == 2, claire)
            await agree(conversation, claire, jean)


async def test_a_conversation_whose_founding_a_crash_interrupted_begins(hub: HubProcess) -> None:
    """The hub had never heard of it."""
    claires = Device.new()
    conversation = str(uuid4())
    async with online(hub, "claire", claires) as claire:
        patients = await claire.list_patients()

        async def crash(_: Upkeep, room: Room) -> None:
            claires.keep(room)
            raise asyncio.CancelledError

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Upkeep, "start", crash)
            with pytest.raises(asyncio.CancelledError):
                await claire.create_conversation(
                    conversation, patient=patients[0]["person"], motive=Motive.AGE
                )
    crashed = copied(claires)
    async with online(hub, "claire", crashed) as claire:
        await until(lambda: not claire.rooms[conversation].is_founding, claire)
        await claire.send(conversation, "Bonjour")


async def test_two_who_commit_at_once_both_succeed(hub: HubProcess) -> None:
    """The hub takes one first; the other follows it and commits after it."""
    async with (
        online(hub, "claire", Device.new()) as claire,
        online(hub, "jean", Device.new()) as jean,
    ):
        conversation = await start(claire, jean)

        seqs = await asyncio.gather(
            *(one.renew(conversation) for one in (claire, jean, claire, jean))
        )
        await agree(conversation, claire, jean)

    assert sorted(seqs) == [2, 3, 4, 5]


async def test_a_device_restored_from_an_old_copy_rejoins_and_sends_nothing_from_it(
    hub: HubProcess,
) -> None:
    """It sees its own messages ahead of what it knows: those keys were used."""
    ear = Ear()
    claires, jeans = Device.new(), Device.new()
    async with online(hub, "jean", jeans, ear) as jean:
        async with online(hub, "claire", claires) as claire:
            conversation = await start(claire, jean)
            claires.save()
            backup = copied(claires)
            await claire.send(conversation, "un")
        heard = Ear()
        async with online(hub, "claire", backup, heard) as claire:
            await until(lambda: claire.rooms[conversation].epoch == 2, claire)
            await claire.send(conversation, "deux")
            await agree(conversation, claire, jean)
            await until(lambda: "deux" in ear.texts, jean)
            await jean.send(conversation, "trois")
            await until(lambda: "trois" in heard.texts, claire)

    assert ear.texts[:2] == ["un", "deux"]
    assert [type(one) for one in heard.alarms] == [CannotFollow]


async def test_a_device_that_lost_its_group_rejoins(hub: HubProcess) -> None:
    """Its keys are there, its groups are not: as after a reinstallation from its key alone."""
    claires, jeans = Device.new(), Device.new()
    async with online(hub, "claire", claires) as claire:
        async with online(hub, "jean", jeans) as jean:
            conversation = await start(claire, jean)
            jeans.save()
        rows = {n: r for n, r in jeans._store.read().items() if not n.startswith("room/")}
        bare = Device.load(MemoryStore(rows))
        ear = Ear()
        async with online(hub, "jean", bare, ear) as jean:
            await agree(conversation, claire, jean)
            await claire.send(conversation, "Bonjour")
            await until(lambda: ear.texts == ["Bonjour"], jean)

    members = {one.device for one in claire.rooms[conversation].members()}
    assert members == {claires.id, jeans.id}


async def test_a_founder_that_lost_its_group_rejoins(hub: HubProcess) -> None:
    """There is no Welcome for it; it comes in by itself."""
    claires, jeans = Device.new(), Device.new()
    async with online(hub, "jean", jeans) as jean:
        async with online(hub, "claire", claires) as claire:
            conversation = await start(claire, jean)
            claires.save()
        rows = {n: r for n, r in claires._store.read().items() if not n.startswith("room/")}
        async with online(hub, "claire", Device.load(MemoryStore(rows))) as claire:
            await agree(conversation, claire, jean)
            await claire.send(conversation, "Me revoilà")


async def test_a_device_that_was_given_up_is_removed_before_anything_is_sent(
    hub: HubProcess,
) -> None:
    """The hub names one who commits; what was being sent waits, and the other cannot read it."""
    ears = [Ear(), Ear(), Ear()]
    async with AsyncExitStack() as stack:
        claire, jean = [
            await stack.enter_async_context(online(hub, name, Device.new(), ear))
            for name, ear in zip(("claire", "jean"), ears, strict=False)
        ]
        other = jean.device.sibling()
        lost = await stack.enter_async_context(online(hub, "jean", other, ears[2]))
        conversation = await start(claire, jean, lost)

        await jean.retire(lost.device.id)
        await claire.send(conversation, "entre nous")

        with pytest.raises(Dismissed):
            await lost.until(lambda: False)
        await agree(conversation, claire, jean)
        await until(lambda: "entre nous" in ears[1].texts, jean)
        members = {one.device for one in claire.rooms[conversation].members()}

    assert members == {claire.device.id, jean.device.id}
    assert "entre nous" not in ears[2].texts
    assert ears[0].alarms + ears[1].alarms == []


async def test_a_removal_that_nobody_was_there_for_is_committed_by_the_first_to_come(
    hub: HubProcess,
) -> None:
    """It is named at its hello, before it has heard of the proposal."""
    devices = [Device.new(), Device.new()]
    async with AsyncExitStack() as stack:
        claire, jean = [
            await stack.enter_async_context(online(hub, name, device))
            for name, device in zip(("claire", "jean"), devices, strict=True)
        ]
        lost = await stack.enter_async_context(online(hub, "jean", jean.device.sibling()))
        conversation = await start(claire, jean, lost)
        # Whoever is away hears of it at the next hello alone.
        await _leave(claire)
        await lost.retire(lost.device.id)

    async with online(hub, "claire", devices[0]) as claire:
        await until(lambda: len(claire.rooms[conversation].members()) == 2, claire)
        await claire.send(conversation, "Bonjour")


async def _leave(client: Client) -> None:
    """Go away, without a word to the hub."""
    await client.end()
    if client._connection is not None:
        client._connection.abort()


async def test_where_nobody_can_follow_a_pharmacist_begins_anew(
    hub: HubProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A successor group: everybody is invited again, nothing of the old one is kept."""
    monkeypatch.setattr(upkeep, "REASK_SECONDS", 0.01)
    monkeypatch.setattr(upkeep, "REASKED", 2)
    ear, heard = Ear(), Ear()
    claires, jeans = Device.new(), Device.new()
    async with online(hub, "claire", claires, ear) as claire:
        async with online(hub, "jean", jeans) as jean:
            conversation = await start(claire, jean)
            jeans.save()
        # Her commit reaches the hub, and what it leads to is lost: nobody holds that epoch.
        room = claire.rooms[conversation]
        pending = make_commit(claire, room)
        room.pending = None
        await claire.perform(pending.frame)
        await until(lambda: any(isinstance(one, NoGroup) for one in ear.alarms), claire)

        await claire.succeed(conversation)
        async with online(hub, "jean", jeans, heard) as jean:
            await claire.add(conversation, await claire.claim(conversation, jean.person))
            await agree(conversation, claire, jean)
            await claire.send(conversation, "De nouveau")
            await until(lambda: heard.texts == ["De nouveau"], jean)
            assert (claire.rooms[conversation].place, jean.rooms[conversation].place) == (
                (1, 1),
                (1, 1),
            )

    assert [type(one) for one in ear.alarms] == [CannotFollow, NoGroup]


async def test_what_a_removed_device_kept_opens_nothing_that_follows(hub: HubProcess) -> None:
    """Its own person removes it, without the hub."""
    ears = [Ear(), Ear()]
    async with AsyncExitStack() as stack:
        claire = await stack.enter_async_context(online(hub, "claire", Device.new(), ears[0]))
        jean = await stack.enter_async_context(online(hub, "jean", Device.new(), ears[1]))
        old = await stack.enter_async_context(online(hub, "jean", jean.device.sibling()))
        conversation = await start(claire, jean, old)
        kept = Room.decode(conversation, old.rooms[conversation].encode())

        await jean.remove(conversation, old.device.id)
        await claire.send(conversation, "entre nous")
        await until(lambda: ears[1].texts == ["entre nous"], jean)
        await until(lambda: old.rooms[conversation].group is None, old)

        with pytest.raises(Unproven):
            kept.read(ears[1].events[-1], jean.judge(conversation), time.time())
        with pytest.raises(NoGroup):
            await claire.remove(conversation, old.device.id)


def make_commit(client: Client, room: Room) -> Pending:
    """Make a commit that nothing is done with."""
    return room.commit(
        Wanted(),
        client.device.own(),
        client.judge(room.conversation),
        random_bytes=client.device.random_bytes,
    )
