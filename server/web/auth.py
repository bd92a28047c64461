"""Server-side sessions behind a `__Host-` cookie. The token is random, stored only as its hash.

A port, so to speak: whoever authenticates a person (the demonstration's cards now, passkeys and
Pro Santé Connect later) hands the person to `open_session` and gets the cookie.
"""

from __future__ import annotations

import hashlib
import secrets

from starlette.requests import HTTPConnection
from starlette.responses import Response

from server.domain.people import Person, Session
from server.hub.hub import Hub

COOKIE = "__Host-colloque"
TOKEN_BYTES = 32


def session_key(token: str) -> bytes:
    """Return what stands in the database for a cookie's token."""
    return hashlib.sha256(token.encode()).digest()


def has_cookie(request: HTTPConnection) -> bool:
    """Tell whether the request carries a session cookie, live or not."""
    return COOKIE in request.cookies


async def find_session(request: HTTPConnection, hub: Hub) -> Session | None:
    """Return the live session of a request's cookie, or None."""
    token = request.cookies.get(COOKIE)
    return await hub.find_session(session_key(token)) if token else None


async def open_session(hub: Hub, person: Person, seconds: int, response: Response) -> None:
    """Open a session for a person somebody has authenticated, and set its cookie."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    expires_at = hub.clock.now() + seconds * 1_000_000
    await hub.sign_in(Session(session_key(token), person, expires_at))
    # `__Host-` pins it to this very host; Strict keeps it from every cross-site request. Browsers
    # treat http://*.localhost as secure, so the demonstration needs no certificate.
    response.set_cookie(COOKIE, token, path="/", secure=True, httponly=True, samesite="strict")


def drop_cookie(response: Response) -> None:
    """Make the browser forget the cookie."""
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")
