"""The HTTP side: health, metrics, reports of the content security policy."""

from __future__ import annotations

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from server.hub.hub import Hub
from server.hub.metrics import CSP_REPORTS as CSP_REPORTS_SEEN
from server.web import ws
from server.web.headers import CSP_REPORTS


async def healthz(_request: Request) -> Response:
    """Answer as long as the process serves."""
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> Response:
    """Answer 200 when the hub can take an act now, 503 while it drains or cannot."""
    hub: Hub = request.app.state.hub
    ready = await hub.ready()
    status = "ready" if ready else "draining" if hub.draining else "unavailable"
    return JSONResponse({"status": status}, 200 if ready else 503)


async def metrics(_request: Request) -> Response:
    """Counts for Prometheus; no person, no conversation."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def csp_reports(_request: Request) -> Response:
    """Count a violation. Its text comes from anyone: it is not kept."""
    CSP_REPORTS_SEEN.inc()
    return Response(status_code=204)


def routes() -> list[BaseRoute]:
    """Return what every deployment serves."""
    return [
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", metrics),
        Route(CSP_REPORTS, csp_reports, methods=["POST"]),
        WebSocketRoute("/ws", ws.endpoint),
    ]
