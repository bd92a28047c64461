"""The demonstration's web side, served in this process from a data directory of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from server.app import create_demo
from server.settings import Settings
from tests.server.web.visitor import PORT, Web


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A running demonstration with a client of two files."""
    directory = tmp_path_factory.mktemp("web")
    dist = directory / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text("<!doctype html><title>Colloque</title>")
    (dist / "assets" / "app-1a2b3c4d.js").write_text("export {}")
    settings = Settings(data=directory / "data", dist=dist, port=PORT, drain_seconds=0.2)
    assembled = create_demo(settings)
    with TestClient(assembled.app, raise_server_exceptions=False) as client:
        yield Web(client, assembled, Path(directory / "data"))
