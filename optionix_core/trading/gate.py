"""The pre-trade gate: every rule answers by name, and what cannot be answered is a no.

The rules are asked in a fixed order; the first that fails refuses the order. A rule whose question
makes no sense because an earlier one failed answers "cannot be told", which is a no as well. The gate
reads nothing and writes nothing: it judges the facts that it is handed.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from optionix_core.market.protocols import FeedState
from optionix_core.market.symbols import is_share
from optionix_core.portfolio.exact import decimal_text
from optionix_core.trading import gate_combination, gate_power, gate_terms
from optionix_core.trading.account_kinds import LOCAL_SIM
from optionix_core.trading.account_standing import AccountStatus
from optionix_core.trading.gate_facts import GateFacts, GateLimits
from optionix_core.trading.gate_terms import CANNOT_TELL, Answer
from optionix_core.trading.orders import GateCheck, OrderIntent, Side
from optionix_core.trading.touch import crossed, quoted_at, tick_at, touch

__all__ = [
    "CLOCK_SKEW",
    "LOCAL_SIM",
    "MARKET_RULES",
    "AccountStatus",
    "GateFacts",
    "GateLimits",
    "check",
    "first_refusal",
    "of_market",
    "quoted_at",
    "tick_at",
    "touch",
]

MARKET_RULES: Final = frozenset(
    {
        "tradable",
        "known-instrument",
        "market-open",
        "not-halted",
        "not-expired",
        "quoted",
        "not-stale",
        "account-venue",
    }
)
"""Those of `of_market`."""

CLOCK_SKEW: Final = timedelta(seconds=1)
"""How far ahead of our clock an exchange's may run before its quote counts as from the future."""


def check(
    intent: OrderIntent,
    facts: GateFacts,
    limits: GateLimits | None = None,
    market: tuple[GateCheck, ...] | None = None,
) -> tuple[GateCheck, ...]:
    """All rules in order, each with its answer; rules that nothing calls for are not asked.

    `market` are answers of `of_market` that were given at this very moment to an order of the same account, instrument,
    side and manner of resting, and so are this order's; None where they were not.
    """
    bounds = GateLimits() if limits is None else limits
    if intent.legs:
        return _checks(_of_combination(intent, facts, bounds))
    asked: tuple[tuple[str, Answer | None], ...] = (
        ("account-state", gate_terms.account_state(intent, facts)),
        ("kill-switch", gate_terms.kill_switch(intent, facts)),
        ("quantity", _quantity(intent, bounds)),
        ("limit-price", _limit_price(intent, facts)),
        ("trigger-price", gate_terms.trigger_price(intent, facts)),
        ("time-in-force", gate_terms.time_in_force(intent, facts)),
        ("price-collar", gate_terms.price_collar(intent, facts, bounds)),
        ("fat-finger", gate_terms.fat_finger(intent, facts, bounds)),
        ("duplicate", gate_terms.duplicate(facts, bounds)),
        ("message-rate", gate_terms.message_rate(facts, bounds)),
        ("post-only", gate_terms.post_only(intent, facts.quote)),
        ("parent", gate_terms.parent(intent, facts)),
        ("one-cancels", gate_terms.one_cancels(intent, facts)),
        ("reduce-only", gate_terms.reduce_only(intent, facts)),
        ("lots", gate_terms.lots(intent, facts)),
        *gate_terms.book_limits(intent, facts, bounds),
        ("buying-power", gate_power.buying_power(intent, facts)),
    )
    return (*(of_market(intent, facts) if market is None else market), *_checks(asked))


def of_market(intent: OrderIntent, facts: GateFacts) -> tuple[GateCheck, ...]:
    """The first rules: what instrument, market and venue say to anybody, whatever the size, the price or the book."""
    asked: tuple[tuple[str, Answer | None], ...] = (
        ("tradable", gate_terms.tradable(facts)),
        ("known-instrument", _known(intent, facts)),
        ("market-open", _open(facts)),
        ("not-halted", gate_terms.halt(facts)),
        ("not-expired", _not_expired(facts)),
        ("quoted", _quoted(intent, facts)),
        ("not-stale", _not_stale(facts)),
        ("account-venue", _account_venue(intent, facts)),
    )
    return _checks(asked)


def _of_combination(intent: OrderIntent, facts: GateFacts, bounds: GateLimits) -> tuple[tuple[str, Answer | None], ...]:
    return (
        ("tradable", gate_terms.tradable(facts)),
        ("known-instrument", gate_combination.known(intent, facts)),
        ("market-open", _open(facts)),
        ("not-halted", gate_terms.halt(facts)),
        ("not-expired", _not_expired(facts)),
        ("quoted", gate_combination.quoted(intent, facts)),
        ("not-stale", _not_stale(facts)),
        ("account-venue", _account_venue(intent, facts)),
        ("account-state", gate_terms.account_state(intent, facts)),
        ("kill-switch", gate_terms.kill_switch(intent, facts)),
        ("quantity", _quantity(intent, bounds)),
        ("limit-price", gate_combination.limit_price(intent)),
        ("time-in-force", gate_terms.time_in_force(intent, facts)),
        ("price-collar", gate_combination.price_collar(intent, facts, bounds)),
        ("fat-finger", gate_combination.fat_finger(intent, facts, bounds)),
        ("duplicate", gate_terms.duplicate(facts, bounds)),
        ("message-rate", gate_terms.message_rate(facts, bounds)),
        *gate_terms.book_limits(intent, facts, bounds),
        ("buying-power", gate_combination.buying_power(intent, facts)),
    )


