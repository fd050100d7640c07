"""Priced requests are found again: after killed writers, by many processes at once, in homes that cannot be written."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from optionix_core.errors import InvalidValueError, StorageError, UnknownNameError, UsageError
from optionix_core.market.clock import ManualClock
from optionix_core.services import price_requests
from optionix_core.services.home import HomeFolders
from optionix_core.storage import open_store
from optionix_core.storage.priced_journal import JOURNAL, PricedJournal

MOMENT = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from optionix_core.market.clock import ManualClock
from optionix_core.services import price_requests
from optionix_core.services.home import HomeFolders
home, name, count = HomeFolders.of(Path(sys.argv[1])), sys.argv[2], int(sys.argv[3])
clock = ManualClock(datetime(2026, 11, 20, 15, 30, tzinfo=UTC))
for number in range(count):
    record = price_requests.document(
        clock.now(), contract={"kind": name, "number": number}, model={"kind": "m"}, market={}, result={"price": 1.0}
    )
    price_requests.keep(home, clock, [record])
    print(record["id"], flush=True)
"""


@pytest.fixture
def home(tmp_path: Path) -> HomeFolders:
    return HomeFolders.of(tmp_path / "home")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(MOMENT)


def record(clock: ManualClock, price: float = 1.0, kind: str = "european") -> dict[str, Any]:
    clock.advance(timedelta(seconds=1))
    return price_requests.document(
        clock.now(),
        contract={"kind": kind, "strike": 105.0},
        model={"kind": "black-scholes", "volatility": 0.25},
        market={"spot": 100.0},
        method=None,
        settings=None,
        result={"price": price, "method_id": "closed-form"},
    )


def test_a_request_comes_back_as_it_was_kept(home: HomeFolders, clock: ManualClock) -> None:
    kept = [record(clock, float(number)) for number in range(5)]
    for one in kept:
        price_requests.keep(home, clock, [one])
    found = price_requests.history(home, clock).requests
    assert [dict(one) for one in found] == kept[::-1]
    assert price_requests.show(home, clock, kept[2]["id"]) == kept[2]
    assert kept[0]["id"].startswith("20261120-153001-000000-")
    assert kept[0]["time"] == "2026-11-20T15:30:01.000000Z"


def test_folding_empties_the_journal_and_changes_nothing(home: HomeFolders, clock: ManualClock) -> None:
    kept = [record(clock) for _ in range(3)]
    price_requests.keep(home, clock, kept)
    before = PricedJournal(home.data).records()
    assert [dict(one) for one in before] == kept
    assert list(price_requests.history(home, clock).requests) == kept[::-1]
    assert PricedJournal(home.data).records() == ()
    assert list(price_requests.history(home, clock).requests) == kept[::-1]
    store = open_store(home.data, clock)
    assert store.priced(10) == kept[::-1]
    assert store.head().seq == 0, "the log of events is untouched"
    assert store.verify().events == 0
    store.close()


def test_the_newest_come_first_and_a_limit_holds(home: HomeFolders, clock: ManualClock) -> None:
    kept = [record(clock) for _ in range(7)]
    price_requests.keep(home, clock, kept[:4])
    assert [one["id"] for one in price_requests.history(home, clock, 2).requests] == [kept[3]["id"], kept[2]["id"]]
    price_requests.keep(home, clock, kept[4:])
    ids = [one["id"] for one in price_requests.history(home, clock, 5).requests]
    assert ids == [one["id"] for one in kept[:1:-1]]
    with pytest.raises(InvalidValueError, match="at least 1"):
        price_requests.history(home, clock, 0)


def test_an_id_may_be_cut_short_while_it_stays_the_only_one(home: HomeFolders, clock: ManualClock) -> None:
    kept = [record(clock) for _ in range(2)]
    price_requests.keep(home, clock, kept)
    assert price_requests.show(home, clock, kept[0]["id"][:16]) == kept[0]
    with pytest.raises(UsageError, match="several priced requests"):
        price_requests.show(home, clock, "20261120")
    for name in ("2025", "", "%", "_"):
        with pytest.raises(UnknownNameError, match="priced request"):
            price_requests.show(home, clock, name)


def test_a_fresh_home_has_no_history_and_stays_fresh(home: HomeFolders, clock: ManualClock) -> None:
    assert price_requests.history(home, clock).requests == ()
    assert not home.data.exists()


@pytest.mark.parametrize(
    "tail", [b'\n{"id": "x", "ti', b"\n\x00\x00\x00\x00", b"\n[1, 2]\n", b"\n{}\n", b"\n\xff\xfe\n"]
)
def test_a_line_cut_short_spoils_no_other(tail: bytes, home: HomeFolders, clock: ManualClock) -> None:
    kept = [record(clock) for _ in range(4)]
    price_requests.keep(home, clock, kept[:2])
    with (home.data / JOURNAL).open("ab") as file:
        file.write(tail)
    price_requests.keep(home, clock, kept[2:])
    assert list(price_requests.history(home, clock).requests) == kept[::-1]


