"""Stochastic local volatility as a use case: surface, local volatility, Heston's variance, leverage, check.

Heston is fitted to the quotes of the surface, to its smiles where it comes from a file without quotes, or given. The
check simulates vanillas of every expiry up to the horizon and sets their volatility beside the surface's. The table of
calibrations holds reports, not grids: the model is kept by `save` alone. Refuses a horizon that is no expiry of the
surface.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

import numpy as np

from optionix_core.errors import UnknownNameError
from optionix_core.pricing.contracts import EuropeanOption
from optionix_core.pricing.implied_volatility import implied_volatility
from optionix_core.pricing.monte_carlo.simulator import MonteCarloSimulator
from optionix_core.services.chains_json import utc_text
from optionix_core.volatility.calibration.engine import CalibrationEngine
from optionix_core.volatility.calibration.quotes import of_slices, of_surface
from optionix_core.volatility.local.carry import flat_market
from optionix_core.volatility.local.model import LocalVolatilityModel
from optionix_core.volatility.stochastic_local import document as documents
from optionix_core.volatility.stochastic_local.model import PARTICLES, StochasticLocalVolatilityModel

if TYPE_CHECKING:
    from optionix_core.pricing.models.heston import HestonModel
    from optionix_core.services.surfaces import FittedSurface
    from optionix_core.volatility.calibration.result import CalibrationResult
    from optionix_core.volatility.surface.smiles import SurfaceSlice

SCHEMA_VERSION: Final = 1
DEVIATIONS: Final = (-1.0, 0.0, 1.0)
"""Strikes of the check, in standard deviations of their expiry from the forward."""
PATHS: Final = 1 << 14
RANDOMISATIONS: Final = 16
HESTON: Final = ("v0", "kappa", "theta", "sigma", "rho")
BASIS_POINT: Final = 1e-4
_DESCENTS, _LEVERAGE = 0.05, 0.5
"""Shares of the work that are done after Heston's fit, and after the leverage where there is a check."""

Progress = Callable[[float], None]
Stop = Callable[[], bool]


class Asked(NamedTuple):
    """What is to be made."""

    heston: HestonModel | None = None
    """Fitted where None."""
    horizon: date | None = None
    """An expiry of the surface; the last where None."""
    mixing: float = 1.0
    particles: int = PARTICLES
    seed: int = 1
    """Of the particles, and of the check's paths, which share no number with them."""
    paths: int | None = PATHS
    """Of the check, for each vanilla; None leaves it out."""


@dataclass(frozen=True, slots=True)
class Repriced:
    """One vanilla of the check."""

    item: SurfaceSlice
    option_type: str
    strike: float
    surface_volatility: float
    model_volatility: float
    """nan where the simulated price has none."""
    standard_error: float
    """Of `model_volatility`, from the paths alone; nan likewise."""

    @property
    def distance(self) -> float:
        """Model less surface."""
        return self.model_volatility - self.surface_volatility


@dataclass(frozen=True, slots=True, eq=False)
class CalibratedLeverage:
    """The model with what it was made from and how long it took."""

    asked: Asked
    found: FittedSurface
    local: LocalVolatilityModel
    heston: CalibrationResult | None
    """None where the parameters were given."""
    model: StochasticLocalVolatilityModel
    horizon: SurfaceSlice
    check: tuple[Repriced, ...] | None
    """None where it was left out."""
    heston_seconds: float
    leverage_seconds: float
    """Of the local volatility as well."""
    check_seconds: float


def is_prepared() -> bool:
    """Whether the kernels that all of it needs are compiled."""
    from optionix_core.pricing.monte_carlo._path_kernels import KERNELS
    from optionix_core.pricing.monte_carlo._path_kernels import PARTICLES as CLOUD
    from optionix_core.services import calibrations
    from optionix_core.services.warm import is_warm

    return calibrations.is_prepared("heston") and is_warm((KERNELS, CLOUD))


def calibrate(
    found: FittedSurface,
    asked: Asked,
    *,
    progress: Progress | None = None,
    cancel: Stop | None = None,
    timer: Callable[[], float] = time.perf_counter,
) -> CalibratedLeverage:
    """Make the model of a surface. `progress` hears the fraction done.

    Raises UnknownNameError for a horizon that is no expiry, InvalidValueError for bad numbers, too few quotes or a
    surface without local variance at the money, DomainError where a time has no local variance at all, and
    InterruptedByUserError once `cancel` is true.
    """
    simulator = None if asked.paths is None else _simulator(asked.paths, asked.seed)
    horizon = _horizon(found, asked.horizon)
    began = timer()
    fitted = _heston(found, progress, cancel) if asked.heston is None else None
    heston = asked.heston or cast("CalibrationResult", fitted).model
    first = 0.0 if fitted is None else _DESCENTS
    last = 1.0 if simulator is None else _LEVERAGE
    at_heston = timer()
    local = LocalVolatilityModel.from_surface(found.surface)
    model = StochasticLocalVolatilityModel.calibrate(
        heston,
        local,
        horizon.years,
        mixing=asked.mixing,
        particles=asked.particles,
        seed=asked.seed,
        progress=_part(progress, first, last),
        cancel=cancel,
    )
    at_leverage = timer()
    check = None if simulator is None else _check(found, model, simulator, _part(progress, last, 1.0), cancel)
    return CalibratedLeverage(
        asked,
        found,
        local,
        fitted,
        model,
        horizon,
        check,
        at_heston - began,
        at_leverage - at_heston,
        timer() - at_leverage,
    )


def save(made: CalibratedLeverage, path: Path) -> int:
    """Write the model's document to a file, whole or not at all; the number of bytes."""
    from optionix_core.services.chains import write_whole

    content = documents.dumps(made.model).encode()
    write_whole(path, content)
    return len(content)


