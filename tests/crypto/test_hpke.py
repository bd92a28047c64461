"""HPKE: RFC 9180's own numbers, and `cryptography`'s implementation as the oracle."""

from __future__ import annotations

import os
from typing import Any

import pytest
from cryptography.hazmat.primitives import hpke as oracle
from cryptography.hazmat.primitives.asymmetric import ec, x25519

from crypto import hpke
from crypto.errors import BadCiphertext, BadKey
from crypto.hpke import Hpke, NistKem
from crypto.keys import Secret

BASE = Hpke(hpke.DHKEM_X25519, hpke.HKDF_SHA256, hpke.AES_128_GCM)
INFO = bytes.fromhex("4f6465206f6e2061204772656369616e2055726e")
KEMS = [
    hpke.DHKEM_P256,
    hpke.DHKEM_P384,
    hpke.DHKEM_P521,
    hpke.DHKEM_X25519,
    hpke.DHKEM_X448,
]


def test_the_rfcs_own_vector() -> None:
    """RFC 9180, A.1.1: DeriveKeyPair, the first ciphertext and the exports."""
    ephemeral = bytes.fromhex("7268600d403fce431561aef583ee1613527cff655c1343f29812e66706df3234")
    receiver = hpke.DHKEM_X25519.derive_key_pair(
        bytes.fromhex("6db9df30aa07dd42ee5e8181afdb977e538f5e1fec8a06223f33f7013e525037")
    )

    kem_output, context = BASE.setup_sender(receiver.public, INFO, lambda _: ephemeral)

    assert receiver.private.reveal().hex() == (
        "4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8"
    )
    assert kem_output.hex() == "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431"
    sealed = context.seal(b"Count-0", b"Beauty is truth, truth beauty")
    assert sealed.hex().startswith("f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a3")
    assert BASE.setup_receiver(kem_output, receiver.private, INFO).export(b"", 32).hex() == (
        "3853fe2b4035195a573ffc53856e77058e15d9ea064de3e59f4961d0095250ee"
    )
    assert context.export(b"TestContext", 32).hex() == (
        "e9e43065102c3836401bed8c3c3c75ae46be1639869391d62c61f1ec7af54931"
    )


ORACLES: list[tuple[Hpke, Any]] = [
    (BASE, (oracle.KEM.X25519, oracle.KDF.HKDF_SHA256, oracle.AEAD.AES_128_GCM)),
    (
        Hpke(hpke.DHKEM_X25519, hpke.HKDF_SHA256, hpke.CHACHA20_POLY1305),
        (oracle.KEM.X25519, oracle.KDF.HKDF_SHA256, oracle.AEAD.CHACHA20_POLY1305),
    ),
    (
        Hpke(hpke.DHKEM_P256, hpke.HKDF_SHA256, hpke.AES_128_GCM),
        (oracle.KEM.P256, oracle.KDF.HKDF_SHA256, oracle.AEAD.AES_128_GCM),
    ),
    (
        Hpke(hpke.DHKEM_P384, hpke.HKDF_SHA384, hpke.AES_256_GCM),
        (oracle.KEM.P384, oracle.KDF.HKDF_SHA384, oracle.AEAD.AES_256_GCM),
    ),
    (
        Hpke(hpke.DHKEM_P521, hpke.HKDF_SHA512, hpke.AES_256_GCM),
        (oracle.KEM.P521, oracle.KDF.HKDF_SHA512, oracle.AEAD.AES_256_GCM),
    ),
]


@pytest.mark.parametrize(("ours", "parts"), ORACLES)
def test_it_speaks_with_the_librarys_hpke(ours: Hpke, parts: Any) -> None:
    """Either opens what the other sealed, in every suite the library has."""
    theirs = oracle.Suite(*parts)
    pair = ours.kem.derive_key_pair(os.urandom(ours.kem.private_size))
    private = _loaded(ours, pair.private)

    kem_output, context = ours.setup_sender(pair.public, b"info", os.urandom)
    assert (
        theirs.decrypt(kem_output + context.seal(b"", b"to them"), private, b"info") == b"to them"
    )

    sealed = theirs.encrypt(b"to us", private.public_key(), b"info")
    split = ours.kem.public_size
    opened = ours.setup_receiver(sealed[:split], pair.private, b"info")
    assert opened.open(b"", sealed[split:]) == b"to us"


