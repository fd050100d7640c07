"""`portfolio/*`: exact money, Greeks in the units told, null for what cannot be told."""

from __future__ import annotations

from decimal import Decimal

import pytest

from server.api.portfolio import Margin, PositionTold, Summary
from tests.server.api.desk import Desk, on_both


@on_both
def test_an_account_that_no_order_has_opened_is_told_as_it_will_open(desk: Desk) -> None:
    status, found = desk.ask("GET", "portfolio/summary")
    assert status == 200
    assert list(found) == list(Summary.model_fields)
    assert (found["opened"], found["total_value"], found["cash_balance"]) == (False, "100000", "100000")
    assert found["total_pnl"] == "0"
    assert found["greeks"]["dollar_delta"] is None
    head = desk.head()
    assert desk.ask("GET", "portfolio/positions")[1]["positions"] == []
    assert desk.head() == head


@on_both
def test_a_summary_adds_up(desk: Desk) -> None:
    desk.ask("POST", "trade/execute", desk.order("one", quantity="3"))
    _, found = desk.ask("GET", "portfolio/summary")
    money = {name: Decimal(found[name]) for name in ("total_value", "cash_balance", "positions_value", "total_pnl")}
    assert money["total_value"] == money["cash_balance"] + money["positions_value"]
    gains = (Decimal(found[name]) for name in ("realised_pnl", "unrealised_pnl", "income"))
    assert money["total_pnl"] == sum(gains) - Decimal(found["fees"])
    assert money["total_pnl"] == money["total_value"] - 100_000
    assert found["opened"] is True
    assert found["greeks"]["without_greeks"] == 0
    assert found["greeks"]["dollar_delta"] > 0


@on_both
def test_positions_have_an_entry_price_a_mark_and_greeks(desk: Desk) -> None:
    _, order = desk.ask("POST", "trade/execute", desk.order("one", quantity="3"))
    status, found = desk.ask("GET", "portfolio/positions?account_id=server-1")
    assert status == 200
    (position,) = found["positions"]
    assert list(position) == list(PositionTold.model_fields)
    assert (position["quantity"], position["option_type"]) == ("3", "call")
    assert Decimal(position["entry_price"]) == Decimal(order["average_price"])
    worth = (Decimal(position["current_price"]) - Decimal(position["entry_price"])) * 300
    assert Decimal(position["pnl"]) == worth
    assert 0 < position["greeks"]["delta"] < 300
    assert position["greeks"]["theta"] < 0
    assert found["units"]["vega"] == "per volatility point"
    again = desk.ask("GET", "portfolio/positions")[1]["positions"][0]
    assert again["position_id"] == position["position_id"]


def test_margin_is_told_by_every_regime_or_says_why_not(desk: Desk) -> None:
    status, empty = desk.ask("GET", "portfolio/margin")
    assert (status, empty["positions"]) == (200, 0)
    legs = [{"symbol": desk.symbol(0), "ratio": -1}, {"symbol": desk.symbol(3), "ratio": 1}]
    body = {**desk.order("one"), "legs": legs}
    del body["symbol"]
    assert desk.ask("POST", "trade/execute", body)[0] == 201
    _, found = desk.ask("GET", "portfolio/margin")
    assert list(found) == list(Margin.model_fields)
    told = {one["regime"]: one for one in found["regimes"]}
    assert {*told, *(one["regime"] for one in found["absent"])} == {"strategy", "portfolio", "span", "deribit"}
    # A vertical needs no more than the distance of its strikes: FINRA Rule 4210(f)(2)(H).
    positions = desk.ask("GET", "portfolio/positions")[1]["positions"]
    strikes = [Decimal(one["strike"]) for one in positions]
    assert told["strategy"]["requirement_net_of_premium"] <= float(max(strikes) - min(strikes)) * 100 + 1e-6
    assert told["strategy"]["health"]["net_liquidation_value"] == pytest.approx(
        float(desk.ask("GET", "portfolio/summary")[1]["total_value"]), abs=1e-6
    )


@pytest.mark.parametrize("path", ["summary", "positions", "margin"])
def test_another_account_is_not_there_and_nobody_is_not_signed_in(desk: Desk, path: str) -> None:
    assert desk.ask("GET", f"portfolio/{path}?account_id=paper-2")[0] == 404
    assert desk.ask("GET", f"portfolio/{path}?account_id=../x")[0] == 422
    assert desk.ask("GET", f"portfolio/{path}?accountid=server-1")[0] == 422
    assert desk.ask("GET", f"portfolio/{path}", who=None)[0] == 401
    assert desk.ask("GET", f"portfolio/{path}", who="support/sue")[0] == 403
