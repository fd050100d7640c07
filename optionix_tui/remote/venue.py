"""The server's paper venue as a home's way to it: orders by HTTP, and their answers out of the stream that is pulled.

The server matches; the home only follows. An order that cannot be sent is kept with its end, and is sent by hand alone:
nobody trades tomorrow on what was wanted today. One client order id is one order, however often it is sent.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from optionix_core.errors import (
    DeadlineError,
    HomeLockedError,
    InvalidValueError,
    MissingDataError,
    OptionixError,
    RefusedError,
    VenueError,
)
from optionix_core.portfolio.exact import decimal_text
from optionix_core.services import kept_orders, leases, orders
from optionix_core.sync.canonical import time_text
from optionix_core.trading.orders import OrderState
from optionix_core.trading.records import check_client_order_id, same_order
from optionix_core.trading.terms import intent_of_terms
from optionix_tui.remote import syncing

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from optionix_core.services.rebasing import Rebasing
    from optionix_core.services.workspace import Workspace
    from optionix_core.trading.orders import OrderIntent, OrderResult
    from optionix_core.trading.terms import OrderTerms
    from optionix_tui.remote.team import Team


class ServerVenue:
    """`VenueElsewhere` over a team server. Threads may share it."""

    def __init__(self, team: Callable[[], Team], rebasing: Callable[[], Rebasing] | None = None) -> None:
        """`team` is asked when the first order goes; `rebasing`: folds that a long-lived face keeps."""
        self._team_of = team
        self._made: Team | None = None
        self._rebasing = rebasing

    def place(
        self, workspace: Workspace, terms: OrderTerms, client_order_id: str, expires: datetime | None
    ) -> OrderResult:
        """As VenueElsewhere. RefusedError where the order is not to be kept: the home's lease is over."""
        workspace.home.check_writable("send an order")
        check_client_order_id(client_order_id)
        now = workspace.clock.now()
        intent = intent_of_terms(terms, workspace.account, client_order_id, now)
        if expires is not None and expires <= now:
            raise InvalidValueError("expires", time_text(expires), f"after {time_text(now)}")
        try:
            refused, known_before = self._sent(workspace, intent)
        except HomeLockedError:
            raise
        except (VenueError, DeadlineError) as error:
            known = orders.standing(workspace, client_order_id)
            if known is not None and same_order(known.intent, intent):
                return known
            leases.expect_leased(workspace, terms)
            until = _end_of_day(workspace) if expires is None else expires
            kept = kept_orders.keep(workspace, intent, until, str(error))
            raise VenueError(
                f"{error}; the order is kept here as {kept.order_id} until {kept.expires_at:%Y-%m-%d %H:%M} UTC and "
                f"is not sent by itself: `optionix sync intents send {kept.order_id}` sends it, `drop` forgets it"
            ) from error
        if refused is not None:
            return refused
        return self._answered(workspace, client_order_id, workspace.account, known=known_before)

    def send_kept(self, workspace: Workspace, order_id: str) -> OrderResult:
        """Send a kept order of any account. Raises as `kept_orders.sendable`; VenueError: it stays kept."""
        workspace.home.check_writable("send an order")
        kept = kept_orders.sendable(workspace, order_id)
        account = kept.intent.account
        known = orders.standing(workspace, order_id, account)
        if known is not None:
            return known
        refused, known_before = self._sent(workspace, kept.intent)
        return self._answered(workspace, order_id, account, known=known_before) if refused is None else refused

    def cancel(self, workspace: Workspace, client_order_id: str) -> OrderResult:
        """As VenueElsewhere. InvalidValueError for an order that has ended otherwise."""
        workspace.home.check_writable("cancel an order")
        orders.standing(workspace, client_order_id)  # of this account, as far as is known here
        try:
            self._team.client().trade.cancel(client_order_id, workspace.account)
        except RefusedError:
            found = self._followed(workspace, client_order_id, workspace.account)
            if found is None or found.open:
                raise
            raise orders.over(client_order_id, found.state) from None
        return self._answered(workspace, client_order_id, workspace.account, known=False)

    def close(self) -> None:
        """As VenueElsewhere."""
        if self._made is not None:
            self._made.close()

    @property
    def _team(self) -> Team:
        if self._made is None:
            self._made = self._team_of()
        return self._made

    def _sent(self, workspace: Workspace, intent: OrderIntent) -> tuple[OrderResult | None, bool]:
        """Send an order: the rejected one where the server refused it, and whether the server knew it before."""
        name = intent.client_order_id
        body = order_body(intent)
        try:
            _, known = self._team.client().trade.sent(body)
        except RefusedError:
            found = self._followed(workspace, name, intent.account)
            if found is None or found.state is not OrderState.REJECTED or not same_order(found.intent, intent):
                raise
            return found, False
        return None, known

    def _answered(self, workspace: Workspace, name: str, account: str, *, known: bool) -> OrderResult:
        """The order out of the stream, which has it. VenueError where that cannot be pulled now."""
        try:
            self._pull(workspace)
        except OptionixError as error:
            raise VenueError(
                f"the server took {name}; it is not here yet: {error}; `optionix sync now` brings it"
            ) from error
        found = orders.standing(workspace, name, account)
        if found is None:
            raise MissingDataError(f"the server took {name}, and its stream does not show it yet: `optionix sync now`")
        return replace(found, replayed=known)

    def _followed(self, workspace: Workspace, name: str, account: str) -> OrderResult | None:
        """After a no: the order as the stream has it, where that can be pulled; the no itself is told otherwise."""
        with suppress(OptionixError):
            self._pull(workspace)
        return orders.standing(workspace, name, account)

    def _pull(self, workspace: Workspace) -> None:
        syncing.pull(self._team, workspace, None if self._rebasing is None else self._rebasing())


def order_body(intent: OrderIntent) -> dict[str, Any]:
    """An order as `trade/execute` takes it. InvalidValueError for terms that it does not take."""
    for name in ("amount", "lots", "tag"):
        value = getattr(intent, name)
        if value is not None:
            raise InvalidValueError(name, value, f"absent: {intent.account} trades at the server, which takes none")
    trigger, limit, until = intent.trigger, intent.limit_price, intent.good_until
    prices = {
        "limit_price": limit,
        "stop_price": None if trigger is None else trigger.price,
        "trail": None if trigger is None else trigger.distance,
        "trail_percent": None if trigger is None else trigger.distance_percent,
    }
    body: dict[str, Any] = {
        "account_id": intent.account,
        "client_order_id": intent.client_order_id,
        "side": str(intent.side),
        "quantity": str(intent.quantity),
        "order_type": intent.order_type.value,
        "time_in_force": str(intent.time_in_force),
        "good_until": None if until is None else time_text(until),
        "post_only": intent.post_only or None,
        "reduce_only": intent.reduce_only or None,
        "parent": intent.parent,
        "one_cancels": intent.one_cancels,
        **{name: None if price is None else decimal_text(price) for name, price in prices.items()},
    }
    if intent.legs:
        body["legs"] = [{"symbol": leg.symbol, "ratio": leg.ratio} for leg in intent.legs]
    else:
        body["symbol"] = intent.symbol
    return {name: value for name, value in body.items() if value is not None}


def _end_of_day(workspace: Workspace) -> datetime:
    """The end of the session's day on the paper venue's feed."""
    from optionix_core.market.protocols import TellsSessions

    feed = workspace.venue_feed
    if not isinstance(feed, TellsSessions):
        raise MissingDataError("the feed does not tell when its session ends: say --expires")
    return feed.session_close(workspace.clock.now())
