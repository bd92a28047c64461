"""A person's account key, and everything that is made with it: what says « this is me ».

The key (Ed25519; `aik` is its public half) is made on a person's first device. It certifies each of
their devices, and signs what they decide: a delegation, a withdrawal, a confirmation. It travels to
another device of theirs sealed to that device's own key, and is kept for the day when all devices
are lost under a recovery code that nobody but the person has seen. Nothing here touches the world.
"""

from __future__ import annotations

import hashlib
from typing import Final
from uuid import UUID

from crypto.errors import BadKey, MalformedInput
from crypto.hpke import AES_256_GCM, HKDF_SHA256, RandomBytes
from crypto.keys import Secret
from crypto.policy.statements import (
    DeviceCertificate,
    DeviceRevocation,
    Enrolment,
    IdentityCertificate,
    Statement,
    sign,
)
from crypto.suites import SUITES, SigningKey, Suite

SUITE: Final[Suite] = SUITES[1]
SEED_BYTES: Final = 32
LINK_INFO: Final = b"Colloque 1 Link"
LINK_CODE: Final = b"Colloque 1 LinkCode"
LINK_DIGITS: Final = 16
"""Of 53 bits: a hub that swaps the keys in between has to find another pair with the same ones."""
RECOVERY_INFO: Final = b"Colloque 1 Recovery"
RECOVERY_CHARACTERS: Final = 26
RECOVERY_GROUP: Final = 5
FINGERPRINT: Final = b"Colloque 1 Fingerprint"
FINGERPRINT_DIGITS: Final = 30
# A clock a little behind ours must not find the certificate not yet valid.
SLACK_US: Final = 3_600 * 1_000_000

_KEM_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32
# Crockford's base 32: no I, L, O or U. Thirty-two symbols, so that a byte's low five bits are even.
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKES: Final = str.maketrans("OIL", "011")


class Account:
    """A person's account key."""

    __slots__ = ("_key", "_seed")

    def __init__(self, seed: Secret) -> None:
        """Load the key; raise `BadKey` where the seed is none."""
        if len(seed) != SEED_BYTES:
            raise BadKey("an account key is 32 bytes")
        self._seed = seed
        self._key: SigningKey = SUITE.signing_key(seed)

    @classmethod
    def new(cls, random_bytes: RandomBytes) -> Account:
        """Make a key that nobody had before."""
        return cls(SUITE.generate_signature_key(random_bytes))

    def __repr__(self) -> str:
        return f"Account({self.aik.hex()})"

    @property
    def aik(self) -> bytes:
        """Return the public half: how this person is known."""
        return self._key.public

    @property
    def seed(self) -> Secret:
        """Return the private half, to be kept."""
        return self._seed

    def sign(self, statement: Statement) -> bytes:
        """Return a statement of this person's, signed."""
        return sign(statement, self._key)

    def signature(self, statement: Statement) -> bytes:
        """Return this person's signature alone, as it stands beside others' under one statement."""
        return self._key.sign_with_label(statement.label, statement.encode())

    def enrolment(self, person: str, deployment: str) -> bytes:
        """Return what asks the authority to certify this key."""
        return self.sign(Enrolment(deployment=deployment, person=UUID(person).bytes, aik=self.aik))

    def certify_device(
        self, identity: IdentityCertificate, device: str, signature_key: bytes, *, now_us: int
    ) -> bytes:
        """Return the certificate of a device of this person's, for as long as the person's own."""
        return self.sign(
            DeviceCertificate(
                deployment=identity.deployment,
                person=identity.person,
                device=UUID(device).bytes,
                signature_key=signature_key,
                not_before_us=max(identity.not_before_us, now_us - SLACK_US),
                not_after_us=identity.not_after_us,
            )
        )

    def revoke_device(self, person: str, device: str, deployment: str, *, now_us: int) -> bytes:
        """Return this person's word that they give a device up."""
        return self.sign(
            DeviceRevocation(
                deployment=deployment,
                person=UUID(person).bytes,
                device=UUID(device).bytes,
                at_us=now_us,
            )
        )

    def seal_to(
        self, init_key: bytes, device: str, signature_key: bytes, random_bytes: RandomBytes
    ) -> bytes:
        """Return this key, sealed for another device of the same person; raise `BadKey`."""
        encapsulated, context = SUITE.hpke.setup_sender(init_key, LINK_INFO, random_bytes)
        bound = UUID(device).bytes + signature_key
        return encapsulated + context.seal(bound, self._seed.reveal())

    def wrap(self, code: str, person: str, random_bytes: RandomBytes) -> bytes:
        """Return this key under a recovery code, to be stored by a hub that cannot open it."""
        nonce = random_bytes(_NONCE_BYTES)
        key = _recovery_key(code, person)
        return nonce + AES_256_GCM.seal(key, nonce, self.aik, self._seed.reveal())


