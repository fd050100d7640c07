"""Static arbitrage in quotes: what could be locked in now by selling at bids and buying at asks.

A mid proves nothing: every violation here is net of the spread, and its `severity` is the sure profit for one
unit of the short (or middle) option, in the unit of the quotes, before fees and interest on it. Four
relations are tested (Carr & Madan, "A note on sufficient conditions for no arbitrage", Finance Research Letters
2, 2005):

- vertical: a call is worth no less than the call of a higher strike, and no more than it by D (K2 - K1);
- butterfly: prices are convex in strike; any two wings may be used, not only the neighbours;
- calendar: a call of the next expiry at the same moneyness K / F is worth at least as much per unit of D F. It is
  replicated by its two neighbours in strike, and supposes that F2 / F1 is as the forwards say;
- parity: call - put = D (F - K), with the slice's own forward, so it finds quotes that disagree with the others.

American options are tested for vertical (with D = 1, since both may be exercised at once) and butterfly only.
Inverse options have no bound from above on a vertical, since the cash between two strikes is not a fixed number of
coins; their other relations hold in coins as they do in cash. A rejected quote takes part in nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from optionix_core.market.option_type import OptionType, OptionTypeName

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.volatility.solved import SolvedChain, SolvedSlice

    FloatArray = NDArray[np.float64]


class ViolationKind(StrEnum):
    """The relation that quotes break."""

    VERTICAL = "vertical"
    BUTTERFLY = "butterfly"
    CALENDAR = "calendar"
    PARITY = "parity"


@dataclass(frozen=True, slots=True)
class Violation:
    """One relation broken by quotes net of bid and ask."""

    kind: ViolationKind
    root: str
    expiry: date
    option_type: OptionTypeName | None
    """Side of the quotes; None for parity, which uses both."""
    strike: float
    """Of the option that is sold too dear (vertical, butterfly, calendar), or of the pair (parity)."""
    legs: tuple[float, ...]
    """Strikes of the other options used, ascending."""
    severity: float
    """Sure profit per unit of the option at `strike`, in the unit of the quotes."""


class _Side(NamedTuple):
    """Accepted quotes of one side in ascending strikes."""

    option_type: OptionType
    strike: FloatArray
    bid: FloatArray
    ask: FloatArray


def check_slice(item: SolvedSlice, tolerance: float = 1e-9) -> tuple[Violation, ...]:
    """Vertical, butterfly and parity violations inside one expiry, worst first.

    Only profits of more than `tolerance` (unit of the quotes) count.
    """
    if item.forward is None or item.discount_factor is None:
        return ()
    found: list[Violation] = []
    american = item.source.exercise == "american"
    for side in (_accepted(item, OptionType.CALL), _accepted(item, OptionType.PUT)):
        found += _verticals(item, side, 1.0 if american else item.discount_factor, tolerance)
        found += _butterflies(item, side, tolerance)
    if not american:
        found += _parity(item, item.forward, item.discount_factor, tolerance)
    return _worst_first(found)


def check_chain(solved: SolvedChain, tolerance: float = 1e-9) -> tuple[Violation, ...]:
    """All violations of a chain, calendar spreads between neighbouring expiries among them, worst first."""
    found = [one for item in solved.slices for one in check_slice(item, tolerance)]
    usable = sorted((item for item in solved.slices if item.forward is not None), key=lambda item: item.years)
    for near, far in pairwise(usable):
        if far.years > near.years and "american" not in (near.source.exercise, far.source.exercise):
            for option_type in OptionType:
                found += _calendars(near, far, option_type, tolerance)
    return _worst_first(found)


def _accepted(item: SolvedSlice, option_type: OptionType) -> _Side:
    call = option_type is OptionType.CALL
    quotes, solved = (item.source.call, item.call) if call else (item.source.put, item.put)
    keep = solved.usable
    return _Side(option_type, item.source.strikes[keep], quotes.bid[keep], quotes.ask[keep])


def _violation(
    kind: ViolationKind,
    item: SolvedSlice,
    option_type: OptionType | None,
    strike: float,
    legs: Sequence[float],
    severity: float,
) -> Violation:
    side = None if option_type is None else option_type.label
    legs = tuple(sorted(float(leg) for leg in legs))
    return Violation(kind, item.source.root, item.source.expiry, side, float(strike), legs, float(severity))


def _verticals(item: SolvedSlice, side: _Side, discount: float, tolerance: float) -> list[Violation]:
    """Sell at `strike`, buy the cheapest option that is worth at least as much, or as much less cash."""
    strike, bid, ask = side.strike, side.bid, side.ask
    if strike.size < 2:
        return []
    # In `richer` order each option is worth no less than those after it, and no more by the cash between the strikes.
    order = np.arange(strike.size) if side.option_type is OptionType.CALL else np.arange(strike.size)[::-1]
    strike, bid, ask = strike[order], bid[order], ask[order]
    cash = discount * np.abs(strike - strike[0])
    found: list[Violation] = []
    dominating, dominating_ask = _running_minimum(ask)
    capped, capped_ask = (column[::-1] for column in _running_minimum((ask + cash)[::-1]))
    profit = bid[1:] - dominating_ask[:-1]
    for place in np.flatnonzero(profit > tolerance).tolist():
        leg = strike[dominating[place]]
        found.append(
            _violation(ViolationKind.VERTICAL, item, side.option_type, strike[place + 1], (leg,), profit[place])
        )
    if item.source.inverse:
        return found
    excess = (bid + cash)[:-1] - capped_ask[1:]
    for place in np.flatnonzero(excess > tolerance).tolist():
        leg = strike[strike.size - 1 - capped[place + 1]]
        found.append(_violation(ViolationKind.VERTICAL, item, side.option_type, strike[place], (leg,), excess[place]))
    return found


def _running_minimum(values: FloatArray) -> tuple[NDArray[np.intp], FloatArray]:
    """Position and value of the least of the values up to each place."""
    least = np.minimum.accumulate(values)
    fresh = np.concatenate([[True], least[1:] < least[:-1]])
    return np.maximum.accumulate(np.where(fresh, np.arange(values.size), 0)), least


def _butterflies(item: SolvedSlice, side: _Side, tolerance: float) -> list[Violation]:
    """Sell the body at its bid, buy wings at their asks in the proportion that leaves no loss at any price.

    The body at K is too dear if some chord between asks passes below its bid: if the steepest rise from an ask on
    the left up to the bid exceeds the least rise from the bid to an ask on the right.
    """
    strike, bid, ask = side.strike, side.bid, side.ask
    if strike.size < 3:
        return []
    run = strike[None, :] - strike[:, None]
    below = run < 0.0
    above = run > 0.0
    np.fill_diagonal(run, 1.0)
    rise = (ask[None, :] - bid[:, None]) / run
    steepest = np.max(np.where(below, rise, -np.inf), axis=1)
    least = np.min(np.where(above, rise, np.inf), axis=1)
    found = []
    for body in np.flatnonzero(steepest > least).tolist():
        left, right = np.arange(body), np.arange(body + 1, strike.size)
        share = (strike[right][None, :] - strike[body]) / (strike[right][None, :] - strike[left][:, None])
        profit = bid[body] - share * ask[left][:, None] - (1.0 - share) * ask[right][None, :]
        best = np.unravel_index(int(np.argmax(profit)), profit.shape)
        if profit[best] > tolerance:
            legs = (strike[left[best[0]]], strike[right[best[1]]])
            found.append(_violation(ViolationKind.BUTTERFLY, item, side.option_type, strike[body], legs, profit[best]))
    return found


def _parity(item: SolvedSlice, forward: float, discount: float, tolerance: float) -> list[Violation]:
    """Conversion (sell the call, buy the put) and reversal against the slice's forward."""
    call, put = item.source.call, item.source.put
    both = np.flatnonzero(item.call.usable & item.put.usable)
    strike = item.source.strikes[both]
    value = discount * (forward - strike) / (forward if item.source.inverse else 1.0)
    conversion = call.bid[both] - put.ask[both] - value
    reversal = value - (call.ask[both] - put.bid[both])
    profit = np.maximum(conversion, reversal)
    return [
        _violation(ViolationKind.PARITY, item, None, strike[place], (), profit[place])
        for place in np.flatnonzero(profit > tolerance).tolist()
    ]