def to_json(made: CalibratedLeverage, saved: Path | None = None) -> dict[str, Any]:
    """The report as plain values in natural units; `saved` is where the model was written."""
    surface, found, notes = made.found.surface, made.found, made.model.notes
    parts = (found.seconds or 0.0, made.heston_seconds, made.leverage_seconds, made.check_seconds)
    return {
        "schema_version": SCHEMA_VERSION,
        "model": "slv",
        "underlying": surface.underlying,
        "as_of": utc_text(surface.as_of),
        "mixing": made.model.mixing,
        "horizon": {**_expiry(made.horizon), "years": made.horizon.years},
        "surface": {
            "model": surface.model,
            "expiries": len(surface.slices),
            "skipped": len(surface.skipped),
            "quotes": found.quote_count,
            "rmse_vol_points": found.rmse_vol_points,
            "seconds": found.seconds,
        },
        "local_volatility": made.local.repairs._asdict(),
        "heston": _heston_json(made),
        "leverage": {
            "particles": notes.particles,
            "seed": notes.seed,
            "steps": made.model.leverage.starts.size,
            "nodes": notes.nodes,
            "unseen": notes.unseen,
            "floored": notes.floored,
            "seconds": made.leverage_seconds,
        },
        "check": None if made.check is None else _check_json(made, made.check),
        "seconds": sum(parts),
        "saved": None if saved is None else str(saved),
    }


def _simulator(paths: int, seed: int) -> MonteCarloSimulator:
    return MonteCarloSimulator(paths=paths, steps=1, seed=seed, sampler="sobol", randomisations=RANDOMISATIONS)


def _horizon(found: FittedSurface, wanted: date | None) -> SurfaceSlice:
    """The last slice, or the last of the day that is wanted."""
    slices = found.surface.slices
    named = [item for item in slices if wanted in (None, item.expiry)]
    if not named:
        raise UnknownNameError("expiry", str(wanted), tuple(f"{one.root} {one.expiry}" for one in slices))
    return named[-1]


def _heston(found: FittedSurface, progress: Progress | None, cancel: Stop | None) -> CalibrationResult:
    kept = tuple(item for item in found.quotes if item is not None)
    quotes = of_slices(kept) if kept else of_surface(found.surface)
    tell = _part(progress, 0.0, _DESCENTS)

    def descents(done: int, total: int) -> None:
        if tell is not None:
            tell(done / max(total, 1))

    return CalibrationEngine().fit("heston", quotes, progress=descents, cancel=cancel)


def _part(progress: Progress | None, first: float, last: float) -> Progress | None:
    """What tells a part of the work to who hears the whole."""
    if progress is None:
        return None
    return lambda fraction: progress(first + (last - first) * fraction)


def _check(
    found: FittedSurface,
    model: StochasticLocalVolatilityModel,
    simulator: MonteCarloSimulator,
    progress: Progress | None,
    cancel: Stop | None,
) -> tuple[Repriced, ...]:
    """Vanillas of every expiry up to the horizon, the put at the forward: a high right wing makes the call noisy."""
    surface = found.surface
    wanted = [(item, one) for item in surface.slices if item.years <= model.horizon for one in DEVIATIONS]
    told = []
    for done, (item, deviations) in enumerate(wanted):
        strike = item.forward * math.exp(deviations * item.deviation)
        contract = EuropeanOption(option_type="call" if deviations > 0.0 else "put", strike=strike, expiry=item.years)
        market = flat_market(surface, item.years)
        result = simulator.price(contract, model, market, cancel=cancel)
        prices = np.array([result.price, result.price + result.standard_error])
        side = int(contract.option_type)
        terms = (market.spots[0], strike, item.years, market.rate, market.yields[0])
        volatility, above = np.asarray(implied_volatility(side, prices, *terms)).tolist()
        meant = float(surface.implied_volatility(strike, item.years))
        name = "call" if side > 0 else "put"
        told.append(Repriced(item, name, strike, meant, volatility, above - volatility))
        if progress is not None:
            progress((done + 1) / len(wanted))
    return tuple(told)


def _expiry(item: SurfaceSlice) -> dict[str, str]:
    return {"root": item.root, "expiry": item.expiry.isoformat()}


def _heston_json(made: CalibratedLeverage) -> dict[str, Any]:
    model, result = made.model.heston, made.heston
    origin = "given" if result is None else "quotes" if made.found.quotes else "smiles"
    return {
        "origin": origin,
        **{name: getattr(model, name) for name in HESTON},
        "feller": model.feller,
        "rmse_volatility": None if result is None else result.rmse_volatility,
        "converged": None if result is None else result.converged,
        "notes": [] if result is None else list(result.notes),
        "seconds": made.heston_seconds,
    }


def _check_json(made: CalibratedLeverage, check: tuple[Repriced, ...]) -> dict[str, Any]:
    distances = [abs(one.distance) for one in check if math.isfinite(one.distance)]
    return {
        "paths": made.asked.paths,
        "median_bp": float(np.median(distances)) / BASIS_POINT if distances else None,
        "largest_bp": max(distances) / BASIS_POINT if distances else None,
        "unsolved": len(check) - len(distances),
        "vanillas": [
            {
                **_expiry(one.item),
                "years": one.item.years,
                "type": one.option_type,
                "strike": one.strike,
                "surface_volatility": one.surface_volatility,
                "model_volatility": _number(one.model_volatility),
                "distance_bp": _number(one.distance / BASIS_POINT),
                "standard_error_bp": _number(one.standard_error / BASIS_POINT),
            }
            for one in check
        ],
        "seconds": made.check_seconds,
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
