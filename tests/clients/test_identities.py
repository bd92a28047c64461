"""Over a real hub: how a device becomes its person's, and how people are known."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from clients.python.client import Client
from clients.python.device import Device
from clients.python.errors import Denied, NotLinked, Refused, Unlawful
from clients.python.identities import Identities, Standing
from crypto.policy.vocabulary import Motive
from loadtests.hub_process import HubProcess
from signaling.codes import Code
from tests.clients.real_hub import Ear, a_hub, agree, online, until


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[HubProcess]:
    """A hub of this test's own."""
    async with a_hub(tmp_path) as running:
        yield running


async def start(claire: Client, jean: Client) -> str:
    """Have the owner found a conversation with the patient's device."""
    here = str(uuid4())
    await jean.publish_key_packages(5)
    await claire.create_conversation(here, patient=jean.person, motive=Motive.AGE)
    await claire.add(here, await claire.claim(here, jean.person))
    await agree(here, claire, jean)
    return here


async def certified(claire: Client, hugo: Client) -> None:
    """Have the owner certify a colleague, and wait until he knows."""
    await claire.staff.certify(hugo.person)
    await until(lambda: hugo.identities.staffed, hugo)


async def test_a_first_device_makes_the_account_key_and_is_certified(hub: HubProcess) -> None:
    """By itself, at its first hello; a restart finds it so and asks for nothing."""
    device = Device.new()
    async with online(hub, "jean", device) as jean:
        assert jean.identities.standing is Standing.READY
    first = device.certificates

    async with online(hub, "jean", Device.deserialize(device.serialize())) as jean:
        assert jean.identities.standing is Standing.READY
        assert jean.device.certificates == first
        assert jean.welcomed is not None
        assert jean.welcomed.identity == first.identity
        assert jean.welcomed.device_certificate == first.device


async def test_an_officer_needs_no_account_key(hub: HubProcess) -> None:
    """Nobody lets one into a group."""
    async with online(hub, "marc", Device.new()) as marc:
        assert marc.identities.standing is Standing.NONE
        assert marc.device.account is None


async def test_a_second_device_is_let_in_by_the_first(hub: HubProcess) -> None:
    """Both show the same digits; the key travels sealed; then it comes into the conversations."""
    ear = Ear()
    async with (
        online(hub, "claire", Device.new()) as claire,
        online(hub, "jean", Device.new()) as jean,
        online(hub, "jean", Device.new(), ear) as tablet,
    ):
        here = await start(claire, jean)
        assert tablet.identities.standing is Standing.NEEDS_LINK
        with pytest.raises(NotLinked):
            await tablet.publish_key_packages(1)

        digits = await tablet.identities.ask_link()
        await until(lambda: tablet.device.id in jean.identities.requests, jean)
        with pytest.raises(Denied, match="wrong_digits"):
            await jean.identities.accept_link(tablet.device.id, "00000000")
        await jean.identities.accept_link(tablet.device.id, digits)
        await until(lambda: tablet.identities.standing is Standing.READY, tablet)
        await tablet.enter(here)
        await agree(here, claire, jean, tablet)
        await claire.send(here, "Bonjour")
        await until(lambda: ear.texts == ["Bonjour"], tablet)

    assert tablet.device.account is not None
    assert jean.device.account is not None
    assert tablet.device.account.aik == jean.device.account.aik
    assert ear.alarms == []


async def test_a_device_that_nobody_let_in_does_nothing(hub: HubProcess) -> None:
    """The hub refuses what it asks, by its code."""
    async with (
        online(hub, "jean", Device.new()),
        online(hub, "jean", Device.new()) as stranger,
    ):
        with pytest.raises(Refused) as refusal:
            await stranger.delegations.carers()

    assert refusal.value.code is Code.E_DEVICE_CERTIFICATE


async def test_a_recovery_code_brings_the_account_key_back(hub: HubProcess) -> None:
    """All devices are lost; the code is on paper."""
    async with online(hub, "jean", Device.new()) as jean:
        code = await jean.identities.keep_recovery()
        before = jean.device.account

    async with online(hub, "jean", Device.new()) as jean:
        with pytest.raises(NotLinked):
            await jean.identities.recover("0" * 26)
        before_it = jean.identities.standing
        await jean.identities.recover(code.lower())

        assert [before_it, jean.identities.standing] == [Standing.NEEDS_LINK, Standing.READY]
        assert before is not None
        assert jean.device.account is not None
        assert jean.device.account.aik == before.aik


