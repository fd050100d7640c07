"""Random orders that rest, quotes, amendments, cancellations, kills and restarts, on two homes at once.

One home is looked at after every quote, as a running terminal does, the other only when something is asked of it. What
happened must be the same in both, and what must hold after every act is added up from the log alone.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from dying_store import Dying, Killed
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from share_feed import SHARE, ShareFeed
from steady_feed import CALL, CALL_110, EXPIRES_AT, PUT, START

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.market.clock import ManualClock
from optionix_core.portfolio.fee_schedule import FEE_PLANS
from optionix_core.portfolio.ledger import ENTRY, entry_of
from optionix_core.portfolio.requirement import Kind, requirement
from optionix_core.services import orders, trading
from optionix_core.services.desk import Desk
from optionix_core.services.home import HomeFolders
from optionix_core.services.trading import OrderTerms
from optionix_core.services.workspace import Workspace
from optionix_core.sync.memory import MemoryEventStore
from optionix_core.trading import facts
from optionix_core.trading.halt_rules import TradingRules
from optionix_core.trading.orders import Amendment, LotsWanted, OrderLeg, TimeInForce, Trigger, TriggerKind
from optionix_core.trading.records import END_STATES, FILLED, INTENT, fill_of, fill_side, intent_of
from optionix_core.trading.working_records import ACCEPTED, AMENDED, accepted_of, amended_of

SYMBOLS = st.sampled_from([CALL, CALL_110, PUT, SHARE])
LOTS = st.sampled_from([None, LotsWanted("fifo"), LotsWanted("lifo")])
SIDES = st.sampled_from(["buy", "sell"])
PRICES = st.integers(1, 80).map(lambda ticks: Decimal(ticks) / 10)
QUANTITIES = st.integers(1, 12)
NETS = st.integers(-60, 80).map(lambda ticks: Decimal(ticks) / 10)
COMBINATIONS = st.sampled_from(
    [
        (OrderLeg(CALL, 1), OrderLeg(CALL_110, -1)),
        (OrderLeg(CALL, 1), OrderLeg(PUT, 1)),
        (OrderLeg(CALL, 3), OrderLeg(CALL_110, -2)),
        (OrderLeg(CALL, 1), OrderLeg(CALL_110, -1), OrderLeg(PUT, -1)),
        (OrderLeg(SHARE, 100), OrderLeg(CALL, -1)),
        (OrderLeg(SHARE, 200), OrderLeg(CALL_110, -2), OrderLeg(PUT, 1)),
    ]
)
TRIGGERS = st.one_of(
    st.none(),
    st.builds(Trigger, st.sampled_from([TriggerKind.STOP, TriggerKind.TOUCHED]), PRICES),
    PRICES.map(lambda away: Trigger(TriggerKind.TRAILING, distance=away)),
)


def kind_of(feed, symbol):
    if symbol == SHARE:
        return Kind(SHARE, Decimal(1))
    instrument = feed.instrument(symbol)
    return Kind(
        instrument.underlying,
        instrument.multiplier,
        instrument.expires_at,
        instrument.option_type,
        instrument.strike,
    )


def parts(fill, side):
    """Sign, quote, price and contracts of a fill, or of each of its legs."""
    if not fill.legs:
        return [(side.sign, fill.quote, fill.price, fill.quantity)]
    return [(1 if leg.quantity > 0 else -1, leg.quote, leg.price, abs(leg.quantity)) for leg in fill.legs]


class Told:
    """What the events say, added up by itself."""

    def __init__(self):
        self.cash, self.held = Decimal(0), {}
        self.wanted, self.filled, self.kept = {}, {}, {}

    def left(self, name):
        return self.wanted[name] - self.filled.get(name, 0)

    def reserved(self, name):
        return self.kept[name].total(self.left(name), filled=self.filled.get(name, 0) > 0)

    def take(self, event):
        name = event.payload.get("client_order_id")
        if event.type == ENTRY:
            for leg in entry_of(event).postings:
                if leg.account == "paper-1:cash":
                    self.cash += leg.amount
                elif leg.account == "paper-1:positions":
                    self.held[leg.commodity] = self.held.get(leg.commodity, 0) + leg.amount
        elif event.type == INTENT:
            self.wanted[name] = intent_of(event).quantity
        elif event.type == ACCEPTED:
            self.kept[name] = accepted_of(event).reserve
        elif event.type == AMENDED:
            amended = amended_of(event)
            self.kept[name] = amended.reserve
            self.wanted[name] = amended.amendment.quantity or self.wanted[name]
        elif event.type == FILLED:
            self.filled[name] = self.filled.get(name, 0) + fill_of(event).quantity
        elif event.type in END_STATES:
            self.kept.pop(name, None)


class Resting(RuleBasedStateMachine):
    """Two homes, one clock, one market."""

    @initialize(plan=st.sampled_from(sorted(FEE_PLANS)))
    def start(self, plan):
        self.rules = TradingRules(fees=FEE_PLANS[plan])
        self.feed, self.clock = ShareFeed(), ManualClock(START)
        self.seconds = 0
        self.stores = {"watched": MemoryEventStore(), "left": MemoryEventStore()}
        self.names: list[str] = []
        self.terminal = self.workspace("watched", self.stores["watched"])

    def workspace(self, home, store=None):
        """One process for the home that is watched, a fresh one for each act on the other."""
        if home == "watched" and store is None:
            return self.terminal
        log = self.stores[home] if store is None else store
        folders = HomeFolders.of(Path("unused"))
        return Workspace(folders, store=log, feed=self.feed, clock=self.clock, rules=self.rules)

    def both(self, act):
        """The same act on both homes; both must answer the same."""
        told = []
        for home in self.stores:
            try:
                told.append(act(self.workspace(home)))
            except InvalidValueError as error:
                told.append(str(error))
        assert told[0] == told[1]
        return told[0]

    def named(self):
        self.names.append(f"o{len(self.names)}")
        return self.names[-1]

    def send(self, name, terms, kill=None):
        if kill is not None:
            appends, durable = kill
            try:
                trading.place(self.workspace("left", Dying(self.stores["left"], appends, durable=durable)), terms, name)
            except Killed:
                pass
        answers = [trading.place(self.workspace(home), terms, name) for home in self.stores]
        assert answers[0].state == answers[1].state
        assert answers[0].fills == answers[1].fills
        return answers[0]

    @rule(side=SIDES, quantity=QUANTITIES, symbol=SYMBOLS)
    def immediate(self, side, quantity, symbol):
        self.send(self.named(), OrderTerms(side, quantity, symbol))

    @rule(side=SIDES, amount=st.integers(1, 3000), symbol=SYMBOLS, limit=st.none() | PRICES, lots=LOTS)
    def by_amount(self, side, amount, symbol, limit, lots):
        """An amount too small, or no price, is the same error on both; else as many as it pays for."""
        name, terms = self.named(), OrderTerms(side, 0, symbol, limit, amount=Decimal(amount), lots=lots)
        told = []
        for home in self.stores:
            try:
                result = trading.place(self.workspace(home), terms, name)
                told.append((result.state, result.fills, result.intent.quantity))
                assert side == "sell" or result.cost + result.fees <= amount
            except (InvalidValueError, MissingDataError) as error:
                told.append(str(error))
        assert told[0] == told[1]

    @rule(
        side=SIDES,
        quantity=QUANTITIES,
        symbol=SYMBOLS,
        lots=LOTS,
        limit=st.none() | PRICES,
        trigger=TRIGGERS,
        force=st.sampled_from([TimeInForce.GTC, TimeInForce.DAY, TimeInForce.GTD]),
        kill=st.none() | st.tuples(st.integers(1, 3), st.booleans()),
    )
    def rest(self, side, quantity, symbol, lots, limit, trigger, force, kill):
        if limit is None and trigger is None:
            limit = Decimal(1)
        until = self.clock.now() + timedelta(seconds=40) if force is TimeInForce.GTD else None
        self.send(self.named(), OrderTerms(side, quantity, symbol, limit, force, until, trigger, lots=lots), kill)

    @rule(
        side=SIDES,
        quantity=st.integers(1, 5),
        legs=COMBINATIONS,
        limit=NETS,
        force=st.sampled_from([TimeInForce.IOC, TimeInForce.FOK, TimeInForce.GTC, TimeInForce.DAY]),
        kill=st.none() | st.tuples(st.integers(1, 3), st.booleans()),
    )
    def combination(self, side, quantity, legs, limit, force, kill):
        self.send(self.named(), OrderTerms(side, quantity, "", limit, force, legs=legs), kill)

    @rule(quantity=QUANTITIES, symbol=SYMBOLS, entry=PRICES, take=PRICES, loss=PRICES)
    def bracket(self, quantity, symbol, entry, take, loss):
        name = self.named()
        gtc = TimeInForce.GTC
        self.send(name, OrderTerms("buy", quantity, symbol, entry, gtc))
        group = f"exit-{name}"
        self.send(self.named(), OrderTerms("sell", quantity, symbol, take, gtc, parent=name, one_cancels=group))
        stop = Trigger(TriggerKind.STOP, loss)
        terms = OrderTerms("sell", quantity, symbol, None, gtc, trigger=stop, parent=name, one_cancels=group)
        self.send(self.named(), terms)

    @rule(symbol=SYMBOLS, quantity=QUANTITIES, durable=st.booleans())
    def killed_for_good(self, symbol, quantity, durable):
        """The intent is written, or not, and nobody sends it again."""
        name = self.named()
        for home, store in self.stores.items():
            trading.bring_up_to_date(self.workspace(home))
            dying = Dying(store, durable=durable, at=INTENT)
            with pytest.raises(Killed):
                trading.place(self.workspace(home, dying), OrderTerms("buy", quantity, symbol), name)
        self.look()

    @precondition(lambda self: self.names)
    @rule(data=st.data(), quantity=st.none() | QUANTITIES, limit=st.none() | PRICES)
    def amend(self, data, quantity, limit):
        name = data.draw(st.sampled_from(self.names))
        if self.stores["left"].find(f"order/{name}/intent") is None:
            return
        asked = Amendment(f"a{self.stores['left'].head().seq}", quantity, limit)
        self.both(lambda workspace: orders.amend(workspace, name, asked))

    @precondition(lambda self: self.names)
    @rule(data=st.data())
    def cancel(self, data):
        name = data.draw(st.sampled_from(self.names))
        if self.stores["left"].find(f"order/{name}/intent") is not None:
            self.both(lambda workspace: orders.cancel(workspace, name))

    @rule(
        symbol=SYMBOLS,
        bid=st.none() | st.integers(1, 80),
        spread=st.integers(0, 4),
        size=st.integers(0, 15),
        gap=st.integers(0, 20),
    )
    def quote(self, symbol, bid, spread, size, gap):
        """Later than what was looked at; several instruments may be quoted at one moment."""
        last = START + timedelta(seconds=self.seconds)
        if last <= self.clock.now() or any(q.symbol == symbol and q.received_at == last for q in self.feed.quotes):
            gap = max(gap, 1)
        self.seconds += gap
        low = None if bid is None else bid / 10
        if self.clock.now() < EXPIRES_AT:
            shown = 100 * size if symbol == SHARE else size
            self.feed.tell(self.seconds, symbol, low, ((bid or 0) + 1 + spread) / 10, shown)

    @rule(seconds=st.integers(1, 30))
    def wait(self, seconds):
        self.seconds += seconds
        self.clock.moment = START + timedelta(seconds=self.seconds)
        trading.bring_up_to_date(self.workspace("watched"))

    @rule(hours=st.integers(1, 30))
    def wait_long(self, hours):
        self.wait(hours * 3600)

    @rule()
    def look(self):
        """Both homes are brought up to now; the same has happened in both."""
        self.clock.moment = START + timedelta(seconds=self.seconds)
        for home in self.stores:
            trading.bring_up_to_date(self.workspace(home))
        watched, left = (
            [(r.event.id, r.event.type, r.event.time, r.event.payload) for r in store.read()]
            for store in self.stores.values()
        )
        assert _happened(watched) == _happened(left)

    @invariant()
    def cash_and_contracts_are_there_and_what_is_kept_is_what_works(self):
        for store in self.stores.values():
            told = Told()
            for record in facts.read(store):
                told.take(record.event)
            desk = Desk()
            desk.follow(store)
            reserved = sum((told.reserved(name) for name in told.kept), Decimal(0))
            assert desk.orders.reserved("paper-1") == reserved
            assert told.cash >= reserved >= 0
            needed = requirement(
                [(kind_of(self.feed, symbol), Decimal(quantity)) for symbol, quantity in told.held.items()]
            )
            assert not needed.unbounded
            assert told.cash >= needed.amount
            assert all(told.left(name) >= 0 for name in told.wanted)

    @invariant()
    def no_limit_is_traded_through_and_no_quote_is_taken_twice(self):
        for store in self.stores.values():
            limits, taken = {}, {}
            for record in facts.read(store):
                event = record.event
                name = event.payload.get("client_order_id")
                if event.type == INTENT:
                    limits[name] = intent_of(event).limit_price
                elif event.type == AMENDED and amended_of(event).amendment.limit_price is not None:
                    limits[name] = amended_of(event).amendment.limit_price
                elif event.type == FILLED:
                    fill, side = fill_of(event), fill_side(event)
                    if limits[name] is not None:
                        assert side.sign * (limits[name] - fill.price) >= 0
                    for sign, quote, price, quantity in parts(fill, side):
                        met = quote.ask if sign > 0 else quote.bid
                        assert sign * (price - Decimal(str(met))) >= 0
                        size = quote.ask_size if sign > 0 else quote.bid_size
                        key = (sign, quote.symbol, quote.exchange_time)
                        taken[key] = taken.get(key, 0) + quantity
                        assert taken[key] <= size

    @invariant()
    def a_combination_is_filled_in_whole_units_of_all_legs(self):
        for store in self.stores.values():
            for record in facts.read(store):
                if record.event.type != FILLED or "legs" not in record.event.payload:
                    continue
                fill, side = fill_of(record.event), fill_side(record.event)
                legs = intent_of(store.find(f"order/{fill.client_order_id}/intent").event).legs
                whole = [(leg.symbol, side.sign * leg.ratio * fill.quantity) for leg in legs]
                assert [(leg.symbol, leg.quantity) for leg in fill.legs] == whole
                weights = {leg.symbol: leg.ratio // (100 if leg.symbol == SHARE else 1) for leg in legs}
                assert fill.price == sum(weights[leg.symbol] * leg.price for leg in fill.legs)

    @invariant()
    def an_order_begins_and_ends_once_and_a_child_never_outruns_its_parent(self):
        for store in self.stores.values():
            intents, ended, filled = {}, set(), {}
            for record in facts.read(store):
                event = record.event
                name = event.payload.get("client_order_id")
                if event.type == INTENT:
                    assert name not in intents
                    intents[name] = intent_of(event)
                elif event.type in END_STATES:
                    assert name not in ended
                    ended.add(name)
                elif event.type == FILLED:
                    assert name not in ended
                    filled[name] = filled.get(name, 0) + fill_of(event).quantity
                    parent = intents[name].parent
                    if parent is not None:
                        assert filled[name] <= filled.get(parent, 0)
            groups = {}
            for name, intent in intents.items():
                if intent.one_cancels is not None:
                    groups.setdefault(intent.one_cancels, []).append(filled.get(name, 0))
            for group, quantities in groups.items():
                assert sum(quantities) <= filled.get(group.removeprefix("exit-"), 0)

    @invariant()
    def folded_again_or_resumed_the_bytes_are_the_same(self):
        for store in self.stores.values():
            followed, again = Desk(), Desk()
            followed.follow(store)
            for record in store.read():
                again.take(record)
            assert followed.to_bytes() == again.to_bytes()
            orders_again = type(again.orders).of_state(again.orders.state())
            assert orders_again.state() == again.orders.state()

    def teardown(self):
        if not hasattr(self, "stores"):
            return
        self.seconds = max(self.seconds, int((EXPIRES_AT - START).total_seconds()) + 1)
        self.look()
        for store in self.stores.values():
            desk = Desk()
            desk.follow(store)
            # Shares go on: only a GTC order for them may still work, and only they may be held.
            left = desk.orders.orders()
            assert all((order.intent.symbol, order.intent.time_in_force) == (SHARE, TimeInForce.GTC) for order in left)
            account = desk.book.account("paper-1")
            assert account is None or {position.symbol for position in account.positions} <= {SHARE}


def _happened(events):
    return [event for event in events if event[1] != "venue.advanced"]


def test_two_homes_of_one_market_come_out_the_same():
    run_state_machine_as_test(Resting, settings=settings(max_examples=12, stateful_step_count=25, deadline=None))


@pytest.mark.soak
def test_two_homes_of_one_market_come_out_the_same_over_twenty_thousand_steps():
    run_state_machine_as_test(Resting, settings=settings(max_examples=500, stateful_step_count=50, deadline=None))
