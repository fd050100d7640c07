"""Watchlists: named lists of underlyings and options in an order of one's own, with the columns to show.

A list is kept in the log as a whole, and the last writer wins (`registers`). Symbols are resolved when they come in, so
that one option has one spelling; what a feed says of them is `watchlist_view`. Refuses names, columns and symbols that
are none, and lists of more than `MAX_SYMBOLS`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from threading import Lock
from typing import TYPE_CHECKING, ClassVar, Final
from weakref import WeakKeyDictionary

from optionix_core.errors import IntegrityError, InvalidValueError, UnknownNameError
from optionix_core.market import symbols as option_symbols
from optionix_core.portfolio import fields
from optionix_core.portfolio.deliverables import kind_of
from optionix_core.services.followed import Followed
from optionix_core.services.registers import RegisterFold, saved_event

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from optionix_core.services.workspace import Workspace
    from optionix_core.sync.event import Json

CHECKPOINT: Final = "watchlists-1"
SAVED: Final = "watchlist.saved"
DELETED: Final = "watchlist.deleted"
MAX_SYMBOLS: Final = 200
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}", re.ASCII)


class Column(StrEnum):
    """What may be shown of a symbol."""

    LAST = "last"
    CHANGE = "change"
    BID = "bid"
    ASK = "ask"
    IV = "iv"
    IV_RANK = "iv-rank"
    HV20 = "hv20"
    IV_HV = "iv-hv"
    EXPECTED_MOVE = "expected-move"
    DELTA = "delta"


DEFAULT_COLUMNS: Final = (Column.LAST, Column.CHANGE, Column.IV, Column.IV_RANK, Column.IV_HV, Column.EXPECTED_MOVE)


@dataclass(frozen=True, slots=True)
class Watchlist:
    """Symbols are keys: 21-character OSI symbols, Deribit names, underlyings' own symbols."""

    name: str
    symbols: tuple[str, ...] = ()
    columns: tuple[Column, ...] = DEFAULT_COLUMNS


class WatchlistFold(RegisterFold):
    """The watchlists of a log."""

    __slots__ = ()
    saved: ClassVar[str] = SAVED
    deleted: ClassVar[str] = DELETED

    def watchlist(self, name: str) -> Watchlist | None:
        """One of them; None where there is none."""
        payload = self.value(name)
        return None if payload is None else _of_payload(payload)


_followed: WeakKeyDictionary[Workspace, Followed[WatchlistFold]] = WeakKeyDictionary()
_making = Lock()


def listing(workspace: Workspace) -> tuple[Watchlist, ...]:
    """All of them by name."""
    fold = _fold(workspace).follow(workspace.store)
    return tuple(_known(fold, name) for name in fold.names())


def watchlist(workspace: Workspace, name: str) -> Watchlist:
    """One of them. UnknownNameError where there is none of that name."""
    return _known(_fold(workspace).follow(workspace.store), name)


def create(
    workspace: Workspace, name: str, symbols: Sequence[str] = (), columns: Sequence[Column] = DEFAULT_COLUMNS
) -> Watchlist:
    """A new list. Raises InvalidValueError for a name that is taken or none, and for symbols and columns that are none.

    UnknownNameError for a symbol that the feed does not quote.
    """
    _check_name(name)
    _check_columns(columns)
    made = Watchlist(name, _joined((), _resolved(workspace, symbols)), tuple(columns))

    def changed(known: Watchlist | None) -> Watchlist:
        if known is not None and known != made:
            raise InvalidValueError("watchlist", repr(name), "a name that is not taken")
        return made

    return _write(workspace, name, changed)


def add(workspace: Workspace, name: str, symbols: Sequence[str]) -> Watchlist:
    """Symbols at a list's end; those that are in it stay where they are."""
    more = _resolved(workspace, symbols)
    return _write(workspace, name, lambda known: _with_symbols(name, known, more))


def remove(workspace: Workspace, name: str, symbols: Sequence[str]) -> Watchlist:
    """A list without symbols. UnknownNameError for one that is not in it."""
    less = [resolve(text) for text in symbols]

    def changed(known: Watchlist | None) -> Watchlist:
        if known is None:
            raise UnknownNameError("watchlist", name)
        for symbol in less:
            if symbol not in known.symbols:
                raise UnknownNameError(f"symbol in watchlist {name}", symbol, known.symbols[:10])
        return replace(known, symbols=tuple(symbol for symbol in known.symbols if symbol not in less))

    return _write(workspace, name, changed)


def move(workspace: Workspace, name: str, symbol: str, place: int) -> Watchlist:
    """A list with a symbol at another place, counted from 1.

    UnknownNameError for a symbol that is not in it, InvalidValueError for a place that it does not have.
    """
    key = resolve(symbol)

    def changed(known: Watchlist | None) -> Watchlist:
        if known is None:
            raise UnknownNameError("watchlist", name)
        if key not in known.symbols:
            raise UnknownNameError(f"symbol in watchlist {name}", key, known.symbols[:10])
        if not 1 <= place <= len(known.symbols):
            raise InvalidValueError("place", place, f"from 1 to {len(known.symbols)}")
        others = [one for one in known.symbols if one != key]
        return replace(known, symbols=(*others[: place - 1], key, *others[place - 1 :]))

    return _write(workspace, name, changed)


