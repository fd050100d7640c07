"""What the routes say of themselves, for middleware that has to know it: public or not, reading or writing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.routing import Match

from server.auth.rights import PUBLIC, needs
from server.middleware.asgi import Scope

if TYPE_CHECKING:
    from fastapi import APIRouter
    from fastapi.dependencies.models import Dependant


class Facts(NamedTuple):
    """Of one route."""

    template: str
    """Its whole path, with names for what varies."""
    public: bool
    right: tuple[str, str] | None
    """Resource and verb; None where it needs none."""

    @property
    def writes(self) -> bool:
        """Whether its right is another than to read."""
        return self.right is not None and self.right[1] != "read"


class RouteTable:
    """The routes of a server under their prefix."""

    def __init__(self, routers: Iterable[APIRouter], prefix: str) -> None:
        self._prefix = prefix
        self._facts: dict[int, Facts] = {}
        """By identity: routes are kept here as long as the table, and cannot be hashed."""
        self._routes: list[APIRoute | APIWebSocketRoute] = []
        for router in routers:
            for route in router.routes:
                if isinstance(route, (APIRoute, APIWebSocketRoute)):
                    self._routes.append(route)
                    self._facts[id(route)] = _facts(route, prefix)

    def of(self, scope: Scope) -> Facts | None:
        """Facts of the route that has answered; None where none did."""
        route = scope.get("route")
        return None if route is None else self._facts.get(id(route))

    def that_would_answer(self, scope: Scope) -> Facts | None:
        """Facts of the route that a request would come to. Looks through all: for refusals, not for each request."""
        path: str = scope["path"]
        if not path.startswith(self._prefix):
            return None
        inner = {**scope, "path": path[len(self._prefix) :], "root_path": ""}
        for route in self._routes:
            if route.matches(inner)[0] is Match.FULL:
                return self._facts[id(route)]
        return None


def _facts(route: APIRoute | APIWebSocketRoute, prefix: str) -> Facts:
    calls = [one.call for one in _all(route.dependant)]
    rights = [(call.resource, call.verb) for call in calls if isinstance(call, needs)]
    return Facts(prefix + route.path, public=PUBLIC.dependency in calls, right=rights[0] if rights else None)


def _all(dependant: Dependant) -> Iterator[Dependant]:
    for inner in dependant.dependencies:
        yield inner
        yield from _all(inner)
