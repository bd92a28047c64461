"""Kill the hub, again and again, with messages in flight; then ask everyone what they remember.

    python -m loadtests.kill9 --count 50

Starts a hub of its own, keeps `--in-flight` messages on the wire between pharmacists and a
patient, each really encrypted in a real group, sends it SIGKILL at random instants (seeded, and
the seed is printed), starts it again on the same port and data. The clients resume by their
cursors and retry. At the end the judge (`loadtests.checker`) compares what the clients wrote and
read, the whole stream as fresh connections are told it, and both logs as an officer reads them.
Exit 0 when everything agrees, 1 when not.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from clients.python.audit import ToldLog, read_logs
from clients.python.device import Device
from clients.python.session import Site, sign_in
from loadtests.checker import (
    LOG_FAULTS,
    TRACE_FAULTS,
    AuditedLog,
    Evidence,
    Fault,
    Reading,
    Row,
    Tally,
    Verdict,
    judge,
)
from loadtests.crowd import PATIENCE, Crowd, Notebook, gather, join, reached
from loadtests.hub_process import HubProcess

# The messages on the wire are spread over so many devices that a whole group commit stays under
# the 64 KiB that may wait for one connection (beyond, the hub closes with 4500: another test).
FOUNDERS = 10
PATIENT_DEVICES = 5
# Long enough after everyone is back for a full round of acknowledgements, short enough that the
# hub dies in the middle of a batch more often than between two.
LONGEST_LIFE_SECONDS = 0.8
SECONDS_PER_KILL = 10.0
SECONDS_BESIDES = 120.0

# One frame, the entry types it may leave: a first hello registers the device.
ENTRIES_OF = {
    "hello": ("device.registered", "connection.opened"),
    "identity.enrol": ("identity.issued",),
    "device.certify": ("device.certified",),
    "staff.certify": ("staff.certified",),
    "key_packages.publish": ("key_packages.published",),
    "key_packages.claim": ("key_package.claimed",),
    "conversation.create": ("dispensation.started",),
    "group.commit": ("group.committed",),
    "group.receipt": ("group.confirmed",),
    "message.send": ("message.sent",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How often, how hard, and from which seed."""

    count: int
    in_flight: int
    seed: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict, and the figures of the run."""

    verdict: Verdict
    in_flight_at_kill: list[int]
    seconds: float


async def run(plan: Plan, hub: HubProcess) -> Outcome:
    """Carry out the plan and judge it."""
    began = time.monotonic()
    in_flight: list[int] = []
    await hub.start()
    async with AsyncExitStack() as stack:
        crowd = await gather(stack, hub.port, founders=FOUNDERS, patients=PATIENT_DEVICES)
        stopping = asyncio.Event()
        async with asyncio.TaskGroup() as writers:
            for number in range(plan.in_flight):
                writers.create_task(_keep_writing(crowd, number, stopping))
            await _kill_repeatedly(plan, hub, crowd, in_flight)
            stopping.set()
        await crowd.caught_up()
    evidence = await _gather_evidence(hub.port, crowd)
    return Outcome(judge(evidence), in_flight, time.monotonic() - began)


async def _keep_writing(crowd: Crowd, number: int, stopping: asyncio.Event) -> None:
    """One of the writers: one message in flight at any time, always of the same device."""
    conversation = crowd.conversations[number % len(crowd.conversations)]
    # The patient's device is in several conversations: it writes one message of three.
    author = conversation.devices[number // len(crowd.conversations) % 3 == 2]
    while not stopping.is_set():
        await crowd.write(conversation, author)


async def _kill_repeatedly(plan: Plan, hub: HubProcess, crowd: Crowd, in_flight: list[int]) -> None:
    instants = random.Random(plan.seed)
    for _ in range(plan.count):
        await _until_busy(crowd, plan.in_flight)
        await asyncio.sleep(instants.uniform(0, LONGEST_LIFE_SECONDS))
        in_flight.append(crowd.in_flight)
        await hub.kill()
        await hub.start()


async def _until_busy(crowd: Crowd, in_flight: int) -> None:
    """Wait until everyone is back and the wire is as full as it was."""
    async with asyncio.timeout(PATIENCE.act):
        # The whole crowd's state is announced by nobody: it is looked at.
        while not (crowd.online and crowd.in_flight >= in_flight):  # noqa: ASYNC110
            await asyncio.sleep(0.002)


async def _gather_evidence(port: int, crowd: Crowd) -> Evidence:
    """Read everything again from the beginning: the streams afresh, the logs as an officer."""
    live = list(crowd.notebooks.values())
    fresh = [notebook.afresh(_founded(crowd, notebook)) for notebook in live]
    readers = list(crowd.clients.values())
    async with AsyncExitStack() as stack:
        for notebook in fresh:
            readers.append(client := await join(stack, notebook))
            for conversation in crowd.conversations:
                if notebook.name in conversation.devices:
                    end = client.summaries[conversation.id].last_seq
                    await reached(client, conversation.id, end)
    officer = Notebook("officer", Device.new(), await sign_in(Site("marc", port)))
    async with AsyncExitStack() as stack:
        readers.append(client := await join(stack, officer))
        # The look's own entry comes after what the look shows: its receipt cannot be held
        # against it, and it is no frame of the scenario.
        receipts = [receipt for reader in readers for receipt in reader.receipts]
        tallies = _tallies([*live, *fresh, officer], sign_ins=crowd.sign_ins + 1)
        logs = await read_logs(client)
    return Evidence(
        sent=tuple(sent for one in live for sent in one.sent),
        decrypted=tuple(one for n in live for one in n.decrypted(crowd.conversations)),
        readings=tuple(_readings(crowd, live, "live") + _readings(crowd, fresh, "fresh")),
        logs=tuple(_audited(log) for log in logs),
        receipts=tuple(receipts),
        tallies=tallies,
    )


def _founded(crowd: Crowd, notebook: Notebook) -> dict[str, int]:
    """Return cursors that ask for a founder's whole streams; the added are told theirs anyway."""
    return {one.id: 0 for one in crowd.conversations if one.founder == notebook.name}


