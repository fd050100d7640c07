"""Random streams of messages, batch by batch, beside a matcher of plain lists; events are equal number for number."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from optionix_core.trading.matching import messages as m
from optionix_core.trading.matching.books import Books
from optionix_core.trading.matching.layout import Phase
from tests.core.trading.matching_reference import PlainMatcher

BOOKS = 2
FAR_PRICES = st.sampled_from([-(2**38) + 1, -40_000, -33, -1, 0, 31, 32, 1_000, 1_024, 70_000, 2**30, 2**38 - 1])
NEAR_PRICES = st.integers(97, 103)
BOOK = st.integers(0, BOOKS - 1)
HANDLE = st.integers(1, 40)
SIDE = st.sampled_from([1, -1])
LOTS = st.integers(1, 9)
OWNER = st.sampled_from([0, 0, 1, 2])
FLAGS = st.sampled_from([0, 0, 0, 0, 1, 2, 4])


def streams(price: st.SearchStrategy[int], auction_price: st.SearchStrategy[int]) -> st.SearchStrategy[list]:
    """Batches of makers of messages; the time is given when they are sent."""
    limit = st.builds(
        lambda b, h, s, p, q, o, f: lambda t: m.limit(b, h, s, p, q, t, owner=o, flags=f),
        BOOK, HANDLE, SIDE, price, LOTS, OWNER, FLAGS,
    )  # fmt: skip
    market = st.builds(
        lambda b, h, s, q, o, f: lambda t: m.market(b, h, s, q, t, owner=o, flags=f),
        BOOK, HANDLE, SIDE, LOTS, OWNER, st.sampled_from([0, 0, 0, 1, 2]),
    )  # fmt: skip
    cancel = st.builds(lambda b, h: lambda t: m.cancel(b, h, t), BOOK, HANDLE)
    amend = st.builds(lambda b, h, p, q: lambda t: m.amend(b, h, p, q, t), BOOK, HANDLE, price | st.just(0), LOTS)
    quote = st.builds(
        lambda b, bid, wide, x, y: lambda t: m.quote(b, bid, x, max(1 - 2**38, min(bid + wide, 2**38 - 1)), y, t),
        BOOK, price, st.integers(-1, 3), st.integers(0, 9), st.integers(0, 9),
    )  # fmt: skip
    trade = st.builds(
        lambda b, s, p, q: lambda t: m.trade(b, s, p, q, t), BOOK, st.integers(-1, 1), price, st.integers(1, 20)
    )
    phase = st.builds(lambda b, p: lambda t: m.phase(b, p, t), BOOK, st.sampled_from([*Phase, Phase.OPEN, Phase.OPEN]))
    uncross = st.builds(lambda b, p: lambda t: m.uncross(b, p, t), BOOK, auction_price)
    one = st.one_of(limit, limit, limit, limit, market, cancel, amend, amend, quote, trade, trade, phase, uncross)
    return st.lists(one, min_size=1, max_size=24)


class BooksBesideReference(RuleBasedStateMachine):
    """Prices near each other, as at a touch."""

    def __init__(self) -> None:
        super().__init__()
        self.books, self.plain, self.time = Books(BOOKS), PlainMatcher(BOOKS), 0

    def send(self, makers: list) -> None:
        rows = []
        for make in makers:
            self.time += 1
            rows.append(make(self.time))
        told = [tuple(row) for row in self.books.submit(rows).tolist()]
        assert told == self.plain.submit(rows)

    @initialize(where=st.sampled_from([Phase.OPEN, Phase.OPEN, Phase.AUCTION]))
    def begin(self, where: Phase) -> None:
        self.send([lambda t, b=book: m.phase(b, where, t) for book in range(BOOKS)])

    @rule(makers=streams(NEAR_PRICES, NEAR_PRICES))
    def messages_come(self, makers: list) -> None:
        self.send(makers)

    @rule()
    def the_books_are_written_and_read_again(self) -> None:
        written = self.books.to_bytes()
        self.books = Books.from_bytes(written)
        assert self.books.to_bytes() == written

    @rule()
    def the_books_are_copied(self) -> None:
        kept, self.books = self.books, self.books.copy()
        kept.submit([m.limit(0, 99, 1, 96, 5, self.time)])

    @invariant()
    def working_orders_are_the_same(self) -> None:
        for number, book in enumerate(self.plain.books):
            for handle, order in book.orders.items():
                ours = self.books.order(handle)
                expected = (
                    handle,
                    number,
                    order.side,
                    order.price or 0,
                    order.left,
                    order.done,
                    order.owner,
                    order.ahead,
                )
                assert ours == expected
            for side in (1, -1):
                lots = [level.quantity for level in self.books.depth(number, side)]
                assert sum(lots) == sum(order.left for order in book.queue(side))


class FarBooksBesideReference(BooksBesideReference):
    """Prices from one end to the other. The plain auction tries every tick, so there is none here."""

    @initialize(where=st.just(Phase.OPEN))
    def begin(self, where: Phase) -> None:
        self.send([lambda t, b=book: m.phase(b, where, t) for book in range(BOOKS)])

    @rule(makers=streams(FAR_PRICES, FAR_PRICES))
    def messages_come(self, makers: list) -> None:
        self.send([make for make in makers if make(0)[0] < 7])


TestNear = BooksBesideReference.TestCase
TestFar = FarBooksBesideReference.TestCase
SETTINGS = settings(
    max_examples=80, stateful_step_count=12, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
TestNear.settings = SETTINGS
TestFar.settings = SETTINGS


def random_message(r: random.Random, time: int) -> m.Message:
    book, handle, side = r.randrange(BOOKS), r.randint(1, 40), r.choice([1, -1])
    price, lots, owner = r.randint(97, 103), r.randint(1, 9), r.choice([0, 0, 1, 2])
    kind = r.choices(range(8), [4, 1, 1, 2, 1, 2, 1, 1])[0]
    return (
        m.limit(book, handle, side, price, lots, time, owner=owner, flags=r.choice([0, 0, 0, 0, 1, 2, 4])),
        m.market(book, handle, side, lots, time, owner=owner, flags=r.choice([0, 0, 0, 1, 2])),
        m.cancel(book, handle, time),
        m.amend(book, handle, r.choice([price, 0]), lots, time),
        m.quote(book, price, r.randint(0, 9), price + r.randint(-1, 3), r.randint(0, 9), time),
        m.trade(book, r.randint(-1, 1), price, r.randint(1, 20), time),
        m.phase(book, r.choice([*Phase, Phase.OPEN, Phase.OPEN]), time),
        m.uncross(book, price, time),
    )[kind]


def follow(seed: int) -> None:
    """A stream of its own for each seed; a failing one is named."""
    r, time, machine = random.Random(seed), 0, BooksBesideReference()
    machine.begin(r.choice([Phase.OPEN, Phase.OPEN, Phase.AUCTION]))
    for _ in range(12):
        rows = []
        for _ in range(r.randint(1, 24)):
            time += 1
            rows.append(random_message(r, 2 + time))
        told = [tuple(row) for row in machine.books.submit(rows).tolist()]
        assert told == machine.plain.submit(rows), seed
        if r.random() < 0.3:
            machine.the_books_are_written_and_read_again()
        machine.working_orders_are_the_same()


def test_streams_of_fixed_seeds_beside_the_reference() -> None:
    for seed in range(400):
        follow(seed)


@pytest.mark.soak
def test_many_more_streams_of_fixed_seeds_beside_the_reference() -> None:
    for seed in range(400, 40_000):
        follow(seed)


@pytest.mark.soak
def test_long_streams_beside_the_reference() -> None:
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        BooksBesideReference, settings=settings(SETTINGS, max_examples=1500, stateful_step_count=40)
    )
