"""The words that the log's texts are made of, each with exactly one spelling."""

from __future__ import annotations

import base64
import re
from typing import Final

from crypto.errors import MalformedInput
from crypto.log.tree import HASH_BYTES, MAX_TREE_SIZE

_DECIMAL: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
# signed-note: a key name has no plus and no Unicode space; control characters are refused too.
# The White_Space property is spelled out because `str.isspace` differs from it.
_NOT_IN_A_NAME: Final = re.compile(
    r"[+\x00-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ud800-\udfff]"
)


def encode_base64(data: bytes) -> str:
    """Return `data` in base64 with padding (RFC 4648, section 4)."""
    return base64.b64encode(data).decode("ascii")


def decode_base64(text: str) -> bytes:
    """Return the bytes of `text`; refuse white space, missing padding and stray low bits."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as exc:
        raise MalformedInput("not base64") from exc
    if encode_base64(data) != text:
        raise MalformedInput("base64, but not in its canonical form")
    return data


def decode_hash(text: str) -> bytes:
    """Return one SHA-256 hash."""
    value = decode_base64(text)
    if len(value) != HASH_BYTES:
        raise MalformedInput("a hash is 32 bytes")
    return value


def decode_decimal(text: str) -> int:
    """Return a number below 2^63 from ASCII digits without a leading zero."""
    if not _DECIMAL.fullmatch(text) or int(text) > MAX_TREE_SIZE:
        raise MalformedInput("not a decimal number")
    return int(text)


def check_key_name(name: str) -> None:
    """Refuse a name that a signature line could not carry unambiguously."""
    if not name or _NOT_IN_A_NAME.search(name):
        raise MalformedInput("a key name is not empty and has neither space nor plus")
