"""The ledger shown, verified and written to files that others can read."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from steady_feed import CALL, START

from optionix_core.errors import IntegrityError, InvalidValueError, UnknownNameError
from optionix_core.portfolio.cash_flows import deposit_entry
from optionix_core.portfolio.ledger import entry_event
from optionix_core.portfolio.transfers import cash_transfer
from optionix_core.portfolio.values import LedgerEntry, Posting
from optionix_core.services import ledger, trading
from optionix_core.services.ledger import LedgerFilter, NumberedEntry
from optionix_core.services.ledger_export import ExportFormat, account_name, commodity_name, format_of, write
from optionix_core.services.trading import OrderTerms

D = Decimal


def traded(workspace):
    trading.submit(workspace, "buy", 2, CALL)
    trading.place(replace_account(workspace, "other"), OrderTerms("buy", 1, CALL))


def replace_account(workspace, account):
    from optionix_core.services.workspace import Workspace

    return Workspace(
        workspace.home,
        account=account,
        clock=workspace.clock,
        store=workspace.store,
        feed=workspace.feed,
        new_order_id=lambda: "second",
    )


def test_a_fresh_home_has_an_empty_ledger_that_is_whole(workspace):
    assert ledger.show(workspace.store).entries == ()
    report = ledger.verify(workspace)
    assert (report.sentence, report.entries, report.accounts) == ("empty, verified", 0, 0)


def test_entries_are_told_by_account_time_and_what_they_move(workspace):
    traded(workspace)
    store = workspace.store
    assert [item.entry.kind for item in ledger.show(store).entries] == ["opening", "trade", "opening", "trade"]
    assert [item.seq for item in ledger.show(store, limit=1).entries] == [ledger.show(store).entries[-1].seq]
    assert {item.entry.account for item in ledger.entries(store, LedgerFilter(account="other"))} == {"other"}
    for symbol in (CALL, "testi 20MAR26 100 c"):
        found = ledger.show(store, LedgerFilter(symbol=symbol))
        assert [item.entry.kind for item in found.entries] == ["trade", "trade"]
    assert ledger.show(store, LedgerFilter(symbol="usd")).found == 4
    assert ledger.show(store, LedgerFilter(since=START + timedelta(seconds=1))).found == 0
    with pytest.raises(UnknownNameError, match=r"unknown account 'nobody'; known: other, paper-1"):
        list(ledger.entries(store, LedgerFilter(account="nobody")))
    with pytest.raises(InvalidValueError, match="limit must be at least 1"):
        ledger.show(store, limit=0)


def test_the_json_of_an_entry_has_exact_amounts_as_text(workspace):
    trading.submit(workspace, "buy", 2, CALL)
    document = ledger.to_json(ledger.show(workspace.store, LedgerFilter(symbol=CALL)))
    (entry,) = document["entries"]
    assert {leg["account"]: leg["amount"] for leg in entry["postings"] if leg["commodity"] == CALL} == {
        "paper-1:positions": "2",
        "venue:local-sim": "-2",
    }
    assert sum(D(leg["amount"]) for leg in entry["postings"] if leg["commodity"] == "USD") == 0
    assert json.loads(json.dumps(document))["found"] == 1


def test_verify_counts_what_it_checked(workspace):
    traded(workspace)
    report = ledger.verify(workspace)
    assert report.sentence == "4 entries in 9 accounts, verified: every one of 2 commodities sums to zero"
    assert ledger.to_json(report)["verified"] is True


def test_a_transfer_without_its_other_half_is_found(workspace):
    traded(workspace)
    workspace.desk.follow(workspace.store)
    source, target = (workspace.desk.book.account(name) for name in ("paper-1", "other"))
    out, into = cash_transfer("t1", source, target, "USD", D(50), START)
    with workspace.store.writing("test") as log:
        log.append([entry_event(out)])
    with pytest.raises(IntegrityError, match=r"transit:t1 holds 50 USD: a transfer without its other half"):
        ledger.verify(workspace)
    with workspace.store.writing("test") as log:
        log.append([entry_event(into)])
    assert ledger.verify(workspace).entries == 6


def test_an_entry_that_does_not_balance_breaks_the_ledger(workspace):
    trading.submit(workspace, "buy", 2, CALL)
    good = entry_event(deposit_entry(entry_id="d", account="paper-1", currency="USD", amount=D(5), time=START))
    postings = [{**good.payload["postings"][0], "amount": "6"}, good.payload["postings"][1]]
    with workspace.store.writing("test") as log:
        log.append([replace(good, payload={**good.payload, "postings": postings})])
    with pytest.raises(IntegrityError, match="d does not balance: sum of USD must be exactly zero"):
        ledger.verify(workspace)


def exported(entries, kind):
    target = io.StringIO(newline="")
    write(entries, kind, target)
    return target.getvalue()


def test_csv_and_json_lines_hold_every_posting(workspace):
    traded(workspace)
    page = ledger.show(workspace.store)
    rows = list(csv.DictReader(io.StringIO(exported(page.entries, ExportFormat.CSV))))
    legs = [leg for item in page.entries for leg in item.entry.postings]
    assert [(row["posting"], row["commodity"], D(row["amount"])) for row in rows] == [
        (leg.account, leg.commodity, leg.amount) for leg in legs
    ]
    lines = exported(page.entries, ExportFormat.JSONL).splitlines()
    assert [json.loads(line)["id"] for line in lines] == [item.entry.id for item in page.entries]


ACCOUNT = re.compile(r"(Assets|Liabilities|Equity|Income|Expenses)(:[A-Z0-9][A-Za-z0-9-]*)+")
COMMODITY = re.compile(r"[A-Z][A-Z0-9'._-]{0,22}[A-Z0-9]")
POSTING = re.compile(r"  (\S+)  (-?\d+(?:\.\d+)?) (\S+)")
"""Beancount, Language Syntax: accounts, commodities of up to 24 characters, postings."""


def read_beancount(text):
    """Transactions as lists of (account, amount, commodity), and the opened accounts, by the published syntax."""
    opened, transactions = {}, []
    for line in text.splitlines():
        if found := re.fullmatch(r"(\d{4}-\d\d-\d\d) open (\S+)", line):
            opened[found[2]] = found[1]
        elif found := re.fullmatch(r'(\d{4}-\d\d-\d\d) \* "[^"\\]*" "(?:[^"\\]|\\.)*"', line):
            transactions.append((found[1], []))
        elif found := POSTING.fullmatch(line):
            transactions[-1][1].append((found[1], D(found[2]), found[3]))
        else:
            assert re.fullmatch(
                r'|option "title" "[^"]*"|\d{4}-\d\d-\d\d commodity \S+|  [a-z]+: ("(?:[^"\\]|\\.)*"|\d+)', line
            ), line
    return opened, transactions


NAMES = st.text("abzABZ019 ._-/:é", min_size=1, max_size=30).filter(str.strip)


@given(
    facts=st.lists(
        st.tuples(NAMES, st.decimals("-1e9", "1e9", places=8).filter(bool), NAMES, st.integers(0, 400)), max_size=12
    ),
    memo=st.text(max_size=20),
)
@settings(max_examples=60, deadline=None)
def test_plain_text_double_entries_follow_the_published_syntax_and_balance(facts, memo):
    entries = [
        NumberedEntry(
            row,
            LedgerEntry(
                f"e{row}",
                START + timedelta(days=days),
                "trade",
                "paper-1",
                memo,
                (Posting(f"{name}:cash", symbol, amount), Posting("venue:local-sim", symbol, -amount)),
            ),
        )
        for row, (name, amount, symbol, days) in enumerate(facts, 1)
    ]
    refused = ""
    try:
        text = exported(entries, ExportFormat.BEANCOUNT)
    except IntegrityError as error:
        refused = str(error)
    if refused:
        assert "would both be written" in refused
        return
    opened, transactions = read_beancount(text)
    assert len(transactions) == len(entries)
    for (day, legs), item in zip(transactions, sorted(entries, key=lambda item: item.entry.time), strict=True):
        assert day == f"{item.entry.time:%Y-%m-%d}"
        sums = {}
        for account, amount, commodity in legs:
            assert ACCOUNT.fullmatch(account)
            assert COMMODITY.fullmatch(commodity)
            assert opened[account] <= day
            sums[commodity] = sums.get(commodity, D(0)) + amount
        assert set(sums.values()) == {D(0)}
        assert sorted(amount for _, amount, _ in legs) == sorted(leg.amount for leg in item.entry.postings)


def test_names_are_translated_by_rule():
    assert account_name("paper-1:cash") == "Assets:Paper-1:Cash"
    assert account_name("paper-1:fees") == "Expenses:Paper-1:Fees"
    assert account_name("venue:local-sim") == "Equity:Venue:Local-sim"
    assert commodity_name("SPXW  270115C05600000") == "SPXW270115C05600000"
    assert commodity_name("claim/ORBIT/split-7") == commodity_name("claim/ORBIT/split-7")
    assert COMMODITY.fullmatch(commodity_name("claim/ORBIT/split-7"))
    assert [format_of(path) for path in map(Path, ("a.CSV", "b.beancount", "c.txt"))] == [
        ExportFormat.CSV,
        ExportFormat.BEANCOUNT,
        None,
    ]
