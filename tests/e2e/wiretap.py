"""A frame that no client of ours would send, over a browser's connection; and the answer."""

from __future__ import annotations

import base64
import itertools
import os
import time
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from msgspec.structs import replace
from playwright.sync_api import BrowserContext, Page

from crypto.mls.authenticated_data import AuthenticatedData
from crypto.mls.framing import (
    ContentType,
    MessageHeader,
    WireFormat,
    encode_private_message,
)
from crypto.policy.vocabulary import MessageKind
from signaling import codec
from signaling.frames import AnyServerFrame, ClientFrame, Ok, RefusedFrame

WIRE = Path(__file__).with_name("wire.js").read_text("utf-8")
PATIENCE_MS = 10_000
_NUMBERS = itertools.count(1)


def tap(context: BrowserContext) -> None:
    """Have every page of a context be tapped."""
    context.add_init_script(WIRE)


def forge(page: Page, frame: ClientFrame) -> Ok | RefusedFrame:
    """Send a frame over a page's connection; return the hub's answer to it."""
    named = replace(frame, id=f"forged-{next(_NUMBERS)}")
    page.evaluate("(data) => wire.send(data)", base64.b64encode(codec.encode(named)).decode())
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while time.monotonic() < deadline:
        for heard in heard_by(page):
            if isinstance(heard, Ok | RefusedFrame) and heard.id == named.id:
                return heard
        page.wait_for_timeout(5)
    message = "the hub did not answer"
    raise AssertionError(message)


def heard_by(page: Page) -> list[AnyServerFrame]:
    """Return all that the hub said on a page's connections."""
    return [codec.decode_server(base64.b64decode(one)) for one in page.evaluate("() => wire.heard")]


def a_message(conversation: str, epoch: int, at_ms: int, **acting: Any) -> bytes:
    """Return a message under a true header, which nobody can read: the hub reads no more of it."""
    data = AuthenticatedData(
        id=uuid4().bytes,
        kind=MessageKind.MESSAGE,
        counter=1_000_000,
        sent_at=at_ms,
        franking_tag=os.urandom(32),
        **acting,
    )
    header = MessageHeader(
        wire_format=WireFormat.PRIVATE_MESSAGE,
        group_id=UUID(conversation).bytes,
        epoch=epoch,
        content_type=ContentType.APPLICATION,
        authenticated_data=data.encode(),
    )
    return encode_private_message(header, os.urandom(28), os.urandom(272))
