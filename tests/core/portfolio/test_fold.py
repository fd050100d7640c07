from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import IntegrityError, InvalidValueError, MissingDataError
from optionix_core.portfolio.flows import Flow, RecentFlows
from optionix_core.portfolio.fold import BookFold
from optionix_core.portfolio.ledger import account_opened_event, entry_event, opening_entry, trade_entry
from optionix_core.portfolio.lots import trade_lots
from optionix_core.portfolio.values import Lot
from optionix_core.sync import canonical
from optionix_core.sync.event import Event, Record
from optionix_core.sync.memory import MemoryEventStore

START = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
SYMBOLS = ("TESTI 260320C00100000", "TESTI 260320P00100000")
TRADES = st.lists(
    st.tuples(
        st.sampled_from(["paper-1", "paper-2"]),
        st.sampled_from(SYMBOLS),
        st.integers(-9, 9).filter(bool),
        st.decimals(min_value="0", max_value="99", places=2),
        st.integers(0, 3 * 86400),
    ),
    max_size=25,
)


def _events(trades):
    moment = START
    events = []
    for account in ("paper-1", "paper-2"):
        events.append(account_opened_event(account, "local-sim", "USD", moment))
        events.append(entry_event(opening_entry(account, "USD", Decimal(100_000), moment)))
    for number, (account, symbol, quantity, price, seconds) in enumerate(trades):
        moment += timedelta(seconds=seconds)
        entry = trade_entry(
            entry_id=f"trade-{number}",
            account=account,
            venue="local-sim",
            symbol=symbol,
            currency="USD",
            quantity=Decimal(quantity),
            price=price,
            multiplier=Decimal(100),
            fee=Decimal("0.65") * abs(quantity),
            time=moment,
            cause=f"fill-{number}",
        )
        events.append(entry_event(entry))
    return events


def _records(events):
    store = MemoryEventStore()
    with store.writing("test") as log:
        return log.append(events)


def _fold(records, fold=None):
    fold = BookFold() if fold is None else fold
    for record in records:
        fold.apply(record)
    return fold


@given(trades=TRADES, data=st.data())
@settings(max_examples=60, deadline=None)
def test_folded_from_the_start_or_from_any_prefix_the_bytes_are_the_same(trades, data):
    records = _records(_events(trades))
    whole = _fold(records).to_bytes()
    cut = data.draw(st.integers(0, len(records)))
    prefix = _fold(records[:cut]).to_bytes()
    resumed = BookFold.from_bytes(prefix)
    assert resumed.to_bytes() == prefix
    assert _fold(records[cut:], resumed).to_bytes() == whole


@given(trades=TRADES)
@settings(max_examples=60, deadline=None)
def test_the_book_agrees_with_its_ledger(trades):
    fold = _fold(_records(_events(trades)))
    sums = {}
    for amounts in fold.balances().values():
        for commodity, amount in amounts.items():
            sums[commodity] = sums.get(commodity, Decimal(0)) + amount
    assert not any(sums.values())
    for account in fold.accounts():
        spent = fees = Decimal(0)
        for name, _, quantity, price, _ in trades:
            if name == account.account:
                spent += quantity * price * 100
                fees += Decimal("0.65") * abs(quantity)
        for symbol in SYMBOLS:
            held = sum(q for name, s, q, _, _ in trades if (name, s) == (account.account, symbol))
            assert fold.balance(f"{account.account}:positions", symbol) == held
            position = next((item for item in account.positions if item.symbol == symbol), None)
            assert (position.quantity if position else 0) == held
        realised = account.realised_pnl
        cost = sum((item.cost for item in account.positions), Decimal(0))
        assert account.fees == fees
        assert account.cash == account.opening_balance - spent - fees
        assert cost - realised == spent  # what was paid is either still in the lots or was realised


@given(trades=TRADES, data=st.data())
@settings(max_examples=40, deadline=None)
def test_a_copy_goes_its_own_way_and_what_was_asked_before_is_never_stale(trades, data):
    records = _records(_events(trades))
    cut = data.draw(st.integers(0, len(records)))
    first = _fold(records[:cut])
    before, asked = first.to_bytes(), first.accounts()
    copied = first.copy()
    for record in records[cut:]:
        copied.apply(record)
        copied.accounts()
    assert (first.to_bytes(), first.accounts()) == (before, asked)
    assert copied.to_bytes() == _fold(records).to_bytes()
    assert copied.accounts() == _fold(records).accounts()


def test_lots_close_first_in_first_out():
    # Bought 2 at 1.00 and 3 at 2.00 (multiplier 100), sold 4 at 3.00: closes 2 x 100 and 2 x 200 of cost.
    lots = []
    assert trade_lots(lots, Decimal(2), Decimal(200), START) == 0
    assert trade_lots(lots, Decimal(3), Decimal(600), START) == 0
    assert trade_lots(lots, Decimal(-4), Decimal(-1200), START) == 600
    assert lots == [Lot(Decimal(1), Decimal(200), START)]


def test_a_trade_through_zero_closes_everything_and_opens_the_other_side():
    later = START + timedelta(minutes=1)
    lots = [Lot(Decimal(2), Decimal(200), START)]
    assert trade_lots(lots, Decimal(-5), Decimal(-750), later) == 100
    assert lots == [Lot(Decimal(-3), Decimal(-450), later)]
    assert trade_lots(lots, Decimal(3), Decimal(300), later) == 150
    assert lots == []


def test_a_share_of_a_lot_that_no_decimal_can_tell_is_cut_and_the_lot_keeps_the_rest():
    lots = [Lot(Decimal(3), Decimal(100), START)]
    assert trade_lots(lots, Decimal(-1), Decimal(-40), START) == Decimal(40) - Decimal("33.33333333")
    assert lots == [Lot(Decimal(2), Decimal("66.66666667"), START)]


