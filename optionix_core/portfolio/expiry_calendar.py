"""What of a book expires when, until when it can be traded or instructed, and how likely it is assigned.

The chance of ending in the money is N(d2) for a call and N(-d2) for a put, under Black-Scholes with the
volatility of the strike; traders also read the size of the delta for it, which is another number, so an entry
names which of the two it shows. A short option's expected assignment is the chance times the contracts.
Beside it stands the risk before expiry: a short American call in the money whose holder gains by exercising
for a dividend. Refuses to show a chance where spot or volatility are missing: it is None there.

Source: J. Hull, "Options, Futures, and Other Derivatives", section 15.8: N(d2) is the risk-neutral probability
of exercise.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final, Literal

from optionix_core.errors import InvalidValueError
from optionix_core.market import expirations
from optionix_core.market.instruments import Instrument
from optionix_core.market.option_type import OptionType
from optionix_core.market.products import product
from optionix_core.portfolio.early_exercise import EarlyExerciseAdvice, advise_early_exercise
from optionix_core.portfolio.exercise_cutoffs import cutoffs

Measure = Literal["N(d2)", "delta"]

YEAR: Final = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class ExpiryMarket:
    """What is known of one option's underlying and smile."""

    spot: float
    rate: float
    """Continuously compounded, per year."""
    dividend_yield: float
    """Continuously compounded, per year; beside `dividend`."""
    volatility: float
    """Of the option's strike and expiry, per root of a year."""
    dividend: float = 0.0
    """Cash amount of the next dividend."""
    ex_date: date | None = None
    """First day without it; None where none is known."""


@dataclass(frozen=True, slots=True)
class ExpiryEntry:
    """One position on its way to expiry."""

    symbol: str
    underlying: str
    expiry: date
    """The date in the symbol."""
    last_trade: datetime
    """UTC; no trading from then on."""
    settles_at: datetime
    """UTC; the moment whose price decides."""
    decision_by: datetime | None
    """New York; last moment for a contrary instruction. None for cash settlement and coins."""
    quantity: Decimal
    """Contracts, negative where short."""
    measure: Measure
    probability: float | None
    """Of ending in the money, by `measure`; None without a market."""
    expected_assigned: float | None
    """Contracts; zero for a long position, None without a market."""
    before_dividend: EarlyExerciseAdvice | None
    """What a holder gains on the last day with a dividend: of short American calls in the money, else None."""


def expiry_calendar(
    positions: Iterable[tuple[Instrument, Decimal]],
    now: datetime,
    markets: Mapping[str, ExpiryMarket],
    measure: Measure = "N(d2)",
) -> tuple[ExpiryEntry, ...]:
    """Entries of all positions that have not settled at `now`, nearest settlement first, then by symbol.

    `markets` by the option's symbol. Raises InvalidValueError for a naive `now` or an unknown measure.
    """
    if now.tzinfo is None:
        raise InvalidValueError("now", now, "aware of its time zone")
    if measure not in ("N(d2)", "delta"):
        raise InvalidValueError("measure", repr(measure), '"N(d2)" or "delta"')
    alive = [(item, quantity) for item, quantity in positions if quantity and item.expires_at > now]
    entries = [_entry(item, quantity, now, markets.get(item.symbol), measure) for item, quantity in alive]
    return tuple(sorted(entries, key=lambda entry: (entry.settles_at, entry.symbol)))


def probability_in_the_money(
    item: Instrument, now: datetime, market: ExpiryMarket, measure: Measure = "N(d2)"
) -> float:
    """N(d2) of a call or N(-d2) of a put, or the size of the Black-Scholes delta.

    A dividend that goes off before the end is taken from the spot at its present value. Raises InvalidValueError for a
    market that prices nothing.
    """
    from optionix_core.pricing import black_scholes

    years = (item.expires_at - now) / YEAR
    spot = market.spot
    if market.ex_date is not None and now.date() < market.ex_date <= item.expires_at.date():
        spot -= present_value(market.dividend, market.ex_date, now, market.rate)
    found = black_scholes.greeks(
        int(item.option_type),
        spot,
        float(item.strike),
        years,
        market.rate,
        market.dividend_yield,
        market.volatility,
        names=("delta", "dual_delta"),
    )
    if measure == "delta":
        return abs(float(found.delta))
    return min(1.0, abs(float(found.dual_delta)) * math.exp(market.rate * years))


def present_value(amount: float, day: date, now: datetime, rate: float) -> float:
    """Of an amount on a day to come, `rate` continuously compounded per year."""
    return amount * math.exp(-rate * (day - now.date()).days / 365.0)


def _entry(
    item: Instrument, quantity: Decimal, now: datetime, market: ExpiryMarket | None, measure: Measure
) -> ExpiryEntry:
    terms = product(item.root)
    chance = None if market is None else probability_in_the_money(item, now, market, measure)
    expected = None
    if chance is not None:
        expected = chance * float(-quantity) if quantity < 0 else 0.0
    return ExpiryEntry(
        symbol=item.symbol,
        underlying=item.underlying,
        expiry=item.expiry,
        last_trade=expirations.last_trading_moment(item.root, item.expiry),
        settles_at=item.expires_at,
        decision_by=None if terms.cash_settled else cutoffs(item.root, item.expiry).decision,
        quantity=quantity,
        measure=measure,
        probability=chance,
        expected_assigned=expected,
        before_dividend=_before_dividend(item, quantity, now, market),
    )


def _before_dividend(
    item: Instrument, quantity: Decimal, now: datetime, market: ExpiryMarket | None
) -> EarlyExerciseAdvice | None:
    """As if the last day with the dividend were now at the present spot, the option as old as it will be then."""
    if market is None or market.ex_date is None or market.dividend <= 0.0:
        return None
    is_short_call = quantity < 0 and item.option_type is OptionType.CALL and item.exercise == "american"
    if not is_short_call or market.spot <= float(item.strike):
        return None
    if not now.date() < market.ex_date <= item.expires_at.date():
        return None
    left = datetime.combine(market.ex_date, item.expires_at.timetz()) - timedelta(days=1)
    years = (item.expires_at - max(left, now)) / YEAR
    return advise_early_exercise(
        item.option_type,
        market.spot,
        float(item.strike),
        years,
        market.rate,
        market.volatility,
        dividend=market.dividend,
        dividend_yield=market.dividend_yield,
    )
