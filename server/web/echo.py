"""The pre-call test: `POST /api/echo {sdp}` is answered by a peer that sends back what it gets.

Descriptions pass through and leave no trace: they hold addresses.
"""

from __future__ import annotations

import msgspec
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from server.ports import Echo, EchoBusy, EchoMalformed
from server.web import auth
from server.web.bodies import read_body
from server.web.problems import problem
from signaling.codes import Code

MAX_BODY_BYTES = 16 * 1024
RETRY_SECONDS = "10"
BUSY = (
    "Beaucoup de personnes essaient leur connexion en ce moment. Réessayez dans une minute ; "
    "la visio, elle, n’en dépend pas."
)
BUSY_SIMPLE = "Le test est occupé. Réessayez dans une minute."


class Offer(Struct):
    """The body of a test."""

    sdp: str


class EchoRoute:
    """The one address of the pre-call test."""

    def __init__(self, echo: Echo, rate: str) -> None:
        self._echo = echo
        self._rate = parse(rate)
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    def routes(self) -> list[BaseRoute]:
        """Return the route."""
        return [Route("/api/echo", self.answer, methods=["POST"])]

    async def answer(self, request: Request) -> Response:
        """Answer an offer of someone signed in."""
        session = await auth.find_session(request, request.app.state.hub)
        if session is None:
            return problem(Code.E_SESSION)
        if not self._limiter.hit(self._rate, "echo", session.key.hex()):
            return problem(Code.E_RATE, retry_after=RETRY_SECONDS)
        try:
            offer = msgspec.json.decode(await read_body(request, MAX_BODY_BYTES), type=Offer)
            answer = await self._echo.answer(offer.sdp)
        except (msgspec.DecodeError, UnicodeError, RecursionError, EchoMalformed):
            return problem(Code.E_MALFORMED)
        except EchoBusy:
            return _busy()
        return JSONResponse({"sdp": answer}, headers={"cache-control": "no-store"})


def _busy() -> Response:
    """Say to try later: `call.busy`, in the words of a test and not of a call."""
    return problem(
        Code.CALL_BUSY, status=503, text=BUSY, simple=BUSY_SIMPLE, retry_after=RETRY_SECONDS
    )
