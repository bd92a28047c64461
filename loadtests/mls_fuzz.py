"""Broken input for the MLS core, for as long as one likes.

    python -m loadtests.mls_fuzz --seconds 300 --seed 1

What comes from a real group is broken and put in again. It is refused with a declared error
(`CryptoError`) and has changed nothing, or it is accepted: anything else ends the run with status 1
and the input that did it. An input that takes longer than a second counts as a crash too.
"""

from __future__ import annotations

import argparse
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

from crypto.errors import CryptoError
from loadtests.mls_targets import Crash, Target, scene_of, targets_of

LONGEST_SECONDS: Final = 1.0
_ROUNDS_OF_A_SCENE: Final = 2_000
_LENGTHS: Final = (
    b"\x00", b"\x3f", b"\x40\x00", b"\x40\x3f", b"\x40\x40", b"\x7f\xff", b"\x80\x00\x00\x00",
    b"\x80\x00\x40\x00", b"\xbf\xff\xff\xff", b"\xc0", b"\xff" * 4, b"\xff" * 8, bytes(8),
)  # fmt: skip
_BYTES: Final = (0, 1, 2, 3, 4, 5, 6, 7, 63, 64, 255)


class Mutator:
    """Breaks bytes in the ways that parsers dislike."""

    def __init__(self, random: Random, corpus: Sequence[bytes]) -> None:
        self._random = random
        self._corpus = corpus
        self._ways = (
            self._flip, self._flip, self._set, self._set, self._cut, self._drop, self._repeat,
            self._splice, self._length,
        )  # fmt: skip

    def mutated(self, data: bytes) -> bytes:
        """Return the bytes, broken once or a few times."""
        broken = bytearray(data)
        for _ in range(self._random.choice((1, 1, 1, 2, 3, 8))):
            self._random.choice(self._ways)(broken)
        return bytes(broken)

    def _at(self, data: bytearray) -> int:
        return self._random.randrange(len(data) + 1)

    def _range(self, data: bytearray) -> slice:
        start = self._at(data)
        return slice(start, start + self._random.choice((1, 2, 4, 32, self._at(data))))

    def _flip(self, data: bytearray) -> None:
        if data:
            data[self._random.randrange(len(data))] ^= 1 << self._random.randrange(8)

    def _set(self, data: bytearray) -> None:
        if data:
            data[self._random.randrange(len(data))] = self._random.choice(_BYTES)

    def _cut(self, data: bytearray) -> None:
        del data[self._at(data) :]

    def _drop(self, data: bytearray) -> None:
        del data[self._range(data)]

    def _repeat(self, data: bytearray) -> None:
        at = self._at(data)
        data[at:at] = data[self._range(data)] * self._random.choice((1, 2, 30))

    def _splice(self, data: bytearray) -> None:
        other = bytearray(self._random.choice(self._corpus))
        data[self._range(data)] = other[self._range(other)]

    def _length(self, data: bytearray) -> None:
        written = self._random.choice(_LENGTHS)
        at = self._at(data)
        data[at : at + self._random.choice((0, len(written)))] = written


@dataclass(slots=True)
class Tally:
    """What became of it all."""

    refused: Counter[str] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    slowest: tuple[float, str] = (0.0, "")

    @property
    def inputs(self) -> int:
        """Return how many there were."""
        return self.refused.total() + self.accepted.total()


class Fuzzer:
    """One scene, its targets, and a die."""

    def __init__(self, seed: int, tally: Tally) -> None:
        self._random = Random(seed)
        self._targets = targets_of(scene_of(seed))
        corpus = [one for target in self._targets for one in target.seeds]
        self._mutator = Mutator(self._random, corpus)
        self._states = {one.name: one.state() for one in self._targets if one.state is not None}
        self._tally = tally

    def honest(self) -> None:
        """Put in what is not broken: where that is refused, nothing is tested behind it."""
        for target in self._targets:
            if target.is_sealed:
                self._accepts_one(target)

    def _accepts_one(self, target: Target) -> None:
        for data in target.seeds:
            try:
                target.attempt(data)
            except CryptoError:
                continue
            if target.state is not None:
                self._states[target.name] = target.state()
            return
        raise Crash(target.name, "refuses all that is honest")

    def round(self) -> None:
        """Break one input and put it in."""
        target = self._random.choice(self._targets)
        data = self._mutator.mutated(self._random.choice(target.seeds))
        if data in target.seeds:
            return
        # Of the processor: another process on the machine is no fault of the input.
        began = time.process_time()
        try:
            target.attempt(data)
        except CryptoError as refused:
            self._tally.refused[target.name] += 1
            self._tally.codes[refused.code] += 1
            self._must_be_unchanged(target, data)
        except Exception as exc:
            raise Crash(target.name, "breaks", data) from exc
        else:
            self._tally.accepted[target.name] += 1
            if target.is_sealed:
                raise Crash(target.name, "accepted what was broken", data)
            if target.state is not None:
                self._states[target.name] = target.state()
        self._clock(target, data, time.process_time() - began)

    def _must_be_unchanged(self, target: Target, data: bytes) -> None:
        if target.state is not None and target.state() != self._states[target.name]:
            raise Crash(target.name, "refused, and changed the state", data)

    def _clock(self, target: Target, data: bytes, took: float) -> None:
        self._tally.slowest = max(self._tally.slowest, (took, target.name))
        if took > LONGEST_SECONDS:
            raise Crash(target.name, "took too long", data)


def fuzz(seed: int, *, seconds: float | None = None, rounds: int | None = None) -> Tally:
    """Fuzz for a time, or so many rounds; raise `Crash` where something happens that must not."""
    tally, began, done = Tally(), time.perf_counter(), 0

    def goes_on() -> bool:
        if rounds is not None:
            return done < rounds
        return time.perf_counter() - began < (seconds or 0)

    while goes_on():
        fuzzer = Fuzzer(seed, tally)
        fuzzer.honest()
        for _ in range(_ROUNDS_OF_A_SCENE):
            if not goes_on():
                break
            fuzzer.round()
            done += 1
        seed += 1
    return tally


def main() -> int:
    """Read the command line, fuzz, and tell."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    try:
        tally = fuzz(chosen.seed, seconds=chosen.seconds)
    except Crash:
        traceback.print_exc()
        return 1
    for name, times in sorted((tally.refused + tally.accepted).items()):
        print(f"{times:>9} {name} ({tally.accepted[name]} accepted)")
    print("refused for:", ", ".join(f"{code} {n}" for code, n in tally.codes.most_common()))
    print(f"slowest: {1_000 * tally.slowest[0]:.0f} ms ({tally.slowest[1]})")
    print(f"{tally.inputs} inputs, 0 crashes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
