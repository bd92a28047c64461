"""The decisions that both languages share: run here by the Python core, and counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest

from crypto.policy.decision import Breach
from crypto.policy.vocabulary import Refusal
from tests.crypto.policy.build import THEMES, text_of
from tests.crypto.policy.trial import DIRECTORY, run, written_file

pytestmark = pytest.mark.slow

FILES: Final = {theme: written_file(theme) for theme in THEMES}
CASES: Final = [
    pytest.param(file, case, id=f"{theme}: {case['name']}")
    for theme, file in FILES.items()
    for case in file["cases"]
]
ABOUT: Final = {"name", "check", "near", "expect"}


def all_cases() -> Iterator[dict[str, Any]]:
    """Return the cases of every file."""
    for file in FILES.values():
        yield from file["cases"]


@pytest.mark.parametrize(("file", "case"), CASES)
def test_a_case_is_decided_as_it_says(file: Mapping[str, Any], case: Mapping[str, Any]) -> None:
    """Granted with what it grants, or refused with the code and the breach that it names."""
    assert run(file, case) == case["expect"]


@pytest.mark.parametrize("theme", THEMES)
def test_the_builder_still_makes_the_same_file(theme: str) -> None:
    """The committed vectors are what the builder makes, to the byte."""
    assert (DIRECTORY / f"{theme}.json").read_text("utf-8") == text_of(theme)


def test_there_is_a_file_for_each_theme() -> None:
    """And no file that nobody makes."""
    assert {path.stem for path in DIRECTORY.glob("*.json")} == {*THEMES, "statements"}


def test_there_are_enough_cases_and_most_are_refusals() -> None:
    """Nobody loses cases without noticing, and each has a name of its own."""
    cases = list(all_cases())
    refused = [case for case in cases if "refused" in case["expect"]]

    assert len(cases) >= 700
    assert len(refused) * 2 >= len(cases)
    for theme, file in FILES.items():
        names = [case["name"] for case in file["cases"]]
        assert len(set(names)) == len(names), theme


def test_every_breach_is_met() -> None:
    """A rule that no case breaks could be gone, and nobody would know."""
    met = {case["expect"].get("breach") for case in all_cases()}

    assert met - {None} == {one.value for one in Breach}


def test_every_refusal_of_policy_is_met() -> None:
    """All codes, in whichever file."""
    met = {case["expect"].get("refused") for case in all_cases()}

    assert met - {None} == {one.value for one in Refusal}


def test_every_refusal_stands_beside_a_grant() -> None:
    """It differs from a granted case in few inputs, and in most cases in one alone."""
    apart: list[int] = []
    for file in FILES.values():
        granted = {case["name"]: case for case in file["cases"] if "granted" in case["expect"]}
        for case in file["cases"]:
            if "refused" in case["expect"]:
                apart.append(len(differences(case, granted[case["near"]])))

    assert min(apart) == 1
    assert max(apart) <= 3
    assert apart.count(1) * 2 > len(apart)


def differences(case: Mapping[str, Any], other: Mapping[str, Any]) -> set[str]:
    """Return which inputs of two cases are not the same."""
    return {name for name in {*case, *other} - ABOUT if case.get(name) != other.get(name)}
