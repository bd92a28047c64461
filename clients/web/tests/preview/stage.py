"""The preview, built and served on loopback under the product's policy, and a browser to see it."""

from __future__ import annotations

import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

WEB = Path(__file__).resolve().parents[2]
CHROMIUM = "/usr/bin/chromium"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types colloque-worker"
)
FAULTS = """
globalThis.reports = []
document.addEventListener("securitypolicyviolation", (e) => reports.push(e.violatedDirective + " " + e.blockedURI))
"""
SIDEWAYS = (
    "document.documentElement.scrollWidth > innerWidth ? document.documentElement.scrollWidth : 0"
)


class Handler(SimpleHTTPRequestHandler):
    """Static files under the product's policy."""

    def end_headers(self) -> None:
        """Add the policy to every answer."""
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing per request."""


def _build(folder: str) -> None:
    vite = WEB / "node_modules/.bin/vite"
    config = WEB / "tests/preview/vite.config.ts"
    command = [str(vite), "build", "-c", str(config), "--outDir", folder, "--logLevel", "warn"]
    subprocess.run(command, cwd=WEB, check=True)


@contextmanager
def staged() -> Iterator[tuple[Browser, str]]:
    """Yield a browser and the address of the preview; both end with the block."""
    with tempfile.TemporaryDirectory() as folder:
        _build(folder)
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            yield browser, f"http://127.0.0.1:{server.server_port}"
            browser.close()
        server.shutdown()
