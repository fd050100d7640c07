"""What is wrong with the quotes of a chain, with the surface fitted to them, and where the two disagree.

Three questions that are easily taken for one another. Quotes net of bid and ask either allow a sure profit or not,
whatever any model says. A fit has arbitrage of its own or not, whatever the quotes do. And a quote that lies beyond the
fit by more than its spread is rich or cheap as far as the model is right; that is an opinion, and options whose delta
is too small to say anything are left out of it. A surface without quotes is asked the second question alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from optionix_core.errors import InvalidValueError
from optionix_core.services.chains_json import utc_text
from optionix_core.volatility.arbitrage import check_chain
from optionix_core.volatility.boxes import boxes
from optionix_core.volatility.surface.mispricing import mispricings
from optionix_core.volatility.surface.quotes import SMALLEST_DELTA

if TYPE_CHECKING:
    from collections.abc import Sequence

    from optionix_core.services.surfaces import FittedSurface
    from optionix_core.volatility.arbitrage import Violation
    from optionix_core.volatility.boxes import Box
    from optionix_core.volatility.smile_arbitrage import SmilePoint
    from optionix_core.volatility.surface.mispricing import Mispricing
    from optionix_core.volatility.surface.surface import VolatilitySurface

SCHEMA_VERSION = 1
TOLERANCE = 0.005
"""Smallest amount by which a quote is called rich or cheap, in the unit of the quotes."""


@dataclass(frozen=True, slots=True)
class FitViolation:
    """Arbitrage in one smile (butterfly), or between it and the expiry before (calendar)."""

    kind: Literal["butterfly", "calendar"]
    root: str
    expiry: date
    points: int
    """Points of the grid that show it."""
    log_moneyness: float
    """Where it is worst."""
    severity: float
    """There, in undiscounted price."""


@dataclass(frozen=True, slots=True)
class SurfaceCheck:
    """The answers; what was not asked for want of quotes is None."""

    violations: tuple[Violation, ...] | None
    """Of the quotes, net of bid and ask, the worst first."""
    boxes: tuple[Box, ...] | None
    mispricings: tuple[Mispricing, ...] | None
    """The largest amount first."""
    fit: tuple[FitViolation, ...]
    """The worst first."""
    minimum_g: float
    """Least value of Durrleman's function on the grid; negative where there is a butterfly."""
    points: int
    """Points of the grid."""

    @property
    def quote_count(self) -> int | None:
        """Sure profits in the quotes."""
        return None if self.violations is None else len(self.violations) + len(self.boxes or ())


def check(
    found: FittedSurface, *, smallest_delta: float = SMALLEST_DELTA, tolerance: float = TOLERANCE
) -> SurfaceCheck:
    """Ask all three questions.

    `smallest_delta` (in size, of the forward, at the surface's volatility) and `tolerance` bound what is called rich or
    cheap. Raises InvalidValueError for bounds that are negative, or a delta of half or more.
    """
    if not 0.0 <= smallest_delta < 0.5:
        raise InvalidValueError("smallest_delta", smallest_delta, "zero or more and below 0.5")
    if not tolerance >= 0.0:
        raise InvalidValueError("tolerance", tolerance, "zero or more")
    surface, solved = found.surface, found.solved
    report = surface.arbitrage()
    of_fit = [*_grouped(surface, "butterfly", report.butterflies), *_grouped(surface, "calendar", report.calendars)]
    return SurfaceCheck(
        violations=None if solved is None else check_chain(solved),
        boxes=None if solved is None else boxes(solved.slices),
        mispricings=None if solved is None else mispricings(surface, solved, tolerance, smallest_delta=smallest_delta),
        fit=tuple(sorted(of_fit, key=lambda one: (-one.severity, one.expiry, one.root))),
        minimum_g=report.minimum_g,
        points=report.points,
    )


def _grouped(
    surface: VolatilitySurface, kind: Literal["butterfly", "calendar"], found: Sequence[SmilePoint]
) -> list[FitViolation]:
    """One for each expiry, of the points that show it; they come the worst first."""
    groups: dict[float, list[SmilePoint]] = {}
    for point in found:
        groups.setdefault(point.expiry, []).append(point)
    return [
        FitViolation(kind, item.root, item.expiry, len(group), group[0].log_moneyness, group[0].severity)
        for item in surface.slices
        if (group := groups.get(item.years))
    ]


def to_json(found: FittedSurface, answers: SurfaceCheck) -> dict[str, Any]:
    """The answers as plain values, natural units; a question that was not asked is null."""
    surface = found.surface
    quotes = None
    if answers.violations is not None and answers.boxes is not None:
        quotes = [quote_record(one) for one in answers.violations] + [box_record(one) for one in answers.boxes]
    cheap = answers.mispricings
    return {
        "schema_version": SCHEMA_VERSION,
        "underlying": surface.underlying,
        "as_of": utc_text(surface.as_of),
        "model": surface.model,
        "quotes": quotes,
        "fit": {
            "minimum_g": answers.minimum_g,
            "points": answers.points,
            "violations": [fit_record(one) for one in answers.fit],
        },
        "mispricings": None if cheap is None else [mispricing_record(one) for one in cheap],
    }


def quote_record(one: Violation) -> dict[str, Any]:
    """A sure profit in quotes."""
    return {
        "kind": one.kind.value,
        "expiry": one.expiry.isoformat(),
        "root": one.root,
        "type": one.option_type,
        "strike": one.strike,
        "legs": list(one.legs),
        "severity": one.severity,
    }


def box_record(one: Box) -> dict[str, Any]:
    """A box, with the fields of any other sure profit."""
    return {
        "kind": "box",
        "expiry": one.expiry.isoformat(),
        "root": one.root,
        "type": None,
        "strike": one.strike,
        "legs": [one.other],
        "severity": one.severity,
    }


def fit_record(one: FitViolation) -> dict[str, Any]:
    """Arbitrage in a smile."""
    return {
        "kind": one.kind,
        "expiry": one.expiry.isoformat(),
        "root": one.root,
        "points": one.points,
        "log_moneyness": one.log_moneyness,
        "severity": one.severity,
    }


def mispricing_record(one: Mispricing) -> dict[str, Any]:
    """A quote beyond the fit."""
    return {
        "kind": one.kind,
        "expiry": one.expiry.isoformat(),
        "root": one.root,
        "type": one.option_type,
        "strike": one.strike,
        "bid": one.bid,
        "ask": one.ask,
        "fair": one.fair,
        "amount": one.amount,
        "delta": one.delta,
    }
