"""`optionix report`: what a day's report says, in every format, and that it stays the same."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from filelock import FileLock

from optionix_core.market.clock import ManualClock

CALL = ("ORBIT", "15JAN27", "200", "C")
EVENING = datetime(2026, 11, 20, 21, 30, tzinfo=UTC)
"""Half an hour after the close of 2026-11-20."""


@pytest.fixture
def traded(optionix):
    """Two bought on the 19th, one sold and a spread of orders on the 20th, the evening after."""
    _at(optionix, datetime(2026, 11, 19, 15, 30, tzinfo=UTC))
    assert optionix("buy", "2", *CALL, "--client-id", "first").code == 0
    _at(optionix, datetime(2026, 11, 20, 15, 30, tzinfo=UTC))
    assert optionix("sell", "1", *CALL, "--client-id", "second").code == 0
    assert optionix("buy", "1", *CALL, "--limit", "0.05", "--client-id", "third").code == 1
    assert optionix("journal", "add", "Sold half.", "--day", "2026-11-20", "--id", "note").code == 0
    _at(optionix, EVENING)
    return optionix


def _at(optionix, moment):
    optionix.clock = ManualClock(moment)


def _daily(optionix, *arguments):
    answer = optionix("report", "daily", "--format", "json", *arguments)
    assert answer.code == 0, answer.words
    return json.loads(answer.out)


def test_a_day_adds_up_to_the_change_of_worth(traded):
    told = _daily(traded)
    assert (told["date"], told["complete"], told["notes"]) == ("2026-11-20", True, {})
    facts = {key: Decimal(str(value)) for key, value in told["facts"].items()}
    parts = facts["trading_pnl"] + facts["income"] - facts["other_fees"] + facts["paid_in"] + facts["other"]
    assert facts["change"] == parts
    assert facts["change"] == facts["net_liquidation_value"] - facts["net_liquidation_value_before"] != 0
    assert (facts["paid_in"], facts["income"], facts["other"]) == (0, 0, 0)
    (position,) = told["sections"]["positions"]
    assert (position["label"], position["quantity"]) == ("ORBIT 15JAN27 200 C", "1")
    assert Decimal(position["day_pnl"]) == facts["trading_pnl"]
    orders = told["sections"]["orders"]
    assert [(order["client_order_id"], order["state"]) for order in orders] == [
        ("second", "filled"),
        ("third", "cancelled"),
    ]
    assert [event["type"] for event in told["sections"]["events"]] == ["journal.noted"]


def test_the_day_on_which_an_account_opens_begins_with_nothing(traded):
    facts = _daily(traded, "--date", "2026-11-19")["facts"]
    assert (facts["net_liquidation_value_before"], facts["paid_in"], facts["other"]) == ("0", "100000", "0")
    # The worth of one evening is where the next begins.
    assert _daily(traded)["facts"]["net_liquidation_value_before"] == facts["net_liquidation_value"]


def test_profit_and_loss_by_instrument_is_that_by_underlying(traded):
    told = json.loads(traded("report", "pnl", "--format", "json").out)
    (instrument,), (underlying,), (lot,) = (
        told["sections"][name] for name in ("instruments", "underlyings", "closed_lots")
    )
    assert instrument["pnl"] == underlying["pnl"] == told["facts"]["trading_pnl"]
    assert lot["realised"] == instrument["realised"]
    opened = json.loads(traded("report", "pnl", "--format", "json", "--date", "2026-11-19").out)
    both = Decimal(told["facts"]["trading_pnl"]) + Decimal(opened["facts"]["trading_pnl"])
    assert Decimal(told["facts"]["month_to_date"]) == both
    assert "since it opened" in told["notes"]["month_to_date"]


@pytest.mark.parametrize(
    ("kind", "format_"),
    [*((kind, name) for kind in ("daily", "pnl") for name in ("html", "md", "csv", "json")), ("risk", "json")],
)
def test_a_report_is_the_same_to_the_byte_a_week_and_a_trade_later(traded, kind, format_):
    ask = ("report", kind, "--date", "2026-11-20", "--format", format_)
    first = traded(*ask)
    assert first.code == 0, first.words
    _at(traded, EVENING + timedelta(days=7))
    assert traded("buy", "1", *CALL).code == 0
    assert traded(*ask).data == first.data


def test_a_risk_report_adds_up(traded):
    told = json.loads(traded("report", "risk", "--format", "json").out)
    parts = told["sections"]["parts"]
    assert sum(part["component"] for part in parts) == pytest.approx(told["facts"]["value_at_risk"], abs=1e-9)
    assert told["facts"]["expected_shortfall"] > told["facts"]["value_at_risk"] > 0.0
    assert "explained" not in told["notes"]
    explained = {row["part"]: row["amount"] for row in told["sections"]["explained"]}
    pnl = json.loads(traded("report", "pnl", "--format", "json").out)["facts"]["trading_pnl"]
    assert explained.pop("actual") == pytest.approx(float(pnl), abs=1e-6)
    assert sum(explained.values()) == pytest.approx(float(pnl), abs=1e-6)
    worst = {row["scenario"]: row["pnl"] for row in told["sections"]["stress"]}
    # A long call loses its value at most.
    (greeks, total) = told["sections"]["greeks"]
    assert greeks["value"] == total["value"] > -min(worst.values()) > 0.0
    assert {row["regime"] for row in told["sections"]["margin"]} == {"strategy", "portfolio", "span"}


def test_the_risk_of_nothing_is_nothing_and_says_so(optionix):
    _at(optionix, datetime(2026, 11, 19, 15, 30, tzinfo=UTC))
    assert optionix("buy", "1", *CALL, "--limit", "0.05").code == 1
    _at(optionix, EVENING)
    told = json.loads(optionix("report", "risk", "--format", "json").out)
    assert (told["facts"]["value_at_risk"], told["facts"]["exceptions"]) == (0.0, None)
    assert "nothing is held" in told["notes"]["exceptions"]
    assert "no positions" in told["notes"]["value_at_risk"]


def test_the_formats_say_the_same(traded):
    told = _daily(traded)
    rows = list(csv.DictReader(io.StringIO(traded("report", "daily", "--format", "csv").out)))
    cells = {(row["section"], row["row"], row["column"]): row["value"] for row in rows}
    assert cells["facts", "1", "change"] == told["facts"]["change"]
    assert cells["orders", "2", "client_order_id"] == "third"
    page, text = (traded("report", "daily", "--format", name).out for name in ("html", "md"))
    assert text.startswith("# Day report 2026-11-20\n")
    worth = f"{Decimal(told['facts']['net_liquidation_value']):,}"
    assert worth in text
    assert page.startswith("<!doctype html>\n<html")
    assert worth in page
    assert "<script" not in page


def test_a_session_that_goes_on_is_told_so_far(traded):
    _at(traded, datetime(2026, 11, 20, 18, 0, tzinfo=UTC))
    told = _daily(traded, "--date", "2026-11-20")
    assert (told["complete"], told["as_of"]) == (False, "2026-11-20T18:00:00.000000Z")
    assert "the session not closed yet" in traded("report", "daily", "--date", "2026-11-20").out


def test_what_there_is_no_report_of(traded):
    for arguments, code, words in (
        (("--date", "2026-11-18"), 6, "account paper-1 was not open on 2026-11-18"),
        (("--account", "nobody"), 6, "account nobody was not open on 2026-11-20"),
        (("--date", "2026-11-21"), 1, "date must be a session of XNYS, such as 2026-11-20 or 2026-11-23"),
        (("--date", "2026-12-01"), 1, "date must be past or present"),
        (("--date", "yesterday"), 2, "--date"),
        (("--format", "pdf"), 2, "--format"),
        (("--out", "nowhere/daily.md"), 2, "--out must be a file in a folder that exists"),
    ):
        answer = traded("report", "daily", *arguments)
        assert answer.code == code, answer.words
        assert words in answer.words
        assert answer.out == ""


def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(traded):
    target = traded.folder / "daily.html"
    target.write_text("old")
    files = set(traded.folder.iterdir())
    answer = traded("report", "daily", "--format", "html", "--out", str(target))
    assert answer.code == 0
    assert answer.words == f"Day report 2026-11-20 of paper-1 written to {target}\n"
    assert target.read_text("utf-8") == traded("report", "daily", "--format", "html").out
    assert traded("report", "daily", "--date", "2026-11-18", "--out", str(target)).code == 6
    assert target.read_text("utf-8").startswith("<!doctype html>")
    assert set(traded.folder.iterdir()) == files


def test_a_second_run_is_refused_while_one_goes_on(traded):
    assert traded("report", "daily").code == 0
    (lock,) = (traded.home).rglob("report.lock")
    with FileLock(lock):
        answer = traded("report", "daily")
    assert answer.code == 4
    assert "report is running already" in answer.words
