"""The command `colloque`."""

from __future__ import annotations

import logging
import socket
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import structlog
import typer
import uvicorn
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from server.settings import Settings

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__
)
MAX_WS_BYTES = 1024 * 1024 + 65536
"""Above our own bound (256 KiB, closed 4400), so that the refusal is ours and says its code."""


@app.callback()
def main_help() -> None:
    """Colloque: remote dispensation, end-to-end encrypted, with a trail that proves itself."""


@app.command()
def demo(
    port: Annotated[int | None, typer.Option(help="Port on 127.0.0.1 (default 8080).")] = None,
    data: Annotated[Path | None, typer.Option(help="Data directory (default ./data).")] = None,
) -> None:
    """Start the demonstration: fictional people, SQLite, one address on this machine."""
    settings = _settings(port=port, data=data)
    if not (settings.dist / "index.html").exists():
        _stop("The client is not built. Run `make demo`, or `make build`, first.")
    if not _is_free(settings.host, settings.port):
        _stop(
            f"Port {settings.port} is taken. Choose another: `make demo PORT={settings.port + 1}`."
        )
    _serve(settings)


@app.command("verify-receipt")
def verify_receipt(
    file: Annotated[Path, typer.Argument(help="A .tlog-proof file (with its entry inside).")],
    key: Annotated[
        str | None,
        typer.Option(help="The log's public key: a vkey line, or a file that holds one or more."),
    ] = None,
    entry: Annotated[
        Path | None, typer.Option(help="The entry's bytes, where the file does not hold them.")
    ] = None,
) -> None:
    """Check a receipt without any server: exit 0 when it holds, 1 when not, 2 when it cannot."""
    from server.verify import verify_file

    raise typer.Exit(verify_file(file, key=key, entry=entry))


def _settings(**given: object) -> Settings:
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as fault:
        # Which setting, and what it wants; never what stood in it.
        _stop("\n".join(_sentence(error) for error in fault.errors(include_input=False)))


def _sentence(error: ErrorDetails) -> str:
    name = "".join(f"COLLOQUE_{part}: ".upper() for part in error["loc"])
    return f"{name}{error['msg'].removeprefix('Value error, ')}."


def _serve(settings: Settings) -> None:
    from server.app import InUse, create_demo
    from server.serving import BoundedSocket, Server

    _configure_logs(settings.log_level)
    try:
        assembled = create_demo(settings)
    except InUse:
        _stop(
            f"Another Colloque is using {settings.data}. Stop it, or choose another directory: "
            "`make demo DATA=other`."
        )
    config = uvicorn.Config(
        assembled.app,
        host=settings.host,
        port=settings.port,
        # h11 bounds a request's line and headers (64 KiB); the faster httptools takes them without
        # end, from anybody.
        http="h11",
        ws=BoundedSocket,
        ws_max_size=MAX_WS_BYTES,
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=int(settings.drain_seconds) + 1,
    )
    Server(config, assembled.hub, f"http://127.0.0.1:{settings.port}").run()


def _configure_logs(level: str) -> None:
    number = getattr(logging, level.upper(), logging.WARNING)
    logging.basicConfig(
        level=number, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s"
    )
    # Alembic and uvicorn tell every step at INFO; what matters of them is a warning.
    logging.getLogger("alembic").setLevel(max(number, logging.WARNING))
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _stop(sentence: str) -> NoReturn:
    typer.echo(sentence, err=True)
    raise typer.Exit(1)


def main() -> None:
    """Run the command line."""
    app()
