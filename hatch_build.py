"""Puts the built client into wheels and sdists, so that `pip install` needs no Node."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

WEB = Path("clients") / "web"
PAGE = Path("server") / "web" / "dist" / "index.html"


class BuildClient(BuildHookInterface[Any]):
    """Builds the client unless it is there; an editable install builds it by `make`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Run before a wheel or an sdist is put together."""
        del build_data
        root = Path(self.root)
        if version == "editable" or (root / PAGE).exists():
            return
        npm = shutil.which("npm")
        if npm is None:
            raise FileNotFoundError("Building Colloque needs Node (or run `make build` first).")
        for step in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
            subprocess.run([npm, *step], cwd=root / WEB, check=True)  # noqa: S603 - our own steps
