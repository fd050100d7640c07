"""What is no JSON of bounded size is refused before a route reads it; who asks comes before what he sent."""

from __future__ import annotations

import gzip
import zlib
from uuid import uuid4

import pytest

from server.api import routers
from server.app import PREFIX
from server.auth.identity import Identity, Role, Tier
from server.middleware.routes import RouteTable
from server.middleware.validation import RequestValidation
from tests.server.edge.asking import Answer, Behind, ask, scope_of

MOST = 10_000
JSON = {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}
TRADER = Identity(uuid4(), Role.TRADER, Tier.STANDARD, uuid4())


@pytest.fixture(scope="module")
def routes() -> RouteTable:
    return RouteTable(routers(), PREFIX)


async def asked(routes: RouteTable, headers: dict[str, str], *pieces: bytes, **more) -> tuple[Answer, Behind]:
    behind = Behind()
    cut = more.pop("cut", False)
    scope = scope_of(headers=headers, **more)
    scope["state"].setdefault("identity", TRADER)
    return await ask(RequestValidation(behind, routes, MOST), behind, scope, pieces, cut=cut), behind


async def test_a_body_comes_through_as_it_was_sent(routes: RouteTable) -> None:
    answer, _ = await asked(routes, JSON, b'{"a"', b": 1}")
    assert (answer.status, answer.seen) == (200, b'{"a": 1}')
    answer, _ = await asked(routes, {"Content-Type": "application/json; charset=UTF-8", "Content-Length": "2"}, b"{}")
    assert (answer.status, answer.seen) == (200, b"{}")


async def test_a_request_without_a_body_needs_no_type(routes: RouteTable) -> None:
    for headers in ({}, {"Content-Length": "0"}, {"Transfer-Encoding": "chunked"}):
        answer, _ = await asked(routes, headers)
        assert (answer.status, answer.seen) == (200, b"")


@pytest.mark.parametrize(
    "given",
    [
        "",
        "text/plain",
        "application/xml",
        "application/json; charset=latin-1",
        "application/jsonp",
        "multipart/form-data",
    ],
)
async def test_other_types_are_refused(routes: RouteTable, given: str) -> None:
    headers = {"Content-Length": "2"} | ({"Content-Type": given} if given else {})
    answer, behind = await asked(routes, headers, b"{}")
    assert (answer.status, behind.calls) == (415, 0)
    assert answer.problem["type"] == "urn:optionix:problem:content-type"
    assert answer.problem["request_id"] == "id-of-a-test"


async def test_size_is_counted_on_the_stream(routes: RouteTable) -> None:
    fits = b'"' + b"x" * (MOST - 2) + b'"'
    answer, _ = await asked(routes, JSON, *(fits[at : at + 1_000] for at in range(0, MOST, 1_000)))
    assert answer.status == 200
    answer, behind = await asked(routes, JSON, fits, b" ")
    assert (answer.status, behind.calls) == (413, 0)
    answer, _ = await asked(routes, JSON | {"Content-Length": str(MOST + 1)})
    assert answer.status == 413
    lied, _ = await asked(routes, {"Content-Type": "application/json", "Content-Length": "5"}, fits, b" ")
    assert lied.status == 413


async def test_gzip_is_undone_and_its_result_is_bounded(routes: RouteTable) -> None:
    zipped = JSON | {"Content-Encoding": "gzip"}
    body = b'{"a": "' + b"word " * 200 + b'"}'
    packed = gzip.compress(body)
    answer, _ = await asked(routes, zipped, packed[:20], packed[20:])
    assert (answer.status, answer.seen) == (200, body)
    assert answer.scope is not None
    seen = dict(answer.scope["headers"])
    assert b"content-encoding" not in seen
    assert seen[b"content-length"] == str(len(body)).encode()
    bomb = gzip.compress(b'"' + b"0" * 50_000_000 + b'"')
    answer, behind = await asked(routes, zipped, *(bomb[at : at + 4_096] for at in range(0, MOST, 4_096)))
    assert (answer.status, behind.calls) == (413, 0)


