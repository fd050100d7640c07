"""One way in: a file's format is found by what is in it, and its importer reads it.

Names and endings of files decide nothing. A file that fits no format is refused with the formats that
there are; grids of implied volatilities (strike by maturity, without quotes) are not chains and fit none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

from optionix_core.errors import MalformedFileError, UnknownNameError, UsageError
from optionix_core.feeds.files import (
    cboe_delayed,
    cboe_table,
    deribit,
    deribit_csv,
    eod,
    generic,
    json_values,
    parquet,
    stored,
    tradier,
)
from optionix_core.feeds.files.tables import decode, read_bytes
from optionix_core.market.chain import OptionChain

_JSON: dict[str, tuple[Callable[[object], bool], Callable[[Path, json_values.Document | None], OptionChain]]] = {
    cboe_delayed.FORMAT: (cboe_delayed.recognises, cboe_delayed.read),
    deribit.FORMAT: (deribit.recognises, deribit.read),
    tradier.FORMAT: (tradier.recognises, tradier.read),
}
_CSV: dict[str, Callable[[str], bool]] = {
    cboe_table.FORMAT: cboe_table.recognises,
    deribit_csv.FORMAT: deribit_csv.recognises,
    eod.FORMAT: eod.recognises,
    generic.FORMAT: generic.recognises,
}

FORMATS: tuple[str, ...] = (stored.FORMAT, *_CSV, *_JSON, parquet.FORMAT)
"""Names of the formats that can be read."""


def detect(path: Path) -> str:
    """The format of the file by its content; MalformedFileError where nothing fits."""
    return _detect(path)[0]


def _detect(path: Path) -> tuple[str, json_values.Document | None]:
    """The format, with the document where it was parsed to find out."""
    content = read_bytes(path)
    if content.startswith(parquet.MAGIC):
        return parquet.FORMAT, None
    text = decode(path, content)
    document = None
    if stored.recognises(text):
        return stored.FORMAT, None
    if text.lstrip()[:1] in ("{", "["):
        document = json_values.parse(path, text)
        found = next((name for name, (fits, _) in _JSON.items() if fits(document.root)), None)
    else:
        found = next((name for name, fits in _CSV.items() if fits(text)), None)
    if found is None:
        first = next(line for line in text.splitlines() if line.strip())
        shown = first if len(first) <= 60 else f"{first[:57]}..."
        reason = f"fits none of the formats {', '.join(FORMATS)} (first line {shown!r})"
        raise MalformedFileError(str(path), reason, 1, 1)
    return found, document


def read(
    path: Path | str,
    format: str | None = None,  # noqa: A002 - what users call it
    mapping: Mapping[str, str] | None = None,
    on: date | None = None,
) -> OptionChain:
    """The chain in a file.

    `format` is one of FORMATS, found by content where it is None. `mapping` (field to column, see
    `generic_fields`) is for generic CSV and Parquet and means one of them where no format is given.
    `on` names the day in a file of several days. Raises UnknownNameError for a file or format that
    does not exist, UsageError for a mapping or day that the format has no use for, MalformedFileError
    with line and column for content that does not fit; nothing is ever read in part.
    """
    path = Path(path)
    if format is not None and format not in FORMATS:
        raise UnknownNameError("chain format", format, FORMATS)
    if format is None and mapping is not None:
        format = parquet.FORMAT if read_bytes(path).startswith(parquet.MAGIC) else generic.FORMAT  # noqa: A001
    chosen, document = (format, None) if format is not None else _detect(path)
    if mapping is not None and chosen not in (generic.FORMAT, parquet.FORMAT):
        raise UsageError(f"a mapping is for {generic.FORMAT} and {parquet.FORMAT}, and {path.name} is {chosen}")
    if on is not None and chosen != eod.FORMAT:
        raise UsageError(f"a day is for files of several days ({eod.FORMAT}), and {path.name} is {chosen}")
    if chosen == generic.FORMAT:
        return generic.read(path, mapping)
    if chosen == parquet.FORMAT:
        return parquet.read(path, mapping)
    if chosen == eod.FORMAT:
        return eod.read(path, on)
    if chosen == stored.FORMAT:
        return stored.read(path)
    if chosen in _JSON:
        return _JSON[chosen][1](path, document)
    return cboe_table.read(path) if chosen == cboe_table.FORMAT else deribit_csv.read(path)
