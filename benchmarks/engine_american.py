"""American options a second on one thread, beside QuantLib's engines, each with its error, in one process."""

from __future__ import annotations

import math
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks.measure import Figure, cpu_of_call
from optionix_core.pricing import _american_rules, american

COUNT = 8_000
PEER_COUNT = 300
FINEST = ((8, 8), (16, 24), (32, 48), (52, 56))


def figures(_environment: dict[str, str]) -> list[Figure]:
    """Every row another contract; references are our finest settings, good to 1e-10."""
    rows = contracts(COUNT)
    with patch("optionix_core.pricing._threads.processors", lambda: 1):
        with patch.object(_american_rules, "ladder", lambda _: _american_rules.build(FINEST, 1e-11, 160)):
            exact = american.price(*rows)
        bounded = np.flatnonzero(american.price_with_error(*rows).method == american.Method.COLLOCATION)
        found = []
        for name, accuracy, budget, kept in (
            ("fast", "fast", None, slice(None)),
            ("standard", "standard", 100.0, slice(None)),
            ("standard, rows that need their boundary", "standard", None, bounded),
            ("high", "high", 10.0, slice(None)),
        ):
            some = [column[kept] for column in rows]

            def run(some: Any = some, accuracy: Any = accuracy) -> Any:
                return american.price(*some, accuracy=accuracy)

            value = run()
            rate = len(some[0]) / cpu_of_call(run, 5) / 1e3
            found.append(
                Figure(f"American, {name}", rate, "k/s", budget, _errors(value - exact[kept]), larger_is_better=True)
            )
    return found + _quantlib(rows, exact)


def contracts(count: int) -> list[Any]:
    """Strike 60 to 160 at spot 100, one day to ten years, 5% to 100%, rates -5% to 12%, all worth exercising early."""
    draw = np.random.default_rng(11)
    sign = np.where(draw.random(count) < 0.5, 1.0, -1.0)
    days = np.maximum(np.rint(365 * np.exp(draw.uniform(math.log(1 / 365), math.log(10), count))), 1.0)
    cash, asset = draw.uniform(0.001, 0.12, count), draw.uniform(-0.05, 0.12, count)
    return [
        sign,
        np.full(count, 100.0),
        draw.uniform(60, 160, count),
        days / 365.0,
        np.where(sign < 0, cash, asset),
        np.where(sign < 0, asset, cash),
        np.exp(draw.uniform(math.log(0.05), 0.0, count)),
    ]


def _errors(difference: Any) -> str:
    kept = difference[~np.isnan(difference)]
    return f"rmse {math.sqrt(np.mean(kept**2)):.1e}, worst {np.max(np.abs(kept)):.1e}"


def _quantlib(rows: list[Any], exact: Any) -> list[Figure]:  # noqa: C901 - five engines, set up alike
    try:
        import QuantLib as ql  # type: ignore[import-untyped] # noqa: N813 - the name that its documentation gives
    except ImportError:
        return []
    today = ql.Date(2, 1, 2025)
    ql.Settings.instance().evaluationDate = today
    count = ql.Actual365Fixed()
    positive = np.flatnonzero((rows[4] >= 0.0) & (rows[5] >= 0.0))[:PEER_COUNT]

    def engine(kind: str, market: Any) -> Any:
        if kind == "BAW":
            return ql.BaroneAdesiWhaleyApproximationEngine(market)
        if kind == "FD 400x400":
            return ql.FdBlackScholesVanillaEngine(market, 400, 400)
        scheme = {
            "QdFp fast": ql.QdFpAmericanEngine.fastScheme,
            "QdFp accurate": ql.QdFpAmericanEngine.accurateScheme,
            "QdFp high precision": ql.QdFpAmericanEngine.highPrecisionScheme,
        }[kind]
        return ql.QdFpAmericanEngine(market, scheme())

    def options(kind: str, some: Any) -> list[Any]:
        made = []
        for row in some:
            sign, spot, strike, expiry, rate, dividend_yield, volatility = (float(column[row]) for column in rows)
            curve = [ql.YieldTermStructureHandle(ql.FlatForward(today, x, count)) for x in (dividend_yield, rate)]
            smile = ql.BlackVolTermStructureHandle(ql.BlackConstantVol(today, ql.NullCalendar(), volatility, count))
            market = ql.BlackScholesMertonProcess(ql.QuoteHandle(ql.SimpleQuote(spot)), *curve, smile)
            payoff = ql.PlainVanillaPayoff(ql.Option.Call if sign > 0 else ql.Option.Put, strike)
            option = ql.VanillaOption(payoff, ql.AmericanExercise(today, today + round(expiry * 365)))
            option.setPricingEngine(engine(kind, market))
            made.append(option)
        return made

    def priced(option: Any) -> bool:
        try:
            option.NPV()
        except RuntimeError:
            return False
        return True

    found = []
    for kind, most in (
        ("QdFp fast", PEER_COUNT),
        ("QdFp accurate", PEER_COUNT),
        ("QdFp high precision", 20),
        ("BAW", PEER_COUNT),
        ("FD 400x400", 10),
    ):
        some = positive[:most]
        batch = options(kind, some)
        fine = np.array([priced(option) for option in batch])
        some, batch = some[fine], [option for option, kept in zip(batch, fine, strict=True) if kept]

        def run(batch: list[Any] = batch) -> list[float]:
            for option in batch:
                option.recalculate()
            return [option.NPV() for option in batch]

        value = np.array(run())
        rate = len(some) / cpu_of_call(run, 3) / 1e3
        found.append(
            Figure(
                f"{kind}, QuantLib (peer)",
                rate,
                "k/s",
                note=f"{_errors(value - exact[some])}, {int((~fine).sum())} fail",
            )
        )
    return found
