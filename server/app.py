"""The ASGI application of a server: routers under `/api/v2`, errors as problems, middleware in order around them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from optionix_core.errors import OptionixError
from server.problems import MEDIA_TYPE, FieldError, Problem, problem_of

if TYPE_CHECKING:
    from server.context import Server

PREFIX: Final = "/api/v2"


def server_of(request: Request) -> Server:
    """The server that a request came to."""
    server: Server = request.app.state.server
    return server


def create_app(server: Server | None) -> FastAPI:
    """The routes of `server`, without its middleware (see `server.middleware.wrapped`).

    None gives routes that are only looked at, for documents about them.
    """
    from server.api import metrics, routers
    from server.api.documented import describe, operation_id
    from server.api.queries import known_query

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        if server is None:
            raise LookupError("routes without a server serve nobody")
        await server.cache.start()
        await server.hub.start()
        server.jobs.start()
        try:
            yield
        finally:
            await server.jobs.stop()
            await server.hub.stop()
            await server.cache.stop()

    app = FastAPI(
        title="Optionix",
        version="2",
        openapi_url=None,  # `server.api.docs` serves it, with an ETag
        docs_url=None,
        redoc_url=None,
        lifespan=life,
        generate_unique_id_function=operation_id,
    )
    app.openapi = lambda: describe(app)  # type: ignore[method-assign] # FastAPI's own way to complete the document
    app.state.server = server
    for router in routers():
        app.include_router(router, prefix=PREFIX, dependencies=[Depends(known_query)])
    app.include_router(metrics.router)
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(OptionixError, _engine_error)
    app.add_exception_handler(RequestValidationError, _wrong_values)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unexpected)
    return app


def answer(request: Request, problem: Problem) -> Response:
    """A problem as a response."""
    body = problem.body(request.url.path, getattr(request.state, "request_id", ""))
    return Response(body, problem.status, dict(problem.headers), media_type=MEDIA_TYPE)


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - registered for it alone
    return answer(request, error)


async def _engine_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, OptionixError)  # noqa: S101 - registered for it alone
    return answer(request, problem_of(error))


async def _wrong_values(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it alone
    found = list(error.errors())
    if any(one["type"] == "json_invalid" for one in found):
        return answer(request, Problem(400, "unreadable", "the body is not JSON"))
    errors = [FieldError(".".join(map(str, one["loc"][1:])), _shown(one), str(one["msg"])) for one in found[:50]]
    return answer(request, Problem(422, "invalid-value", "a field is wrong", errors))


def _shown(one: dict[str, Any]) -> str:
    if isinstance(one.get("input"), (dict, list)):
        return ""  # the whole of a body, secrets and all
    secret = any("password" in str(part) or "token" in str(part) or part == "code" for part in one["loc"])
    return "" if secret else repr(one.get("input"))[:200]


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it alone
    kinds = {404: "not-found", 405: "method-not-allowed"}
    kind = kinds.get(error.status_code, "http")
    return answer(request, Problem(error.status_code, kind, str(error.detail), headers=dict(error.headers or {})))


async def _unexpected(request: Request, _: Exception) -> Response:
    """Starlette raises the error once more behind this answer; the outermost middleware writes it down."""
    return answer(request, Problem(500, "internal", "something is wrong on this server; it was written down"))
