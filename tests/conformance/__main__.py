"""Say what the scenarios of delegation are.

    python -m tests.conformance              how many, area by area
    python -m tests.conformance --list       every sentence, with what the hub answers

They run with the other tests: `pytest tests/conformance`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from tests.conformance.book import AREAS, told
from tests.conformance.scenario import Refused


def lines(arguments: Sequence[str]) -> Iterator[str]:
    """Return what the command prints."""
    if arguments == ["--list"]:
        for area in AREAS:
            yield area.heading
            for one in area:
                answer = one.then.code if isinstance(one.then, Refused) else "yes"
                yield f"  {answer:24} {one.sentence}"
    yield from told()


if __name__ == "__main__":
    sys.stdout.write("".join(f"{line}\n" for line in lines(sys.argv[1:])))
