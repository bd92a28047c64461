"""Codes: total, stable, and telling a machine and a person what to do next."""

from __future__ import annotations

import pytest

from crypto.policy.vocabulary import Refusal
from signaling.codes import CODES, Close, Code, Retry, reconnects

# In the audit log of every pharmacy that ever ran this: a name is added here, never changed.
FROZEN_CODES = [
    "E_MALFORMED",
    "E_SESSION",
    "E_ORIGIN",
    "E_DEVICE",
    "E_ROLE",
    "E_TENANT",
    "E_KIND",
    "E_NOT_FOUND",
    "E_EPOCH",
    "E_ID_REUSED",
    "E_KEY_PACKAGE_USED",
    "E_NO_KEY_PACKAGE",
    "E_FRANKING",
    "E_RATE",
    "E_BUSY",
    "E_INTERNAL",
    "call.not_member",
    "call.not_authorized",
    "call.delegation_expired",
    "call.delegation_revoked",
    "call.busy",
    "call.taken",
    "call.declined",
    "call.timeout",
    "call.cancelled",
    "call.full",
    "call.wrong_state",
    "call.stale_generation",
    "call.wrong_role",
    "call.rate_limited",
    "call.too_large",
    "call.turn_unavailable",
    "call.device_denied",
    "call.no_device",
    "call.network_blocked",
    "call.fingerprint_mismatch",
    "call.identity_changed",
    "call.media_lost",
    "call.peer_left",
    "call.transferred",
    "call.server_restart",
    "E_GROUP_INFO",
    "E_KEY_PACKAGE",
    "E_SENDER",
    "E_COMMIT",
    "E_POLICY",
    "E_REMOVE_PENDING",
    "E_RECEIPT",
    "E_DEVICE_RETIRED",
]
FROZEN_CLOSES = {
    "MALFORMED": 4400,
    "SESSION": 4401,
    "FORBIDDEN": 4403,
    "SUPERSEDED": 4409,
    "TOO_SLOW": 4500,
    "DRAINING": 4501,
    "SILENT": 4502,
    "UNAVAILABLE": 4503,
}


def test_a_code_is_never_renamed_or_reused() -> None:
    """The list only grows, and a code says its own name."""
    assert [code.value for code in Code][: len(FROZEN_CODES)] == FROZEN_CODES
    assert all(code.name == _name(code.value) for code in Code)


def _name(value: str) -> str:
    """`E_BUSY` is called so; `call.busy` is `CALL_BUSY`."""
    return value if value.startswith("E_") else value.replace(".", "_").upper()


def test_every_code_has_its_row() -> None:
    """No refusal without a sentence and an instruction for the machine."""
    assert set(CODES) == set(Code)


@pytest.mark.parametrize("code", Code)
def test_a_row_speaks_in_two_reading_levels(code: Code) -> None:
    """Both are sentences, and the plain one is not the longer one."""
    row = CODES[code]

    assert row.text.endswith(".")
    assert row.simple.endswith(".")
    assert len(row.simple) <= len(row.text)


@pytest.mark.parametrize("code", Code)
def test_a_row_tells_the_machine_whether_to_try_again(code: Code) -> None:
    """`retry` is one of three words, and a fault of the hub is always tried again."""
    assert CODES[code].retry in set(Retry)
    if code in {Code.E_RATE, Code.E_BUSY, Code.E_INTERNAL}:
        assert CODES[code].retry is Retry.LATER


@pytest.mark.parametrize(
    "code",
    [Code.E_MALFORMED, Code.E_SESSION, Code.E_ORIGIN, Code.E_RATE, Code.E_BUSY, Code.E_INTERNAL],
)
def test_a_fault_of_form_is_no_entry(code: Code) -> None:
    """Nobody fills the audit log from outside."""
    assert not CODES[code].audited


def test_an_authorisation_that_is_over_ends_in_the_same_words_however_it_ended() -> None:
    """Why is between the patient and the pharmacy: no carer reads it out of a refusal."""
    over = [code for code in Code if "DELEGATION_" in code.name]

    assert len(over) == 6
    assert len({(CODES[code].text, CODES[code].simple) for code in over}) == 1


def test_policy_refuses_in_words_that_the_wire_knows() -> None:
    """A refusal of `crypto.policy` is a code with its row: none is lost on the way out."""
    assert {refusal.value for refusal in Refusal} <= {code.value for code in Code}


def test_close_codes_are_never_renumbered() -> None:
    """Clients in the field decide by these numbers."""
    known = {close.name: close.value for close in Close}

    assert {name: known[name] for name in FROZEN_CLOSES} == FROZEN_CLOSES


@pytest.mark.parametrize("close", Close)
def test_the_range_of_a_close_code_decides_reconnection(close: Close) -> None:
    """4400 to 4499: stay away. 4500 to 4599: come back."""
    assert 4400 <= close <= 4599
    assert reconnects(close) == (close >= 4500)


@pytest.mark.parametrize(
    ("close", "expected"),
    [
        (1000, True),
        (1001, True),
        (1006, True),
        (1009, False),
        (1011, True),
        (1012, True),
        (4399, True),
        (4400, False),
        (4450, False),
        (4499, False),
        (4500, True),
        (4599, True),
    ],
)
def test_other_close_codes_reconnect_except_too_big(close: int, expected: bool) -> None:
    """A network that broke comes back; a frame beyond every bound would only meet 1009 again."""
    assert reconnects(close) is expected
