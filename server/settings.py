"""Every setting, read from the environment (`COLLOQUE_…`) here and nowhere else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, PrivateAttr, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from crypto.keys import Secret
from server.hub.bounds import HubSettings, TurnSettings
from server.hub.rates import RateSettings

DIST = Path(__file__).parent / "web" / "dist"
MIN_SECRET_BYTES = 16
"""Each credential is a MAC under it: a short one is guessed from a single credential."""
_TURN_URL = re.compile(r"turns?:[^\s/@?,]+(\?transport=(udp|tcp))?")


def _comma_list(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _secret(value: object) -> object:
    """Hide a secret as it comes in; an empty variable is none."""
    return (Secret(value.encode()) if value else None) if isinstance(value, str) else value


def _file(value: object) -> object:
    return value or None


class Settings(BaseSettings):
    """The settings of one hub process."""

    model_config = SettingsConfigDict(
        env_prefix="COLLOQUE_",
        arbitrary_types_allowed=True,
        # A setting that does not fit is told by its name: its value may be a secret.
        hide_input_in_errors=True,
    )

    data: Path = Path("data")
    """Where the database and the log keys are."""
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    dist: Path = DIST
    """The built client."""
    deployment: str = "demo.colloque.example"
    """First part of every log's origin; a log can never change it."""
    node: str = "hub-1"
    session_seconds: int = Field(default=12 * 3600, ge=1)
    idle_seconds: float = Field(default=60, gt=0)
    outbox_bytes: int = Field(default=64 * 1024, ge=4096)
    drain_seconds: float = Field(default=5, gt=0)
    rate_device: str = RateSettings().device
    rate_conversation: str = RateSettings().conversation
    rate_costly: str = RateSettings().costly
    rate_claims: str = RateSettings().claims
    rate_calls: str = RateSettings().calls
    rate_echo: str = "6/minute"
    """Pre-call tests of one session."""
    echo_addresses: str = ""
    """Addresses that the echo peer offers, separated by commas; none: all but loopback."""
    log_level: str = "warning"
    turn_urls: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_comma_list)] = ()
    """The relay of calls, `turn:` and `turns:`, with commas between. None: calls go without."""
    turn_secret: Annotated[Secret | None, BeforeValidator(_secret)] = None
    """coturn's `static-auth-secret`."""
    turn_secret_file: Annotated[Path | None, BeforeValidator(_file)] = None
    """A file that holds it, instead."""
    _turn: TurnSettings | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _find_turn(self) -> Self:
        for url in self.turn_urls:
            if not _TURN_URL.fullmatch(url):
                raise ValueError(
                    "COLLOQUE_TURN_URLS holds something that is no turn: or turns: URL"
                )
        secret = self._find_secret()
        if self.turn_urls and secret is None:
            raise ValueError("COLLOQUE_TURN_URLS is set and COLLOQUE_TURN_SECRET is missing")
        if secret is not None and not self.turn_urls:
            raise ValueError("COLLOQUE_TURN_SECRET is set and COLLOQUE_TURN_URLS is missing")
        self._turn = None if secret is None else TurnSettings(self.turn_urls, secret)
        return self

    def _find_secret(self) -> Secret | None:
        secret = self.turn_secret
        if self.turn_secret_file is not None:
            if secret is not None:
                raise ValueError("COLLOQUE_TURN_SECRET and COLLOQUE_TURN_SECRET_FILE are both set")
            secret = _read_secret(self.turn_secret_file)
        if secret is not None and len(secret) < MIN_SECRET_BYTES:
            fault = f"COLLOQUE_TURN_SECRET is shorter than {MIN_SECRET_BYTES} bytes"
            raise ValueError(fault)
        return secret

    def echo_arguments(self) -> list[str]:
        """Return how the echo process is started."""
        addresses = [one.strip() for one in self.echo_addresses.split(",") if one.strip()]
        return [word for address in addresses for word in ("--address", address)]

    def hub(self) -> HubSettings:
        """Return the hub's own bounds."""
        return HubSettings(
            outbox_bytes=self.outbox_bytes,
            idle_seconds=self.idle_seconds,
            drain_seconds=self.drain_seconds,
            rates=RateSettings(
                device=self.rate_device,
                conversation=self.rate_conversation,
                costly=self.rate_costly,
                claims=self.rate_claims,
                calls=self.rate_calls,
            ),
            turn=self._turn,
        )


def _read_secret(path: Path) -> Secret:
    try:
        return Secret(path.read_bytes().strip())
    except OSError as exc:
        raise ValueError("COLLOQUE_TURN_SECRET_FILE cannot be read") from exc
