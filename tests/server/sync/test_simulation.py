"""Seeded schedules of devices, server and a bad line: all agree to the byte at the end. And the simulator can fail."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from optionix_core.errors import OptionixError
from optionix_core.storage import merged_rows
from optionix_core.storage.connections import transaction, translated
from optionix_core.storage.merged_writer import MergedWriter
from optionix_core.sync.client import DeviceClient
from optionix_core.sync.replica import Step
from optionix_core.sync.wire import PushAnswer, PushBatch, PushItem
from server.sync import devices
from server.sync.hub import SyncHub
from tests.server.sync.simulated import Crash, DyingStore, in_memory
from tests.server.sync.simulation import Broken, Parts, simulate

SEEDS = 300
IN_ONE = 30
SOAK = 10_000
"""Schedules in all, those of every run among them."""
LONGER = 600
"""More of three times as many steps."""
LONG = 40
"""Their steps, and those of a schedule of a mutant."""
TRIED = 40
"""Schedules within which a mutant must be caught."""
CAUGHT = (Broken, OptionixError, AssertionError)


@pytest.fixture(scope="session")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where homes lie: in memory where the system has such a place."""
    folder = in_memory(tmp_path_factory.mktemp("simulated"))
    yield folder
    shutil.rmtree(folder)


_known: dict[int, tuple[frozenset[str], frozenset[str], int]] = {}


def _met(seed: int, disk: Path) -> tuple[frozenset[str], frozenset[str], int]:
    """Kinds of conflicts, resolutions and deaths of a schedule; one that this process has run is not run again."""
    if seed not in _known:
        world = simulate(seed, disk)
        _known[seed] = frozenset(world.kinds), frozenset(world.resolutions), world.died
    return _known[seed]


@pytest.mark.parametrize("first", range(0, SEEDS, IN_ONE))
def test_every_schedule_ends_in_agreement(disk: Path, first: int) -> None:
    for seed in range(first, first + IN_ONE):
        _met(seed, disk)


@pytest.mark.soak
@pytest.mark.parametrize("first", range(SEEDS, SOAK, 100))
def test_many_more_do(disk: Path, first: int) -> None:
    for seed in range(first, first + 100):
        simulate(seed, disk)


@pytest.mark.soak
@pytest.mark.parametrize("first", range(SOAK, SOAK + LONGER, 100))
def test_so_do_longer_ones(disk: Path, first: int) -> None:
    for seed in range(first, first + 100):
        simulate(seed, disk, steps=LONG)


@pytest.mark.skipif("SYNC_SEED" not in os.environ, reason="replays one seed: SYNC_SEED=N")
def test_one_seed(disk: Path) -> None:
    simulate(int(os.environ["SYNC_SEED"]), disk)


def test_schedules_meet_everything_that_they_are_for(disk: Path) -> None:
    """Conflicts of each kind, resolutions, deaths of both sides: else agreement would say little."""
    kinds: set[str] = set()
    resolutions: set[str] = set()
    died = 0
    for seed in range(40):
        met = _met(seed, disk)
        kinds |= met[0]
        resolutions |= met[1]
        died += met[2]
    assert {"book", "same-id", "account-blocked", "buying-power"} <= kinds
    assert resolutions == {"accept", "reverse", "discard"}
    assert died >= 10


# --- mutants ----------------------------------------------------------------------------------------------------------


class CursorFirst(SyncHub):
    """Moves the device's cursor in a transaction of its own, before the effect."""

    def _take(self, user_id: Any, batch: Any, fresh: Any, *rest: Any) -> PushAnswer:
        if fresh:
            last, now, stream = fresh[-1].device_seq, self.clock.now(), self.stream_of(user_id)

            def move(connection: Any) -> None:
                devices.make(connection, batch.device_id, user_id, stream, now)
                devices.move(connection, batch.device_id, last, now)

            self.database.write(move)
        return super()._take(user_id, batch, fresh, *rest)


class AppliesDuplicates(SyncHub):
    """Takes what came before for new."""

    def _fresh(self, user_id: Any, batch: PushBatch, cursor: Any, raw: Any, stream: Any) -> Any:
        found = super()._fresh(user_id, batch, cursor, raw, stream)
        again = [item for item in batch.items if item.device_seq <= cursor]
        copies = [
            PushItem(item.device_seq, copied, _encoded(copied))
            for item in again
            for copied in (replace(item.event, id=f"{item.event.id}/again-{self.database.number()}"),)
        ]
        return [*copies, *found]


class ByTheClock(MergedWriter):
    """Sends own events in the order of their clocks."""

    def outbox(self, limit: int) -> Any:
        items = list(super().outbox(limit))
        ordered = sorted(items, key=lambda item: (item.event.time, item.event.id))
        return [PushItem(item.device_seq, one.event, one.data) for item, one in zip(items, ordered, strict=True)]


class AcknowledgesEarly(DeviceClient):
    """Counts events as acknowledged once they are sent."""

    def _push_once(self) -> Any:
        with self._replica.syncing("collect") as writer:
            items = writer.outbox(self._batch)
            if items:
                writer.note(replace(writer.state(), acknowledged=items[-1].device_seq))
                writer.outbox = lambda _limit: items  # type: ignore[method-assign]
        if not items:
            return None
        state = self._replica.sync_state()
        batch = PushBatch(state.binding.device, items, self._clock.now(), state.remote.seq)
        answer = self._repeated(lambda: self._transport.push(batch))
        return len(answer.results), 0


class CursorApart(MergedWriter):
    """Keeps a page and its cursor in two transactions."""

    def keep(self, step: Step) -> None:
        with translated(self._database), transaction(self._connection, self._database):
            merged_rows.keep(self._connection, step.events, step.records)
        if self._store.dies("between page and cursor"):  # type: ignore[attr-defined]
            raise Crash("between page and cursor")
        with translated(self._database), transaction(self._connection, self._database):
            merged_rows.mask(self._connection, step.masked)
            merged_rows.write_state(self._connection, step.state)


class NeverMasks:
    """Leaves what the book refuses in the way of the folds."""

    def __call__(self, *_: Any) -> dict[int, str]:
        return {}


class WritingBy(DyingStore):
    """A home with another writer."""

    writer: type[MergedWriter] = MergedWriter

    def made_writer(self, own: Any) -> MergedWriter:
        return self.writer(self, own)


class ByTheClockStore(WritingBy):
    writer = ByTheClock


class CursorApartStore(WritingBy):
    writer = CursorApart


def _encoded(event: Any) -> bytes:
    from optionix_core.sync.canonical import encode

    return encode(event)


MUTANTS: dict[str, Callable[[], Parts]] = {
    "the cursor moves in another transaction": lambda: Parts(hub=CursorFirst),
    "duplicates are applied": lambda: Parts(hub=AppliesDuplicates),
    "own events are ordered by wall clocks": lambda: Parts(store=ByTheClockStore),
    "events count as acknowledged once they are sent": lambda: Parts(client=AcknowledgesEarly),
    "a page is kept apart from its cursor": lambda: Parts(store=CursorApartStore),
    "what the book refuses after a pull is not masked": lambda: Parts(rebasing=NeverMasks),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_caught(disk: Path, name: str) -> None:
    for seed in range(TRIED):
        try:
            simulate(seed, disk, MUTANTS[name](), steps=LONG)
        except CAUGHT as error:
            assert any(f"seed {seed}" in note for note in error.__notes__)  # noqa: PT017 - which one is what matters
            return
    pytest.fail(f"{TRIED} schedules found nothing wrong where {name}")
