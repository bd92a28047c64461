"""Debian's Chromium, in whatever network it is to run."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Playwright

from tests.e2e.netns import Place, make_executable

FLAGS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
)
# A camera that draws itself, and a browser that grants it. Addresses are told as they are: two
# browsers could look each other's hidden names up by multicast only.
CAMERA = (
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--autoplay-policy=no-user-gesture-required",
)


def chromium() -> str:
    """Return the path of the program."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "Chromium is missing: `make test` installs it"
    return path


@contextmanager
def a_browser(
    playwright: Playwright, flags: Sequence[str] = (), place: Place | None = None
) -> Iterator[Browser]:
    """Start Chromium in a place; without one, as any program."""
    with tempfile.TemporaryDirectory(prefix="colloque-") as directory:
        path = Path(chromium())
        if place is not None:
            path = make_executable(place, str(path), Path(directory) / "chromium")
            flags = [*flags, *place.flags]
        browser = playwright.chromium.launch(executable_path=path, args=[*FLAGS, *flags])
        yield browser
        browser.close()
