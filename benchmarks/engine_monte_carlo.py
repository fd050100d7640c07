"""Path-steps a second on one thread: simulated averages and Heston prices, beside peers, each with its error.

The average is arithmetic over 50 dates, a call at the money of one year; its truth is the exact closed form. Heston: a
European call, its truth the Fourier price; its error holds the bias of the scheme too.
"""

from __future__ import annotations

import ctypes
import math
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import Figure, cpu_of_call
from optionix_core.pricing import MonteCarloSimulator, asian
from optionix_core.pricing.contracts import AsianOption, BarrierOption, Contract, EuropeanOption
from optionix_core.pricing.flat_market import FlatMarket
from optionix_core.pricing.models import BatesModel, BlackScholesModel, HestonModel, MertonModel

PATHS, STEPS = 100_000, 50
QUANTLIB_PATHS = 5_000
SPOT, RATE, YIELD, VOLATILITY = 100.0, 0.05, 0.02, 0.2
MARKET = FlatMarket(spot=SPOT, rate=RATE, dividend_yield=YIELD)
BLACK = BlackScholesModel(volatility=VOLATILITY)
HESTON = HestonModel(v0=0.04, kappa=1.5, theta=0.05, sigma=0.6, rho=-0.7)
JUMPS = {"jump_intensity": 0.8, "jump_mean": -0.1, "jump_volatility": 0.15}
MERTON = MertonModel(volatility=0.15, **JUMPS)
BATES = BatesModel(v0=0.04, kappa=1.5, theta=0.05, sigma=0.6, rho=-0.7, **JUMPS)
AVERAGE = AsianOption(
    option_type="call", strike=100.0, expiry=1.0, fixing_times=tuple((i + 1) / STEPS for i in range(STEPS))
)
EUROPEAN = EuropeanOption(option_type="call", strike=100.0, expiry=1.0)
BARRIER = BarrierOption(option_type="call", strike=100.0, expiry=1.0, barrier_type="down-out", barrier=90.0, rebate=1.0)
C_SOURCE = r"""
#include <math.h>
#include <stdint.h>
#define LANES 256
double averages(long paths, long steps, double drift, double spread, double strike, double spot, uint64_t seed)
{
    static uint64_t s0[LANES], s1[LANES];
    static double x[LANES], sum[LANES], z[2 * LANES];
    double total = 0.0;
    for (long i = 0; i < LANES; i++) {
        s0[i] = seed + 0x9E3779B97F4A7C15ull * (2 * i + 1);
        s1[i] = seed ^ (0xBF58476D1CE4E5B9ull * (2 * i + 2));
    }
    for (long p = 0; p < paths; p += LANES) {
        for (long i = 0; i < LANES; i++) x[i] = log(spot), sum[i] = 0.0;
        for (long j = 0; j < steps; j += 2) {
            for (long i = 0; i < LANES; i++) {
                uint64_t a = s0[i], b = s1[i];
                a ^= a << 23; a ^= a >> 17; a ^= b ^ (b >> 26);
                uint64_t first = a + b, c = b, d = a;
                c ^= c << 23; c ^= c >> 17; c ^= d ^ (d >> 26);
                uint64_t second = c + d;
                s0[i] = d; s1[i] = c;
                union { uint64_t bits; double value; } u = { (first >> 12) | 0x3FF0000000000000ull },
                    v = { (second >> 12) | 0x3FF0000000000000ull };
                double radius = sqrt(-2.0 * log(2.0 - u.value)), angle = 6.283185307179586 * (v.value - 1.0);
                z[i] = radius * cos(angle);
                z[LANES + i] = radius * sin(angle);
            }
            for (long k = 0; k < 2; k++)
                for (long i = 0; i < LANES; i++) {
                    x[i] += drift + spread * z[k * LANES + i];
                    sum[i] += exp(x[i]);
                }
        }
        for (long i = 0; i < LANES; i++) total += fmax(sum[i] / steps - strike, 0.0);
    }
    return total / (double)((paths + LANES - 1) / LANES * LANES);
}
"""


