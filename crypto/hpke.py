"""HPKE (RFC 9180) in base mode: the part of it that MLS uses, and that `cryptography` lacks.

Sealing, opening, exporting, and deriving key pairs. Randomness is an argument: an ephemeral key
pair is derived from the bytes that the caller drew. The library's own HPKE is the tests' oracle.
"""

from __future__ import annotations

import hmac
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec, x448, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from crypto.errors import BadCiphertext, BadKey
from crypto.keys import Secret

RandomBytes = Callable[[int], bytes]

_VERSION: Final = b"HPKE-v1"
_BASE_MODE: Final = b"\x00"


@dataclass(frozen=True, slots=True)
class Kdf:
    """HKDF (RFC 5869) over one hash."""

    id: int
    hash: str
    size: int
    """Nh: bytes of a hash, and of what `extract` returns."""

    def extract(self, salt: bytes, ikm: bytes) -> bytes:
        """Return HKDF-Extract(salt, ikm)."""
        return hmac.digest(salt, ikm, self.hash)

    def expand(self, prk: bytes, info: bytes, size: int) -> bytes:
        """Return HKDF-Expand(prk, info, size)."""
        block = hmac.digest(prk, info + b"\x01", self.hash)
        if size <= self.size:
            return block[:size]
        if size > 255 * self.size:
            raise ValueError("HKDF-Expand gives at most 255 blocks")
        out = block
        for counter in range(2, -(-size // self.size) + 1):
            block = hmac.digest(prk, block + info + bytes((counter,)), self.hash)
            out += block
        return out[:size]

    def labeled_extract(self, suite: bytes, salt: bytes, label: bytes, ikm: bytes) -> bytes:
        """Return LabeledExtract (RFC 9180, section 4)."""
        return self.extract(salt, _VERSION + suite + label + ikm)

    def labeled_expand(
        self, suite: bytes, prk: bytes, label: bytes, info: bytes, size: int
    ) -> bytes:
        """Return LabeledExpand (RFC 9180, section 4)."""
        return self.expand(prk, size.to_bytes(2, "big") + _VERSION + suite + label + info, size)


@dataclass(frozen=True, slots=True)
class Aead:
    """An authenticated cipher; nonces are 12 bytes and tags 16 in all that MLS uses."""

    id: int
    cipher: type[AESGCM | ChaCha20Poly1305]
    key_size: int
    nonce_size: int = 12

    def seal(self, key: bytes, nonce: bytes, associated: bytes, plaintext: bytes) -> bytes:
        """Encrypt and authenticate."""
        return self.cipher(key).encrypt(nonce, plaintext, associated)

    def open(self, key: bytes, nonce: bytes, associated: bytes, ciphertext: bytes) -> bytes:
        """Return the plaintext; raise `BadCiphertext` where the key does not open it."""
        try:
            return self.cipher(key).decrypt(nonce, ciphertext, associated)
        except InvalidTag as exc:
            raise BadCiphertext("the key does not open it") from exc


@dataclass(frozen=True, slots=True)
class KeyPair:
    """An HPKE key pair."""

    private: Secret
    public: bytes


class Kem(ABC):
    """DHKEM (RFC 9180, 4.1) over one curve."""

    def __init__(self, code: int, kdf: Kdf, private_size: int, public_size: int) -> None:
        self.id = code
        self.kdf = kdf
        self.private_size = private_size
        self.public_size = public_size
        self._suite = b"KEM" + code.to_bytes(2, "big")

    @abstractmethod
    def derive_key_pair(self, ikm: bytes) -> KeyPair:
        """Return DeriveKeyPair(ikm) (RFC 9180, 7.1.3)."""

    @abstractmethod
    def public_key(self, private: Secret) -> bytes:
        """Return the public key of a private one."""

    @abstractmethod
    def exchange(self, private: Secret, public: bytes) -> bytes:
        """Return DH(private, public); raise `BadKey` where either is none, or leads to zero."""

    @abstractmethod
    def check_public_key(self, public: bytes) -> None:
        """Raise `BadKey` where nobody could encrypt to `public`."""

    def encap(self, public: bytes, random_bytes: RandomBytes) -> tuple[bytes, bytes]:
        """Return a shared secret and the encapsulation that carries it to `public`."""
        ephemeral = self.derive_key_pair(random_bytes(self.private_size))
        shared = self.exchange(ephemeral.private, public)
        ephemeral.private.wipe()
        return self._extract_and_expand(shared, ephemeral.public + public), ephemeral.public

    def decap(self, encapsulated: bytes, private: Secret) -> bytes:
        """Return the shared secret that `encapsulated` carries to the holder of `private`."""
        shared = self.exchange(private, encapsulated)
        return self._extract_and_expand(shared, encapsulated + self.public_key(private))

    def _extract_and_expand(self, shared: bytes, context: bytes) -> bytes:
        prk = self.kdf.labeled_extract(self._suite, b"", b"eae_prk", shared)
        return self.kdf.labeled_expand(self._suite, prk, b"shared_secret", context, self.kdf.size)

    def _dkp_prk(self, ikm: bytes) -> bytes:
        return self.kdf.labeled_extract(self._suite, b"", b"dkp_prk", ikm)


class MontgomeryKem(Kem):
    """DHKEM over X25519 or X448.

    `small_order`: the u coordinates, below `prime`, with which every agreement gives zeros, on the
    curve or its twist. Looking a key up among them takes a hundredth of an agreement.
    """

    def __init__(
        self,
        code: int,
        kdf: Kdf,
        private_key: type[x25519.X25519PrivateKey | x448.X448PrivateKey],
        public_key: type[x25519.X25519PublicKey | x448.X448PublicKey],
        size: int,
        prime: int,
        small_order: frozenset[int],
    ) -> None:
        super().__init__(code, kdf, size, size)
        self._private_key = private_key
        self._public_key = public_key
        self._prime = prime
        self._small_order = small_order

    def derive_key_pair(self, ikm: bytes) -> KeyPair:
        """Return DeriveKeyPair(ikm)."""
        sk = self.kdf.labeled_expand(self._suite, self._dkp_prk(ikm), b"sk", b"", self.private_size)
        private = Secret(sk)
        return KeyPair(private, self.public_key(private))

    def public_key(self, private: Secret) -> bytes:
        """Return the public key of a private one."""
        return self._load(private).public_key().public_bytes_raw()

    def exchange(self, private: Secret, public: bytes) -> bytes:
        """Return DH(private, public)."""
        return self._exchange(self._load(private), public)

    def check_public_key(self, public: bytes) -> None:
        """Raise `BadKey` where it is too short, too long, or of small order."""
        # RFC 7748, section 5: little-endian, below the bits of the prime, taken modulo it.
        u = int.from_bytes(public, "little") & (1 << self._prime.bit_length()) - 1
        if len(public) != self.public_size or u % self._prime in self._small_order:
            raise BadKey("no public key of this curve, or one of small order")

    def _exchange(
        self, private: x25519.X25519PrivateKey | x448.X448PrivateKey, public: bytes
    ) -> bytes:
        try:
            return private.exchange(self._public_key.from_public_bytes(public))  # type: ignore[arg-type]
        except ValueError as exc:
            raise BadKey("no public key of this curve, or one of small order") from exc

    def _load(self, private: Secret) -> x25519.X25519PrivateKey | x448.X448PrivateKey:
        try:
            return self._private_key.from_private_bytes(private.reveal())
        except ValueError as exc:
            raise BadKey("no private key of this curve") from exc


class NistKem(Kem):
    """DHKEM over P-256, P-384 or P-521."""

    def __init__(self, code: int, kdf: Kdf, curve: ec.EllipticCurve, mask: int) -> None:
        size = -(-curve.key_size // 8)
        super().__init__(code, kdf, size, 2 * size + 1)
        self._curve = curve
        self._mask = mask

    def derive_key_pair(self, ikm: bytes) -> KeyPair:
        """Return DeriveKeyPair(ikm): the first candidate below the group's order."""
        prk = self._dkp_prk(ikm)
        for counter in range(256):
            candidate = bytearray(
                self.kdf.labeled_expand(
                    self._suite, prk, b"candidate", bytes((counter,)), self.private_size
                )
            )
            candidate[0] &= self._mask
            private = Secret(candidate)
            try:
                return KeyPair(private, self.public_key(private))
            except BadKey:
                continue
        raise BadKey("no candidate is a private key")  # one in 2^8192 on P-256

    def public_key(self, private: Secret) -> bytes:
        """Return the public key of a private one."""
        public = self._load(private).public_key()
        return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def exchange(self, private: Secret, public: bytes) -> bytes:
        """Return DH(private, public): the x-coordinate."""
        return self._load(private).exchange(ec.ECDH(), self._load_public(public))

    def check_public_key(self, public: bytes) -> None:
        """Raise `BadKey` where it is no uncompressed point of the curve."""
        self._load_public(public)

    def _load(self, private: Secret) -> ec.EllipticCurvePrivateKey:
        # Some peers leave the leading zeros of a scalar out: it is the same number.
        if len(private) > self.private_size:
            raise BadKey("no private key of this curve")
        try:
            return ec.derive_private_key(int.from_bytes(private.reveal(), "big"), self._curve)
        except ValueError as exc:
            raise BadKey("no private key of this curve") from exc

    def _load_public(self, public: bytes) -> ec.EllipticCurvePublicKey:
        if len(public) != self.public_size:
            raise BadKey("no uncompressed point of this curve")
        try:
            return ec.EllipticCurvePublicKey.from_encoded_point(self._curve, public)
        except ValueError as exc:
            raise BadKey("no uncompressed point of this curve") from exc


@dataclass(frozen=True, slots=True)
class Context:
    """What both ends hold after the setup: enough for one message, and for exporting."""

    hpke: Hpke
    key: Secret
    nonce: bytes
    exporter_secret: Secret

    def seal(self, associated: bytes, plaintext: bytes) -> bytes:
        """Encrypt the one message of this context."""
        return self.hpke.aead.seal(self.key.reveal(), self.nonce, associated, plaintext)

    def open(self, associated: bytes, ciphertext: bytes) -> bytes:
        """Decrypt the one message of this context."""
        return self.hpke.aead.open(self.key.reveal(), self.nonce, associated, ciphertext)

    def export(self, label: bytes, size: int) -> bytes:
        """Return Export (RFC 9180, 5.3)."""
        secret = self.exporter_secret.reveal()
        return self.hpke.kdf.labeled_expand(self.hpke.suite_id, secret, b"sec", label, size)


@dataclass(frozen=True, slots=True)
class Hpke:
    """One combination of KEM, KDF and AEAD."""

    kem: Kem
    kdf: Kdf
    aead: Aead

    @property
    def suite_id(self) -> bytes:
        """Return what every label of this combination begins with (RFC 9180, 5.1)."""
        codes = (self.kem.id, self.kdf.id, self.aead.id)
        return b"HPKE" + b"".join(code.to_bytes(2, "big") for code in codes)

    def setup_sender(
        self, public: bytes, info: bytes, random_bytes: RandomBytes
    ) -> tuple[bytes, Context]:
        """Return SetupBaseS: the encapsulation, and the context it opens."""
        shared, encapsulated = self.kem.encap(public, random_bytes)
        return encapsulated, self._key_schedule(shared, info)

    def setup_receiver(self, encapsulated: bytes, private: Secret, info: bytes) -> Context:
        """Return SetupBaseR."""
        return self._key_schedule(self.kem.decap(encapsulated, private), info)

    def _key_schedule(self, shared: bytes, info: bytes) -> Context:
        suite, kdf = self.suite_id, self.kdf
        psk_id_hash = kdf.labeled_extract(suite, b"", b"psk_id_hash", b"")
        info_hash = kdf.labeled_extract(suite, b"", b"info_hash", info)
        context = _BASE_MODE + psk_id_hash + info_hash
        secret = kdf.labeled_extract(suite, shared, b"secret", b"")
        aead = self.aead
        return Context(
            self,
            Secret(kdf.labeled_expand(suite, secret, b"key", context, aead.key_size)),
            kdf.labeled_expand(suite, secret, b"base_nonce", context, aead.nonce_size),
            Secret(kdf.labeled_expand(suite, secret, b"exp", context, kdf.size)),
        )


HKDF_SHA256: Final = Kdf(1, "sha256", 32)
HKDF_SHA384: Final = Kdf(2, "sha384", 48)
HKDF_SHA512: Final = Kdf(3, "sha512", 64)

AES_128_GCM: Final = Aead(1, AESGCM, 16)
AES_256_GCM: Final = Aead(2, AESGCM, 32)
CHACHA20_POLY1305: Final = Aead(3, ChaCha20Poly1305, 32)

DHKEM_P256: Final = NistKem(0x10, HKDF_SHA256, ec.SECP256R1(), 0xFF)
DHKEM_P384: Final = NistKem(0x11, HKDF_SHA384, ec.SECP384R1(), 0xFF)
DHKEM_P521: Final = NistKem(0x12, HKDF_SHA512, ec.SECP521R1(), 0x01)
_P25519: Final = 2**255 - 19
_P448: Final = 2**448 - 2**224 - 1
# Of order 1, 2, 4 and 8 (a test holds each against an agreement).
_SMALL_25519: Final = frozenset(
    {
        0,
        1,
        _P25519 - 1,
        325606250916557431795983626356110631294008115727848805560023387167927233504,
        39382357235489614581723060781553021112529911719440698176882885853963445705823,
    }
)
DHKEM_X25519: Final = MontgomeryKem(
    0x20,
    HKDF_SHA256,
    x25519.X25519PrivateKey,
    x25519.X25519PublicKey,
    32,
    _P25519,
    _SMALL_25519,
)
DHKEM_X448: Final = MontgomeryKem(
    0x21,
    HKDF_SHA512,
    x448.X448PrivateKey,
    x448.X448PublicKey,
    56,
    _P448,
    frozenset({0, 1, _P448 - 1}),
)
