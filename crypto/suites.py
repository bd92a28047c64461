"""The cipher suites of MLS (RFC 9420, 5.1 and 17.1), and the labelled functions over them.

A `Suite` is the only door from MLS to a primitive. `SUITES` holds all seven of the RFC.
"""

from __future__ import annotations

import hashlib
import hmac
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from crypto import hpke
from crypto.encoding import vector
from crypto.errors import BadCiphertext, BadKey, BadSignature, UnsupportedSuite
from crypto.hpke import Hpke, KeyPair, RandomBytes
from crypto.keys import Secret

_LABEL: Final = b"MLS 1.0 "


class _Signs(Protocol):
    def __call__(self, data: bytes, /) -> bytes: ...


class _Verifies(Protocol):
    def __call__(self, signature: bytes, data: bytes, /) -> None: ...


class SignatureScheme(ABC):
    """A signature algorithm: keys as RFC 9420, 5.1.1 writes them."""

    @abstractmethod
    def generate(self, random_bytes: RandomBytes) -> Secret:
        """Return a fresh private key."""

    @abstractmethod
    def load(self, private: Secret) -> tuple[bytes, _Signs]:
        """Return the public key, and the function that signs; raise `BadKey`."""

    @abstractmethod
    def load_public(self, public: bytes) -> _Verifies:
        """Return the function that verifies; raise `BadKey`."""


class _Edwards(SignatureScheme):
    """Ed25519 or Ed448; a private key is the seed of RFC 8032.

    A public key of small order is none: anybody can sign for it. OpenSSL takes such a key, the
    browser's library does not; a group of both would part over one (`small_order`: the
    y coordinates of these points, below `prime`).
    """

    def __init__(
        self,
        private_key: type[ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey],
        public_key: type[ed25519.Ed25519PublicKey | ed448.Ed448PublicKey],
        seed_size: int,
        prime: int,
        small_order: frozenset[int],
    ) -> None:
        self._private_key = private_key
        self._public_key = public_key
        self._seed_size = seed_size
        self._prime = prime
        self._small_order = small_order

    def generate(self, random_bytes: RandomBytes) -> Secret:
        """Return a fresh seed."""
        return Secret(random_bytes(self._seed_size))

    def load(self, private: Secret) -> tuple[bytes, _Signs]:
        """Return the public key, and the function that signs."""
        try:
            key = self._private_key.from_private_bytes(private.reveal())
        except ValueError as exc:
            raise BadKey("no private key of this signature algorithm") from exc
        return key.public_key().public_bytes_raw(), key.sign

    def load_public(self, public: bytes) -> _Verifies:
        """Return the function that verifies."""
        # RFC 8032, 5.1.2 and 5.2.2: y in little-endian; the very last bit is the sign of x.
        y = int.from_bytes(public, "little") & ((1 << 8 * len(public)) >> 1) - 1
        if y >= self._prime or y in self._small_order:
            raise BadKey("a public key for which anybody can sign")
        try:
            return self._public_key.from_public_bytes(public).verify
        except ValueError as exc:
            raise BadKey("no public key of this signature algorithm") from exc