def open_sealed(sealed: bytes, init_key: Secret, device: str, signature_key: bytes) -> Account:
    """Return the account key that another device sealed for this one; raise a `CryptoError`."""
    encapsulated, ciphertext = sealed[:_KEM_BYTES], sealed[_KEM_BYTES:]
    context = SUITE.hpke.setup_receiver(encapsulated, init_key, LINK_INFO)
    return Account(Secret(context.open(UUID(device).bytes + signature_key, ciphertext)))


def unwrap(blob: bytes, code: str, person: str, aik: bytes) -> Account:
    """Return the account key that a recovery code opens; raise a `CryptoError`."""
    nonce, ciphertext = blob[:_NONCE_BYTES], blob[_NONCE_BYTES:]
    if len(nonce) != _NONCE_BYTES:
        raise MalformedInput("no wrapped account key")
    seed = AES_256_GCM.open(_recovery_key(code, person), nonce, aik, ciphertext)
    account = Account(Secret(seed))
    if account.aik != aik:
        raise BadKey("the key of another account")
    return account


def recovery_code(random_bytes: RandomBytes) -> str:
    """Return a fresh recovery code, in groups as it is written down."""
    # Of each byte five bits: 130 of randomness in all.
    drawn = "".join(_ALPHABET[byte & 31] for byte in random_bytes(RECOVERY_CHARACTERS))
    return "-".join(
        drawn[at : at + RECOVERY_GROUP] for at in range(0, RECOVERY_CHARACTERS, RECOVERY_GROUP)
    )


def link_digits(device: str, signature_key: bytes, init_key: bytes) -> str:
    """Return the digits that both devices show before one lets the other in."""
    seen = LINK_CODE + UUID(device).bytes + signature_key + init_key
    return _decimal(hashlib.sha256(seen).digest(), LINK_DIGITS)


def fingerprint(person: str, aik: bytes) -> bytes:
    """Return what two people compare to know that they mean the same person and key."""
    return hashlib.sha256(FINGERPRINT + UUID(person).bytes + aik).digest()


def fingerprint_text(deployment: str, person: str, aik: bytes) -> str:
    """Return the fingerprint as a screen shows it for another's camera."""
    return f"colloque:1:{deployment}:{person}:{fingerprint(person, aik).hex()}"


def fingerprint_digits(person: str, aik: bytes) -> str:
    """Return the fingerprint as it is read aloud."""
    return _decimal(fingerprint(person, aik), FINGERPRINT_DIGITS)


def _decimal(digest: bytes, digits: int) -> str:
    return f"{int.from_bytes(digest, 'big') % 10**digits:0{digits}d}"


def _recovery_key(code: str, person: str) -> bytes:
    canonical = _canonical(code).encode("ascii")
    extracted = HKDF_SHA256.extract(UUID(person).bytes, canonical)
    return HKDF_SHA256.expand(extracted, RECOVERY_INFO, _KEY_BYTES)


def _canonical(code: str) -> str:
    """Return a code as it was made, however it was typed; raise `MalformedInput`."""
    typed = "".join(code.upper().replace("-", " ").split()).translate(_LOOKALIKES)
    if len(typed) != RECOVERY_CHARACTERS or set(typed) - set(_ALPHABET):
        raise MalformedInput("a recovery code is 26 letters and digits")
    return typed
