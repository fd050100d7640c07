"""What an engine answers of the limits that were set: of an order before the gate, and of books as they stand.

A limit of a user or of a desk is asked of all accounts that belong to it together. Limits of the same accounts are one
question, so that their book is valued once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from optionix_core.trading.gate_facts import SetAnswer
from optionix_core.trading.limit_board import LimitGrade, LimitKey, LimitLevel, SetLimit
from optionix_core.trading.limits import LimitQuestion, Untold

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from optionix_core.market.protocols import QuoteSource
    from optionix_core.portfolio.fold import BookFold
    from optionix_core.portfolio.values import AccountState
    from optionix_core.services.draft import Draft
    from optionix_core.trading.fold import OrderFold
    from optionix_core.trading.gate_facts import GateLimits
    from optionix_core.trading.limits import BookLimit, LimitEngine, LimitFigure
    from optionix_core.trading.open_order import OpenOrder
    from optionix_core.trading.orders import OrderIntent

SETTINGS = "settings"
"""Who set the limits of the settings."""


class State(NamedTuple):
    """All that figures of standing books need."""

    book: BookFold
    orders: OrderFold
    engine: LimitEngine | None
    feed: QuoteSource
    now: datetime


def set_answers(
    draft: Draft, feed: QuoteSource, intent: OrderIntent, account: AccountState, now: datetime
) -> tuple[SetAnswer, ...]:
    """Of the limits that bind an account: each with its figure before and after the order."""
    limits = draft.orders.limits.of_account(account.account)
    if not limits:
        return ()
    return answers(State(draft.book, draft.orders, draft.engine, feed, now), limits, account, intent)


def standing_answers(state: State, configured: GateLimits) -> tuple[SetAnswer, ...]:
    """Of every limit in force, as the books stand: those that were set, and those of the settings on each account."""
    found: list[SetAnswer] = []
    accounts = {one.account: one for one in state.book.accounts()}
    scopes: dict[tuple[str, ...], list[SetLimit]] = {}
    for limit in in_force(state, configured.book_limits):
        members = state.orders.limits.members(limit.key.level, limit.key.name, tuple(accounts))
        if members:
            scopes.setdefault(members, []).append(limit)
        else:
            found.append(SetAnswer(limit, Untold("no account that it binds is open")))
    for members, limits in scopes.items():
        found += answers(state, limits, accounts[members[0]], None)
    return tuple(found)


def in_force(state: State, configured: Sequence[BookLimit]) -> tuple[SetLimit, ...]:
    """Limits that were set and those of the settings; of two of one key the tighter."""
    limits = dict(state.orders.limits.limits)
    for account in state.book.accounts():
        for bound in configured:
            key = LimitKey(LimitLevel.ACCOUNT, account.account, bound.kind, LimitGrade.HARD)
            own = SetLimit(key=key, bound=bound.bound, by=SETTINGS, since=state.now)
            known = limits.get(key)
            if known is None or own.bound < known.bound:
                limits[key] = own
    return tuple(limits.values())


def answers(
    state: State, limits: Sequence[SetLimit], account: AccountState, intent: OrderIntent | None
) -> tuple[SetAnswer, ...]:
    """Each limit with the engine's figure of the accounts that it binds, `account` among them."""
    everyone = {one.account: one for one in state.book.accounts()} | {account.account: account}
    board = state.orders.limits
    questions: dict[tuple[str, ...], list[SetLimit]] = {}
    for limit in limits:
        members = board.members(limit.key.level, limit.key.name, tuple(everyone))
        questions.setdefault(tuple(sorted({*members, account.account})), []).append(limit)
    figures: dict[LimitKey, LimitFigure | Untold | None] = {}
    for members, asked in questions.items():
        question = LimitQuestion(
            now=state.now,
            account=account,
            orders=_orders(state.orders, members, intent),
            intent=intent,
            market=state.feed,
            members=tuple(everyone[name] for name in members if name != account.account),
            book=state.book,
        )
        kinds = frozenset(limit.key.kind for limit in asked)
        told = {} if state.engine is None else state.engine.figures(question, kinds & state.engine.kinds)
        figures |= {limit.key: told.get(limit.key.kind) for limit in asked}
    return tuple(SetAnswer(limit, figures[limit.key]) for limit in limits)


def _orders(orders: OrderFold, members: Sequence[str], intent: OrderIntent | None) -> tuple[OpenOrder, ...]:
    own = None if intent is None else intent.client_order_id
    return tuple(
        order
        for order in orders.orders()
        if order.intent.account in members and order.intent.client_order_id != own and order.accepted_at is not None
    )
