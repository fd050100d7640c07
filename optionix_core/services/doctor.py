"""What state a home and its machine are in: one finding a subject, none of which changes anything.

"not configured" is a state, not a fault: a fresh home is healthy.
"""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from optionix_core.errors import IntegrityError, OptionixError
from optionix_core.services.home import HomeFolders

LEAST_FREE_BYTES = 64 * 1024 * 1024
"""Below this a log may fail to grow in the middle of a day."""
EARLIEST_SANE_CLOCK = datetime(2024, 1, 1, tzinfo=UTC)
"""A clock before the program was written is a clock that lost its battery."""


class State(StrEnum):
    """How a subject stands."""

    OK = "ok"
    NOT_CONFIGURED = "not configured"
    ATTENTION = "attention"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One subject."""

    subject: str
    state: State
    detail: str
    remedy: str = ""
    """What to do about it, where something can be done."""


def examine(home: HomeFolders, now: datetime, *, log: bool = True) -> tuple[Finding, ...]:
    """Look at engine, caches, home, its database and the clock. Makes nothing; opens the database for reading only.

    `log`: check the whole log too, which takes as long as it is long.
    """
    database = (_database(home),) if log else ()
    return (_engine(), _kernels(), _sessions(), _folders(home), *database, _chain(), _server(home), _clock(now))


def worst(findings: tuple[Finding, ...]) -> State:
    """The gravest state among `findings`."""
    order = list(State)
    return max((finding.state for finding in findings), key=order.index)


def to_json(findings: tuple[Finding, ...]) -> dict[str, Any]:
    """JSON form."""
    return {
        "schema_version": 1,
        "state": str(worst(findings)),
        "findings": [{**asdict(finding), "state": str(finding.state)} for finding in findings],
    }


def _engine() -> Finding:
    from optionix_core import __version__

    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("engine", State.OK, f"optionix {__version__} on Python {version}, {sys.platform}")


def _kernels() -> Finding:
    from optionix_core.services.warm import is_warm

    if is_warm():
        return Finding("kernels", State.OK, "compiled")
    return Finding(
        "kernels", State.ATTENTION, "not compiled yet: the first use will wait", "optionix warm compiles them now"
    )


def _sessions() -> Finding:
    from optionix_core.market import sessions
    from optionix_core.services.warm import EXCHANGES

    missing = [exchange for exchange in EXCHANGES if not sessions.is_prepared(exchange)]
    if missing:
        detail = f"{', '.join(missing)} not stored yet: the first use will wait"
        return Finding("sessions", State.ATTENTION, detail, "optionix warm stores them now")
    return Finding("sessions", State.OK, f"{', '.join(EXCHANGES)} stored")


def _folders(home: HomeFolders) -> Finding:
    existing = home.data
    while not existing.exists():
        existing = existing.parent
    if not existing.is_dir():
        return Finding("home", State.FAILED, f"{existing} is not a folder", "set OPTIONIX_HOME to a folder")
    if not os.access(existing, os.W_OK):
        return Finding("home", State.FAILED, f"{existing} is not writable", "set OPTIONIX_HOME to a writable folder")
    free = shutil.disk_usage(existing).free
    detail = f"{home.data} ({free / 1e9:.1f} GB free)"
    if free < LEAST_FREE_BYTES:
        bound = f"{LEAST_FREE_BYTES / 1e6:.0f} MB"
        return Finding("home", State.FAILED, f"{detail}: free space must be at least {bound}", "make room on the disk")
    return Finding("home", State.OK, detail)


def _database(home: HomeFolders) -> Finding:
    from optionix_core.services.log import verify
    from optionix_core.storage.sqlite_store import open_store

    store = open_store(home.data)
    try:
        report = verify(store)
    except IntegrityError as error:
        return Finding("database", State.FAILED, str(error), "restore the home from a backup; do not write to it")
    except OptionixError as error:
        return Finding("database", State.FAILED, str(error), "make its files readable")
    finally:
        store.close()
    if report.events == 0:
        return Finding("database", State.NOT_CONFIGURED, "empty: nothing has been written yet")
    return Finding("database", State.OK, f"{report.sentence}: hash chain, head and structure")


def _chain() -> Finding:
    return Finding("chain", State.NOT_CONFIGURED, "no settlement chain is set")


def _server(home: HomeFolders) -> Finding:
    from optionix_core.storage.sqlite_store import BOUND_MARK

    try:
        address = (home.data / BOUND_MARK).read_text("utf-8").strip()
    except FileNotFoundError:
        address = ""
    except (OSError, UnicodeDecodeError) as error:
        return Finding("server", State.FAILED, f"{home.data / BOUND_MARK} could not be read: {error}")
    if address:
        return Finding("server", State.OK, f"follows {address}", "optionix sync status tells how far it is")
    return Finding("server", State.NOT_CONFIGURED, "no team server is set: this home works by itself")


def _clock(now: datetime) -> Finding:
    detail = f"{now:%Y-%m-%d %H:%M:%S} UTC"
    if now < EARLIEST_SANE_CLOCK:
        bound = f"{EARLIEST_SANE_CLOCK:%Y-%m-%d}"
        return Finding("clock", State.FAILED, f"{detail}: must be after {bound}", "set the machine's clock")
    return Finding("clock", State.OK, detail)
