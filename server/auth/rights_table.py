"""The matrix of rights as a document: who may do what, and which right each route needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi.routing import APIRoute, APIWebSocketRoute, iter_route_contexts

from server.auth.identity import Role
from server.auth.keys import NEVER
from server.auth.rights import PUBLIC, matrix, needs, needs_session, needs_step_up

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from fastapi import FastAPI
    from fastapi.dependencies.models import Dependant

_OPENING = """\
# Rights

Generated from `server/auth/permissions.toml` and the routes by `make docs`. A right that stands in no row is nobody's.
Whose accounts somebody sees is decided beside it: his own, those that are shared with him, and for viewers, analysts,
risk managers, compliance officers and administrators those of their desk, to be read. What he does not see answers 404.
"""


def rights_reference(app: FastAPI) -> str:
    """The document."""
    heads = [role.value.replace("_", " ") for role in Role]
    lines = [_OPENING, f"| right | {' | '.join(heads)} | key |", f"|---|{'---|' * (len(heads) + 1)}"]
    for (resource, verb), roles in matrix().items():
        marks = ["yes" if role in roles else "" for role in Role]
        lines.append(f"| `{resource}:{verb}` | {' | '.join([*marks, '' if resource in NEVER else 'yes'])} |")
    lines += [
        "\n`key`: an API key may be bound to it, where its owner's role has it.\n",
        "## Routes\n",
        "| route | right | asks for |",
        "|---|---|---|",
    ]
    lines += [f"| `{name}` | {right} | {asks} |" for name, right, asks in sorted(set(_routes(app)))]
    return "\n".join(lines) + "\n"


def _routes(app: FastAPI) -> Iterator[tuple[str, str, str]]:
    for one in iter_route_contexts(app.routes):
        if not isinstance(one.original_route, (APIRoute, APIWebSocketRoute)):
            continue
        websocket = isinstance(one.original_route, APIWebSocketRoute)
        calls = list(_calls(one.dependant))
        right = next((f"`{call.resource}:{call.verb}`" for call in calls if isinstance(call, needs)), "")
        if PUBLIC.dependency in calls:
            right = "public"
        for method in ("WEBSOCKET",) if websocket else one.methods or ():
            yield f"{one.path_format} {method}", right, _asks(calls)


def _asks(calls: list[Callable[..., Any] | None]) -> str:
    if any(isinstance(call, needs_step_up) for call in calls):
        return "a session that showed its password within five minutes"
    if not any(isinstance(call, needs) or call is PUBLIC.dependency for call in calls):
        return "a ticket, or a token with `realtime:read`"
    return "a session" if any(isinstance(call, needs_session) for call in calls) else ""


def _calls(dependant: Dependant) -> Iterator[Callable[..., Any] | None]:
    for one in dependant.dependencies:
        yield one.call
        yield from _calls(one)