async def test_staff_waits_for_the_owners_word(hub: HubProcess) -> None:
    """Until then a colleague founds nothing; and only the owner's word counts."""
    async with (
        online(hub, "claire", Device.new()) as claire,
        online(hub, "hugo", Device.new()) as hugo,
        online(hub, "jean", Device.new()) as jean,
    ):
        assert not hugo.identities.staffed
        with pytest.raises(Refused) as refusal:
            await hugo.create_conversation(str(uuid4()), patient=jean.person, motive=Motive.AGE)
        with pytest.raises(Denied, match="not_the_owner"):
            await hugo.staff.certify(hugo.person)

        await certified(claire, hugo)
        await hugo.create_conversation(str(uuid4()), patient=jean.person, motive=Motive.AGE)

        waiting = {one.person: bool(one.staff) for one in await claire.staff.list()}
        assert waiting[hugo.person]

    assert refusal.value.code is Code.E_STAFF_CERTIFICATE


async def test_whom_the_log_does_not_show_is_not_followed_in(
    hub: HubProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The step waits for the proof; without it, it is never taken."""
    ear = Ear()
    async with (
        online(hub, "claire", Device.new()) as claire,
        online(hub, "jean", Device.new(), ear) as jean,
        online(hub, "hugo", Device.new()) as hugo,
    ):
        here = await start(claire, jean)
        await certified(claire, hugo)
        await hugo.publish_key_packages(1)

        async def nothing(_: Identities, __: object) -> None:
            """Get no answer that could be believed."""

        packages = await claire.claim(here, hugo.person)
        await claire.identities.prove([hugo.person])
        monkeypatch.setattr(Identities, "prove", nothing)
        await claire.add(here, packages)
        await until(lambda: bool(ear.alarms), jean)
        room = jean.rooms[here]

    assert [one.code for one in ear.alarms if isinstance(one, Unlawful)] == ["unproven_identity"]
    assert (room.epoch, room.may_send) == (1, False)


async def test_whoever_is_unknown_is_asked_for_and_then_followed_in(hub: HubProcess) -> None:
    """What comes after the step waits with it, in its order."""
    ear = Ear()
    async with (
        online(hub, "claire", Device.new()) as claire,
        online(hub, "jean", Device.new(), ear) as jean,
        online(hub, "hugo", Device.new()) as hugo,
    ):
        here = await start(claire, jean)
        await certified(claire, hugo)
        await hugo.publish_key_packages(1)
        assert hugo.person not in jean.device.trust.people

        await claire.add(here, await claire.claim(here, hugo.person))
        for text in ("un", "deux", "trois"):
            await claire.send(here, text)
        await until(lambda: len(ear.messages) == 3, jean)

    assert ear.texts == ["un", "deux", "trois"]
    assert ear.alarms == []
    assert jean.device.trust.aik_of(hugo.person) is not None


async def test_a_lost_account_key_is_given_up_by_two_pharmacists(hub: HubProcess) -> None:
    """Then another one is told in plain words, and not refused."""
    ear = Ear()
    async with (
        online(hub, "claire", Device.new(), ear) as claire,
        online(hub, "hugo", Device.new()) as hugo,
    ):
        async with online(hub, "jean", Device.new()) as jean:
            await start(claire, jean)
            before = claire.device.trust.aik_of(jean.person)
        await certified(claire, hugo)

        assert not await claire.staff.revoke_account(jean.person, "lost")
        assert await hugo.staff.revoke_account(jean.person, "lost")
        async with online(hub, "jean", Device.new()) as jean:
            assert jean.identities.standing is Standing.READY
            await until(lambda: claire.device.trust.aik_of(jean.person) != before, claire)

    [notice] = claire.identities.notices
    assert (notice.person, notice.before) == (jean.person, before)
    assert jean.device.account is not None
    assert notice.after == jean.device.account.aik
