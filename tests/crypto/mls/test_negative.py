"""The negative suite: each thing refused with its code, its good twin accepted, nothing changed."""

from __future__ import annotations

from typing import Any

import pytest

from crypto.errors import CryptoError
from tests.crypto.mls.negative.build import THEMES, text_of
from tests.crypto.mls.negative.trial import DIRECTORY, Inputs, written_files

pytestmark = pytest.mark.slow

FILES = written_files()
CASES = [
    pytest.param(file["data"], case, id=f"{theme}: {case['name']}")
    for theme, file in FILES.items()
    for case in file["cases"]
]


def test_the_suite_is_as_large_as_it_was() -> None:
    """Nobody loses cases without noticing, and each has a name of its own."""
    names = [case["name"] for file in FILES.values() for case in file["cases"]]

    assert len(names) >= 120
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("theme", THEMES)
def test_the_builder_still_makes_the_same_file(theme: str) -> None:
    """The committed vectors are what the builder makes, to the byte."""
    assert (DIRECTORY / f"{theme}.json").read_text("utf-8") == text_of(theme)


def test_there_is_a_file_for_each_theme() -> None:
    assert set(FILES) == set(THEMES)


@pytest.mark.parametrize(("data", "case"), CASES)
def test_what_breaks_a_rule_is_refused_and_changes_nothing(
    data: dict[str, str], case: dict[str, Any]
) -> None:
    """The refusal names its rule, and the state serialises as before."""
    inputs = Inputs.read(case["bad"], data)
    holder = inputs.holder()

    with pytest.raises(CryptoError) as refused:
        inputs.attempt(holder)

    assert refused.value.code == case["expect"]
    if holder is not None:
        assert holder.serialize() == inputs.values["state"]


@pytest.mark.parametrize(("data", "case"), CASES)
def test_its_good_twin_is_accepted(data: dict[str, str], case: dict[str, Any]) -> None:
    """So that nothing above was refused for a reason of no interest."""
    inputs = Inputs.read(case["good"], data)

    inputs.attempt(inputs.holder())
