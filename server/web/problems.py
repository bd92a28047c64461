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


def problem(code: Code) -> Response:
    """Return the refusal of a request, as its code's row says it."""
    row = CODES[code]
    status = STATUS.get(code, 500)
    body = {"code": code.value, "title": row.simple, "detail": row.text, "status": status}
    return Response(
        json.dumps(body, ensure_ascii=False), status, media_type="application/problem+json"
    )
