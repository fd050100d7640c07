"""One call for every contract: prices against independent ones, Greeks, standing, comparisons, markets, refusals."""

from __future__ import annotations

import math
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from optionix_core.errors import InterruptedByUserError, InvalidValueError, MissingDataError, UnknownNameError
from optionix_core.market.curves import DiscountCurve, ForwardCurve
from optionix_core.market.snapshot import Market
from optionix_core.pricing import (
    CashDividends,
    PricingEngine,
    ProportionalDividends,
    american,
    black_scholes,
    two_asset,
)
from optionix_core.pricing.contracts import BY_KIND
from optionix_core.pricing.engine import GREEK_NAMES, EngineSettings
from optionix_core.pricing.flat_market import FlatMarket

CALL = ("call", 100.0, 105.0, 0.5, 0.05, 0.02, 0.25)


def test_a_european_option_is_that_of_the_closed_form_with_all_its_greeks(examples: Any) -> None:
    market = examples.market("european", "black-scholes")
    result = PricingEngine().price(examples.contract("european"), examples.model("black-scholes"), market, greeks="all")
    expected = black_scholes.greeks(*CALL)
    assert result.price == expected.price
    assert result.greeks == expected[1:]
    assert result.error_bound == 1e-14 * 105.0
    assert (result.intrinsic, result.time_value, result.moneyness) == (0.0, expected.price, 100.0 / 105.0)
    assert (result.method.id, result.snapshot, result.from_cache) == ("closed-form", None, False)
    assert result.seconds > 0.0
    assert len(result.digest or "") == 64


