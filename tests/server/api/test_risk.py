"""`risk/*`: signs and conventions, books of accounts and of requests, scenarios, limits and halts."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from optionix_core.services import risk_book, risk_tails
from server.api.risk_values import BookGreeks, Breakers, GreekSum, Limits, Stressed, Tail
from tests.server.api.desk import NOW, Desk

if TYPE_CHECKING:
    from optionix_core.market.protocols import QuoteSource


def test_value_at_risk_of_positions_is_the_engines_and_a_positive_loss(desk: Desk, feed: QuoteSource) -> None:
    symbol = desk.symbol()
    body = {"positions": [{"symbol": symbol, "quantity": "10"}], "confidence_level": 0.95}
    status, found = desk.ask("POST", "risk/var", body)
    assert status == 200
    assert list(found) == list(Tail.model_fields)
    built = risk_book.build([risk_book.Holding(symbol, symbol, 10.0)], feed, NOW, "USD")
    (known,) = risk_tails.tails(built, feed, confidences=(0.95,)).estimates
    assert found["var_amount"] == known.value_at_risk > 0
    assert found["expected_shortfall"] == known.expected_shortfall >= found["var_amount"]
    assert (found["method"], found["convention"], found["positions"]) == ("historical", known.convention, 1)


def test_a_longer_horizon_is_by_the_root_of_time(desk: Desk) -> None:
    body: dict[str, Any] = {"positions": [{"symbol": "ORBIT", "quantity": "100"}]}
    _, day = desk.ask("POST", "risk/var", body)
    _, ten = desk.ask("POST", "risk/var", {**body, "time_horizon_days": 10})
    assert ten["var_amount"] == pytest.approx(day["var_amount"] * math.sqrt(10))


@pytest.mark.parametrize("method", ["age-weighted", "filtered", "copula"])
def test_every_method_answers_and_a_seed_repeats(desk: Desk, method: str) -> None:
    body = {"positions": [{"symbol": "ORBIT", "quantity": "-100"}], "method": method, "n_scenarios": 1000, "seed": 3}
    status, found = desk.ask("POST", "risk/var", body)
    assert (status, found["method"]) == (200, method)
    assert found["var_amount"] > 0
    assert desk.ask("POST", "risk/var", body)[1] == found


def test_an_account_that_holds_nothing_loses_nothing_and_says_so(desk: Desk) -> None:
    status, found = desk.ask("POST", "risk/var", {})
    assert (status, found["var_amount"], found["positions"]) == (200, 0.0, 0)
    assert found["notes"]


def test_an_accounts_book_is_what_it_holds(desk: Desk) -> None:
    desk.ask("POST", "trade/execute", desk.order("one", quantity="10"))
    _, mine = desk.ask("POST", "risk/var", {"account_id": "server-1"})
    _, told = desk.ask("POST", "risk/var", {"positions": [{"symbol": desk.symbol(), "quantity": "10"}]})
    assert mine["var_amount"] == told["var_amount"]


def test_a_crash_costs_who_is_long_and_names_its_source(desk: Desk) -> None:
    body = {
        "positions": [{"symbol": "ORBIT", "quantity": "100"}],
        "scenarios": ["crash-1987", {"name": "half", "spot": -0.5}],
    }
    status, found = desk.ask("POST", "risk/stress-test", body)
    assert status == 200
    assert list(found) == list(Stressed.model_fields)
    crash, half = found["scenarios"]
    assert (crash["name"], crash["kind"], half["kind"]) == ("crash-1987", "historical", "user")
    assert half["portfolio_impact"] < crash["portfolio_impact"] < 0
    assert crash["source"]
    assert found["worst"] == "half"
    _, summary = desk.ask("GET", "market/options-chain/ORBIT")
    assert half["portfolio_impact"] == pytest.approx(-0.5 * 100 * summary["spot"], rel=2e-3)


def test_all_shipped_scenarios_are_told_where_none_is_asked_for(desk: Desk) -> None:
    _, found = desk.ask("POST", "risk/stress-test", {"positions": [{"symbol": "ORBIT", "quantity": "100"}]})
    assert len(found["scenarios"]) >= 15


@pytest.mark.parametrize(
    ("path", "body", "status", "field"),
    [
        ("var", {"confidence_level": 1.0}, 422, "confidence_level"),
        ("var", {"time_horizon_days": 0}, 422, "time_horizon_days"),
        ("var", {"method": "guess"}, 422, "method"),
        ("var", {"positions": []}, 422, "positions"),
        ("var", {"positions": [{"symbol": "ORBIT", "quantity": 1}]}, 422, "positions.0.quantity"),
        ("var", {"positions": [{"symbol": "NOSUCH", "quantity": "1"}]}, 404, None),
        ("var", {"positions": [{"symbol": "ORBIT", "quantity": "1"}] * 2}, 422, "positions"),
        ("var", {"positions": [{"symbol": "ORBIT", "quantity": "1"}], "account_id": "server-1"}, 422, "positions"),
        ("var", {"account_id": "paper-2"}, 404, None),
        ("stress-test", {}, 404, None),
        ("stress-test", {"positions": [{"symbol": "ORBIT", "quantity": "1"}], "scenarios": ["no"]}, 404, "scenario"),
        (
            "stress-test",
            {"positions": [{"symbol": "ORBIT", "quantity": "1"}], "scenarios": [{"name": "x", "spot": -1.0}]},
            422,
            None,
        ),
        (
            "stress-test",
            {"positions": [{"symbol": "ORBIT", "quantity": "1"}], "scenarios": ["crash-1987"] * 2},
            422,
            "scenarios",
        ),
    ],
)
def test_what_is_unknown_or_wrong_is_named(
    desk: Desk, path: str, body: dict[str, Any], status: int, field: str | None
) -> None:
    found = desk.ask("POST", f"risk/{path}", body)
    assert found[0] == status, found
    if field is not None:
        assert [one["field"] for one in found[1]["errors"]] == [field]


def test_greeks_add_up_over_their_groups(desk: Desk) -> None:
    for place in (0, 2):
        desk.ask("POST", "trade/execute", desk.order(f"buy-{place}", symbol=desk.symbol(place)))
    status, found = desk.ask("GET", "risk/greeks?by=position")
    assert status == 200
    assert list(found) == list(BookGreeks.model_fields)
    assert set(found["groups"][0]) == {"group", *GreekSum.model_fields}
    assert len(found["groups"]) == 2
    for name in ("delta_cash", "gamma_cash", "vega", "theta"):
        assert found["total"][name] == pytest.approx(sum(group[name] for group in found["groups"]))
    assert desk.ask("GET", "risk/greeks?by=colour")[0] == 422


def test_limits_are_told_with_their_figures(desk: Desk) -> None:
    from optionix_core.services import limits
    from optionix_core.trading.limit_board import LimitGrade, LimitKey, LimitLevel
    from optionix_core.trading.limits import LimitKind

    status, none = desk.ask("GET", "risk/limits")
    assert (status, list(none), none["limits"]) == (200, list(Limits.model_fields), [])
    key = LimitKey(LimitLevel.ACCOUNT, "server-1", LimitKind.DAILY_LOSS, LimitGrade.HARD)
    limits.set_limit(desk.workspace(), key, Decimal("2500.50"), "rita")
    _, found = desk.ask("GET", "risk/limits")
    (limit,) = found["limits"]
    assert (limit["limit"], limit["bound"], limit["by"]) == (key.text, "2500.5", "rita")
    assert (limit["figure"] is None) is (limit["reason"] is not None)


def test_circuit_breakers_tell_halts_and_rules(desk: Desk) -> None:
    from optionix_core.services import halts
    from optionix_core.trading.halts import HaltScope

    halts.start(desk.workspace(), HaltScope.UNDERLYING, "ORBIT", by="rita", reason="news pending")
    status, found = desk.ask("GET", "risk/circuit-breakers")
    assert status == 200
    assert list(found) == list(Breakers.model_fields)
    (halt,) = found["halts"]
    assert (halt["scope"], halt["name"], halt["reason"]) == ("underlying", "ORBIT", "news pending")
    assert {"luld", "market-wide"} <= {rule["rule"] for rule in found["rules"]}
    status, order = desk.ask("POST", "trade/execute", desk.order("one"))
    assert (status, order["errors"][0]["value"]) == (422, "not-halted")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "var"),
        ("POST", "stress-test"),
        ("GET", "greeks"),
        ("GET", "limits"),
        ("GET", "circuit-breakers"),
    ],
)
def test_nobody_is_not_signed_in_and_support_has_no_right(desk: Desk, method: str, path: str) -> None:
    assert desk.ask(method, f"risk/{path}", who=None)[0] == 401
    assert desk.ask(method, f"risk/{path}", who="support/sue")[0] == 403
