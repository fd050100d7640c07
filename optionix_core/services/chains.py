"""Option chains of a home: import them, find them again, solve them, hand them out.

An imported chain is kept whole under `<data>/chains/NAME.chain.jsonl`, exact to the bit, and is written at
once or not at all. Nothing here downloads, and nothing judges quotes: that is the volatility room's work.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from optionix_core.errors import InvalidValueError, UnknownNameError, UsageError
from optionix_core.services.chains_json import to_json

if TYPE_CHECKING:
    from optionix_core.feeds.files.feed import FileFeed
    from optionix_core.market.chain import OptionChain
    from optionix_core.services.home import HomeFolders
    from optionix_core.volatility.solved import SolvedChain

__all__ = [
    "ChainSummary",
    "ImportReport",
    "StoredChain",
    "encode",
    "export",
    "feed",
    "import_file",
    "listing",
    "load",
    "solve_chain",
    "summary",
    "to_json",
]

ExportFormat = Literal["csv", "json", "parquet"]
EXPORT_FORMATS: tuple[ExportFormat, ...] = ("csv", "json", "parquet")
SUFFIX = ".chain.jsonl"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import stored."""

    name: str
    """Under which `load` finds it."""
    path: Path
    """The stored file."""
    source: str
    """The file that was read."""
    underlying: str
    as_of: datetime
    expiries: int
    """Slices: two roots of one date count apart."""
    quotes: int
    already_stored: bool
    """The very same chain was stored under this name before."""


@dataclass(frozen=True, slots=True)
class StoredChain:
    """A chain of the home, as its first line describes it."""

    name: str
    path: Path
    underlying: str
    source: str
    as_of: datetime
    spot: float | None
    currency: str
    expiries: int
    quotes: int


@dataclass(frozen=True, slots=True)
class ChainSummary:
    """What solving a chain came to, and how far it lies from the source's own volatilities."""

    underlying: str
    as_of: datetime
    expiries: int
    quotes: int
    solved: int
    rejections: tuple[tuple[str, int], ...]
    """Reason and number of quotes, in order of precedence."""
    compared: int
    """Out-of-the-money quotes with a bid, |delta| 0.05 to 0.95, 7 to 400 days, and a volatility of the source."""
    median_difference: float | None
    """Median of |our volatility - the source's| over those, a fraction; None where there are none."""
    by_root: tuple[tuple[str, int, float], ...]
    """Root, number compared and median, for each root that has any."""


def import_file(
    home: HomeFolders,
    path: Path | str,
    name: str | None = None,
    format: str | None = None,  # noqa: A002 - what users call it
    mapping: Mapping[str, str] | None = None,
    on: date | None = None,
    *,
    replace: bool = False,
) -> ImportReport:
    """Read a file and keep its chain in the home, as `UNDERLYING_DATE` unless `name` says otherwise.

    Raises what `optionix_core.feeds.files.read` raises, InvalidValueError for a name that not every
    platform can store, and UsageError where another chain has the name and `replace` is False.
    """
    from optionix_core.feeds.files import read, stored

    chain = read(path, format, mapping, on)
    chosen = f"{chain.underlying}_{chain.as_of:%Y-%m-%d}" if name is None else name
    home.check_writable(f"keep the chain {chosen}")
    check_name(chosen)
    content = stored.encode(chain)
    present = _find(home, chosen)
    target = present or _folder(home) / f"{chosen}{SUFFIX}"
    same = present is not None and present.read_bytes() == content
    if present is not None and not same and not replace:
        raise UsageError(
            f"a chain {present.name.removesuffix(SUFFIX)!r} is stored already: give another name or replace it"
        )
    if not same:
        write_whole(target, content)
    return ImportReport(
        name=target.name.removesuffix(SUFFIX),
        path=target,
        source=str(path),
        underlying=chain.underlying,
        as_of=chain.as_of,
        expiries=len(chain.slices),
        quotes=chain.row_count,
        already_stored=same,
    )


def listing(home: HomeFolders) -> tuple[StoredChain, ...]:
    """The home's chains by name; only first lines are read. MalformedFileError where one is not ours."""
    from optionix_core.feeds.files import stored

    found = []
    for path in _files(home):
        head = stored.read_head(path)
        found.append(
            StoredChain(
                name=path.name.removesuffix(SUFFIX),
                path=path,
                underlying=head.underlying,
                source=head.source,
                as_of=head.as_of,
                spot=head.spot,
                currency=head.currency,
                expiries=head.slices,
                quotes=head.quotes,
            )
        )
    return tuple(found)


def load(
    home: HomeFolders,
    name_or_path: Path | str,
    format: str | None = None,  # noqa: A002 - what users call it
    mapping: Mapping[str, str] | None = None,
    on: date | None = None,
) -> OptionChain:
    """A chain of the home by its name, or else the chain in a file.

    A name of the home goes before a file of the same name; `./NAME` is always the file. Raises
    UnknownNameError where there is neither.
    """
    from optionix_core.feeds.files import read, stored

    text = str(name_or_path)
    present = _find(home, text) if _NAME.fullmatch(text) and isinstance(name_or_path, str) else None
    if present is not None:
        return stored.read(present)
    path = Path(name_or_path)
    if not path.is_file():
        raise UnknownNameError("chain or file", text, tuple(item.name.removesuffix(SUFFIX) for item in _files(home)))
    return read(path, format, mapping, on)


