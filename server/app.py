"""Puts the house together: the only module that names adapters."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from servestatic import ServeStaticASGI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp

from server.demo import seed
from server.hub.hub import Hub
from server.media.process import EchoProcess
from server.settings import Settings
from server.storage.database import Database, sqlite_engine
from server.storage.intruder import alter_one_byte
from server.storage.keys import KeyRing
from server.storage.lock import InUse, hold
from server.web.demo import DemoHosts, DemoRoutes
from server.web.echo import EchoRoute
from server.web.headers import Door
from server.web.problems import problem
from server.web.routes import routes
from signaling.codes import Code

__all__ = ["Assembled", "InUse", "create_demo", "open_database"]


class SystemClock:
    """The machine's clock, in microseconds since 1970 UTC, without its jumps back.

    Set back, it runs on at half its pace until the machine has caught up: no ring lasts an hour
    longer, and no wrong hour is kept for good.
    """

    def __init__(self) -> None:
        self._told = time.time_ns()
        self._steady = time.monotonic_ns()
        # The loop and the writer's thread both ask.
        self._lock = threading.Lock()

    def now(self) -> int:
        """Return the current instant."""
        with self._lock:
            steady = time.monotonic_ns()
            run_on = self._told + (steady - self._steady) // 2
            self._told, self._steady = max(time.time_ns(), run_on), steady
            return self._told // 1000


@dataclass(frozen=True, slots=True)
class Assembled:
    """A hub ready to be served."""

    app: ASGIApp
    hub: Hub


def open_database(settings: Settings) -> Database:
    """Open the database of a data directory, at the newest schema."""
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    hold(settings.data)
    database = Database(
        sqlite_engine(settings.data / "colloque.sqlite"),
        keys=KeyRing(settings.data / "keys"),
        deployment=settings.deployment,
        node=settings.node,
    )
    database.migrate()
    return database


def create_demo(settings: Settings) -> Assembled:
    """Assemble the demonstration: SQLite, persona cards, the built client."""
    database = open_database(settings)
    seed(database)
    hub = Hub(database, SystemClock(), settings.hub())
    echo = EchoProcess(settings.echo_arguments())
    hosts = DemoHosts(settings.port)

    def tamper(tenant: str, conversation: str) -> dict[str, Any] | None:
        return alter_one_byte(database.engine, tenant, conversation)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with hub.running():
            try:
                yield
            finally:
                await echo.stop()
        database.close()

    demo = DemoRoutes(hosts, settings.session_seconds, tamper)
    test = EchoRoute(echo, settings.rate_echo)
    app = Starlette(
        routes=[*routes(), *demo.routes(), *test.routes()],
        exception_handlers={Exception: _fault},
        lifespan=lifespan,
    )
    app.state.hub = hub
    app.mount("/", _client(settings.dist))
    # Around all of it: Starlette answers a fault of ours from outside its own middleware.
    return Assembled(Door(app, allows_host=hosts.allows), hub)


def _client(dist: Path) -> ASGIApp:
    """Serve the built client: hashed files for ever, the page itself always fresh."""
    static: ASGIApp = ServeStaticASGI(
        _not_found,
        root=str(dist),
        index_file=True,
        max_age=0,
        allow_all_origins=False,
        immutable_file_test=_is_immutable,
    )
    return static


def _is_immutable(_path: str, url: str) -> bool:
    return url.startswith("/assets/")


async def _fault(_request: Request, _fault: Exception) -> Response:
    return problem(Code.E_INTERNAL)


async def _not_found(scope: Any, receive: Any, send: Any) -> None:
    await PlainTextResponse("Not found", 404)(scope, receive, send)
