"""Receipts: an entry stands in the log, or the reason why nothing was proven."""

from __future__ import annotations

from typing import Any

import pytest

from crypto import errors
from crypto.errors import BadProof, CryptoError, WrongEntry
from crypto.log.checkpoint import VerifierKey
from crypto.log.verify import VerifiedReceipt, verify_receipt
from tests.crypto.log.builders import VECTORS, MemoryLog, a_verifier_key, golden
from tests.vectors.log.make_refused import FAULTS

GOLDEN: dict[str, Any] = golden("receipts.json")
REFUSED: dict[str, str] = golden("refused.json")
GOLDEN_KEY = VerifierKey.parse(GOLDEN["verifier_key"])


def a_log(size: int = 11) -> MemoryLog:
    return MemoryLog(b"entry %d" % n for n in range(size))


def class_name(fault: str) -> str:
    return "".join(word.capitalize() for word in fault.split("_"))


@pytest.mark.parametrize("index", range(11))
def test_a_receipt_proves_the_entry_in_hand(index: int) -> None:
    """The device that sent an entry holds it against the receipt of its acknowledgement."""
    log = a_log()

    receipt = verify_receipt(log.receipt(index), a_verifier_key(), log.entries[index])

    assert (receipt.entry, receipt.index, receipt.checkpoint.size) == (
        b"entry %d" % index,
        index,
        11,
    )


def test_a_receipt_that_carries_its_entry_needs_nothing_else() -> None:
    """The file that a person keeps verifies by itself."""
    log = a_log()

    receipt = verify_receipt(log.receipt(3, extra=log.entries[3]), a_verifier_key())

    assert receipt.entry == b"entry 3"


def test_the_only_entry_of_a_log_has_a_receipt() -> None:
    """A tree of one leaf has an empty proof."""
    log = a_log(1)

    assert verify_receipt(log.receipt(0), a_verifier_key(), b"entry 0").index == 0


def test_a_receipt_for_another_entry_is_refused() -> None:
    """Whether it carries the other entry, or only proves it."""
    log = a_log()

    with pytest.raises(WrongEntry):
        verify_receipt(log.receipt(3, extra=b"entry 3"), a_verifier_key(), b"entry 4")
    with pytest.raises(BadProof):
        verify_receipt(log.receipt(3), a_verifier_key(), b"entry 4")


def test_a_receipt_without_an_entry_proves_nothing() -> None:
    """There must be something to prove."""
    with pytest.raises(WrongEntry):
        verify_receipt(a_log().receipt(3), a_verifier_key())


def test_every_flipped_bit_of_a_receipt_is_refused() -> None:
    """No bit of the proof, the entry it carries or the checkpoint is without meaning."""
    data = a_log(3).receipt(1, extra=b"entry 1").encode()
    key = a_verifier_key()

    for bit in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        try:
            text = flipped.decode()
        except UnicodeDecodeError:
            continue
        with pytest.raises(CryptoError):
            verify_receipt(text, key)


@pytest.mark.parametrize("length", range(0, 330, 7))
def test_a_receipt_cut_short_is_refused(length: int) -> None:
    """There is no prefix that proves anything."""
    text = a_log(3).receipt(1, extra=b"entry 1")

    with pytest.raises(CryptoError):
        verify_receipt(text[:length], a_verifier_key())


@pytest.mark.parametrize("case", GOLDEN["receipts"], ids=lambda c: f"{c['index']} of {c['size']}")
def test_receipts_made_with_go_are_believed(case: dict[str, Any]) -> None:
    """Go's notes and proofs, its witness's line included, verify here."""
    assert verify_receipt(case["proof"], GOLDEN_KEY) == VerifiedReceipt(
        case["entry"].encode(),
        case["index"],
        verify_receipt(case["proof"], GOLDEN_KEY, case["entry"].encode()).checkpoint,
    )


@pytest.mark.parametrize(("name", "fault"), REFUSED.items())
def test_a_receipt_with_a_fault_is_refused_for_it(name: str, fault: str) -> None:
    """Each file is named by its fault, and refused with the error that names the reason."""
    text = (VECTORS / "refused" / f"{name}.tlog-proof").read_bytes().decode()

    with pytest.raises(CryptoError) as refusal:
        verify_receipt(text, GOLDEN_KEY)

    assert type(refusal.value) is getattr(errors, class_name(fault))


def test_every_refused_file_is_what_its_maker_makes() -> None:
    """No file is without an expected fault, and none was edited by hand."""
    files = {path.stem: path.read_bytes() for path in (VECTORS / "refused").iterdir()}
    made = {name: text.encode() for texts in FAULTS.values() for name, text in texts.items()}

    assert files == made
    assert set(files) == set(REFUSED)
