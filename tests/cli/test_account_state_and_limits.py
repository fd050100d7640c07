"""`optionix account state`, and limits out of the settings: messages, exit codes, the same rules for all commands."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from config.settings import load
from optionix_core.trading.breakers import SpreadBreaker
from optionix_core.trading.gate_facts import GateLimits
from optionix_core.trading.halt_rules import AccountAction, HaltRules, TradingRules
from optionix_core.trading.limits import BookLimit, LimitKind
from optionix_tui.rules import trading_rules

BUY = "buy 1 ORBIT 15JAN27 200 C"
REFUSED = [
    ("account state frozen --reason x --yes", 2, ["STATE must be one of active, close-only, blocked", "'frozen'"]),
    ("account state blocked --yes", 2, ["--reason is missing"]),
    ("account state blocked --reason x", 2, ["--yes is missing"]),
    ("account state --reason x", 2, ["STATE is missing"]),
    ("account state blocked --reason x --yes --by ada --until 2027-01-08T20:00Z", 1, ["lease_until must be absent"]),
    ("account state active --until soon --reason x --yes", 2, ["--until must be a moment"]),
]


@pytest.mark.parametrize(("command", "code", "told"), REFUSED, ids=[command for command, _, _ in REFUSED])
def test_what_cannot_be_done_is_named_and_changes_nothing(optionix, command, code, told):
    answer = optionix(*command.split())
    assert (answer.code, answer.out) == (code, "")
    for words in told:
        assert words in answer.words
    assert json.loads(optionix("account", "state", "--json").out)["state"] == "active"


def test_a_frozen_account_is_refused_with_its_reason_and_exit_code_5(optionix):
    assert optionix(*BUY.split(), "--client-id", "first").code == 0
    done = optionix("account", "state", "blocked", "--by", "ada", "--reason", "under review", "--yes")
    assert done.code == 0
    assert "paper-1 at local-sim is blocked: under review" in done.out
    assert "blocked: under review" in optionix("account").out
    for command in (BUY, "sell 1 ORBIT 15JAN27 200 C"):
        answer = optionix(*command.split())
        assert answer.code == 5
        assert "refused by account-state: paper-1 is blocked: under review" in answer.words
    assert optionix("account", "state", "active", "--by", "ada", "--reason", "cleared", "--yes").code == 0
    assert optionix(*BUY.split()).code == 0


def test_the_account_alone_is_shown_as_before(optionix):
    optionix(*BUY.split())
    assert json.loads(optionix("account", "--json").out)["account"] == "paper-1"
    assert "net liquidation value" in optionix("account").out


def set_limit(monkeypatch, key, value):
    monkeypatch.setenv("OPTIONIX_" + key.upper().replace(".", "_"), value)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("limits.maximum_quantity", "1", "quantity: 2, allowed 1 to 1"),
        ("limits.maximum_value", "100.5", "at most 100.5"),
        ("limits.delta", "50", "limit-delta: 0 before, 348.79192 after, at most 50"),
    ],
)
def test_a_limit_of_the_settings_refuses_by_name_with_exit_code_5(optionix, monkeypatch, key, value, words):
    set_limit(monkeypatch, key, value)
    answer = optionix("buy", "2", "ORBIT", "15JAN27", "200", "C")
    assert answer.code == 5
    assert words in answer.words.replace("refused by ", "")


def test_orders_of_the_same_terms_and_too_many_orders_are_refused(optionix, monkeypatch):
    set_limit(monkeypatch, "limits.duplicate_seconds", "5")
    assert optionix(*BUY.split()).code == 0
    assert "duplicate" in optionix(*BUY.split()).words
    set_limit(monkeypatch, "limits.duplicate_seconds", "0")
    set_limit(monkeypatch, "limits.maximum_orders", "2")
    assert "message-rate: " in optionix(*BUY.split()).words.replace("refused by ", "")


@pytest.mark.parametrize(
    ("key", "value", "bound"),
    [
        ("limits.maximum_quantity", "0", "a whole number from 1 to 1e+09"),
        ("limits.delta", "-1", "a number from 0 to 1e+12"),
        ("halts.account_action", "sell", "one of close-only, cancel"),
        ("halts.pause_minutes", "0", "a whole number from 1 to 1440"),
        ("halts.luld", "maybe", "true or false"),
    ],
)
def test_a_bad_limit_names_key_value_and_bound(optionix, monkeypatch, key, value, bound):
    set_limit(monkeypatch, key, value)
    answer = optionix(*BUY.split())
    assert answer.code == 2
    assert f"{key} must be {bound} (got " in answer.words


def test_the_settings_as_shipped_are_the_rules_as_they_come():
    assert trading_rules(load(environ={})) == TradingRules()


def test_every_bound_of_the_settings_reaches_the_rules(monkeypatch):
    told = {
        "OPTIONIX_LIMITS_COLLAR_PERCENT": "2.5",
        "OPTIONIX_LIMITS_MARGIN_USE_PERCENT": "80",
        "OPTIONIX_HALTS_LULD": "false",
        "OPTIONIX_HALTS_SPREAD_PERCENT": "10",
        "OPTIONIX_HALTS_ACCOUNT_ACTION": "cancel",
    }
    found = trading_rules(load(environ=told))
    assert found.limits == GateLimits(
        collar_percent=Decimal("2.5"), book_limits=(BookLimit(LimitKind.MARGIN_USE, Decimal(80)),)
    )
    minute = HaltRules().pause / 5
    assert found.halts == HaltRules(
        luld=False, spread=SpreadBreaker(Decimal("0.1"), minute), account_action=AccountAction.CANCEL
    )
