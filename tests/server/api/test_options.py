"""`options/*`: keys, units, reference values, reasons."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.api.desk import Desk

TERMS = {"spot_price": 100.0, "strike_price": 100.0, "time_to_expiry": 1.0, "risk_free_rate": 0.05}
OPTION = {**TERMS, "volatility": 0.2}


def test_a_european_call_is_the_closed_form_with_its_greeks_in_the_units_told(desk: Desk) -> None:
    # Hull, Options, Futures, and Other Derivatives: S=42, K=40, r=10%, sigma=20%, T=0.5 gives 4.76.
    body = {
        "spot_price": 42.0,
        "strike_price": 40.0,
        "time_to_expiry": 0.5,
        "risk_free_rate": 0.1,
        "volatility": 0.2,
        "option_type": "call",
    }
    status, found = desk.ask("POST", "options/price", body)
    assert status == 200
    assert list(found) == [
        *("price", "delta", "gamma", "theta", "vega", "rho"),
        *("intrinsic_value", "time_value", "moneyness", "method", "units"),
    ]
    assert found["price"] == pytest.approx(4.759422, abs=5e-7)
    assert found["delta"] == pytest.approx(0.779131, abs=5e-7)
    assert found["vega"] == pytest.approx(0.0881341, abs=5e-7)
    assert found["theta"] == pytest.approx(-4.559092 / 365, abs=5e-7)
    assert found["rho"] == pytest.approx(0.1398204, abs=5e-7)
    assert (found["intrinsic_value"], found["moneyness"]) == (2.0, 1.05)
    assert found["time_value"] == pytest.approx(found["price"] - 2.0)
    units = found["units"]
    assert (units["theta"], units["vega"], units["rho"]) == (
        "per calendar day",
        "per volatility point",
        "per rate point",
    )


def test_an_american_put_is_worth_its_early_exercise(desk: Desk) -> None:
    # Longstaff and Schwartz (2001), table 1: S=36, K=40, r=6%, sigma=20%, T=1 gives 4.478 by finite differences.
    body = {**OPTION, "spot_price": 36.0, "strike_price": 40.0, "risk_free_rate": 0.06, "option_type": "put"}
    _, european = desk.ask("POST", "options/price", body)
    _, american = desk.ask("POST", "options/price", {**body, "option_style": "american"})
    assert american["price"] == pytest.approx(4.478, abs=9e-3)
    assert american["price"] > european["price"]
    assert "boundary" in american["method"]


@pytest.mark.parametrize("style", ["european", "american"])
def test_an_implied_volatility_gives_its_price_again(desk: Desk, style: str) -> None:
    body = {**OPTION, "option_type": "put", "option_style": style}
    _, priced = desk.ask("POST", "options/price", body)
    asked = {**TERMS, "option_type": "put", "option_style": style, "market_price": priced["price"]}
    status, found = desk.ask("POST", "options/implied-volatility", asked)
    assert status == 200
    assert set(found) == {"implied_volatility", "status", "iterations", "error", "method"}
    assert found["status"] == "ok"
    assert found["implied_volatility"] == pytest.approx(0.2, abs=1e-6)
    assert abs(found["error"]) < 1e-8


@pytest.mark.parametrize(("price", "word"), [(4.0, "above its discounted intrinsic"), (101.0, "no-arbitrage maximum")])
def test_a_price_that_no_volatility_gives_is_refused_with_its_reason(desk: Desk, price: float, word: str) -> None:
    status, found = desk.ask(
        "POST", "options/implied-volatility", {**TERMS, "option_type": "call", "market_price": price}
    )
    assert status == 422
    assert [one["field"] for one in found["errors"]] == ["market_price"]
    assert word in found["errors"][0]["bound"]


EXOTICS: tuple[tuple[dict[str, Any], float], ...] = (
    # The engine's own closed forms: barrier.price, asian.arithmetic_price (Curran), lookback.fixed_price.
    ({"option_type": "barrier", "call_put": "call", "barrier": 90.0, "barrier_type": "down-out"}, 8.665472),
    ({"option_type": "asian", "call_put": "call"}, 5.7622),
    ({"option_type": "lookback", "call_put": "call"}, 19.1676),
)


@pytest.mark.parametrize(("terms", "known"), EXOTICS)
def test_a_simulation_holds_the_known_price_and_repeats_by_its_seed(
    desk: Desk, terms: dict[str, Any], known: float
) -> None:
    body = {**OPTION, **terms, "n_simulations": 20_000, "seed": 7}
    status, found = desk.ask("POST", "options/monte-carlo", body)
    assert status == 200
    assert set(found) == {"price", "standard_error", "confidence_interval", "n_simulations", "computation_time_ms"}
    assert abs(found["price"] - known) < 4 * found["standard_error"]
    low, high = found["confidence_interval"]
    assert high - low == pytest.approx(2 * 1.959964 * found["standard_error"])
    assert desk.ask("POST", "options/monte-carlo", body)[1]["price"] == found["price"]
    assert desk.ask("POST", "options/monte-carlo", {**body, "option_style": "european"})[1]["price"] == found["price"]
    assert desk.ask("POST", "options/monte-carlo", {**body, "option_style": "american"})[0] == 422
    status, refused = desk.ask("POST", "options/monte-carlo", {**body, "time_to_expiry": 5e-324})
    assert (status, refused["errors"][0]["field"]) == (422, "time_to_expiry")
    assert desk.ask("POST", "options/monte-carlo", {**body, "seed": 8})[1]["price"] != found["price"]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"option_type": "barrier"}, "barrier"),
        ({"option_type": "asian", "barrier": 90.0}, "barrier"),
        ({"option_type": "asian", "n_simulations": 999}, "n_simulations"),
        ({"option_type": "asian", "n_simulations": 1_000_001}, "n_simulations"),
        ({"option_type": "asian", "seed": -1}, "seed"),
        ({"option_type": "vanilla"}, "option_type"),
    ],
)
def test_a_simulation_that_makes_no_sense_names_the_field(desk: Desk, more: dict[str, Any], field: str) -> None:
    status, found = desk.ask("POST", "options/monte-carlo", {**OPTION, "call_put": "call", **more})
    assert status == 422
    assert found["errors"][0]["field"] == field


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("spot_price", 0.0),
        ("strike_price", -1.0),
        ("volatility", 0.0),
        ("time_to_expiry", -0.1),
        ("risk_free_rate", "0.05"),
        ("option_type", "straddle"),
        ("unknown", 1),
    ],
)
def test_a_value_outside_its_bound_names_field_value_and_bound(desk: Desk, name: str, value: object) -> None:
    status, found = desk.ask("POST", "options/price", {**OPTION, "option_type": "call", name: value})
    assert (status, found["type"]) == (422, "urn:optionix:problem:invalid-value")
    (error,) = found["errors"]
    assert error["field"] == name
    assert error["value"]
    assert error["bound"]


@pytest.mark.parametrize("path", ["price", "implied-volatility", "monte-carlo"])
def test_nobody_is_not_signed_in_and_support_has_no_right(desk: Desk, path: str) -> None:
    assert desk.ask("POST", f"options/{path}", {}, who=None)[0] == 401
    assert desk.ask("POST", f"options/{path}", {}, who="support/sue")[0] == 403
