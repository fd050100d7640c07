"""Documents that are answered as they are: made by the engine's own functions, encoded once, described by a model."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import anyio.to_thread
from fastapi import Response

from server.api.turns import in_turn

if TYPE_CHECKING:
    from fastapi import FastAPI

    from server.parts import Cache

JSON = "application/json"


def encoded(document: Mapping[str, Any]) -> bytes:
    """The document as JSON; ValueError for nan and infinities, which JSON does not have."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


async def cached(
    cache: Cache,
    key: str,
    seconds: float,
    make: Callable[[], Mapping[str, Any]],
    turns_of: FastAPI | None = None,
) -> Response:
    """The document under `key`, made in a thread where it is not kept, and then kept for `seconds`.

    `key` says everything that the document depends on, its time among it. `turns_of`: making it takes turns there.
    """
    body = await cache.get(key)
    if body is None:
        if turns_of is None:
            body = await anyio.to_thread.run_sync(lambda: encoded(make()))
        else:
            body = await in_turn(turns_of, lambda: encoded(make()))
        await cache.set(key, body, seconds)
    return Response(body, media_type=JSON)