def _loaded(ours: Hpke, private: Secret) -> Any:
    if not isinstance(ours.kem, NistKem):
        return x25519.X25519PrivateKey.from_private_bytes(private.reveal())
    curve = {65: ec.SECP256R1(), 97: ec.SECP384R1(), 133: ec.SECP521R1()}[ours.kem.public_size]
    return ec.derive_private_key(int.from_bytes(private.reveal(), "big"), curve)


@pytest.mark.parametrize("kem", KEMS)
def test_a_shared_secret_is_shared(kem: hpke.Kem) -> None:
    """What is encapsulated to a key is decapsulated with its private one, and with no other."""
    pair, other = (kem.derive_key_pair(bytes([seed]) * 66) for seed in (1, 2))

    shared, kem_output = kem.encap(pair.public, os.urandom)

    assert kem.decap(kem_output, pair.private) == shared
    assert kem.decap(kem_output, other.private) != shared
    assert (len(pair.private), len(pair.public)) == (kem.private_size, kem.public_size)


@pytest.mark.parametrize("kem", KEMS)
def test_what_is_no_key_is_refused(kem: hpke.Kem) -> None:
    """Too short, too long, of small order or off the curve: nobody could encrypt to it."""
    good = kem.derive_key_pair(b"\x07" * 66).public
    for bad in (
        b"",
        good[:-1],
        good + b"\x00",
        bytes(len(good)),
        b"\x04" + b"\xff" * (len(good) - 1),
    ):
        if bad == b"\x04" + b"\xff" * (len(good) - 1) and not isinstance(kem, NistKem):
            continue  # any such string is a point of a Montgomery curve or its twist
        with pytest.raises(BadKey):
            kem.check_public_key(bad)
    kem.check_public_key(good)


def test_a_changed_ciphertext_does_not_open() -> None:
    """Neither with another info, nor another associated data."""
    pair = hpke.DHKEM_X25519.derive_key_pair(b"seed")
    kem_output, context = BASE.setup_sender(pair.public, INFO, os.urandom)
    sealed = context.seal(b"aad", b"text")

    for info, associated, data in (
        (INFO, b"aad", sealed[:-1] + bytes((sealed[-1] ^ 1,))),
        (INFO, b"", sealed),
        (b"", b"aad", sealed),
        (INFO, b"aad", b""),
    ):
        with pytest.raises(BadCiphertext):
            BASE.setup_receiver(kem_output, pair.private, info).open(associated, data)


@pytest.mark.parametrize("kem", [hpke.DHKEM_X25519, hpke.DHKEM_X448])
def test_a_key_of_small_order_is_one_with_which_an_agreement_gives_zeros(kem: hpke.Kem) -> None:
    """The list that is looked up, held against X25519 and X448 themselves, round both its ends."""
    size = kem.public_size
    prime = 2**255 - 19 if size == 32 else 2**448 - 2**224 - 1
    order_8 = 39382357235489614581723060781553021112529911719440698176882885853963445705823
    other_8 = 325606250916557431795983626356110631294008115727848805560023387167927233504
    edges = (0, prime, 2 * prime, 2**255, order_8, other_8, order_8 + 2**255, other_8 + 2**255)
    private = kem.derive_key_pair(b"\x07" * 66).private
    refused = 0
    for u in {edge + near for edge in edges for near in range(-20, 21)}:
        if 0 <= u < 1 << 8 * size:
            public = u.to_bytes(size, "little")
            leads_nowhere = _is_refused(lambda key=public: kem.exchange(private, key))
            assert _is_refused(lambda key=public: kem.check_public_key(key)) == leads_nowhere
            refused += leads_nowhere
    # Seven below 2^255, each with and without the bit that X25519 ignores; X448 ignores none.
    assert refused == (14 if size == 32 else 5)


def _is_refused(attempt: Any) -> bool:
    try:
        attempt()
    except BadKey:
        return True
    return False
