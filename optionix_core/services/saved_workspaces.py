"""What a terminal keeps of how it was set up, by name: what was shown and staged, the theme, how screens were arranged.

One file of JSON each, in the home's state folder, written whole or not at all. It holds no trade and no truth of the
book; whoever loses it loses an arrangement. A file that cannot be read is told with its line and kept as it is. How a
screen was arranged is the screen's own word, checked by the screen that takes it back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from optionix_core.errors import MalformedFileError, StorageError, UnknownNameError, UsageError
from optionix_core.services.chains import check_name, write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from optionix_core.services.home import HomeFolders

SCHEMA_VERSION: Final = 1
DEFAULT_NAME: Final = "last"
"""Name that is proposed."""
SUFFIX: Final = ".json"
_FIELDS: Final = (
    "schema_version", "saved_at", "feed", "screen", "underlying", "expiry", "root", "theme", "stage", "arrangements",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SavedWorkspace:
    """One arrangement."""

    name: str
    saved_at: datetime
    feed: str
    """Name of the feed that the selection is of."""
    screen: str
    underlying: str | None
    expiry: date | None
    root: str | None
    theme: str
    stage: tuple[tuple[str, int], ...] = ()
    """Symbols and signed quantities of the legs that were staged."""
    arrangements: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Of each screen that was visited, by its name: JSON values by name."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A workspace in the home."""

    name: str
    saved: SavedWorkspace | None
    problem: str | None = None
    """Why it cannot be used, with file and line."""


def save(home: HomeFolders, saved: SavedWorkspace) -> Path:
    """Write it down under its name, over what was there. Raises InvalidValueError for a bad name, and StorageError."""
    check_name(saved.name)
    home.check_writable(f"save the workspace {saved.name}")
    path = _path(home, saved.name)
    _write(path, saved)
    return path


def load(home: HomeFolders, name: str) -> SavedWorkspace:
    """The workspace of that name. UnknownNameError where there is none, MalformedFileError with its line."""
    check_name(name)
    path = _path(home, name)
    if not path.is_file():
        raise UnknownNameError("workspace", name, names(home))
    return _read(path)


def names(home: HomeFolders) -> tuple[str, ...]:
    """Names of all workspaces, damaged ones too."""
    return tuple(path.name.removesuffix(SUFFIX) for path in _files(home))


def listing(home: HomeFolders) -> tuple[Entry, ...]:
    """Every workspace, the one that was saved last first; then those that cannot be used."""
    found = [_entry(path) for path in _files(home)]
    good = sorted(
        ((one.saved.saved_at, one) for one in found if one.saved is not None), key=itemgetter(0), reverse=True
    )
    return (*(entry for _, entry in good), *(entry for entry in found if entry.saved is None))


def latest(home: HomeFolders) -> SavedWorkspace | None:
    """The one that was saved last, by the time of its file, or None. MalformedFileError with its line."""
    files = _files(home)
    return _read(max(files, key=lambda path: path.stat().st_mtime_ns)) if files else None


def rename(home: HomeFolders, name: str, other: str) -> SavedWorkspace:
    """Give a workspace another name. UsageError where that is taken; errors of `load`."""
    check_name(other)
    home.check_writable(f"rename the workspace {name}")
    saved = load(home, name)
    target = _path(home, other)
    if target.exists():
        raise UsageError(f"there is a workspace {other!r} already: delete it first")
    renamed = replace(saved, name=other)
    _write(target, renamed)
    _remove(_path(home, name))
    return renamed


def delete(home: HomeFolders, name: str) -> None:
    """Take a workspace away, also one that cannot be read. UnknownNameError where there is none."""
    check_name(name)
    home.check_writable(f"delete the workspace {name}")
    path = _path(home, name)
    if not path.is_file():
        raise UnknownNameError("workspace", name, names(home))
    _remove(path)


def to_json(saved: SavedWorkspace) -> dict[str, Any]:
    """As it is written down, with its name."""
    return {"name": saved.name, **_document(saved)}


def entry_to_json(entry: Entry) -> dict[str, Any]:
    """One line of a listing: name, when it was saved, what it shows, how many legs; or the problem with it."""
    saved = entry.saved
    return {
        "name": entry.name,
        "saved_at": None if saved is None else saved.saved_at.isoformat(),
        "feed": None if saved is None else saved.feed,
        "screen": None if saved is None else saved.screen,
        "underlying": None if saved is None else saved.underlying,
        "expiry": None if saved is None or saved.expiry is None else saved.expiry.isoformat(),
        "theme": None if saved is None else saved.theme,
        "legs": None if saved is None else len(saved.stage),
        "problem": entry.problem,
    }


def _path(home: HomeFolders, name: str) -> Path:
    return home.state / "workspaces" / f"{name}{SUFFIX}"


def _files(home: HomeFolders) -> list[Path]:
    return sorted((home.state / "workspaces").glob(f"*{SUFFIX}"))


