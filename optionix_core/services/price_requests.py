"""Every priced request can be found again: kept on pricing, listed and shown later.

A request is written to the home's journal (`storage.priced_journal` says why) and folded into the home's table, under
the home's lock, when the history is read. Reading it never prices anything anew. Refuses to stop a price from being
given because it could not be written down: whoever prices is told by StorageError, after the answer is there.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from optionix_core.errors import (
    HomeLockedError,
    InvalidValueError,
    ReadOnlyError,
    StorageError,
    UnknownNameError,
    UsageError,
)
from optionix_core.storage.priced_journal import PricedJournal

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.market.clock import Clock
    from optionix_core.services.home import HomeFolders

SCHEMA_VERSION: Final = 1
LETTERS: Final = "abcdefghijklmnopqrstuvwxyz234567"
MOST_ROWS: Final = 20_000
"""Rows of a table of options that one request is kept with."""
FOLD_WAIT: Final = 2.0
"""Seconds to wait for another writer before the journal is read where it is."""


class History(NamedTuple):
    """Requests, the newest first, as they were written down."""

    requests: tuple[Mapping[str, Any], ...]


def request_id(now: datetime) -> str:
    """A name that sorts by time: date, time of day to the microsecond, and 20 random bits."""
    from datetime import UTC

    chance = "".join(LETTERS[byte % 32] for byte in os.urandom(4))
    return f"{now.astimezone(UTC):%Y%m%d-%H%M%S-%f}-{chance}"


def document(
    now: datetime, *, contract: Mapping[str, Any], model: Mapping[str, Any], market: Mapping[str, Any], **more: Any
) -> dict[str, Any]:
    """One request and its answer as plain JSON values. `more`: `method`, `greeks`, `settings` asked for, `result`."""
    from datetime import UTC

    return {
        "schema_version": SCHEMA_VERSION,
        "id": request_id(now),
        "time": now.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "contract": contract["kind"],
        "model": model["kind"],
        "request": {"contract": contract, "model": model, "market": market, **_without(more, "result")},
        "result": more.get("result"),
    }


def keep(home: HomeFolders, clock: Clock, records: Sequence[Mapping[str, Any]]) -> None:
    """Write requests down. StorageError where the home cannot be written, ReadOnlyError where it may not be."""
    home.check_writable("keep the priced request")
    if records and PricedJournal(home.data).append(records):
        try:
            _fold(home, clock)
        except (HomeLockedError, StorageError):
            return  # they stand in the journal, and the next one tries again


def history(home: HomeFolders, clock: Clock, limit: int = 20) -> History:
    """The last `limit` requests. InvalidValueError where `limit` is below one."""
    if limit < 1:
        raise InvalidValueError("--limit", limit, "at least 1")
    return History(tuple(_found(home, clock, limit, None)[:limit]))


def show(home: HomeFolders, clock: Clock, name: str) -> Mapping[str, Any]:
    """The request of this id, or of an id that begins so.

    Raises UnknownNameError where there is none, UsageError where several begin so.
    """
    found = _found(home, clock, 20, name) if name else []
    exact = [record for record in found if record["id"] == name]
    if exact:
        return exact[0]
    if not found:
        raise UnknownNameError("priced request", name)
    if len(found) > 1:
        names = ", ".join(str(record["id"]) for record in found[:5])
        raise UsageError(f"{name!r} begins the ids of several priced requests: {names}")
    return found[0]


def _found(home: HomeFolders, clock: Clock, limit: int, beginning: str | None) -> list[Mapping[str, Any]]:
    """From the table, and from the journal where that could not be folded; the newest first."""
    from optionix_core.storage.sqlite_store import open_store

    waiting: tuple[Mapping[str, Any], ...] = ()
    try:
        _fold(home, clock)
    except (HomeLockedError, ReadOnlyError, StorageError):
        waiting = PricedJournal(home.data).records()
    store = open_store(home.data, clock, read_only=home.read_only)
    try:
        kept = store.priced(limit, beginning)
    finally:
        store.close()
    by_id = {str(record["id"]): record for record in (*kept, *waiting)}
    return [by_id[key] for key in sorted(by_id, reverse=True) if beginning is None or key.startswith(beginning)]


def _fold(home: HomeFolders, clock: Clock) -> None:
    """Move the journal's requests into the table. The home's lock is taken first, then the journal's."""
    journal = PricedJournal(home.data)
    if not journal.records():
        return
    from optionix_core.storage.sqlite_store import open_store

    store = open_store(home.data, clock, read_only=home.read_only)
    try:
        with store.writing("keeping priced requests", FOLD_WAIT) as writer:
            journal.fold(writer.keep_priced)
    finally:
        store.close()


def _without(given: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key != name}