async def test_gzip_that_grows_too_much_is_refused_below_the_bound(routes: RouteTable) -> None:
    behind = Behind()
    scope = scope_of(headers=JSON | {"Content-Encoding": "gzip"})
    scope["state"]["identity"] = TRADER
    packed = gzip.compress(b'"' + b"0" * 1_000_000 + b'"')
    answer = await ask(RequestValidation(behind, routes, 4 << 20), behind, scope, [packed])
    assert len(packed) * 200 < 1_000_000
    assert answer.status == 413


@pytest.mark.parametrize("spoil", ["cut", "more", "not", "altered"])
async def test_damaged_gzip_is_unreadable(routes: RouteTable, spoil: str) -> None:
    packed = gzip.compress(b'{"a": 1}')
    body = {
        "cut": packed[:-4],
        "more": packed + packed,
        "not": b'{"a": 1}',
        "altered": packed[:-8] + bytes(4) + packed[-4:],
    }[spoil]
    answer, behind = await asked(routes, JSON | {"Content-Encoding": "gzip"}, body)
    assert (answer.status, behind.calls) == (400, 0)
    assert "gzip" in answer.problem["detail"]


async def test_other_codings_are_refused(routes: RouteTable) -> None:
    for coding in ("deflate", "br", "gzip, gzip"):
        answer, _ = await asked(routes, JSON | {"Content-Encoding": coding}, zlib.compress(b"{}"))
        assert answer.status == 415


async def test_what_is_no_json_says_where(routes: RouteTable) -> None:
    answer, behind = await asked(routes, JSON, b'{"a": 1, "a": 2}')
    assert (answer.status, behind.calls) == (400, 0)
    assert answer.problem["detail"] == "the body cannot be read: the key 'a' comes twice in one object"
    large = b"[" + b"1," * (MOST // 2 - 2) + b"NaN]"
    answer, _ = await asked(routes, JSON, large[:MOST])
    assert answer.status == 400


@pytest.mark.parametrize(
    "address",
    [
        {"raw_path": b"/api/v2/options/%ff"},
        {"query_string": b"symbol=%c3%28"},
        {"query_string": b"symbol=%00"},
        {"query_string": b"a=\xff"},
        {"path": "/api/v2/\0"},
    ],
)
async def test_an_address_that_is_no_text_is_refused(routes: RouteTable, address: dict[str, object]) -> None:
    answer, behind = await asked(routes, {}, **{"method": "GET", **address})
    assert (answer.status, behind.calls) == (400, 0)


async def test_who_asks_comes_before_what_he_sent(routes: RouteTable) -> None:
    """The route is asked, without what cannot be read: it refuses him, see `test_whole_stack`."""
    bad = (JSON, b"{")
    _, behind = await asked(routes, *bad, state={"address": "", "identity": None})
    assert (behind.calls, behind.answer.seen) == (1, b"")
    public, _ = await asked(routes, *bad, path="/api/v2/auth/login", state={"address": "", "identity": None})
    assert public.status == 400
    nowhere, _ = await asked(routes, *bad, path="/api/v2/nowhere", state={"address": "", "identity": None})
    assert nowhere.status == 400
    known, behind = await asked(routes, *bad)
    assert (known.status, behind.calls) == (400, 0)


async def test_a_client_that_leaves_is_not_answered(routes: RouteTable) -> None:
    answer, behind = await asked(routes, JSON, b'{"a"', cut=True)
    assert (answer.messages, behind.calls) == ([], 0)


async def test_a_body_that_does_not_come_is_given_up(routes: RouteTable, monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    from server.middleware import validation

    monkeypatch.setattr(validation, "BODY_SECONDS", 0.05)
    behind = Behind()
    scope = scope_of(headers=JSON)
    scope["state"]["identity"] = TRADER

    async def never() -> dict[str, object]:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message) -> None:
        behind.answer.messages.append(message)

    await RequestValidation(behind, routes, MOST)(scope, never, send)
    assert (behind.answer.status, behind.calls) == (408, 0)
