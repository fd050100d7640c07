"""What alerts ask of feed, book and log, as observations in order of time.

Prices on a feed that can tell its quotes are followed quote by quote from where they were last looked at, so that an
alert crossed while nothing ran fires at the time of the quote that crossed it. Fills and halts come out of the log,
expiries out of the calendar, each at its own moment. Volatilities, Greeks, P&L, limits, and prices on other feeds are
seen at the moment of the look alone. What is not there is a MissingDataError with the reason, never a number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from optionix_core.errors import MissingDataError, UnknownNameError
from optionix_core.market import symbols
from optionix_core.market.protocols import FeedState, TellsQuotes
from optionix_core.portfolio.exact import decimal_of_float, decimal_text, exact_arithmetic
from optionix_core.trading import facts
from optionix_core.trading.alerts.conditions import (
    BookGreek,
    ExpiryWithin,
    Halted,
    ImpliedVolatility,
    Level,
    LimitUse,
    Measure,
    OptionGreek,
    OrderFilled,
    Pnl,
    PnlKind,
    Price,
    PriceField,
)
from optionix_core.trading.alerts.watching import Observation, Watch
from optionix_core.trading.halt_records import STARTED, board_after
from optionix_core.trading.halts import HaltBoard
from optionix_core.trading.records import FILLED, fill_of, fill_side
from optionix_core.trading.touch import quoted_at

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.market.instruments import Instrument
    from optionix_core.market.protocols import Matters, QuoteSource, TouchRange
    from optionix_core.market.quote import Quote
    from optionix_core.services.book import AccountReport
    from optionix_core.services.book_view import BookView
    from optionix_core.services.chain_view import ChainViewer, SideRow
    from optionix_core.services.workspace import Workspace
    from optionix_core.sync.event import LogReader
    from optionix_core.trading.alerts.alert import Alert
    from optionix_core.trading.halts import Halt, HaltKey

_HALF = Decimal("0.5")
_SLACK = 1e-9
"""By which the range of a mid is widened: the mid itself is computed exactly."""


class AlertFacts:
    """The facts of one workspace at one moment."""

    def __init__(
        self,
        workspace: Workspace,
        log: LogReader,
        now: datetime,
        looked: Mapping[str, datetime] | None = None,
        viewers: list[ChainViewer] | None = None,
    ) -> None:
        """`looked` tells, by alert, up to when quotes were looked at already though the log does not say so.

        `viewers` are kept from look to look, since they know what changes slowly; new ones are put into it.
        """
        self._workspace, self._log, self._now = workspace, log, now
        self._viewers = [] if viewers is None else viewers
        self._report: AccountReport | None = None
        self._view: BookView | None = None
        self._looked = {} if looked is None else looked

    def observations(self, watch: Watch) -> Iterator[Observation]:
        """See `Facts`."""
        condition = watch.alert.condition
        if isinstance(condition, OrderFilled):
            return self._fills(watch, condition)
        if isinstance(condition, ExpiryWithin):
            return self._expiry(watch, condition)
        if isinstance(condition, Halted):
            return self._halts(watch, condition)
        if isinstance(condition.measure, Price):
            return self._prices(watch, condition.measure)
        return self._now_alone(watch, condition)

    def value(self, alert: Alert) -> Decimal:
        """What a level's measure is now; MissingDataError where there is no data, UnknownNameError for a name."""
        if not isinstance(alert.condition, Level):
            raise MissingDataError(f"{alert.condition.words} is an event and has no value")
        measure = alert.condition.measure
        if isinstance(measure, Price):
            quote = self._quote(self._feed(alert), measure.symbol, self._now)
            found = price_of(quote, measure.field)
            if found is None:
                raise MissingDataError(f"{measure.symbol.strip()} has no {measure.field} at {self._now:%H:%M:%S}")
            return found
        return self._measured(alert, measure)

    def _feed(self, alert: Alert) -> QuoteSource:
        """The feed that the alert was set on. MissingDataError where it is not open."""
        workspace = self._workspace
        for feed in (workspace.feed, workspace.venue_feed):
            if alert.feed == feed.name:
                return feed
        raise MissingDataError(f"no data: it watches {alert.feed}, and {workspace.feed.name} is open (--feed)")

    def _prices(self, watch: Watch, price: Price) -> Iterator[Observation]:
        feed, start = self._feed(watch.alert), watch.start
        if not isinstance(feed, TellsQuotes):
            yield from self._price_now(watch, price, feed)
            return
        done = self._looked.get(watch.alert.alert_id)
        if done is None and watch.first:
            yield from _seen(self._standing(feed, price.symbol, start), price.field, start)
        after = start if done is None else max(start, done)
        within = feed.state is FeedState.SIMULATED and not symbols.is_option(price.symbol)
        matters = interest(watch, price.field, last_within=within)
        for quote in feed.quotes_between(price.symbol, after, watch.until, matters):
            yield from _seen(quote, price.field, after)

    def _price_now(self, watch: Watch, price: Price, feed: QuoteSource) -> Iterator[Observation]:
        if watch.until < self._now:
            return
        quote = self._quote(feed, price.symbol, self._now)
        if price_of(quote, price.field) is None:
            raise MissingDataError(f"no data: {price.symbol.strip()} has no {price.field}")
        yield from _seen(quote, price.field, max(watch.start, quoted_at(quote)))

    def _standing(self, feed: QuoteSource, symbol: str, at: datetime) -> Quote | None:
        try:
            return feed.quote(symbol, at) if symbols.is_option(symbol) else feed.spot(symbol, at)
        except MissingDataError:
            return None

    def _quote(self, feed: QuoteSource, symbol: str, at: datetime) -> Quote:
        """The quote at a moment. MissingDataError where it is older than the feed allows while its market is open."""
        quote = feed.quote(symbol, at) if symbols.is_option(symbol) else feed.spot(symbol, at)
        age = at - quoted_at(quote)
        if age > feed.stale_after and feed.is_open(at):
            raise MissingDataError(f"no data: the quote of {symbol.strip()} is {age.total_seconds():.0f} s old")
        return quote

    def _now_alone(self, watch: Watch, level: Level) -> Iterator[Observation]:
        if watch.until == self._now:
            yield Observation(self._now, self._measured(watch.alert, level.measure))

    def _measured(self, alert: Alert, measure: Measure) -> Decimal:
        if isinstance(measure, ImpliedVolatility):
            side = self._side(alert, measure.symbol)
            return _number(side.iv, side.rejected or "not solved", measure.words)
        if isinstance(measure, OptionGreek):
            side = self._side(alert, measure.symbol)
            return _number(getattr(side, measure.greek), side.rejected or "not solved", measure.words)
        self._check_account(alert.account)
        if isinstance(measure, BookGreek):
            return _book_greek(self._book(), measure)
        if isinstance(measure, Pnl):
            return _pnl(self._account(), measure)
        if isinstance(measure, LimitUse):
            return _buying_power_used(self._account())
        raise MissingDataError(f"no data: nothing tells {measure.words} at a moment")

    def _side(self, alert: Alert, symbol: str) -> SideRow:
        feed, terms = self._feed(alert), symbols.terms(symbol)
        instrument = feed.instrument(symbol)
        view = self._chains(feed).view(instrument.underlying, self._now, terms.expiry, instrument.root)
        if view.is_stale(self._now) and view.market_open:
            raise MissingDataError(f"no data: the chain of {symbol.strip()} is {view.age(self._now):.0f} s old")
        found = view.side(symbol)
        if found is None:
            raise MissingDataError(f"no data: {symbol.strip()} is not in its chain")
        return found[1]

    def _chains(self, feed: QuoteSource) -> ChainViewer:
        from optionix_core.services.chain_view import ChainViewer

        known = next((viewer for viewer in self._viewers if viewer.feed is feed), None)
        if known is None:
            known = ChainViewer(feed)
            self._viewers[:] = [*self._viewers[-1:], known]
        return known

    def _check_account(self, account: str) -> None:
        if account != self._workspace.account:
            raise MissingDataError(f"no data: it watches {account}, and {self._workspace.account} is open (--account)")

    def _account(self) -> AccountReport:
        from optionix_core.services import book

        if self._report is None:
            self._report = book.account(self._workspace, self._now)
        return self._report

    def _book(self) -> BookView:
        from optionix_core.services.book_view import BookViewer

        if self._view is None:
            self._view = BookViewer(self._workspace, self._chains(self._workspace.venue_feed)).view(self._now)
        return self._view

    def _fills(self, watch: Watch, condition: OrderFilled) -> Iterator[Observation]:
        for _, event in facts.read(self._log, watch.opened.looked_seq):
            if event.type != FILLED:
                continue
            fill = fill_of(event)
            if fill.client_order_id == condition.client_order_id:
                words = f"{fill_side(event)} {fill.quantity} {str(event.payload['symbol']).strip()}"
                told = f"order {fill.client_order_id} filled: {words} at {decimal_text(fill.price)}"
                yield Observation(max(fill.filled_at, watch.alert.set_at), happened=told)

    def _expiry(self, watch: Watch, condition: ExpiryWithin) -> Iterator[Observation]:
        instrument = self._feed(watch.alert).instrument(condition.symbol)
        due = max(instrument.expires_at - timedelta(days=condition.days), watch.alert.set_at)
        snooze = watch.opened.snoozed_until
        at = due if snooze is None else max(due, snooze)
        if watch.opened.fires <= watch.opened.reopened and at <= watch.until:
            yield Observation(at, happened=f"{condition.words}: at {instrument.expires_at:%Y-%m-%d %H:%M} UTC")

    def _halts(self, watch: Watch, condition: Halted) -> Iterator[Observation]:
        """The halt that held when the alert was set, then every one that begins, out of the log."""
        leg, desk = self._leg(condition.symbol), self._workspace.desk
        begun: set[tuple[HaltKey, datetime]] = set()
        if watch.first:
            with desk.lock:
                desk.follow(self._log)
                board = desk.orders.halts.at_venue(desk.venue)
            for halt in board.judge((leg,), watch.start).halts:
                begun.add((halt.key, halt.since))
                yield _halted(condition, halt, watch.start)
        for record in self._log.read(watch.opened.looked_seq):
            if record.event.type == STARTED:
                alone = board_after(HaltBoard(), record.event).at_venue(desk.venue)
                for halt in alone.judge((leg,), record.event.time).halts:
                    if (halt.key, halt.since) not in begun:
                        yield _halted(condition, halt, max(halt.since, watch.alert.set_at))

    def _leg(self, symbol: str) -> Instrument | str:
        """What the board is asked about: the paper venue's own instrument, or the name of its underlying."""
        feed = self._workspace.venue_feed
        if symbols.is_option(symbol):
            return feed.instrument(symbol)
        known = tuple(item.symbol for item in feed.underlyings())
        if symbol not in known:
            raise UnknownNameError("underlying of the paper venue", symbol, known[:10])
        return symbol

    def check_halted(self, condition: Halted) -> None:
        """UnknownNameError where the paper venue does not trade what shall be watched for halts."""
        self._leg(condition.symbol)


