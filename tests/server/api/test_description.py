"""The API's description: complete, stable, and true of the routes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from fastapi.routing import APIRoute, iter_route_contexts

from server.api.costs import COSTS
from server.api.documented import needed, signed_in
from server.auth.rights import PUBLIC
from server.problems import MEDIA_TYPE
from tests.server.api.desk import Desk

METHODS: Final = ("get", "post", "put", "patch", "delete")
WIRE_NAMES: Final = frozenset(
    {
        *("post auth/register", "post auth/login", "post auth/refresh", "post auth/logout"),
        *("get users/me", "patch users/me", "post users/mfa/setup", "post users/mfa/verify", "post users/mfa/disable"),
        *("post options/price", "post options/implied-volatility", "post options/monte-carlo"),
        *("get market/options-chain/{symbol}", "get market/volatility-surface"),
        *("get portfolio/summary", "get portfolio/positions", "get portfolio/margin"),
        *("post trade/execute", "get trade/history", "get trade/orders", "delete trade/orders/{client_order_id}"),
        *("post risk/var", "post risk/stress-test", "get risk/greeks", "get risk/limits", "get risk/circuit-breakers"),
    }
)
"""What is published; the routes of sync and operations are tested where they are made."""
PREFIX: Final = "/api/v2/"
BESIDE: Final = frozenset({"/api/v2/openapi.json", "/api/v2/docs", "/metrics"})
"""The description itself, its page, and what Prometheus reads in a format of its own."""
UNWELL: Final = ("/api/v2/health", "503")
"""Says what is unwell by the same document as when all is well."""


def operations(description: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in description["paths"].items():
        for method in METHODS:
            if method in item:
                yield method, path, item[method]


def test_the_description_is_served(desk: Desk, description: dict[str, Any]) -> None:
    assert desk.ask("GET", "openapi.json", who=None) == (200, description)


def test_every_published_name_is_there(description: dict[str, Any]) -> None:
    told = {f"{method} {path.removeprefix(PREFIX)}" for method, path, _ in operations(description)}
    assert told >= WIRE_NAMES


def test_every_route_is_described_with_the_right_that_it_demands(desk: Desk, description: dict[str, Any]) -> None:
    app = desk.app
    found = 0
    for route in iter_route_contexts(app.routes):
        if not isinstance(route.original_route, APIRoute):
            continue
        if route.path in BESIDE:
            continue
        assert route.include_in_schema, route.path
        for method in route.methods or ():
            found += 1
            operation = description["paths"][route.path_format][method.lower()]
            rights = [f"{one.resource}:{one.verb}" for one in needed(route.dependant)]
            assert operation.get("x-right", []) == rights
            asks = signed_in(route.dependant)
            assert operation["security"] == ([{"bearer": []}] if asks else [])
            public = any(one.call is PUBLIC.dependency for one in route.dependant.dependencies)
            assert asks is not public, f"{route.path} must say needs(...) or PUBLIC"
    assert found == sum(1 for _ in operations(description))


def test_operation_ids_are_one_each_and_words_of_their_own(description: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _, _, operation in operations(description)]
    assert len(ids) == len(set(ids))
    assert all(name.replace("_", "").isalpha() for name in ids)


OPERATIONS: Final = {
    "post auth/register": "register_user",
    "post auth/login": "log_in",
    "post auth/refresh": "refresh",
    "post auth/logout": "log_out",
    "get users/me": "read_me",
    "patch users/me": "change_me",
    "post users/mfa/setup": "set_up_mfa",
    "post users/mfa/verify": "verify_mfa",
    "post users/mfa/disable": "disable_mfa",
    "post options/price": "price_option",
    "post options/implied-volatility": "imply_volatility",
    "post options/monte-carlo": "simulate_option",
    "get market/options-chain/{symbol}": "show_chain",
    "get market/volatility-surface": "fit_surface",
    "get portfolio/summary": "show_summary",
    "get portfolio/positions": "list_positions",
    "get portfolio/margin": "show_margin",
    "post trade/execute": "place_order",
    "get trade/orders": "list_orders",
    "get trade/history": "list_trades",
    "delete trade/orders/{client_order_id}": "cancel_order",
    "post risk/var": "value_at_risk",
    "post risk/stress-test": "stress_test",
    "get risk/greeks": "show_greeks",
    "get risk/limits": "list_limits",
    "get risk/circuit-breakers": "show_circuit_breakers",
}
"""Ids that generated clients have as names of functions."""


def test_operation_ids_of_published_names_stay(description: dict[str, Any]) -> None:
    told = {
        f"{method} {path.removeprefix(PREFIX)}": one["operationId"] for method, path, one in operations(description)
    }
    assert {name: told.get(name) for name in OPERATIONS} == OPERATIONS
    assert OPERATIONS.keys() == WIRE_NAMES


def test_every_operation_says_what_it_does_and_answers(description: dict[str, Any]) -> None:
    for method, path, operation in operations(description):
        where = f"{method} {path}"
        assert operation["summary"], where
        assert operation["description"], where
        assert len(operation["tags"]) == 1, where
        assert operation["tags"][0] in {tag["name"] for tag in description["tags"]}, where
        statuses = set(operation["responses"])
        assert statuses & {"200", "201", "202", "204"}, where
        needs_token = bool(operation["security"])
        expected = {"429"} | ({"401", "403"} if needs_token else set())
        if "requestBody" in operation:
            expected |= {"400", "413", "415", "422"}
        if "{" in path:
            expected |= {"404"}
        assert expected <= statuses, f"{where} lacks {sorted(expected - statuses)}"


def test_every_answer_in_json_has_its_fields_described(description: dict[str, Any]) -> None:
    bare = []
    for method, path, operation in operations(description):
        for status, answer in operation["responses"].items():
            for kind, told in answer.get("content", {}).items():
                place = told.get("schema", {}).get("$ref", "").rpartition("/")[2]
                fields = description["components"]["schemas"].get(place, {}).get("properties")
                if kind == "application/json" and status.startswith("2") and not fields:
                    bare.append(f"{method} {path} {status}")
    assert bare == []


def test_every_error_is_a_problem_document(description: dict[str, Any]) -> None:
    for method, path, operation in operations(description):
        for status, response in operation["responses"].items():
            if status >= "400" and (path, status) != UNWELL:
                where = f"{method} {path} {status}"
                assert list(response["content"]) == [MEDIA_TYPE], where
                assert response["content"][MEDIA_TYPE]["schema"] == {"$ref": "#/components/schemas/Problem"}, where
                assert response["description"], where


def test_no_part_is_named_that_is_not_there(description: dict[str, Any]) -> None:
    text = json.dumps(description)
    schemas = description["components"]["schemas"]
    referred = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert referred <= set(schemas)
    assert "HTTPValidationError" not in schemas


def test_bodies_refuse_unknown_fields(description: dict[str, Any]) -> None:
    schemas = description["components"]["schemas"]
    for method, path, operation in operations(description):
        body = operation.get("requestBody")
        if body is None:
            continue
        assert list(body["content"]) == ["application/json"], f"{method} {path}"
        schema = body["content"]["application/json"]["schema"]
        name = schema["$ref"].rsplit("/", 1)[1]
        assert schemas[name].get("additionalProperties") is False, f"{method} {path}: {name}"


def test_what_counts_for_more_than_one_request_is_told(description: dict[str, Any]) -> None:
    told = {path: operation["x-cost"] for _, path, operation in operations(description) if "x-cost" in operation}
    assert told == COSTS
