"""What the server's middleware costs a request: the whole stack beside the same routes in FastAPI alone.

CPU time of many requests handed to the application without a network. The routes do nothing; the caller has a real
token, requests are counted, log lines are made and dropped.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Body, Depends

from benchmarks.measure import Figure
from benchmarks.server_house import PREFIX, cpu_of, people, scope_of, send, serving
from server.app import create_app
from server.auth.identity import Identity
from server.auth.rights import needs
from server.middleware import wrapped

if TYPE_CHECKING:
    from server.middleware.asgi import App

REQUESTS = 1_000
RUNS = 7
BUDGET = 250.0
BODY = b'{"spot_price": 100.0, "strike_price": 105.0, "volatility": 0.2, "option_type": "call"}'


def figures(environment: dict[str, str]) -> list[Figure]:
    """Microseconds of CPU that the middleware adds to a request."""
    del environment
    from tests.server.services import Redis

    redis = Redis()
    try:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            alone = asyncio.run(_figures(Path(folder) / "alone", ""))
            return alone + asyncio.run(_figures(Path(folder) / "shared", ", limits in a Redis", redis_url=redis.url()))
    finally:
        redis.stop()


async def _figures(folder: Path, where: str, **settings: Any) -> list[Figure]:
    router = APIRouter(prefix=PREFIX)

    @router.get("/nothing")
    async def look(identity: Annotated[Identity, Depends(needs("pricing", "read"))]) -> dict[str, str]:
        return {"user": str(identity.user_id)}

    @router.post("/nothing")
    async def act(
        identity: Annotated[Identity, Depends(needs("pricing", "read"))], terms: Annotated[dict[str, Any], Body()]
    ) -> dict[str, str]:
        return {"user": str(identity.user_id), "terms": str(len(terms))}

    async with serving(folder, **settings) as (server, whole):
        (token,) = await people(whole, 1)
        identity = await server.accounts.identify(f"Bearer {token}", "127.0.0.1")
        bare = create_app(server)
        bare.include_router(router)
        found = []
        around = wrapped(bare, server)
        for method, body in (("GET", b""), ("POST", BODY)):
            pairs = [
                (
                    await _cost(bare, method, body, token, {"identity": identity}),
                    await _cost(around, method, body, token, {}),
                )
                for _ in range(RUNS + 1)
            ][1:]
            alone = median(one for one, _ in pairs)
            added = median(together - one for one, together in pairs)
            found += [
                Figure(f"{method}: FastAPI alone", alone, "us"),
                Figure(f"{method}: what the middleware adds{where}", added, "us", None if where else BUDGET),
            ]
        return found


async def _cost(app: App, method: str, body: bytes, token: str, state: dict[str, Any]) -> float:
    def request() -> Any:
        scope = {**scope_of(method, "/nothing", bool(body), token), "state": dict(state)}
        return send(app, scope, body)

    return await cpu_of([request] * REQUESTS) / REQUESTS * 1e6
