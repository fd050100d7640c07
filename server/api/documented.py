"""What the API's description says beyond the routes' models: every status that is answered, rights, examples, ids.

A route states by `problems(...)` which errors are its own; those that any route of its kind answers are added. The
description is completed from the routes themselves, so that it cannot say another right than the one that is checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts

from server.api.costs import COSTS
from server.auth.rights import identity_of, needs
from server.problems import MEDIA_TYPE, TITLES, TYPE_PREFIX

if TYPE_CHECKING:
    from fastapi import FastAPI
    from fastapi.dependencies.models import Dependant

Responses = dict[int | str, dict[str, Any]]

_SCHEMA: Final = {"$ref": "#/components/schemas/Problem"}
_RETRY_AFTER: Final = {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 0}}

WHEN: Final[Mapping[int, str]] = {
    400: "The body is not JSON, not UTF-8, names a key twice, or is nested too deeply.",
    401: "No token, or one that is expired, revoked or not ours.",
    403: "The role or key does not give the right.",
    404: "Unknown, or somebody else's.",
    409: "It contradicts what is there.",
    412: "It was changed since the ETag was read.",
    413: "The body is longer than allowed.",
    415: "The body is not application/json.",
    422: "A field has a wrong value, or is unknown; `errors` names each.",
    423: "Locked.",
    429: "Too many requests.",
    503: "Something that this needs does not answer now.",
}
"""What each status means where a route does not say it itself."""


DONE: Final[Mapping[str, str]] = {"200": "Done.", "201": "Made.", "202": "Begun.", "204": "Done; nothing is answered."}
"""The same of what went well."""


def problems(
    *statuses: int, signed_in: bool = True, body: bool = False, when: Mapping[int, str] | None = None
) -> Responses:
    """Error responses of a route for `responses=`: `statuses` and those that every route of its kind answers.

    `signed_in`: it needs a token and a right. `body`: it reads a JSON body. `when` says what a status means here;
    statuses that it names need not be repeated.
    """
    told = {} if when is None else dict(when)
    every = {400, 422, 429, 503, *statuses, *told}
    if signed_in:
        every |= {401, 403}
    if body:
        every |= {413, 415}
    found: Responses = {}
    for status in sorted(every):
        found[status] = {
            "description": told.get(status, WHEN.get(status, TITLES[status])),
            "content": {MEDIA_TYPE: {"schema": _SCHEMA}},
        }
        if status in (429, 503):
            found[status]["headers"] = {"Retry-After": _RETRY_AFTER}
    return found


PROBLEM: Final[dict[str, Any]] = {
    "title": "Problem",
    "description": "An error as RFC 9457 has it.",
    "type": "object",
    "additionalProperties": False,
    "required": ["type", "title", "status", "detail", "instance", "request_id", "errors"],
    "properties": {
        "type": {
            "type": "string",
            "pattern": f"^{TYPE_PREFIX}[a-z0-9-]+$",
            "examples": [TYPE_PREFIX + "invalid-value"],
        },
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "instance": {"type": "string", "description": "The path that was asked."},
        "request_id": {"type": "string", "description": "Stands in the server's log too."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["field", "value", "bound"],
                "properties": {
                    "field": {"type": "string"},
                    "value": {"type": "string", "description": "What came, shortened; empty for a secret."},
                    "bound": {"type": "string", "description": "What may come."},
                },
            },
        },
    },
}


def operation_id(route: APIRoute) -> str:
    """The id of an operation: the name of its function, stable as long as that is."""
    return route.name


def needed(dependant: Dependant) -> Iterator[needs]:
    """Rights that a route demands."""
    for one in dependant.dependencies:
        if isinstance(one.call, needs):
            yield one.call
        yield from needed(one)


def signed_in(dependant: Dependant) -> bool:
    """Whether a route asks who calls."""
    return any(
        isinstance(one.call, needs) or one.call is identity_of or signed_in(one) for one in dependant.dependencies
    )


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of an application, complete."""
    if app.openapi_schema is not None:
        return app.openapi_schema
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=_DESCRIPTION,
        routes=app.routes,
        tags=[{"name": name, "description": words} for name, words in TAGS.items()],
    )
    components = document.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    components["securitySchemes"] = {
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "An access token of `auth/login`, or an API key `ok_...`.",
        }
    }
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, APIRoute) and route.include_in_schema:
            for method in route.methods or ():
                _complete(document["paths"][route.path_format][method.lower()], route)
    app.openapi_schema = document
    return document


def _complete(operation: dict[str, Any], route: RouteContext) -> None:
    for status, words in DONE.items():
        response = operation["responses"].get(status)
        if response is not None and response["description"] == "Successful Response":
            response["description"] = words
    if not signed_in(route.dependant):
        operation["security"] = []
        return
    operation["security"] = [{"bearer": []}]
    cost = COSTS.get(str(route.path_format), 1)
    if cost > 1:
        operation["x-cost"] = cost
        words = f"Counts as {cost} requests."
        operation["description"] = "\n\n".join(filter(None, (operation.get("description"), words)))
    rights = [f"{one.resource}:{one.verb}" for one in needed(route.dependant)]
    if rights:
        operation["x-right"] = rights
        words = f"Needs the right `{'`, `'.join(rights)}`."
        operation["description"] = "\n\n".join(filter(None, (operation.get("description"), words)))


TAGS: Final[Mapping[str, str]] = {
    "auth": "Sign in and out.",
    "users": "Who is signed in, and the second factor.",
    "sessions": "Where one is signed in.",
    "keys": "API keys for programs.",
    "options": "Prices, implied volatilities and simulations of options.",
    "market": "Chains and surfaces of the server's feed.",
    "portfolio": "What accounts hold and what that is worth.",
    "trade": "Orders and fills.",
    "risk": "Losses to expect, scenarios, limits and halts.",
    "sync": "Events of devices.",
    "realtime": "WebSockets: quotes as they are now, events without a gap.",
    "admin": "People, roles, keys and logs, for those who look after the server.",
    "operations": "Health, metrics and this description.",
}

_DESCRIPTION: Final = """\
Prices, risk, portfolios and orders over HTTP: what a terminal does, for programs and teams.

Bodies and answers are JSON. Money and quantities are decimal strings (`"12.5"`), model numbers are JSON numbers, times
are UTC (`2026-09-18T14:30:00.000000Z`), days are `YYYY-MM-DD`. Unknown fields are refused. Every error is
`application/problem+json`; `errors` names field, value and bound.

Where a user is edited the answer has an `ETag`; sent as `If-Match`, the edit is done only where nobody edited
meanwhile (412 otherwise), and no route demands it. Limits, states of accounts and who shares one have none: such a
request says the whole of what is to be, not a part of what was read before, and who said it when is kept.
"""
