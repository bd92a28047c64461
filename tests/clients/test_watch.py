"""Over a hub on paper: whose log has two histories is found out by what members write."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from websockets.asyncio.server import ServerConnection

from clients.python import watch
from clients.python.client import Client
from clients.python.errors import LogForked
from clients.python.gossip import PROOF_SECONDS
from crypto.log import canonical
from signaling import frames
from signaling.codes import Code
from signaling.frames import ClientFrame
from tests.clients.small_hub import SmallHub, refused, serving
from tests.clients.test_client import CONVERSATION, Colleague, talking, told


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test waits for time to pass."""
    monkeypatch.setattr(watch, "ASK_AGAIN_SECONDS", 0.001)
    monkeypatch.setattr(watch, "PAUSE_SECONDS", 0.0)


class Clock:
    """Time, as a test has it."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        """Return the instant."""
        return self.now


def forks(client: Client) -> list[LogForked]:
    """Return the alarms about the log."""
    return [one for one in client.alarms if isinstance(one, LogForked)]


def asked(hub: SmallHub) -> list[tuple[int, int]]:
    """Return what the hub was asked to prove."""
    proofs = (one for one in hub.seen if isinstance(one, frames.ProveConsistency))
    return [(one.first, one.second) for one in proofs]


def wrote(hub: SmallHub, colleague: Colleague, text: str, note: str) -> None:
    """Have the colleague write, having seen a head of the log."""
    colleague.device.trust.logs.head = note
    told(hub.sockets[-1], colleague.message(text))


async def joined(hub: SmallHub, client: Client) -> Colleague:
    """Have a colleague in, and the log grown by what this device knows nothing of."""
    colleague = Colleague(hub)
    await colleague.join(client)
    await client.until(lambda: client.rooms[CONVERSATION].confirmed)
    for _ in range(3):
        hub.record("session.opened", None)
    return colleague


def another_history(hub: SmallHub, size: int) -> str:
    """Return a head that the hub's own log key signed, of a log that shares only its beginning."""
    honest = hub.entries
    made_up = [canonical.encode({"seq": number}) for number in range(2, size)]
    hub.entries = [*honest[:2], *made_up]
    note = hub._checkpoint()
    hub.entries = honest
    return note


async def test_a_head_that_a_member_saw_is_proven_and_becomes_ours() -> None:
    """It was newer than what this device had: after the proof its own messages carry it."""
    hub = SmallHub()

    async with serving(hub), talking(hub) as client:
        colleague = await joined(hub, client)
        note = hub._checkpoint()
        wrote(hub, colleague, "Bonjour", note)
        await client.until(lambda: client.logs.head == note)

    assert asked(hub)
    assert forks(client) == []


async def test_a_head_of_another_history_is_an_alarm_after_a_minute() -> None:
    """The hub has no proof for it, whatever it answers."""
    hub, clock = SmallHub(), Clock()

    async with serving(hub), talking(hub) as client:
        client.watch.clock = clock
        colleague = await joined(hub, client)
        wrote(hub, colleague, "Bonjour", another_history(hub, len(hub.entries) - 1))
        await settled(lambda: len(asked(hub)) > 2)
        before = forks(client)
        clock.now += PROOF_SECONDS
        await client.until(lambda: forks(client) != [])

    assert before == []
    assert len(forks(client)) == 1


@pytest.mark.parametrize("answers", [True, False], ids=["that refuses", "that says nothing"])
async def test_a_hub_that_gives_no_proof_is_an_alarm_after_a_minute(answers: bool) -> None:
    """Of a true head: whoever has nothing to hide can prove it."""
    hub, clock = SmallHub(), Clock()

    def unproving(hub: SmallHub, socket: ServerConnection, frame: ClientFrame) -> bool:
        if not isinstance(frame, frames.ProveConsistency):
            return False
        return not answers or told(socket, refused(frame, Code.E_MALFORMED))

    async with serving(hub), talking(hub) as client:
        client.watch.clock = clock
        colleague = await joined(hub, client)
        hub.before = unproving
        wrote(hub, colleague, "Bonjour", hub._checkpoint())
        await settled(lambda: asked(hub) != [])
        clock.now += PROOF_SECONDS - 1
        client.watch.tick()
        before = forks(client)
        clock.now += 1
        client.watch.tick()
        after = forks(client)

    assert before == []
    assert len(after) == 1


async def test_a_head_of_the_same_size_and_another_root_is_an_alarm_at_once() -> None:
    """No proof could mend it."""
    hub = SmallHub()

    async with serving(hub), talking(hub) as client:
        colleague = await joined(hub, client)
        assert client.logs.top is not None
        wrote(hub, colleague, "Bonjour", another_history(hub, client.logs.top.size))
        await client.until(lambda: forks(client) != [])

    assert asked(hub) == []


@pytest.mark.parametrize("note", ["", "nonsense", "a\n9\nAAAA\n\n— a AAAA\n"], ids=repr)
async def test_what_the_log_did_not_sign_says_nothing(note: str) -> None:
    """Anybody can write it into a message."""
    hub = SmallHub()

    async with serving(hub), talking(hub) as client:
        colleague = await joined(hub, client)
        wrote(hub, colleague, "Bonjour", note)
        cursor = len(hub.events)
        await client.until(lambda: client.rooms[CONVERSATION].cursor == cursor)

    assert forks(client) == []
    assert asked(hub) == []


async def test_the_hub_proves_at_each_hello_that_its_log_only_grew() -> None:
    """What this device saw last is the beginning of what it is told now."""
    hub = SmallHub()

    async with serving(hub), talking(hub) as client:
        seen = client.logs.top
        hub.record("session.opened", None)
        hub.sockets[-1].transport.abort()
        await client.until(lambda: len(hub.sockets) > 1 and asked(hub) != [])
        await settled(lambda: client.watch._gossip.next_deadline is None)

    assert seen is not None
    assert asked(hub)[0][0] == seen.size
    assert forks(client) == []


async def settled(condition: Callable[[], bool]) -> None:
    """Wait until something holds that nobody announces."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.001)
