"""Strategies out of a chain: listed strikes chosen by name, by width or by delta, and the quotes of the legs.

Strikes that are told or that a width leads to must be listed: the nearest is never taken in their place. A delta takes
the listed strike whose option comes nearest to it among the quotes that have one. Refuses options priced in coin,
whose payoff is not linear in the underlying.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from optionix_core.errors import DomainError, InvalidValueError, MissingDataError, UsageError
from optionix_core.portfolio.exact import decimal_of_float, decimal_text
from optionix_core.portfolio.strategies.building import build, check_strikes
from optionix_core.portfolio.strategies.catalogue import Shape, shape
from optionix_core.portfolio.strategies.model import LegTerms
from optionix_core.portfolio.strategies.prices import LegQuote

if TYPE_CHECKING:
    from optionix_core.portfolio.strategies.values import Leg, Strategy
    from optionix_core.volatility.solved import SolvedChain, SolvedColumns, SolvedSlice

_SHOWN = 5


class Choice(NamedTuple):
    """How the strikes are chosen: one of the three."""

    strikes: tuple[Decimal, ...] = ()
    width: Decimal | None = None
    """Distance in price between neighbouring strikes, laid around the listed strike nearest the forward."""
    deltas: tuple[float, ...] = ()
    """Sizes of delta along the strikes, in (0, 1); one alone stands for every strike."""


@dataclass(frozen=True, slots=True)
class Selected:
    """A strategy of listed instruments."""

    strategy: Strategy
    """Unpriced; each option with its symbol."""
    quotes: tuple[LegQuote, ...]
    """Along the legs. Stock has none here."""
    years: tuple[float | None, ...]
    """To settlement along the legs; None for stock."""
    terms: tuple[LegTerms | None, ...]
    """Forward, discount factor and the mid's volatility along the legs; None for stock and where one is unknown."""


def select(
    name: str,
    solved: SolvedChain,
    expiries: Sequence[date],
    choice: Choice,
    *,
    units: Decimal = Decimal(1),
    ratio: tuple[int, int] | None = None,
    option_type: str | None = None,
    short: bool = False,
    root: str | None = None,
) -> Selected:
    """The strategy `name` with listed strikes of a chain. Arguments as in `building.build`.

    Raises UnknownNameError for an expiry that is not listed, InvalidValueError for strikes that are not, DomainError
    where a choice leads to no such strategy, MissingDataError where the quotes cannot tell deltas or a forward.
    """
    found = shape(name, option_type, short=short)
    if len(expiries) != found.expiries:
        raise InvalidValueError("expiries", len(expiries), f"{found.expiries} for {found.name}")
    parts = [solved.slice(day, root) for day in expiries]
    if any(part.source.inverse for part in parts):
        raise DomainError("options priced in coin have no payoff that is linear in the underlying")
    multipliers = {part.source.multiplier for part in parts}
    if len(multipliers) > 1:
        raise DomainError("the expiries have contracts of different sizes")
    if not parts:
        raise UsageError(f"{found.name} has no options to choose from a chain")
    strikes = _strikes(found, parts, choice)
    built = build(
        found.name,
        strikes,
        tuple(expiries),
        multiplier=decimal_of_float(multipliers.pop(), "multiplier"),
        units=units,
        ratio=ratio,
        root=root,
    )
    return listed(built, solved)


def _strikes(found: Shape, parts: Sequence[SolvedSlice], choice: Choice) -> tuple[Decimal, ...]:
    given = (bool(choice.strikes), choice.width is not None, bool(choice.deltas))
    if sum(given) != 1:
        raise UsageError("choose strikes by one of: strikes, width, delta")
    if choice.strikes:
        chosen = choice.strikes
    elif choice.width is not None:
        chosen = _by_width(found, parts[0], choice.width)
    else:
        chosen = _by_delta(found, parts, choice.deltas)
    check_strikes(found, chosen)
    for slot in found.slots:
        if slot.type != "stock":
            _place(parts[slot.expiry], chosen[slot.strike])
    return chosen


