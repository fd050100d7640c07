"""Chains of a home: imported once, found again, solved and handed out."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from optionix_core.errors import InvalidValueError, MalformedFileError, StorageError, UnknownNameError, UsageError
from optionix_core.feeds.files import read, stored
from optionix_core.services import chains
from optionix_core.services.home import HomeFolders
from optionix_core.storage import durable

FILES = Path(__file__).resolve().parents[2] / "fixtures" / "chains"
WEEKEND = FILES / "cboe_weekend.csv"


@pytest.fixture
def home(tmp_path: Path) -> HomeFolders:
    return HomeFolders.of(tmp_path / "home")


def test_a_fresh_home_has_no_chains(home: HomeFolders) -> None:
    assert chains.listing(home) == ()
    assert not home.data.exists()


def test_an_imported_chain_is_found_by_its_name_to_the_bit(home: HomeFolders) -> None:
    report = chains.import_file(home, WEEKEND)
    assert (report.name, report.expiries, report.quotes, report.already_stored) == ("SPX_2022-06-10", 3, 10, False)
    assert report.path == home.data / "chains" / "SPX_2022-06-10.chain.jsonl"
    assert stored.encode(chains.load(home, "SPX_2022-06-10")) == stored.encode(read(WEEKEND))


def test_the_listing_describes_each_chain(home: HomeFolders) -> None:
    chains.import_file(home, WEEKEND, name="weekend")
    chains.import_file(home, FILES / "deribit_summaries.json")
    found = chains.listing(home)
    assert [item.name for item in found] == ["BTC_2024-06-28", "weekend"]
    assert (found[0].currency, found[0].quotes, found[0].spot) == ("BTC", 2, 61840.25)
    assert (found[1].source, found[1].as_of) == ("cboe_weekend.csv", datetime(2022, 6, 10, 20, 15, tzinfo=UTC))


def test_importing_the_same_twice_changes_nothing(home: HomeFolders) -> None:
    first = chains.import_file(home, WEEKEND)
    before = first.path.stat().st_mtime_ns
    assert chains.import_file(home, WEEKEND).already_stored
    assert first.path.stat().st_mtime_ns == before


def test_another_chain_of_the_same_name_is_refused_unless_replaced(home: HomeFolders) -> None:
    chains.import_file(home, WEEKEND, name="mine")
    with pytest.raises(UsageError, match="'mine' is stored already"):
        chains.import_file(home, FILES / "cboe_older.csv", name="MINE")
    chains.import_file(home, FILES / "cboe_older.csv", name="mine", replace=True)
    assert chains.load(home, "mine").spot == 2747.71


def test_replacing_under_another_letter_case_leaves_one_chain(home: HomeFolders) -> None:
    chains.import_file(home, WEEKEND, name="mine")
    chains.import_file(home, FILES / "cboe_older.csv", name="Mine", replace=True)
    (found,) = chains.listing(home)
    assert (found.name, found.spot) == ("mine", 2747.71)


@pytest.mark.parametrize("name", ["", "a/b", "..", ".hidden", "con", "NUL.txt", "x" * 81, "trailing.", "spaced name"])
def test_a_name_that_some_platform_cannot_store_is_refused(home: HomeFolders, name: str) -> None:
    with pytest.raises(InvalidValueError, match="name must be"):
        chains.import_file(home, WEEKEND, name=name)
    assert chains.listing(home) == ()


def test_a_malformed_file_leaves_nothing_behind(home: HomeFolders, tmp_path: Path) -> None:
    broken = tmp_path / "broken.csv"
    broken.write_text(WEEKEND.read_text(encoding="utf-8").replace("65.4", "sixty"), encoding="utf-8")
    with pytest.raises(MalformedFileError, match="line 7"):
        chains.import_file(home, broken)
    assert not home.data.exists()


def test_a_write_that_fails_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "kept"
    chains.write_whole(path, b"old")

    def fail(_handle: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(durable, "sync", fail)
    with pytest.raises(StorageError, match="disk full"):
        chains.write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [item.name for item in tmp_path.iterdir()] == ["kept"]


def test_a_path_is_read_and_a_name_of_the_home_goes_first(
    home: HomeFolders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chains.import_file(home, WEEKEND, name="older.csv")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "older.csv").write_bytes((FILES / "cboe_older.csv").read_bytes())
    assert chains.load(home, "older.csv").spot == 4000.25
    assert chains.load(home, "./older.csv").spot == 2747.71
    assert chains.load(home, tmp_path / "older.csv").spot == 2747.71


def test_an_unknown_name_tells_the_known_ones(home: HomeFolders) -> None:
    chains.import_file(home, WEEKEND, name="weekend")
    with pytest.raises(UnknownNameError, match="'nothing'; known: weekend"):
        chains.load(home, "nothing")


def test_a_stored_chain_is_a_feed_under_its_name(home: HomeFolders) -> None:
    chains.import_file(home, WEEKEND, name="weekend")
    assert chains.feed(home, "weekend").name == "file:weekend"
    assert chains.feed(home, str(WEEKEND)).name == "file:cboe_weekend.csv"


@pytest.mark.parametrize("written", ["csv", "json", "parquet"])
def test_an_exported_chain_is_read_back_to_the_bit(tmp_path: Path, written: chains.ExportFormat) -> None:
    chain = read(WEEKEND)
    target = tmp_path / f"out.{written}"
    content = chains.export(chain, written, target)
    assert target.read_bytes() == content
    assert stored.encode(read(target)) == stored.encode(chain)


def test_an_unknown_export_format_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="xlsx"):
        chains.encode(read(WEEKEND), "xlsx")  # type: ignore[arg-type] # the mistake under test
    with pytest.raises(UsageError, match="a mapping is for csv and parquet"):
        chains.encode(read(WEEKEND), "json", {"bid": "Bid"})


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    text = json.dumps(chains.to_json(chains.solve_chain(read(WEEKEND))), allow_nan=False)
    parsed: dict[str, Any] = json.loads(text)
    return parsed


def test_the_document_has_the_fields_that_were_promised(document: dict[str, Any]) -> None:
    assert list(document) == ["schema_version", "underlying", "as_of", "spot", "expiries"]
    assert (document["schema_version"], document["underlying"], document["spot"]) == (1, "SPX", 4000.25)
    assert document["as_of"] == "2022-06-10T20:15:00Z"
    for expiry in document["expiries"]:
        assert list(expiry) == ["expiry", "root", "days", "forward", "discount_factor", "rows"]
        for row in expiry["rows"]:
            assert list(row) == ["strike", "call", "put"]
            for side in (row["call"], row["put"]):
                assert list(side) == ["symbol", "bid", "ask", "iv", "delta", "vendor_iv", "rejected"]


def test_days_are_calendar_days_and_numbers_are_numbers(document: dict[str, Any]) -> None:
    told = [(item["expiry"], item["root"], item["days"]) for item in document["expiries"]]
    assert told == [("2022-06-10", "SPXW", 0), ("2022-06-17", "SPX", 7), ("2022-06-17", "SPXW", 7)]
    row = document["expiries"][1]["rows"][1]
    assert (row["strike"], row["call"]["symbol"], row["call"]["bid"]) == (4000.0, "SPX   220617C04000000", 65.4)
    assert row["call"]["vendor_iv"] == 0.2605


def test_what_is_absent_is_null_and_a_rejection_has_its_reason(document: dict[str, Any]) -> None:
    expired = document["expiries"][0]["rows"][0]["call"]
    assert (expired["rejected"], expired["iv"], expired["delta"], expired["vendor_iv"]) == ("expired", None, None, None)
    unquoted = document["expiries"][2]["rows"][1]["put"]
    assert (unquoted["rejected"], unquoted["bid"], unquoted["ask"]) == ("no bid", 0.0, None)
    for expiry in document["expiries"]:
        for row in expiry["rows"]:
            for side in (row["call"], row["put"]):
                assert (side["iv"] is None) == (side["rejected"] is not None)


def test_a_side_without_an_instrument_is_null_throughout() -> None:
    solved = chains.solve_chain(read(FILES / "deribit_summaries.json"))
    row = chains.to_json(solved)["expiries"][0]["rows"][0]  # type: ignore[index] # plain JSON
    assert row["strike"] == 40_000.0
    assert [row["call"][field] for field in ("symbol", "bid", "ask", "iv", "delta", "vendor_iv")] == [None] * 6


def test_the_summary_counts_every_quote_once() -> None:
    found = chains.summary(chains.solve_chain(read(WEEKEND)))
    assert found.quotes == 10
    assert found.solved + sum(count for _, count in found.rejections) == found.quotes
    assert dict(found.rejections)["expired"] == 2


@pytest.mark.parametrize(
    ("name", "bound"),
    [
        # The bounds are those that the chains were chosen for: fractions, so 0.05 vol points is 0.0005.
        ("SPX_2023-02-07_abasuray.csv", 0.0005),
        ("SPX_2022-06-11_phammings.csv", 0.002),
        ("SPX_2022-02-05_lucacastelli.csv", 0.015),
        ("NDX_2022-02-05_lucacastelli.csv", 0.015),
    ],
)
def test_real_chains_are_solved_near_their_vendors_volatilities(shared_data: Path, name: str, bound: float) -> None:
    solved = chains.solve_chain(read(shared_data / "chains" / name))
    found = chains.summary(solved)
    assert found.compared > 4000
    assert found.median_difference is not None
    assert found.median_difference <= bound
    assert found.solved + sum(count for _, count in found.rejections) == found.quotes
    assert json.dumps(chains.to_json(solved), allow_nan=False)


def test_the_summary_is_what_its_document_says(shared_data: Path) -> None:
    solved = chains.solve_chain(read(shared_data / "chains" / "SPX_2023-02-07_abasuray.csv"))
    document: Any = chains.to_json(solved)
    differences = []
    for expiry in document["expiries"]:
        if expiry["forward"] is None or not 7 <= expiry["days"] <= 400:
            continue
        for row in expiry["rows"]:
            side = row["call"] if row["strike"] >= expiry["forward"] else row["put"]
            if side["iv"] is None or side["vendor_iv"] is None or not side["bid"] > 0:
                continue
            if 0.05 <= abs(side["delta"]) <= 0.95:
                differences.append(abs(side["iv"] - side["vendor_iv"]))
    differences.sort()
    half = len(differences) // 2
    median = differences[half] if len(differences) % 2 else 0.5 * (differences[half - 1] + differences[half])
    found = chains.summary(solved)
    assert found.compared == len(differences)
    assert math.isclose(found.median_difference or 0.0, median, rel_tol=1e-12)


def test_one_day_of_a_file_of_several_is_imported_by_its_day(home: HomeFolders) -> None:
    report = chains.import_file(home, FILES / "eod.csv", on=date(2017, 1, 4))
    assert report.name == "SPX_2017-01-04"
    assert chains.load(home, FILES / "eod.csv", on=date(2017, 1, 3)).spot == 2257.83
