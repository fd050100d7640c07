"""Models calibrated to chains as a use case: what is fitted to which quotes, and the record of it.

One model for all expiries that are asked for, SABR for each expiry by itself. A record holds where the quotes came
from, when, what was found and the whole report (`calibration_history` keeps it). American quotes are read without
early exercise (`volatility.american_quotes`), and the record says so. Refuses a chain without usable quotes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from optionix_core.errors import MissingDataError, UnknownNameError
from optionix_core.services.chains_json import utc_text
from optionix_core.services.price_requests import request_id
from optionix_core.volatility.american_quotes import without_early_exercise
from optionix_core.volatility.calibration import document as documents
from optionix_core.volatility.calibration.engine import MODELS, CalibrationEngine
from optionix_core.volatility.calibration.quotes import of_slices
from optionix_core.volatility.solve import solve
from optionix_core.volatility.surface.quotes import Skipped, SliceQuotes, of_chain, repeated_strike

if TYPE_CHECKING:
    from optionix_core.market.chain import ChainSlice, OptionChain
    from optionix_core.volatility.calibration.result import CalibrationResult

SCHEMA_VERSION: Final = 1
WEIGHTS: Final = ("spread", "equal")
"""What a squared error of volatility counts: the inverse square of the quote's spread, or the same for all."""


class Asked(NamedTuple):
    """What is to be calibrated."""

    model: str
    expiries: tuple[date, ...] = ()
    """All of the chain where none is named."""
    root: str | None = None
    weights: str = "spread"
    starts: int | None = None
    """Descents; what the engine does by itself where None."""
    beta: float = 1.0
    """SABR's."""
    rate: float | None = None
    """For expiries whose quotes cannot tell one."""


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """One model and the expiries that it was fitted to."""

    slices: tuple[SliceQuotes, ...]
    result: CalibrationResult


@dataclass(frozen=True, slots=True, eq=False)
class CalibratedChain:
    """A chain's models."""

    asked: Asked
    underlying: str
    as_of: datetime
    source: str
    """What the chain says of where it is from."""
    fits: tuple[Fit, ...]
    skipped: tuple[Skipped, ...]
    """Expiries that had too few usable quotes, among those asked for."""
    american: bool
    """Whether early exercise was taken out of some of the quotes."""


def is_prepared(model: str) -> bool:
    """Whether the kernels that a calibration needs are compiled."""
    from optionix_core.pricing._fourier_kernels import KERNELS
    from optionix_core.services.warm import FIRST, is_warm

    return is_warm(FIRST) and (model == "sabr" or KERNELS.is_cached("variance_weights"))


def calibrate(
    chain: OptionChain,
    asked: Asked,
    *,
    progress: Callable[[int, int], None] | None = None,
    cancel: Callable[[], bool] | None = None,
) -> CalibratedChain:
    """Fit what is asked for to the judged quotes of a chain.

    Raises UnknownNameError for another model or weight, MissingDataError where no expiry asked for has enough usable
    quotes or American options have no spot, InvalidValueError where all quotes are fewer than the model's parameters,
    InterruptedByUserError where cancelled.
    """
    if asked.model not in MODELS:
        raise UnknownNameError("model to calibrate", asked.model, MODELS)
    if asked.weights not in WEIGHTS:
        raise UnknownNameError("weight of quotes", asked.weights, WEIGHTS)
    engine = CalibrationEngine() if asked.starts is None else CalibrationEngine(asked.starts)
    chosen, skipped, american = _quotes(chain, asked)
    groups = tuple((item,) for item in chosen) if asked.model == "sabr" else (chosen,)
    fits = []
    for place, group in enumerate(groups):

        def tell(done: int, total: int, place: int = place) -> None:
            if progress is not None:
                progress(place * total + done, len(groups) * total)

        quotes = of_slices(group, equal=asked.weights == "equal")
        fits.append(Fit(group, engine.fit(asked.model, quotes, asked.beta, progress=tell, cancel=cancel)))
    return CalibratedChain(asked, chain.underlying, chain.as_of, chain.source, tuple(fits), skipped, american=american)


def document(now: datetime, found: CalibratedChain) -> dict[str, Any]:
    """The record: plain JSON values in natural units; each `calibration` is `volatility.calibration.document`'s."""
    return {
        "schema_version": SCHEMA_VERSION,
        "id": request_id(now),
        "time": now.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "model": found.asked.model,
        "underlying": found.underlying,
        "as_of": utc_text(found.as_of),
        "source": found.source,
        "weights": found.asked.weights,
        "american": found.american,
        "fits": [{"expiries": _expiries(fit), "calibration": documents.to_json(fit.result)} for fit in found.fits],
        "skipped": [
            {"root": one.root, "expiry": one.expiry.isoformat(), "reason": one.reason} for one in found.skipped
        ],
    }


def results(record: Mapping[str, Any]) -> tuple[CalibrationResult, ...]:
    """The calibrations of a record, models and all. MalformedFileError where one cannot be read."""
    return tuple(documents.from_json(fit["calibration"], str(record["id"])) for fit in record["fits"])


def _quotes(chain: OptionChain, asked: Asked) -> tuple[tuple[SliceQuotes, ...], tuple[Skipped, ...], bool]:
    """The expiries asked for, those of them left out, and whether any is American; the whole chain tells the rates."""
    if not any(_is_asked(item, asked) for item in chain.slices):
        listed = ", ".join(f"{item.root} {item.expiry}" for item in chain.slices)
        raise MissingDataError(f"{chain.underlying} has no such expiry to calibrate to (listed: {listed})")
    judged = [(item, repeated_strike(item)) for item in chain.slices]
    whole = replace(chain, slices=tuple(item for item, reason in judged if reason is None))
    solved = solve(whole, asked.rate, greeks=False)
    solved = replace(solved, slices=tuple(item for item in solved.slices if _is_asked(item.source, asked)))
    american = any(item.source.exercise == "american" for item in solved.slices)
    chosen, unusable = of_chain(without_early_exercise(solved) if american else solved)
    skipped = (*(reason for item, reason in judged if reason is not None and _is_asked(item, asked)), *unusable)
    if not chosen:
        reasons = "; ".join(f"{one.root} {one.expiry}: {one.reason}" for one in skipped)
        raise MissingDataError(f"{chain.underlying} has no usable expiry to calibrate to ({reasons})")
    return chosen, skipped, american


def _is_asked(item: ChainSlice, asked: Asked) -> bool:
    named = not asked.expiries or item.expiry in asked.expiries
    return named and (asked.root is None or item.root == asked.root.upper())


def _expiries(fit: Fit) -> list[dict[str, Any]]:
    """Each with the error of its own quotes."""
    counts: Sequence[int] = [item.count for item in fit.slices]
    errors = np.split(fit.result.quotes.error, np.cumsum(counts)[:-1])
    return [
        {
            "root": item.root,
            "expiry": item.expiry.isoformat(),
            "years": item.years,
            "forward": item.forward,
            "discount_factor": item.discount_factor,
            "quotes": item.count,
            "rmse_volatility": float(np.sqrt(np.mean(error**2))),
        }
        for item, error in zip(fit.slices, errors, strict=True)
    ]
