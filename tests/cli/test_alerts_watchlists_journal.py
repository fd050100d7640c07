"""`optionix alert`, `watchlist` and `journal`: what is typed, what comes back, and with which exit code."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

KEY = "ORBIT270115C00230000"
REFUSED = [
    # command, exit code, what stderr must hold
    ("alert add", 2, ["WHAT is missing"]),
    ("alert add mood --above 1", 2, ["WHAT", "bid, ask", "'mood'"]),
    ("alert add bid --above 1", 2, ["--symbol is missing", "an alert on bid"]),
    (f"alert add bid --symbol {KEY}", 2, ["one of --above, --below and --crosses", "none of them"]),
    (f"alert add bid --symbol {KEY} --above 1 --below 2", 2, ["--above and --below"]),
    (f"alert add bid --symbol {KEY} --above nan", 2, ["--above", "a decimal number", "'nan'"]),
    (f"alert add bid --symbol {KEY} --above 1 --hysteresis -1", 1, ["hysteresis", "at least 0", "(got -1)"]),
    (f"alert add bid --symbol {KEY} --above 1 --days 3", 2, ["--days has no meaning", "(got 3)"]),
    ("alert add day-pnl --above 1 --order x", 2, ["--order has no meaning for an alert on day-pnl"]),
    ("alert add book-delta --above 1 --symbol ORBIT", 2, ["--symbol has no meaning for an alert on book-delta"]),
    ("alert add iv --symbol ORBIT --above 1", 2, ["--symbol must be an option", "'ORBIT'"]),
    ("alert add last --symbol NOSUCH --above 1", 2, ["'NOSUCH'", "ORBIT"]),
    (f"alert add expiry --symbol {KEY}", 2, ["--days is missing"]),
    (f"alert add expiry --symbol {KEY} --days -1", 1, ["days", "from 0 to 3660", "(got -1)"]),
    ("alert add expiry --symbol ORBIT261113C00230000 --days 1", 1, ["not expired", "2026-11-13"]),
    ("alert add fill", 2, ["--order is missing"]),
    ("alert add halt --symbol NOSUCH", 2, ["unknown underlying of the paper venue 'NOSUCH'"]),
    ("alert add fill --order nobody", 2, ["unknown order", "'nobody'"]),
    ("alert add last --symbol ORBIT --above 1 --until soon", 2, ["--until", "'soon'"]),
    ("alert add last --symbol ORBIT --above 1 --until 2026-01-08T20:00Z", 1, ["expires_at", "after", "2026-01-08"]),
    ("alert add last --symbol ORBIT --above 1 --id a/b", 1, ["alert_id", "'a/b'"]),
    ("alert snooze nobody --minutes 1", 2, ["unknown alert 'nobody'"]),
    ("alert snooze nobody", 2, ["one of --minutes and --until", "neither"]),
    ("alert snooze nobody --minutes 0", 2, ["--minutes", "above 0", "(got 0.0)"]),
    ("alert dismiss nobody", 2, ["unknown alert 'nobody'"]),
    ("alert remove nobody", 2, ["unknown alert 'nobody'"]),
    ("watchlist create a/b", 1, ["watchlist", "1 to 32", "'a/b'"]),
    ("watchlist create x --columns last,mood", 2, ["--columns", "expected-move", "'mood'"]),
    ("watchlist create x --symbol NOSUCH", 2, ["unknown symbol 'NOSUCH'"]),
    ("watchlist add nobody ORBIT", 2, ["unknown watchlist 'nobody'"]),
    ("watchlist add nobody", 2, ["SYMBOL is missing"]),
    ("watchlist show nobody", 2, ["unknown watchlist 'nobody'"]),
    ("watchlist delete nobody", 2, ["unknown watchlist 'nobody'"]),
    ("journal add", 2, ["TEXT is missing"]),
    ("journal add x --order nobody", 2, ["unknown order 'nobody'"]),
    ("journal add x --day 2026-13-01", 2, ["--day", "a date", "'2026-13-01'"]),
    ("journal add x --tag a_b", 1, ["tag", "letters, digits and dashes", "'a_b'"]),
    ("journal add x --day 2026-11-20 --position ORBIT", 1, ["one order, one position or one day"]),
    ("journal export --to no/such/file.md", 2, ["--to", "a folder that exists"]),
]


@pytest.mark.parametrize(("command", "code", "told"), REFUSED, ids=[command for command, _, _ in REFUSED])
def test_what_is_wrong_is_named_and_nothing_is_printed(command, code, told, optionix):
    answer = optionix(*command.split())
    assert answer.code == code, answer.words
    assert answer.data == b""
    assert [word for word in told if word not in answer.words] == [], answer.words
    assert "Traceback" not in answer.words


def test_an_alert_crossed_while_nothing_ran_is_told_with_its_own_time_and_once(optionix):
    set_ = json.loads(optionix("alert", "add", "mid", "--symbol", KEY, "--crosses", "2.80", "--id", "a", "--json").out)
    assert set_["status"] == "waiting"
    optionix.clock.advance(timedelta(hours=9))
    fired = json.loads(optionix("alert", "check", "--json").out)["fired"]
    assert [one["id"] for one in fired] == ["a"]
    assert "2026-11-20T15:30" < fired[0]["time"] < "2026-11-21T00:30"
    assert fired[0]["value"] >= 2.8
    assert fired[0]["text"] == f"ORBIT 15JAN27 230 C mid {fired[0]['value']:g} crossed 2.8 upwards"
    assert json.loads(optionix("alert", "check", "--json").out)["fired"] == []
    listed = json.loads(optionix("alert", "list", "--json").out)["alerts"]
    assert [(one["status"], one["fired_at"]) for one in listed] == [("fired", fired[0]["time"])]
    assert optionix("alert", "dismiss", "a").out.startswith("dismissed: a")
    assert optionix("alert", "list").out == "no alerts\n"


def test_no_data_is_told_on_stderr_and_exits_0(optionix):
    optionix("alert", "add", "unrealised-pnl", "--symbol", KEY, "--above", "1", "--id", "a")
    answer = optionix("alert", "check")
    assert (answer.code, answer.out) == (0, "nothing fired, 1 alert watched\n")
    assert f"a: no data: no position in {KEY[:5]} {KEY[5:]}" in answer.words


def test_a_watchlist_in_a_table(optionix):
    optionix(
        "watchlist", "create", "main", "--symbol", "ORBIT", "--symbol", f"{KEY}", "--columns", "last,iv-rank,delta"
    )
    shown = optionix("watchlist", "show", "main").out.splitlines()
    assert shown[0] == "main (sim, SIM), 2026-11-20 15:30:00 UTC"
    assert shown[1].split() == ["symbol", "last", "iv", "rank", "delta"]
    assert shown[2].split()[0] == "ORBIT"
    assert shown[3].startswith("ORBIT 15JAN27 230 C")


def test_a_note_from_stdin_is_exported(optionix):
    assert optionix("journal", "add", "-", "--day", "2026-11-20", stdin="Two\nlines\n").code == 0
    written = optionix("journal", "export", "--to", "notes.md")
    assert (written.code, written.data) == (0, b"")
    assert written.words == "1 note written to notes.md\n"
    assert (optionix.folder / "notes.md").read_text(encoding="utf-8") == optionix("journal", "export", "--to", "-").out
    assert "> Two\n> lines\n" in optionix("journal", "export", "--to", "-").out
    assert optionix("journal", "list", "--find", "nothing").out == "no notes\n"
