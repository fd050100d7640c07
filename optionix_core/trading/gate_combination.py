"""The gate's rules for a combination: one net price, one question of buying power, and every leg must hold.

Asked in the order of a single instrument's rules. Legs must be of one currency and options of one multiplier, or there
is no net price per unit; shares count in it by lots.
"""

from __future__ import annotations

from decimal import Decimal, DecimalException
from typing import Final

from optionix_core.market.instruments import Instrument
from optionix_core.portfolio.exact import decimal_text, exact_arithmetic
from optionix_core.trading.backing import Backing
from optionix_core.trading.combination import natural
from optionix_core.trading.gate_facts import GateFacts, GateLimits
from optionix_core.trading.gate_power import backed
from optionix_core.trading.gate_terms import CANNOT_TELL, Answer
from optionix_core.trading.orders import LOT, OrderIntent, Side
from optionix_core.trading.touch import acceptable, crossed

NET_TICK: Final = Decimal("0.01")
"""Step of a net price, whatever the steps of its legs are."""
_HUNDRED: Final = Decimal(100)


def known(intent: OrderIntent, facts: GateFacts) -> Answer:
    """Every leg, in one currency, the options with one multiplier; shares are those that its options are on."""
    missing = [leg.symbol for leg in intent.legs if leg.symbol not in facts.legs]
    if missing:
        return Answer(passed=False, detail=f"the feed does not know {', '.join(missing)}")
    found = [facts.legs[leg.symbol] for leg in intent.legs]
    options = [one for one in found if isinstance(one, Instrument)]
    for name, among in (("currency", found), ("multiplier", options)):
        told = sorted({str(getattr(one, name)) for one in among})
        if len(told) > 1:
            return Answer(passed=False, detail=f"legs of more than one {name}: {', '.join(told)}")
    wrong = _shares_apart(intent, options)
    if wrong is not None:
        return Answer(passed=False, detail=wrong)
    return Answer(
        passed=True, detail=", ".join(f"{leg.ratio:+d} {facts.legs[leg.symbol].label}" for leg in intent.legs)
    )


def _shares_apart(intent: OrderIntent, options: list[Instrument]) -> str | None:
    """Why shares do not go with a combination's options; None where they do, or there are none."""
    share = next((leg.symbol for leg in intent.legs if leg.is_share), None)
    if share is None:
        return None
    other = sorted({one.underlying for one in options if one.underlying != share})
    if other:
        return f"its options are on {', '.join(other)}, its shares are {share}"
    odd = sorted({decimal_text(one.multiplier) for one in options if one.multiplier != LOT})
    return f"shares come in lots of {LOT}, and a contract is of {', '.join(odd)}" if odd else None


def quoted(intent: OrderIntent, facts: GateFacts) -> Answer:
    """Every leg has a quote that is not crossed, and a touch where the order cannot wait for one."""
    for leg in intent.legs:
        quote = facts.quotes.get(leg.symbol)
        if quote is None:
            return Answer(passed=False, detail=f"no quote of {leg.symbol}")
        if crossed(quote):
            return Answer(passed=False, detail=f"the quote of {leg.symbol} is crossed ({quote.bid} over {quote.ask})")
    net = natural(intent.side, intent.legs, facts.quotes)
    if net is None:
        waits = intent.time_in_force.rests
        return Answer(waits, f"a leg has no touch with a displayed size{': it can wait' if waits else ''}")
    return Answer(passed=True, detail=f"natural {decimal_text(net)}")


def limit_price(intent: OrderIntent) -> Answer:
    """Any sign, in steps of a cent."""
    limit = intent.limit_price
    if limit is None:
        return Answer(passed=True, detail="none: takes the natural price")
    if not limit.is_finite():
        return Answer(passed=False, detail=f"{limit} is not finite")
    return Answer(limit % NET_TICK == 0, f"net {decimal_text(limit)}, steps of {decimal_text(NET_TICK)}")


def price_collar(intent: OrderIntent, facts: GateFacts, limits: GateLimits) -> Answer | None:
    """Asked of a limit where a collar is set: its percentage counts of the sum of the legs' prices."""
    if limits.collar_percent is None or intent.limit_price is None:
        return None
    net, gross = natural(intent.side, intent.legs, facts.quotes), _gross(intent, facts)
    if net is None or gross is None:
        return CANNOT_TELL
    with exact_arithmetic():
        edge = net + intent.side.sign * gross * limits.collar_percent / _HUNDRED
    detail = f"net {decimal_text(intent.limit_price)}, natural {decimal_text(net)}"
    detail += f", at most {limits.collar_percent} % of {decimal_text(gross)} beyond"
    return Answer(acceptable(intent.side, intent.limit_price, edge), detail)


def fat_finger(intent: OrderIntent, facts: GateFacts, limits: GateLimits) -> Answer | None:
    """Asked where the value of an order is limited: all legs count without their signs."""
    if limits.maximum_value is None:
        return None
    gross = _gross(intent, facts)
    if gross is None or facts.instrument is None:
        return CANNOT_TELL
    with exact_arithmetic():
        value = gross * facts.instrument.multiplier * intent.quantity
    return Answer(value <= limits.maximum_value, f"{decimal_text(value)}, at most {decimal_text(limits.maximum_value)}")


def worst_net(intent: OrderIntent, facts: GateFacts) -> Decimal | None:
    """The worst net price that the order may get; None where nothing is known."""
    if intent.time_in_force.rests and intent.limit_price is not None:
        return intent.limit_price
    net = natural(intent.side, intent.legs, facts.quotes)
    if net is None or intent.limit_price is None:
        return net
    better = min if intent.side is Side.BUY else max
    return better(net, intent.limit_price)


def buying_power(intent: OrderIntent, facts: GateFacts) -> Answer:
    """One answer for all legs: what they cost together, and what the account needs with all of them."""
    account, instrument, fee, net = facts.account, facts.instrument, facts.fee, worst_net(intent, facts)
    if account is None or instrument is None or fee is None or net is None or intent.quantity < 1:
        return CANNOT_TELL
    if instrument.currency != account.currency:
        detail = f"priced in {instrument.currency}, the account has {account.currency}"
        return Answer(passed=False, detail=detail)
    try:
        with exact_arithmetic():
            value = intent.side.sign * net * instrument.multiplier * intent.quantity
            left = account.cash - facts.reserved - value - fee
    except DecimalException:
        return CANNOT_TELL
    kept = f", {decimal_text(facts.reserved)} of it reserved" if facts.reserved else ""
    verb = "costs" if value >= 0 else "brings"
    detail = f"{verb} {decimal_text(abs(value))}, fees {decimal_text(fee)}, cash {decimal_text(account.cash)}{kept}"
    return backed(facts.backing or Backing(), left, value + fee, detail, closes=False)


def _gross(intent: OrderIntent, facts: GateFacts) -> Decimal | None:
    total = Decimal(0)
    for leg in intent.legs:
        net = natural(intent.side, (leg,), facts.quotes)
        if net is None:
            return None
        with exact_arithmetic():
            total += abs(net)
    return total