def _halted(condition: Halted, halt: Halt, at: datetime) -> Observation:
    return Observation(at, happened=f"{condition.words}: by {halt.rule}, {halt.reason}")


def price_of(quote: Quote, field: PriceField) -> Decimal | None:
    """One price of a quote, exact; None where the quote does not have it. A crossed quote has no mid."""
    if field is PriceField.MID:
        if quote.mid is None or quote.bid is None or quote.ask is None:
            return None
        with exact_arithmetic():
            return (decimal_of_float(quote.bid, "bid") + decimal_of_float(quote.ask, "ask")) * _HALF
    value: float | None = getattr(quote, field)
    return None if value is None else decimal_of_float(value, field)


def interest(watch: Watch, field: PriceField, *, last_within: bool = False) -> Matters:
    """Which quotes a watch on a price must see, for a feed that can leave out the others.

    `last_within` says that the last price is never outside of the touch, as with the simulated feed's underlyings.
    """

    def matters(touch: TouchRange) -> bool:
        if field is PriceField.BID:
            return watch.cares(touch.bid_low, touch.bid_high)
        if field is PriceField.ASK:
            return watch.cares(touch.ask_low, touch.ask_high)
        if field is PriceField.MID:
            low, high = 0.5 * (touch.bid_low + touch.ask_low), 0.5 * (touch.bid_high + touch.ask_high)
            return watch.cares(low - _SLACK * abs(low), high + _SLACK * abs(high))
        return watch.cares(touch.bid_low, touch.ask_high) if last_within else not watch.done

    return matters


