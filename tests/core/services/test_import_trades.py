"""Trades out of a file: all of them or none, each once, every wrong row named."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from steady_feed import CALL, PUT

from optionix_core.errors import MalformedFileError
from optionix_core.portfolio.fold import closed_lots
from optionix_core.services import book, import_trades, lifecycle, trading
from optionix_core.services.import_trades import TRADE_IMPORTED
from optionix_core.sync.event import EMPTY_HEAD

D = Decimal
HEADER = "time,symbol,side,quantity,price,fee,id\n"
ROWS = (
    f"2026-03-09T16:00:00Z,{CALL},buy,2,4.50,1.30,T-1\n"
    "2026-03-09T12:30:00-05:00,TESTI 20MAR26 100 P,sell,1,5.25,0.65,T-2\n"
    f"2026-03-09T15:00:00Z,{CALL},buy,1,4.40,0.65,T-0\n"
)


@pytest.fixture
def file(tmp_path):
    def write(text, name="trades.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return write


def test_trades_come_in_by_their_times_and_open_the_account(workspace, store, file):
    report = import_trades.import_trades(workspace, file(HEADER + ROWS))
    assert [item.id for item in report.imported] == ["T-0", "T-1", "T-2"]
    assert (report.opens_account, report.already, report.account) == (True, (), "paper-1")
    assert report.cost == {"USD": D(440 + 900 - 525)}
    assert report.fees == {"USD": D("2.60")}
    state = book.account(workspace).state
    assert state.cash == 100_000 - D(815) - D("2.60")
    held = {item.symbol: (item.quantity, item.cost) for item in state.positions}
    assert held == {CALL: (D(3), D(1340)), PUT: (D(-1), D(-525))}
    assert [lot.id for lot in state.positions[0].lots] == ["import/paper-1/T-0/entry", "import/paper-1/T-1/entry"]
    imported = [record.event for record in store.read() if record.event.type == TRADE_IMPORTED]
    assert [event.time for event in imported] == sorted(event.time for event in imported)


def test_read_again_a_trade_is_passed_over_and_a_longer_file_adds_what_is_new(workspace, store, file):
    import_trades.import_trades(workspace, file(HEADER + ROWS))
    head = store.head()
    again = import_trades.import_trades(workspace, file(HEADER + ROWS))
    assert (again.imported, sorted(again.already)) == ((), ["T-0", "T-1", "T-2"])
    assert store.head() == head
    more = f"2026-03-10T14:00:00Z,{CALL},sell,3,5.00,1.95,T-9\n"
    report = import_trades.import_trades(workspace, file(HEADER + ROWS + more))
    assert ([item.id for item in report.imported], report.opens_account) == (["T-9"], False)
    assert sum(lot.realised for lot in closed_lots(store.read())) == 1500 - 1340


def test_a_dry_run_answers_the_same_and_writes_nothing(workspace, store, file):
    report = import_trades.import_trades(workspace, file(HEADER + ROWS), dry_run=True)
    assert store.head() == EMPTY_HEAD
    document = import_trades.to_json(report)
    assert (document["dry_run"], document["imported"], document["cost"]) == (True, 3, {"USD": "815"})
    written = import_trades.to_json(import_trades.import_trades(workspace, file(HEADER + ROWS)))
    assert written == {**document, "dry_run": False}


def test_another_trade_under_a_known_id_is_refused(workspace, store, file):
    import_trades.import_trades(workspace, file(HEADER + ROWS))
    head = store.head()
    other = ROWS.replace("4.50", "4.55") + f"2026-03-10T14:00:00Z,{CALL},sell,3,5.00,1.95,T-9\n"
    with pytest.raises(MalformedFileError, match=r"line 2, column id: must be unused, or repeat its trade \(got 'T-1'"):
        import_trades.import_trades(workspace, file(HEADER + other))
    assert store.head() == head


GOOD = {"time": "2026-03-09T16:00:00Z", "symbol": CALL, "side": "buy", "quantity": "2", "price": "4.5", "fee": "1"}


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("time", "2026-03-09T16:00:00", "must be a moment with its zone"),
        ("time", "yesterday", "must be a moment with its zone"),
        ("time", "2026-03-10T15:00:01Z", "now, 2026-03-10T15:00:00.000000Z"),
        ("time", "1970-01-01T00:00:00Z", "must be between 1973-04-26"),
        ("symbol", "TESTI 260332C00100000", "expiry must be a calendar date"),
        ("symbol", "no such thing", "or the symbol of a share"),
        ("symbol", "TESTI 260306C00100000", "must be on or before the expiry of TESTI 260306C00100000"),
        ("symbol", "TESTI1260320C00100000", "must be given: TESTI1260320C00100000 is adjusted"),
        ("side", "short", "must be buy or sell"),
        ("quantity", "0", "must be a whole number above 0"),
        ("quantity", "-2", "must be a whole number above 0"),
        ("quantity", "1.5", "must be a whole number above 0"),
        ("quantity", "1e3", "must be a whole number above 0"),
        ("price", "-0.01", "must be a number, zero or more"),
        ("price", "nan", "must be a number, zero or more"),
        ("price", "4,50", "must be a number, zero or more"),
        ("fee", "", "must be a number, zero or more"),
        ("id", "", "must be 1 to 100 letters"),
        ("id", "a b", "must be 1 to 100 letters"),
    ],
)
def test_a_wrong_cell_is_named_with_line_column_value_and_bound_and_nothing_is_written(
    workspace, store, file, column, value, words
):
    row = {**GOOD, "id": "T-1", column: value}
    cells = ",".join(f'"{row[name]}"' for name in HEADER.strip().split(","))
    with pytest.raises(MalformedFileError) as caught:
        import_trades.import_trades(workspace, file(f"{HEADER}{ROWS.splitlines()[1]}\n{cells}\n"))
    assert caught.value.line == 3
    assert words in str(caught.value)
    if "expiry of" not in words and "adjusted" not in words:
        assert caught.value.column == column
        assert f"got {value!r}" in str(caught.value)
    assert store.head() == EMPTY_HEAD


def test_every_wrong_row_is_named(workspace, store, file):
    wrong = f"2026-03-09T16:00:00Z,{CALL},buy,0,x,1,T-{{}}\n"
    text = HEADER + ROWS + "a,b\n" + wrong.format(5) + ROWS.splitlines()[0] + "\n"
    with pytest.raises(MalformedFileError) as caught:
        import_trades.import_trades(workspace, file(text))
    assert str(caught.value).splitlines() == [
        f"{caught.value.path}, line 5: must have 7 cells (got 2)",
        "  line 6, column quantity: must be a whole number above 0 (got '0')",
        "  line 6, column price: must be a number, zero or more, of at most 18 decimals (got 'x')",
        "  line 7, column id: must be unique in the file (got 'T-1', as in line 2)",
    ]
    many = HEADER + "".join(wrong.format(row) for row in range(20))
    with pytest.raises(MalformedFileError, match="and 30 more"):
        import_trades.import_trades(workspace, file(many))
    assert store.head() == EMPTY_HEAD


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("", "the column time is missing"),
        (HEADER.replace("fee,", ""), "line 1: the column fee is missing"),
        (HEADER.strip() + ",colour\n", "the column 'colour' must be one of"),
        (HEADER.strip() + ",fee\n", "the column 'fee' must be one of"),
        (HEADER + '"2026\n', "no CSV"),
    ],
)
def test_a_file_that_is_no_table_of_trades_is_refused(workspace, file, data, words):
    with pytest.raises(MalformedFileError, match=words):
        import_trades.import_trades(workspace, file(data))
    with pytest.raises(MalformedFileError, match="not UTF-8 at byte"):
        import_trades.import_trades(workspace, file(HEADER + "é", encoding="latin-1"))
    with pytest.raises(MalformedFileError, match="there is no such file"):
        import_trades.import_trades(workspace, file(HEADER).with_name("other.csv"))


def test_currency_and_multiplier_are_the_products_or_are_needed(workspace, file):
    header = "time,symbol,side,quantity,price,fee,id,multiplier,currency\n"
    adjusted = "2026-03-09T16:00:00Z,OTHER1260320C00100000,buy,1,2,0,A,150,USD\n"
    euros = "2026-03-09T16:00:00Z,SAP,buy,10,120.50,3,B,,EUR\n"
    coins = "2026-03-09T16:00:00Z,BTC-27MAR26-100000-C,sell,1,0.05,0.0003,C,1,BTC\n"
    report = import_trades.import_trades(workspace, file("\ufeff" + header + adjusted + euros + coins))
    found = [(item.leg.symbol, item.leg.multiplier, item.leg.currency) for item in report.imported]
    assert found == [
        ("OTHER1260320C00100000", D(150), "USD"),
        ("SAP", D(1), "EUR"),
        ("BTC-27MAR26-100000-C", D(1), "BTC"),
    ]
    assert report.cost == {"USD": D(300), "EUR": D(1205), "BTC": D("-0.05")}
    for cells, words in (
        (f"2026-03-09T16:00:00Z,{CALL},buy,1,2,0,D,10,\n", "must be 100, as of the product"),
        (f"2026-03-09T16:00:00Z,{CALL},buy,1,2,0,D,,EUR\n", "must be USD"),
        (f"2026-03-09T16:00:00Z,{CALL},buy,1,2,0,D,0,\n", "must be a number above 0"),
    ):
        with pytest.raises(MalformedFileError, match=words):
            import_trades.import_trades(workspace, file(header + cells))


def test_shares_and_other_currencies_stand_in_the_account_beside_its_own(workspace, file, clock):
    header = "time,symbol,side,quantity,price,fee,id,currency\n"
    rows = (
        "2026-03-09T16:00:00Z,TESTI,buy,10,100,0,A,\n"
        "2026-03-09T16:00:00Z,ELSE,buy,5,20,0,B,\n"
        "2026-03-09T16:00:00Z,BTC-27MAR26-100000-C,buy,1,0.05,0.0003,C,\n"
    )
    import_trades.import_trades(workspace, file(header + rows))
    trading.submit(workspace, "buy", 2, CALL)
    clock.advance(timedelta(days=3))
    lifecycle.bring_up_to_date(workspace)  # nothing of it can expire, and nothing of it stops what does
    document = book.to_json(book.account(workspace))
    assert document["cash_by_currency"]["BTC"] == -0.0503
    assert document["unconverted"] == ["BTC"]
    shown = {item["symbol"]: item for item in document["positions"]}
    assert (shown["ELSE"]["label"], shown["ELSE"]["expiry"], shown["ELSE"]["multiplier"]) == ("ELSE", None, 1)
    assert {item["symbol"] for item in document["unmarked"]} >= {"ELSE", "BTC-27MAR26-100000-C"}
    assert book.verify(workspace) > 0