def test_one_european_option_loads_no_array_library() -> None:
    code = (
        "import sys\nfrom optionix_core.pricing import PricingEngine\n"
        "from optionix_core.pricing.contracts import EuropeanOption\n"
        "from optionix_core.pricing.flat_market import FlatMarket\n"
        "from optionix_core.pricing.models import BlackScholesModel\n"
        "contract = EuropeanOption(option_type='call', strike=105.0, expiry=0.5)\n"
        "market = FlatMarket(spot=100.0, rate=0.05)\n"
        "assert PricingEngine().price(contract, BlackScholesModel(volatility=0.25), market, greeks='all').price > 5\n"
        "print(sorted({'numpy', 'numba', 'scipy', 'sqlalchemy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_american_option_is_that_of_the_american_room(examples: Any) -> None:
    market = examples.market("american", "black-scholes")
    settings = EngineSettings(accuracy="high")
    result = PricingEngine().price(
        examples.contract("american"), examples.model("black-scholes"), market, greeks="all", settings=settings
    )
    expected = american.greeks("put", *CALL[1:], accuracy="high")
    assert result.price == expected.price
    assert result.greeks.vega == expected.vega
    assert result.greeks.ultima is None
    assert "ultima" in result.greeks_missing
    assert 0.0 < (result.error_bound or 0.0) < 1e-6
    assert result.error_unknown == ""
    assert result.intrinsic == 5.0


@pytest.mark.parametrize("kind", sorted(BY_KIND.keys() - {"partial-barrier", "compound", "chooser", "asian"}))
def test_greeks_are_slopes_of_the_price(kind: str, examples: Any) -> None:
    """Central differences of the price itself; those with slow formulas are differentiated in their own tests."""
    model = "quanto" if kind == "quanto" else "black-scholes"
    engine, contract, market = PricingEngine(), examples.contract(kind), examples.market(kind, model)
    parameters = examples.model(model)
    if len(market.spots) > 1 or not engine.methods(contract, parameters, market):
        pytest.skip("several deltas, or no formula")
    settings = EngineSettings(accuracy="fast", paths=2048)
    result = engine.price(contract, parameters, market, settings=settings)
    if result.standard_error is not None:
        pytest.skip("simulated: Greeks have standard errors of their own")

    def moved(spot: float = 0.0, rate: float = 0.0, volatility: float = 0.0) -> float:
        there = FlatMarket(
            spot=market.spots[0] + spot,
            rate=market.rate + rate,
            dividend_yield=market.yields[0],
            foreign_rate=market.foreign_rate,
        )
        bumped = examples.model(model, volatility=0.25 + volatility)
        return engine.price(contract, bumped, there, greeks=(), settings=settings).price

    step = 0.02
    delta = (moved(spot=step) - moved(spot=-step)) / (2 * step)
    gamma = (moved(spot=step) - 2 * result.price + moved(spot=-step)) / step**2
    vega = (moved(volatility=1e-4) - moved(volatility=-1e-4)) / 2e-4
    rho = (moved(rate=1e-4) - moved(rate=-1e-4)) / 2e-4
    assert result.greeks.delta == pytest.approx(delta, rel=1e-4, abs=1e-5)
    if result.greeks.gamma is not None:
        assert result.greeks.gamma == pytest.approx(gamma, rel=1e-3, abs=1e-5)
    assert result.greeks.vega == pytest.approx(vega, rel=1e-4, abs=1e-4)
    assert result.greeks.rho == pytest.approx(rho, rel=1e-4, abs=1e-4)
    assert result.greeks.theta is not None


@pytest.mark.parametrize("kind", ["heston", "merton", "sabr", "cev"])
def test_greeks_of_models_are_slopes_too(kind: str, examples: Any) -> None:
    """With a proportional dividend where the model lets one pass through, so that the whole spot is moved."""
    engine, contract, model = PricingEngine(), examples.contract("european"), examples.model(kind)
    paid = ProportionalDividends((0.2,), (0.03,)) if kind in ("heston", "merton") else None

    def moved(spot: float = 0.0, rate: float = 0.0) -> float:
        there = FlatMarket(spot=100.0 + spot, rate=0.05 + rate, dividends=paid)
        return engine.price(contract, model, there, greeks=()).price

    found = engine.price(contract, model, FlatMarket(spot=100.0, rate=0.05, dividends=paid), greeks="all").greeks
    assert found.delta == pytest.approx((moved(spot=0.05) - moved(spot=-0.05)) / 0.1, rel=1e-5)
    assert found.gamma == pytest.approx((moved(spot=0.05) - 2 * moved() + moved(spot=-0.05)) / 0.0025, rel=1e-4)
    assert found.rho == pytest.approx((moved(rate=1e-4) - moved(rate=-1e-4)) / 2e-4, rel=1e-5)
    assert (found.vega is None) == (kind in ("sabr", "cev"))
    assert found.ultima is None


def test_later_dates_move_with_the_expiry_in_theta(examples: Any) -> None:
    """A forward-start option a day later starts a day sooner."""
    engine, market, model = PricingEngine(), examples.market("asian", ""), examples.model("black-scholes")
    day = 1e-4
    for kind, dates in (
        ("forward-start", ("start",)),
        ("asian", ()),
        ("chooser", ("choice_time", "call_expiry", "put_expiry")),
    ):
        contract = examples.contract(kind)
        terms = contract.terms()
        moved = {name: terms[name] - day for name in ("expiry", *dates)}
        if kind == "asian":
            moved["fixing_times"] = [time - day for time in terms["fixing_times"]]
        result = engine.price(contract, model, market, greeks=("theta",))
        later = engine.price(examples.contract(kind, **moved), model, market, greeks=())
        assert result.greeks.theta == pytest.approx((later.price - result.price) / day, rel=1e-3), kind


def test_all_methods_agree_within_what_they_say_of_their_errors(examples: Any) -> None:
    engine = PricingEngine()
    settings = EngineSettings(paths=8192, steps=50, seed=4)
    for kind, model in (
        ("european", "black-scholes"),
        ("european", "merton"),
        ("american", "black-scholes"),
        ("barrier", "black-scholes"),
    ):
        market = examples.market(kind, model)
        found = engine.compare(examples.contract(kind), examples.model(model), market, settings=settings)
        results = [item.result for item in found if item.result is not None]
        assert len(results) >= 2, kind
        best = results[0].price
        for result in results:
            allowed = 1e-7 * 105.0 if result.error_bound is None else result.error_bound
            # Five deviations, and what a policy of few paths and 50 dates loses against the best one at any time.
            allowed = allowed if result.standard_error is None else 5.0 * result.standard_error + 0.06
            assert abs(result.price - best) <= allowed + 1e-12, (kind, model, result.method)


def test_a_method_that_fails_says_why_and_the_others_go_on(examples: Any) -> None:
    engine, market = PricingEngine(), examples.market("asian", "")
    found = engine.compare(examples.contract("asian"), examples.model("black-scholes"), market)
    failed = {item.method.id: item.failure for item in found if item.result is None}
    assert failed["closed-form"] == "the average is arithmetic"
    assert {"density", "curran", "turnbull-wakeman"} <= {item.method.id for item in found if item.result}
    spread = examples.contract("spread", strike=-200.0)
    (exact, kirk, *_) = engine.compare(spread, examples.model("multi-asset"), examples.market("spread", "multi-asset"))
    assert exact.result is not None
    assert kirk.result is None
    assert "strike must be above minus the forward" in kirk.failure


def test_a_basket_of_one_against_the_other_is_a_spread(examples: Any) -> None:
    engine, model = PricingEngine(), examples.model("multi-asset")
    market = examples.market("basket", "multi-asset")
    basket = examples.contract("basket", strike=4.0, weights=[1.0, -1.0])
    result = engine.price(basket, model, market, method="quadrature")
    assert result.price == two_asset.spread("call", 100.0, 95.0, 4.0, 0.5, 0.05, 0.02, 0.01, 0.25, 0.3, 0.4)
    assert result.error_bound == pytest.approx(1e-11)
    assert result.greeks.delta is None
    assert "several" in result.greeks_missing


@pytest.mark.parametrize(
    ("kind", "changed", "spot", "paid", "moneyness"),
    [
        ("european", {}, 110.0, 5.0, 110.0 / 105.0),
        ("american", {}, 100.0, 5.0, 100.0 / 105.0),
        ("cash-or-nothing", {}, 106.0, 10.0, 106.0 / 105.0),
        ("asset-or-nothing", {}, 100.0, 0.0, 100.0 / 105.0),
        ("one-touch", {}, 115.0, 1.0, None),
        ("no-touch", {}, 100.0, 1.0, None),
        ("barrier", {}, 110.0, 5.0, 110.0 / 105.0),
        ("barrier", {}, 90.0, 1.0, 90.0 / 105.0),
        ("barrier", {"barrier_type": "up-in"}, 89.0, 1.0, 89.0 / 105.0),
        ("double-barrier", {"barrier_type": "knock-in"}, 131.0, 26.0, 131.0 / 105.0),
        ("partial-barrier", {"barrier": 120.0, "barrier_type": "up-in"}, 121.0, 16.0, 121.0 / 105.0),
        ("partial-barrier", {"barrier": 120.0, "barrier_type": "up-in", "window": "end-b1"}, 121.0, 0.0, 121.0 / 105.0),
        ("asian", {}, 107.0, 2.0, 107.0 / 105.0),
        ("fixed-lookback", {"running_extreme": 120.0}, 107.0, 15.0, 107.0 / 105.0),
        ("floating-lookback", {}, 107.0, 1.0, None),
        ("chooser", {}, 90.0, 5.0, None),
        ("forward-start", {}, 100.0, 0.0, 1.0 / 1.02),
        ("quanto", {}, 110.0, 6.0, 110.0 / 105.0),
        ("compound", {}, 100.0, None, None),
        ("autocallable", {}, 100.0, None, None),
    ],
)
def test_where_a_contract_stands(
    kind: str, changed: dict[str, Any], spot: float, paid: float | None, moneyness: float | None, examples: Any
) -> None:
    from optionix_core.pricing.engine import standing

    contract, market = examples.contract(kind, **changed), FlatMarket(spot=spot, rate=0.05)
    assert standing.intrinsic(contract, market) == paid
    assert standing.moneyness(contract, market) == moneyness


def test_a_snapshot_gives_rates_yields_and_the_volatility_of_its_surface(examples: Any) -> None:
    class Skew:
        def implied_volatility(self, strike: Any, expiry: Any) -> Any:
            return 0.2 + 0.001 * (110.0 - np.asarray(strike)) + 0.0 * np.asarray(expiry)

    market = Market(
        as_of=datetime(2026, 1, 16, tzinfo=UTC),
        spots={"ORBIT": 100.0, "TUNDRA": 95.0},
        discount_curves={"USD": DiscountCurve.flat(0.05)},
        forward_curves={
            "ORBIT": ForwardCurve(np.array([0.5]), np.array([100.0 * math.exp(0.015)]), spot=100.0),
            "TUNDRA": ForwardCurve(np.array([0.5]), np.array([95.0 * math.exp(0.02)]), spot=95.0),
        },
        surfaces={"ORBIT": Skew()},
    )
    engine, contract = PricingEngine(), examples.contract("european")
    result = engine.price(contract, None, market, underlying="ORBIT", currency="USD")
    assert result.price == pytest.approx(black_scholes.price("call", 100.0, 105.0, 0.5, 0.05, 0.02, 0.205), rel=1e-12)
    assert result.snapshot == market.id
    two = engine.price(
        examples.contract("spread"),
        examples.model("multi-asset"),
        market,
        underlying=("ORBIT", "TUNDRA"),
        currency="USD",
    )
    expected = engine.price(
        examples.contract("spread"), examples.model("multi-asset"), examples.market("spread", "multi-asset")
    )
    assert two.price == pytest.approx(expected.price, rel=1e-12)
    with pytest.raises(InvalidValueError, match="underlying must be given"):
        engine.price(contract, None, market, currency="USD")
    with pytest.raises(MissingDataError, match="TUNDRA"):
        engine.price(contract, None, market, underlying="TUNDRA", currency="USD")
    with pytest.raises(InvalidValueError, match="has no strike"):
        engine.price(examples.contract("one-touch"), None, market, underlying="ORBIT", currency="USD")


def test_bad_requests_are_named(examples: Any) -> None:
    engine, contract, model = PricingEngine(), examples.contract("european"), examples.model("black-scholes")
    market = examples.market("european", "")
    with pytest.raises(UnknownNameError, match="greek 'delt'"):
        engine.price(contract, model, market, greeks=("delt",))
    with pytest.raises(InvalidValueError, match="model must be given"):
        engine.price(contract, None, market)
    with pytest.raises(InvalidValueError, match="spot must be 1 number"):
        engine.price(contract, model, FlatMarket(spot=(1.0, 2.0), rate=0.0, dividend_yield=(0.0, 0.0)))
    with pytest.raises(InvalidValueError, match="foreign_rate must be given"):
        engine.price(examples.contract("quanto"), examples.model("quanto"), market)
    with pytest.raises(InvalidValueError, match="cache_size"):
        PricingEngine(cache_size=-1)
    for name, value in (("paths", 1), ("steps", 0), ("seed", -1), ("paths", True), ("space_steps", 1.5)):
        with pytest.raises(InvalidValueError, match=name):
            EngineSettings(**{name: value})
    with pytest.raises(InvalidValueError, match="accuracy"):
        EngineSettings(accuracy="exact")  # type: ignore[arg-type] # the point


def test_cash_dividends_are_two_models_and_say_so(examples: Any) -> None:
    market = FlatMarket(spot=100.0, rate=0.05, dividends=CashDividends((0.25,), (2.0,)))
    contract, model = examples.contract("european"), examples.model("black-scholes")
    found = {item.method.id: item for item in PricingEngine().compare(contract, model, market)}
    escrowed, jumping = found["closed-form"], found["finite-difference"]
    assert "escrowed" in escrowed.method.text
    assert escrowed.result is not None
    assert jumping.result is not None
    assert 0.0 < jumping.result.price - escrowed.result.price < 0.1


def test_cancelling_ends_a_long_method(examples: Any) -> None:
    with pytest.raises(InterruptedByUserError):
        PricingEngine().price(
            examples.contract("american"),
            examples.model("black-scholes"),
            examples.market("american", ""),
            method="finite-difference",
            cancel=lambda: True,
        )


def test_progress_is_heard(examples: Any) -> None:
    heard: list[tuple[int, int]] = []
    PricingEngine().price(
        examples.contract("american"),
        examples.model("black-scholes"),
        examples.market("american", ""),
        method="finite-difference",
        progress=lambda done, total: heard.append((done, total)),
    )
    assert heard[-1] == (1000, 1000)
    assert heard == sorted(heard)


def test_a_simulation_gives_standard_errors_of_price_and_greeks_and_the_same_bits_again(examples: Any) -> None:
    contract, model = examples.contract("european"), examples.model("black-scholes")
    market, settings = examples.market("european", ""), EngineSettings(paths=20_000, seed=3)
    arguments = {"method": "monte-carlo", "greeks": ("delta", "gamma", "vega", "theta"), "settings": settings}
    result = PricingEngine().price(contract, model, market, **arguments)
    exact = black_scholes.greeks(*CALL)
    assert result.standard_error is not None
    assert 0.0 < result.standard_error < 0.1
    assert abs(result.price - exact.price) < 4.0 * result.standard_error
    for name in ("delta", "gamma", "vega"):
        error = getattr(result.greek_errors, name)
        assert abs(getattr(result.greeks, name) - getattr(exact, name)) < 4.0 * error, name
    assert result.greeks.theta is None
    assert "theta" in result.greeks_missing
    again = PricingEngine().price(contract, model, market, **arguments)
    assert (again.price, again.greeks, again.greek_errors) == (result.price, result.greeks, result.greek_errors)
    other = PricingEngine().price(contract, model, market, **{**arguments, "settings": EngineSettings(paths=20_000)})
    assert other.price != result.price


def test_every_greek_has_a_field() -> None:
    assert black_scholes.Greeks._fields[1:] == GREEK_NAMES