def _readings(crowd: Crowd, notebooks: Sequence[Notebook], kind: str) -> list[Reading]:
    return [r for one in notebooks for r in one.readings(kind, crowd.conversations)]


def _audited(log: ToldLog) -> AuditedLog:
    rows = tuple(Row(row.index, row.entry, row.leaf) for row in log.rows)
    return AuditedLog(key=log.key, checkpoint=log.checkpoint, rows=rows)


def _tallies(notebooks: Sequence[Notebook], *, sign_ins: int) -> dict[tuple[str, ...], Tally]:
    """Count the accepted audited frames of everyone; only a hello may have died unanswered.

    Every other act was repeated until it was answered.
    """
    answered: Counter[str] = sum((one.answered for one in notebooks), Counter())
    tallies = {types: Tally(answered[frame]) for frame, types in ENTRIES_OF.items()}
    hellos = sum(one.hellos for one in notebooks)
    tallies[ENTRIES_OF["hello"]] = Tally(answered["hello"], hellos - answered["hello"])
    tallies["session.opened",] = Tally(sign_ins)
    return tallies


def report(plan: Plan, outcome: Outcome) -> Iterator[str]:
    """Tell the run in a table of a few lines and one last line."""
    verdict, flying = outcome.verdict, sorted(outcome.in_flight_at_kill)
    yield f"seed {plan.seed}, {outcome.seconds:.1f} s"
    if flying:
        yield f"in flight at the kill    min {flying[0]}  median {flying[len(flying) // 2]}"
    yield f"messages acknowledged    {verdict.acknowledged}"
    yield f"receipts held            {verdict.receipts}"
    yield f"log entries read         {verdict.entries}"
    for fault in Fault:
        count = verdict.count(fault)
        first = next((one.where for one in verdict.findings if one.fault is fault), "")
        if count:
            yield f"FOUND {count} x {fault}, first: {first}"
    yield last_line(plan, verdict)


def last_line(plan: Plan, verdict: Verdict) -> str:
    """Say the verdict in one line."""
    lost = verdict.count(Fault.LOST)
    duplicated = verdict.count(Fault.DUPLICATED)
    disordered = verdict.count(Fault.OUT_OF_ORDER, Fault.GAP, Fault.DISAGREEMENT)
    unread = verdict.count(Fault.UNREADABLE)
    log = "log does NOT verify" if verdict.count(*LOG_FAULTS) else "log verifies"
    sign = "!=" if verdict.count(*TRACE_FAULTS) else "="
    return (
        f"kill9: {plan.count} kills, {verdict.acknowledged} acknowledged, {lost} lost, "
        f"{duplicated} duplicated, {disordered} out of order, {unread} unreadable, {log}, "
        f"audited frames {sign} entries"
    )


async def main(plan: Plan) -> int:
    """Run within the time bound; return the exit code."""
    directory = Path(tempfile.mkdtemp(prefix="colloque-kill9-"))
    hub = HubProcess(directory)
    try:
        async with asyncio.timeout(SECONDS_BESIDES + plan.count * SECONDS_PER_KILL):
            outcome = await run(plan, hub)
    except BaseException:
        print(f"seed {plan.seed}; the hub's log ends:\n{hub.log_tail()}", file=sys.stderr)
        raise
    finally:
        await hub.stop()
        shutil.rmtree(directory, ignore_errors=True)
    print(*report(plan, outcome), sep="\n")
    return 1 if outcome.verdict.findings else 0


def parse(arguments: Sequence[str] | None = None) -> Plan:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="loadtests.kill9", description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=50, help="how many kills (default 50)")
    parser.add_argument("--in-flight", type=int, default=200, help="messages on the wire")
    parser.add_argument("--seed", type=int, default=None, help="of the instants (default random)")
    given = parser.parse_args(arguments)
    seed = random.SystemRandom().randrange(2**32) if given.seed is None else given.seed
    return Plan(count=given.count, in_flight=given.in_flight, seed=seed)


if __name__ == "__main__":
    sys.exit(asyncio.run(main(parse())))
