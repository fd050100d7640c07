"""Wrong input: an exit code of the error tree, field, value and bound on stderr, and nothing on stdout."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

PRICE = "price --type call --spot 100 --strike 105 --expiry 0.5 --rate 0.05 --volatility 0.25"
IV = "iv --type call --price 6 --spot 100 --strike 105 --expiry 0.5 --rate 0.05"
OPTION = "ORBIT 15JAN27 200 C"


def without(command: str, option: str) -> str:
    """The command less one option and its value."""
    before, _, after = command.partition(f" {option} ")
    return f"{before} {after.partition(' ')[2]}"


REFUSED = [
    # command, exit code, what stderr must hold
    (PRICE.replace("--strike 105", "--strike -5"), 1, ["strike", "positive", "(got -5.0)"]),
    (PRICE.replace("--strike 105", "--strike 0"), 1, ["strike", "positive", "(got 0.0)"]),
    (PRICE.replace("--spot 100", "--spot abc"), 2, ["--spot", "a number", "'abc'"]),
    (PRICE.replace("--spot 100", "--spot 1_00"), 2, ["--spot", "a number", "'1_00'"]),
    (PRICE.replace("--spot 100", "--spot 1,00"), 2, ["--spot", "a number", "'1,00'"]),
    (PRICE.replace("--spot 100", "--spot nan"), 1, ["spot", "(got nan)"]),
    (PRICE.replace("--spot 100", "--spot inf"), 1, ["spot", "(got inf)"]),
    (PRICE.replace("--volatility 0.25", "--volatility -0.1"), 1, ["volatility", "(got -0.1)"]),
    (PRICE.replace("--expiry 0.5", "--expiry -1"), 1, ["expiry", "(got -1.0)"]),
    (PRICE.replace("--type call", "--type both"), 1, ["option_type", "'both'", '"call" or "put"']),
    (PRICE.replace("--spot 100", "--spot="), 2, ["--spot", "a number", "''"]),
    (without(PRICE, "--rate"), 2, ["--rate", "missing"]),
    ("price", 2, ["--type", "--spot", "--volatility", "missing"]),
    (f"{PRICE} --format xml", 2, ["--format", "table, json, jsonl, csv, md", "'xml'"]),
    (f"{PRICE} --nosuch", 2, ["--nosuch", "optionix price --help"]),
    ("price nosuch.csv --spot 1", 2, ["file", "'nosuch.csv'"]),
    (IV.replace("--price 6", "--price -1"), 1, ["price", "intrinsic", "(got -1.0)"]),
    (IV.replace("--price 6", "--price 101"), 1, ["price", "maximum", "(got 101.0)"]),
    (IV.replace("--strike 105", "--strike 50"), 1, ["price", "discounted intrinsic value 51.2", "(got 6.0)"]),
    (IV.replace("--price 6", "--price nan"), 1, ["price", "a number", "nan"]),
    (IV.replace("--expiry 0.5", "--expiry 0"), 1, ["expiry", "positive", "0.0"]),
    ("nosuch", 2, ["'nosuch'", "optionix --help"]),
    ("chian show", 2, ["'chian'", "'chain'"]),
    ("chain", 2, ["name a command of `optionix chain`", "import", "export"]),
    ("", 2, ["Usage: optionix", "there is no terminal here", "optionix screen chain --print"]),
    ("chain show", 2, ["NAME is missing"]),
    ("chain show nosuch", 2, ["'nosuch'", "ORBIT, TUNDRA, QUASAR"]),
    ("chain show ORBIT --expiry 2027-01-16", 6, ["2027-01-16", "2027-01-15"]),
    ("chain show ORBIT --expiry soon", 2, ["--expiry", "a date such as 2027-01-15", "'soon'"]),
    ("chain show ORBIT --root NOPE", 6, ["NOPE", "ORBIT"]),
    ("chain show ORBIT --strikes 0", 1, ["--strikes", "at least 1", "0"]),
    ("chain show ORBIT --map strike=K", 2, ["--map", "ORBIT is not a file"]),
    ("chain show ORBIT --date 2026-01-02", 2, ["--date", "ORBIT is not a file"]),
    ("chain show ORBIT --plot --json", 2, ["--plot", "--format json"]),
    ("chain show cboe_older.csv --map strike", 1, ["--map", "'strike'", "FIELD=COLUMN"]),
    ("chain show cboe_older.csv --input-format nosuch", 2, ["'nosuch'", "cboe-table"]),
    ("chain show --root SPX -- -", 2, ["standard input", "line 1"]),
    ("chain import nosuch.csv", 2, ["'nosuch.csv'"]),
    ("chain import cboe_older.csv --name ../up", 1, ["name", "'../up'"]),
    ("chain export cboe_older.csv --to xml", 1, ["--to", "csv, json, parquet", "'xml'"]),
    ("chain export cboe_older.csv -o nosuch/folder/x.csv", 2, ["--output", "a folder that exists", "x.csv"]),
    ("chain export cboe_older.csv -o .", 2, ["--output", "a file", "(got .)"]),
    ("screen chain -o nosuch/x.txt", 2, ["--output", "a folder that exists", "x.txt"]),
    ("feed record name", 2, ["--count", "--duration", "missing"]),
    ("feed record name --count 0", 1, ["count", "1", "(got 0)"]),
    ("feed record name --count 1.5", 2, ["--count", "a whole number", "'1.5'"]),
    ("feed record name --count 1 --interval nan", 1, ["--interval", "nan"]),
    ("feed record name --count 1 --start yesterday", 1, ["--start", "'yesterday'"]),
    ("feed record name --count 1 --underlying NOPE", 2, ["'NOPE'", "ORBIT"]),
    ("feed replay nosuch", 2, ["'nosuch'"]),
    ("feed replay cboe_older.csv --speed -1", 1, ["--speed", "-1.0"]),
    ("--feed nosuch chain show ORBIT", 2, ["'nosuch'", "sim"]),
    ("--seed many positions", 2, ["--seed", "a whole number", "'many'"]),
    ("--seed -1 positions", 2, ["feed.seed", "-1"]),
    ("--theme neon config show", 2, ["terminal.theme", "'neon'", "dark"]),
    ("buy", 2, ["QUANTITY is missing"]),
    ("buy 1", 2, ["SYMBOL is missing"]),
    (f"buy x {OPTION}", 2, ["QUANTITY", "a whole number", "'x'"]),
    (f"buy 1.5 {OPTION}", 2, ["QUANTITY", "a whole number", "'1.5'"]),
    (f"buy 0 {OPTION}", 1, ["quantity", "at least 1", "0"]),
    (f"buy -1 {OPTION}", 2, ["below zero", "-1"]),
    (f"buy 100000 {OPTION}", 5, ["quantity", "100000", "10000"]),
    (f"buy 1 {OPTION} --limit abc", 2, ["--limit", "a decimal number", "'abc'"]),
    (f"buy 1 {OPTION} --limit nan", 2, ["--limit", "'nan'"]),
    (f"buy 1 {OPTION} --limit -1", 1, ["--limit", "above 0", "-1"]),
    (f"buy 1 {OPTION} --limit 0.05", 1, ["not filled", "the ask is", "0.05"]),
    (f"buy 1 {OPTION} --limit 19.5512", 5, ["limit-price", "19.5512", "0.05"]),
    ("buy 1 SOMETHING", 5, ["known-instrument", "SOMETHING"]),
    ("buy 1 SOME-THING", 1, ["symbol", "'SOME-THING'", "the symbol of a share"]),
    ("buy 1 ORBIT 16JAN27 200 C", 5, ["known-instrument"]),
    ("buy 1 NOSUCH 15JAN27 200 C", 5, ["known-instrument"]),
    ("buy 9000 TUNDRA 15JAN27 100 C", 5, ["refused by"]),
    (f"sell 1 {OPTION}", 5, ["buying-power", "1 to sell"]),
    ("log show --limit 0", 1, ["--limit", "at least 1", "0"]),
    ("log show --after -1", 1, ["after", "0 or more", "-1"]),
    ("log show --after x", 2, ["--after", "a whole number", "'x'"]),
    ("config validate nosuch.toml", 2, ["nosuch.toml"]),
    ("screen nosuch", 2, ["'nosuch'", "chain", "book"]),
    ("screen chain --size big", 1, ["--size", "'big'", "120x36"]),
    ("screen chain --size 10x10", 1, ["columns", "40", "10"]),
    ("screen chain --print --svg", 2, ["--print", "--svg"]),
    ("positions extra", 2, ["extra", "optionix positions --help"]),
]


@pytest.mark.parametrize(("command", "code", "told"), REFUSED, ids=[command or "nothing" for command, _, _ in REFUSED])
def test_wrong_input(command: str, code: int, told: list[str], optionix) -> None:  # type: ignore[no-untyped-def] # conftest's own
    answer = optionix(*command.split())
    assert answer.data == b""
    assert answer.code == code, answer.words
    assert [word for word in told if word not in answer.words] == [], answer.words
    assert "Traceback" not in answer.words


def test_a_refused_preview_shows_the_gate_and_exits_as_the_order_would(optionix) -> None:  # type: ignore[no-untyped-def]
    answer = optionix("sell", "1", *OPTION.split(), "--dry-run", "--json")
    assert answer.code == 5
    checks = json.loads(answer.out)["checks"]
    assert [item["rule"] for item in checks if not item["passed"]] == ["buying-power"]
    assert not optionix.home.exists()


def test_a_settings_file_is_told_by_line_wherever_it_lies(optionix) -> None:  # type: ignore[no-untyped-def]
    (optionix.folder / "optionix.toml").write_text("[feed]\nname = 'sim'\nsed = 1\n", "utf-8")
    answer = optionix("positions")
    assert (answer.code, answer.data) == (2, b"")
    assert "optionix.toml, line 3: unknown setting 'feed.sed'; nearest: feed.seed" in answer.words
    piped = optionix("config", "validate", "-", stdin="[feed]\nname = 'sim'\nsed = 1\n")
    assert piped.code == 2
    assert "standard input, line 3: unknown setting 'feed.sed'" in piped.words


def test_a_variable_that_sets_nothing_is_named(optionix, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("OPTIONIX_FEED_SEDE", "1")
    answer = optionix("positions")
    assert (answer.code, answer.data) == (2, b"")
    assert "OPTIONIX_FEED_SEDE" in answer.words


def test_a_bad_key_map_or_theme_is_a_matter_of_configuration(optionix) -> None:  # type: ignore[no-untyped-def]
    keymap = optionix.home / "config" / "keymap.toml"
    keymap.parent.mkdir(parents=True)
    keymap.write_text('[keys]\n"chain.by" = "b"\n', "utf-8")
    answer = optionix("screen", "chain", "--print")
    assert (answer.code, answer.data) == (2, b"")
    assert "keymap.toml, line 2: unknown action 'chain.by'; nearest: chain.buy" in answer.words


def test_files_that_cannot_be_written_are_named(optionix) -> None:  # type: ignore[no-untyped-def]
    optionix.home.touch()
    for command in ("config init", f"buy 1 {OPTION}", "chain import cboe_older.csv", "log verify"):
        answer = optionix(*command.split())
        assert (answer.code, answer.data) == (1, b"")
        assert f"error: {optionix.home}" in answer.words


def test_another_writer_is_waited_for_as_long_as_the_settings_say(optionix, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    from optionix_core.storage.sqlite_store import open_store

    monkeypatch.setenv("OPTIONIX_TRADING_LOCK_TIMEOUT_SECONDS", "0.1")
    store = open_store(Path(optionix.home) / "data", optionix.clock)
    with store.writing("a long import"):
        answer = optionix("buy", "1", *OPTION.split())
    store.close()
    assert (answer.code, answer.data) == (4, b"")
    assert f"process {os.getpid()}" in answer.words
    assert "a long import" in answer.words
    assert "waited 0.1 s" in answer.words