def figures(_environment: dict[str, str]) -> list[Figure]:
    """Throughput of every scheme; the goals are those of lognormal averages and of Heston."""
    truth = float(
        asian.arithmetic_price(
            "call", SPOT, 100.0, 1.0, RATE, YIELD, VOLATILITY, fixing_times=AVERAGE.fixing_times, method="exact"
        )
    )
    heston = float(HESTON.price("call", SPOT, 100.0, 1.0, RATE, YIELD))
    return [
        _ours("lognormal average", AVERAGE, BLACK, truth, budget=35.0),
        _ours("lognormal average, antithetic", AVERAGE, BLACK, truth, antithetic=True),
        _ours("lognormal average, control", AVERAGE, BLACK, truth, control_variate=True),
        _ours("lognormal average, Sobol", AVERAGE, BLACK, truth, sampler="sobol"),
        _peer("lognormal average, numpy (peer)", _numpy_average, PATHS, truth),
        *_quantlib_average(truth),
        *_c_average(truth),
        _ours("Heston", EUROPEAN, HESTON, heston, budget=15.0),
        _ours("Heston, Sobol", EUROPEAN, HESTON, heston, sampler="sobol"),
        *_quantlib_heston(heston),
        _ours("jumps, average", AVERAGE, MERTON, None),
        _ours("Bates", EUROPEAN, BATES, float(BATES.price("call", SPOT, 100.0, 1.0, RATE, YIELD))),
        _ours("local volatility", EUROPEAN, _LocalVolatility(), None),
        _ours("barrier by bridge", BARRIER, BLACK, None),
    ]


class _LocalVolatility:
    def local_volatility(self, spot: Any, time: Any) -> Any:
        return 0.2 * np.sqrt(100.0 / np.asarray(spot)) + 0.0 * np.asarray(time)


def _ours(
    name: str, contract: Contract, model: object, truth: float | None, budget: float | None = None, **settings: Any
) -> Figure:
    simulator = MonteCarloSimulator(paths=PATHS, steps=STEPS, workers=1, seed=7, **settings)
    result = simulator.price(contract, model, MARKET)
    seconds = cpu_of_call(lambda: simulator.price(contract, model, MARKET), 5)
    error = f"{result.price:.4f} +- {result.standard_error:.4f}"
    if truth is not None:
        error += f", {result.price - truth:+.4f} from the truth"
    return Figure(name, result.paths * result.steps / seconds / 1e6, "M steps/s", budget, error, larger_is_better=True)


def _peer(name: str, job: Callable[[], tuple[float, float]], paths: int, truth: float) -> Figure:
    price, error = job()
    seconds = cpu_of_call(job, 3)
    note = f"{price:.4f} +- {error:.4f}, {price - truth:+.4f} from the truth"
    return Figure(name, paths * STEPS / seconds / 1e6, "M steps/s", note=note)


def _numpy_average() -> tuple[float, float]:
    generator = np.random.default_rng(7)
    step = 1.0 / STEPS
    moves = generator.standard_normal((STEPS, PATHS))
    moves *= VOLATILITY * math.sqrt(step)
    moves += (RATE - YIELD - 0.5 * VOLATILITY**2) * step
    np.cumsum(moves, axis=0, out=moves)
    np.exp(moves, out=moves)
    paid = math.exp(-RATE) * np.maximum(SPOT * moves.mean(axis=0) - 100.0, 0.0)
    return float(paid.mean()), float(paid.std() / math.sqrt(PATHS))


