"""`optionix exercise`, `expire` and `expiry`: exit codes, what stderr names, and what becomes of a position."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from optionix_core.portfolio.dividends import CashDividend, declared_event
from optionix_core.services.home import HomeFolders
from optionix_core.services.workspace import Workspace

BUY = "buy 2 ORBIT 15JAN27 200 C --client-id first"
KEY = "ORBIT270115C00200000"

REFUSED = [
    # command, exit code, what stderr must hold
    ("exercise", 2, ["SYMBOL is missing"]),
    (f"exercise {KEY}", 2, ["--yes is missing", "--dry-run"]),
    (f"exercise {KEY} --yes", 1, ["exercise style must be american", "2027-01-15", "(got european)"]),
    (f"exercise {KEY} --do-not --at-expiry --yes", 2, ["--do-not and --at-expiry"]),
    (f"exercise {KEY} --do-not --dry-run", 2, ["--dry-run and --id have no meaning"]),
    (f"exercise {KEY} --do-not --quantity 3 --yes", 1, ["quantity must be 1 to 2", "(got 3)"]),
    (f"exercise {KEY} --do-not --quantity 0 --yes", 1, ["quantity must be 1 to 2", "(got 0)"]),
    ("exercise ORBIT270115C00210000 --do-not --yes", 1, ["symbol must be held by paper-1"]),
    ("exercise ORBIT261113C00210000 --do-not --yes", 1, ["symbol must be not expired", "2026-11-13"]),
    ("exercise NOPE --do-not --yes", 1, ["symbol", "'NOPE'"]),
]


@pytest.mark.parametrize(("command", "code", "told"), REFUSED, ids=[command for command, _, _ in REFUSED])
def test_what_cannot_be_exercised_is_named_and_changes_nothing(optionix, command, code, told):
    assert optionix(*BUY.split()).code == 0
    answer = optionix(*command.split())
    assert (answer.code, answer.out) == (code, "")
    for words in told:
        assert words in answer.words
    assert "exercise.instructed" not in optionix("log", "show", "--json").out


def test_a_contract_that_its_holder_gave_up_pays_nothing_at_expiry_as_the_preview_said(optionix):
    for command in (BUY, f"exercise {KEY} --do-not --quantity 1 --yes"):
        assert optionix(*command.split()).code == 0
    (row,) = json.loads(optionix("expire", "--preview", "--json").out)["positions"]
    assert (row["act"], row["contracts"], row["expired"], row["instructed"]) == ("exercise", 1, 1, "expire 1")
    optionix.clock.moment = datetime(2027, 1, 16, 15, 0, tzinfo=UTC)
    done = json.loads(optionix("expire", "--json").out)
    events = json.loads(optionix("log", "show", "--type", "settlement.fixed", "--json").out)["events"]
    price = float(events[0]["payload"]["price"])
    assert done["settled"] == [
        {"account": "paper-1", "symbol": "ORBIT 270115C00200000", "cash": pytest.approx(max(0.0, price - 200) * 100)}
    ]
    assert json.loads(optionix("positions", "--json").out)["positions"] == []
    assert optionix("ledger", "verify").code == 0


def test_the_calendar_shows_chances_and_expected_assignment_of_what_was_sold(optionix):
    for command in (BUY, "sell 1 ORBIT 15JAN27 230 C --client-id short"):
        assert optionix(*command.split()).code == 0
    long, short = json.loads(optionix("expiry", "calendar", "--json").out)["entries"]
    assert (long["quantity"], long["expected_assigned"], long["decision_by"]) == (2, 0.0, None)
    assert 0.0 < short["probability"] < long["probability"] < 1.0
    assert short["expected_assigned"] == pytest.approx(short["probability"])
    assert "in the money" in optionix("expiry", "calendar").out


def test_the_calendar_tells_declared_dividends(optionix):
    assert optionix(*BUY.split()).code == 0
    declared = CashDividend(
        "ORBIT", Decimal("0.26"), "USD", date(2026, 12, 4), date(2026, 12, 4), date(2026, 12, 18), "issuer"
    )
    with (
        Workspace.open(HomeFolders.of(optionix.home), clock=optionix.clock) as workspace,
        workspace.store.writing("declare", 1.0) as log,
    ):
        log.append((declared_event(declared, optionix.clock.now()),))
    answer = optionix("expiry", "calendar", "--json")
    assert json.loads(answer.out)["dividends"] == [
        {
            "symbol": "ORBIT", "per_share": 0.26, "currency": "USD", "ex_date": "2026-12-04",
            "record_date": "2026-12-04", "pay_date": "2026-12-18", "source": "issuer",
        }
    ]  # fmt: skip
    assert "ORBIT goes ex-dividend on 2026-12-04: 0.26 USD a share" in answer.words
