"""`GET /health`: whether this server can do its work. No login; reasons are the names of problems alone."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict

from server.api.documented import problems
from server.app import server_of
from server.auth.rights import PUBLIC

router = APIRouter(tags=["operations"])


class CheckDocument(BaseModel):
    """One part of the server; more fields than these depend on the part."""

    model_config = ConfigDict(extra="allow")

    status: Literal["ok", "degraded", "failed"]
    ms: float
    """Time that the answer took."""
    reason: str | None = None


class HealthDocument(BaseModel):
    """The server and its parts."""

    status: Literal["ok", "degraded", "failed"]
    version: str
    environment: Literal["development", "production"]
    time: str
    uptime_seconds: float
    checks: dict[str, CheckDocument]
    jobs: dict[str, Any]
    """Periodic work by name: result, moment and length of the last run."""


@router.get(
    "/health",
    dependencies=[PUBLIC],
    response_model=HealthDocument,
    response_model_exclude_none=True,
    responses={
        **problems(signed_in=False),
        503: {"model": HealthDocument, "description": "Something that the server cannot do without does not work."},
    },
)
async def health(request: Request, response: Response) -> dict[str, Any]:
    """Database, audit log, feed, cache, disk and jobs, each really asked. `degraded` is 200: it works."""
    server = server_of(request)
    document = await server.health.document(server)
    response.status_code = 503 if document["status"] == "failed" else 200
    return document
