"""Checkpoints: believed when the pinned key signed them, and only then."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import BadSignature, CryptoError, MalformedInput, WrongOrigin
from crypto.log.checkpoint import (
    Checkpoint,
    UnverifiedCheckpoint,
    VerifierKey,
    sign_checkpoint,
)
from tests.crypto.log.builders import ORIGIN, a_key, a_verifier_key

ROOT = bytes(range(32))


def a_checkpoint(*, origin: str = ORIGIN, size: int = 7) -> Checkpoint:
    return Checkpoint(origin=origin, size=size, root=ROOT)


def a_witness_line(name: str = "witness.example") -> str:
    """Return the signature line of somebody else on the same text."""
    note = sign_checkpoint(a_checkpoint(), a_key("witness"))
    return note.split("\n\n")[1].replace(ORIGIN, name)


def verify(text: str, key: VerifierKey | None = None) -> Checkpoint:
    return UnverifiedCheckpoint.parse(text).verify(key or a_verifier_key())


@given(st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32))
def test_a_signed_checkpoint_is_believed(size: int, root: bytes) -> None:
    """What the log signed is what its reader gets."""
    checkpoint = Checkpoint(origin=ORIGIN, size=size, root=root)

    assert verify(sign_checkpoint(checkpoint, a_key())) == checkpoint


def test_a_checkpoint_is_a_note_of_three_lines() -> None:
    """The text is c2sp.org/tlog-checkpoint's: origin, size, root; then the signature."""
    body, signature = sign_checkpoint(a_checkpoint(), a_key()).split("\n\n")

    assert body == f"{ORIGIN}\n7\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    assert signature.startswith(f"— {ORIGIN} ")


def test_witnesses_and_strangers_may_sign_too() -> None:
    """signed-note: signatures by unknown keys are ignored, wherever they stand."""
    body, ours = sign_checkpoint(a_checkpoint(), a_key()).split("\n\n")

    for lines in (a_witness_line() + ours, ours + a_witness_line(), ours + a_witness_line(ORIGIN)):
        assert verify(f"{body}\n\n{lines}") == a_checkpoint()


def test_a_checkpoint_of_another_log_is_refused() -> None:
    """The same key under another origin is another log."""
    elsewhere = sign_checkpoint(a_checkpoint(origin="colloque.example/technical/tests"), a_key())

    with pytest.raises(WrongOrigin):
        verify(elsewhere)


def test_a_checkpoint_by_another_key_is_refused() -> None:
    """The right name is not enough."""
    with pytest.raises(BadSignature):
        verify(sign_checkpoint(a_checkpoint(), a_key("impostor")))


def test_a_checkpoint_signed_by_witnesses_only_is_refused() -> None:
    """A witness's signature does not stand in for the log's."""
    body, _ = sign_checkpoint(a_checkpoint(), a_key()).split("\n\n")

    with pytest.raises(BadSignature):
        verify(f"{body}\n\n{a_witness_line()}")


def test_every_flipped_bit_of_a_checkpoint_is_refused() -> None:
    """No bit of the text or of the signature is without meaning."""
    data = sign_checkpoint(a_checkpoint(), a_key()).encode()

    for bit in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        try:
            text = flipped.decode()
        except UnicodeDecodeError:
            continue
        with pytest.raises(CryptoError):
            verify(text)


def test_half_a_surrogate_pair_is_refused() -> None:
    """A text that cannot be UTF-8 cannot be a note."""
    with pytest.raises(MalformedInput):
        UnverifiedCheckpoint.parse(sign_checkpoint(a_checkpoint(), a_key()) + "\ud800")


@given(st.text(max_size=200))
def test_random_text_crashes_nothing(text: str) -> None:
    """Whatever a peer sends as a checkpoint, the answer is a `CryptoError`."""
    with pytest.raises(CryptoError):
        verify(text)


@pytest.mark.parametrize(
    ("origin", "size", "root"),
    [("", 0, ROOT), ("a b", 0, ROOT), ("a", -1, ROOT), ("a", 2**63, ROOT), ("a", 0, b"short")],
    ids=["no origin", "space", "negative", "too large", "short root"],
)
def test_a_checkpoint_that_could_not_be_written_is_refused(
    origin: str, size: int, root: bytes
) -> None:
    """The log does not sign what no reader would accept."""
    with pytest.raises(MalformedInput):
        Checkpoint(origin=origin, size=size, root=root)


def test_a_verifier_key_is_read_as_it_was_written() -> None:
    """The text that is pinned gives the same key again."""
    key = a_verifier_key()

    assert VerifierKey.parse(key.encode()) == key


def test_the_verifier_key_of_the_checksum_database_is_read() -> None:
    """A key in public use: sum.golang.org's, as the Go command pins it."""
    text = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"

    key = VerifierKey.parse(text)

    assert (key.name, key.key_id.hex(), key.encode()) == ("sum.golang.org", "033de0ae", text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sum.golang.org",
        "sum.golang.org+033de0ae",
        "sum.golang.org+033de0af+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
        "sum.golang.org+033DE0AE+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
        "sum.golang.com+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
        "sum golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
        "sum.golang.org+033de0ae+As4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
        "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8\n",
        "sum.golang.org+033de0ae+AQ==",
    ],
)
def test_a_verifier_key_with_a_fault_is_refused(text: str) -> None:
    """A wrong id, type, name, case or length: pinned by mistake, refused at once."""
    with pytest.raises(MalformedInput):
        VerifierKey.parse(text)