def _write(path: Path, saved: SavedWorkspace) -> None:
    text = json.dumps(_document(saved), ensure_ascii=False, allow_nan=False, indent=2) + "\n"
    try:
        write_whole(path, text.encode())
    except OSError as error:
        raise StorageError(f"{path} could not be written: {error.strerror or error}") from error


def _remove(path: Path) -> None:
    try:
        path.unlink()
    except OSError as error:
        raise StorageError(f"{path} could not be removed: {error.strerror or error}") from error


def _document(saved: SavedWorkspace) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "saved_at": saved.saved_at.isoformat(),
        "feed": saved.feed,
        "screen": saved.screen,
        "underlying": saved.underlying,
        "expiry": None if saved.expiry is None else saved.expiry.isoformat(),
        "root": saved.root,
        "theme": saved.theme,
        "stage": [{"symbol": symbol, "quantity": quantity} for symbol, quantity in saved.stage],
        "arrangements": {name: dict(kept) for name, kept in saved.arrangements.items()},
    }


def _entry(path: Path) -> Entry:
    name = path.name.removesuffix(SUFFIX)
    try:
        return Entry(name, _read(path))
    except MalformedFileError as error:
        return Entry(name, None, str(error))


def _read(path: Path) -> SavedWorkspace:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MalformedFileError(str(path), f"cannot be read: {error}") from error
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise MalformedFileError(str(path), f"is no JSON: {error.msg}", error.lineno, error.colno) from error
    if not isinstance(document, dict):
        raise MalformedFileError(str(path), "must be an object", 1)
    return _Reader(path, text, document).workspace()


@dataclass(frozen=True, slots=True)
class _Reader:
    """One file's fields, each checked."""

    path: Path
    text: str
    document: Mapping[str, Any]

    def workspace(self) -> SavedWorkspace:
        for name in self.document:
            if name not in _FIELDS:
                raise self.wrong(name, f"unknown field {name!r}; known: {', '.join(_FIELDS)}")
        version = self.document.get("schema_version")
        if version != SCHEMA_VERSION:
            raise self.wrong("schema_version", f"schema_version must be {SCHEMA_VERSION} (got {version!r})")
        expiry = self.given("expiry", optional=True)
        try:
            day = None if expiry is None else date.fromisoformat(expiry)
        except ValueError:
            raise self.wrong("expiry", f"expiry must be YYYY-MM-DD (got {expiry!r})") from None
        return SavedWorkspace(
            name=self.path.name.removesuffix(SUFFIX),
            saved_at=self.moment(),
            feed=self.needed("feed"),
            screen=self.needed("screen"),
            underlying=self.given("underlying", optional=True),
            expiry=day,
            root=self.given("root", optional=True),
            theme=self.needed("theme"),
            stage=self.stage(),
            arrangements=self.arrangements(),
        )

    def wrong(self, name: str, reason: str) -> MalformedFileError:
        """Told with the line on which the field stands."""
        found = re.search(rf"^\s*{re.escape(json.dumps(name))}\s*:", self.text, re.MULTILINE)
        line = 1 if found is None else self.text.count("\n", 0, found.end()) + 1
        return MalformedFileError(str(self.path), reason, line)

    def given(self, name: str, *, optional: bool) -> str | None:
        value = self.document.get(name)
        if value is None and optional:
            return None
        if not isinstance(value, str) or not value:
            raise self.wrong(name, f"{name} must be a text (got {value!r})")
        return value

    def needed(self, name: str) -> str:
        return str(self.given(name, optional=False))

    def moment(self) -> datetime:
        text = self.needed("saved_at")
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise self.wrong("saved_at", f"saved_at must be an ISO moment (got {text!r})") from None
        if moment.tzinfo is None:
            raise self.wrong("saved_at", f"saved_at must have a time zone (got {text!r})")
        return moment

    def stage(self) -> tuple[tuple[str, int], ...]:
        legs = self.document.get("stage", [])
        if not isinstance(legs, list):
            raise self.wrong("stage", f"stage must be a list of legs (got {legs!r})")
        found = []
        for leg in legs:
            symbol = leg.get("symbol") if isinstance(leg, dict) else None
            quantity = leg.get("quantity") if isinstance(leg, dict) else None
            whole = isinstance(quantity, int) and not isinstance(quantity, bool) and quantity != 0
            if not isinstance(symbol, str) or not symbol or not whole:
                raise self.wrong("stage", f"a leg must be a symbol and a quantity other than 0 (got {leg!r})")
            found.append((symbol, int(str(quantity))))
        return tuple(found)

    def arrangements(self) -> dict[str, Mapping[str, Any]]:
        kept = self.document.get("arrangements", {})
        if not isinstance(kept, dict) or not all(isinstance(one, dict) for one in kept.values()):
            raise self.wrong("arrangements", f"arrangements must be an object of objects (got {kept!r})")
        return kept
