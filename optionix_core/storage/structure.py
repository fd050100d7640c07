"""Whether the database's own structure is sound: triggers, pages, indexes. The events' chain is checked apart."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from optionix_core.errors import IntegrityError
from optionix_core.storage.tables import TRIGGERS

if TYPE_CHECKING:
    from sqlalchemy import Connection


def check(connection: Connection, database: Path) -> None:
    """Raise IntegrityError for the first thing that is wrong with `database`."""
    below = connection.exec_driver_sql("SELECT seq FROM events WHERE seq < 1 LIMIT 1").scalar()
    if below is not None:
        raise IntegrityError("the log begins at 1: this event was put before it", below)
    triggers = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    found = {str(name): str(statement) for name, statement in triggers}
    for name, statement in TRIGGERS.items():
        if found.get(name) != statement:
            raise IntegrityError(
                f"{database}: the trigger {name}, which keeps the log append-only, is not as it was made"
            )
    unknown = sorted(found.keys() - TRIGGERS.keys())
    if unknown:
        raise IntegrityError(f"{database}: Optionix did not make the trigger {unknown[0]}")
    answer = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar()
    if answer != "ok":
        raise IntegrityError(f"{database} is damaged: {answer}")
