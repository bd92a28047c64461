"""The account key: what it signs, how it travels, and who else can open it: nobody."""

from __future__ import annotations

import hashlib
import os
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.python import account as accounts
from clients.python.account import (
    SLACK_US,
    SUITE,
    Account,
    fingerprint_digits,
    fingerprint_text,
    link_digits,
    open_sealed,
    recovery_code,
    unwrap,
)
from crypto.errors import BadCiphertext, BadKey, BadSignature, CryptoError, MalformedInput
from crypto.hpke import AES_256_GCM
from crypto.keys import Secret
from crypto.policy.statements import (
    DeviceCertificate,
    DeviceRevocation,
    Enrolment,
    IdentityCertificate,
    Unverified,
)

PERSON, DEVICE, DEPLOYMENT = str(uuid4()), str(uuid4()), "colloque.test"
SIGNATURE_KEY = bytes(range(32))
NOW_US = 1_790_000_000_000_000


def an_account(seed: int = 1) -> Account:
    """Return the account key of a seed."""
    return Account(Secret(bytes([seed]) * 32))


def an_identity(account: Account, **changes: int) -> IdentityCertificate:
    """Return what an authority would certify."""
    period: dict[str, Any] = {"not_before_us": NOW_US, "not_after_us": NOW_US + 10**9}
    return IdentityCertificate(
        deployment=DEPLOYMENT,
        person=UUID(PERSON).bytes,
        role="patient",
        profession="",
        aik=account.aik,
        **period | changes,
    )


def test_an_enrolment_proves_that_its_sender_holds_the_key() -> None:
    """It is signed by the very key that it names."""
    account = an_account()

    enrolment = Unverified.decode(Enrolment, account.enrolment(PERSON, DEPLOYMENT))

    said = enrolment.verify(account.aik)
    assert (said.person, said.aik) == (UUID(PERSON).bytes, account.aik)


@pytest.mark.parametrize(
    ("began", "begins"),
    [(NOW_US - 10**13, NOW_US - SLACK_US), (NOW_US - 1, NOW_US - 1)],
    ids=["an old identity", "one of just now"],
)
def test_a_device_is_certified_for_as_long_as_its_person(began: int, begins: int) -> None:
    """Never longer; and a clock that is a little behind finds it valid."""
    account = an_account()
    identity = an_identity(account, not_before_us=began)

    signed = account.certify_device(identity, DEVICE, SIGNATURE_KEY, now_us=NOW_US)

    said = Unverified.decode(DeviceCertificate, signed).verify(account.aik)
    assert (said.device, said.signature_key) == (UUID(DEVICE).bytes, SIGNATURE_KEY)
    assert (said.not_before_us, said.not_after_us) == (begins, identity.not_after_us)


def test_a_device_is_given_up_by_the_account_key() -> None:
    """Whichever device of the person's signs: a thief's device alone cannot."""
    account = an_account()

    signed = account.revoke_device(PERSON, DEVICE, DEPLOYMENT, now_us=NOW_US)

    said = Unverified.decode(DeviceRevocation, signed).verify(account.aik)
    assert (said.device, said.person) == (UUID(DEVICE).bytes, UUID(PERSON).bytes)
    with pytest.raises(BadSignature):
        Unverified.decode(DeviceRevocation, signed).verify(an_account(2).aik)


# Letting another device in


def test_the_key_reaches_the_device_that_asked_and_no_other() -> None:
    """Sealed to the key of this request, for this device with this signature key."""
    account, pair = an_account(), SUITE.generate_key_pair(os.urandom)

    sealed = account.seal_to(pair.public, DEVICE, SIGNATURE_KEY, os.urandom)

    assert open_sealed(sealed, pair.private, DEVICE, SIGNATURE_KEY).aik == account.aik
    others = [
        (SUITE.generate_key_pair(os.urandom).private, DEVICE, SIGNATURE_KEY),
        (pair.private, str(uuid4()), SIGNATURE_KEY),
        (pair.private, DEVICE, bytes(32)),
    ]
    for private, device, key in others:
        with pytest.raises(BadCiphertext):
            open_sealed(sealed, private, device, key)


@given(st.binary(max_size=120))
def test_what_was_not_sealed_opens_nothing(sealed: bytes) -> None:
    """A hub that makes something up is refused with a declared error."""
    pair = SUITE.derive_key_pair(bytes(32))

    with pytest.raises(CryptoError):
        open_sealed(sealed, pair.private, DEVICE, SIGNATURE_KEY)


