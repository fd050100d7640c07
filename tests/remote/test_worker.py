"""Keeping in step in the background: what wakes it, what it tells, how it waits, and that it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from queue import Queue
from typing import Any

import pytest

from optionix_core.errors import IntegrityError, OptionixError, RefusedError, StorageError, VenueError
from optionix_core.market.clock import ManualClock
from optionix_tui.remote.worker import IDLE_SECONDS, SyncWorker
from screens.team import InStep, Member, SyncDone, SyncNews

NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
ANN = Member("https://team.example", "a@b.c", "Ann", "trader", "d", "s", NOW, mfa_enabled=False, tokens="file")


class Home:
    """A home whose worker is asked round by round, without its thread."""

    def __init__(self) -> None:
        self.member: Member | None = ANN
        self.answers: list[SyncDone | OptionixError] = []
        self.told: list[SyncNews] = []
        self.changes = 0
        self.synced = 0
        self.clock = ManualClock(NOW)

    def sync(self) -> SyncDone:
        self.synced += 1
        answer = self.answers.pop(0) if self.answers else SyncDone(0, 0, 0)
        if isinstance(answer, OptionixError):
            raise answer
        return answer

    def worker(self, sync: Callable[[], SyncDone] | None = None, **options: Any) -> SyncWorker:
        def changed() -> None:
            self.changes += 1

        return SyncWorker(
            member=lambda: self.member, in_step=lambda: InStep(7, 0, 0, NOW), sync=sync, tell=self.told.append,
            changed=changed, crashed=_raise, clock=self.clock, interval=30.0, uniform=lambda: 0.5, **options,
        )  # fmt: skip


def _raise(error: Exception) -> None:
    raise error


def test_a_round_tells_that_it_runs_and_how_it_ended() -> None:
    home = Home()
    home.answers = [SyncDone(2, 5, 0)]
    assert home.worker(home.sync)._round() == 30.0
    assert [news.running for news in home.told] == [True, False]
    assert home.told[-1] == SyncNews(ANN, InStep(7, 0, 0, NOW))
    assert home.changes == 1  # something came: the book is shown anew


def test_nothing_new_changes_nothing_and_nobody_signed_in_asks_nothing() -> None:
    home = Home()
    home.worker(home.sync)._round()
    assert home.changes == 0
    home.member = None
    assert home.worker(home.sync)._round() == 30.0
    assert home.told[-1] == SyncNews(None)
    assert home.synced == 1


def test_a_server_out_of_reach_is_tried_again_ever_later_and_the_first_failure_is_told() -> None:
    home = Home()
    home.answers = [VenueError("no route") for _ in range(6)]
    worker = home.worker(home.sync)
    waits = []
    for _ in range(6):
        waits.append(worker._round())
        home.clock.advance(timedelta(seconds=60))
    assert waits == sorted(waits)
    assert waits[0] == pytest.approx(0.75 * 30 / 8)
    assert waits[-1] == pytest.approx(0.75 * 60)
    assert {news.since for news in home.told if news.problem} == {NOW}
    worker._round()
    assert home.told[-1].problem is None
    assert home.told[-1].since is None


@pytest.mark.parametrize("error", [RefusedError("device-revoked", "out"), IntegrityError("another past")])
def test_what_time_cannot_mend_waits_for_somebody(error: OptionixError) -> None:
    home = Home()
    home.answers = [error]
    assert home.worker(home.sync)._round() == IDLE_SECONDS
    assert home.told[-1].problem is error


def test_a_rate_limit_passes_and_is_waited_for_as_a_server_out_of_reach_is() -> None:
    home = Home()
    home.answers = [RefusedError("rate-limited", "100 requests a minute are used up")]
    worker = home.worker(home.sync)
    assert worker._round() == pytest.approx(0.75 * 30 / 8)
    assert worker._round() == 30.0


@pytest.mark.parametrize("asked", [1, 2, 3])
def test_a_home_that_cannot_be_read_is_told_and_ends_nothing(asked: int) -> None:
    """Its disk fails before a run, after it, or after a run that failed too: the terminal goes on."""
    home, looks = Home(), iter(range(1, 9))
    home.answers = [VenueError("no route")] if asked == 3 else []
    worker = home.worker(home.sync)

    def broken() -> InStep:
        if next(looks) >= min(asked, 2):
            raise StorageError("optionix.db could not be read")
        return InStep(7, 0, 0, NOW)

    worker._in_step = broken
    assert worker._round() > 0.0
    assert isinstance(home.told[-1].problem, VenueError if asked == 3 else StorageError)


def test_where_nothing_may_be_written_it_only_tells() -> None:
    home = Home()
    assert home.worker(None)._round() == 30.0
    assert home.told == [SyncNews(ANN, InStep(7, 0, 0, NOW))]
    assert home.synced == 0


@pytest.fixture
def running() -> Iterator[tuple[SyncWorker, Queue[SyncNews]]]:
    home, told = Home(), Queue[SyncNews]()
    worker = SyncWorker(
        member=lambda: ANN, in_step=lambda: InStep(1, 0, 0, None), sync=home.sync, tell=told.put,
        changed=lambda: None, crashed=_raise, clock=home.clock, interval=3600.0,
    )  # fmt: skip
    worker.start()
    yield worker, told
    worker.stop()
    worker.join(10.0)
    assert not worker.is_alive()


def test_it_begins_at_once_and_again_when_it_is_woken(running: tuple[SyncWorker, Queue[SyncNews]]) -> None:
    worker, told = running
    assert told.get(timeout=10.0).running
    assert not told.get(timeout=10.0).running
    worker.wake()
    assert told.get(timeout=10.0).running
    assert not told.get(timeout=10.0).running


def test_what_goes_wrong_unexpectedly_is_handed_over() -> None:
    home, crashed = Home(), Queue[Exception]()

    def broken() -> SyncDone:
        raise ZeroDivisionError

    worker = SyncWorker(
        member=lambda: ANN, in_step=lambda: InStep(1, 0, 0, None), sync=broken, tell=home.told.append,
        changed=lambda: None, crashed=crashed.put, clock=home.clock, interval=3600.0,
    )  # fmt: skip
    worker.start()
    assert isinstance(crashed.get(timeout=10.0), ZeroDivisionError)
    worker.join(10.0)
