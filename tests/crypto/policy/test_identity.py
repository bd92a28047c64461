"""Whose a leaf is: names that may be read, certificates that must be believed.

Who may certify whom is decided by the shared vectors (`credentials.json`).
"""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.errors import BadIdentity, BadSignature, CryptoError, MalformedInput
from crypto.mls.credential import Credential
from crypto.policy.identity import (
    CREDENTIAL_TYPE,
    CredentialParts,
    LeafIdentity,
    Trust,
    Validity,
    verify_credential,
    verify_identity,
    verify_staff,
)
from crypto.policy.vocabulary import CLOCK_TOLERANCE_US
from tests.crypto.policy.world import (
    AUTHORITY,
    CLAIRE,
    DEPLOYMENT,
    HUGO,
    JEAN,
    NOW,
    PHARMACY,
    SOPHIE,
    TRUST,
    Leaf,
    device_id,
    device_of,
    identity_of,
    key,
    leaf,
    named,
    staff_of,
)


def believe(one: Leaf, credential: Credential | None = None) -> object:
    """Return what is believed of a leaf now."""
    return verify_credential(
        credential or one.credential,
        signature_key=one.signature_key,
        trust=TRUST,
        owner_aik=CLAIRE.key,
        pharmacy=PHARMACY,
        at_us=NOW,
    )


def test_a_leafs_names_are_read_from_its_certificates() -> None:
    """The person's and the device's, as UUIDs."""
    read = LeafIdentity.of(leaf(JEAN, 2).credential)

    assert read == named(JEAN, 2)
    assert UUID(read.device).bytes == device_id(JEAN, 2)


def test_names_are_read_and_not_believed() -> None:
    """Whoever signed them: to look somebody up, and for nothing else."""
    forged = leaf(JEAN, identity=identity_of(JEAN, by=key("anybody")))

    assert LeafIdentity.of(forged.credential) == named(JEAN)
    with pytest.raises(BadSignature):
        believe(forged)


def test_certificates_of_two_people_name_nobody() -> None:
    """Neither of them."""
    mixed = CredentialParts(identity_of(JEAN), device_of(SOPHIE))

    with pytest.raises(MalformedInput):
        LeafIdentity.of(mixed.credential())


@pytest.mark.parametrize(
    "credential",
    [
        Credential.basic(b"hub"),
        Credential.basic(f"{named(JEAN).person}/{named(JEAN).device}".encode()),
        Credential.x509((b"certificate",)),
        Credential(CREDENTIAL_TYPE, b""),
        Credential(CREDENTIAL_TYPE + 1, leaf(JEAN).parts.encode()),
    ],
    ids=["the hub's", "a basic one", "an X.509 one", "an empty one", "another private one"],
)
def test_another_credential_names_nobody(credential: Credential) -> None:
    """What claims and proves nothing has no place in a group."""
    with pytest.raises(MalformedInput):
        LeafIdentity.of(credential)
    with pytest.raises(MalformedInput):
        believe(leaf(JEAN), credential)


def test_a_credential_is_read_as_it_was_written() -> None:
    """Its certificates come back, each as it came."""
    parts = leaf(HUGO).parts

    assert CredentialParts.of(parts.credential()) == parts
    assert parts.credential().type == CREDENTIAL_TYPE


def test_every_flipped_bit_of_a_credential_is_refused() -> None:
    """No bit is free, in whichever certificate."""
    one = leaf(HUGO)
    data = one.parts.encode()

    for bit in range(0, len(data) * 8, 11):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CryptoError):
            believe(one, Credential(CREDENTIAL_TYPE, bytes(flipped)))


def test_an_identity_certificate_is_the_authoritys() -> None:
    """Of this deployment, and of no other that has the same key."""
    data = identity_of(JEAN)

    assert verify_identity(data, TRUST).aik == JEAN.key
    with pytest.raises(BadSignature):
        verify_identity(data, replace(TRUST, authority=CLAIRE.key))
    with pytest.raises(BadIdentity):
        verify_identity(data, Trust("other.example", AUTHORITY.public))


def test_a_staff_certificate_is_the_owners() -> None:
    """Of this pharmacy, this deployment, and this time."""
    data = staff_of(HUGO)
    stated = {"trust": TRUST, "owner_aik": CLAIRE.key, "pharmacy": PHARMACY, "at_us": NOW}

    assert verify_staff(data, **stated).aik == HUGO.key  # type: ignore[arg-type]
    for other in (
        {"trust": replace(TRUST, deployment="other.example")},
        {"pharmacy": "990000002"},
        {"at_us": NOW + 10**15},
    ):
        with pytest.raises(BadIdentity):
            verify_staff(data, **stated | other)  # type: ignore[arg-type]
    with pytest.raises(BadSignature):
        verify_staff(data, **stated | {"owner_aik": AUTHORITY.public})  # type: ignore[arg-type]


@given(st.integers(0, 2**52), st.integers(0, 2**52), st.integers(0, 2**52))
@settings(max_examples=50)
def test_a_time_ends_at_its_last_instant_and_not_after(start: int, length: int, at: int) -> None:
    """Two clocks may disagree about its beginning, never about its end."""
    held = Validity(start, start + length)

    assert held.includes(at) is (start - CLOCK_TOLERANCE_US <= at < start + length)
    assert not held.includes(start + length)


def test_what_holds_together_holds_while_all_of_it_does() -> None:
    """From the latest beginning to the earliest end."""
    assert Validity(1, 9).within(Validity(3, 12)) == Validity(3, 9)


def test_nothing_of_a_deployment_is_in_a_refusal() -> None:
    """What a peer wrote does not travel into a log."""
    with pytest.raises(BadIdentity) as refused:
        verify_identity(identity_of(JEAN), Trust("other.example", AUTHORITY.public))

    assert DEPLOYMENT not in str(refused.value)
    assert refused.value.code == "bad_identity"
