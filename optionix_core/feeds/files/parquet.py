"""Parquet files of flat quotes, with the fields and the mapping of `generic_fields`.

Parquet needs pyarrow, which the extra `optionix[parquet]` brings; without it every call is a
ConfigurationError that says so. In errors, the line is the row's number, counted from 1.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from optionix_core.errors import ConfigurationError, MalformedFileError, UnknownNameError
from optionix_core.feeds.files.generic import cell, flat_rows, written_names
from optionix_core.feeds.files.generic_chain import chain_of
from optionix_core.feeds.files.generic_fields import FIELDS, FieldCells, map_fields

if TYPE_CHECKING:
    from optionix_core.market.chain import OptionChain

FORMAT = "parquet"
MAGIC = b"PAR1"
"""First and last four bytes of every Parquet file."""


def _pyarrow(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        raise ConfigurationError("Parquet needs pyarrow, which is not installed: install optionix[parquet]") from None


def read(path: Path, mapping: Mapping[str, str] | None = None) -> OptionChain:
    """The chain in the file at `path`; errors as those of generic CSV."""
    return chain_of(read_fields(path, mapping))


def read_fields(path: Path, mapping: Mapping[str, str] | None = None) -> FieldCells:
    """The cells of each field, nothing judged yet; errors as those of `read`."""
    pyarrow, parquet = _pyarrow("pyarrow"), _pyarrow("pyarrow.parquet")
    if not path.exists():
        raise UnknownNameError("file", str(path))
    try:
        found = parquet.read_table(path, memory_map=False)
    except (pyarrow.ArrowException, OSError) as error:
        raise MalformedFileError(str(path), f"is not Parquet that can be read: {error}", 1, 1) from None
    if found.num_rows == 0:
        raise MalformedFileError(str(path), "has no rows", 1, 1)
    columns = [[cell(value) for value in column.to_pylist()] for column in found.columns]
    lines = range(1, found.num_rows + 1)
    return map_fields(path, 1, found.column_names, columns, lines, mapping)


def write_parquet(chain: OptionChain, target: Path | BinaryIO, mapping: Mapping[str, str] | None = None) -> None:
    """Write every quote of the chain with typed columns; what is absent is null."""
    pyarrow, parquet = _pyarrow("pyarrow"), _pyarrow("pyarrow.parquet")
    types = {
        "text": pyarrow.string(),
        "number": pyarrow.float64(),
        "moment": pyarrow.timestamp("us", tz="UTC"),
        "date": pyarrow.date32(),
        "flag": pyarrow.bool_(),
    }
    names = written_names(mapping)
    flat = list(zip(*flat_rows(chain), strict=True)) or [()] * len(names)
    arrays = [pyarrow.array(values, type=types[kind]) for values, kind in zip(flat, FIELDS.values(), strict=True)]
    parquet.write_table(pyarrow.table(arrays, names=names), str(target) if isinstance(target, Path) else target)
