"""Every bound of the hub, in one place. `server.settings` fills it from the environment."""

from __future__ import annotations

from dataclasses import dataclass, field

from crypto.keys import Secret
from server.hub.rates import RateSettings


@dataclass(frozen=True, slots=True)
class TurnSettings:
    """Where the TURN server is (`turn:`, `turns:`), and the secret it shares with the hub."""

    urls: tuple[str, ...]
    secret: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSettings:
    """What the hub allows a connection, a pause and itself."""

    outbox_bytes: int = 64 * 1024
    idle_seconds: float = 60
    hello_seconds: float = 10
    close_seconds: float = 2
    drain_seconds: float = 5
    call_sweep_seconds: float = 1
    max_connections: int = 10_000
    max_connections_of_person: int = 256
    """More than the devices of one person: who opens more only takes the places of others."""
    rates: RateSettings = field(default_factory=RateSettings)
    turn: TurnSettings | None = None
    """None: calls connect without a relay, which is enough on one machine."""
