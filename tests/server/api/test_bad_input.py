"""Bad input of each kind on every route: a documented status, a problem document, and nothing written."""

from __future__ import annotations

from typing import Any

import pytest

from server.problems import MEDIA_TYPE
from tests.server.api.desk import Desk
from tests.server.api.test_description import operations
from tests.server.api.test_examples import OURS

DEEP = "[" * 5000 + "]" * 5000
BODIES: tuple[tuple[str, bytes, str], ...] = (
    ("not JSON", b"{", "application/json"),
    ("no object", b"[]", "application/json"),
    ("null", b"null", "application/json"),
    ("text", b'"x"', "application/json"),
    ("not UTF-8", b'{"symbol": "\xff"}', "application/json"),
    ("nothing", b"", "application/json"),
    ("an unknown field", b'{"surprise": 1}', "application/json"),
    ("too deep", DEEP.encode(), "application/json"),
    ("a huge number", b'{"spot_price": 1' + b"0" * 400 + b"}", "application/json"),
    ("a lone surrogate", b'{"symbol": "\\ud800", "client_order_id": "\\ud800"}', "application/json"),
    ("a NUL", b'{"symbol": "\\u0000", "client_order_id": "\\u0000"}', "application/json"),
    ("a form", b"a=b", "application/x-www-form-urlencoded"),
)


def _places(description: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    found = [one for one in operations(description) if one[1].startswith(OURS)]
    return [(method.upper(), path.removeprefix("/api/v2/"), operation) for method, path, operation in found]


def _head(desk: Desk) -> int:
    desk.ask("GET", "portfolio/summary")
    return desk.head()


@pytest.mark.parametrize(("kind", "body", "content_type"), BODIES, ids=[kind for kind, _, _ in BODIES])
def test_a_bad_body_is_refused_as_documented_and_writes_nothing(
    desk: Desk, description: dict[str, Any], kind: str, body: bytes, content_type: str
) -> None:
    head, tried = _head(desk), 0
    for method, path, operation in _places(description):
        if "requestBody" not in operation:
            continue
        answer = desk.send(method, path, content=body, headers={"content-type": content_type})
        assert answer.status_code in (400, 415, 422), (path, answer.text)
        assert str(answer.status_code) in operation["responses"], path
        assert answer.headers["content-type"] == MEDIA_TYPE
        assert answer.json()["errors"] or answer.status_code in (400, 415)
        tried += 1
    assert tried >= 6
    assert desk.head() == head


@pytest.mark.parametrize(
    "value", ["x" * 5000, "\x00", "\ud7ff", "'; DROP TABLE users; --", "..%2f..%2fetc", "-1", "NaN", "🙂"]
)
def test_a_bad_query_is_refused_as_documented_and_writes_nothing(
    desk: Desk, description: dict[str, Any], value: str
) -> None:
    head, tried = _head(desk), 0
    for method, path, operation in _places(description):
        for one in operation.get("parameters", ()):
            if one["in"] != "query":
                continue
            where = path.replace("{symbol}", "ORBIT").replace("{client_order_id}", "none")
            more = {"symbol": "ORBIT"} if path == "market/volatility-surface" else {}
            answer = desk.send(method, where, params={**more, one["name"]: value})
            if one["name"] == "symbol" and answer.status_code == 200:  # a share may be named so
                assert answer.json() == {"items": []}
                continue
            assert answer.status_code in (404, 422), (path, one["name"], answer.text)
            assert str(answer.status_code) in operation["responses"], path
            assert answer.headers["content-type"] == MEDIA_TYPE
            tried += 1
    assert tried >= 20
    assert desk.head() == head


def test_an_unknown_query_is_refused_on_every_route(desk: Desk, description: dict[str, Any]) -> None:
    for method, path, operation in operations(description):
        where = path.removeprefix("/api/v2/").replace("{", "").replace("}", "")
        answer = desk.send(method.upper(), where, params={"surprise": "1"}, who=None)
        if operation["security"]:
            assert answer.status_code == 401, path
            answer = desk.send(method.upper(), where, params={"surprise": "1"})
        assert answer.status_code == 422, path
        assert "surprise" in {one["field"] for one in answer.json()["errors"]}
