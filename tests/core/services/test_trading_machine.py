"""Random buys, sells, retries, crashes, quotes and expiries: what must hold after each of them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from dying_store import Dying, Killed
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule
from steady_feed import CALL, CALL_110, EXPIRES_AT, PUT, START, SteadyFeed

from optionix_core.market.clock import ManualClock
from optionix_core.portfolio.fold import BookFold
from optionix_core.portfolio.ledger import ENTRY, entry_of
from optionix_core.portfolio.requirement import Kind, requirement
from optionix_core.services import trading
from optionix_core.services.desk import Desk
from optionix_core.services.home import HomeFolders
from optionix_core.services.workspace import Workspace
from optionix_core.sync.memory import MemoryEventStore
from optionix_core.trading import facts
from optionix_core.trading.orders import OrderState
from optionix_core.trading.records import END_STATES, FILLED, INTENT, fill_of, fill_side, intent_of

SYMBOLS = st.sampled_from([CALL, CALL_110, PUT])
SIDES = st.sampled_from(["buy", "sell"])
LIMITS = st.none() | st.integers(1, 120).map(lambda ticks: Decimal(ticks) / 20)


def kind_of(instrument):
    return Kind(
        instrument.underlying,
        instrument.multiplier,
        instrument.expires_at,
        instrument.option_type,
        instrument.strike,
    )


class Trading(RuleBasedStateMachine):
    """One home, many short processes."""

    orders = Bundle("orders")

    @initialize()
    def start(self):
        self.feed = SteadyFeed()
        self.clock = ManualClock(START)
        self.store = MemoryEventStore()
        self.follower = Desk()
        self.count = 0

    def _workspace(self, store=None):
        return Workspace(HomeFolders.of(Path("unused")), store=store or self.store, feed=self.feed, clock=self.clock)

    def _send(self, order, store=None):
        side, quantity, symbol, limit, order_id = order
        return trading.submit(self._workspace(store), side, quantity, symbol, limit, client_order_id=order_id)

    @rule(target=orders, side=SIDES, quantity=st.integers(1, 30), symbol=SYMBOLS, limit=LIMITS)
    def order(self, side, quantity, symbol, limit):
        self.count += 1
        order = (side, quantity, symbol, limit, f"order-{self.count}")
        result = self._send(order)
        assert not result.replayed
        assert result.state in (OrderState.FILLED, OrderState.CANCELLED, OrderState.REJECTED)
        return order

    @rule(
        target=orders,
        side=SIDES,
        quantity=st.integers(1, 30),
        symbol=SYMBOLS,
        appends=st.integers(1, 3),
        durable=st.booleans(),
    )
    def killed_order(self, side, quantity, symbol, appends, durable):
        self.count += 1
        order = (side, quantity, symbol, None, f"order-{self.count}")
        try:
            self._send(order, Dying(self.store, appends, durable=durable))
        except Killed:
            pass
        return order

    @rule(order=orders)
    def retry(self, order):
        known = self.store.find(f"order/{order[4]}/end")
        before = self.store.head()
        result = self._send(order)
        assert result.replayed == (known is not None)
        assert self._send(order).fills == result.fills
        if known is not None:
            assert self.store.head() == before

    @rule(seconds=st.integers(0, 3))
    def wait(self, seconds):
        self.clock.advance(timedelta(seconds=seconds))

    @rule(symbol=SYMBOLS, bid=st.integers(1, 110), spread=st.integers(0, 6), size=st.integers(0, 20))
    def requote(self, symbol, bid, spread, size):
        self.clock.advance(timedelta(seconds=1))
        self.feed.prices[symbol] = (bid / 20, (bid + spread) / 20, size, size)

    @rule(days=st.integers(1, 12))
    def pass_days(self, days):
        self.clock.advance(timedelta(days=days))
        trading.bring_up_to_date(self._workspace())

    @invariant()
    def every_entry_balances_and_cash_is_never_negative(self):
        balances = {}
        for record in facts.read(self.store):
            if record.event.type != ENTRY:
                continue
            for leg in entry_of(record.event).postings:
                key = (leg.account, leg.commodity)
                balances[key] = balances.get(key, Decimal(0)) + leg.amount
            sums = {}
            for (_, commodity), amount in balances.items():
                sums[commodity] = sums.get(commodity, Decimal(0)) + amount
            assert not any(sums.values())
        assert balances.get(("paper-1:cash", "USD"), Decimal(0)) >= 0

    @invariant()
    def what_is_held_is_what_was_filled_less_what_expired(self):
        held = {}
        expired = set()
        for record in facts.read(self.store):
            event = record.event
            if event.type == FILLED:
                symbol = event.payload["symbol"]
                held[symbol] = held.get(symbol, 0) + fill_side(event).sign * fill_of(event).quantity
            elif event.type == ENTRY and event.payload["kind"] == "expiry":
                expired.add(event.id.rpartition("/")[2])
        self.follower.follow(self.store)
        account = self.follower.book.account("paper-1")
        positions = {} if account is None else {item.symbol: int(item.quantity) for item in account.positions}
        assert positions == {
            symbol: quantity for symbol, quantity in held.items() if quantity and symbol not in expired
        }
        kinds = {symbol: kind_of(self.feed.instrument(symbol)) for symbol in positions}
        needed = requirement([(kinds[symbol], Decimal(quantity)) for symbol, quantity in positions.items()])
        assert not needed.unbounded
        assert account is None or account.cash >= needed.amount

    @invariant()
    def no_limit_is_traded_through_and_no_quote_filled_beyond_its_size(self):
        taken = {}
        for record in facts.read(self.store):
            if record.event.type != FILLED:
                continue
            fill, side = fill_of(record.event), fill_side(record.event)
            intent = intent_of(self.store.find(f"order/{fill.client_order_id}/intent").event)
            if intent.limit_price is not None:
                assert side.sign * (intent.limit_price - fill.price) >= 0
            size = fill.quote.ask_size if side.sign > 0 else fill.quote.bid_size
            key = (side, fill.quote.symbol, fill.quote.exchange_time)
            taken[key] = taken.get(key, 0) + fill.quantity
            assert taken[key] <= size

    @invariant()
    def an_order_is_written_once_ends_once_and_no_fill_comes_after_its_end(self):
        intents, ends = [], []
        for record in facts.read(self.store):
            event = record.event
            if event.type == INTENT:
                intents.append(event.payload["client_order_id"])
            elif event.type in END_STATES:
                ends.append(event.payload["client_order_id"])
            elif event.type == FILLED:
                assert event.payload["client_order_id"] not in ends
        assert len(set(intents)) == len(intents)
        assert len(set(ends)) == len(ends)
        assert len(set(intents) - set(ends)) <= 1

    @invariant()
    def followed_resumed_or_folded_again_the_bytes_are_the_same(self):
        self.follower.follow(self.store)
        again = Desk()
        for record in self.store.read():
            again.take(record)
        assert self.follower.to_bytes() == again.to_bytes()
        assert BookFold.from_bytes(again.book.to_bytes()).to_bytes() == again.book.to_bytes()

    def teardown(self):
        if not self.count:
            return
        self.clock.moment = max(self.clock.moment, EXPIRES_AT)
        trading.bring_up_to_date(self._workspace())
        self.follower.follow(self.store)
        assert self.follower.orders.open_orders() == ()
        account = self.follower.book.account("paper-1")
        assert account is None or account.positions == ()


TestTrading = Trading.TestCase
TestTrading.settings = settings(max_examples=20, stateful_step_count=30, deadline=None)
