"""Discrete dividends, as pricing functions take them.

Two kinds, told apart by their type and never by their size: `CashDividends`, amounts in the underlying's currency, and
`ProportionalDividends`, fractions of the spot at the moment of payment. A plain pair (times, amounts) means cash. One
schedule is shared by all rows of a call; payments after a row's expiry do not touch that row.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from optionix_core.errors import InvalidValueError


@dataclass(frozen=True, slots=True)
class CashDividends:
    """Known amounts at known times. The escrowed-dividend method prices them: spot less their present value."""

    times: Sequence[float]
    """Years from now, positive."""
    amounts: Sequence[float]
    """Per share, in the underlying's currency, zero or more."""


@dataclass(frozen=True, slots=True)
class ProportionalDividends:
    """Known fractions of the spot at known times; exact under Black-Scholes."""

    times: Sequence[float]
    """Years from now, positive."""
    fractions: Sequence[float]
    """At least zero and below one."""


Dividends = CashDividends | ProportionalDividends | tuple[Sequence[float], Sequence[float]]


@dataclass(frozen=True, slots=True)
class DividendSchedule:
    """A checked schedule in the form that the formulas take."""

    times: tuple[float, ...]
    amounts: tuple[float, ...]
    proportional: int
    """1 where amounts are fractions, else 0."""


NO_DIVIDENDS = DividendSchedule((), (), 0)


def schedule(dividends: Dividends | None) -> DividendSchedule:
    """Check and normalise. Raises InvalidValueError naming the field, the value and its place in the schedule."""
    if dividends is None:
        return NO_DIVIDENDS
    if isinstance(dividends, ProportionalDividends):
        times, amounts, proportional = dividends.times, dividends.fractions, 1
    elif isinstance(dividends, CashDividends):
        times, amounts, proportional = dividends.times, dividends.amounts, 0
    else:
        times, amounts = _pair(dividends)
        proportional = 0
    when = _floats("dividends.times", times)
    what = _floats("dividends.amounts", amounts)
    if len(when) != len(what):
        raise InvalidValueError("dividends", f"{len(when)} times, {len(what)} amounts", "as many times as amounts")
    for row, time in enumerate(when):
        if not 0.0 < time < math.inf:
            raise InvalidValueError("dividends.times", time, "positive and finite", row)
    for row, amount in enumerate(what):
        if proportional and not 0.0 <= amount < 1.0:
            raise InvalidValueError("dividends.fractions", amount, "at least 0 and below 1", row)
        if not 0.0 <= amount < math.inf:
            raise InvalidValueError("dividends.amounts", amount, "zero or more and finite", row)
    return DividendSchedule(when, what, proportional)


def _pair(dividends: object) -> tuple[Sequence[float], Sequence[float]]:
    if not isinstance(dividends, tuple) or len(dividends) != 2:
        raise InvalidValueError("dividends", repr(dividends), "a pair (times, amounts)")
    return dividends


def _floats(field: str, values: Iterable[float]) -> tuple[float, ...]:
    try:
        return tuple(float(value) for value in values)
    except (TypeError, ValueError) as error:
        raise InvalidValueError(field, repr(values), "a sequence of numbers") from error
