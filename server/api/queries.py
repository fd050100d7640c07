"""Query parameters that a route does not have are refused, as unknown fields of a body are: a misspelt filter is told.

Stands before every route. Whoever must sign in and has not hears that first, from the route's own right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi.requests import HTTPConnection  # noqa: TC002 - FastAPI reads it
from fastapi.routing import APIRoute, iter_route_contexts

from server.api.documented import describe, signed_in
from server.auth.identity import Identity
from server.problems import FieldError, Problem

if TYPE_CHECKING:
    from fastapi import FastAPI


async def known_query(connection: HTTPConnection) -> None:
    """Problem 422 that names each unknown parameter."""
    scope = connection.scope
    if scope["type"] != "http" or not connection.query_params:
        return
    app = connection.app
    known: dict[Any, tuple[bool, frozenset[str]]] | None = getattr(app.state, "known_queries", None)
    if known is None:
        known = app.state.known_queries = _known(app)
    told = known.get((scope["endpoint"], scope["method"]))
    if told is None:
        return
    needs_caller, names = told
    if needs_caller and not isinstance(getattr(connection.state, "identity", None), Identity):
        return
    there = f"one of {', '.join(sorted(names))}" if names else "absent: nothing is asked in a query here"
    wrong = [FieldError(name[:200], value[:200], there) for name, value in connection.query_params.multi_items()]
    wrong = [one for one in wrong if one.field not in names]
    if wrong:
        raise Problem(422, "invalid-value", "a query parameter is unknown", wrong[:50])


def _known(app: FastAPI) -> dict[Any, tuple[bool, frozenset[str]]]:
    """Of each route that is described: whether it asks who calls, and the names of its query parameters."""
    paths, found = describe(app)["paths"], {}
    for route in iter_route_contexts(app.routes):
        if not isinstance(route.original_route, APIRoute):
            continue
        for method in route.methods or ():
            operation = paths.get(route.path_format, {}).get(method.lower())
            if operation is None:
                continue
            names = frozenset(one["name"] for one in operation.get("parameters", ()) if one["in"] == "query")
            found[(route.endpoint, method)] = (signed_in(route.dependant), names)
    return found
