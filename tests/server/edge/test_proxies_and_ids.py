"""Forwarded addresses, schemes and request ids are believed from named proxies alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from server.middleware.context import WELL_FORMED, RequestContext
from server.middleware.headers import SecurityHeaders
from server.middleware.proxies import Caller, Proxies, bucket_of
from server.middleware.routes import RouteTable
from server.observing import OTHER_ROUTE, Metrics
from tests.server.edge.asking import Behind, ask, scope_of

PROXIES = Proxies(["10.0.0.0/8", "fd00::/8"])


def caller(peer: str, **headers: str) -> Caller:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return PROXIES.caller(scope_of(client=(peer, 1), headers=named))


def test_nobody_but_a_proxy_says_who_asks() -> None:
    told = {"x_forwarded_for": "198.51.100.7", "x_forwarded_proto": "https"}
    assert caller("203.0.113.9", **told) == ("203.0.113.9", False, False)
    assert caller("10.1.2.3", **told) == ("198.51.100.7", True, True)
    assert caller("fd00::1", **told) == ("198.51.100.7", True, True)
    assert caller("::ffff:10.1.2.3", **told) == ("198.51.100.7", True, True)
    assert (
        Proxies(()).caller(scope_of(client=("10.1.2.3", 1), headers={"X-Forwarded-For": "1.2.3.4"})).address
        == "10.1.2.3"
    )


def test_a_header_that_the_proxy_adds_counts_and_not_the_clients_own() -> None:
    scope = scope_of(client=("10.1.2.3", 1))
    scope["headers"] = [
        (b"x-forwarded-proto", b"https"), (b"x-forwarded-for", b"1.2.3.4"),
        (b"x-forwarded-proto", b"http"), (b"x-forwarded-for", b"198.51.100.7"),
    ]  # fmt: skip
    assert PROXIES.caller(scope) == ("198.51.100.7", False, True)


@pytest.mark.parametrize(
    ("forwarded", "found"),
    [
        ("1.2.3.4, 198.51.100.7", "198.51.100.7"),  # what the client wrote itself stands before it
        ("198.51.100.7, 10.9.9.9", "198.51.100.7"),
        ("10.9.9.9, 10.8.8.8", "10.9.9.9"),
        ("198.51.100.7:1234", "198.51.100.7"),
        ("[2001:db8::1]:1234", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("rubbish", "10.1.2.3"),
        ("198.51.100.7, rubbish", "10.1.2.3"),
        ("", "10.1.2.3"),
    ],
)
def test_the_chain_is_read_from_its_end(forwarded: str, found: str) -> None:
    assert caller("10.1.2.3", x_forwarded_for=forwarded).address == found


@given(some.text(some.characters(max_codepoint=255), max_size=60))
def test_whatever_is_forwarded_an_address_comes_out(text: str) -> None:
    found = caller("10.1.2.3", x_forwarded_for=text).address
    assert found
    assert bucket_of(found)


def test_one_subscriber_is_counted_once() -> None:
    assert bucket_of("2001:db8:1:2::5") == bucket_of("2001:db8:1:2:ffff::9") == "2001:db8:1:2::/64"
    assert bucket_of("2001:db8:1:3::5") != bucket_of("2001:db8:1:2::5")
    assert bucket_of("::ffff:198.51.100.7") == bucket_of("198.51.100.7") == "198.51.100.7"
    assert bucket_of("") == "nobody"


@pytest.mark.parametrize(
    ("peer", "given", "taken"),
    [
        ("10.1.2.3", "abcdef-0123", True),
        ("203.0.113.9", "abcdef-0123", False),
        ("10.1.2.3", "short", False),
        ("10.1.2.3", "with blank in it", False),
        ("10.1.2.3", "x" * 65, False),
        ("10.1.2.3", "abcdefgh\nforged", False),
    ],
)
async def test_a_request_id_is_taken_from_a_proxy_where_it_is_well_formed(peer: str, given: str, taken: bool) -> None:
    behind = Behind()
    layer = RequestContext(behind, RouteTable((), ""), PROXIES, Metrics())
    answer = await ask(layer, behind, scope_of("GET", client=(peer, 1), headers={"X-Request-Id": given}))
    got = answer.headers["x-request-id"]
    assert (got == given) is taken
    assert WELL_FORMED.fullmatch(got.encode())


async def test_what_nobody_caught_is_a_problem_and_counted() -> None:
    async def fails(*_: object) -> None:
        raise RuntimeError("a secret detail")

    metrics = Metrics()
    behind = Behind()
    layer = RequestContext(SecurityHeaders(fails), RouteTable((), ""), PROXIES, metrics)
    answer = await ask(layer, behind, scope_of("GET"))
    assert (answer.status, answer.problem["type"]) == (500, "urn:optionix:problem:internal")
    assert "secret detail" not in str(answer.messages)
    assert f'route="{OTHER_ROUTE}",status="500"}} 1.0' in metrics.metrics().decode()


async def test_a_route_has_its_own_policy_and_who_is_signed_in_is_never_cached() -> None:
    class Own(Behind):
        async def __call__(self, scope, receive, send) -> None:
            del scope, receive
            headers = [(b"cache-control", b"public"), (b"content-security-policy", b"default-src 'self'")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b""})

    behind = Own()
    answer = await ask(SecurityHeaders(behind), behind, scope_of("GET"))
    assert (answer.headers["cache-control"], answer.headers["content-security-policy"]) == (
        "public",
        "default-src 'self'",
    )
    behind = Own()
    answer = await ask(SecurityHeaders(behind), behind, scope_of("GET", headers={"Authorization": "Bearer x"}))
    assert answer.headers["cache-control"] == "no-store"


async def test_strict_transport_is_asked_for_over_tls_alone() -> None:
    for secure in (True, False):
        behind = Behind()
        scope = scope_of("GET", state={"secure": secure})
        answer = await ask(SecurityHeaders(behind), behind, scope)
        assert ("strict-transport-security" in answer.headers) is secure


async def test_a_websocket_is_refused_before_it_opens() -> None:
    from server.middleware.asgi import refuse
    from server.problems import Problem

    sent = []

    async def send(message) -> None:
        sent.append(message)

    scope = scope_of(type="websocket")
    await refuse(scope, send, Problem(429, "rate-limited", "later"))
    await refuse({**scope, "extensions": {"websocket.http.response": {}}}, send, Problem(401, "expired-token", "again"))
    assert [one["type"] for one in sent] == [
        "websocket.close",
        "websocket.http.response.start",
        "websocket.http.response.body",
    ]
    assert (sent[0]["code"], sent[1]["status"]) == (1013, 401)
