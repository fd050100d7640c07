"""Rules of the gate that only some orders or some settings call for: each answers, or is not asked (None)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final, NamedTuple

from optionix_core.market.quote import Quote
from optionix_core.portfolio.exact import ZERO, decimal_text, exact_arithmetic
from optionix_core.portfolio.values import Lot, Position
from optionix_core.trading.account_standing import AccountStatus
from optionix_core.trading.gate_facts import GateFacts, GateLimits
from optionix_core.trading.limit_board import LimitGrade
from optionix_core.trading.limits import SPARES_REDUCING, BookLimit, LimitFigure, Untold, judged
from optionix_core.trading.lots_wanted import why_not_open
from optionix_core.trading.orders import OrderIntent, Side, TimeInForce
from optionix_core.trading.touch import acceptable, tick_at, touch

_HUNDRED: Final = Decimal(100)


class Answer(NamedTuple):
    """Of one rule."""

    passed: bool
    detail: str


CANNOT_TELL: Final = Answer(passed=False, detail="cannot be told")


def held(facts: GateFacts, symbol: str) -> Decimal:
    """Contracts of the instrument in the account."""
    if facts.account is not None:
        for item in facts.account.positions:
            if item.symbol == symbol:
                return item.quantity
    return ZERO


def reduces(intent: OrderIntent, facts: GateFacts) -> bool:
    """Whether all of the order closes what is held and no other order closes already."""
    position = held(facts, intent.symbol) * -intent.side.sign
    return position - facts.claimed + facts.coming >= intent.quantity


def worst_price(intent: OrderIntent, facts: GateFacts, met: tuple[Decimal, int] | None) -> Decimal | None:
    """What a contract may cost (or bring) at most as far as can be told before; None where nothing is known."""
    if intent.trigger is not None and intent.limit_price is None:
        return facts.level if intent.trigger.price is None else intent.trigger.price
    return judged_price(intent, met)


def judged_price(intent: OrderIntent, met: tuple[Decimal, int] | None) -> Decimal | None:
    """The same of an order without a trigger: its limit where it may rest, else the touch `met` within its limit."""
    if intent.time_in_force.rests and intent.limit_price is not None:
        return intent.limit_price
    if met is None:
        return None
    if intent.limit_price is None or not intent.limit_price.is_finite():
        return met[0]
    better = min if intent.side is Side.BUY else max
    return better(met[0], intent.limit_price)


def tradable(facts: GateFacts) -> Answer | None:
    """Asked where the symbol is of something that is quoted and not traded."""
    return None if facts.untradable is None else Answer(passed=False, detail=facts.untradable)


def halt(facts: GateFacts) -> Answer | None:
    """Asked where the instrument is halted."""
    return None if facts.halted is None else Answer(passed=False, detail=facts.halted)


def account_state(intent: OrderIntent, facts: GateFacts) -> Answer | None:
    """Asked where the account is not active."""
    if facts.status is AccountStatus.ACTIVE:
        return None
    passed = facts.status is AccountStatus.CLOSE_ONLY and reduces(intent, facts)
    why = "" if facts.status_reason is None else f": {facts.status_reason}"
    return Answer(passed, f"{intent.account} is {facts.status}{why}")


def kill_switch(intent: OrderIntent, facts: GateFacts) -> Answer | None:
    """Asked where a kill is in force."""
    if facts.killed is None:
        return None
    own = intent.tag == facts.killed and intent.reduce_only
    return Answer(own, f"kill {facts.killed} is in force")


def trigger_price(intent: OrderIntent, facts: GateFacts) -> Answer | None:
    """Asked of an order that waits for a level."""
    trigger = intent.trigger
    if trigger is None:
        return None
    if facts.instrument is None:
        return CANNOT_TELL
    if trigger.price is None:
        if facts.level is None or facts.level <= 0:
            return Answer(passed=False, detail="the level of the trailing stop cannot be told, or is not above 0")
        return Answer(passed=True, detail=f"follows from {decimal_text(facts.level)}")
    tick = tick_at(facts.instrument, trigger.price)
    return Answer(trigger.price % tick == 0, f"{decimal_text(trigger.price)}, steps of {decimal_text(tick)}")


def time_in_force(intent: OrderIntent, facts: GateFacts) -> Answer | None:
    """Asked of an order that rests: when it would end must be known, and lie ahead."""
    if not intent.time_in_force.rests:
        return None
    if facts.ends_at is None:
        endless = facts.instrument is not None and facts.instrument.expires_at is None
        if endless and intent.time_in_force is TimeInForce.GTC:
            return Answer(passed=True, detail="GTC, until cancelled")
        return Answer(passed=False, detail=f"{intent.time_in_force}: the feed does not tell when its session ends")
    passed = facts.ends_at > facts.now
    return Answer(passed, f"{intent.time_in_force}, until {facts.ends_at:%Y-%m-%d %H:%M} UTC")


def price_collar(intent: OrderIntent, facts: GateFacts, limits: GateLimits) -> Answer | None:
    """Asked of a limit where a collar is set: not too far on the far side of the touch that it would take."""
    if limits.collar_percent is None or intent.limit_price is None:
        return None
    met = None if facts.quote is None else touch(facts.quote, intent.side)
    if met is None:
        return CANNOT_TELL
    with exact_arithmetic():
        edge = met[0] * (_HUNDRED + intent.side.sign * limits.collar_percent) / _HUNDRED
    name = "ask" if intent.side is Side.BUY else "bid"
    passed = acceptable(intent.side, intent.limit_price, edge)
    detail = f"{decimal_text(intent.limit_price)}, {name} {decimal_text(met[0])}"
    return Answer(passed, f"{detail}, at most {limits.collar_percent} % beyond")


def fat_finger(intent: OrderIntent, facts: GateFacts, limits: GateLimits) -> Answer | None:
    """Asked where the value of an order is limited."""
    if limits.maximum_value is None:
        return None
    price = worst_price(intent, facts, None if facts.quote is None else touch(facts.quote, intent.side))
    if price is None or facts.instrument is None:
        return CANNOT_TELL
    with exact_arithmetic():
        value = price * facts.instrument.multiplier * intent.quantity
    return Answer(value <= limits.maximum_value, f"{decimal_text(value)}, at most {decimal_text(limits.maximum_value)}")


def duplicate(facts: GateFacts, limits: GateLimits) -> Answer | None:
    """Asked where duplicates are watched for."""
    if limits.duplicate_within is None:
        return None
    seconds = limits.duplicate_within.total_seconds()
    if facts.twin_at is None or facts.now - facts.twin_at > limits.duplicate_within:
        return Answer(passed=True, detail=f"none with the same terms within {seconds:g} s")
    age = (facts.now - facts.twin_at).total_seconds()
    return Answer(passed=False, detail=f"the same terms came {age:.1f} s ago, at least {seconds:g} s must lie between")


def message_rate(facts: GateFacts, limits: GateLimits) -> Answer | None:
    """Asked where the number of orders is limited."""
    if limits.maximum_orders is None:
        return None
    window = limits.rate_window.total_seconds()
    return Answer(
        facts.recent < limits.maximum_orders, f"{facts.recent + 1} in {window:g} s, at most {limits.maximum_orders}"
    )


def post_only(intent: OrderIntent, quote: Quote | None) -> Answer | None:
    """Asked of an order that must not take."""
    if not intent.post_only:
        return None
    met = None if quote is None else touch(quote, intent.side)
    if met is None:
        return Answer(passed=True, detail="nothing to take")
    name = "ask" if intent.side is Side.BUY else "bid"
    return Answer(not acceptable(intent.side, met[0], intent.limit_price), f"{name} {decimal_text(met[0])}")


def reduce_only(intent: OrderIntent, facts: GateFacts) -> Answer | None:
    """Asked of an order that may not open anything."""
    if not intent.reduce_only:
        return None
    there = held(facts, intent.symbol)
    return Answer(reduces(intent, facts), f"{decimal_text(there)} held, {intent.side} {intent.quantity}")


def parent(intent: OrderIntent, facts: GateFacts) -> Answer | None:
    """Asked of a child."""
    if intent.parent is None:
        return None
    return Answer(facts.parent is None, facts.parent or f"works as {intent.parent} fills")


def one_cancels(intent: OrderIntent, facts: GateFacts) -> Answer | None:
    """Asked of an order that joins a group of which something was filled, without a parent that has a say in it.

    A group stands for one quantity: once some of it is done, an order with a quantity of its own would do it again.
    """
    if not facts.group_filled or intent.parent is not None:
        return None
    done = f"{facts.group_filled} filled of {intent.one_cancels}"
    return Answer(passed=False, detail=f"{done}, which takes no order after its first fill")


def lots(intent: OrderIntent, facts: GateFacts) -> Answer | None:
    """Asked of an order that says which lots it closes."""
    if intent.lots is None:
        return None
    if not reduces(intent, facts):
        there = held(facts, intent.symbol)
        detail = f"it names lots to close: {decimal_text(there)} held, {intent.side} {intent.quantity}"
        return Answer(passed=False, detail=detail)
    open_ = () if facts.account is None else open_lots(facts.account.positions, intent.symbol)
    missing = why_not_open(intent.lots, open_, 0)
    words = str(intent.lots.method) if not intent.lots.named else f"{len(intent.lots.named)} named, all open"
    return Answer(missing is None, words if missing is None else missing)


def open_lots(positions: Iterable[Position], symbol: str) -> tuple[Lot, ...]:
    """Lots that an account has of an instrument, the oldest first."""
    return next((item.lots for item in positions if item.symbol == symbol), ())


def book_limits(intent: OrderIntent, facts: GateFacts, limits: GateLimits) -> tuple[tuple[str, Answer], ...]:
    """Every limit on the book as it would be: judged by its engine's figures, or a no where there is no engine.

    A soft limit passes whatever its figure is, and says that it warns.
    """
    if not limits.book_limits and not facts.set_limits:
        return ()
    closes = not intent.legs and reduces(intent, facts)

    def answer(limit: BookLimit, figure: LimitFigure | Untold | None) -> Answer:
        if closes and limit.kind in SPARES_REDUCING:
            return Answer(passed=True, detail="only closes what is held")
        return Answer(*judged(limit, figure))

    configured = [(str(limit.kind), answer(limit, facts.figures.get(limit.kind))) for limit in limits.book_limits]
    for one in facts.set_limits:
        told = answer(one.limit.limit, one.answer)
        if one.limit.key.grade is LimitGrade.SOFT:
            told = Answer(passed=True, detail=f"soft: {told.detail}" if told.passed else f"soft, warns: {told.detail}")
        configured.append((one.limit.rule, told))
    return tuple(configured)
