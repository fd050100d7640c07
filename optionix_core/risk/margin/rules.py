"""Rates of strategy based margin, and what one position needs on its own.

Sources: Regulation T, 12 CFR 220.12 (initial margin of stock: 50% long, 150% short, the proceeds among them); FINRA
Rule 4210(c) (maintenance: 25% long; short 30% and at least $5.00 a share, below $5.00 all and at least $2.50);
4210(f)(2)(D) (long options in full, 75% of the value beyond nine months); 4210(f)(2)(E) (short options: their value
and 20% of the underlying, 15% for broad based indices, less what they are out of the money, at least 10% of the
underlying for calls and of the strike for puts); FINRA Notice 09-53 (leveraged funds: rates times the multiple, at
most 100%). Maintenance of long options of up to nine months is "none required" in Cboe's Margin Manual (April 2000,
p. 4), since their value is no equity either: `equity_excluded` says how much that is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from optionix_core.errors import InvalidValueError
from optionix_core.risk.margin.book import MarginBook, MarginClass, MarginPosition, nine_months_after

AccountType = Literal["margin", "cash"]


@dataclass(frozen=True, slots=True)
class StrategyRules:
    """Rates as fractions; money in dollars. The defaults are the rules' own figures."""

    short_option: float = 0.20
    """Of the underlying, for equities and narrow indices."""
    short_broad_index: float = 0.15
    short_minimum: float = 0.10
    """Of the underlying for calls, of the strike for puts."""
    long_beyond_nine_months: float = 0.75
    long_stock_initial: float = 0.50
    short_stock_initial: float = 1.50
    """Of the value sold, its proceeds among it."""
    long_stock_maintenance: float = 0.25
    short_stock_maintenance: float = 0.30
    """Beside the value sold."""
    short_stock_floor: float = 5.00
    """Least a share, for prices from here on."""
    cheap_stock_floor: float = 2.50
    """Least a share below that price."""
    hedged_stock: float = 0.10
    """Of the strike: maintenance of stock whose loss an option bounds."""
    long_box: float = 0.50
    """Of the difference of the strikes of a long box of European options."""
    unknown_leverage: float = 2.0
    """Taken where a leveraged fund tells no multiple, and said so."""


class Classified(NamedTuple):
    """The class of each underlying and what had to be assumed."""

    classes: dict[str, MarginClass]
    leverages: dict[str, float]
    """1 where a class is not leveraged."""
    assumptions: tuple[str, ...]


def classified(book: MarginBook, unknown_leverage: float = StrategyRules().unknown_leverage) -> Classified:
    """The class of each underlying: what its positions say; equity where none says it.

    Raises InvalidValueError where two positions contradict each other.
    """
    classes: dict[str, MarginClass] = {}
    leverages: dict[str, float] = {}
    notes = []
    for underlying in book.underlyings:
        held = [position for position in book.positions if position.underlying == underlying]
        told = _one(held, "margin_class")
        classes[underlying] = MarginClass.EQUITY if told is None else told
        if told is None:
            notes.append(f"{underlying}: no margin class is given, taken as equity")
        leverages[underlying] = 1.0
        if told is MarginClass.LEVERAGED:
            leverage = _one(held, "leverage")
            leverages[underlying] = unknown_leverage if leverage is None else leverage
            if leverage is None:
                notes.append(f"{underlying}: no leverage is given, taken as {unknown_leverage:g}")
    return Classified(classes, leverages, tuple(notes))


class Terms(NamedTuple):
    """What the rules make of one option, per contract."""

    value: float
    """Market value, not negative."""
    margin: float
    """Beside the value, when it is sold and nothing stands behind it."""
    long_due: float
    """When it is bought: what must be paid in."""
    long_excluded: float
    """When it is bought: value that counts as no equity."""


def option_terms(
    position: MarginPosition, margin_class: MarginClass, leverage: float, as_of: datetime, rules: StrategyRules, *,
    maintenance: bool,
) -> Terms:  # fmt: skip
    """Of an option of the book; InvalidValueError for one that is priced in coins."""
    if position.inverse or margin_class is MarginClass.COIN:
        raise InvalidValueError(
            f"margin class of position {position.id}", "coin", "one that strategy margin has rates for"
        )
    value = position.market_price * position.multiplier
    margin = naked(position, margin_class, leverage, rules) * position.multiplier
    beyond = position.expiry is not None and position.expiry.date() > nine_months_after(as_of)
    if beyond:
        return Terms(value, margin, rules.long_beyond_nine_months * value, 0.0)
    return Terms(value, margin, 0.0 if maintenance else value, value if maintenance else 0.0)


def naked(position: MarginPosition, margin_class: MarginClass, leverage: float, rules: StrategyRules) -> float:
    """Margin per unit of a short option beside its value."""
    spot, strike = position.underlying_price, position.strike or 0.0
    rate = rules.short_broad_index if margin_class in _BROAD else rules.short_option
    out_of_the_money = max(0.0, position.sign * (strike - spot))
    least = min(1.0, rules.short_minimum * leverage) * (spot if position.sign > 0 else strike)
    return max(min(1.0, rate * leverage) * spot - out_of_the_money, least)


def stock_base(spot: float, leverage: float, rules: StrategyRules, *, long: bool, maintenance: bool) -> float:
    """Requirement per share that nothing hedges; for short stock the value sold is in it."""
    if not maintenance:
        return spot * (rules.long_stock_initial if long else rules.short_stock_initial)
    if long:
        return spot * min(1.0, rules.long_stock_maintenance * leverage)
    return spot + short_stock_margin(spot, leverage, rules)


def short_stock_margin(spot: float, leverage: float, rules: StrategyRules) -> float:
    """Maintenance of short stock beside its value, per share."""
    if spot < rules.short_stock_floor:
        return max(rules.cheap_stock_floor, spot)
    return max(rules.short_stock_floor, min(1.0, rules.short_stock_maintenance * leverage) * spot)


_BROAD = frozenset({MarginClass.BROAD_INDEX, MarginClass.SMALL_CAP_INDEX})


def _one(held: Iterable[MarginPosition], name: str) -> Any:
    """What the positions of one underlying say, None where none says it."""
    found, by = None, ""
    for position in held:
        value = getattr(position, name)
        if value is None:
            continue
        if found is not None and value != found:
            raise InvalidValueError(f"{name} of position {position.id}", value, f"{found}, as position {by} says")
        found, by = value, position.id
    return found
