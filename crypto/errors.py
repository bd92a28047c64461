"""Why a piece of cryptography was refused.

CryptoError            never raised itself
├── MalformedInput     the bytes or text are not what their format says
├── BadSignature       no signature by the expected key, or one that does not hold
├── BadProof           a Merkle proof does not lead to the root it is offered for
├── WrongOrigin        a checkpoint of another log than the one that was asked
├── WrongEntry         a receipt for another entry than the one in hand
└── BadFrankingTag     a payload is not the one its sender committed to

Their sentences are constant: nothing a peer wrote travels through an error into a log.
"""


class CryptoError(Exception):
    """Root of this package's errors; catch it, never raise it."""


class MalformedInput(CryptoError):
    """The bytes or text are not what their format says."""


class BadSignature(CryptoError):
    """No signature by the expected key, or one that does not hold."""


class BadProof(CryptoError):
    """A Merkle proof does not lead to the root it is offered for."""


class WrongOrigin(CryptoError):
    """A checkpoint of another log than the one that was asked."""


class WrongEntry(CryptoError):
    """A receipt for another entry than the one in hand."""


class BadFrankingTag(CryptoError):
    """A payload is not the one its sender committed to."""
