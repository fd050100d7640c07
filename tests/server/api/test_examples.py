"""Every documented example is sent as it stands, and answered as documented."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.server.api.desk import Desk
from tests.server.api.test_description import operations

OURS = tuple(f"/api/v2/{name}/" for name in ("options", "market", "portfolio", "trade", "risk"))

PEOPLED = ("portfolio/accounts", "portfolio/overview")
"""Reads that need who people are: `tests/server/auth/test_seen_accounts.py`."""


def _checked(description: dict[str, Any], operation: dict[str, Any], status: int, document: object) -> None:
    schema = operation["responses"][str(status)]["content"]["application/json"]["schema"]
    Draft202012Validator({**schema, "components": description["components"]}).validate(document)


def test_every_body_has_examples_and_each_runs(desk: Desk, description: dict[str, Any]) -> None:
    sent = 0
    for method, path, operation in operations(description):
        if "requestBody" not in operation or not path.startswith(OURS):
            continue
        name = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
        examples = description["components"]["schemas"][name].get("examples", [])
        assert examples, f"{method} {path}: {name} has no example"
        for example in examples:
            status, found = desk.ask(method.upper(), path.removeprefix("/api/v2/"), example)
            assert status in (200, 201), (path, example, found)
            _checked(description, operation, status, found)
            sent += 1
    assert sent >= 14


@pytest.mark.parametrize("account", [None, "server-1"])
def test_every_read_answers_as_documented(desk: Desk, description: dict[str, Any], account: str | None) -> None:
    assert desk.ask("POST", "trade/execute", desk.order("one"))[0] == 201
    legs = [{"symbol": desk.symbol(0), "ratio": 1}, {"symbol": desk.symbol(2), "ratio": -1}]
    spread = {name: value for name, value in desk.order("two", legs=legs).items() if name != "symbol"}
    assert desk.ask("POST", "trade/execute", spread)[0] == 201
    seen = 0
    for method, path, operation in operations(description):
        if method != "get" or not path.startswith(OURS) or path.endswith(PEOPLED):
            continue
        names = {one["name"] for one in operation.get("parameters", ())}
        query = {"account_id": account} if account is not None and "account_id" in names else {}
        query |= {"symbol": "ORBIT"} if path.endswith("volatility-surface") else {}
        where = path.removeprefix("/api/v2/").replace("{symbol}", "ORBIT")
        status, found = desk.ask("GET", where, params=query)
        assert status == 200, (path, found)
        _checked(description, operation, status, found)
        seen += 1
    assert seen >= 10
