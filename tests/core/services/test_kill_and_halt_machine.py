"""Orders, ticks, halts by hand and of the venue, kills, crashes and cancels in any order: what must hold after each."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from dying_store import Dying, Killed
from halting_feed import HaltingFeed
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from steady_feed import CALL, CALL_110, START

from optionix_core.errors import OptionixError
from optionix_core.market.clock import ManualClock
from optionix_core.services import halts, kill, orders, trading
from optionix_core.services.desk import Desk
from optionix_core.services.home import HomeFolders
from optionix_core.services.trading import OrderTerms
from optionix_core.services.workspace import Workspace
from optionix_core.sync.memory import MemoryEventStore
from optionix_core.trading import facts
from optionix_core.trading.halts import HaltScope
from optionix_core.trading.kill_switch import KillPhase
from optionix_core.trading.orders import OrderState, TimeInForce

SYMBOLS = st.sampled_from([CALL, CALL_110])
SCOPES = st.sampled_from([(HaltScope.MARKET, ""), (HaltScope.UNDERLYING, "TESTI"), (HaltScope.INSTRUMENT, CALL)])
WHO = {"by": "ada", "reason": "test"}


class KillAndHalt(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.store, self.feed, self.clock = MemoryEventStore(), HaltingFeed(), ManualClock(START)
        self.seconds = self.orders = self.kills = 0

    def workspace(self, store=None):
        return Workspace(
            HomeFolders.of(Path("unused")), store=store or self.store, feed=self.feed, clock=self.clock, account="one"
        )

    def desk(self):
        desk = Desk()
        desk.follow(self.store)
        return desk

    @rule(seconds=st.integers(1, 40), symbol=SYMBOLS, cents=st.integers(-12, 12))
    def tick(self, seconds, symbol, cents):
        self.seconds += seconds
        bid = round((4.9 if symbol == CALL else 1.0) + 0.05 * cents, 2)
        self.feed.tell(self.seconds, symbol, bid, round(bid + 0.2, 2), 5)
        self.clock.moment = START + timedelta(seconds=self.seconds)

    @initialize()
    def begin(self):
        """Something rests, and something is held, from the beginning on."""
        trading.place(self.workspace(), OrderTerms("buy", 2, CALL, None, TimeInForce.IOC), "first")
        trading.place(self.workspace(), OrderTerms("buy", 2, CALL, Decimal(4), TimeInForce.GTC), "rests")

    @rule(percent=st.sampled_from([-7, -3, 0, 4, 8]), later=st.integers(0, 400))
    def move(self, percent, later):
        """From 5% on a limit state, and after 15 s a pause by Limit Up-Limit Down."""
        self.feed.move(self.seconds + 1, 100.0 + percent)
        self.seconds += 1 + later
        self.clock.moment = START + timedelta(seconds=self.seconds)
        trading.bring_up_to_date(self.workspace())

    @rule(symbol=SYMBOLS, side=st.sampled_from(["buy", "sell"]), cents=st.integers(-10, 6), rests=st.booleans())
    def order(self, symbol, side, cents, rests):
        self.orders += 1
        price = Decimal("4.9" if symbol == CALL else "1.0") + Decimal("0.05") * cents
        force = TimeInForce.GTC if rests else TimeInForce.IOC
        result = trading.place(self.workspace(), OrderTerms(side, 2, symbol, price, force), f"o{self.orders}")
        desk = self.desk()
        halted = not desk.orders.halts.judge((self.feed.instrument(symbol),), self.clock.now()).allowed
        if halted or desk.orders.kill.in_force:
            assert result.state is OrderState.REJECTED

    @rule(number=st.integers(1, 30))
    def cancel(self, number):
        with suppress(OptionixError):  # it is unknown, or over already
            orders.cancel(self.workspace(), f"o{number}")

    @rule(scope=SCOPES, seconds=st.one_of(st.none(), st.integers(1, 90)))
    def halt(self, scope, seconds):
        board = self.desk().orders.halts.expire(self.clock.now())
        if scope not in {(one.scope, one.name) for one in board.halts if one.rule == halts.MANUAL}:
            until = None if seconds is None else self.clock.now() + timedelta(seconds=seconds)
            halts.start(self.workspace(), *scope, **WHO, until=until)

    @rule(pick=st.integers(0, 5))
    def lift(self, pick):
        board = self.desk().orders.halts.expire(self.clock.now())
        standing = [halt for halt in board.halts if halt.rule == halts.MANUAL]
        if standing:
            one = standing[pick % len(standing)]
            halts.lift(self.workspace(), one.scope, one.name, **WHO)

    @precondition(lambda self: self.desk().orders.kill.phase is KillPhase.DISARMED)
    @rule()
    def arm(self):
        kill.arm(self.workspace(), **WHO)

    @precondition(lambda self: self.desk().orders.kill.phase is KillPhase.ARMED)
    @rule(flatten=st.booleans(), dies=st.integers(0, 6), durable=st.booleans())
    def fire(self, flatten, dies, durable):
        self.kills += 1
        name = f"k{self.kills}"
        if dies:
            with suppress(Killed):
                kill.fire(
                    self.workspace(Dying(self.store, dies, durable=durable)), **WHO, flatten=flatten, kill_id=name
                )
        done = kill.fire(self.workspace(), **WHO, flatten=flatten, kill_id=name)
        assert done.switch.in_force == name
        assert self.desk().orders.open_orders() == ()

    @precondition(lambda self: self.desk().orders.kill.phase is KillPhase.FIRED)
    @rule()
    def rearm(self):
        switch = self.desk().orders.kill
        kill.rearm(self.workspace(), **WHO, confirmation=switch.confirmation)

    @invariant()
    def nothing_trades_while_halted_or_killed_and_all_ends_once(self):
        halted, fired, ended = [], None, set()
        for record in facts.read(self.store):
            event = record.event
            if event.type == "halt.started":
                halted.append([event.payload, event.time, event.payload["until"]])
            elif event.type == "halt.ended":
                halted = [one for one in halted if one[0]["rule"] != event.payload["rule"] or not _same(one, event)]
            elif event.type == "kill.fired":
                fired = event.payload["kill_id"]
            elif event.type == "kill.rearmed":
                fired = None
            elif event.type == "order.filled":
                assert fired is None or event.payload["client_order_id"].startswith(f"{fired}-")
                for payload, since, until in halted:
                    if payload["name"] in ("", "TESTI", event.payload["symbol"]) and since <= event.time:
                        assert until is not None
                        assert event.time.isoformat()[:19] >= until[:19]
            elif event.id.endswith("/end"):
                assert event.id not in ended
                ended.add(event.id)

    @invariant()
    def the_state_is_canonical(self):
        desk = self.desk()
        assert type(desk.orders).of_state(desk.orders.state()).state() == desk.orders.state()


def _same(one, event):
    return (one[0]["scope"], one[0]["name"]) == (event.payload["scope"], event.payload["name"])


TestKillAndHalt = KillAndHalt.TestCase
TestKillAndHalt.settings = settings(
    max_examples=8, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