def choose_columns(workspace: Workspace, name: str, columns: Sequence[Column]) -> Watchlist:
    """A list with other columns, in their order. InvalidValueError for none, or one twice."""
    _check_columns(columns)

    def changed(known: Watchlist | None) -> Watchlist:
        if known is None:
            raise UnknownNameError("watchlist", name)
        return replace(known, columns=tuple(columns))

    return _write(workspace, name, changed)


def rename(workspace: Workspace, name: str, new: str) -> Watchlist:
    """A list under another name. InvalidValueError for a name that is taken or none."""
    _check_name(new)
    with workspace.store.writing(f"rename watchlist {name}", workspace.lock_timeout) as log:
        followed = _fold(workspace)
        fold = followed.follow(log)
        known = _known(fold, name)
        if new == name:
            return known
        if fold.watchlist(new) is not None:
            raise InvalidValueError("watchlist", repr(new), "a name that is not taken")
        made, now = replace(known, name=new), workspace.clock.now()
        log.append(
            (
                saved_event(SAVED, _event_id(workspace, new), fold.next_time(new, now), _payload(made)),
                saved_event(DELETED, _event_id(workspace, name), fold.next_time(name, now), {"name": name}),
            )
        )
        followed.follow(log)
        followed.keep(log)
    return made


def delete(workspace: Workspace, name: str) -> Watchlist:
    """Take a list away, and answer what it was."""
    with workspace.store.writing(f"delete watchlist {name}", workspace.lock_timeout) as log:
        fold = _fold(workspace).follow(log)
        known = _known(fold, name)
        time = fold.next_time(name, workspace.clock.now())
        log.append((saved_event(DELETED, _event_id(workspace, name), time, {"name": name}),))
    return known


def resolve(text: str) -> str:
    """The key of an option in any spelling, or an underlying's symbol. InvalidValueError for anything else."""
    if option_symbols.is_option(text):
        return option_symbols.resolve(text)
    symbol = text.strip().upper()
    if kind_of(symbol) != "share":
        raise InvalidValueError("symbol", repr(text), "an underlying or an option")
    return symbol


def columns_of(text: str) -> tuple[Column, ...]:
    """Columns as they are typed, `last, iv, iv-hv`. InvalidValueError for a name that is none."""
    names = [name.strip().lower().replace("_", "-") for name in text.replace(",", " ").split()]
    for name in names:
        if name not in tuple(Column):
            raise InvalidValueError("columns", repr(name), f"of {', '.join(Column)}")
    return tuple(Column(name) for name in names)


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        bound = "1 to 32 letters, digits, '.', '-' or '_', beginning with a letter or digit"
        raise InvalidValueError("watchlist", repr(name), bound)


def _check_columns(columns: Sequence[Column]) -> None:
    if not columns or len(set(columns)) != len(columns):
        raise InvalidValueError("columns", ", ".join(columns) or "none", "at least one, each once")


def _fold(workspace: Workspace) -> Followed[WatchlistFold]:
    with _making:
        return _followed.setdefault(workspace, Followed(CHECKPOINT, WatchlistFold))


def _known(fold: WatchlistFold, name: str) -> Watchlist:
    found = fold.watchlist(name)
    if found is None:
        raise UnknownNameError("watchlist", name, fold.names())
    return found


def _resolved(workspace: Workspace, texts: Sequence[str]) -> list[str]:
    """Keys that the feed knows; UnknownNameError for others."""
    if not texts:
        return []
    known = tuple(item.symbol for item in workspace.feed.underlyings())
    found = [resolve(text) for text in texts]
    for symbol in found:
        if option_symbols.is_option(symbol):
            workspace.feed.instrument(symbol)
        elif symbol not in known:
            raise UnknownNameError("symbol", symbol, known[:10])
    return found


def _with_symbols(name: str, known: Watchlist | None, more: Sequence[str]) -> Watchlist:
    if known is None:
        raise UnknownNameError("watchlist", name)
    return replace(known, symbols=_joined(known.symbols, more))


def _joined(there: tuple[str, ...], more: Sequence[str]) -> tuple[str, ...]:
    symbols = tuple(dict.fromkeys((*there, *more)))
    if len(symbols) > MAX_SYMBOLS:
        raise InvalidValueError("symbols", len(symbols), f"at most {MAX_SYMBOLS} in a watchlist")
    return symbols


def _write(workspace: Workspace, name: str, change: Callable[[Watchlist | None], Watchlist]) -> Watchlist:
    with workspace.store.writing(f"write watchlist {name}", workspace.lock_timeout) as log:
        followed = _fold(workspace)
        fold = followed.follow(log)
        known = fold.watchlist(name)
        made = change(known)
        if made != known:
            time = fold.next_time(name, workspace.clock.now())
            log.append((saved_event(SAVED, _event_id(workspace, name), time, _payload(made)),))
            followed.follow(log)
            followed.keep(log)
    return made


def _event_id(workspace: Workspace, name: str) -> str:
    return f"watchlist/{name}/{workspace.new_order_id()}"


def _payload(made: Watchlist) -> dict[str, Json]:
    return {"columns": [str(column) for column in made.columns], "name": made.name, "symbols": list(made.symbols)}


def _of_payload(payload: Mapping[str, Json]) -> Watchlist:
    columns = fields.texts(payload, "columns")
    wrong = next((column for column in columns if column not in tuple(Column)), None)
    if wrong is not None:
        raise IntegrityError(f"field columns must name columns of watchlists (got {wrong!r})")
    name = fields.text(payload, "name")
    return Watchlist(name, fields.texts(payload, "symbols"), tuple(Column(column) for column in columns))
