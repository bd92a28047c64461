"""Errors in words: `application/problem+json` (RFC 9457) with our code."""

from __future__ import annotations

import json

from starlette.responses import Response

from signaling.codes import CODES, Code

STATUS = {
    Code.E_MALFORMED: 400,
    Code.E_SESSION: 401,
    Code.E_ORIGIN: 403,
    Code.E_ROLE: 403,
    Code.E_NOT_FOUND: 404,
    Code.E_RATE: 429,
    Code.E_BUSY: 503,
}


def problem(
    code: Code,
    *,
    status: int | None = None,
    text: str | None = None,
    simple: str | None = None,
    retry_after: str | None = None,
) -> Response:
    """Return the refusal of a request, as its code's row says it unless told otherwise."""
    row = CODES[code]
    number = status or STATUS.get(code, 500)
    body = {
        "code": code.value,
        "title": simple or row.simple,
        "detail": text or row.text,
        "status": number,
    }
    return Response(
        json.dumps(body, ensure_ascii=False),
        number,
        headers={"retry-after": retry_after} if retry_after else None,
        media_type="application/problem+json",
    )