def _seen(quote: Quote | None, field: PriceField, at_least: datetime) -> Iterator[Observation]:
    value = None if quote is None else price_of(quote, field)
    if quote is not None and value is not None:
        yield Observation(max(quoted_at(quote), at_least), value)


def _number(value: float | None, reason: str, words: str) -> Decimal:
    if value is None:
        raise MissingDataError(f"no data: {words}: {reason}")
    return decimal_of_float(value, words)


def _book_greek(view: BookView, measure: BookGreek) -> Decimal:
    if view.without_greeks:
        reason = next(line.greeks_reason for line in view.lines if line.greeks is None)
        raise MissingDataError(
            f"no data: {view.without_greeks} of {len(view.lines)} positions have no Greeks ({reason})"
        )
    name = measure.greek.replace("-", "_")
    return decimal_of_float(float(sum(getattr(line.greeks, name) for line in view.lines)), measure.words)


def _pnl(report: AccountReport, measure: Pnl) -> Decimal:
    if measure.symbol is None:
        if measure.kind is PnlKind.UNREALISED:
            if report.unmarked:
                first = report.unmarked[0]
                raise MissingDataError(f"no data: {first.symbol.strip()} has no mark ({first.reason})")
            return report.unrealised_pnl
        if report.day_pnl is None:
            raise MissingDataError(f"no data: {report.day_reason or 'no day P&L'}")
        return report.day_pnl
    found = next((item for item in report.positions if item.position.symbol == measure.symbol), None)
    if found is None:
        raise MissingDataError(f"no data: no position in {measure.symbol.strip()}")
    value = found.unrealised_pnl if measure.kind is PnlKind.UNREALISED else found.day_pnl
    if value is None:
        raise MissingDataError(f"no data: {found.mark.reason or found.day_reason or measure.words}")
    return value


def _buying_power_used(report: AccountReport) -> Decimal:
    cash, free = report.state.cash, report.buying_power
    if cash <= 0:
        raise MissingDataError(f"no data: there is no cash to use (cash {decimal_text(cash)})")
    return (cash - free) / cash
