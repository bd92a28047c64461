"""Who may knock, and what every answer carries.

Hosts are a closed list (a foreign name that resolves here is refused: DNS rebinding); anything but
a GET, and every WebSocket, must come from the page's own origin.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.hub.metrics import WRONG_ORIGIN
from server.web.problems import problem
from signaling.codes import Code

CSP_REPORTS = "/api/csp-reports"
SAFE_METHODS = frozenset({"GET", "HEAD"})

SECURITY_HEADERS = {
    "content-security-policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self'",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types colloque-worker",
            f"report-uri {CSP_REPORTS}",
        )
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    # A call: camera and microphone, a shared document, a screen that stays awake, sound by itself.
    "permissions-policy": ", ".join(
        (
            "camera=(self)",
            "microphone=(self)",
            "display-capture=(self)",
            "screen-wake-lock=(self)",
            "autoplay=(self)",
            "geolocation=()",
            "payment=()",
            "usb=()",
        )
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


class Door:
    """ASGI middleware: closed host list, own origin only, security headers on every answer."""

    def __init__(self, app: ASGIApp, allows_host: Callable[[str], bool]) -> None:
        self._app = app
        self._allows_host = allows_host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it with E_ORIGIN."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if not self._may_enter(scope, headers):
            WRONG_ORIGIN.inc()
            await problem(Code.E_ORIGIN)(scope, receive, _with_headers(send))
            return
        await self._app(scope, receive, _with_headers(send))

    def _may_enter(self, scope: Scope, headers: Headers) -> bool:
        host = headers.get("host", "")
        if not self._allows_host(host):
            return False
        if scope["type"] == "http" and scope["method"] in SAFE_METHODS:
            return True
        # A browser's violation report names no origin we can hold it to, and changes nothing.
        if scope.get("path") == CSP_REPORTS:
            return True
        return headers.get("origin", "") in (f"http://{host}", f"https://{host}")


def _with_headers(send: Send) -> Send:
    async def wrapped(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return wrapped
