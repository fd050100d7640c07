"""What a log says, added up event by event by itself, and what must hold of it after each.

Nothing here uses the folds of the product; a step of a random test looks at the new events alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal

from optionix_core.portfolio.ledger import ENTRY, entry_of
from optionix_core.trading import facts
from optionix_core.trading.orders import OrderState
from optionix_core.trading.records import END_STATES, FILLED, INTENT, fill_of, fill_side, intent_of
from optionix_core.trading.working_records import ACCEPTED, AMENDED, accepted_of, amended_of

ZERO = Decimal(0)
HALT_STARTED, HALT_ENDED = "halt.started", "halt.ended"


class ToldLog:
    """Follows one store."""

    def __init__(self, store):
        self.store, self.seq = store, 0
        self.balances = defaultdict(Decimal)
        """By ledger account and commodity."""
        self.moved, self.settled = Counter(), defaultdict(Decimal)
        """By account and symbol: contracts that fills moved, and that settlements took."""
        self.intents, self.limits, self.wanted = {}, {}, {}
        self.filled, self.kept, self.ended = Counter(), {}, {}
        self.taken, self.traded = Counter(), Counter()
        self.halts, self.fired = [], None
        self.fills = 0

    def follow(self):
        """Take what is new, and hold every event to the rules."""
        for record in facts.read(self.store, self.seq):
            self.seq = record.seq
            self._take(record.event)

    def reserved(self, account):
        """Cash that working orders of an account keep, by what was accepted and filled."""
        mine = (name for name in self.kept if self.intents[name].account == account)
        return sum((self.kept[n].total(self.left(n), filled=self.filled[n] > 0) for n in mine), ZERO)

    def left(self, name):
        """What of an order is not filled."""
        return self.wanted[name] - self.filled[name]

    def _take(self, event):
        name = event.payload.get("client_order_id")
        if event.type == ENTRY:
            self._post(entry_of(event))
        elif event.type == INTENT:
            assert name not in self.intents, f"{name} is wanted twice"
            self.intents[name] = intent = intent_of(event)
            self.limits[name], self.wanted[name] = intent.limit_price, intent.quantity
        elif event.type == ACCEPTED:
            self.kept[name] = accepted_of(event).reserve
        elif event.type == AMENDED:
            self._amend(name, amended_of(event))
        elif event.type == FILLED:
            self._fill(name, fill_of(event), fill_side(event), event)
        elif event.type in END_STATES:
            self._end(name, END_STATES[event.type])
        else:
            self._stop(event)

    def _stop(self, event):
        if event.type == HALT_STARTED:
            self.halts.append((event.payload, event.time))
        elif event.type == HALT_ENDED:
            ended = (event.payload["scope"], event.payload["name"])
            self.halts = [one for one in self.halts if (one[0]["scope"], one[0]["name"]) != ended]
        elif event.type == "kill.fired":
            self.fired = event.payload["kill_id"]
        elif event.type == "kill.rearmed":
            self.fired = None

    def _post(self, entry):
        sums = defaultdict(Decimal)
        for leg in entry.postings:
            self.balances[leg.account, leg.commodity] += leg.amount
            sums[leg.commodity] += leg.amount
            owner, _, kind = leg.account.partition(":")
            if kind == "positions" and entry.kind != "trade":
                self.settled[owner, leg.commodity] += leg.amount
        assert not any(sums.values()), f"debits and credits of {entry.entry_id} differ"

    def _amend(self, name, amended):
        self.kept[name] = amended.reserve
        asked = amended.amendment
        self.wanted[name] = asked.quantity or self.wanted[name]
        self.limits[name] = self.limits[name] if asked.limit_price is None else asked.limit_price

    def _end(self, name, state):
        assert name not in self.ended, f"{name} ends twice"
        assert state is not OrderState.FILLED or self.left(name) == 0
        self.ended[name] = state
        self.kept.pop(name, None)

    def _fill(self, name, fill, side, event):
        intent = self.intents[name]
        self.fills += 1
        assert name not in self.ended, f"{name} is filled after its end"
        assert self.fired is None or name.startswith(f"{self.fired}-"), f"{name} is filled after a kill"
        self.filled[name] += fill.quantity
        assert self.left(name) >= 0, f"{name} is filled beyond its quantity"
        if self.limits[name] is not None:
            assert side.sign * (self.limits[name] - fill.price) >= 0, f"{name} is traded through its limit"
        if intent.parent is not None:
            assert self.filled[name] <= self.filled[intent.parent], f"{name} outruns its parent"
        parts = fill.legs or (fill,)
        for part in parts:
            symbol = part.symbol if fill.legs else intent.symbol
            signed = part.quantity if fill.legs else side.sign * fill.quantity
            self._part(intent, symbol, signed, part, event)
        if fill.legs:
            self._whole(intent, fill, side)

    def _part(self, intent, symbol, signed, part, event):
        """One instrument of a fill."""
        self.moved[intent.account, symbol] += signed
        for payload, since in self.halts:
            if payload["name"] in ("", "TESTI", symbol) and since <= event.time:
                assert payload["until"] is not None, f"{symbol} is halted"
                assert event.time.isoformat()[:19] >= payload["until"][:19], f"{symbol} is halted"
        quote = part.quote
        if part.against is None:
            met, size = (quote.ask, quote.ask_size) if signed > 0 else (quote.bid, quote.bid_size)
            better = Decimal(str(met)) - part.price
            assert (better if signed > 0 else -better) <= 0, "better than the touch"
            key = (signed > 0, symbol, quote.exchange_time)
            self.taken[key] += abs(signed)
            assert self.taken[key] <= size, "a quote is taken twice"
            return
        assert self.intents[part.against].account != intent.account, "an account trades with itself"
        self.traded[symbol, part.price, event.time] += signed

    def _whole(self, intent, fill, side):
        moved, cost = Counter(), ZERO
        for leg in fill.legs:
            moved[leg.symbol] += leg.quantity
            cost += leg.quantity * leg.price
        assert moved == {leg.symbol: side.sign * leg.ratio * fill.quantity for leg in intent.legs}, "part of a unit"
        assert cost == side.sign * fill.quantity * fill.price

    def check(self):
        """What must hold between two steps."""
        assert not any(self.traded.values()), "a trade has one side"
        self.traded.clear()
        held = defaultdict(Decimal, {key: Decimal(number) for key, number in self.moved.items()})
        for key, amount in self.settled.items():
            held[key] += amount
        for (ledger, commodity), amount in self.balances.items():
            owner, _, kind = ledger.partition(":")
            if kind == "positions":
                assert amount == held[owner, commodity], f"{owner} holds what no fill moved"

    def cash(self, account):
        """In US dollars."""
        return self.balances[f"{account}:cash", "USD"]

    def positions(self, account):
        """Contracts held or sold, by symbol."""
        ledger = f"{account}:positions"
        return {commodity: amount for (one, commodity), amount in self.balances.items() if one == ledger and amount}
