"""A leaf names a person and a device in one form, and nothing else passes for it."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import MalformedInput
from crypto.mls.credential import Credential
from crypto.policy.identity import LeafIdentity

PERSON = "11111111-1111-4111-8111-111111111111"
DEVICE = "22222222-2222-4222-8222-222222222222"


@given(st.uuids(), st.uuids())
def test_an_identity_comes_back_from_its_credential(person: uuid.UUID, device: uuid.UUID) -> None:
    """Whoever it is."""
    identity = LeafIdentity(str(person), str(device))

    assert LeafIdentity.of(identity.credential()) == identity


def test_the_form_is_frozen() -> None:
    """Every client writes it so: person, slash, device."""
    assert LeafIdentity(PERSON, DEVICE).credential().identity == f"{PERSON}/{DEVICE}".encode()


@pytest.mark.parametrize(
    "claimed",
    [
        b"",
        b"hub",
        PERSON.encode(),
        f"{PERSON}/".encode(),
        f"{PERSON}/{DEVICE}\n".encode(),
        f" {PERSON}/{DEVICE}".encode(),
        f"{PERSON}/{DEVICE}/{DEVICE}".encode(),
        f"{PERSON}/{DEVICE}".upper().encode().replace(b"1", b"A"),
        f"{PERSON}\\{DEVICE}".encode(),
        b"\xff" * 73,
    ],
)
def test_what_names_no_device_is_refused(claimed: bytes) -> None:
    """Two spellings of one device would be two devices."""
    with pytest.raises(MalformedInput):
        LeafIdentity.of(Credential.basic(claimed))


def test_another_kind_of_credential_is_refused() -> None:
    """A certificate says nothing here yet."""
    with pytest.raises(MalformedInput):
        LeafIdentity.of(Credential.x509((b"certificate",)))
