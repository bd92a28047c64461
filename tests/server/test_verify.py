"""`colloque verify-receipt`: a receipt, its entry and the log's key; no server, no trust."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner, Result

from crypto.log.checkpoint import Checkpoint, VerifierKey, sign_checkpoint
from crypto.log.proof import LogProof, UnverifiedLogProof
from crypto.log.tree import leaf_hash
from server.cli import app
from server.domain.audit import Draft, EntryType, LogClass
from tests.server.house import PEOPLE, open_database


@dataclass(frozen=True, slots=True)
class Kept:
    """What a person keeps of an act: the receipt file, the key, the entry."""

    file: Path
    key: str
    entry: bytes
    bare: str
    """The receipt without its entry."""


@pytest.fixture
def kept(home: Path, tmp_path: Path) -> Kept:
    """A receipt of a log of eleven entries, as the client exports it."""
    database = open_database(home)
    with database.write() as tx:
        draft = Draft(
            type=EntryType.AUDIT_LOGS_VERIFIED, actor=PEOPLE["marc"], device=None, rule="é"
        )
        located = [tx.log.append(draft, 1) for _ in range(6)]
        tx.seal()
        proof = tx.log.prove(located[0]).proof
        key = tx.log.head("990000001", LogClass.CARE).verifier_key
    database.close()
    parsed = UnverifiedLogProof.parse(proof)
    whole = LogProof(
        index=parsed.index,
        hashes=parsed.hashes,
        checkpoint_text=parsed.checkpoint_text,
        extra=located[0].entry,
    )
    file = tmp_path / "act.tlog-proof"
    file.write_text(whole.encode())
    return Kept(file, key, located[0].entry, proof)


def verify(file: Path, *more: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(app, ["verify-receipt", str(file), *more])


def test_a_good_receipt_holds(kept: Kept) -> None:
    """Exit 0; it says which log, which entry, which root, and what was entered."""
    result = verify(kept.file, "--key", kept.key)

    assert result.exit_code == 0
    assert "VERIFIED" in result.stdout
    assert "test.example/990000001/care" in result.stdout
    assert "5 of 11" in result.stdout
    assert kept.entry.decode() in result.stdout


def test_the_key_may_lie_in_a_file_or_beside_the_receipt(kept: Kept) -> None:
    """A vkey line, a file of them, or the `.vkey` next to it."""
    lines = kept.file.with_name("log.vkey")
    lines.write_text(f"{kept.key}\n")

    given, beside = verify(kept.file, "--key", str(lines)), verify(kept.file)

    assert (given.exit_code, beside.exit_code) == (0, 0)


def test_the_entry_may_be_given_separately(kept: Kept, tmp_path: Path) -> None:
    """The receipt as it came over the wire, with the entry's bytes beside it."""
    bare, entry = tmp_path / "bare.tlog-proof", tmp_path / "entry.json"
    bare.write_text(kept.bare)
    entry.write_bytes(kept.entry)

    with_it = verify(bare, "--key", kept.key, "--entry", str(entry))
    without = verify(bare, "--key", kept.key)

    assert with_it.exit_code == 0
    assert without.exit_code == 1
    assert "REFUSED" in without.stderr


def test_another_entry_than_the_one_inside_is_refused(kept: Kept, tmp_path: Path) -> None:
    """Where both are there they must be the same bytes."""
    entry = tmp_path / "entry.json"
    entry.write_bytes(kept.entry + b" ")

    result = verify(kept.file, "--key", kept.key, "--entry", str(entry))

    assert result.exit_code == 1


def test_every_flipped_bit_is_refused(kept: Kept) -> None:
    """One bit anywhere in the file, entry, proof, checkpoint or signature: never exit 0.

    Exit 1; or 2 where the bit makes it no text at all.
    """
    whole = kept.file.read_bytes()
    flipped = kept.file.with_name("flipped.tlog-proof")
    statuses = {}
    for at in range(0, len(whole), 3):
        changed = whole[:at] + bytes([whole[at] ^ (1 << at % 8)]) + whole[at + 1 :]
        flipped.write_bytes(changed)
        statuses[at] = verify(flipped, "--key", kept.key).exit_code

    assert {at: status for at, status in statuses.items() if status not in {1, 2}} == {}
    assert len(statuses) > 300


