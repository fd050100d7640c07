"""Random orders of two accounts, ticks, halts, kills, cancels, crashes and restarts: 20,000 steps on one market.

The invariants are those of the log itself, added up by `told_log`, and after some steps those of the folds. A failing
run prints its seed and keeps it; see `seeded`.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from dying_store import Dying, Killed
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from seeded import run_seeded
from steady_feed import CALL, CALL_110, EXPIRES_AT, PUT, START
from told_feed import ToldFeed
from told_log import ToldLog

from optionix_core.errors import OptionixError
from optionix_core.market.clock import ManualClock
from optionix_core.portfolio.requirement import Kind, requirement
from optionix_core.services import halts, kill, orders, trading
from optionix_core.services.desk import Desk
from optionix_core.services.home import HomeFolders
from optionix_core.services.trading import OrderTerms
from optionix_core.services.workspace import Workspace
from optionix_core.sync.memory import MemoryEventStore
from optionix_core.trading.halts import HaltScope
from optionix_core.trading.kill_switch import KillPhase
from optionix_core.trading.orders import Amendment, OrderLeg, TimeInForce, Trigger, TriggerKind

ACCOUNTS = ("ada", "bob")
GTC, DAY, IOC, FOK = TimeInForce.GTC, TimeInForce.DAY, TimeInForce.IOC, TimeInForce.FOK
MIDDLES = {CALL: 50, CALL_110: 20, PUT: 48}
"""In steps of 0.1."""
SYMBOLS, SIDES, WHOSE = st.sampled_from(list(MIDDLES)), st.sampled_from(["buy", "sell"]), st.sampled_from(ACCOUNTS)
AWAY, QUANTITIES = st.integers(-6, 6), st.integers(1, 6)
DIES = st.none() | st.tuples(st.integers(1, 3), st.booleans())
SHAPES = (
    (OrderLeg(CALL, 1), OrderLeg(CALL_110, -1)),
    (OrderLeg(CALL, 1), OrderLeg(PUT, 1)),
    (OrderLeg(CALL, 3), OrderLeg(CALL_110, -2)),
    (OrderLeg(CALL, 1), OrderLeg(CALL_110, -1), OrderLeg(PUT, -1)),
)
SCOPES = ((HaltScope.MARKET, ""), (HaltScope.UNDERLYING, "TESTI"), (HaltScope.INSTRUMENT, CALL))
WHO = {"by": "ada", "reason": "test"}
FOLDED_EVERY = 25
"""Steps after which all is folded again from the first event."""


def price(symbol, away):
    return Decimal(MIDDLES[symbol] + away) / 10


class Market(RuleBasedStateMachine):
    """One home, two accounts, a process of each that may die."""

    steps = 0

    @initialize()
    def start(self):
        self.feed, self.clock, self.store = ToldFeed(), ManualClock(START), MemoryEventStore()
        self.told, self.mine, self.names = ToldLog(self.store), 0, []
        self.second = self.kills = 0
        self.restart()

    def workspace(self, account, store=None):
        return Workspace(
            HomeFolders.of(Path("unused")),
            store=store or self.store,
            feed=self.feed,
            clock=self.clock,
            account=account,
        )

    @rule()
    def restart(self):
        self.processes = {account: self.workspace(account) for account in ACCOUNTS}

    def send(self, account, terms, dies=None):
        self.names.append((account, f"o{len(self.names)}"))
        name = self.names[-1][1]
        if dies is not None:
            with suppress(Killed):
                trading.place(self.workspace(account, Dying(self.store, dies[0], durable=dies[1])), terms, name)
        result = trading.place(self.processes[account], terms, name)
        again = trading.place(self.processes[account], terms, name)
        assert (again.replayed, again.fills) == (True, result.fills)
        return name

    @rule(
        account=WHOSE,
        side=SIDES,
        quantity=QUANTITIES,
        symbol=SYMBOLS,
        away=st.none() | AWAY,
        force=st.sampled_from([IOC, FOK, GTC, GTC, DAY]),
        dies=DIES,
    )
    def order(self, account, side, quantity, symbol, away, force, dies):
        market = away is None and not force.rests
        limit = None if market else price(symbol, away or 0)
        self.send(account, OrderTerms(side, quantity, symbol, limit, force), dies)

    @rule(
        account=WHOSE,
        side=SIDES,
        quantity=QUANTITIES,
        symbol=SYMBOLS,
        level=AWAY,
        away=st.none() | AWAY,
        kind=st.sampled_from(list(TriggerKind)),
    )
    def trigger(self, account, side, quantity, symbol, level, away, kind):
        trails = kind is TriggerKind.TRAILING
        trigger = Trigger(kind, distance=Decimal("0.3")) if trails else Trigger(kind, price(symbol, level))
        limit = None if away is None or trails else price(symbol, away)
        self.send(account, OrderTerms(side, quantity, symbol, limit, GTC, trigger=trigger))

    @rule(
        account=WHOSE,
        side=SIDES,
        units=st.integers(1, 3),
        shape=st.sampled_from(SHAPES),
        away=AWAY,
        force=st.sampled_from([IOC, FOK, GTC, GTC, GTC]),
        dies=DIES,
    )
    def combination(self, account, side, units, shape, away, force, dies):
        net = Decimal(sum(leg.ratio * MIDDLES[leg.symbol] for leg in shape) + away) / 10
        self.send(account, OrderTerms(side, units, "", net, force, legs=shape), dies)

    @rule(account=WHOSE, quantity=QUANTITIES, symbol=SYMBOLS, entry=AWAY, take=AWAY, loss=AWAY)
    def bracket(self, account, quantity, symbol, entry, take, loss):
        parent = self.send(account, OrderTerms("buy", quantity, symbol, price(symbol, entry), GTC))
        family = {"parent": parent, "one_cancels": f"exit-{parent}"}
        if parent in self.named_in_log():
            self.send(account, OrderTerms("sell", quantity, symbol, price(symbol, take), GTC, **family))
            stop = Trigger(TriggerKind.STOP, price(symbol, loss))
            self.send(account, OrderTerms("sell", quantity, symbol, None, GTC, trigger=stop, **family))

    def named_in_log(self):
        self.told.follow()
        return self.told.intents

    @precondition(lambda self: self.names)
    @rule(which=st.integers(0, 400), quantity=st.none() | QUANTITIES, away=st.none() | AWAY)
    def amend(self, which, quantity, away):
        account, name = self.names[-1 - which % len(self.names)]
        intent = self.named_in_log()[name]
        limit = None if away is None or intent.legs else price(intent.symbol, away)
        with suppress(OptionixError):  # it is over, or has no such term
            orders.amend(self.processes[account], name, Amendment(f"a{self.store.head().seq}", quantity, limit))

    @precondition(lambda self: self.names)
    @rule(which=st.integers(0, 400))
    def cancel(self, which):
        account, name = self.names[-1 - which % len(self.names)]
        with suppress(OptionixError):  # it is over
            orders.cancel(self.processes[account], name)

    @rule(symbol=SYMBOLS, away=AWAY, spread=st.integers(1, 4), size=st.integers(0, 9), seconds=st.integers(1, 20))
    def tick(self, symbol, away, spread, size, seconds):
        self.second += seconds
        bid = (MIDDLES[symbol] + away - 2) / 10
        if self.second < (EXPIRES_AT - START).total_seconds():
            self.feed.tell(self.second, symbol, bid, bid + spread / 10, size)
        self.clock.moment = START + timedelta(seconds=self.second)

    @rule(account=WHOSE)
    def look(self, account):
        trading.bring_up_to_date(self.processes[account])

    @rule(hours=st.integers(1, 20))
    def wait(self, hours):
        self.second += 3600 * hours
        self.clock.moment = START + timedelta(seconds=self.second)

    @precondition(lambda self: self.mine % 4 == 0)
    @rule(scope=st.sampled_from(SCOPES), seconds=st.none() | st.integers(1, 40) | st.integers(1, 40))
    def halt(self, scope, seconds):
        until = None if seconds is None else self.clock.now() + timedelta(seconds=seconds)
        with suppress(OptionixError):  # it stands already
            halts.start(self.processes["ada"], *scope, **WHO, until=until)

    @precondition(lambda self: self.told.halts)
    @rule(scope=st.sampled_from(SCOPES))
    def lift(self, scope):
        with suppress(OptionixError):  # it does not stand
            halts.lift(self.processes["ada"], *scope, **WHO)

    @precondition(lambda self: self.told.fired or self.mine % 9 == 0)
    @rule(flatten=st.booleans(), dies=DIES)
    def kill_all(self, flatten, dies):
        """Armed, fired, perhaps by a process that dies of it, and armed again later."""
        process = self.processes["ada"]
        process.desk.follow(self.store)
        switch = process.desk.orders.kill
        if switch.phase is KillPhase.FIRED:
            kill.rearm(process, **WHO, confirmation=switch.confirmation)
            return
        if switch.phase is KillPhase.DISARMED:
            kill.arm(process, **WHO)
        self.kills += 1
        fired = {**WHO, "flatten": flatten, "kill_id": f"k{self.kills}"}
        if dies is not None:
            with suppress(Killed):
                kill.fire(self.workspace("ada", Dying(self.store, dies[0], durable=dies[1])), **fired)
        kill.fire(process, **fired)

    @invariant()
    def the_log_holds(self):
        Market.steps += 1
        self.mine += 1
        self.told.follow()
        self.told.check()
        if self.mine % FOLDED_EVERY == 0:
            self.fold_again()

    def fold_again(self):
        """Cash pays for what works and what could be lost; followed or folded again, the bytes are the same."""
        desk, again = self.processes["ada"].desk, Desk()
        desk.follow(self.store)
        for record in self.store.read():
            again.take(record)
        assert desk.to_bytes() == again.to_bytes()
        assert type(again.orders).of_state(again.orders.state()).state() == again.orders.state()
        for account in ACCOUNTS:
            reserved = self.told.reserved(account)
            assert desk.orders.reserved(account) == reserved
            held = self.told.positions(account)
            needed = requirement([(_kind(self.feed.instrument(symbol)), amount) for symbol, amount in held.items()])
            assert not needed.unbounded
            assert self.told.cash(account) >= max(reserved, needed.amount) >= 0

    def teardown(self):
        if not hasattr(self, "told"):
            return
        self.fold_again()
        self.clock.moment = EXPIRES_AT + timedelta(seconds=1)
        trading.bring_up_to_date(self.processes["bob"])
        self.told.follow()
        self.told.check()
        assert set(self.told.intents) == set(self.told.ended)
        assert not self.told.kept
        for account in ACCOUNTS:
            assert self.told.positions(account) == {}


def _kind(one):
    return Kind(one.underlying, one.multiplier, one.expires_at, one.option_type, one.strike)


@pytest.mark.parametrize("steps", [20_000, pytest.param(200_000, marks=pytest.mark.soak)])
def test_the_invariants_hold_over_twenty_thousand_steps(steps):
    before, each = Market.steps, 50
    runs = steps // 39  # some are shorter
    run_seeded(
        Market,
        settings(max_examples=runs, stateful_step_count=each, deadline=None, suppress_health_check=list(HealthCheck)),
    )
    assert Market.steps - before >= steps
