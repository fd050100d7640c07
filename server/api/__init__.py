"""Routers by resource. Each is thin: it reads the request, calls a service of the engine and writes its answer."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import APIRouter

MODULES: Final[tuple[str, ...]] = (
    "auth",
    "users",
    "sessions",
    "keys",
    "options",
    "market",
    "portfolio",
    "desk",
    "trade",
    "risk",
    "sharing",
    "admin",
    "oversight",
    "kill_switch",
    "audit",
    "protection",
    "sync",
    "proofs",
    "tickets",
    "realtime",
    "health",
    "docs",
)
"""Modules of this package that have a `router`, in the order of the API's document."""


def routers() -> Iterator[APIRouter]:
    """All of them."""
    for name in MODULES:
        router: APIRouter = import_module(f"server.api.{name}").router
        yield router