def test_a_number_of_too_many_digits_is_refused_and_leaves_the_lots_alone():
    lots = [Lot(Decimal(3), Decimal("1e59"), START)]
    with pytest.raises(IntegrityError, match="closing -1 for -40 cannot be told exactly"):
        trade_lots(lots, Decimal(-1), Decimal(-40), START)
    assert lots == [Lot(Decimal(3), Decimal("1e59"), START)]


def test_records_out_of_order_are_refused():
    records = _records(_events([]))
    with pytest.raises(IntegrityError, match="sequence 2: expected sequence 1"):
        BookFold().apply(records[1])


def test_an_account_opens_once_and_before_its_entries():
    opened, opening = _events([])[:2]
    with pytest.raises(IntegrityError, match="sequence 1: account/paper-1/opening: account paper-1 is not open"):
        _fold(_records([opening]))
    again = Event("other", opened.type, opened.time, opened.payload)
    with pytest.raises(IntegrityError, match="opened twice"):
        _fold(_records([opened, again]))


def test_what_does_not_concern_the_book_moves_its_head_alone():
    record = _records([Event("note/1", "note.written", START, {"text": "hello"})])[0]
    fold = _fold([record])
    assert (fold.head.seq, fold.accounts(), fold.balances()) == (1, (), {})


@pytest.mark.parametrize("data", [b"nonsense", b"[]", b'{"version":99}'])
def test_a_state_of_another_shape_is_refused(data):
    with pytest.raises(IntegrityError):
        BookFold.from_bytes(data)


def test_positions_tell_when_they_were_opened_anew():
    records = _records(
        _events(
            [
                ("paper-1", SYMBOLS[0], 2, Decimal(1), 60),
                ("paper-1", SYMBOLS[0], -2, Decimal(1), 60),
                ("paper-1", SYMBOLS[0], 1, Decimal(1), 60),
                ("paper-1", SYMBOLS[0], 1, Decimal(1), 60),
            ]
        )
    )
    position = _fold(records).account("paper-1").positions[0]
    assert position.opened_at == START + timedelta(minutes=3)
    assert position.fees == Decimal("3.90")


def test_flows_are_told_from_a_quarter_of_an_hour_on():
    flows = RecentFlows()
    flows.add(START - timedelta(seconds=1), Flow(Decimal(1), Decimal(10), Decimal(0)))
    flows.add(START, Flow(Decimal(2), Decimal(20), Decimal(1)))
    flows.add(START + timedelta(hours=1), Flow(Decimal(-1), Decimal(-5), Decimal(1)))
    assert flows.since(START) == Flow(Decimal(1), Decimal(15), Decimal(2))
    assert flows.since(START - timedelta(minutes=15)).quantity == 2
    with pytest.raises(InvalidValueError, match="full quarter"):
        flows.since(START + timedelta(minutes=1))
    with pytest.raises(MissingDataError, match="not kept apart"):
        flows.since(START - timedelta(days=30))


def test_the_record_protocol_needs_nothing_but_its_fields():
    event = account_opened_event("paper-9", "local-sim", "USD", START)
    fold = _fold([Record(1, event, b"", bytes(32))])
    assert fold.venue_of("paper-9") == "local-sim"
    assert fold.traded("paper-9") == ()


OPENED = (
    '{"id":"account/paper-1/opened","payload":{"account":"paper-1","currency":"USD","venue":"local-sim"},'
    '"time":"2026-03-10T15:00:00.000000Z","type":"account.opened"}'
)
TRADED = (
    '{"id":"order/a/fill-%d/entry","payload":{"account":"paper-1","cause":"order/a/fill-%d","kind":"trade","memo":"m",'
    '"postings":[{"account":"paper-1:positions","amount":"%d","commodity":"TESTI 260320C00100000"},'
    '{"account":"venue:local-sim","amount":"%d","commodity":"TESTI 260320C00100000"},'
    '{"account":"paper-1:cash","amount":"%d","commodity":"USD"},'
    '{"account":"venue:local-sim","amount":"%d","commodity":"USD"},'
    '{"account":"paper-1:cash","amount":"-1.3","commodity":"USD"},'
    '{"account":"paper-1:fees","amount":"1.3","commodity":"USD"}]},'
    '"time":"2026-03-10T15:00:0%d.000000Z","type":"ledger.entry"}'
)


def test_logs_of_the_first_days_read_as_they_always_did():
    # The bytes of an entry as it was written before entries had moves and accounts had several currencies.
    lines = [
        OPENED,
        TRADED % (1, 1, 2, -2, -1020, 1020, 1),
        TRADED % (2, 2, 3, -3, -1800, 1800, 2),
        TRADED % (3, 3, -4, 4, 2800, -2800, 3),
    ]
    fold = _fold(_records([canonical.decode(line.encode()) for line in lines]))
    state = fold.account("paper-1")
    assert (state.cash, state.fees) == (Decimal(-20) - Decimal("3.90"), Decimal("3.90"))
    assert state.realised_pnl == 2800 - 1020 - 1200
    (position,) = state.positions
    assert (position.quantity, position.cost, position.currency) == (Decimal(1), Decimal(600), "USD")
    assert [lot.id for lot in position.lots] == ["order/a/fill-2/entry"]


def test_a_state_of_the_version_before_is_refused_by_its_number():
    state = {**BookFold().state(), "version": 1}
    with pytest.raises(IntegrityError, match="book state has version 1, not 2"):
        BookFold.of_state(state)
