"""Holds the heads of the log that members saw against the hub's, and tells of a fork."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import msgspec

from clients.python.errors import ClientError, LogForked
from clients.python.gossip import PROOF_SECONDS, Gossip, Question
from crypto.errors import CryptoError
from crypto.log.checkpoint import Checkpoint
from signaling import frames

if TYPE_CHECKING:
    from clients.python.client import Client

THE_HUB: Final = ""
"""The source of what the hub itself tells at hello."""
ASK_AGAIN_SECONDS: Final = 1.0
PAUSE_SECONDS: Final = 1.0
"""Between two questions about one source: of many messages a second the newest head is enough."""


class LogWatch:
    """The questions that one client puts to its hub about the log."""

    def __init__(self, client: Client, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._gossip = Gossip()
        self.clock = clock

    def told(self, note: str) -> None:
        """Take the head that the hub tells at hello."""
        logs = self._client.logs
        try:
            before = logs.told(note)
        except LogForked as why:
            self._client.alarm(why)
            return
        if before is not None and logs.top is not None:
            # What was seen last is held against what is told now: the same question.
            self._doubt(THE_HUB, before, note, logs.top)

    def heard(self, source: str, note: str) -> None:
        """Take the head that a member's device saw."""
        logs = self._client.logs
        try:
            head = logs.heard(note)
        except LogForked as why:
            self._client.alarm(why)
            return
        if head is not None and logs.top is not None:
            self._doubt(source, head, note, logs.top)

    def tick(self) -> None:
        """Tell of the heads that the hub has not proven in time: it has two histories."""
        for _ in self._gossip.take_lost(self.clock()):
            self._client.alarm(LogForked("a head of the log that the hub cannot prove"))

    def _doubt(self, source: str, head: Checkpoint, note: str, own: Checkpoint) -> None:
        if self._gossip.hear(source, (head, note), own, now=self.clock()) is not None:
            self._client.begin(self._ask(source))
            # Also where the hub answers nothing at all.
            asyncio.get_running_loop().call_later(PROOF_SECONDS, self.tick)

    async def _ask(self, source: str) -> None:
        """Ask until every head of a source is proven, or its time is over."""
        while (question := self._gossip.question(source)) is not None:
            try:
                await self._ask_once(source, question)
            except (ClientError, CryptoError, msgspec.ValidationError):
                # No proof, or none that holds: the hub has until the deadline for a better one.
                await asyncio.sleep(ASK_AGAIN_SECONDS)
            self.tick()

    async def _ask_once(self, source: str, question: Question) -> None:
        client = self._client
        answer = await client.perform(
            frames.ProveConsistency(
                id=client.next_id(), first=question.first.size, second=question.second.size
            )
        )
        proof = msgspec.convert(answer.result.get("proof"), list[bytes])
        question.verify(proof)
        client.logs.proven(question.head, question.note)
        client.device.touch_pins()
        client.settled()
        await asyncio.sleep(PAUSE_SECONDS)
        newer = self._gossip.settle(source, question, proof)
        if newer is not None and client.logs.top is not None:
            self._gossip.hear(source, newer, client.logs.top, now=self.clock())
