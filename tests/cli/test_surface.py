"""`optionix surface`: what is fitted, what is refused, and what is written where."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from optionix_core.feeds import files
from optionix_core.services import chains, surfaces
from optionix_core.services.feeds import open_feed
from optionix_core.volatility.surface import document

SURFACE = "ORBIT"
MOMENT = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def kept() -> tuple[bytes, str]:
    """Four expiries of a chain, and the surface fitted to them, as files hold them."""
    whole = open_feed("sim", seed=20).chain(SURFACE, MOMENT)
    chain = replace(whole, slices=whole.slices[3:7])
    return chains.encode(chain, "json"), document.dumps(surfaces.fit(chain).surface)


@pytest.fixture
def then(optionix, kept):
    """The chain in a file."""
    path = optionix.folder / "then.jsonl"
    path.write_bytes(kept[0])
    return path


@pytest.fixture
def saved(optionix, then, kept):
    """The surface in a file beside its chain."""
    path = optionix.folder / "orbit.json"
    path.write_text(kept[1], encoding="utf-8")
    return path


def test_a_fit_prints_data_on_stdout_and_words_on_stderr(optionix, then):
    answer = optionix("surface", "fit", str(then), "--model", "essvi", "--grid", "21", "--save", "s.json", "--json")
    assert answer.code == 0, answer.words
    document = json.loads(answer.out)
    assert list(document)[:2] == ["seconds", "slices"]
    assert document["model"] == "essvi"
    assert {len(one["total_variance"]) for one in document["slices"]} == {21}
    assert answer.words.startswith("wrote s.json (")
    shown = json.loads(optionix("surface", "show", "s.json", "--json").out)
    assert [one["rmse_vol_points"] for one in shown["slices"]] == [one["rmse_vol_points"] for one in document["slices"]]


def test_the_same_chain_is_fitted_from_the_feed_a_file_and_a_pipe(optionix):
    text = optionix("chain", "export", SURFACE, "--to", "json").out
    (optionix.folder / "orbit.jsonl").write_text(text, encoding="utf-8")

    def told(*arguments: str, stdin: str = ""):
        answer = optionix("surface", "show", *arguments, "--json", stdin=stdin)
        assert answer.code == 0, answer.words
        return {**json.loads(answer.out), "seconds": None}

    assert told("--feed", "orbit") == told("orbit.jsonl") == told("-", stdin=text) == told(SURFACE)


def test_a_table_has_a_row_for_every_expiry(optionix, saved):
    answer = optionix("surface", "show", str(saved))
    assert answer.code == 0, answer.words
    document = json.loads(optionix("surface", "show", str(saved), "--json").out)
    lines = answer.out.splitlines()
    assert lines[0].startswith("ORBIT ")
    assert "quotes inside bid and ask" in lines[1]
    assert lines[2].split() == [
        "expiry", "root", "days", "quotes", "inside", "rmse", "max", "ATM", "RR25", "BF25", "90-110", "note",
    ]  # fmt: skip
    assert len(lines) - 3 == len(document["slices"]) + len(document["skipped"])


def test_an_expiry_that_was_skipped_is_shown_with_its_reason(optionix):
    answer = optionix("surface", "fit", "TUNDRA")
    assert answer.code == 0, answer.words
    assert "skipped: " in answer.out


@pytest.mark.parametrize("format_", ["csv", "jsonl", "md"])
def test_every_format_is_written(optionix, saved, format_):
    answer = optionix("surface", "show", str(saved), "--format", format_)
    assert answer.code == 0, answer.words
    count = len(json.loads(optionix("surface", "show", str(saved), "--json").out)["slices"])
    assert len([line for line in answer.out.splitlines() if "2027-01-15" in line]) == 1
    assert len(answer.out.splitlines()) >= count


def test_a_check_of_a_saved_surface_asks_its_quotes_where_they_are_named(optionix, saved):
    alone = optionix("surface", "check", str(saved))
    assert "quotes: not asked" in alone.out
    beside = optionix("surface", "check", str(saved), "--quotes", "then.jsonl", "--tolerance", "0", "--delta", "0")
    assert beside.code == 0, beside.words
    assert "quotes: no sure profit" in beside.out
    document = json.loads(optionix("surface", "check", str(saved), "--quotes", "then.jsonl", "--json").out)
    assert document["quotes"] == []
    assert document["fit"]["violations"] == []


def dearer(content: bytes, folder: Path) -> bytes:
    """The chain with one call bid and asked five higher than it was."""
    path = folder / "plain.jsonl"
    path.write_bytes(content)
    chain = files.read(path)
    item = chain.slices[-1]
    place = int(item.strikes.searchsorted(210.0))
    call = replace(item.call, bid=item.call.bid.copy(), ask=item.call.ask.copy())
    call.bid[place] += 5.0
    call.ask[place] += 5.0
    return chains.encode(replace(chain, slices=(*chain.slices[:-1], replace(item, call=call))), "json")


def test_findings_are_told_worst_first_and_all_of_them_where_asked(optionix, kept):
    (optionix.folder / "dear.jsonl").write_bytes(dearer(kept[0], optionix.folder))
    answer = optionix("surface", "check", "dear.jsonl")
    assert answer.code == 0, answer.words
    assert "sure profits net of bid and ask" in answer.out
    rows = [line for line in answer.out.splitlines() if line.startswith("sure profit ")]
    assert len(rows) > 3
    lines = optionix("surface", "check", "dear.jsonl", "--format", "jsonl").out.splitlines()
    records = [json.loads(line) for line in lines]
    assert {"butterfly", "box", "parity"} <= {one["kind"] for one in records if one["of"] == "quotes"}
    everything = optionix("surface", "check", "dear.jsonl", "--all")
    assert len([line for line in everything.out.splitlines() if "  ORBIT  " in line]) == len(records)
    table = list(csv.DictReader(io.StringIO(optionix("surface", "check", "dear.jsonl", "--format", "csv").out)))
    assert len(table) == len(records)


@pytest.mark.parametrize("kind", ["smile", "term", "variance", "density", "skew"])
def test_a_picture_in_the_terminal_is_drawn_and_fits(optionix, saved, kind):
    answer = optionix("surface", "plot", str(saved), "--plot", kind)
    assert answer.code == 0, answer.words
    lines = answer.out.splitlines()
    assert max(map(len, lines)) <= 100
    assert any("⠀" < sign <= "⣿" for sign in answer.out)


def test_a_smile_shows_bars_only_where_there_are_quotes(optionix, saved):
    without = optionix("surface", "plot", str(saved), "--expiry", "2027-01-15")
    beside = optionix("surface", "plot", str(saved), "--expiry", "2027-01-15", "--quotes", "then.jsonl")
    assert "bid to ask as bars" not in without.out
    assert "bid to ask as bars" in beside.out


@pytest.mark.parametrize("name", ["smile.svg", "smile.png", "smiles.csv", "surface.json"])
def test_an_export_writes_the_file_that_its_name_says(optionix, saved, name):
    answer = optionix("surface", "export", str(saved), "--to", name)
    assert (answer.code, answer.out) == (0, ""), answer.words
    content = (optionix.folder / name).read_bytes()
    assert f"wrote {name} ({len(content):,} bytes)" in answer.words
    if name.endswith("json"):
        assert content == saved.read_bytes()
    elif name.endswith("svg"):
        ET.fromstring(content)  # noqa: S314 - written by ourselves just now


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ("fit", 2, "give either FILE or --feed SYMBOL"),
        ("fit ORBIT --feed ORBIT", 2, "give either FILE or --feed SYMBOL"),
        ("fit --feed ACME", 2, "unknown underlying 'ACME'; known: ORBIT, TUNDRA, QUASAR"),
        ("fit absent.csv", 2, "unknown chain, file or underlying 'absent.csv'"),
        ("fit ORBIT --model heston", 2, "unknown surface model 'heston'; known: svi, ssvi, essvi, spline, sabr"),
        ("fit ORBIT --grid 1", 1, "--grid must be at least 2 (got 1)"),
        ("fit ORBIT --save nowhere/orbit.json", 2, "--save must be a file in a folder that exists"),
        ("fit --feed ORBIT --date 2026-01-01", 2, "--date is for files, and --feed names none"),
        ("fit eod.csv --date 2017-01-03", 6, "no expiry of SPX can be fitted (SPX 2017"),
        ("check ORBIT --delta 0.7", 1, "--delta must be zero or more and below 0.5 (got 0.7)"),
        ("check ORBIT --quotes ORBIT", 2, "--quotes is for a surface that was saved"),
        ("plot ORBIT --plot pie", 1, "--plot must be one of smile, term, variance, density, skew (got 'pie')"),
        ("plot ORBIT --expiry 2026-01-01", 2, "unknown expiry '2026-01-01'"),
        ("export ORBIT --to smile.pdf", 1, "--to must be a file ending in .svg, .png, .html, .csv, .json"),
        ("export ORBIT --to s.svg --picture pie", 1, "--picture must be one of smile, term, density, surface"),
        ("export ORBIT", 2, "--to is missing"),
    ],
)
def test_a_mistake_is_named(optionix, arguments, code, words):
    answer = optionix("surface", *arguments.split())
    assert words in answer.words
    assert (answer.code, answer.out) == (code, "")


@pytest.mark.parametrize("option", ["--model=svi", "--rate=0.05", "--date=2026-01-01"])
def test_what_has_no_say_in_a_saved_surface_is_refused(optionix, saved, option):
    answer = optionix("surface", "show", str(saved), option)
    assert answer.code == 2
    assert f"{option.partition('=')[0]} is for chains, and {saved} is a surface that was fitted before" in answer.words


def test_a_surface_is_not_fitted_twice(optionix, saved):
    answer = optionix("surface", "fit", str(saved))
    assert answer.code == 2
    assert "is a surface that was fitted before" in answer.words
