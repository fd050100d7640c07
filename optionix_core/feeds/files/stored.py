"""Our own file of a chain: exact, readable, and described by its first line.

JSON Lines in UTF-8. The first line tells the chain and how many slices and quotes follow, each further
line is one slice with its columns; null stands for an absent number. Numbers are the shortest decimals
that stand for them, so a chain that was written and read is the same to the bit, and writing it again
gives the same bytes. A file that was cut short is found by its counts.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, cast

from optionix_core.errors import MalformedFileError
from optionix_core.feeds.files.tables import decode, read_bytes

if TYPE_CHECKING:
    from optionix_core.market.chain import ChainSlice, OptionChain, QuoteColumns

FORMAT = "optionix"
VERSION = 1


@dataclass(frozen=True, slots=True)
class StoredHead:
    """What the first line says."""

    underlying: str
    source: str
    as_of: datetime
    received_at: datetime | None
    spot: float | None
    spot_change: float | None
    currency: str
    slices: int
    quotes: int


def recognises(text: str) -> bool:
    """Whether the first line is that of such a file."""
    return text.startswith("{") and '"optionix_chain":' in text[: text.find("\n")]


def encode(chain: OptionChain) -> bytes:
    """The file's bytes; the same chain always gives the same."""
    head = {
        "optionix_chain": VERSION,
        "underlying": chain.underlying,
        "source": chain.source,
        "as_of": chain.as_of.isoformat(),
        "received_at": None if chain.received_at is None else chain.received_at.isoformat(),
        "spot": chain.spot,
        "spot_change": chain.spot_change,
        "currency": chain.currency,
        "slices": len(chain.slices),
        "quotes": chain.row_count,
    }
    lines = [head, *(_slice(part) for part in chain.slices)]
    return "".join(_line(line) + "\n" for line in lines).encode()


def _line(values: Mapping[str, object]) -> str:
    return json.dumps(values, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))


def _slice(part: ChainSlice) -> dict[str, object]:
    return {
        "root": part.root,
        "expiry": part.expiry.isoformat(),
        "expires_at": part.expires_at.isoformat(),
        "settlement": part.settlement,
        "exercise": part.exercise,
        "multiplier": part.multiplier,
        "inverse": part.inverse,
        "underlying_price": part.underlying_price,
        "strikes": part.strikes.tolist(),
        "call": _side(part.call),
        "put": _side(part.put),
    }


def _side(side: QuoteColumns) -> dict[str, object]:
    from optionix_core.feeds.files.assembly import NUMBER_FIELDS

    columns: dict[str, object] = {"symbols": side.symbols}
    for name in NUMBER_FIELDS:
        columns[name] = [None if math.isnan(value) else value for value in getattr(side, name).tolist()]
    return columns


def read_head(path: Path) -> StoredHead:
    """The first line alone, without reading the rest."""
    with path.open("rb") as stream:
        line = stream.readline()
    if not line:
        raise MalformedFileError(str(path), "the file is empty", 1, 1)
    return _Lines(path, decode(path, line)).head()


def read(path: Path) -> OptionChain:
    """The chain. Raises MalformedFileError with the line of whatever does not fit."""
    return parse(path, read_bytes(path))


def parse(path: Path, content: bytes) -> OptionChain:
    """As `read`, from bytes at hand; `path` names them in errors."""
    from optionix_core.market.chain import OptionChain

    lines = _Lines(path, decode(path, content))
    head = lines.head()
    if len(lines.texts) - 1 != head.slices:
        lines.refuse(len(lines.texts), f"has {len(lines.texts) - 1} slices, and its first line says {head.slices}")
    chain = OptionChain(
        underlying=head.underlying,
        source=head.source,
        as_of=head.as_of,
        spot=head.spot,
        currency=head.currency,
        slices=tuple(lines.slice(line) for line in range(2, len(lines.texts) + 1)),
        received_at=head.received_at,
        spot_change=head.spot_change,
    )
    if chain.row_count != head.quotes:
        lines.refuse(1, f"has {chain.row_count} quotes, and its first line says {head.quotes}")
    return chain


class _Lines:
    """The lines of such a file, parsed on request."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.texts = text.removesuffix("\n").split("\n")

    def refuse(self, line: int, reason: str, column: int | str = 1) -> NoReturn:
        raise MalformedFileError(str(self.path), reason, line, column)

    def values(self, line: int) -> dict[str, Any]:
        try:
            found = json.loads(self.texts[line - 1])
        except json.JSONDecodeError as error:
            self.refuse(line, f"is not JSON: {error.msg}", error.colno)
        if not isinstance(found, dict):
            self.refuse(line, "must be an object")
        return found

    def head(self) -> StoredHead:
        values = self.values(1)
        version = values.get("optionix_chain")
        if version != VERSION:
            self.refuse(1, f"is a chain file of version {version}, and this program reads {VERSION}", "optionix_chain")
        try:
            received = values["received_at"]
            return StoredHead(
                underlying=str(values["underlying"]),
                source=str(values["source"]),
                as_of=datetime.fromisoformat(values["as_of"]),
                received_at=None if received is None else datetime.fromisoformat(received),
                spot=_optional(values["spot"]),
                spot_change=_optional(values["spot_change"]),
                currency=str(values["currency"]),
                slices=int(values["slices"]),
                quotes=int(values["quotes"]),
            )
        except KeyError as error:
            self.refuse(1, f"lacks {error}", str(error.args[0]))
        except (TypeError, ValueError) as error:
            self.refuse(1, str(error))

    def slice(self, line: int) -> ChainSlice:
        import numpy as np

        from optionix_core.market.chain import ChainSlice, ExerciseStyle, Settlement

        values = self.values(line)
        try:
            strikes = np.array(values["strikes"], dtype=np.float64)
            return ChainSlice(
                root=str(values["root"]),
                expiry=date.fromisoformat(values["expiry"]),
                expires_at=datetime.fromisoformat(values["expires_at"]),
                settlement=cast(Settlement, values["settlement"]),
                exercise=cast(ExerciseStyle, values["exercise"]),
                multiplier=float(values["multiplier"]),
                inverse=bool(values["inverse"]),
                strikes=strikes,
                call=self._columns(line, values["call"], len(strikes)),
                put=self._columns(line, values["put"], len(strikes)),
                underlying_price=_optional(values["underlying_price"]),
            )
        except KeyError as error:
            self.refuse(line, f"lacks {error}", str(error.args[0]))
        except (TypeError, ValueError) as error:
            self.refuse(line, str(error))

    def _columns(self, line: int, values: dict[str, Any], height: int) -> QuoteColumns:
        import numpy as np

        from optionix_core.feeds.files.assembly import NUMBER_FIELDS
        from optionix_core.market.chain import QuoteColumns

        columns = {name: np.array(values[name], dtype=np.float64) for name in NUMBER_FIELDS}
        symbols = tuple(values["symbols"])
        for name, length in (("symbols", len(symbols)), *((name, len(column)) for name, column in columns.items())):
            if length != height:
                self.refuse(line, f"has {length} {name} for {height} strikes", name)
        return QuoteColumns(symbols=symbols, **columns)


def _optional(value: float | None) -> float | None:
    return None if value is None else float(value)
