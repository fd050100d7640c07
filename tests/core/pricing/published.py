"""Every test of the published QuantLib suite's values by name: what answers it here, and to how many digits.

Times there are days by Actual/360. A row agrees where the price is within half a unit of the last digit printed.
The values were kept as numbers, so that trailing zeros are gone: the digits of a test are the most decimals that any
row of it has with the same stated tolerance.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from optionix_core.pricing import (
    asian,
    barrier,
    black_scholes,
    compound,
    digital,
    forward_start,
    lookback,
    merton,
    quanto,
    two_asset,
)
from optionix_core.pricing.differences import finite_greeks

Row = dict[str, Any]
Price = Callable[[Row], float | None]


class Case(NamedTuple):
    file: str
    test: str
    rows: int
    price: Price
    """None where the row is outside what is offered; `left_out` says why."""
    decimals: int | Callable[[Row], int] = 4
    result: str = "result"
    left_out: str = ""
    note: str = ""
    blurred: float = 0.0
    """Error that the source itself states or shows, where its values are simulated."""


class Printed(NamedTuple):
    value: float
    unit: float
    """Of the last digit."""


def printed(row: Row, case: Case) -> Printed:
    """A value as printed, or as `a * std::exp(b)` and products and quotients of the like."""
    decimals = case.decimals if isinstance(case.decimals, int) else case.decimals(row)
    text = str(row[case.result])
    factor = 1.0
    for sign, exponent, number in re.findall(r"([*/])\s*(?:std::exp\(([^)]*)\)|([\d.]+))", text):
        power = math.exp(math.prod(float(part) for part in exponent.split("*"))) if exponent else float(number)
        factor = factor * power if sign == "*" else factor / power
    first = re.match(r"-?[\d.]+(e-?\d+)?", text)
    assert first is not None
    return Printed(float(first.group()) * factor, 10.0**-decimals * abs(factor))


def published(folder: Path) -> list[Row]:
    lines = (folder / "pricing" / "published_quantlib_suite.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def years(time: float) -> float:
    return round(time * 360) / 360


def kind(row: Row, field: str = "type") -> str:
    return "call" if "Call" in row[field] else "put"


def single(row: Row) -> str:
    names = {"DownOut": "down-out", "DownIn": "down-in", "UpOut": "up-out", "UpIn": "up-in"}
    return names[row.get("barrierType", row["type"]).split("::")[1]]


def double(row: Row) -> str:
    return "knock-out" if row["barrierType"].endswith("KnockOut") else "knock-in"


def market(row: Row) -> tuple[float, float, float, float]:
    return years(row["t"]), row["r"], row["q"], row["v"]


def apparent(row: Row) -> float:
    return float(quanto.adjusted_dividend_yield(row["r"], row["fxr"], row["q"], row["v"], row["fxv"], row["corr"]))


def haug_barrier(row: Row) -> float | None:
    if row["exType"] != "european":
        return None
    return float(
        barrier.price(kind(row), single(row), row["s"], row["strike"], row["barrier"], row["rebate"], *market(row))
    )


def level(row: Row) -> float:
    """Where an American digital pays: at the spot itself if it is in the money from the start."""
    return float(row["s"] if (row["s"] >= row["strike"]) == (kind(row) == "call") else row["strike"])


def cash_at_hit(row: Row) -> float:
    return float(digital.one_touch(row["s"], level(row), *market(row), cash=15))


def asset_at_hit(row: Row) -> float:
    return float(digital.one_touch(row["s"], level(row), *market(row), cash=level(row)))


def cash_at_expiry(row: Row) -> float:
    if row["knockin"] == "true":
        return float(digital.one_touch(row["s"], level(row), *market(row), cash=15, pay_at="expiry"))
    return float(digital.no_touch(row["s"], level(row), *market(row), cash=15))


def asset_at_expiry(row: Row) -> float:
    touched = float(digital.asset_one_touch(row["s"], level(row), *market(row)))
    return touched if row["knockin"] == "true" else row["s"] * math.exp(-row["q"] * years(row["t"])) - touched


def double_binary(row: Row) -> float | None:
    if "Knock" not in row["barrierType"] or not row["barrier_lo"] < row["s"] < row["barrier_hi"]:
        return None
    alive = barrier.survival_probability(row["s"], row["barrier_lo"], row["barrier_hi"], *market(row))
    share = alive if double(row) == "knock-out" else 1 - alive
    return float(row["cash"] * math.exp(-row["r"] * years(row["t"])) * share)


def two_assets(row: Row) -> float:
    arguments = (row["s1"], row["s2"], row["strike"], years(row["t"]), row["r"])
    vols = (row["v1"], row["v2"], row["rho"])
    if row["basketType"] == "SpreadBasket":
        return float(two_asset.spread(kind(row), *arguments, row["r"], row["r"], *vols, method="kirk"))
    price = two_asset.minimum if row["basketType"] == "MinBasket" else two_asset.maximum
    return float(price(kind(row), *arguments, row["q1"], row["q2"], *vols))


def two_asset_decimals(row: Row) -> int:
    return 4 if row["tol"] == 1e-4 or row["basketType"] == "SpreadBasket" else 3


def compounded(row: Row) -> float:
    kinds = kind(row, "typeMother"), kind(row, "typeDaughter")
    times = years(row["tMother"]), years(row["tDaughter"])
    strikes = row["strikeMother"], row["strikeDaughter"]
    return float(compound.price(*kinds, row["s"], *strikes, *times, row["r"], row["q"], row["v"]))


def compounded_greek(name: str) -> Price:
    def greek(row: Row) -> float:
        first, last = years(row["tMother"]), years(row["tDaughter"])

        def price(spot: Any, expiry: Any, rate: Any, dividend_yield: Any, volatility: Any) -> Any:
            kinds = kind(row, "typeMother"), kind(row, "typeDaughter")
            strikes = row["strikeMother"], row["strikeDaughter"]
            return compound.price(
                *kinds, spot, *strikes, first + (expiry - last), expiry, rate, dividend_yield, volatility
            )

        found = finite_greeks(
            price, spot=row["s"], expiry=last, rate=row["r"], dividend_yield=row["q"], volatility=row["v"],
            names=(name,), edges={"expiry": (last - first, math.inf)},
        )  # fmt: skip
        return float(getattr(found.greeks, name))

    return greek


def partial_barrier(side: str) -> Price:
    def price(row: Row) -> float:
        arguments = (row["underlying"], row["strike"], 100, row["days"] / 360, 1, 0.1, 0, 0.25)
        return float(barrier.partial_price("call" if side == "down" else "put", f"{side}-out", "end-b1", *arguments))

    return price


def jumps(row: Row) -> float:
    deviation = math.sqrt(row["gamma"] * row["v"] ** 2 / row["jumpIntensity"])
    vol = row["v"] * math.sqrt(1 - row["gamma"])
    times = years(row["t"]), row["r"], row["q"]
    mean = -deviation * deviation / 2
    return float(merton.price(kind(row), row["s"], row["strike"], *times, vol, row["jumpIntensity"], mean, deviation))


def vecer(row: Row) -> float:
    arguments = (row["spot"], row["strike"], row["length"], row["riskFreeRate"], 0.0, row["volatility"])
    return float(asian.arithmetic_price("call", *arguments, method="exact"))


def fixings(row: Row) -> float:
    count = int(row["fixings"])
    times = [row["first"] + k * row["length"] / (count - 1) for k in range(count)]
    arguments = (row["underlying"], row["strike"], times[-1], row["riskFreeRate"], row["dividendYield"])
    return float(asian.arithmetic_price(kind(row), *arguments, row["volatility"], times, "exact"))


def babsiri(row: Row) -> float:
    return float(
        barrier.price("call", single(row), 100, row["strike"], row["barrier"], 0, 1, 0.05, 0.02, row["volatility"])
    )


def beaglehole(row: Row) -> float:
    return float(barrier.price("call", single(row), 50, row["strike"], row["barrier"], 0, 1, math.log(1.1), 0, 0.5))


def double_barrier(row: Row) -> float:
    levels = row["barrierlo"], row["barrierhi"]
    return float(barrier.double_price(kind(row), double(row), row["s"], row["strike"], *levels, *market(row)))


def quanto_price(row: Row) -> float:
    rates = row["r"], row["fxr"], row["q"], row["v"], row["fxv"], row["corr"]
    return float(quanto.price(kind(row), row["s"], row["strike"], years(row["t"]), *rates))


def quanto_barrier(row: Row) -> float:
    contract = row["s"], row["strike"], row["barrier"], row["rebate"], years(row["t"]), row["r"]
    return float(barrier.price(kind(row), single(row), *contract, apparent(row), row["v"]))


def quanto_double(row: Row) -> float:
    contract = row["s"], row["strike"], row["barrier_lo"], row["barrier_hi"], years(row["t"]), row["r"]
    return float(barrier.double_price(kind(row), double(row), *contract, apparent(row), row["v"]))


def gap(row: Row) -> float:
    asset = digital.asset_or_nothing(kind(row), row["s"], row["strike"], *market(row))
    return float(asset - digital.cash_or_nothing(kind(row), row["s"], row["strike"], *market(row), cash=57))


def performance(row: Row) -> float:
    return float(forward_start.performance_price(kind(row), row["moneyness"], row["start"], *market(row)))


def american_put(row: Row) -> float:
    from optionix_core.pricing import american

    arguments = (row["s"], row["strike"], *market(row))
    return float(american.price(kind(row), *arguments, accuracy="high"))


def european_greek(row: Row) -> float:
    """The rows have no names: which Greek each is follows from its contract and size (Haug 2007, chapter 2)."""
    greeks = black_scholes.greeks(kind(row), row["s"], row["strike"], *market(row))
    names = {100.0: "delta", 60.0: "gamma", 405.0: "theta", 75.0: "rho", 490.0: "rho"}
    value = float(getattr(greeks, names[row["strike"]]))
    if row["result"] == -4.8775:
        return value * row["s"] / greeks.price
    if row["result"] == 18.9358:
        return float(greeks.vega)
    if row["result"] == -0.0855:
        return value / 365
    return float(greeks.epsilon) if row["strike"] == 490.0 else value


CASES = (
    Case("barrieroption", "testHaugValues", 96, haug_barrier, left_out="American exercise: contract not offered"),
    Case("barrieroption", "testBabsiriValues", 10, babsiri, 5, "callValue"),
    Case("barrieroption", "testBeagleholeValues", 1, beaglehole, 3, "callValue"),
    Case("doublebarrieroption", "testEuropeanHaugValues", 90, double_barrier),
    Case("partialtimebarrieroption", "testAnalyticEngine", 20, partial_barrier("down")),
    Case("partialtimebarrieroption", "testAnalyticEnginePutOption", 20, partial_barrier("up")),
    Case(
        "doublebinaryoption", "testHaugValues", 72, double_binary,
        left_out="touched from the start, or one barrier before the other: contract not offered",
    ),
    Case(
        "digitaloption", "testCashOrNothingEuropeanValues", 1,
        lambda row: float(digital.cash_or_nothing(kind(row), row["s"], row["strike"], *market(row), cash=10)),
    ),
    Case(
        "digitaloption", "testAssetOrNothingEuropeanValues", 1,
        lambda row: float(digital.asset_or_nothing(kind(row), row["s"], row["strike"], *market(row))),
    ),
    Case("digitaloption", "testGapEuropeanValues", 1, gap),
    Case("digitaloption", "testCashAtHitOrNothingAmericanValues", 8, cash_at_hit),
    Case("digitaloption", "testAssetAtHitOrNothingAmericanValues", 8, asset_at_hit),
    Case("digitaloption", "testCashAtExpiryOrNothingAmericanValues", 7, cash_at_expiry),
    Case("digitaloption", "testAssetAtExpiryOrNothingAmericanValues", 10, asset_at_expiry),
    Case(
        "lookbackoptions", "testAnalyticContinuousFloatingLookback", 7,
        lambda row: float(lookback.floating_price(kind(row), row["s"], row["minmax"], *market(row))),
    ),
    Case(
        "lookbackoptions", "testAnalyticContinuousFixedLookback", 36,
        lambda row: float(lookback.fixed_price(kind(row), row["s"], row["minmax"], row["strike"], *market(row))),
    ),
    Case("basketoption", "testEuroTwoValues", 57, two_assets, two_asset_decimals, note="spreads by Kirk, on futures"),
    Case(
        "basketoption", "?", 29, american_put, lambda row: 4 if row["strike"] == 100 else 3, blurred=0.01,
        note="American puts by finite differences of their source, with 50 exercise dates a year: at most 0.009 apart",
    ),
    Case(
        "basketoption", "testOddSamples", 1, american_put, blurred=0.01,
        note="an American put by finite differences of its source",
    ),
    Case("compoundoption", "testValues", 20, compounded, 4, "npv"),
    Case("compoundoption", "testValues", 20, compounded_greek("delta"), 4, "delta"),
    Case("compoundoption", "testValues", 20, compounded_greek("gamma"), 4, "gamma"),
    Case("compoundoption", "testValues", 20, compounded_greek("vega"), 4, "vega"),
    Case("compoundoption", "testValues", 20, compounded_greek("theta"), 4, "theta"),
    Case("quantooption", "testValues", 2, quanto_price),
    Case("quantooption", "testBarrierValues", 3, quanto_barrier, 3),
    Case("quantooption", "testDoubleBarrierValues", 5, quanto_double),
    Case("forwardoption", "testPerformanceValues", 2, performance),
    Case("jumpdiffusion", "testMerton76", 135, jumps, 2),
    Case("asianoptions", "testVecerEngine", 7, vecer, 6, note="the exact method"),
    Case(
        "asianoptions", "testMCDiscreteArithmeticAveragePrice", 30, fixings, 10, blurred=0.016,
        note="simulated by their source: within its error of the exact method",
    ),
    Case("europeanoption", "testGreekValues", 11, european_greek, note="Greeks and elasticity"),
)  # fmt: skip

NO_VALUES = "relation or input, no values in the file"
APPROXIMATION = "approximation not implemented"
NOT_OFFERED = "contract not offered"
LEFT_OUT = {
    ("americanoption", "testBaroneAdesiWhaleyValues"): f"{APPROXIMATION} (Barone-Adesi and Whaley)",
    ("americanoption", "testBjerksundStenslandValues"): f"{APPROXIMATION} (Bjerksund and Stensland)",
    ("americanoption", "testCallPutParity"): NO_VALUES,
    ("americanoption", "testQdPlusBoundaryConvergence"): NO_VALUES,
    ("americanoption", "testQdAmericanEngines"): NO_VALUES,
    ("americanoption", "testBjerksundStenslandEuropeanGreeks"): NO_VALUES,
    ("barrieroption", "testVannaVolgaSimpleBarrierValues"): f"{APPROXIMATION} (vanna-volga)",
    ("doublebarrieroption", "testVannaVolgaDoubleBarrierValues"): f"{APPROXIMATION} (vanna-volga)",
    ("asianoptions", "testMCDiscreteArithmeticAveragePriceHeston"): "simulated under Heston: no exact value",
    ("lookbackoptions", "testAnalyticContinuousPartialFloatingLookback"): f"{NOT_OFFERED} (partial lookback)",
    ("lookbackoptions", "testAnalyticContinuousPartialFixedLookback"): f"{NOT_OFFERED} (partial lookback)",
    ("twoassetbarrieroption", "testHaugValues"): f"{NOT_OFFERED} (two-asset barrier)",
    ("basketoption", "testStrangSplittingSpreadEngineVsMathematica"): NO_VALUES,
    ("barrieroption", "testPutCallSymmetry"): f"{NO_VALUES}; the relation is tested",
    ("partialtimebarrieroption", "testPutCallSymmetry"): NO_VALUES,
    ("compoundoption", "testPutCallParity"): f"{NO_VALUES}; the relation is tested",
    ("quantooption", "testPDEOptionValues"): NO_VALUES,
    ("varianceswaps", "testReplicatingVarianceSwap"): f"{NOT_OFFERED} (variance swap)",
    ("varianceswaps", "testMCVarianceSwap"): f"{NOT_OFFERED} (variance swap)",
}  # fmt: skip
"""Tests that no function here answers, and why."""