def _checks(asked: tuple[tuple[str, Answer | None], ...]) -> tuple[GateCheck, ...]:
    return tuple([GateCheck(rule, answer.passed, answer.detail) for rule, answer in asked if answer is not None])


def first_refusal(checks: tuple[GateCheck, ...]) -> GateCheck | None:
    """The rule that refuses the order; None where all passed. No answers at all are a refusal."""
    if not checks:
        return GateCheck("gate", passed=False, detail="no rule answered")
    return next((item for item in checks if not item.passed), None)


def _known(intent: OrderIntent, facts: GateFacts) -> Answer:
    if facts.instrument is None:
        return Answer(passed=False, detail=f"the feed does not know {intent.symbol}")
    return Answer(passed=True, detail=facts.instrument.label)


_OPEN: Final = Answer(passed=True, detail="open")
_CLOSED: Final = Answer(passed=False, detail="the market is closed")
_NO_LIMIT: Final = Answer(passed=True, detail="none: takes the touch")


def _open(facts: GateFacts) -> Answer:
    return _OPEN if facts.market_open else _CLOSED


def _not_expired(facts: GateFacts) -> Answer | None:
    """Asked of what expires."""
    if facts.instrument is None:
        return CANNOT_TELL
    ends = facts.instrument.expires_at
    if ends is None:
        return None
    alive = facts.now < ends
    return Answer(alive, f"{'expires' if alive else 'expired'} {_minute(ends)} UTC")


@lru_cache(maxsize=1024)
def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _quoted(intent: OrderIntent, facts: GateFacts) -> Answer:
    quote = facts.quote
    if quote is None:
        return Answer(passed=False, detail="no quote")
    if crossed(quote):
        return Answer(passed=False, detail=f"the quote is crossed ({quote.bid} over {quote.ask})")
    met = touch(quote, intent.side)
    side = "ask" if intent.side is Side.BUY else "bid"
    if met is None:
        detail = f"no {side} with a displayed size"
        return Answer(intent.time_in_force.rests, f"{detail}: it can wait" if intent.time_in_force.rests else detail)
    return Answer(passed=True, detail=f"{side} {decimal_text(met[0])}, {met[1]} displayed")


def _not_stale(facts: GateFacts) -> Answer:
    if facts.quote is None:
        return CANNOT_TELL
    return _age(facts.now - quoted_at(facts.quote), facts.stale_after)


@lru_cache(maxsize=1024)
def _age(age: timedelta, stale_after: timedelta) -> Answer:
    if age < -CLOCK_SKEW:
        return Answer(passed=False, detail=f"the quote is {-age.total_seconds():.1f} s in the future")
    seconds = max(0.0, age.total_seconds())
    return Answer(age <= stale_after, f"age {seconds:.1f} s, at most {stale_after.total_seconds():.1f} s")


def _account_venue(intent: OrderIntent, facts: GateFacts) -> Answer:
    account = facts.account
    if account is None:
        return Answer(passed=False, detail=f"account {intent.account} is not open")
    if account.venue != facts.venue:
        detail = f"{account.account} is bound to {account.venue}, the order is for {facts.venue}"
        return Answer(passed=False, detail=detail)
    if account.venue == LOCAL_SIM and facts.feed_state is not FeedState.SIMULATED:
        detail = f"{account.account} trades on {LOCAL_SIM}, which the {facts.feed_state} feed does not belong to"
        return Answer(passed=False, detail=detail)
    return Answer(passed=True, detail=account.venue)


def _quantity(intent: OrderIntent, limits: GateLimits) -> Answer:
    quantity = intent.quantity
    most = limits.maximum_shares if is_share(intent.symbol) else limits.maximum_quantity
    whole = isinstance(quantity, int) and not isinstance(quantity, bool)
    return Answer(whole and 1 <= quantity <= most, f"{quantity}, allowed 1 to {most}")


def _limit_price(intent: OrderIntent, facts: GateFacts) -> Answer:
    limit = intent.limit_price
    if limit is None:
        return _NO_LIMIT
    if not limit.is_finite() or limit <= 0:
        return Answer(passed=False, detail=f"{limit} is not positive")
    if facts.instrument is None:
        return CANNOT_TELL
    tick = tick_at(facts.instrument, limit)
    return Answer(limit % tick == 0, f"{decimal_text(limit)}, steps of {decimal_text(tick)}")