def _calendars(near: SolvedSlice, far: SolvedSlice, option_type: OptionType, tolerance: float) -> list[Violation]:
    """Sell the near option, buy the far one at the same moneyness out of its two neighbours in strike."""
    first, second = _accepted(near, option_type), _accepted(far, option_type)
    if not (first.strike.size and second.strike.size):
        return []
    if near.forward is None or near.discount_factor is None or far.forward is None or far.discount_factor is None:
        return []
    near_unit = near.discount_factor * (1.0 if near.source.inverse else near.forward)
    far_unit = far.discount_factor * (1.0 if far.source.inverse else far.forward)
    wanted = first.strike * (far.forward / near.forward)
    inside = (wanted >= second.strike[0]) & (wanted <= second.strike[-1])
    cost = np.interp(wanted, second.strike, second.ask) / far_unit
    profit = np.where(inside, first.bid / near_unit - cost, -np.inf) * near_unit
    found = []
    for place in np.flatnonzero(profit > tolerance).tolist():
        right = int(np.searchsorted(second.strike, wanted[place]))
        legs = second.strike[max(right - 1, 0) : right + 1]
        found.append(
            _violation(
                ViolationKind.CALENDAR, near, option_type, first.strike[place], tuple(legs.tolist()), profit[place]
            )
        )
    return found


def _worst_first(found: Sequence[Violation]) -> tuple[Violation, ...]:
    return tuple(sorted(found, key=lambda one: (-one.severity, one.expiry, one.root, one.strike)))
