"""Hard limits that the facts of several devices break together, although each device kept them.

Contracts alone are judged here: their figure needs no market (`contracts_held`), so that it is exact, and the same as
that of the gate at home. An order is judged where it begins to count, as the gate judged it: as it is accepted to rest,
given other terms, or filled at once. What is only the consequence (fills of an order that rests, exercises, expiries)
is not judged again, nor is what no order brought, such as an imported trade.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from optionix_core.portfolio.exact import decimal_text
from optionix_core.portfolio.ledger import ENTRY
from optionix_core.portfolio.trades import carries_trades
from optionix_core.trading.contracts_held import most_contracts
from optionix_core.trading.limit_board import LimitGrade
from optionix_core.trading.limits import LimitKind
from optionix_core.trading.working_records import ACCEPTED, AMENDED

if TYPE_CHECKING:
    from decimal import Decimal

    from optionix_core.services.stream_folds import Folds
    from optionix_core.sync.event import Event
    from optionix_core.trading.fold import OrderFold
    from optionix_core.trading.limit_board import SetLimit

_FILL_ENTRY: Final = re.compile(r"order/([^/]+)/fill-\d+/entry", re.ASCII)


class Counted(NamedTuple):
    """A limit and what it counted before a fact."""

    limit: SetLimit
    figure: Decimal


def counted(event: Event, folds: Folds, account: str | None) -> tuple[Counted, ...]:
    """The limits that a fact about an account is asked of, with their figures before it; none for most facts."""
    limits = () if account is None else folds.orders.limits.of_account(account)
    asked = [one for one in limits if (one.key.kind, one.key.grade) == (LimitKind.CONTRACTS, LimitGrade.HARD)]
    if not asked or not _begins(event, folds.orders):
        return ()
    return tuple(Counted(one, _figure(one, folds)) for one in asked)


def beyond(before: tuple[Counted, ...], folds: Folds) -> str | None:
    """The first limit that a fact which is in `folds` has broken, in words; None where it kept them all."""
    for limit, figure in before:
        now = _figure(limit, folds)
        if now > limit.bound and now > figure:
            words = f"{limit.rule} of {limit.key.name}" if limit.rule == limit.key.kind else limit.rule
            bound = f"{decimal_text(now)} contracts, at most {decimal_text(limit.bound)}"
            return f"{words} would be broken by the sum of all devices: {bound}"
    return None


def _begins(event: Event, orders: OrderFold) -> bool:
    """Whether an order begins to count with an event."""
    if event.type in (ACCEPTED, AMENDED) or carries_trades(event):
        return True
    found = _FILL_ENTRY.fullmatch(event.id) if event.type == ENTRY else None
    order = None if found is None else orders.order(found[1])
    return found is not None and (order is None or order.accepted_at is None)


def _figure(limit: SetLimit, folds: Folds) -> Decimal:
    accounts = {one.account: one for one in folds.book.accounts()}
    members = folds.orders.limits.members(limit.key.level, limit.key.name, tuple(accounts))
    open_orders = (one for one in folds.orders.orders() if one.accepted_at is not None)
    return most_contracts(
        [accounts[name] for name in members], [one for one in open_orders if one.intent.account in members]
    )
