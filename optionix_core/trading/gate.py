"""The pre-trade gate: every rule answers by name, and what cannot be answered is a no.

The rules are asked in a fixed order; the first that fails refuses the order. A rule whose question
makes no sense because an earlier one failed answers "cannot be told", which is a no as well. The gate
reads nothing and writes nothing: it judges the facts that it is handed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, DecimalException
from typing import Final

from optionix_core.market.instruments import Instrument
from optionix_core.market.products import product
from optionix_core.market.protocols import FeedState
from optionix_core.market.quote import Quote
from optionix_core.portfolio.exact import ZERO, decimal_of_float, decimal_text, exact_arithmetic
from optionix_core.portfolio.values import AccountState
from optionix_core.trading.orders import GateCheck, OrderIntent, Side

LOCAL_SIM: Final = "local-sim"
"""The venue on this device; it trades the simulated feed and no other."""

CLOCK_SKEW: Final = timedelta(seconds=1)
"""How far ahead of our clock an exchange's may run before its quote counts as from the future."""


@dataclass(frozen=True, slots=True)
class GateLimits:
    """Bounds that do not depend on the market."""

    maximum_quantity: int = 10_000
    """Contracts in one order: ours, to stop a slipped finger, larger than any paper account can pay for."""


@dataclass(frozen=True, slots=True)
class GateFacts:
    """What is known at the moment that the gate judges."""

    now: datetime
    account: AccountState | None
    venue: str
    """The venue that would get the order."""
    feed_state: FeedState
    stale_after: timedelta
    market_open: bool
    instrument: Instrument | None
    """None where the feed does not know the symbol."""
    quote: Quote | None
    """None where the feed has no quote at the moment."""
    fee: Decimal | None
    """What the venue would charge for the whole order; None where there is no instrument."""


@dataclass(frozen=True, slots=True)
class _Answer:
    passed: bool
    detail: str


_CANNOT_TELL: Final = _Answer(passed=False, detail="cannot be told")


def touch(quote: Quote, side: Side) -> tuple[Decimal, int] | None:
    """Price and size that an order of `side` would meet; None where that side is absent, zero or shows no size."""
    price, size = (quote.ask, quote.ask_size) if side is Side.BUY else (quote.bid, quote.bid_size)
    if price is None or size is None or size < 1 or not math.isfinite(price) or price <= 0:
        return None
    return decimal_of_float(price, "price"), size


def quoted_at(quote: Quote) -> datetime:
    """When the quote was made, as the exchange says, or else when it came in."""
    return quote.received_at if quote.exchange_time is None else quote.exchange_time


def tick_at(instrument: Instrument, price: Decimal) -> Decimal:
    """The price step that applies to `instrument` at `price`: the coarser of its own and its product's table."""
    return max(instrument.tick, product(instrument.root).tick.at(price))


def check(intent: OrderIntent, facts: GateFacts, limits: GateLimits | None = None) -> tuple[GateCheck, ...]:
    """All rules in order, each with its answer."""
    bounds = GateLimits() if limits is None else limits
    answers = (
        ("known-instrument", _known(intent, facts)),
        ("market-open", _open(facts)),
        ("not-expired", _not_expired(facts)),
        ("quoted", _quoted(intent, facts)),
        ("not-stale", _not_stale(facts)),
        ("account-venue", _account_venue(intent, facts)),
        ("quantity", _quantity(intent, bounds)),
        ("limit-price", _limit_price(intent, facts)),
        ("buying-power", _buying_power(intent, facts)),
    )
    return tuple(GateCheck(rule, answer.passed, answer.detail) for rule, answer in answers)


def first_refusal(checks: tuple[GateCheck, ...]) -> GateCheck | None:
    """The rule that refuses the order; None where all passed. No answers at all are a refusal."""
    if not checks:
        return GateCheck("gate", passed=False, detail="no rule answered")
    return next((item for item in checks if not item.passed), None)


def _known(intent: OrderIntent, facts: GateFacts) -> _Answer:
    if facts.instrument is None:
        return _Answer(passed=False, detail=f"the feed does not know {intent.symbol}")
    return _Answer(passed=True, detail=facts.instrument.label)


def _open(facts: GateFacts) -> _Answer:
    return _Answer(facts.market_open, "open" if facts.market_open else "the market is closed")


