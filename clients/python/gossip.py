"""Heads of the log that others saw, held against our own: a hub with two histories is found out.

Each member writes the last signed head it saw into its messages. Two heads of one size must have
one root; of two sizes the hub has to prove that the smaller tree is the beginning of the larger.
It has a minute for that. Nothing here touches the world: it is told what was heard, and when.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from crypto.log.checkpoint import Checkpoint
from crypto.log.tree import verify_consistency

PROOF_SECONDS: Final = 60.0
"""How long a hub may take to prove that two heads are of one history."""
MAX_SOURCES: Final = 1_000
"""Devices whose heads are looked into at once; of one more nothing is asked until one is done."""


Heard = tuple[Checkpoint, str]
"""A signed head, and its text."""


@dataclass(frozen=True, slots=True)
class Question:
    """Whether a head that was heard is of the same history as our own."""

    head: Checkpoint
    note: str
    own: Checkpoint

    @property
    def first(self) -> Checkpoint:
        """Return the smaller of both."""
        return self._both[0]

    @property
    def second(self) -> Checkpoint:
        """Return the larger of both."""
        return self._both[1]

    @property
    def _both(self) -> list[Checkpoint]:
        return sorted((self.head, self.own), key=lambda one: one.size)

    def verify(self, proof: Sequence[bytes]) -> None:
        """Raise `BadProof` unless the first tree is the beginning of the second."""
        verify_consistency(
            old_size=self.first.size,
            new_size=self.second.size,
            old_root=self.first.root,
            new_root=self.second.root,
            proof=proof,
        )


@dataclass(slots=True)
class _Asked:
    question: Question
    until: float
    next: Heard | None = None
    """The newest head of the same source: an older one in between would prove no more."""


class Gossip:
    """One open question for each source of heads (a device, or the hub itself)."""

    def __init__(self) -> None:
        self._asked: dict[str, _Asked] = {}

    @property
    def next_deadline(self) -> float | None:
        """Return when the first question is lost."""
        return min((one.until for one in self._asked.values()), default=None)

    def hear(self, source: str, heard: Heard, own: Checkpoint, *, now: float) -> Question | None:
        """Take a head that `own` says nothing of; return the question to ask, if it is time."""
        waiting = self._asked.get(source)
        if waiting is not None:
            waiting.next = heard
            return None
        if len(self._asked) >= MAX_SOURCES:
            return None
        question = Question(*heard, own)
        self._asked[source] = _Asked(question, now + PROOF_SECONDS)
        return question

    def question(self, source: str) -> Question | None:
        """Return what is still to be answered about a source."""
        waiting = self._asked.get(source)
        return None if waiting is None else waiting.question

    def settle(self, source: str, question: Question, proof: Sequence[bytes]) -> Heard | None:
        """Close a question that is answered; return the head to look into next.

        Raises `BadProof` and leaves it open where the proof proves nothing.
        """
        question.verify(proof)
        waiting = self._asked.get(source)
        if waiting is None or waiting.question != question:
            return None
        del self._asked[source]
        return waiting.next

    def take_lost(self, now: float) -> list[Question]:
        """Drain the questions that were not answered in time."""
        lost = {source: one for source, one in self._asked.items() if now >= one.until}
        for source in lost:
            del self._asked[source]
        return [one.question for one in lost.values()]
