"""Sessions of one exchange as a compact table, made once and read in milliseconds ever after.

The truth is the package exchange_calendars, which takes a second to load and pulls in pandas. This
module asks it once, writes the answer beside the installed package (in the user's cache where that is
read-only) and reads it from there in later processes. A table of another package version, another
span or with a wrong checksum is made anew; half a table is never believed.

The span is fixed and long: exchange_calendars by itself ends a year ahead, where LEAPS begin.
"""

from __future__ import annotations

import json
import os
import re
import sys
import warnings
import zlib
from array import array
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from optionix_core.errors import MissingDataError, UnknownNameError

FIRST_DAY = date(2000, 1, 1)
LAST_DAY = date(2040, 12, 31)
"""Inclusive span of every table. Longest listed options run six years."""

_MAGIC = b"OPTIONIX SESSIONS 1\n"
_PACKAGE = "exchange_calendars"


@dataclass(frozen=True, slots=True, eq=False)
class SessionTable:
    """Columns of equal length, one entry a session, ascending."""

    exchange: str
    first_day: date
    last_day: date
    regular_minutes: int
    """Length of an ordinary session; a shorter one closes early."""
    days: array[int]
    """Session dates as proleptic ordinals."""
    opens: array[int]
    """Minutes since 1970-01-01 UTC."""
    closes: array[int]


def cache_folders() -> Iterator[Path]:
    """Where tables may lie: beside this module, then in the user's cache."""
    yield Path(__file__).parent / "__pycache__"
    from platformdirs import user_cache_dir

    yield Path(user_cache_dir("optionix", appauthor=False)) / "sessions"


def load(exchange: str, folders: tuple[Path, ...] | None = None) -> SessionTable:
    """The table of an exchange, from the first folder that holds a sound one; made and stored otherwise.

    Raises UnknownNameError for an exchange that exchange_calendars does not know.
    """
    version = _package_version()
    name = _file_name(exchange, version)
    for folder in cache_folders() if folders is None else folders:
        table = _read(folder / name, exchange, version)
        if table is not None:
            return table
    table = build(exchange)
    _store(table, version, name, cache_folders() if folders is None else iter(folders))
    return table


def is_stored(exchange: str) -> bool:
    """Whether a later `load` of the exchange is cheap."""
    name = _file_name(exchange, _package_version())
    return any((folder / name).is_file() for folder in cache_folders())


def build(exchange: str) -> SessionTable:
    """Ask exchange_calendars; slow, for it loads pandas."""
    import exchange_calendars
    from exchange_calendars.errors import InvalidCalendarName

    try:
        with warnings.catch_warnings():
            # The package (4.13) calls pandas in ways that pandas 3.1 announces to change; not ours to mend.
            warnings.simplefilter("ignore", DeprecationWarning)
            calendar = exchange_calendars.get_calendar(exchange, start=FIRST_DAY.isoformat(), end=LAST_DAY.isoformat())
    except InvalidCalendarName:
        raise UnknownNameError("exchange", exchange, ("XNYS", "XCBF", "XNAS", "24/7")) from None
    days = array("i", (moment.date().toordinal() for moment in calendar.opens.index))
    opens = array("i", (int(moment.timestamp()) // 60 for moment in calendar.opens))
    closes = array("i", (int(moment.timestamp()) // 60 for moment in calendar.closes))
    lengths = Counter(close - start for start, close in zip(opens, closes, strict=True))
    return SessionTable(exchange, FIRST_DAY, LAST_DAY, lengths.most_common(1)[0][0], days, opens, closes)


def _package_version() -> str:
    """Version of exchange_calendars by the name of its metadata folder; importlib.metadata costs 15 ms."""
    from importlib.util import find_spec

    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise MissingDataError(f"exchange sessions come from the package {_PACKAGE}, which is not installed")
    place = Path(spec.origin).parent.parent
    found = [path.name for path in place.glob(f"{_PACKAGE}-*.dist-info")]
    if len(found) == 1:
        return found[0].removeprefix(f"{_PACKAGE}-").removesuffix(".dist-info")
    from importlib.metadata import version

    return version(_PACKAGE)


def _file_name(exchange: str, version: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9_/]{1,20}", exchange) is None:
        raise UnknownNameError("exchange", exchange, ("XNYS", "XCBF", "XNAS", "24/7"))
    safe = re.sub(r"[^A-Za-z0-9.]", "-", f"{exchange}-{version}")
    return f"sessions-{safe}-{FIRST_DAY:%Y%m%d}-{LAST_DAY:%Y%m%d}.bin"


def _header(exchange: str, version: str, regular_minutes: int, count: int, checksum: int) -> bytes:
    fields = {
        "exchange": exchange,
        "version": version,
        "first_day": FIRST_DAY.isoformat(),
        "last_day": LAST_DAY.isoformat(),
        "regular_minutes": regular_minutes,
        "count": count,
        "crc32": checksum,
    }
    return json.dumps(fields, sort_keys=True).encode("ascii") + b"\n"


def _encode(table: SessionTable, version: str) -> bytes:
    columns = b"".join(_little_endian(column).tobytes() for column in (table.days, table.opens, table.closes))
    header = _header(table.exchange, version, table.regular_minutes, len(table.days), zlib.crc32(columns))
    return _MAGIC + header + columns


def _read(path: Path, exchange: str, version: str) -> SessionTable | None:
    """The stored table; None where there is none, or none that is whole and of this version."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    head, newline, columns = content.removeprefix(_MAGIC).partition(b"\n")
    if not content.startswith(_MAGIC) or not newline:
        return None
    try:
        fields = json.loads(head)
        regular, count = int(fields["regular_minutes"]), int(fields["count"])
    except (ValueError, KeyError, TypeError):
        return None
    if head + b"\n" != _header(exchange, version, regular, count, zlib.crc32(columns)) or len(columns) != 12 * count:
        return None
    days, opens, closes = (_column(columns[4 * count * i : 4 * count * (i + 1)]) for i in range(3))
    return SessionTable(exchange, FIRST_DAY, LAST_DAY, regular, days, opens, closes)


def _column(content: bytes) -> array[int]:
    column = array("i")
    column.frombytes(content)
    return _little_endian(column)


def _little_endian(column: array[int]) -> array[int]:
    if sys.byteorder == "little":
        return column
    swapped = array("i", column)
    swapped.byteswap()
    return swapped


def _store(table: SessionTable, version: str, name: str, folders: Iterator[Path]) -> None:
    """Write to the first folder that takes it; where none does, this process keeps its table and no more."""
    content = _encode(table, version)
    for folder in folders:
        temporary = folder / f"{name}.{os.getpid()}.tmp"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(content)
            temporary.replace(folder / name)
        except OSError:  # read-only, full, or on Windows held open by a reader
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
        else:
            return