def _quantlib_process(heston: bool) -> Any:  # noqa: FBT001
    import QuantLib

    today = QuantLib.Date(2, 1, 2025)
    QuantLib.Settings.instance().evaluationDate = today
    counter = QuantLib.Actual365Fixed()
    spot = QuantLib.QuoteHandle(QuantLib.SimpleQuote(SPOT))
    rate = QuantLib.YieldTermStructureHandle(QuantLib.FlatForward(today, RATE, counter))
    carry = QuantLib.YieldTermStructureHandle(QuantLib.FlatForward(today, YIELD, counter))
    if heston:
        return QuantLib.HestonProcess(
            rate, carry, spot, HESTON.v0, HESTON.kappa, HESTON.theta, HESTON.sigma, HESTON.rho
        )
    surface = QuantLib.BlackVolTermStructureHandle(
        QuantLib.BlackConstantVol(today, QuantLib.NullCalendar(), VOLATILITY, counter)
    )
    return QuantLib.BlackScholesMertonProcess(spot, carry, rate, surface)


def _quantlib_average(truth: float) -> list[Figure]:
    try:
        import QuantLib
    except ImportError:
        return []
    process = _quantlib_process(heston=False)
    today = QuantLib.Settings.instance().evaluationDate
    dates = [today + round(365 * (i + 1) / STEPS) for i in range(STEPS)]
    payoff = QuantLib.PlainVanillaPayoff(QuantLib.Option.Call, 100.0)
    exercise = QuantLib.EuropeanExercise(dates[-1])

    def job() -> tuple[float, float]:
        option = QuantLib.DiscreteAveragingAsianOption(QuantLib.Average.Arithmetic, 0.0, 0, dates, payoff, exercise)
        option.setPricingEngine(
            QuantLib.MCDiscreteArithmeticAPEngine(process, "pseudorandom", requiredSamples=QUANTLIB_PATHS, seed=7)
        )
        return option.NPV(), option.errorEstimate()

    return [_peer("lognormal average, QuantLib (peer)", job, QUANTLIB_PATHS, truth)]


def _quantlib_heston(truth: float) -> list[Figure]:
    try:
        import QuantLib
    except ImportError:
        return []
    process = _quantlib_process(heston=True)
    today = QuantLib.Settings.instance().evaluationDate
    payoff, exercise = QuantLib.PlainVanillaPayoff(QuantLib.Option.Call, 100.0), QuantLib.EuropeanExercise(today + 365)

    def job() -> tuple[float, float]:
        option = QuantLib.VanillaOption(payoff, exercise)
        option.setPricingEngine(
            QuantLib.MCEuropeanHestonEngine(
                process, "pseudorandom", timeSteps=STEPS, requiredSamples=QUANTLIB_PATHS, seed=7
            )
        )
        return option.NPV(), option.errorEstimate()

    return [_peer("Heston, QuantLib (peer)", job, QUANTLIB_PATHS, truth)]


def _c_average(truth: float) -> list[Figure]:
    """C with a generator of its own and vector mathematics; nothing where there is no compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        source, library = Path(folder) / "average.c", Path(folder) / "average.so"
        source.write_text(C_SOURCE, encoding="utf-8")
        flags = ("-O3", "-march=native", "-ffast-math", "-shared", "-fPIC")
        command = [compiler, *flags, "-o", str(library), str(source), "-lmvec", "-lm"]
        if subprocess.run(command, capture_output=True, check=False).returncode != 0:
            return []
        function = ctypes.CDLL(str(library)).averages
        function.restype = ctypes.c_double
        step = 1.0 / STEPS
        arguments = (
            ctypes.c_long(PATHS),
            ctypes.c_long(STEPS),
            ctypes.c_double((RATE - YIELD - 0.5 * VOLATILITY**2) * step),
            ctypes.c_double(VOLATILITY * math.sqrt(step)),
            ctypes.c_double(100.0),
            ctypes.c_double(SPOT),
            ctypes.c_uint64(7),
        )

        def job() -> tuple[float, float]:
            return math.exp(-RATE) * function(*arguments), math.nan

        return [_peer("lognormal average, C with vector mathematics (limit)", job, PATHS, truth)]