def _by_width(found: Shape, part: SolvedSlice, width: Decimal) -> tuple[Decimal, ...]:
    if not width.is_finite() or width <= 0:
        raise InvalidValueError("width", width, "positive")
    if part.forward is None:
        raise MissingDataError(f"{part.source.root} {part.source.expiry} has no forward to lay strikes around")
    strikes = part.source.strikes
    centre = decimal_of_float(float(strikes[np.argmin(np.abs(strikes - part.forward))]), "strike")
    return tuple(centre + width * offset for offset in found.offsets)


def _by_delta(found: Shape, parts: Sequence[SolvedSlice], deltas: tuple[float, ...]) -> tuple[Decimal, ...]:
    for delta in deltas:
        if not 0.0 < delta < 1.0:
            raise InvalidValueError("delta", delta, "in (0, 1)")
    if len(deltas) not in (1, found.strikes):
        raise InvalidValueError("delta", len(deltas), f"one, or {found.strikes} along the strikes of {found.name}")
    wanted = deltas * found.strikes if len(deltas) == 1 else deltas
    chosen = []
    for index, delta in enumerate(wanted):
        slot = next(one for one in found.slots if one.strike == index)
        part = parts[slot.expiry]
        known = _side(part, slot.type).delta
        if not np.isfinite(known).any():
            raise MissingDataError(f"{part.source.root} {part.source.expiry} has no {slot.type} with a delta")
        place = int(np.nanargmin(np.abs(np.abs(known) - delta)))
        chosen.append(decimal_of_float(float(part.source.strikes[place]), "strike"))
    return tuple(chosen)


def listed(strategy: Strategy, solved: SolvedChain) -> Selected:
    """A strategy's instruments found in a chain, with symbols, quotes and terms.

    Raises UnknownNameError for an expiry, InvalidValueError for a strike that is not listed and for options without an
    expiry.
    """
    found = [_leg(leg, solved) for leg in strategy.legs]
    legs, quotes, years, terms = zip(*found, strict=True)
    return Selected(replace(strategy, legs=legs), quotes, years, terms)


def _leg(leg: Leg, solved: SolvedChain) -> tuple[Leg, LegQuote, float | None, LegTerms | None]:
    if leg.strike is None:
        return leg, LegQuote(None, None), None, None
    if leg.expiry is None:
        raise InvalidValueError("expiry", f"none for {leg.label}", "told for each option")
    part = solved.slice(leg.expiry, leg.root)
    place = _place(part, leg.strike)
    columns = part.source.call if leg.type == "call" else part.source.put
    symbol = columns.symbols[place]
    if symbol is None:
        raise InvalidValueError("strike", decimal_text(leg.strike), f"that of a listed {leg.type}")
    volatility = float(_side(part, leg.type).iv[place])
    terms = None
    if part.forward is not None and part.discount_factor is not None and math.isfinite(volatility):
        terms = LegTerms(part.years, part.forward, part.discount_factor, volatility)
    quote = LegQuote(_quoted(columns.bid[place]), _quoted(columns.ask[place]))
    return replace(leg, symbol=symbol, root=part.source.root), quote, part.years, terms


def _place(part: SolvedSlice, strike: Decimal) -> int:
    """Where a strike is listed; InvalidValueError names the nearest ones."""
    listed = [decimal_of_float(one, "strike") for one in part.source.strikes.tolist()]
    if strike in listed:
        return listed.index(strike)
    near = sorted(sorted(listed, key=lambda one: abs(one - strike))[:_SHOWN])
    told = ", ".join(decimal_text(one) for one in near)
    raise InvalidValueError(
        "strike", decimal_text(strike), f"listed for {part.source.root} {part.source.expiry}; near it are {told}"
    )


def _side(part: SolvedSlice, option_type: str) -> SolvedColumns:
    return part.call if option_type == "call" else part.put


def _quoted(price: float) -> Decimal | None:
    """A side of a quote; nobody bids where the bid is absent or zero."""
    return decimal_of_float(float(price), "price") if math.isfinite(price) and price > 0.0 else None
