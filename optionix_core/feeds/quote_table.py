"""A CSV or Parquet table of quotes over time as a tape.

The columns are those of `feeds.files.generic_fields`, one row for each quote: `as_of` (ISO 8601 with its
zone) and an option (`symbol`, or `expiry`, `strike` and `option_type`) are needed, the rest as there.
A row tells one option from its `as_of` on, until the next row of the same option; so a table may hold whole
chains or only what changed. `spot` and `spot_change` hold from their row on likewise. Rows may come in any
order; two rows of one option at one moment contradict each other and are refused.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from optionix_core.errors import InvalidValueError, MissingDataError, UnknownNameError
from optionix_core.feeds.files import generic, parquet
from optionix_core.feeds.files.generic_chain import chain_of
from optionix_core.feeds.tape import Snapshot, ToldPrice
from optionix_core.market import osi, sessions
from optionix_core.market.products import product
from optionix_core.market.protocols import PriceHistory, UnderlyingInfo
from optionix_core.market.symbols import terms

if TYPE_CHECKING:
    from optionix_core.market.chain import OptionChain

STALE_AFTER = timedelta(minutes=15)
_REMEMBERED = 16


class _Row(NamedTuple):
    at: datetime
    option: str
    row: int


class QuoteTable:
    """The tape of one file; every row is read and dated when it is opened."""

    def __init__(self, path: Path) -> None:
        """Raises MalformedFileError naming line and column."""
        with path.open("rb") as stream:
            is_parquet = stream.read(len(parquet.MAGIC)) == parquet.MAGIC
        self._given = parquet.read_fields(path) if is_parquet else generic.read_fields(path)
        if "as_of" not in self._given.cells:
            raise self._given.missing("as_of")
        self._rows: dict[str, list[_Row]] = {}
        for row in range(len(self._given.lines)):
            at = self._moment(row)
            key, underlying = self._option(row)
            self._rows.setdefault(underlying, []).append(_Row(at, key, row))
        for rows in self._rows.values():
            rows.sort(key=lambda item: (item.at, item.option))
            for one, two in pairwise(rows):
                if one[:2] == two[:2]:
                    reason = f"a second row of {two.option.strip()} at {two.at.isoformat()}"
                    raise self._given.error("as_of", max(one.row, two.row), reason)
        self.first = min(rows[0].at for rows in self._rows.values())
        self.last = max(rows[-1].at for rows in self._rows.values())
        self.stale_after = STALE_AFTER
        self.complete = True
        self.note: str | None = None
        self._memory: dict[tuple[str, int], OptionChain] = {}

    @property
    def infos(self) -> tuple[UnderlyingInfo, ...]:
        """The underlyings that the rows are of."""
        return tuple(
            UnderlyingInfo(name, name, self._currency(rows[0].row), f"{len(rows)} quotes from {self._given.path.name}")
            for name, rows in self._rows.items()
        )

    def moments(self) -> tuple[datetime, ...]:
        """Every moment of which there is a row."""
        return tuple(sorted({row.at for rows in self._rows.values() for row in rows}))

    def snapshot(self, underlying: str, moment: datetime) -> Snapshot:
        """What stands at a recorded moment; MissingDataError before the first row."""
        rows = self._rows.get(underlying)
        if rows is None:
            raise UnknownNameError("underlying", underlying, tuple(self._rows))
        count = bisect_right(rows, moment, key=lambda item: item.at)
        if not count:
            begin = rows[0].at.isoformat()
            raise MissingDataError(f"the quotes of {underlying} begin at {begin} (asked for {moment.isoformat()})")
        chain = self._memory.get((underlying, count))
        if chain is None:
            if len(self._memory) >= _REMEMBERED:
                self._memory = {}
            chain = self._chain(underlying, rows[:count])
            self._memory[underlying, count] = chain
        calendar = product(chain.slices[0].root).calendar
        change = None
        if chain.spot is not None and chain.spot_change is not None and chain.spot != chain.spot_change:
            change = chain.spot_change / (chain.spot - chain.spot_change)
        return Snapshot(
            moment=chain.as_of,
            open=sessions.is_open(moment, calendar),
            day_change=change,
            spot=None,
            chain=chain,
        )

    def history(self, underlying: str, until: date) -> PriceHistory:
        """A table of quotes has no history: always MissingDataError."""
        raise MissingDataError(f"{self._given.path.name} holds no daily history of {underlying} up to {until}")

    def prices(self, underlying: str, after: datetime, until: datetime) -> tuple[ToldPrice, ...]:
        """The spots that the rows tell, each where it is told first; none where there is no such column."""
        rows = self._rows.get(underlying)
        if rows is None:
            raise UnknownNameError("underlying", underlying, tuple(self._rows))
        texts = self._given.cells.get("spot", [])
        found: dict[datetime, ToldPrice] = {}
        for item in rows:
            if after < item.at <= until and texts and texts[item.row].strip():
                found.setdefault(item.at, ToldPrice(item.at, self._price(item.row, texts[item.row]), None))
        return tuple(found.values())

    def _price(self, row: int, text: str) -> float:
        try:
            price = float(text)
        except ValueError:
            price = math.nan
        if not 0.0 < price < math.inf:
            raise self._given.error("spot", row, f"spot must be a positive number (got {text.strip()!r})")
        return price

    def _chain(self, underlying: str, rows: list[_Row]) -> OptionChain:
        """The last row of each option, at the moment of the last of them."""
        standing = {item.option: item for item in rows}
        kept = sorted(standing.values(), key=lambda item: item.row)
        at = rows[-1].at
        cells = {field: [values[item.row] for item in kept] for field, values in self._given.cells.items()}
        cells["as_of"] = [at.isoformat()] * len(kept)
        cells["underlying"] = [underlying] * len(kept)
        for field in ("spot", "spot_change", "received_at"):
            if field in cells:
                told = [self._given.cells[field][item.row] for item in rows]
                cells[field] = [next((value for value in reversed(told) if value.strip()), "")] * len(kept)
        lines = [self._given.lines[item.row] for item in kept]
        chain = chain_of(replace(self._given, lines=lines, cells=cells))
        times = {item.option: item.at.timestamp() for item in kept}
        return replace(
            chain,
            slices=tuple(
                replace(
                    item,
                    call=replace(item.call, quoted_at=_times(item.call.quoted_at, item.call.symbols, times)),
                    put=replace(item.put, quoted_at=_times(item.put.quoted_at, item.put.symbols, times)),
                )
                for item in chain.slices
            ),
        )

    def _moment(self, row: int) -> datetime:
        text = self._given.cells["as_of"][row].strip()
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            at = None
        if at is None or at.tzinfo is None:
            reason = f"as_of must be a moment with its time zone, such as 2024-03-15T20:00:00Z (got {text!r})"
            raise self._given.error("as_of", row, reason)
        return at.astimezone(UTC)

    def _option(self, row: int) -> tuple[str, str]:
        """(key, underlying) of the option in a row."""
        cells = self._given.cells
        try:
            if "symbol" in cells:
                option = terms(cells["symbol"][row])
                told = cells["underlying"][row].strip() if "underlying" in cells else ""
                return option.key, told or product(option.root, option.symbology).underlying
            absent = next((field for field in ("expiry", "strike", "option_type") if field not in cells), None)
            if absent is not None:
                raise self._given.missing(absent)
            root = cells.get("root", cells.get("underlying"))
            if root is None:
                raise self._given.missing("root")
            expiry = date.fromisoformat(cells["expiry"][row].strip())
            key = osi.format(root[row].strip(), expiry, cells["option_type"][row], cells["strike"][row].strip())
            told = cells["underlying"][row].strip() if "underlying" in cells else ""
            return key, told or product(root[row].strip()).underlying
        except (InvalidValueError, ValueError) as error:
            raise self._given.error("symbol" if "symbol" in cells else "expiry", row, str(error)) from None

    def _currency(self, row: int) -> str:
        cells = self._given.cells
        told = cells["currency"][row].strip() if "currency" in cells else ""
        if told or "symbol" not in cells:
            return told or "USD"
        option = terms(cells["symbol"][row])
        return product(option.root, option.symbology).currency


def _times(
    told: np.ndarray[tuple[int, ...], np.dtype[np.float64]], symbols: tuple[str | None, ...], rows: dict[str, float]
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """The quotes' own times, and where a quote has none, the moment of its row."""
    own = np.array([math.nan if symbol is None else rows.get(symbol, math.nan) for symbol in symbols])
    return np.where(np.isnan(told), own, told)
