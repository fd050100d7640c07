"""One answer in five forms: tables for eyes, Markdown, CSV and JSON Lines for programs."""

from __future__ import annotations

import csv
import io
import json
import sys

import pytest

BUY = ("buy", "2", "ORBIT", "15JAN27", "200", "C", "--client-id", "first")
SHOW = ("chain", "show", "ORBIT", "--expiry", "2027-01-15", "--strikes", "2")
LISTS = ["positions", "log show", "chain list", "feed list", "config show", "doctor", "chain expiries ORBIT"]


@pytest.fixture
def filled(optionix):  # type: ignore[no-untyped-def] # conftest's own
    """A home that has something to list everywhere."""
    assert optionix(*BUY).code == 0
    assert optionix("chain", "import", "cboe_older.csv", "--name", "older").code == 0
    return optionix


@pytest.mark.parametrize("command", LISTS)
def test_csv_and_json_lines_hold_the_same_rows(command: str, filled) -> None:  # type: ignore[no-untyped-def]
    lines = [json.loads(line) for line in filled(*command.split(), "--format", "jsonl").out.splitlines()]
    rows = list(csv.DictReader(io.StringIO(filled(*command.split(), "--format", "csv").out)))
    assert len(lines) == len(rows) > 0
    for line, row in zip(lines, rows, strict=True):
        assert list(line) == list(row)
        for key, value in line.items():
            if value is None:
                assert row[key] == ""
            elif isinstance(value, (dict, list, bool)):
                assert json.loads(row[key]) == value
            elif isinstance(value, (int, float)):
                assert float(row[key]) == value
            else:
                assert row[key] == value


@pytest.mark.parametrize("command", [*LISTS, "account", "log verify", " ".join(SHOW)])
def test_markdown_tables_have_as_many_cells_in_every_line(command: str, filled) -> None:  # type: ignore[no-untyped-def]
    lines = filled(*command.split(), "--format", "md").out.splitlines()
    rows = [line for line in lines if line.startswith("|")]
    assert len({line.replace("\\|", "").count("|") for line in rows}) == (1 if rows else 0)
    assert all(line.startswith(("|", "**")) or not line or lines[0].startswith("**") for line in lines)


def test_chain_rows_are_flat_and_in_natural_units(optionix) -> None:  # type: ignore[no-untyped-def]
    rows = list(csv.DictReader(io.StringIO(optionix(*SHOW, "--format", "csv").out)))
    assert list(rows[0]) == [
        *("expiry", "root", "strike", "type", "symbol", "bid", "ask", "iv", "delta", "vendor_iv", "rejected")
    ]
    assert [(row["strike"], row["type"]) for row in rows] == [
        (strike, side) for strike in ("210.0", "215.0", "220.0", "225.0") for side in ("call", "put")
    ]
    assert all(0.15 < float(row["iv"]) < 0.30 for row in rows)


def test_a_table_shows_volatility_in_points_and_why_a_quote_is_not_used(optionix) -> None:  # type: ignore[no-untyped-def]
    shown = optionix("chain", "show", "ORBIT", "--expiry", "2026-11-27")
    title, second, headings, *rows = shown.out.splitlines()
    assert title == "ORBIT 215.87, sim, as of 2026-11-20 15:30:00 UTC"
    assert second.startswith("ORBIT 2026-11-27, 7 days, forward 21")
    assert headings.split()[:5] == ["Δ", "IV", "bid", "ask", "strike"]
    assert len(rows) == 24
    assert any(row.rstrip().endswith("put: no bid") for row in rows)
    middle = next(row for row in rows if " 215 " in row).split()
    assert 15 < float(middle[1]) < 30


def test_a_table_without_a_choice_says_that_there_are_more_expiries(optionix) -> None:  # type: ignore[no-untyped-def]
    shown = optionix("chain", "show", "ORBIT")
    assert shown.words == "one of 12 expiries; --expiry chooses, --json holds all\n"


def test_prices_in_coin_keep_their_digits(optionix) -> None:  # type: ignore[no-untyped-def]
    shown = optionix("chain", "show", "deribit_recording.csv").out
    assert ".0" in shown
    digits = {
        len(cell.partition(".")[2]) for line in shown.splitlines()[3:] for cell in line.split() if cell[:2] == "0."
    }
    assert max(digits) >= 4


def test_an_order_is_told_in_a_sentence(optionix) -> None:  # type: ignore[no-untyped-def]
    # 2 contracts of 100 at the ask of 19.55; 0.65 a contract in fees, as golden/buy.json has them.
    assert optionix(*BUY).out == (
        "bought 2 ORBIT 15JAN27 200 C at 19.55, cost 3,910.00 + fees 1.30 = 3,911.30, filled\n"
        "order first, account paper-1, 2026-11-20T15:30:00.000000Z\n"
    )
    assert optionix(*BUY).out.splitlines()[1].endswith("answered before: nothing was done now")
    sold = optionix("sell", "1", "ORBIT270115C00200000").out
    assert sold.startswith("sold 1 ORBIT 15JAN27 200 C at 19.30, proceeds 1,930.00 - fees 0.65 = 1,929.35, filled\n")


