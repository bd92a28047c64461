"""`python -m tests.crypto.policy.build` writes the decisions that both languages run.

The files in `tests/vectors/policy` are made by this program alone, of keys that hang on names: a
test holds them to it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from tests.crypto.policy.case import File
from tests.crypto.policy.cases import (
    acts,
    commits,
    credentials,
    delegations,
    endings,
    foundings,
    records,
    removals,
    states,
)
from tests.crypto.policy.golden import golden
from tests.crypto.policy.trial import DIRECTORY

THEMES: Final[Mapping[str, Callable[[], list[dict[str, Any]]]]] = {
    "acts": acts.cases,
    "commits": commits.cases,
    "credentials": credentials.cases,
    "delegations": delegations.cases,
    "endings": endings.cases,
    "foundings": foundings.cases,
    "records": records.cases,
    "removals": removals.cases,
    "states": states.cases,
}


def text_of(theme: str) -> str:
    """Return what stands in the file of a theme."""
    return json.dumps(File().written(THEMES[theme]()), indent=1, ensure_ascii=False) + "\n"


def golden_text() -> str:
    """Return what stands in the file of structures."""
    return json.dumps(golden(), indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """Write all files."""
    (DIRECTORY / "statements.json").write_text(golden_text(), "utf-8")
    for theme in THEMES:
        (DIRECTORY / f"{theme}.json").write_text(text_of(theme), "utf-8")


if __name__ == "__main__":
    main()
