"""Every setting, read from the environment (`COLLOQUE_…`) here and nowhere else."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from server.hub.bounds import HubSettings
from server.hub.rates import RateSettings

DIST = Path(__file__).parent / "web" / "dist"


class Settings(BaseSettings):
    """The settings of one hub process."""

    model_config = SettingsConfigDict(env_prefix="COLLOQUE_")

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
    log_level: str = "warning"

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
            ),
        )