def test_a_part_filled_order_says_what_became_of_the_rest(optionix) -> None:  # type: ignore[no-untyped-def]
    # 68 are displayed at the ask (golden/buy.json).
    part = optionix("--account", "large", "buy", "100", "ORBIT", "15JAN27", "220", "C")
    assert part.code == 0
    count = int(part.out.split()[1])
    assert part.out.startswith(f"bought {count} of 100 ORBIT 15JAN27 220 C at ")
    assert f"note: {count} of 100 filled, the rest cancelled" in part.words


def test_a_preview_shows_every_answer_of_the_gate_and_writes_nothing(optionix) -> None:  # type: ignore[no-untyped-def]
    shown = optionix(*BUY[:6], "--dry-run")
    first, *rules = shown.out.splitlines()
    assert first == (
        "would buy 2 ORBIT 15JAN27 200 C at 19.55, cost 3,910.00 + fees 1.30 = 3,911.30, quoted 19.30 x 19.55; "
        "nothing was sent"
    )
    assert len(rules) == 10
    assert not optionix.home.exists()


def test_the_account_reads_as_a_statement(filled) -> None:  # type: ignore[no-untyped-def]
    lines = filled("account").out.splitlines()
    assert lines[0] == "paper-1 at local-sim (SIM), open, 2026-11-20T15:30:00.000000Z"
    told = {line[:21].strip(): line[21:].strip() for line in lines[2:]}
    assert told["net liquidation value"] == "99,973.70"
    assert told["cash"] == "96,088.70"
    assert told["day P&L"] == "-26.30"


def test_positions_fit_a_terminal_of_eighty_columns(filled) -> None:  # type: ignore[no-untyped-def]
    headings, row = filled("positions").out.splitlines()
    assert headings.split() == ["instrument", "qty", "cost", "mark", "value", "open", "P&L", "day", "P&L"]
    assert row.split()[4:] == ["+2", "3,910.00", "19.4250", "3,885.00", "-25.00", "-26.30"]
    assert max(len(headings), len(row)) <= 72  # leaves room for six figures in each column
    assert filled("positions", "--all-accounts").out.splitlines()[1].split()[0] == "paper-1"


def test_nothing_to_list_is_said_in_words(optionix) -> None:  # type: ignore[no-untyped-def]
    assert optionix("positions").out == "no open positions\n"
    assert optionix("log", "show").out == "the log is empty\n"
    assert optionix("log", "verify").out == "empty, verified\n"
    assert optionix("chain", "list").out == "no chains imported yet\n"
    assert optionix("positions", "--format", "csv").out == ""


def test_a_plot_is_text_of_one_width(optionix) -> None:  # type: ignore[no-untyped-def]
    smile = optionix("chain", "show", "ORBIT", "--expiry", "2027-01-15", "--plot").out.splitlines()
    assert smile[0].strip().startswith("ORBIT 2027-01-15: implied volatility in points by strike, forward 217.15")
    assert len(smile) == 24
    assert max(map(len, smile)) <= 100
    assert any("⠒" in line or "⠤" in line for line in smile)
    term = optionix("chain", "expiries", "ORBIT", "--plot").out
    assert term.lstrip().startswith("ORBIT: at-the-money volatility in points by days to expiry\n")


class _Terminal(io.TextIOWrapper):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("variable", "value"), [(None, ""), ("NO_COLOR", "1"), ("TERM", "dumb")])
def test_headings_are_bold_in_a_terminal_alone_and_never_against_no_color(
    variable: str | None,
    value: str,
    optionix,  # type: ignore[no-untyped-def]
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from optionix_tui.cli.boundary import run

    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    if variable is not None:
        monkeypatch.setenv(variable, value)
    assert "\x1b" not in optionix("config", "show").out
    screen = _Terminal(io.BytesIO(), encoding="utf-8")
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("COLUMNS", "60")
    run(["config", "show"], optionix.clock)
    screen.flush()
    shown = screen.buffer.getvalue().decode()  # type: ignore[attr-defined] # BytesIO
    assert shown.startswith("\x1b[1msetting") is (variable is None)
    plain = shown.replace("\x1b[1m", "").replace("\x1b[0m", "")
    assert max(map(len, plain.splitlines())) == 60
    assert "…" in plain


def test_export_gives_the_bytes_that_import_takes(optionix) -> None:  # type: ignore[no-untyped-def]
    for form in ("csv", "json"):
        written = optionix("chain", "export", "cboe_older.csv", "--to", form)
        assert written.code == 0
        assert b"\r" not in written.data
        taken = optionix("chain", "import", "-", "--name", form, "--json", stdin=written.data)
        assert json.loads(taken.out)["quotes"] == 4
    shown = [json.loads(optionix("chain", "show", name, "--json").out) for name in ("cboe_older.csv", "csv", "json")]
    assert shown[0] == shown[1] == shown[2]
