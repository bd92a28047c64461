"""Sign-in by persona card, each on its own `NAME.localhost`. Only in the demonstration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Struct
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from crypto.policy.vocabulary import AUDITORS
from server.demo import PERSONAS, Persona
from server.hub.hub import Hub, Unavailable
from server.web import auth
from server.web.bodies import read_body
from server.web.problems import problem
from signaling.codes import Code
from signaling.frames import Uuid

SLUGS = {persona.slug: persona for persona in PERSONAS}
MAX_BODY_BYTES = 4096


@dataclass(frozen=True, slots=True)
class DemoHosts:
    """The demonstration's closed list of hosts: loopback, and one name for each persona."""

    port: int

    def allows(self, host: str) -> bool:
        """Tell whether this Host header is one of ours."""
        return self.is_landing(host) or self.persona(host) is not None

    def is_landing(self, host: str) -> bool:
        """Tell whether this is the bare address, where the cards are."""
        return host in (f"127.0.0.1:{self.port}", f"localhost:{self.port}")

    def persona(self, host: str) -> Persona | None:
        """Return who lives at this host."""
        name, _, rest = host.partition(".")
        return SLUGS.get(name) if rest == f"localhost:{self.port}" else None

    def origin(self, persona: Persona) -> str:
        """Return where a persona lives."""
        return f"http://{persona.slug}.localhost:{self.port}"


class Tampering(Struct):
    """The body of « Falsifier un octet »."""

    conversation: Uuid


Tamper = Callable[[str, str], dict[str, Any] | None]
"""(tenant, conversation) -> {log, index}: alters one stored byte, as an intruder would."""


class DemoRoutes:
    """The demonstration's HTTP: cards, sign-in, sign-out, « Falsifier un octet »."""

    def __init__(self, hosts: DemoHosts, session_seconds: int, tamper: Tamper) -> None:
        self._hosts = hosts
        self._session_seconds = session_seconds
        self._tamper = tamper

    def routes(self) -> list[BaseRoute]:
        """Return the demonstration's routes."""
        return [
            Route("/api/session", self.show, methods=["GET"]),
            Route("/api/session", self.sign_in, methods=["POST"]),
            Route("/api/session", self.sign_out, methods=["DELETE"]),
            Route("/api/demo/tamper", self.tamper, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """Tell who may sign in at this address, and whether someone is."""
        host = request.headers["host"]
        persona = self._hosts.persona(host)
        session = await auth.find_session(request, request.app.state.hub)
        body = {
            "demo": True,
            "personas": [self._card(one) for one in PERSONAS] if persona is None else [],
            "persona": self._card(persona) if persona else None,
            "signed_in": session is not None,
            "expired": session is None and auth.has_cookie(request),
        }
        return JSONResponse(body, headers={"cache-control": "no-store"})

    async def sign_in(self, request: Request) -> Response:
        """Sign in whoever lives at this address."""
        persona = self._hosts.persona(request.headers["host"])
        if persona is None:
            return problem(Code.E_NOT_FOUND)
        response = JSONResponse({})
        try:
            await auth.open_session(
                request.app.state.hub, persona.person, self._session_seconds, response
            )
        except Unavailable as busy:
            return problem(busy.code)
        return response

    async def sign_out(self, request: Request) -> Response:
        """End the session and its connections."""
        hub: Hub = request.app.state.hub
        session = await auth.find_session(request, hub)
        if session is not None:
            try:
                await hub.sign_out(session)
            except Unavailable as busy:
                return problem(busy.code)
        response = Response(status_code=204)
        auth.drop_cookie(response)
        return response

    async def tamper(self, request: Request) -> Response:
        """Alter one stored byte of a conversation's entries, to see it found."""
        session = await auth.find_session(request, request.app.state.hub)
        if session is None:
            return problem(Code.E_SESSION)
        if session.person.role not in AUDITORS:
            return problem(Code.E_ROLE)
        conversation = await _conversation(request)
        if conversation is None:
            return problem(Code.E_MALFORMED)
        # SQLite on the loop would hold everyone's socket while it waits for the writer.
        altered = await run_in_threadpool(self._tamper, session.person.tenant, conversation)
        return JSONResponse(altered) if altered else problem(Code.E_NOT_FOUND)

    def _card(self, persona: Persona) -> dict[str, str]:
        return {
            "slug": persona.slug,
            "name": persona.name,
            "role": persona.role.value,
            "about": persona.about,
            "pharmacy": persona.pharmacy.name,
            "origin": self._hosts.origin(persona),
        }


async def _conversation(request: Request) -> str | None:
    try:
        return msgspec.json.decode(
            await read_body(request, MAX_BODY_BYTES), type=Tampering
        ).conversation
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
