"""Receipts and the pinned keys they are held against."""

from __future__ import annotations

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from clients.python.errors import LogKeyChanged
from clients.python.receipts import PinnedLogs, verify_is_for
from crypto.errors import BadProof, BadSignature, CryptoError, WrongEntry, WrongOrigin
from crypto.log.checkpoint import VerifierKey
from tests.clients.small_hub import LOG, SmallHub

CONVERSATION = "00000000-0000-4000-8000-0000000000aa"


def a_hub_with_entries(count: int = 5) -> SmallHub:
    hub = SmallHub()
    for number in range(count):
        hub.record("message.sent", CONVERSATION, b"body %d" % number)
    return hub


def pinned(hub: SmallHub) -> PinnedLogs:
    logs = PinnedLogs()
    logs.pin({"care": VerifierKey.of(LOG, hub.key).encode()})
    return logs


def test_a_receipt_verifies_against_the_pinned_key() -> None:
    """Every index of a small tree."""
    hub = a_hub_with_entries()
    logs = pinned(hub)

    proven = [logs.verify(hub.receipt(index)).entry for index in range(5)]

    assert proven == hub.entries


def test_the_same_key_may_be_pinned_again() -> None:
    """Each hello tells the keys; the same ones change nothing."""
    hub = a_hub_with_entries()
    logs = pinned(hub)

    logs.pin({"care": VerifierKey.of(LOG, hub.key).encode()})

    assert logs.key(LOG) == VerifierKey.of(LOG, hub.key)


def test_another_key_is_never_taken() -> None:
    """A hub that lost its key, or another hub: both are said, neither is believed."""
    logs = pinned(a_hub_with_entries())

    with pytest.raises(LogKeyChanged):
        logs.pin({"care": VerifierKey.of(LOG, Ed25519PrivateKey.generate()).encode()})


def test_a_receipt_of_an_unknown_log_proves_nothing() -> None:
    """The log's name chooses the key: a name never pinned has none."""
    hub = a_hub_with_entries()
    receipt = msgspec.structs.replace(hub.receipt(0), log="colloque.test/990000001/technical")

    with pytest.raises(WrongOrigin):
        pinned(hub).verify(receipt)


def test_a_receipt_signed_by_another_key_proves_nothing() -> None:
    """The checkpoint's signature is held against the pinned key, not the shown one."""
    hub = a_hub_with_entries()
    logs = pinned(hub)
    hub.key = Ed25519PrivateKey.generate()

    with pytest.raises(BadSignature):
        logs.verify(hub.receipt(0))


def test_every_altered_byte_of_the_entry_is_noticed() -> None:
    """The proof leads from these bytes and no others."""
    hub = a_hub_with_entries()
    receipt = hub.receipt(2)
    logs = pinned(hub)

    for at in range(len(receipt.entry)):
        entry = bytearray(receipt.entry)
        entry[at] ^= 1
        with pytest.raises(BadProof):
            logs.verify(msgspec.structs.replace(receipt, entry=bytes(entry)))


def test_a_proof_that_is_no_proof_is_refused() -> None:
    """Text that does not parse raises one of the package's errors."""
    hub = a_hub_with_entries()

    with pytest.raises(CryptoError):
        pinned(hub).verify(msgspec.structs.replace(hub.receipt(0), proof="nonsense"))


@pytest.mark.parametrize(
    ("act", "conversation", "body"),
    [
        ("group.committed", CONVERSATION, b"body 0"),
        ("message.sent", "00000000-0000-4000-8000-0000000000bb", b"body 0"),
        ("message.sent", CONVERSATION, b"body 1"),
    ],
    ids=["another type", "another conversation", "other bytes"],
)
def test_a_receipt_is_for_one_act_only(act: str, conversation: str, body: bytes) -> None:
    """A true receipt of something else is no answer to this act."""
    hub = a_hub_with_entries()
    verified = pinned(hub).verify(hub.receipt(0))

    with pytest.raises(WrongEntry):
        verify_is_for(verified, act=act, conversation=conversation, body=body)


def test_a_receipt_of_this_act_is_returned() -> None:
    """Type, conversation and ciphertext are those that were sent."""
    hub = a_hub_with_entries()
    verified = pinned(hub).verify(hub.receipt(0))

    assert (
        verify_is_for(verified, act="message.sent", conversation=CONVERSATION, body=b"body 0")
        is verified
    )
