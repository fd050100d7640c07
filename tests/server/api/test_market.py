"""`market/*`: the documents of the terminal, narrowed, and nothing made up."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from optionix_core.services import chains, surfaces
from server.api.market import Chain, Surface
from tests.server.api.desk import NOW, Desk

if TYPE_CHECKING:
    from optionix_core.market.protocols import QuoteSource


def test_a_chain_is_the_document_that_the_terminal_prints(desk: Desk, feed: QuoteSource) -> None:
    status, found = desk.ask("GET", "market/options-chain/orbit")
    assert status == 200
    assert found == json.loads(json.dumps(chains.to_json(chains.solve_chain(feed.chain("ORBIT", NOW)))))
    assert list(found) == ["schema_version", "underlying", "as_of", "spot", "expiries"]
    Chain.model_validate(found)


def test_a_chain_is_narrowed_to_an_expiry_and_to_strikes_both_ends_in(desk: Desk) -> None:
    _, whole = desk.ask("GET", "market/options-chain/ORBIT")
    chosen = whole["expiries"][3]
    strikes = [row["strike"] for row in chosen["rows"]]
    low, high = strikes[3], strikes[-4]
    query = f"expiration_date={chosen['expiry']}&min_strike={low}&max_strike={high}"
    status, found = desk.ask("GET", f"market/options-chain/ORBIT?{query}")
    assert status == 200
    assert {part["expiry"] for part in found["expiries"]} == {chosen["expiry"]}
    assert [row["strike"] for row in found["expiries"][0]["rows"]] == strikes[3:-3]


def test_a_surface_is_the_document_that_the_terminal_prints(desk: Desk, feed: QuoteSource) -> None:
    status, found = desk.ask("GET", "market/volatility-surface?symbol=TUNDRA&model=ssvi")
    assert status == 200
    known = json.loads(json.dumps(surfaces.to_json(surfaces.fit(feed.chain("TUNDRA", NOW), "ssvi"))))
    assert {**found, "seconds": None} == {**known, "seconds": None}
    assert found["slices"]
    Surface.model_validate(found)


def test_a_document_is_of_the_second_in_which_it_is_asked_for(desk: Desk) -> None:
    _, first = desk.ask("GET", "market/options-chain/ORBIT")
    desk.clock.advance(timedelta(seconds=3))
    _, later = desk.ask("GET", "market/options-chain/ORBIT")
    assert (first["as_of"], later["as_of"]) == ("2026-09-15T15:00:00Z", "2026-09-15T15:00:03Z")


@pytest.mark.parametrize(
    ("path", "status", "field"),
    [
        ("options-chain/NOSUCH", 404, "underlying"),
        ("options-chain/ORBIT?expiration_date=2026-09-16", 404, None),
        ("options-chain/ORBIT?expiration_date=tomorrow", 422, "expiration_date"),
        ("options-chain/ORBIT?min_strike=-1", 422, "min_strike"),
        ("options-chain/ORBIT?min_strike=nan", 422, "min_strike"),
        ("options-chain/ORBIT?min_strike=200&max_strike=100", 422, "min_strike"),
        ("options-chain/ORBIT?strikes=5", 422, "strikes"),
        (f"options-chain/{'X' * 65}", 422, "symbol"),
        ("volatility-surface", 422, "symbol"),
        ("volatility-surface?symbol=NOSUCH", 404, "underlying"),
        ("volatility-surface?symbol=ORBIT&model=quadratic", 422, "model"),
    ],
)
def test_what_is_unknown_or_wrong_is_named(desk: Desk, path: str, status: int, field: str | None) -> None:
    answer = desk.send("GET", f"market/{path}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert [one["field"] for one in answer.json()["errors"]] == ([] if field is None else [field])


@pytest.mark.parametrize("path", ["options-chain/ORBIT", "volatility-surface?symbol=ORBIT"])
def test_nobody_is_not_signed_in_and_support_has_no_right(desk: Desk, path: str) -> None:
    assert desk.ask("GET", f"market/{path}", who=None)[0] == 401
    assert desk.ask("GET", f"market/{path}", who="support/sue")[0] == 403