def test_both_devices_show_the_same_digits() -> None:
    """Sixteen, of the device and both of its keys: another key shows others."""
    digits = link_digits(DEVICE, SIGNATURE_KEY, bytes(32))

    seen = b"Colloque 1 LinkCode" + UUID(DEVICE).bytes + SIGNATURE_KEY + bytes(32)
    expected = int(hashlib.sha256(seen).hexdigest(), 16) % 10**16
    assert digits == f"{expected:016d}"
    assert link_digits(DEVICE, SIGNATURE_KEY, bytes([1] * 32)) != digits


# The recovery code


def test_a_recovery_code_opens_the_account_key_however_it_was_typed() -> None:
    """Small letters, blanks, and the letters that look like digits."""
    account, code = an_account(), recovery_code(os.urandom)
    blob = account.wrap(code, PERSON, os.urandom)

    for typed in (code, code.lower(), code.replace("-", " "), code.replace("0", "O")):
        assert unwrap(blob, typed, PERSON, account.aik).aik == account.aik


def test_a_recovery_code_is_26_characters_of_an_alphabet_without_doubles() -> None:
    """130 bits; neither I, L, O nor U."""
    code = recovery_code(lambda size: bytes(range(32))[:size])

    assert code == "01234-56789-ABCDE-FGHJK-MNPQR-S"
    assert len(code.replace("-", "")) == 26


@pytest.mark.parametrize(
    "code", ["", "ABC", "0" * 25, "0" * 27, "U" * 26, "é" * 26], ids=lambda code: code or "nothing"
)
def test_what_is_no_recovery_code_is_said_to_be_none(code: str) -> None:
    """Before anything is tried."""
    account = an_account()
    blob = account.wrap("0" * 26, PERSON, os.urandom)

    with pytest.raises(MalformedInput):
        unwrap(blob, code, PERSON, account.aik)


def test_another_code_person_or_blob_opens_nothing() -> None:
    """Nor does a key that is another account's."""
    account, code = an_account(), recovery_code(os.urandom)
    blob = account.wrap(code, PERSON, os.urandom)
    damaged = bytes([blob[0] ^ 1]) + blob[1:]

    for given_blob, given_code, person in (
        (blob, "0" * 26, PERSON),
        (blob, code, str(uuid4())),
        (damaged, code, PERSON),
    ):
        with pytest.raises(BadCiphertext):
            unwrap(given_blob, given_code, person, account.aik)
    with pytest.raises(BadCiphertext):
        unwrap(blob, code, PERSON, an_account(2).aik)
    with pytest.raises(MalformedInput):
        unwrap(blob[:11], code, PERSON, account.aik)


def test_a_wrapped_key_of_another_account_is_not_taken() -> None:
    """The hub hands out a blob that opens, and holds another key than the certified one."""
    account, other, code = an_account(), an_account(2), recovery_code(os.urandom)
    key, nonce = accounts._recovery_key(code, PERSON), bytes(12)
    blob = nonce + AES_256_GCM.seal(key, nonce, account.aik, other.seed.reveal())

    with pytest.raises(BadKey):
        unwrap(blob, code, PERSON, account.aik)


# What people compare


def test_a_fingerprint_is_of_a_person_and_a_key() -> None:
    """The same text on every screen; thirty digits for those who read aloud."""
    account = an_account()
    expected = hashlib.sha256(b"Colloque 1 Fingerprint" + UUID(PERSON).bytes + account.aik)

    text = fingerprint_text(DEPLOYMENT, PERSON, account.aik)
    digits = fingerprint_digits(PERSON, account.aik)

    assert text == f"colloque:1:{DEPLOYMENT}:{PERSON}:{expected.hexdigest()}"
    assert digits == f"{int(expected.hexdigest(), 16) % 10**30:030d}"
    assert fingerprint_digits(PERSON, an_account(2).aik) != digits


@pytest.mark.parametrize("size", [0, 31, 33])
def test_an_account_key_is_32_bytes(size: int) -> None:
    """Nothing else is taken up as one."""
    with pytest.raises(BadKey):
        Account(Secret(bytes(size)))


def test_an_account_prints_nothing_secret() -> None:
    """Into a log, say."""
    account = an_account(7)

    printed = repr(account) + repr(account.seed) + str(account)

    assert (bytes([7]) * 32).hex() not in printed
    assert len(account.seed) == accounts.SEED_BYTES
