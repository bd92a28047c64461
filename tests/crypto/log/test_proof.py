"""The text of a receipt: written once, read strictly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import CryptoError, MalformedInput
from crypto.log.checkpoint import UnverifiedCheckpoint
from crypto.log.proof import LogProof, UnverifiedLogProof
from tests.crypto.log.builders import MemoryLog

CHECKPOINT = MemoryLog([b"entry"]).checkpoint()


@given(
    st.integers(0, 2**63 - 1),
    st.lists(st.binary(min_size=32, max_size=32), max_size=64),
    st.none() | st.binary(max_size=200),
)
def test_a_proof_is_read_as_it_was_written(
    index: int, hashes: list[bytes], extra: bytes | None
) -> None:
    """Index, hashes, checkpoint and extra data survive the round trip."""
    proof = LogProof(
        index=index, hashes=tuple(hashes), checkpoint_text=CHECKPOINT, extra=extra
    ).encode()

    assert UnverifiedLogProof.parse(proof) == UnverifiedLogProof(
        index=index,
        hashes=tuple(hashes),
        checkpoint_text=CHECKPOINT,
        checkpoint=UnverifiedCheckpoint.parse(CHECKPOINT),
        extra=extra,
    )


def test_a_proof_of_the_largest_entry_is_read() -> None:
    """8 KiB of entry and 64 hashes fit."""
    largest = LogProof(
        index=0, hashes=(bytes(32),) * 64, checkpoint_text=CHECKPOINT, extra=bytes(8192)
    )

    assert UnverifiedLogProof.parse(largest.encode()).extra == bytes(8192)


def test_a_text_longer_than_any_proof_is_refused_unread() -> None:
    """The bound holds before anything is split or decoded."""
    with pytest.raises(MalformedInput):
        UnverifiedLogProof.parse("A" * 100_000)


@given(st.text(max_size=200))
def test_random_text_crashes_nothing(text: str) -> None:
    """Whatever a peer sends as a proof, the answer is a `CryptoError`."""
    for sent in (text, f"c2sp.org/tlog-proof@v1\n{text}", f"c2sp.org/tlog-proof@v1\nindex {text}"):
        with pytest.raises(CryptoError):
            UnverifiedLogProof.parse(sent)
