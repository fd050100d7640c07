"""Prices by simulation against closed forms, limits, errors, progress and cancel."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad

from optionix_core.errors import InterruptedByUserError, InvalidValueError, UnknownNameError
from optionix_core.pricing import (
    CashDividends,
    MonteCarloSimulator,
    ProportionalDividends,
    asian,
    barrier,
    black_scholes,
    digital,
    forward_start,
    lookback,
    two_asset,
)
from optionix_core.pricing.contracts import (
    AmericanOption,
    AsianOption,
    AssetOrNothingOption,
    AutocallableNote,
    BarrierOption,
    BasketOption,
    CashOrNothingOption,
    CliquetOption,
    CompoundOption,
    Contract,
    DoubleBarrierOption,
    EuropeanOption,
    ExchangeOption,
    FixedLookbackOption,
    FloatingLookbackOption,
    ForwardStartOption,
    NoTouchOption,
    OneTouchOption,
    PartialBarrierOption,
    RainbowOption,
    SpreadOption,
)
from optionix_core.pricing.flat_market import FlatMarket
from optionix_core.pricing.models import BatesModel, BlackScholesModel, HestonModel, MertonModel, MultiAssetModel
from optionix_core.pricing.models.diffusions import CirModel, MeanRevertingModel, VasicekModel

MARKET = FlatMarket(spot=100.0, rate=0.05, dividend_yield=0.02)
PAIR = FlatMarket(spot=(100.0, 95.0), rate=0.05, dividend_yield=(0.02, 0.03))
BLACK = BlackScholesModel(volatility=0.2)
CORRELATED = MultiAssetModel.pair(0.2, 0.3, 0.5)
HESTON = HestonModel(v0=0.04, kappa=1.5, theta=0.05, sigma=0.6, rho=-0.7)
TERMS = (100.0, 100.0, 1.0, 0.05, 0.02, 0.2)
LAST = (1.0, 0.05, 0.02, 0.2)
TWO = (1.0, 0.05, 0.02, 0.03, 0.2, 0.3, 0.5)
STORM = MertonModel(volatility=0.2, jump_intensity=1e4, jump_mean=-0.5, jump_volatility=0.1)
FIXINGS = (0.25, 0.5, 0.75, 1.0)
CALL = {"option_type": "call", "strike": 100.0, "expiry": 1.0}
PUT = {"option_type": "put", "strike": 100.0, "expiry": 1.0}
EUROPEAN = EuropeanOption(**CALL)

Price = Callable[[], Any]
EXACT: list[tuple[str, Contract, Price]] = [
    ("european call", EUROPEAN, partial(black_scholes.price, "call", *TERMS)),
    ("european put", EuropeanOption(**PUT), partial(black_scholes.price, "put", *TERMS)),
    ("cash", CashOrNothingOption(**PUT, cash=7.0), partial(digital.cash_or_nothing, "put", *TERMS, cash=7.0)),
    ("asset", AssetOrNothingOption(**CALL), partial(digital.asset_or_nothing, "call", *TERMS)),
    (
        "geometric",
        AsianOption(**PUT, average="geometric", fixing_times=FIXINGS),
        partial(asian.geometric_price, "put", *TERMS, FIXINGS),
    ),
    (
        "average with a fixing now",
        AsianOption(**CALL, average="geometric", fixing_times=(0.0, 0.5, 1.0)),
        partial(asian.geometric_price, "call", *TERMS, (0.0, 0.5, 1.0)),
    ),
    (
        "arithmetic",
        AsianOption(**CALL, fixing_times=FIXINGS),
        partial(asian.arithmetic_price, "call", *TERMS, fixing_times=FIXINGS, method="exact"),
    ),
    *(
        (
            f"{option} {kind}",
            BarrierOption(option_type=option, strike=100.0, expiry=1.0, barrier_type=kind, barrier=level, rebate=2.0),
            partial(barrier.price, option, kind, 100.0, 100.0, level, 2.0, *LAST),
        )
        for option, kind, level in (
            ("call", "down-out", 90.0),
            ("put", "down-in", 90.0),
            ("call", "up-out", 125.0),
            ("call", "up-in", 110.0),
        )
    ),
    (
        "double",
        DoubleBarrierOption(**CALL, barrier_type="knock-out", lower=80.0, upper=130.0),
        partial(barrier.double_price, "call", "knock-out", 100.0, 100.0, 80.0, 130.0, *LAST),
    ),
    (
        "partial from now",
        PartialBarrierOption(**CALL, barrier_type="down-out", barrier=95.0, barrier_time=0.5),
        partial(barrier.partial_price, "call", "down-out", "start", 100.0, 100.0, 95.0, 0.5, *LAST),
    ),
    (
        "partial to the end",
        PartialBarrierOption(**CALL, barrier_type="down-out", barrier=95.0, barrier_time=0.5, window="end-b2"),
        partial(barrier.partial_price, "call", "down-out", "end-b2", 100.0, 100.0, 95.0, 0.5, *LAST),
    ),
    (
        "touch paid at the hit",
        OneTouchOption(expiry=1.0, barrier=115.0, cash=10.0),
        partial(digital.one_touch, 100.0, 115.0, *LAST, cash=10.0, pay_at="hit"),
    ),
    (
        "touch paid at expiry",
        OneTouchOption(expiry=1.0, barrier=85.0, cash=10.0, pay_at="expiry"),
        partial(digital.one_touch, 100.0, 85.0, *LAST, cash=10.0, pay_at="expiry"),
    ),
    ("highest", FixedLookbackOption(**CALL), partial(lookback.fixed_price, "call", 100.0, 100.0, 100.0, *LAST)),
    (
        "lowest so far",
        FixedLookbackOption(**PUT, running_extreme=92.0),
        partial(lookback.fixed_price, "put", 100.0, 92.0, 100.0, *LAST),
    ),
    (
        "last less lowest",
        FloatingLookbackOption(option_type="call", expiry=1.0),
        partial(lookback.floating_price, "call", 100.0, 100.0, *LAST),
    ),
    (
        "highest so far less last",
        FloatingLookbackOption(option_type="put", expiry=1.0, running_extreme=110.0),
        partial(lookback.floating_price, "put", 100.0, 110.0, *LAST),
    ),
    (
        "forward start",
        ForwardStartOption(option_type="call", moneyness=1.1, start=0.25, expiry=1.0),
        partial(forward_start.price, "call", 100.0, 1.1, 0.25, *LAST),
    ),
]
SEVERAL: list[tuple[str, Contract, Price]] = [
    ("exchange", ExchangeOption(expiry=1.0), partial(two_asset.exchange, "call", 100.0, 95.0, 0.0, *TWO)),
    (
        "spread",
        SpreadOption(option_type="put", strike=3.0, expiry=1.0),
        partial(two_asset.spread, "put", 100.0, 95.0, 3.0, *TWO),
    ),
    (
        "larger",
        RainbowOption(**CALL, extreme="maximum"),
        partial(two_asset.maximum, "call", 100.0, 95.0, 100.0, *TWO),
    ),
    (
        "smaller",
        RainbowOption(**PUT, extreme="minimum"),
        partial(two_asset.minimum, "put", 100.0, 95.0, 100.0, *TWO),
    ),
    (
        "basket",
        BasketOption(option_type="call", strike=3.0, expiry=1.0, weights=(1.0, -1.0)),
        partial(two_asset.spread, "call", 100.0, 95.0, 3.0, *TWO),
    ),
]


def near(contract: Contract, truth: float, model: object, market: FlatMarket, **settings: Any) -> None:
    settings = {"paths": 40_000, "steps": 50, "seed": 3, "workers": 1, **settings}
    result = MonteCarloSimulator(**settings).price(contract, model, market)
    assert 0.0 < result.standard_error < 0.02 * truth + 0.05
    assert abs(result.price - truth) < 4.0 * result.standard_error
    low, high = result.interval_95
    assert low < result.price < high


@pytest.mark.parametrize(("contract", "truth"), [row[1:] for row in EXACT], ids=[row[0] for row in EXACT])
@pytest.mark.parametrize("settings", [{}, {"antithetic": True}, {"sampler": "sobol"}], ids=["plain", "pairs", "sobol"])
def test_prices_agree_with_closed_forms(contract: Contract, truth: Price, settings: dict[str, Any]) -> None:
    near(contract, float(truth()), BLACK, MARKET, **settings)


@pytest.mark.parametrize(("contract", "truth"), [row[1:] for row in SEVERAL], ids=[row[0] for row in SEVERAL])
@pytest.mark.parametrize(
    "settings",
    [{}, {"antithetic": True, "control_variate": True}, {"sampler": "sobol", "control_variate": True}],
    ids=["plain", "pairs and control", "sobol and control"],
)
def test_prices_on_two_assets_agree_with_closed_forms(
    contract: Contract, truth: Price, settings: dict[str, Any]
) -> None:
    near(contract, float(truth()), CORRELATED, PAIR, **settings)


@pytest.mark.parametrize(
    "model",
    [
        MertonModel(volatility=0.15, jump_intensity=0.8, jump_mean=-0.1, jump_volatility=0.15),
        HESTON,
        BatesModel(
            v0=0.04,
            kappa=1.5,
            theta=0.05,
            sigma=0.6,
            rho=-0.7,
            jump_intensity=0.8,
            jump_mean=-0.1,
            jump_volatility=0.15,
        ),
        HestonModel(v0=0.04, kappa=0.5, theta=0.04, sigma=1.0, rho=-0.9),
    ],
    ids=["jumps", "Heston", "Bates", "Heston beyond Feller"],
)
@pytest.mark.parametrize("option_type", ["call", "put"])
def test_prices_agree_with_fourier(model: Any, option_type: str) -> None:
    contract = EuropeanOption(option_type=option_type, strike=100.0, expiry=1.0)  # type: ignore[arg-type]
    near(contract, float(model.price(option_type, *TERMS[:5])), model, MARKET, steps=100)


class PowerVolatility:
    """Constant elasticity of variance with beta = 1/2."""

    def local_volatility(self, spot: Any, time: Any) -> Any:
        return 2.0 / np.sqrt(np.asarray(spot)) + 0.0 * np.asarray(time)


def test_local_volatility_agrees_with_constant_elasticity() -> None:
    from optionix_core.pricing.models import CevModel

    truth = CevModel(delta=2.0, beta=0.5).price("call", *TERMS[:5])
    near(EUROPEAN, float(truth), PowerVolatility(), MARKET, steps=20, paths=400_000, antithetic=True)


def test_a_discrete_barrier_agrees_with_its_quadrature() -> None:
    # Two dates, at half the time and at the end: one integral over the first.
    contract = BarrierOption(**CALL, barrier_type="down-out", barrier=95.0, monitoring_times=(0.5, 1.0))

    def at_half(z: float) -> float:
        spot = 100.0 * math.exp((0.03 - 0.02) * 0.5 + 0.2 * math.sqrt(0.5) * z)
        value = black_scholes.price("call", spot, 100.0, 0.5, 0.05, 0.02, 0.2)
        return float(value) * math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)

    edge = (math.log(0.95) - 0.005) / (0.2 * math.sqrt(0.5))
    truth = math.exp(-0.025) * quad(at_half, edge, 10.0, epsabs=1e-9)[0]
    near(contract, truth, BLACK, MARKET)
    shifted = BarrierOption(**CALL, barrier_type="down-out", barrier=90.0)
    closed = float(barrier.price("call", "down-out", 100.0, 100.0, 90.0, 0.0, *LAST))
    near(shifted, closed, BLACK, MARKET, monitoring="shifted", steps=200)


def test_cash_dividends_agree_with_quadrature() -> None:
    market = FlatMarket(spot=100.0, rate=0.05, dividends=CashDividends((0.5,), (10.0,)))

    def at_half(z: float) -> float:
        spot = 100.0 * math.exp((0.05 - 0.02) * 0.5 + 0.2 * math.sqrt(0.5) * z) - 10.0
        value = black_scholes.price("call", spot, 100.0, 0.5, 0.05, 0.0, 0.2) if spot > 0.0 else 0.0
        return float(value) * math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)

    truth = math.exp(-0.025) * quad(at_half, -10.0, 10.0, epsabs=1e-9)[0]
    near(EUROPEAN, truth, BLACK, market)
    near(EUROPEAN, truth, BLACK, market, sampler="sobol")
    part = FlatMarket(spot=100.0, rate=0.05, dividends=ProportionalDividends((0.5,), (0.1,)))
    near(EUROPEAN, float(black_scholes.price("call", 90.0, 100.0, 1.0, 0.05, 0.0, 0.2)), BLACK, part)


def test_an_autocallable_agrees_with_its_quadrature() -> None:
    note = AutocallableNote(
        expiry=1.0,
        reference=100.0,
        observation_times=(0.5, 1.0),
        call_level=102.0,
        protection_level=80.0,
        coupon=0.03,
    )
    drift, width = (0.03 - 0.02) * 0.5, 0.2 * math.sqrt(0.5)

    def last(start: float, z: float) -> float:
        spot = start * math.exp(drift + width * z)
        if spot >= 102.0:
            return 106.0
        return 100.0 if spot >= 80.0 else spot

    def at_half(z: float) -> float:
        spot = 100.0 * math.exp(drift + width * z)
        bell = math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
        if spot >= 102.0:
            return 103.0 * math.exp(-0.025) * bell
        cuts = [(math.log(level / spot) - drift) / width for level in (80.0, 102.0)]
        inner = quad(
            lambda y: last(spot, y) * math.exp(-0.5 * y * y) / math.sqrt(2.0 * math.pi), -9, 9, points=cuts, limit=200
        )[0]
        return float(inner) * math.exp(-0.05) * bell

    cut = (math.log(1.02) - drift) / width
    truth = quad(at_half, -9.0, 9.0, points=[cut], epsabs=1e-6, limit=100)[0]
    near(note, float(truth), BLACK, MARKET)


def test_a_cliquet_agrees_with_its_closed_form() -> None:
    # Local floor and cap alone: a strip of forward-starting call spreads.
    contract = CliquetOption(expiry=1.0, reset_times=FIXINGS, local_floor=-0.03, local_cap=0.05, global_floor=-1.0)
    step = (0.25, 0.05, 0.02, 0.2)
    spread = black_scholes.price("call", 1.0, 0.97, *step) - black_scholes.price("call", 1.0, 1.05, *step)
    truth = 100.0 * math.exp(-0.05) * 4.0 * (-0.03 + float(spread) * math.exp(0.05 * 0.25))
    near(contract, truth, BLACK, MARKET)


def test_controls_lessen_the_error_and_are_named() -> None:
    contract = AsianOption(**CALL, fixing_times=FIXINGS)
    plain = MonteCarloSimulator(paths=20_000).price(contract, BLACK, MARKET)
    helped = MonteCarloSimulator(paths=20_000, control_variate=True).price(contract, BLACK, MARKET)
    assert helped.standard_error < 0.05 * plain.standard_error
    assert "geometric average" in helped.method
    assert "control" not in plain.method
    continuous = MonteCarloSimulator(paths=20_000, control_variate=True, steps=50)
    assert continuous.price(AsianOption(**CALL), BLACK, MARKET).standard_error < 0.02


@pytest.mark.parametrize("contract", [row[1] for row in EXACT], ids=[row[0] for row in EXACT])
def test_at_expiry_a_contract_is_worth_what_it_pays(contract: Contract) -> None:
    terms = contract.terms()
    for name in ("fixing_times", "observation_times"):
        if terms.get(name):
            terms[name] = [0.0]
    terms.update(expiry=0.0)
    for name in ("barrier_time", "start"):
        if name in terms:
            terms[name] = 0.0
    now = type(contract).from_terms(terms)
    result = MonteCarloSimulator(paths=512).price(now, BLACK, FlatMarket(spot=103.0, rate=0.05))
    soon = type(contract).from_terms({**terms, "expiry": 1e-12})
    still = MonteCarloSimulator(paths=512, steps=8).price(
        soon, BlackScholesModel(volatility=0.0), FlatMarket(spot=103.0, rate=0.0)
    )
    assert result.standard_error == 0.0
    assert result.price == pytest.approx(still.price, abs=1e-9)


def test_without_volatility_a_price_is_the_payment_on_the_forward() -> None:
    result = MonteCarloSimulator(paths=512).price(EUROPEAN, BlackScholesModel(volatility=0.0), MARKET)
    assert result.price == pytest.approx(100.0 * math.exp(-0.02) - 100.0 * math.exp(-0.05), abs=1e-12)
    assert result.standard_error < 1e-13


@pytest.mark.parametrize("settings", [{}, {"antithetic": True}, {"sampler": "sobol", "control_variate": True}])
@pytest.mark.parametrize("model", [BLACK, HESTON], ids=["lognormal", "Heston"])
def test_results_do_not_depend_on_the_number_of_workers(model: object, settings: dict[str, Any]) -> None:
    results = [
        MonteCarloSimulator(paths=20_000, steps=4, workers=workers, **settings).price(
            EUROPEAN, model, MARKET, greeks=("delta", "gamma")
        )
        for workers in (1, 2, 3)
    ]
    assert len({result.price for result in results}) == 1
    assert len({result.standard_error for result in results}) == 1
    assert len({result.greeks for result in results}) == 1


def test_progress_rises_to_one_and_cancel_stops() -> None:
    heard: list[float] = []
    simulator = MonteCarloSimulator(paths=600_000)
    simulator.price(EUROPEAN, BLACK, MARKET, progress=heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    assert len(heard) >= 3
    stop = threading.Event()
    with pytest.raises(InterruptedByUserError):
        simulator.price(EUROPEAN, BLACK, MARKET, progress=lambda _: stop.set(), cancel=stop)
    with pytest.raises(InterruptedByUserError):
        simulator.price(EUROPEAN, BLACK, MARKET, cancel=lambda: True)
    assert simulator.price(EUROPEAN, BLACK, MARKET, cancel=lambda: False).paths == 600_000


def test_a_result_says_what_was_done() -> None:
    exact = MonteCarloSimulator(paths=1000).price(EUROPEAN, BLACK, MARKET)
    assert (exact.paths, exact.steps, exact.bias, exact.degrees_of_freedom) == (1000, 1, None, 999)
    assert "exact lognormal" in exact.method
    assert exact.seconds > 0.0
    heston = MonteCarloSimulator(paths=1000, steps=7).price(EUROPEAN, HESTON, MARKET)
    assert heston.steps == 7
    assert "quadratic-exponential" in heston.method
    assert heston.bias is not None
    sobol = MonteCarloSimulator(paths=1000, sampler="sobol", randomisations=8).price(EUROPEAN, BLACK, MARKET)
    assert (sobol.paths, sobol.degrees_of_freedom) == (512, 7)
    with pytest.raises(UnknownNameError):
        sobol.greek("delta")


@pytest.mark.parametrize(
    ("field", "settings"),
    [
        ("paths", {"paths": 1}),
        ("paths", {"paths": 10**12}),
        ("paths", {"paths": 10.5}),
        ("paths", {"paths": 101, "antithetic": True}),
        ("paths", {"paths": 8, "sampler": "sobol"}),
        ("steps", {"steps": 0}),
        ("steps", {"steps": 10**7}),
        ("seed", {"seed": -3}),
        ("sampler", {"sampler": "lattice"}),
        ("antithetic", {"sampler": "sobol", "antithetic": True}),
        ("randomisations", {"randomisations": 1}),
        ("workers", {"workers": 0}),
        ("monitoring", {"monitoring": "guess"}),
    ],
)
def test_settings_outside_their_bounds_are_refused_by_name(field: str, settings: dict[str, Any]) -> None:
    with pytest.raises(InvalidValueError) as caught:
        MonteCarloSimulator(**settings)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("contract", "model", "market", "words"),
    [
        (AmericanOption(**PUT), BLACK, MARKET, ("american", "BlackScholesModel")),
        (
            CompoundOption(**CALL, underlying_option_type="call", underlying_strike=100.0, underlying_expiry=2.0),
            HESTON,
            MARKET,
            ("compound", "HestonModel"),
        ),
        (BasketOption(**CALL, weights=(0.5, 0.5)), HESTON, MARKET, ("basket", "HestonModel")),
        (EUROPEAN, CORRELATED, MARKET, ("MultiAssetModel",)),
        (
            CliquetOption(expiry=1.0, reset_times=FIXINGS),
            VasicekModel(kappa=1.0, theta=1.0, sigma=1.0),
            FlatMarket(spot=100.0, rate=0.0),
            ("cliquet", "VasicekModel"),
        ),
        (
            AsianOption(**CALL, average="geometric"),
            CirModel(kappa=1.0, theta=1.0, sigma=1.0),
            FlatMarket(spot=100.0, rate=0.0),
            ("average", "geometric"),
        ),
    ],
)
def test_pairs_that_are_not_simulated_are_refused_by_both_names(
    contract: Contract, model: object, market: FlatMarket, words: tuple[str, ...]
) -> None:
    with pytest.raises(InvalidValueError) as caught:
        MonteCarloSimulator(paths=512).price(contract, model, market)
    for word in words:
        assert word in str(caught.value)


def test_what_has_no_exact_mean_has_no_control() -> None:
    with pytest.raises(InvalidValueError, match="control_variate"):
        MonteCarloSimulator(paths=512, control_variate=True).price(EUROPEAN, PowerVolatility(), MARKET)


def test_a_touch_and_its_absence_share_the_cash() -> None:
    simulator = MonteCarloSimulator(paths=4096)
    touched = simulator.price(OneTouchOption(expiry=1.0, barrier=115.0, pay_at="expiry"), BLACK, MARKET)
    spared = simulator.price(NoTouchOption(expiry=1.0, barrier=115.0), BLACK, MARKET)
    assert touched.price + spared.price == pytest.approx(math.exp(-0.05), abs=1e-12)


@pytest.mark.parametrize(
    ("field", "model", "market", "expiry"),
    [
        ("volatility", BlackScholesModel(volatility=30.0), MARKET, 1.0),
        ("volatility", BLACK, MARKET, 1000.0),
        ("rate", BLACK, FlatMarket(spot=100.0, rate=1e6), 1.0),
        ("dividend_yield", BLACK, FlatMarket(spot=100.0, rate=0.0, dividend_yield=-1e5), 1.0),
        ("jump_intensity", STORM, MARKET, 1.0),
        ("v0", HestonModel(v0=1e3, kappa=1.0, theta=0.04, sigma=0.5, rho=0.0), MARKET, 1.0),
        ("theta", HestonModel(v0=0.04, kappa=1.0, theta=1e3, sigma=0.5, rho=0.0), MARKET, 1.0),
        ("sigma", CirModel(kappa=0.0, theta=0.0, sigma=1e6), FlatMarket(spot=100.0, rate=0.0), 1.0),
        ("sigma", MeanRevertingModel(kappa=1.0, log_mean=4.0, sigma=1e6), FlatMarket(spot=100.0, rate=0.0), 1.0),
    ],
)
def test_what_no_paths_reach_is_refused_instead_of_priced_at_zero(
    field: str, model: object, market: FlatMarket, expiry: float
) -> None:
    contract = EuropeanOption(option_type="call", strike=100.0, expiry=expiry)
    with pytest.raises(InvalidValueError) as caught:
        MonteCarloSimulator(paths=512).price(contract, model, market)
    assert caught.value.field == field


@pytest.mark.parametrize("expiry", [5e-324, 3e-318, 1e-308, 9.99e-301])
def test_an_expiry_whose_parts_would_have_no_digits_is_refused_by_name(expiry: float) -> None:
    """An average over 1e-320 years came out at 0.8 of a spot of 100, and one over 5e-324 divided by zero."""
    with pytest.raises(InvalidValueError, match="at least 1e-300 years") as caught:
        MonteCarloSimulator(paths=512).price(AsianOption(**CALL | {"expiry": expiry}), BLACK, MARKET)
    assert caught.value.field == "expiry"


@pytest.mark.parametrize("kind", [AsianOption, EuropeanOption, FixedLookbackOption])
def test_just_above_it_a_contract_is_worth_what_it_pays_now(kind: type[Contract]) -> None:
    result = MonteCarloSimulator(paths=512).price(kind(option_type="call", strike=90.0, expiry=1e-300), BLACK, MARKET)
    assert result.price == pytest.approx(MARKET.spot - 90.0, rel=1e-12)


def test_two_assets_at_expiry_are_worth_what_they_pay() -> None:
    contract = BasketOption(option_type="call", strike=90.0, expiry=0.0, weights=(0.5, 0.5))
    result = MonteCarloSimulator(paths=512).price(contract, CORRELATED, PAIR)
    assert result.price == pytest.approx(7.5, abs=1e-12)
    wide = MultiAssetModel.pair(0.2, 30.0, 0.5)
    with pytest.raises(InvalidValueError, match=r"volatilities .* at row 1"):
        MonteCarloSimulator(paths=512).price(BasketOption(**CALL, weights=(0.5, 0.5)), wide, PAIR)
