"""Moves of risk factors by date, and what is missing of them.

A history that lacks a date is refused with the factor's and the dates' names; a stand-in is used only where it is asked
for, and is then told. Refuses to fill by zero, by the last value or by interpolation: those understate risk.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import InvalidValueError, MissingDataError, UnknownNameError
from optionix_core.risk._tails import FloatArray

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_NAMED = 5
"""Missing dates that a message names; more are counted."""
_LEAST_COMMON = 30
"""Common days that a regression needs."""


@dataclass(frozen=True, slots=True, eq=False)
class FactorHistory:
    """Moves of factors on common dates; nan where a factor has none."""

    factors: tuple[str, ...]
    dates: tuple[date, ...]
    """Increasing; the day at whose end a move was complete."""
    moves: FloatArray
    """Each in the factor's own unit, [factors, dates]."""
    notes: tuple[str, ...] = ()
    """Which moves are stand-ins."""

    def row(self, factor: str) -> FloatArray:
        """Moves of one factor, [dates]. Raises UnknownNameError for one that is not there."""
        if factor not in self.factors:
            raise UnknownNameError("risk factor", factor, self.factors)
        return np.asarray(self.moves[self.factors.index(factor)])


@dataclass(frozen=True, slots=True)
class Proxy:
    """A factor that stands in where another has no move."""

    factor: str
    beta: float | None = None
    """Moves of the stand-in are multiplied by it; None: by regression through zero on the days that both have."""


def align(series: Mapping[str, tuple[tuple[date, ...], ArrayLike]]) -> FactorHistory:
    """One history of all dates that any factor has; `series` gives each factor's dates, increasing, and moves.

    Raises MissingDataError without factors or dates and InvalidValueError, naming the factor, for dates that do not
    increase, moves that are not finite and lengths that differ.
    """
    if not series:
        raise MissingDataError("no history: there is no risk factor")
    days = sorted({day for dates, _ in series.values() for day in dates})
    if not days:
        raise MissingDataError(f"no history: none of {len(series)} risk factors has a date")
    places = {day: place for place, day in enumerate(days)}
    moves = np.full((len(series), len(days)), np.nan)
    for row, (name, (dates, values)) in enumerate(series.items()):
        array = np.asarray(values, np.float64)
        if array.shape != (len(dates),):
            raise InvalidValueError(f"moves of {name}", f"shape {array.shape}", f"[{len(dates)}], as its dates")
        if any(later <= earlier for earlier, later in itertools.pairwise(dates)):
            raise InvalidValueError(f"dates of {name}", "out of order or twice", "increasing")
        if not np.isfinite(array).all():
            bad = int(np.flatnonzero(~np.isfinite(array))[0])
            raise InvalidValueError(f"moves of {name}", array[bad], f"finite: leave {dates[bad]} out instead")
        moves[row, [places[day] for day in dates]] = array
    return FactorHistory(tuple(series), tuple(days), moves)


def missing(history: FactorHistory) -> dict[str, tuple[date, ...]]:
    """Dates that each factor lacks, those without any left out."""
    gaps = np.isnan(history.moves)
    return {
        name: tuple(history.dates[place] for place in np.flatnonzero(gaps[row]))
        for row, name in enumerate(history.factors)
        if gaps[row].any()
    }


def complete(history: FactorHistory) -> FloatArray:
    """Moves of a history that lacks nothing, [factors, dates].

    Raises MissingDataError that names every factor with a gap and its dates.
    """
    gaps = missing(history)
    if gaps:
        raise MissingDataError("; ".join(_gap_text(name, days, len(history.dates)) for name, days in gaps.items()))
    return history.moves


def with_proxies(history: FactorHistory, proxies: Mapping[str, Proxy]) -> FactorHistory:
    """`history` with the gaps of the factors named filled by their stand-ins, each told in `notes`.

    Raises UnknownNameError for factors that are not there and MissingDataError where the stand-in lacks a date as well,
    or where both have fewer than `_LEAST_COMMON` days in common to regress on.
    """
    moves = history.moves.copy()
    notes = list(history.notes)
    for name, proxy in proxies.items():
        own, other = history.row(name), history.row(proxy.factor)
        gaps = np.isnan(own)
        if not gaps.any():
            continue
        absent = np.flatnonzero(gaps & np.isnan(other))
        if absent.size:
            days = tuple(history.dates[place] for place in absent)
            raise MissingDataError(f"stand-in for {name}: {_gap_text(proxy.factor, days, len(history.dates))}")
        beta = proxy.beta if proxy.beta is not None else _regression(name, proxy.factor, own, other)
        moves[history.factors.index(name), gaps] = beta * other[gaps]
        notes.append(
            f"{name}: {int(gaps.sum())} of {len(history.dates)} moves are {beta:.6g} times those of {proxy.factor}"
        )
    return replace(history, moves=moves, notes=tuple(notes))


def _regression(name: str, stand_in: str, own: FloatArray, other: FloatArray) -> float:
    both = ~np.isnan(own) & ~np.isnan(other)
    count = int(both.sum())
    if count < _LEAST_COMMON:
        raise MissingDataError(
            f"{name} and {stand_in} have {count} days in common where a regression needs {_LEAST_COMMON}: give beta"
        )
    spread = float(other[both] @ other[both])
    if spread == 0.0:
        raise MissingDataError(f"{stand_in} did not move on the {count} days in common with {name}")
    return float(own[both] @ other[both]) / spread


def _gap_text(name: str, days: tuple[date, ...], whole: int) -> str:
    if len(days) == whole:
        return f"{name} has no history on any of {whole} dates"
    shown = ", ".join(day.isoformat() for day in days[:_NAMED])
    more = f" and {len(days) - _NAMED} more" if len(days) > _NAMED else ""
    return f"{name} lacks {len(days)} of {whole} dates: {shown}{more}"
