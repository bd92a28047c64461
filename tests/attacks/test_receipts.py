"""What a forger tries with a receipt: other spellings, other keys, text that a terminal obeys."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from crypto.log import tree
from crypto.log.checkpoint import Checkpoint, VerifierKey, sign_checkpoint
from crypto.log.proof import LogProof
from server.verify import CANNOT, HOLDS, REFUSED, verify_file

CARE, TECHNICAL = "log.example/990000001/care", "log.example/990000001/technical"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
ENTRY = b'{"type":"message.sent","v":1}'


def a_receipt(entry: bytes = ENTRY, *, log: str = CARE, key: Ed25519PrivateKey = KEY) -> str:
    """Return the receipt of the only entry of a log."""
    root = tree.leaf_hash(entry)
    note = sign_checkpoint(Checkpoint(origin=log, size=1, root=root), key)
    return LogProof(index=0, hashes=(), checkpoint_text=note, extra=entry).encode()


def verify(directory: Path, text: str | bytes, *, key: str | None = None) -> int:
    """Verify a file of this text with the care log's key, or another."""
    file = directory / "receipt.tlog-proof"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    given = VerifierKey.of(CARE, KEY).encode() if key is None else key
    return verify_file(file, key=given, entry=None)


def test_a_true_receipt_holds(tmp_path: Path) -> None:
    """What all the others are measured against."""
    assert verify(tmp_path, a_receipt()) == HOLDS


@pytest.mark.parametrize(
    ("there", "instead"),
    [
        ("\n", "\r\n"),
        ("index 0", "index \u0660"),
        ("index 0", "index 00"),
        ("index 0", "index +0"),
        ("index 0", "index -0"),
        ("index 0", "index 1"),
        ("\n1\n", "\n01\n"),
        ("\n1\n", "\n2\n"),
        ("index 0\n", "index 0\n\n"),
        ("— ", "- "),
        ("extra ", "extra  "),
        (" log.example", " log\u2024example"),
    ],
)
def test_another_spelling_of_a_receipt_does_not_hold(
    tmp_path: Path, there: str, instead: str
) -> None:
    """One proof, one text: what two readers could read in two ways is refused."""
    assert there in a_receipt()

    assert verify(tmp_path, a_receipt().replace(there, instead)) == REFUSED


def test_bytes_after_the_end_do_not_pass(tmp_path: Path) -> None:
    """Nothing rides behind the signature."""
    assert verify(tmp_path, a_receipt() + "\n") == REFUSED


def test_the_same_signature_does_not_hold_for_another_log(tmp_path: Path) -> None:
    """One key signs two logs: the name in the note decides which."""
    assert verify(tmp_path, a_receipt(log=TECHNICAL)) == REFUSED


def test_a_receipt_vouches_for_no_key_of_its_own(tmp_path: Path) -> None:
    """A forger's log of the same name, signed with the forger's key."""
    forged = a_receipt(key=Ed25519PrivateKey.generate())

    assert verify(tmp_path, forged) == REFUSED
    assert verify(tmp_path, forged, key="") == CANNOT


@pytest.mark.parametrize("key", ["a" * 5000, "a\0b", "../..", "nonsense"])
def test_a_key_that_is_none_ends_in_words(tmp_path: Path, key: str) -> None:
    """Never in a traceback, never in « VERIFIED »."""
    assert verify(tmp_path, a_receipt(), key=key) in {REFUSED, CANNOT}


def test_a_file_of_any_size_is_read_to_a_bound(tmp_path: Path) -> None:
    """Ten megabytes are no receipt."""
    assert verify(tmp_path, b"a" * 10_000_000) == REFUSED


@pytest.mark.parametrize(
    "entry",
    [b"\xff\xfe", b"\x1b[2J\x1b[Hall is well\r", "\u202eelddir".encode(), b"a\nroot     00"],
    ids=["no text", "terminal codes", "right to left", "a line of its own"],
)
def test_an_entry_cannot_make_the_terminal_lie(
    tmp_path: Path, entry: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a log holds is shown letter by letter, whatever its operator put there."""
    assert verify(tmp_path, a_receipt(entry)) == HOLDS

    shown = capsys.readouterr().out.splitlines()
    assert len(shown) == 6
    assert all(line.isprintable() for line in shown)