def feed(home: HomeFolders, name_or_path: Path | str) -> FileFeed:
    """A feed whose quotes stand still at the chain's moment."""
    from optionix_core.feeds.files.feed import FileFeed

    text = str(name_or_path)
    name = text if _NAME.fullmatch(text) and _find(home, text) is not None else Path(text).name
    return FileFeed(load(home, name_or_path), name)


def encode(chain: OptionChain, format: ExportFormat, mapping: Mapping[str, str] | None = None) -> bytes:  # noqa: A002 - what users call it
    """A chain in a format that can be read back to the same bits.

    `csv` and `parquet` have one row for each quote under the columns of `feeds.files.generic_fields`,
    which `mapping` renames; `json` is our own lines of JSON. Raises UnknownNameError for another
    format, UsageError for a mapping that JSON has no use for, ConfigurationError where Parquet's
    library is not installed.
    """
    from optionix_core.feeds.files import stored, write_csv, write_parquet

    if format == "csv":
        text = io.StringIO(newline="")
        write_csv(chain, text, mapping)
        return text.getvalue().encode()
    if format == "parquet":
        binary = io.BytesIO()
        write_parquet(chain, binary, mapping)
        return binary.getvalue()
    if format != "json":
        raise UnknownNameError("export format", format, EXPORT_FORMATS)
    if mapping is not None:
        raise UsageError("a mapping is for csv and parquet, and the export is json")
    return stored.encode(chain)


def export(
    chain: OptionChain,
    format: ExportFormat,  # noqa: A002 - what users call it
    path: Path | None = None,
    mapping: Mapping[str, str] | None = None,
) -> bytes:
    """As `encode`; written to `path` as well where there is one, whole or not at all."""
    content = encode(chain, format, mapping)
    if path is not None:
        write_whole(path, content)
    return content


def solve_chain(chain: OptionChain, rate: float | None = None) -> SolvedChain:
    """Forwards, volatilities, Greeks and rejections of every quote; see `optionix_core.volatility.solve.solve`."""
    from optionix_core.volatility.solve import solve

    return solve(chain, rate)


def summary(solved: SolvedChain) -> ChainSummary:
    """Rows, rejections and distance from the source's volatilities."""
    import numpy as np

    differences: dict[str, list[float]] = {}
    for part in solved.slices:
        forward, source = part.forward, part.source
        if forward is None or not 7 <= part.days <= 400:
            continue
        for quoted, ours, out in (
            (source.call, part.call, source.strikes >= forward),
            (source.put, part.put, source.strikes < forward),
        ):
            size = np.abs(ours.delta)
            kept = out & (quoted.bid > 0) & (size >= 0.05) & (size <= 0.95) & np.isfinite(quoted.vendor_iv - ours.iv)
            differences.setdefault(source.root, []).extend(np.abs(ours.iv - quoted.vendor_iv)[kept].tolist())
    every = [value for values in differences.values() for value in values]
    return ChainSummary(
        underlying=solved.chain.underlying,
        as_of=solved.chain.as_of,
        expiries=len(solved.slices),
        quotes=solved.chain.row_count,
        solved=solved.solved_count,
        rejections=tuple((str(reason), count) for reason, count in solved.rejections.items()),
        compared=len(every),
        median_difference=float(np.median(every)) if every else None,
        by_root=tuple(
            (root, len(values), float(np.median(values))) for root, values in sorted(differences.items()) if values
        ),
    )


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a reader, and a crash at any moment, finds the old one or the new one, never a part."""
    from optionix_core.storage import durable

    path.parent.mkdir(parents=True, exist_ok=True)
    durable.replace(path, content, several_writers=True)


def _folder(home: HomeFolders) -> Path:
    return home.data / "chains"


def _files(home: HomeFolders) -> list[Path]:
    folder = _folder(home)
    return sorted(path for path in folder.glob(f"*{SUFFIX}") if _NAME.fullmatch(path.name.removesuffix(SUFFIX)))


def _find(home: HomeFolders, name: str) -> Path | None:
    """The stored file of that name; letter case does not tell names apart, as on some platforms."""
    wanted = f"{name}{SUFFIX}".casefold()
    return next((path for path in _files(home) if path.name.casefold() == wanted), None)


def check_name(name: str) -> None:
    """Raise InvalidValueError for a name under which not every platform can store a file."""
    if not _NAME.fullmatch(name) or _RESERVED.fullmatch(name) or name.endswith("."):
        bound = "1 to 80 letters, digits, dots, dashes and underscores that any platform can store"
        raise InvalidValueError("name", repr(name), bound)
