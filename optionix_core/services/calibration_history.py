"""Every calibration can be found again: kept when it was made, listed and shown later.

A record is what `calibrations.document` makes; it stands in a table of the home's database, written under the home's
lock. Reading it never fits anything anew. Refuses to keep a calibration from being shown because it could not be
written down: whoever calibrates is told by StorageError or HomeLockedError, after the answer is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from optionix_core.errors import InvalidValueError, UnknownNameError, UsageError

if TYPE_CHECKING:
    from optionix_core.market.clock import Clock
    from optionix_core.services.home import HomeFolders

SCHEMA_VERSION: Final = 1
WAIT: Final = 10.0
"""Seconds to wait for another writer of the home."""


class History(NamedTuple):
    """Calibrations, the newest first, as they were written down."""

    calibrations: tuple[Mapping[str, Any], ...]


def keep(home: HomeFolders, clock: Clock, record: Mapping[str, Any]) -> None:
    """Write a record down. StorageError where the home cannot be written, HomeLockedError while another one writes."""
    from optionix_core.storage.sqlite_store import open_store

    store = open_store(home.data, clock, read_only=home.read_only)
    try:
        with store.writing("keeping a calibration", WAIT) as writer:
            writer.keep_calibration(record)
    finally:
        store.close()


def history(home: HomeFolders, clock: Clock, limit: int = 20) -> History:
    """The last `limit` calibrations. InvalidValueError where `limit` is below one."""
    if limit < 1:
        raise InvalidValueError("--limit", limit, "at least 1")
    return History(tuple(_found(home, clock, limit)))


def show(home: HomeFolders, clock: Clock, name: str) -> Mapping[str, Any]:
    """The calibration of this id, or of an id that begins so.

    Raises UnknownNameError where there is none, UsageError where several begin so.
    """
    found = _found(home, clock, 6, name) if name else []
    exact = [record for record in found if record["id"] == name]
    if exact:
        return exact[0]
    if not found:
        raise UnknownNameError("calibration", name)
    if len(found) > 1:
        names = ", ".join(str(record["id"]) for record in found[:5])
        raise UsageError(f"{name!r} begins the ids of several calibrations: {names}")
    return found[0]


def _found(home: HomeFolders, clock: Clock, limit: int, beginning: str = "") -> list[Mapping[str, Any]]:
    from optionix_core.storage.sqlite_store import open_store

    store = open_store(home.data, clock, read_only=home.read_only)
    try:
        return cast("list[Mapping[str, Any]]", store.calibrations(limit, beginning))
    finally:
        store.close()
