"""The table of scenarios itself: large enough, and each row a sentence of its own."""

from __future__ import annotations

from signaling.codes import Code
from tests.conformance.__main__ import lines
from tests.conformance.book import scenarios
from tests.conformance.scenario import Refused

LEAST = 150
LEAST_REFUSALS = 0.4


def test_there_are_enough_scenarios_and_enough_of_them_are_refusals() -> None:
    """150 at least, two in five of them a no."""
    every = scenarios()

    assert len(every) >= LEAST
    assert sum(one.is_refusal for one in every) >= LEAST_REFUSALS * len(every)


def test_each_scenario_is_one_sentence_of_its_own() -> None:
    """Begins with a capital, ends with a full stop, said once."""
    sentences = [one.sentence for one in scenarios()]

    assert len(set(sentences)) == len(sentences)
    assert [s for s in sentences if not s[0].isupper() and not s.startswith("«")] == []
    assert [s for s in sentences if not s.endswith(".") or ". " in s] == []


def test_each_refusal_is_in_a_code_of_the_table() -> None:
    """No scenario expects a code that nobody has a sentence for."""
    codes = {one.then.code for one in scenarios() if isinstance(one.then, Refused)}

    assert codes <= set(Code)


def test_the_command_prints_the_count_in_its_last_line() -> None:
    """« 168 scenarios, 92 refusals (55 %) »."""
    every = scenarios()
    refusals = sum(one.is_refusal for one in every)

    *_, last = lines([])

    share = 100 * refusals // len(every)
    assert last == f"{len(every)} scenarios, {refusals} refusals ({share} %)"


def test_the_list_has_every_sentence() -> None:
    """With what the hub answers."""
    listed = "\n".join(lines(["--list"]))

    assert [one.sentence for one in scenarios() if one.sentence not in listed] == []
