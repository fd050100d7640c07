"""A seeded day of orders of all kinds, and the process that sends them: RECORDING HOME SEED ORDERS FIRST.

What is sent and when follows from the recording and the seed alone. The process says the number of each act once it is
durable, so that whoever kills it knows from where to go on.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from random import Random

from recorded_venue import INTERVAL, UNDERLYINGS, RecordedVenue

from optionix_core.errors import InvalidValueError
from optionix_core.market.clock import ManualClock
from optionix_core.market.quote import Quote
from optionix_core.services import orders, trading
from optionix_core.services.home import HomeFolders
from optionix_core.services.trading import OrderTerms
from optionix_core.services.workspace import Workspace
from optionix_core.sync.event import EventStore
from optionix_core.trading.orders import Amendment, TimeInForce, Trigger, TriggerKind

GTC, DAY, GTD = TimeInForce.GTC, TimeInForce.DAY, TimeInForce.GTD
CENT = Decimal("0.01")
NICKEL = Decimal("0.05")
"""A step that every tick table of the venue divides below 3; prices off the grid are refused by the gate."""


@dataclass(frozen=True)
class Act:
    """One order, amendment or cancellation."""

    at: datetime
    name: str
    """Of the order."""
    asked: OrderTerms | Amendment | None
    """None: cancel."""

    def do(self, workspace: Workspace) -> None:
        """Do it, or do it again. What does not fit the order as it stands is refused, and nothing is written."""
        try:
            if isinstance(self.asked, OrderTerms):
                trading.place(workspace, self.asked, self.name)
            elif self.asked is None:
                orders.cancel(workspace, self.name)
            else:
                orders.amend(workspace, self.name, self.asked)
        except InvalidValueError:
            if isinstance(self.asked, OrderTerms):
                raise


def acts(venue: RecordedVenue, seed: int, count: int) -> list[Act]:
    """`count` orders in order of time, with amendments and cancellations among them."""
    chance = Random(seed)
    length = (venue.tape.last - venue.tape.first) // timedelta(milliseconds=1)
    moments = sorted(chance.sample(range(1, length), count * 4 // 3))
    symbols = _symbols(venue, chance)
    made: list[Act] = []
    resting: list[str] = []
    orders_made = 0
    for milliseconds in moments:
        at = venue.tape.first + timedelta(milliseconds=milliseconds)
        kind = chance.random()
        if kind < 0.25 and resting:
            name = chance.choice(resting[-25:])
            made.append(Act(at, name, None if kind < 0.15 else _amendment(chance, f"a{len(made)}")))
            continue
        if orders_made >= count:
            continue
        symbol = chance.choice(symbols)
        quote = _quote(venue, symbol, at)
        if quote is None:
            continue
        sent = _orders(chance, symbol, quote, at, f"o{orders_made}")
        made += [Act(at, name, terms) for name, terms in sent]
        resting += [name for name, terms in sent if terms.time_in_force.rests]
        orders_made += len(sent)
    return made


def _symbols(venue: RecordedVenue, chance: Random) -> list[str]:
    """A dozen cheap options of each underlying, those that expire on the day among them."""
    found = []
    for name in UNDERLYINGS:
        for part in venue.chain(name, venue.tape.first).slices:
            for side in (part.call, part.put):
                rows = zip(side.symbols, side.bid, side.ask, side.ask_size, strict=True)
                cheap = [key for key, bid, ask, size in rows if key and bid >= 0.1 and ask <= 2.5 and size >= 2]
                found += chance.sample(cheap, min(3, len(cheap)))
    return found


def _quote(venue: RecordedVenue, symbol: str, at: datetime) -> Quote | None:
    """None where it is expired, or nothing is bid."""
    if venue.instrument(symbol).expires_at <= at:
        return None
    quote = venue.quote(symbol, at)
    return None if quote.bid is None or quote.ask is None else quote


def _orders(chance: Random, symbol: str, quote: Quote, at: datetime, name: str) -> list[tuple[str, OrderTerms]]:
    side = chance.choice(["buy", "buy", "sell"])
    quantity = chance.randint(1, 6)
    take, give = (quote.ask, quote.bid) if side == "buy" else (quote.bid, quote.ask)
    near, away = _price(take), _price(give * chance.uniform(0.85, 1.1))
    force = chance.choice([GTC, DAY, DAY, GTD, GTD])
    until = at + chance.randint(1, 20) * INTERVAL / 2 if force is GTD else None
    worse, better = (1.08, 0.92) if side == "buy" else (0.92, 1.08)
    stop, touched = Trigger(TriggerKind.STOP, _price(take * worse)), Trigger(TriggerKind.TOUCHED, _price(take * better))
    kinds: list[Callable[[], OrderTerms]] = [
        lambda: OrderTerms(side, quantity, symbol),
        lambda: OrderTerms(side, quantity, symbol, None, TimeInForce.FOK),
        lambda: OrderTerms(side, quantity, symbol, near),
        lambda: OrderTerms(side, quantity, symbol, near, force, until),
        lambda: OrderTerms(side, quantity, symbol, away, force, until),
        lambda: OrderTerms(side, quantity, symbol, away, force, until, post_only=True),
        lambda: OrderTerms("sell", quantity, symbol, away, force, until, reduce_only=True),
        lambda: OrderTerms(side, quantity, symbol, None, force, until, stop),
        lambda: OrderTerms(side, quantity, symbol, _price(take * worse * worse), force, until, stop),
        lambda: OrderTerms(side, quantity, symbol, None, force, until, touched),
        lambda: OrderTerms(side, quantity, symbol, near, force, until, touched),
        lambda: OrderTerms(side, quantity, symbol, None, force, until, Trigger(TriggerKind.TRAILING, distance=NICKEL)),
        lambda: OrderTerms(
            side, quantity, symbol, None, force, until, Trigger(TriggerKind.TRAILING, distance_percent=Decimal(4))
        ),
    ]
    number = chance.randrange(len(kinds) + 1)
    if number < len(kinds):
        return [(name, kinds[number]())]
    entry = OrderTerms("buy", quantity, symbol, _price(quote.ask * 0.98), GTC)
    exit_terms = {"parent": name, "one_cancels": f"exit-{name}"}
    loss = Trigger(TriggerKind.STOP, _price(quote.bid * 0.9))
    return [
        (name, entry),
        (f"{name}-take", OrderTerms("sell", quantity, symbol, _price(quote.ask * 1.05), GTC, **exit_terms)),
        (f"{name}-stop", OrderTerms("sell", quantity, symbol, None, GTC, trigger=loss, **exit_terms)),
    ]


def _amendment(chance: Random, name: str) -> Amendment:
    price = _price(chance.uniform(0.2, 2.0)) if chance.random() < 0.5 else None
    return Amendment(name, chance.randint(1, 6) if price is None else None, price)


def _price(number: float) -> Decimal:
    steps = (Decimal(repr(number)) / NICKEL).to_integral_value(ROUND_HALF_UP)
    return max(steps, Decimal(1)) * NICKEL


def send(
    venue: RecordedVenue,
    store: EventStore | None,
    home: Path,
    sent: Iterable[tuple[int, Act]],
    tell: Callable[[int], None],
) -> None:
    """Do the acts at their moments, and look at the venue once more at the end of the day."""
    clock = ManualClock(venue.tape.first)
    with Workspace(HomeFolders.of(home), feed=venue, clock=clock, store=store) as workspace:
        for number, act in sent:
            clock.moment = act.at
            act.do(workspace)
            tell(number)
        clock.moment = venue.tape.last
        trading.bring_up_to_date(workspace)


def main(recording: str, home: str, seed: str, count: str, first: str) -> None:
    """Send what is left from the act `first` on."""
    venue = RecordedVenue(Path(recording))
    numbered = list(enumerate(acts(venue, int(seed), int(count))))

    def tell(number: int) -> None:
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()

    send(venue, None, Path(home), numbered[int(first) :], tell)


if __name__ == "__main__":
    main(*sys.argv[1:])
