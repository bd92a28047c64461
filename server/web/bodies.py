"""Request bodies, bounded: a length is only a promise, and chunks make none."""

from __future__ import annotations

from starlette.requests import Request


async def read_body(request: Request, most: int) -> bytes:
    """Return the body, or nothing of one that is longer than `most`."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > most:
            return b""
    return body
