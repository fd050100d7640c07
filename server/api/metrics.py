"""`GET /metrics` in the text format of Prometheus, beside the API. No login: a proxy should keep it from others.

It tells counts by route, status and job; nobody's name, address or account is in it.
"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from server.app import server_of
from server.auth.rights import PUBLIC

router = APIRouter()


@router.get("/metrics", dependencies=[PUBLIC], include_in_schema=False)
def metrics(request: Request) -> Response:
    """All metrics of all workers."""
    return Response(server_of(request).observing.metrics(), media_type=CONTENT_TYPE_LATEST)
