"""`python -m tests.crypto.mls.negative.build` writes the negative suite that both languages run.

The files in `tests/vectors/mls/negative` are made by this program alone, from a seed: a test holds
them to it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final

from tests.crypto.mls.negative import (
    commits,
    external,
    framing,
    hub,
    key_packages,
    private,
    proposals,
    trees,
    welcomes,
)
from tests.crypto.mls.negative.case import Case, File
from tests.crypto.mls.negative.trial import DIRECTORY

THEMES: Final[Mapping[str, Callable[[], list[Case]]]] = {
    "commits": commits.cases,
    "external": external.cases,
    "framing": framing.cases,
    "hub": hub.cases,
    "key_packages": key_packages.cases,
    "private": private.cases,
    "proposals": proposals.cases,
    "trees": trees.cases,
    "welcomes": welcomes.cases,
}


def text_of(theme: str) -> str:
    """Return what stands in the file of a theme."""
    return json.dumps(File().written(THEMES[theme]()), indent=1) + "\n"


def main() -> None:
    """Write all files."""
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    for theme in THEMES:
        (DIRECTORY / f"{theme}.json").write_text(text_of(theme), "utf-8")


if __name__ == "__main__":
    main()