@pytest.mark.parametrize("cut", [0, 1, 30, 200, -1, -2, -20])
def test_a_receipt_cut_short_is_refused(kept: Kept, cut: int) -> None:
    """Truncation is no proof, from either end of it."""
    kept.file.write_bytes(kept.file.read_bytes()[:cut])

    assert verify(kept.file, "--key", kept.key).exit_code == 1


def test_without_a_key_nothing_is_said(kept: Kept) -> None:
    """Exit 2: the key is never taken from the receipt, a forger would sign with their own."""
    result = verify(kept.file)

    assert result.exit_code == 2
    assert "No public key" in result.stderr


def test_a_file_that_is_not_there_cannot_be_checked(kept: Kept, tmp_path: Path) -> None:
    """Exit 2, one sentence, no traceback."""
    result = verify(tmp_path / "gone.tlog-proof", "--key", kept.key)

    assert result.exit_code == 2
    assert "Cannot read" in result.stderr


def test_a_file_that_is_no_text_cannot_be_checked(kept: Kept) -> None:
    """Exit 2 as well: it is no receipt to judge."""
    kept.file.write_bytes(b"\xff\xfe\x00")

    assert verify(kept.file, "--key", kept.key).exit_code == 2


def test_another_logs_key_is_refused(kept: Kept) -> None:
    """The same name under another key, or another log's: exit 1."""
    name = kept.key.partition("+")[0]
    forged = VerifierKey.of(name, Ed25519PrivateKey.generate()).encode()
    other = VerifierKey.of("test.example/990000002/care", Ed25519PrivateKey.generate()).encode()

    statuses = [verify(kept.file, "--key", key).exit_code for key in (forged, other)]

    assert statuses == [1, 1]


def test_of_several_keys_the_logs_own_decides(kept: Kept) -> None:
    """A pharmacy has two logs: the file with both keys verifies receipts of either."""
    other = VerifierKey.of("test.example/990000001/technical", Ed25519PrivateKey.generate())
    keys = kept.file.with_name("both.vkey")
    keys.write_text(f"{other.encode()}\n{kept.key}\n")

    assert verify(kept.file).exit_code == 0


def test_words_that_are_no_key_are_refused(kept: Kept) -> None:
    """Exit 1: with this key the receipt proves nothing."""
    assert verify(kept.file, "--key", "not a key").exit_code == 1


def test_a_forger_who_signs_with_their_own_key_is_refused(kept: Kept) -> None:
    """A whole receipt, right in itself, under a key that is not the log's."""
    forger = Ed25519PrivateKey.generate()
    name = kept.key.partition("+")[0]
    proof = UnverifiedLogProof.parse(kept.bare)
    genuine = proof.checkpoint.verify(VerifierKey.parse(kept.key))
    note = sign_checkpoint(Checkpoint(origin=name, size=genuine.size, root=genuine.root), forger)
    forged = LogProof(
        index=proof.index, hashes=proof.hashes, checkpoint_text=note, extra=kept.entry
    )
    kept.file.write_text(forged.encode())

    assert verify(kept.file, "--key", kept.key).exit_code == 1


def test_an_entry_that_is_no_text_is_shown_escaped(tmp_path: Path) -> None:
    """Whatever a log has signed: the command says so, and sends no raw byte to the terminal."""
    signer, entry = Ed25519PrivateKey.generate(), b"\xff\x1b[2J"
    root = leaf_hash(entry)
    note = sign_checkpoint(Checkpoint(origin="l/t/care", size=1, root=root), signer)
    proof = LogProof(index=0, hashes=(), checkpoint_text=note, extra=entry)
    file = tmp_path / "odd.tlog-proof"
    file.write_text(proof.encode())

    result = verify(file, "--key", VerifierKey.of("l/t/care", signer).encode())

    assert result.exit_code == 0
    assert r"\xff\x1b[2J" in result.stdout
    assert "\x1b" not in result.stdout
