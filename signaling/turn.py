"""Credentials for the TURN server: short, for one device in one call, checked without the hub.

coturn's `use-auth-secret` (draft-uberti-behave-turn-rest-00): the user name says until when it
holds, the password is its HMAC-SHA1 under the secret that hub and coturn share. Pure.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Sequence
from typing import TYPE_CHECKING

from signaling import frames

if TYPE_CHECKING:
    from crypto.keys import Secret

SECOND = 1_000_000
LIFE_SECONDS = 600
OPAQUE_HEX = 16


def credentials(
    secret: Secret, call: str, device: str, urls: Sequence[str], now: int
) -> frames.TurnCredentials:
    """Return what `device` may use in `call` for ten minutes from `now` (microseconds)."""
    # coturn compares in whole seconds: rounded up, the last one is not lost to the client.
    expires = -(-now // SECOND) + LIFE_SECONDS
    username = f"{expires}:{call}:{_opaque(secret, call, device)}"
    mac = hmac.digest(secret.reveal(), username.encode(), hashlib.sha1)
    return frames.TurnCredentials(
        urls=list(urls),
        username=username,
        credential=b64encode(mac).decode(),
        expires_at=expires * SECOND,
        renew_at=now + LIFE_SECONDS * SECOND // 2,
    )


def _opaque(secret: Secret, call: str, device: str) -> str:
    """Tell two devices of a call apart: the TURN server learns nothing of who they are."""
    mac = hmac.digest(secret.reveal(), f"opaque:{call}:{device}".encode(), hashlib.sha256)
    return mac.hex()[:OPAQUE_HEX]
