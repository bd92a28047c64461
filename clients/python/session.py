"""Sign-in over HTTP: one persona, one cookie.

Programs that are not browsers dial 127.0.0.1 and say in `Host` whose origin they mean; a browser
resolves `NAME.localhost` to the same place by itself.
"""

from __future__ import annotations

import asyncio
import http.client
from dataclasses import dataclass, field

from clients.python.errors import SignInFailed

LOOPBACK = "127.0.0.1"
COOKIE = "__Host-colloque"
HTTP_SECONDS = 10.0
# An answer to a sign-in is an empty object or a problem of a few lines.
_MAX_ANSWER_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Site:
    """One persona's origin on a hub of this machine."""

    name: str
    port: int

    @property
    def host(self) -> str:
        """The value of the `Host` header."""
        return f"{self.name}.localhost:{self.port}"

    @property
    def origin(self) -> str:
        """The value of the `Origin` header."""
        return f"http://{self.host}"


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in persona. The cookie is a bearer secret and does not print."""

    site: Site
    cookie: str = field(repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """What proves the session on a request."""
        return {"Cookie": f"{COOKIE}={self.cookie}"}


async def sign_in(site: Site) -> Session:
    """Sign the persona of `site` in; raise `SignInFailed` when the hub gives no session."""
    return await asyncio.to_thread(_sign_in, site)


async def sign_out(session: Session) -> None:
    """End the session; raise `SignInFailed` when the hub does not confirm it."""
    status, _ = await asyncio.to_thread(_exchange, session.site, "DELETE", session.headers)
    if status != http.client.NO_CONTENT:
        raise SignInFailed("the hub did not end the session", status)


def _sign_in(site: Site) -> Session:
    status, cookies = _exchange(site, "POST", {"Content-Type": "application/json"}, b"{}")
    if status != http.client.OK:
        raise SignInFailed("the hub gave no session", status)
    for cookie in cookies:
        name, _, value = cookie.partition(";")[0].partition("=")
        if name.strip() == COOKIE and value:
            return Session(site, value.strip())
    raise SignInFailed("the answer carries no session cookie", status)


def _exchange(
    site: Site, method: str, headers: dict[str, str], body: bytes | None = None
) -> tuple[int, list[str]]:
    connection = http.client.HTTPConnection(LOOPBACK, site.port, timeout=HTTP_SECONDS)
    try:
        connection.request(
            method,
            "/api/session",
            body,
            {"Host": site.host, "Origin": site.origin, "Accept": "application/json", **headers},
        )
        answer = connection.getresponse()
        answer.read(_MAX_ANSWER_BYTES)
        return answer.status, answer.headers.get_all("Set-Cookie") or []
    except (OSError, http.client.HTTPException) as exc:
        raise SignInFailed("the hub did not answer") from exc
    finally:
        connection.close()