class _Ecdsa(SignatureScheme):
    """ECDSA over a NIST curve: uncompressed points, DER signatures (RFC 8446, 4.2.3)."""

    def __init__(self, curve: ec.EllipticCurve, algorithm: hashes.HashAlgorithm) -> None:
        self._curve = curve
        self._size = -(-curve.key_size // 8)
        self._algorithm = algorithm

    def generate(self, random_bytes: RandomBytes) -> Secret:
        """Return a fresh scalar: candidates are drawn until one lies below the order."""
        spare_bits = 8 * self._size - self._curve.key_size
        while True:
            candidate = bytearray(random_bytes(self._size))
            candidate[0] &= 0xFF >> spare_bits
            private = Secret(candidate)
            try:
                self.load(private)
            except BadKey:
                continue
            return private

    def load(self, private: Secret) -> tuple[bytes, _Signs]:
        """Return the public key, and the function that signs, without randomness (RFC 6979)."""
        if len(private) > self._size:
            raise BadKey("no private key of this signature algorithm")
        try:
            key = ec.derive_private_key(int.from_bytes(private.reveal(), "big"), self._curve)
        except ValueError as exc:
            raise BadKey("no private key of this signature algorithm") from exc
        algorithm = ec.ECDSA(self._algorithm, deterministic_signing=True)
        public = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return public, lambda data: key.sign(data, algorithm)

    def load_public(self, public: bytes) -> _Verifies:
        """Return the function that verifies."""
        if len(public) != 2 * self._size + 1:
            raise BadKey("no public key of this signature algorithm")
        try:
            key = ec.EllipticCurvePublicKey.from_encoded_point(self._curve, public)
        except ValueError as exc:
            raise BadKey("no public key of this signature algorithm") from exc
        algorithm = ec.ECDSA(self._algorithm)
        return lambda signature, data: key.verify(signature, data, algorithm)


class SigningKey:
    """A private signature key, loaded once: loading costs as much as signing."""

    __slots__ = ("_sign", "private", "public")

    def __init__(self, scheme: SignatureScheme, private: Secret) -> None:
        self.private = private
        self.public, self._sign = scheme.load(private)

    def sign_with_label(self, label: bytes, content: bytes) -> bytes:
        """Return SignWithLabel (RFC 9420, 5.1.2)."""
        return self._sign(_label_and(label, content))

    def __repr__(self) -> str:
        return f"SigningKey({self.public.hex()})"


@dataclass(frozen=True, slots=True)
class Suite:
    """One cipher suite, and what RFC 9420 derives, signs and encrypts with it."""

    id: int
    name: str
    hpke: Hpke
    signature: SignatureScheme

    @property
    def secret_size(self) -> int:
        """Return KDF.Nh."""
        return self.hpke.kdf.size

    def hash(self, data: bytes) -> bytes:
        """Return Hash(data)."""
        return hashlib.new(self.hpke.kdf.hash, data).digest()

    def mac(self, key: bytes, data: bytes) -> bytes:
        """Return MAC(key, data): HMAC (RFC 9420, 5.1)."""
        return hmac.digest(key, data, self.hpke.kdf.hash)

    def extract(self, salt: bytes, ikm: bytes) -> bytes:
        """Return KDF.Extract(salt, ikm)."""
        return self.hpke.kdf.extract(salt, ikm)

    def expand_with_label(self, secret: bytes, label: bytes, context: bytes, size: int) -> bytes:
        """Return ExpandWithLabel (RFC 9420, section 8)."""
        info = _kdf_label(size, label) + vector(context)
        return self.hpke.kdf.expand(secret, info, size)

    def derive_secret(self, secret: bytes, label: bytes) -> bytes:
        """Return DeriveSecret (RFC 9420, section 8)."""
        return self.expand_with_label(secret, label, b"", self.hpke.kdf.size)

    def derive_tree_secret(self, secret: bytes, label: bytes, generation: int, size: int) -> bytes:
        """Return DeriveTreeSecret (RFC 9420, 9.1)."""
        return self.expand_with_label(secret, label, generation.to_bytes(4, "big"), size)

    def ref_hash(self, label: bytes, value: bytes) -> bytes:
        """Return RefHash (RFC 9420, 5.2)."""
        return self.hash(vector(label) + vector(value))

    def derive_key_pair(self, secret: bytes) -> KeyPair:
        """Return KEM.DeriveKeyPair(secret)."""
        return self.hpke.kem.derive_key_pair(secret)

    def generate_key_pair(self, random_bytes: RandomBytes) -> KeyPair:
        """Return a fresh HPKE key pair."""
        return self.derive_key_pair(random_bytes(self.hpke.kem.private_size))

    def check_hpke_key(self, public: bytes) -> None:
        """Raise `BadKey` where nobody could encrypt to `public`: it would stop a group."""
        self.hpke.kem.check_public_key(public)

    def encrypt_with_label(
        self, public: bytes, label: bytes, context: bytes, plaintext: bytes, rand: RandomBytes
    ) -> tuple[bytes, bytes]:
        """Return EncryptWithLabel (RFC 9420, 5.1.3): the KEM output and the ciphertext."""
        kem_output, sealed = self.hpke.setup_sender(public, _label_and(label, context), rand)
        return kem_output, sealed.seal(b"", plaintext)

    def decrypt_with_label(
        self, private: Secret, label: bytes, context: bytes, kem_output: bytes, ciphertext: bytes
    ) -> bytes:
        """Return DecryptWithLabel (RFC 9420, 5.1.3); raise `BadCiphertext`."""
        try:
            opened = self.hpke.setup_receiver(kem_output, private, _label_and(label, context))
        except BadKey as exc:
            raise BadCiphertext("no KEM output of this suite") from exc
        return opened.open(b"", ciphertext)

    def generate_signature_key(self, random_bytes: RandomBytes) -> Secret:
        """Return a fresh private signature key."""
        return self.signature.generate(random_bytes)

    def signing_key(self, private: Secret) -> SigningKey:
        """Load a private signature key; raise `BadKey`."""
        return SigningKey(self.signature, private)

    def verify_with_label(
        self, public: bytes, label: bytes, content: bytes, signature: bytes
    ) -> None:
        """Raise `BadSignature` unless VerifyWithLabel holds (RFC 9420, 5.1.2)."""
        try:
            _verifier(self.signature, public)(signature, _label_and(label, content))
        except (BadKey, InvalidSignature) as exc:
            raise BadSignature("no signature by this key") from exc


# Public keys only. The members of a few busy groups; a group of 100 that follows itself stays in.
@lru_cache(maxsize=4096)
def _verifier(scheme: SignatureScheme, public: bytes) -> _Verifies:
    return scheme.load_public(public)


def _label_and(label: bytes, content: bytes) -> bytes:
    """Return SignContent, EncryptContext or the end of KDFLabel: the three are written alike."""
    return _prefixed(label) + vector(content)


# Labels are a few public constants, and every message uses eight of them.
@lru_cache(maxsize=256)
def _kdf_label(size: int, label: bytes) -> bytes:
    """Return how KDFLabel begins (RFC 9420, section 8)."""
    return size.to_bytes(2, "big") + _prefixed(label)


@lru_cache(maxsize=256)
def _prefixed(label: bytes) -> bytes:
    return vector(_LABEL + label)


_P25519: Final = 2**255 - 19
_P448: Final = 2**448 - 2**224 - 1
# One of the two y coordinates of order 8; the other is its negative.
_ORDER_8: Final = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_ED25519: Final = _Edwards(
    ed25519.Ed25519PrivateKey,
    ed25519.Ed25519PublicKey,
    32,
    _P25519,
    frozenset({0, 1, _P25519 - 1, _ORDER_8, _P25519 - _ORDER_8}),
)
_ED448: Final = _Edwards(
    ed448.Ed448PrivateKey, ed448.Ed448PublicKey, 57, _P448, frozenset({0, 1, _P448 - 1})
)
_P256: Final = _Ecdsa(ec.SECP256R1(), hashes.SHA256())
_P384: Final = _Ecdsa(ec.SECP384R1(), hashes.SHA384())
_P521: Final = _Ecdsa(ec.SECP521R1(), hashes.SHA512())

_X25519_SHA256 = (hpke.DHKEM_X25519, hpke.HKDF_SHA256)
_X448_SHA512 = (hpke.DHKEM_X448, hpke.HKDF_SHA512)

MLS_128_DHKEMX25519_AES128GCM_SHA256_ED25519: Final = Suite(
    1,
    "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519",
    Hpke(*_X25519_SHA256, hpke.AES_128_GCM),
    _ED25519,
)
MLS_128_DHKEMP256_AES128GCM_SHA256_P256: Final = Suite(
    2,
    "MLS_128_DHKEMP256_AES128GCM_SHA256_P256",
    Hpke(hpke.DHKEM_P256, hpke.HKDF_SHA256, hpke.AES_128_GCM),
    _P256,
)
MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_ED25519: Final = Suite(
    3,
    "MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519",
    Hpke(*_X25519_SHA256, hpke.CHACHA20_POLY1305),
    _ED25519,
)
MLS_256_DHKEMX448_AES256GCM_SHA512_ED448: Final = Suite(
    4,
    "MLS_256_DHKEMX448_AES256GCM_SHA512_Ed448",
    Hpke(*_X448_SHA512, hpke.AES_256_GCM),
    _ED448,
)
MLS_256_DHKEMP521_AES256GCM_SHA512_P521: Final = Suite(
    5,
    "MLS_256_DHKEMP521_AES256GCM_SHA512_P521",
    Hpke(hpke.DHKEM_P521, hpke.HKDF_SHA512, hpke.AES_256_GCM),
    _P521,
)
MLS_256_DHKEMX448_CHACHA20POLY1305_SHA512_ED448: Final = Suite(
    6,
    "MLS_256_DHKEMX448_CHACHA20POLY1305_SHA512_Ed448",
    Hpke(*_X448_SHA512, hpke.CHACHA20_POLY1305),
    _ED448,
)
MLS_256_DHKEMP384_AES256GCM_SHA384_P384: Final = Suite(
    7,
    "MLS_256_DHKEMP384_AES256GCM_SHA384_P384",
    Hpke(hpke.DHKEM_P384, hpke.HKDF_SHA384, hpke.AES_256_GCM),
    _P384,
)

SUITES: Final = {
    suite.id: suite
    for suite in (
        MLS_128_DHKEMX25519_AES128GCM_SHA256_ED25519,
        MLS_128_DHKEMP256_AES128GCM_SHA256_P256,
        MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_ED25519,
        MLS_256_DHKEMX448_AES256GCM_SHA512_ED448,
        MLS_256_DHKEMP521_AES256GCM_SHA512_P521,
        MLS_256_DHKEMX448_CHACHA20POLY1305_SHA512_ED448,
        MLS_256_DHKEMP384_AES256GCM_SHA384_P384,
    )
}


def suite_of(code: int) -> Suite:
    """Return the suite with this code point; raise `UnsupportedSuite` where there is none."""
    try:
        return SUITES[code]
    except KeyError as exc:
        raise UnsupportedSuite("a cipher suite that this code does not speak") from exc
