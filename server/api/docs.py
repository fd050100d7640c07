"""The API's description: `GET /openapi.json`, and `GET /docs`, the same as a page without scripts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Final

import orjson
from fastapi import APIRouter, Request, Response

from server import documentation
from server.auth.rights import PUBLIC

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

router = APIRouter(tags=["operations"])

_CACHING: Final = "public, max-age=300, must-revalidate"


@dataclass(frozen=True, slots=True)
class _Kept:
    body: bytes
    etag: str
    media_type: str
    policy: str | None

    def answer(self, request: Request) -> Response:
        """The document, or 304 where the client has it."""
        headers = {"ETag": self.etag, "Cache-Control": _CACHING}
        if self.policy is not None:
            headers["Content-Security-Policy"] = self.policy
        asked = request.headers.get("if-none-match", "")
        if self.etag in (part.strip() for part in asked.split(",")) or asked.strip() == "*":
            return Response(status_code=304, headers=headers)
        return Response(self.body, media_type=self.media_type, headers=headers)


_making: Final = Lock()


def _kept(app: FastAPI, name: str, make: Callable[[FastAPI], tuple[bytes, str, str | None]]) -> _Kept:
    """A document of `app`, made when it is first asked for."""
    with _making:
        documents: dict[str, _Kept] = app.state.__dict__.setdefault("documents", {})
        if name not in documents:
            body, media_type, policy = make(app)
            etag = f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
            documents[name] = _Kept(body, etag, media_type, policy)
        return documents[name]


def _openapi(app: FastAPI) -> tuple[bytes, str, str | None]:
    return orjson.dumps(app.openapi()), "application/json", None


def _page(app: FastAPI) -> tuple[bytes, str, str | None]:
    return documentation.render(app.openapi()).encode(), "text/html; charset=utf-8", documentation.POLICY


@router.get("/openapi.json", dependencies=[PUBLIC], include_in_schema=False)
def openapi(request: Request) -> Response:
    """The OpenAPI document."""
    return _kept(request.app, "openapi", _openapi).answer(request)


@router.get("/docs", dependencies=[PUBLIC], include_in_schema=False)
def docs(request: Request) -> Response:
    """The description as a page."""
    return _kept(request.app, "docs", _page).answer(request)