def test_every_cut_of_an_append_leaves_the_whole_requests_before_it(home: HomeFolders, clock: ManualClock) -> None:
    kept = [record(clock) for _ in range(3)]
    price_requests.keep(home, clock, kept[:2])
    before = (home.data / JOURNAL).read_bytes()
    price_requests.keep(home, clock, kept[2:])
    after = (home.data / JOURNAL).read_bytes()
    for cut in range(len(before), len(after) + 1, 7):
        (home.data / JOURNAL).write_bytes(after[:cut])
        found = [dict(one) for one in PricedJournal(home.data).records()]
        assert found in (kept[:2], kept)


def test_a_crash_between_table_and_journal_folds_nothing_twice(home: HomeFolders, clock: ManualClock) -> None:
    kept = [record(clock) for _ in range(3)]
    price_requests.keep(home, clock, kept)
    journal = (home.data / JOURNAL).read_bytes()
    price_requests.history(home, clock)
    (home.data / JOURNAL).write_bytes(journal)  # as the crash would have left it
    assert list(price_requests.history(home, clock).requests) == kept[::-1]


def test_a_crash_before_the_table_is_written_keeps_the_journal(home: HomeFolders, clock: ManualClock) -> None:
    kept = [record(clock)]
    price_requests.keep(home, clock, kept)

    def crash(_: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        PricedJournal(home.data).fold(crash)
    assert list(price_requests.history(home, clock).requests) == kept


@pytest.mark.fault
@pytest.mark.skipif(os.name == "nt", reason="processes are killed otherwise there")
def test_what_a_killed_writer_acknowledged_is_there(home: HomeFolders, clock: ManualClock) -> None:
    for round_ in range(3):
        command = [sys.executable, "-c", WRITER, str(home.data.parent), f"kind-{round_}", "100000"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            told = [process.stdout.readline().strip() for _ in range(20 + 13 * round_)]
            process.send_signal(signal.SIGKILL)
            told += [line.strip() for line in process.stdout.readlines() if line.endswith("\n")]
        found = {one["id"] for one in price_requests.history(home, clock, 1_000_000).requests}
        assert set(told) <= found


@pytest.mark.fault
def test_processes_that_price_and_read_at_once_lose_nothing(home: HomeFolders, clock: ManualClock) -> None:
    command = [sys.executable, "-c", WRITER, str(home.data.parent)]
    writers = [
        subprocess.Popen([*command, f"kind-{number}", "60"], stdout=subprocess.PIPE, text=True) for number in range(3)
    ]
    told: set[str] = set()
    while any(writer.poll() is None for writer in writers):
        price_requests.history(home, clock, 5)
    for writer in writers:
        out, _ = writer.communicate()
        assert writer.returncode == 0
        told |= set(out.split())
    found = price_requests.history(home, clock, 1000).requests
    assert len(told) == 180
    assert {one["id"] for one in found} == told
    for number in range(3):
        mine = [one["request"]["contract"]["number"] for one in found if one["contract"] == f"kind-{number}"]
        assert sorted(mine) == list(range(60))


def test_threads_append_whole_lines(home: HomeFolders, clock: ManualClock) -> None:
    journal = PricedJournal(home.data)
    pieces = [[{**record(clock), "id": f"{worker}-{number}"} for number in range(25)] for worker in range(4)]

    def work(mine: list[dict[str, Any]]) -> None:
        for one in mine:
            journal.append([one])

    threads = [threading.Thread(target=work, args=(mine,)) for mine in pieces]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {one["id"] for one in journal.records()} == {one["id"] for mine in pieces for one in mine}


def test_a_home_that_cannot_be_written_is_told(home: HomeFolders, clock: ManualClock) -> None:
    home.data.parent.mkdir(parents=True)
    home.data.write_text("not a folder", "utf-8")
    with pytest.raises(StorageError, match=r"priced\.journal"):
        price_requests.keep(home, clock, [record(clock)])


def test_history_is_read_while_another_process_writes_the_home(
    home: HomeFolders, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(price_requests, "FOLD_WAIT", 0.01)
    kept = [record(clock) for _ in range(2)]
    price_requests.keep(home, clock, kept[:1])
    price_requests.history(home, clock)
    price_requests.keep(home, clock, kept[1:])
    held, done = threading.Event(), threading.Event()

    def write() -> None:
        store = open_store(home.data, clock)
        with store.writing("a long import"):
            held.set()
            done.wait(20.0)
        store.close()

    thread = threading.Thread(target=write)
    thread.start()
    held.wait(20.0)
    try:
        assert list(price_requests.history(home, clock).requests) == kept[::-1]
        assert len(PricedJournal(home.data).records()) == 1, "it waits in the journal"
    finally:
        done.set()
        thread.join()
    assert list(price_requests.history(home, clock).requests) == kept[::-1]
    assert PricedJournal(home.data).records() == ()


def test_a_large_journal_is_folded_by_whoever_appends(
    home: HomeFolders, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("optionix_core.storage.priced_journal.LARGE", 500)
    kept = [record(clock) for _ in range(3)]
    for one in kept:
        price_requests.keep(home, clock, [one])
    assert len(PricedJournal(home.data).records()) < 3
    assert list(price_requests.history(home, clock).requests) == kept[::-1]


def test_records_hold_no_infinity(home: HomeFolders, clock: ManualClock) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        price_requests.keep(home, clock, [record(clock, float("inf"))])
    assert json.loads(json.dumps(record(clock), allow_nan=False))["result"]["price"] == 1.0
