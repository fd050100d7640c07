"""The rule of buying power: cash that nothing else keeps must pay for the order and cover the worst that can follow.

What is held, what works and the order itself are taken together: what is bought is paid for, what is sold needs the
worst loss at expiry that the account has with it. A loss without a bound needs margin, which there is not. An order
that makes the shortfall of an account smaller passes as far as cash pays for it.
"""

from __future__ import annotations

from decimal import Decimal, DecimalException

from optionix_core.portfolio.exact import ZERO, add, decimal_text, multiply, subtract
from optionix_core.trading.backing import NO_NEED, Backing, is_reduced
from optionix_core.trading.gate_facts import GateFacts
from optionix_core.trading.gate_terms import CANNOT_TELL, Answer, held, worst_price
from optionix_core.trading.orders import OrderIntent, Side
from optionix_core.trading.touch import touch


def buying_power(intent: OrderIntent, facts: GateFacts) -> Answer:
    """Whether the account can pay for the order and stand behind it."""
    account, instrument, quote, fee = facts.account, facts.instrument, facts.quote, facts.fee
    price = worst_price(intent, facts, None if quote is None else touch(quote, intent.side))
    if account is None or instrument is None or fee is None or price is None or intent.quantity < 1:
        return CANNOT_TELL
    if instrument.currency != account.currency:
        detail = f"priced in {instrument.currency}, the account has {account.currency}"
        return Answer(passed=False, detail=detail)
    naked = _naked(intent, facts)
    if naked is not None:
        return Answer(passed=False, detail=naked)
    try:
        value = multiply(multiply(price, instrument.multiplier), Decimal(intent.quantity))
        cost = add(value if intent.side is Side.BUY else value.copy_negate(), fee)
        left = subtract(subtract(account.cash, facts.reserved), cost)
    except DecimalException:
        return CANNOT_TELL
    verb = "costs" if intent.side is Side.BUY else "brings"
    kept = f", {decimal_text(facts.reserved)} of it reserved" if facts.reserved else ""
    detail = f"{verb} {decimal_text(value)}, fees {decimal_text(fee)}, cash {decimal_text(account.cash)}{kept}"
    return backed(facts.backing or NO_NEED, left, cost, detail, closes=_closes(intent, facts))


def backed(needs: Backing, left: Decimal, cost: Decimal, detail: str, *, closes: bool) -> Answer:
    """Whether `left`, the cash after an order of signed `cost`, covers what the account then needs.

    `closes` tells that the order only buys back what is sold.
    """
    before, after = needs
    if before.amount or after.amount:
        detail += f", requirement {decimal_text(before.amount)} before, {decimal_text(after.amount)} after"
    more = set(after.unbounded) - set(before.unbounded) if after.unbounded else None
    if more:
        return Answer(passed=False, detail=f"needs margin: the loss on {', '.join(sorted(more))} has no bound")
    if closes and after.unbounded:
        return Answer(left >= 0, detail)
    smaller = left < after.amount and left >= 0 and add(after.amount, cost) <= before.amount
    return Answer(left >= after.amount or smaller, detail)


def _naked(intent: OrderIntent, facts: GateFacts) -> str | None:
    """Why a sale without bound is refused; None where what is sold is there, or its loss is bounded."""
    if intent.side is Side.BUY:
        return None
    there, needs = held(facts, intent.symbol), facts.backing
    if there - facts.claimed + facts.coming >= intent.quantity:
        names = set() if facts.instrument is None else {facts.instrument.underlying, facts.instrument.symbol}
        open_ended = [] if needs is None else [name for name in needs.after.unbounded if name in names]
        return f"needs margin: the loss on {', '.join(open_ended)} has no bound" if open_ended else None
    if needs is not None and not needs.after.unbounded:
        return None
    promised = f" ({facts.claimed} of them in other orders)" if facts.claimed else ""
    return f"needs margin: {decimal_text(max(there, ZERO))} held{promised}, {intent.quantity} to sell"


def _closes(intent: OrderIntent, facts: GateFacts) -> bool:
    return intent.side is Side.BUY and is_reduced(held(facts, intent.symbol), intent.side, intent.quantity)
