"""The condition of an alert as it is typed: what is watched, and which options belong to it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from optionix_core.errors import UsageError

if TYPE_CHECKING:
    from optionix_core.trading.alerts.conditions import Condition, Measure


class Watched(StrEnum):
    """What an alert may watch."""

    BID = "bid"
    ASK = "ask"
    MID = "mid"
    LAST = "last"
    IV = "iv"
    DELTA = "delta"
    GAMMA = "gamma"
    VEGA = "vega"
    THETA = "theta"
    BOOK_DELTA = "book-delta"
    BOOK_GAMMA = "book-gamma"
    BOOK_VEGA = "book-vega"
    BOOK_THETA = "book-theta"
    BOOK_DOLLAR_DELTA = "book-dollar-delta"
    BOOK_DOLLAR_GAMMA = "book-dollar-gamma"
    DAY_PNL = "day-pnl"
    UNREALISED_PNL = "unrealised-pnl"
    BUYING_POWER = "buying-power"
    EXPIRY = "expiry"
    FILL = "fill"
    HALT = "halt"


class Terms(NamedTuple):
    """The options that were given."""

    symbol: str | None = None
    above: Decimal | None = None
    below: Decimal | None = None
    crosses: Decimal | None = None
    hysteresis: Decimal | None = None
    days: int | None = None
    order: str | None = None


_PRICES: Final = (Watched.BID, Watched.ASK, Watched.MID, Watched.LAST)
_GREEKS: Final = (Watched.DELTA, Watched.GAMMA, Watched.VEGA, Watched.THETA)
_PNL: Final = (Watched.DAY_PNL, Watched.UNREALISED_PNL)
_EVENTS: Final = (Watched.EXPIRY, Watched.FILL, Watched.HALT)
_OF_A_SYMBOL: Final = (*_PRICES, Watched.IV, *_GREEKS, Watched.EXPIRY, Watched.HALT)


def condition(watched: Watched, terms: Terms) -> Condition:
    """The condition. Raises UsageError for an option that is needed and lacks, or has no meaning for it."""
    from optionix_core.trading.alerts.conditions import Comparison, ExpiryWithin, Halted, Level, OrderFilled

    _check(watched, terms)
    if watched is Watched.FILL:
        return OrderFilled(str(terms.order))
    if watched is Watched.HALT:
        return Halted(_symbol(terms))
    if watched is Watched.EXPIRY:
        return ExpiryWithin(_option(watched, terms), int(terms.days or 0))
    given = {name: getattr(terms, name) for name in Comparison if getattr(terms, name) is not None}
    name, bound = next(iter(given.items()))
    return Level(_measure(watched, terms), Comparison(name), bound, terms.hysteresis or Decimal(0))


def moment(text: str, option: str = "--until") -> datetime:
    """A moment in ISO 8601 with its offset, UTC where it ends in Z. Raises UsageError for anything else."""
    try:
        found = datetime.fromisoformat(text)
        found = found.astimezone(UTC) if found.tzinfo is not None else found
    except (ValueError, OverflowError):
        raise UsageError(f"{option} must be a moment such as 2027-01-08T20:00Z (got {text!r})") from None
    if found.tzinfo is None:
        raise UsageError(f"{option} must say its offset from UTC, or end in Z (got {text!r})")
    return found


def _check(watched: Watched, terms: Terms) -> None:
    needed: dict[str, Any] = {}
    if watched in _OF_A_SYMBOL:
        needed["--symbol"] = terms.symbol
    if watched is Watched.EXPIRY:
        needed["--days"] = terms.days
    if watched is Watched.FILL:
        needed["--order"] = terms.order
    for name, value in needed.items():
        if value is None:
            raise UsageError(f"{name} is missing: an alert on {watched} needs it")
    bounds = {"--above": terms.above, "--below": terms.below, "--crosses": terms.crosses}
    given = [name for name, value in bounds.items() if value is not None]
    if watched not in _EVENTS and len(given) != 1:
        told = " and ".join(given) or "none of them"
        raise UsageError(f"an alert on {watched} needs one of --above, --below and --crosses (got {told})")
    allowed = {
        "--symbol": watched in _OF_A_SYMBOL or watched in _PNL,
        "--days": watched is Watched.EXPIRY,
        "--order": watched is Watched.FILL,
        **dict.fromkeys((*bounds, "--hysteresis"), watched not in _EVENTS),
    }
    all_given = {"--symbol": terms.symbol, "--days": terms.days, "--order": terms.order, **bounds}
    all_given["--hysteresis"] = terms.hysteresis
    for name, value in all_given.items():
        if value is not None and not allowed[name]:
            raise UsageError(f"{name} has no meaning for an alert on {watched} (got {value})")


def _measure(watched: Watched, terms: Terms) -> Measure:
    from optionix_core.trading.alerts.named import GREEKS, VOLATILITY, measure

    if str(watched) in {VOLATILITY, *GREEKS}:
        return measure(str(watched), _option(watched, terms))
    return measure(str(watched), None if terms.symbol is None else _symbol(terms))


def _symbol(terms: Terms) -> str:
    from optionix_core.services.watchlists import resolve

    return resolve(str(terms.symbol))


def _option(watched: Watched, terms: Terms) -> str:
    from optionix_core.market import symbols

    if not symbols.is_option(str(terms.symbol)):
        raise UsageError(f"--symbol must be an option for an alert on {watched} (got {terms.symbol!r})")
    return symbols.resolve(str(terms.symbol))
