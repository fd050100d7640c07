"""The middleware of a whole server, asked without a network."""

from __future__ import annotations

from base64 import b64encode
from datetime import timedelta
from secrets import token_bytes
from typing import TYPE_CHECKING

import pytest
import redis

from server.assembly import application
from server.audit import searching
from server.middleware.headers import HEADERS

if TYPE_CHECKING:
    import httpx


@pytest.fixture
async def client(make_server, client_of):
    async with client_of(make_server()) as opened:
        yield opened


async def test_every_answer_has_its_id_its_limits_and_the_security_headers(client: httpx.AsyncClient) -> None:
    for path in ("/health", "/openapi.json", "/docs", "/nowhere"):
        answer = await client.get(path)
        assert answer.headers["x-request-id"]
        assert int(answer.headers["x-ratelimit-remaining"]) < int(answer.headers["x-ratelimit-limit"])
        missing = [name for name, _ in HEADERS if name.decode() not in answer.headers]
        assert missing == []
        assert "strict-transport-security" not in answer.headers


async def test_the_description_is_sent_again_only_where_it_changed(client: httpx.AsyncClient) -> None:
    first = await client.get("/openapi.json")
    assert first.status_code == 200
    assert first.json()["openapi"].startswith("3.")
    again = await client.get("/openapi.json", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = await client.get("/openapi.json", headers={"If-None-Match": '"another"'})
    assert other.status_code == 200


async def test_who_has_used_up_his_requests_hears_when_to_come_again(make_server, client_of) -> None:
    server = make_server(rate_standard=3)
    async with client_of(server) as client:
        for left in (2, 1, 0):
            answer = await client.get("/nowhere")
            assert (answer.status_code, answer.headers["x-ratelimit-remaining"]) == (404, str(left))
        refused = await client.get("/nowhere")
        assert refused.status_code == 429
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["type"] == "urn:optionix:problem:rate-limited"
        assert refused.headers["retry-after"] == "20"
        assert refused.headers["x-content-type-options"] == "nosniff"
        server.clock.advance(timedelta(seconds=20))
        assert (await client.get("/nowhere")).status_code == 404
        assert (await client.get("/health")).status_code == 200


async def test_middleware_stands_in_its_order(make_server) -> None:
    order, layer = [], application(make_server())
    while layer is not None:
        order.append(type(layer).__name__)
        layer = getattr(layer, "_app", getattr(layer, "app", None))
    assert order[:7] == [
        "RequestContext",
        "SecurityHeaders",
        "IdentityOf",
        "RateLimits",
        "RequestValidation",
        "Audit",
        "GZipMiddleware",
    ]


async def test_answers_that_are_cut_short_have_passed_what_stands_before(make_server, client_of) -> None:
    """Headers, then limits, then what can be read, then the audit log: whoever is not signed in hears that first."""
    server = make_server(rate_standard=3)
    json = {"Content-Type": "application/json"}
    async with client_of(server) as client:
        # (method, path, body, status, whether it is in the audit log)
        asked = (
            ("POST", "/auth/refresh", b"{", 400, False),
            ("POST", "/trade/execute", b"{", 401, True),
            ("DELETE", "/trade/orders/a%00b", b"", 401, True),
            ("POST", "/trade/execute", b"{", 429, False),
        )
        for method, path, body, status, audited in asked:
            before = _refusals(server)
            answer = await client.request(method, path, content=body, headers=json)
            assert (answer.status_code, path) == (status, path)
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["x-ratelimit-limit"] == "3"
            assert answer.headers["content-type"] == "application/problem+json"
            assert len(_refusals(server)) - len(before) == audited, path
    newest = _refusals(server)
    assert [one.resource for one in newest] == ["DELETE /api/v2/trade/orders/a\ufffdb", "POST /api/v2/trade/execute"]
    assert {one.details["right"] for one in newest} == {"orders:write"}


def _refusals(server):
    asked = searching.AuditFilter(action="request.refused")
    return searching.search(server.database, server.envelopes, asked, 0, 10)[0]


async def test_behind_a_proxy_people_are_known_by_their_own_addresses(make_server, client_of) -> None:
    """Else whoever guesses would make everybody wait, and the audit log would name the proxy."""
    server = make_server(trusted_proxies=("127.0.0.0/8",))
    ada = {"email": "ada@example.com", "password": "a long sentence of mine"}
    async with client_of(server) as client:
        made = await client.post("/auth/register", json={**ada, "full_name": "Ada L."})
        assert made.status_code == 201
        guess = {**ada, "password": "a long sentence of hers"}
        guessing = {"X-Forwarded-For": "198.51.100.7"}
        statuses = [(await client.post("/auth/login", json=guess, headers=guessing)).status_code for _ in range(6)]
        assert statuses == [401] * 5 + [429]
        at_home = {"X-Forwarded-For": "203.0.113.9"}
        told = await client.post("/auth/login", json=ada, headers=at_home)
        assert told.status_code == 200
        token = {"Authorization": f"Bearer {told.json()['access_token']}"}
        (session,) = (await client.get("/sessions", headers=token)).json()["sessions"]
        assert session["ip_address"] == "203.0.113.9"
    asked = searching.AuditFilter(action="auth.login")
    entries, _ = searching.search(server.database, server.envelopes, asked, 0, 10)
    assert [one.ip_address for one in entries] == ["203.0.113.9", *["198.51.100.7"] * 5]


async def test_a_whole_server_counts_and_keeps_in_its_redis(make_server, client_of, backend, redis_url) -> None:
    server = make_server(backend, redis_url=redis_url, rate_standard=3)
    async with client_of(server) as client:
        for _ in range(3):
            assert (await client.get("/nowhere")).status_code == 404
        assert (await client.get("/nowhere")).status_code == 429
        checks = (await client.get("/health")).json()["checks"]
    assert (checks["database"]["kind"], checks["cache"]["state"]) == (backend.kind, "redis")
    with redis.Redis.from_url(redis_url) as kept:
        assert kept.dbsize() > 0


async def test_health_tells_of_each_part(make_server, client_of, backend) -> None:
    """Also where nothing was ever written into the data folder, since the key came from elsewhere."""
    async with client_of(make_server(backend, master_key=b64encode(token_bytes(32)).decode())) as client:
        told = (await client.get("/health")).json()
    assert told["status"] == "ok"
    assert told["checks"]["database"]["kind"] == backend.kind
    assert told["checks"]["schema"]["revision"]
    assert told["checks"]["audit"]["seq"] >= 0
    assert told["checks"]["feed"]["name"] == "sim"
    assert told["checks"]["cache"]["state"] == "in-process"
    assert told["checks"]["disk"]["free_bytes"] > 0
    assert all(check["ms"] >= 0 for check in told["checks"].values())
