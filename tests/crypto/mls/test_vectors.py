"""The official vectors and the recorded interoperation runs, through the runner's command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from crypto.mls import vectors
from tests.crypto.vectors import official
from tests.needs import needs_official_vectors

pytestmark = [pytest.mark.slow, needs_official_vectors]

FILES = {
    "crypto-basics": 7,
    "deserialization": 14,
    "key-schedule": 7,
    "message-protection": 7,
    "messages": 300,
    "passive-client-handling-commit": 91,
    "passive-client-random": 1,
    "passive-client-welcome": 56,
    "psk_secret": 77,
    "secret-tree": 21,
    "transcript-hashes": 7,
    "tree-math": 10,
    "tree-operations": 5,
    "tree-validation": 98,
    "treekem": 77,
    "welcome": 7,
    "interop-passive/application": 21,
    "interop-passive/branch": 112,
    "interop-passive/commit": 154,
    "interop-passive/external_join": 21,
    "interop-passive/external_proposals": 98,
    "interop-passive/reinit": 168,
    "interop-passive/welcome_join": 28,
}

LONG = {"treekem", "passive-client-random"}

each_file = pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow) if name in LONG else name for name in FILES],
)


def test_the_files_are_all_there_is() -> None:
    """785 official cases and 602 recorded ones."""
    recorded = sum(cases for name, cases in FILES.items() if name.startswith("interop-passive"))

    assert recorded == 602
    assert sum(FILES.values()) - recorded == 785


@each_file
def test_every_case_of_a_file_passes(name: str) -> None:
    """No case is left out, and none fails."""
    cases = official(f"mls/{name}.json")

    failures = {index: vectors.failure_of(case) for index, case in enumerate(cases)}

    assert len(cases) == FILES[name]
    assert {index: why for index, why in failures.items() if why is not None} == {}


@each_file
def test_a_changed_case_fails(name: str) -> None:
    """The verdict is no foregone conclusion: every value of a case counts, if by one bit."""
    cases = official(f"mls/{name}.json")
    case = next((one for one in cases if one.get("epochs")), cases[-1])
    if "epochs" in case:
        case = {**case, "epochs": case["epochs"][:3]}
    places = [place for place in _places(case) if place[-1] not in NOT_JUDGED]

    unnoticed = [
        place for place in places[-SPOILT:] if vectors.failure_of(_spoilt(case, place)) is None
    ]

    assert places
    assert unnoticed == []


# What a case carries and its verification does not use, or that has no wrong value.
NOT_JUDGED = {"cipher_suite", "generation", "proposal_sender"}
SPOILT = 4


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return where the numbers and the texts of a case stand."""
    if isinstance(value, dict):
        return [place for key, one in value.items() for place in _places(one, (*path, key))]
    if isinstance(value, list):
        return [place for i, one in enumerate(value) for place in _places(one, (*path, i))]
    return [path] if value not in (None, "") else []


def _spoilt(case: Any, place: tuple[Any, ...]) -> Any:
    """Return the case with the last digit of one value changed."""
    spoilt = json.loads(json.dumps(case))
    holder = spoilt
    for key in place[:-1]:
        holder = holder[key]
    value = holder[place[-1]]
    holder[place[-1]] = value + 1 if isinstance(value, int) else _changed(value, place[-1])
    return spoilt


def _changed(value: str, key: Any) -> str:
    # A structure that is only decoded does not know its own bytes: it knows its end.
    if key in vectors.DECODED_ONLY:
        return value + "00"
    return value[:-1] + ("0" if value[-1] != "0" else "1")


def test_what_is_no_vector_fails() -> None:
    """An unknown kind is a failure, not a case passed over."""
    assert vectors.failure_of({"something": "else"}) is not None
    assert vectors.failure_of({"n_leaves": 1}) is not None


def test_the_command_counts_and_says_which(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It ends with `N passed, M failed`, and fails when one does or nothing ran."""
    good = {"vlbytes_header": "00", "length": 0}
    bad = {"vlbytes_header": "4000", "length": 0}
    path = tmp_path / "any name.json"
    path.write_text(json.dumps([good, bad, good]), "utf-8")

    assert vectors.main([str(path)]) == 1
    assert capsys.readouterr().out.splitlines()[0].startswith(f"{path}[1]: ")
    path.write_text(json.dumps([good]), "utf-8")
    assert vectors.main([str(path)]) == 0
    assert capsys.readouterr().out == "1 passed, 0 failed\n"
    assert vectors.main([]) == 1