def _not_expired(facts: GateFacts) -> _Answer:
    if facts.instrument is None:
        return _CANNOT_TELL
    alive = facts.now < facts.instrument.expires_at
    return _Answer(alive, f"{'expires' if alive else 'expired'} {facts.instrument.expires_at:%Y-%m-%d %H:%M} UTC")


def _quoted(intent: OrderIntent, facts: GateFacts) -> _Answer:
    quote = facts.quote
    if quote is None:
        return _Answer(passed=False, detail="no quote")
    if quote.bid is not None and quote.ask is not None and quote.bid > quote.ask:
        return _Answer(passed=False, detail=f"the quote is crossed ({quote.bid} over {quote.ask})")
    met = touch(quote, intent.side)
    side = "ask" if intent.side is Side.BUY else "bid"
    if met is None:
        return _Answer(passed=False, detail=f"no {side} with a displayed size")
    return _Answer(passed=True, detail=f"{side} {decimal_text(met[0])}, {met[1]} displayed")


def _not_stale(facts: GateFacts) -> _Answer:
    if facts.quote is None:
        return _CANNOT_TELL
    age = facts.now - quoted_at(facts.quote)
    if age < -CLOCK_SKEW:
        return _Answer(passed=False, detail=f"the quote is {-age.total_seconds():.1f} s in the future")
    seconds = max(0.0, age.total_seconds())
    return _Answer(age <= facts.stale_after, f"age {seconds:.1f} s, at most {facts.stale_after.total_seconds():.1f} s")


def _account_venue(intent: OrderIntent, facts: GateFacts) -> _Answer:
    account = facts.account
    if account is None:
        return _Answer(passed=False, detail=f"account {intent.account} is not open")
    if account.venue != facts.venue:
        detail = f"{account.account} is bound to {account.venue}, the order is for {facts.venue}"
        return _Answer(passed=False, detail=detail)
    if account.venue == LOCAL_SIM and facts.feed_state is not FeedState.SIMULATED:
        detail = f"{account.account} trades on {LOCAL_SIM}, which the {facts.feed_state} feed does not belong to"
        return _Answer(passed=False, detail=detail)
    return _Answer(passed=True, detail=account.venue)


def _quantity(intent: OrderIntent, limits: GateLimits) -> _Answer:
    quantity = intent.quantity
    whole = isinstance(quantity, int) and not isinstance(quantity, bool)
    passed = whole and 1 <= quantity <= limits.maximum_quantity
    return _Answer(passed, f"{quantity}, allowed 1 to {limits.maximum_quantity}")


def _limit_price(intent: OrderIntent, facts: GateFacts) -> _Answer:
    limit = intent.limit_price
    if limit is None:
        return _Answer(passed=True, detail="none: takes the touch")
    if not limit.is_finite() or limit <= 0:
        return _Answer(passed=False, detail=f"{limit} is not positive")
    if facts.instrument is None:
        return _CANNOT_TELL
    tick = tick_at(facts.instrument, limit)
    return _Answer(limit % tick == 0, f"{decimal_text(limit)}, steps of {decimal_text(tick)}")


def _buying_power(intent: OrderIntent, facts: GateFacts) -> _Answer:
    account, instrument, quote, fee = facts.account, facts.instrument, facts.quote, facts.fee
    met = None if quote is None else touch(quote, intent.side)
    if account is None or instrument is None or fee is None or met is None or intent.quantity < 1:
        return _CANNOT_TELL
    if instrument.currency != account.currency:
        detail = f"priced in {instrument.currency}, the account has {account.currency}"
        return _Answer(passed=False, detail=detail)
    price = met[0]
    if intent.limit_price is not None and intent.limit_price.is_finite():
        price = min(price, intent.limit_price) if intent.side is Side.BUY else max(price, intent.limit_price)
    if intent.side is Side.SELL:
        held = next((item.quantity for item in account.positions if item.symbol == intent.symbol), ZERO)
        if held < intent.quantity:
            detail = f"needs margin: {decimal_text(max(held, ZERO))} held, {intent.quantity} to sell"
            return _Answer(passed=False, detail=detail)
    try:
        with exact_arithmetic():
            value = price * instrument.multiplier * intent.quantity
            left = account.cash - intent.side.sign * value - fee
    except DecimalException:
        return _CANNOT_TELL
    verb = "costs" if intent.side is Side.BUY else "brings"
    detail = f"{verb} {decimal_text(value)}, fees {decimal_text(fee)}, cash {decimal_text(account.cash)}"
    return _Answer(left >= 0, detail)
