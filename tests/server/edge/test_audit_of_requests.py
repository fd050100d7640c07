"""Refusals and writes that no handler wrote down are in the audit log; what a handler wrote is not written twice."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import uuid4

import pytest
from fastapi import APIRouter, Depends, FastAPI, Request

from optionix_core.errors import StorageError
from server.auth.identity import Identity, Role, Tier
from server.auth.rights import PUBLIC, needs
from server.middleware.asgi import refuse
from server.middleware.audit import Audit, recorded
from server.middleware.routes import RouteTable
from server.parts import AuditEntry
from server.problems import Problem
from tests.server.edge.asking import Behind, ask, scope_of

TRADER = Identity(uuid4(), Role.TRADER, Tier.STANDARD, uuid4())
router = APIRouter()


@router.post("/orders")
async def write(request: Request, identity: Annotated[Identity, Depends(needs("orders", "write"))]) -> str:
    if "own" in request.query_params:
        recorded(request)
    return str(identity.user_id)


@router.post("/price")
async def price(identity: Annotated[Identity, Depends(needs("pricing", "read"))]) -> str:
    return str(identity.user_id)


@router.get("/orders", dependencies=[Depends(needs("limits", "write"))])
async def look() -> str:
    return "never for a trader"


@router.post("/login", dependencies=[PUBLIC])
async def login() -> str:
    return "in"


class Log:
    """Keeps entries; fails where told to."""

    def __init__(self) -> None:
        self.entries: list[AuditEntry] = []
        self.broken = False

    def record(self, entry: AuditEntry) -> int:
        if self.broken:
            raise StorageError("the disk is full")
        self.entries.append(entry)
        return len(self.entries)

    def write(self, connection: Any, entry: AuditEntry) -> int:
        raise NotImplementedError


@pytest.fixture
def log() -> Log:
    return Log()


async def asked(log: Log, method: str, path: str, identity: Identity | None = TRADER, query: bytes = b""):
    from server.app import _problem
    from server.problems import Problem

    app = FastAPI()
    app.include_router(router, prefix="/api")
    app.add_exception_handler(Problem, _problem)
    behind = Behind()
    state = {"address": "203.0.113.9", "request_id": "one", "identity": identity}
    headers = {"User-Agent": "a test", "Authorization": "Bearer secret-token"}
    scope = scope_of(method, path, query_string=query, state=state, headers=headers)
    layer = Audit(app, RouteTable([router], "/api"), log)
    return await ask(layer, behind, scope)


async def test_a_write_without_an_entry_gets_one_before_it_is_answered(log: Log) -> None:
    answer = await asked(log, "POST", "/api/orders", query=b"password=hunter2")
    assert answer.status == 200
    (entry,) = log.entries
    assert (entry.action, entry.resource, entry.user_id) == ("request.write", "POST /api/orders", TRADER.user_id)
    assert entry.details == {"status": 200, "right": "orders:write", "request_id": "one"}
    assert (entry.ip_address, entry.user_agent) == ("203.0.113.9", "a test")
    assert "hunter2" not in repr(entry)
    assert "secret-token" not in repr(entry)


async def test_a_write_that_cannot_be_audited_is_not_acknowledged(log: Log) -> None:
    log.broken = True
    answer = await asked(log, "POST", "/api/orders")
    assert (answer.status, answer.problem["type"]) == (503, "urn:optionix:problem:storage")
    assert len(answer.messages) == 2


async def test_what_the_handler_wrote_down_is_not_written_twice(log: Log) -> None:
    answer = await asked(log, "POST", "/api/orders", query=b"own=1")
    assert (answer.status, log.entries) == (200, [])


async def test_reading_by_post_and_public_routes_write_nothing(log: Log) -> None:
    for path in ("/api/price", "/api/login"):
        assert (await asked(log, "POST", path)).status == 200
    assert (await asked(log, "POST", "/api/nowhere")).status == 404
    assert log.entries == []


@pytest.mark.parametrize(("identity", "status"), [(None, 401), (TRADER, 403)])
async def test_refusals_are_written_down_whoever_asks(log: Log, identity: Identity | None, status: int) -> None:
    answer = await asked(log, "GET", "/api/orders", identity)
    assert answer.status == status
    (entry,) = log.entries
    assert (entry.action, entry.details["status"]) == ("request.refused", status)
    assert entry.details["right"] == "limits:write"
    assert entry.user_id == (None if identity is None else TRADER.user_id)
    log.broken = True
    assert (await asked(log, "GET", "/api/orders", identity)).status == status  # he has his answer all the same


async def test_a_websocket_that_is_not_let_in_is_written_down(log: Log) -> None:
    async def closed(scope: Any, receive: Any, send: Any) -> None:
        del receive
        await refuse(scope, send, Problem(403, "wrong-origin", "pages of other origins may not open WebSockets here"))

    async def opened(scope: Any, receive: Any, send: Any) -> None:
        del scope, receive
        await send({"type": "websocket.accept"})

    state = {"address": "203.0.113.9", "request_id": "one", "identity": TRADER}
    for app in (closed, opened):
        scope = scope_of("GET", "/api/v2/ws", state=state, extensions={"websocket.http.response": {}})
        scope["type"] = "websocket"
        del scope["method"]
        await ask(Audit(app, RouteTable([router], "/api"), log), Behind(), scope)
    (entry,) = log.entries
    assert (entry.action, entry.resource, entry.user_id) == ("request.refused", "WEBSOCKET /api/v2/ws", TRADER.user_id)
    assert (entry.details["status"], entry.ip_address) == (403, "203.0.113.9")
