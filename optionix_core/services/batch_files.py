"""Orders of a batch out of a file: JSON lines, or CSV with a heading.

    {"symbol": "ORBIT270115C00230000", "side": "buy", "quantity": 2, "limit": "2.50", "tif": "IOC", "client_id": "a"}

`symbol`, `side` and `quantity` must be there; `limit` (none: a market order), `tif` (IOC, the ordinary, or FOK),
`client_id` and `reduce_only` may be. Numbers are exact: a JSON number is read as the decimal that is written. Refuses
fields that it does not know, by line.
"""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from optionix_core.errors import MalformedFileError, UnknownNameError
from optionix_core.services.batches import Ordered
from optionix_core.trading.orders import TimeInForce
from optionix_core.trading.terms import OrderTerms

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_NEEDED: Final = ("symbol", "side", "quantity")
FIELDS: Final = (*_NEEDED, "limit", "tif", "client_id", "reduce_only")
_TRUTH: Final = {"true": True, "false": False, "": False}


def read(path: Path) -> tuple[Ordered, ...]:
    """The orders of a file, in order. Raises UnknownNameError where there is none, MalformedFileError by line."""
    if not path.is_file():
        raise UnknownNameError("file", str(path))
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedFileError(str(path), f"not UTF-8: {error.reason}") from error
    rows = _json_lines(str(path), text) if text.lstrip().startswith("{") else _csv(str(path), text)
    return tuple(_ordered(str(path), line, row) for line, row in rows)


def _json_lines(path: str, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for line, written in enumerate(text.splitlines(), start=1):
        if not written.strip():
            continue
        try:
            row = json.loads(written, parse_float=Decimal)
        except ValueError as error:
            raise MalformedFileError(path, f"not JSON: {error}", line) from None
        if not isinstance(row, dict):
            raise MalformedFileError(path, f"an order must be an object (got {written.strip()[:40]})", line)
        yield line, row


def _csv(path: str, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text), restkey="")
    for row in reader:
        if "" in row:
            raise MalformedFileError(path, "more cells than the heading has", reader.line_num)
        told = {name: cell for name, cell in row.items() if cell is not None and cell.strip()}
        number = told.get("quantity")
        yield reader.line_num, {**told, "quantity": int(number) if number and number.strip().isdecimal() else number}


def _ordered(path: str, line: int, row: Mapping[str, Any]) -> Ordered:
    for name in row:
        if name not in FIELDS:
            raise MalformedFileError(path, f"unknown field {name!r}; there are {', '.join(FIELDS)}", line)
    for name in _NEEDED:
        if row.get(name) is None:
            raise MalformedFileError(path, f"{name} is missing", line, name)
    terms = OrderTerms(
        side=_text(path, line, row, "side") or "",
        quantity=_whole(path, line, row["quantity"]),
        symbol=_text(path, line, row, "symbol") or "",
        limit_price=_limit(path, line, row.get("limit")),
        time_in_force=_force(path, line, _text(path, line, row, "tif")),
        reduce_only=_truth(path, line, row.get("reduce_only", False)),
    )
    return Ordered(terms, _text(path, line, row, "client_id"))


def _text(path: str, line: int, row: Mapping[str, Any], name: str) -> str | None:
    value = row.get(name)
    if value is not None and not isinstance(value, str):
        raise MalformedFileError(path, f"{name} must be text (got {value})", line, name)
    return None if value is None else value.strip()


def _whole(path: str, line: int, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise MalformedFileError(path, f"quantity must be a whole number (got {value!s})", line, "quantity")
    return value


def _limit(path: str, line: int, value: object) -> Decimal | None:
    if value is None:
        return None
    try:
        found = Decimal(value.strip() if isinstance(value, str) else str(value))
    except InvalidOperation:
        found = Decimal("nan")
    if isinstance(value, bool) or not found.is_finite():
        raise MalformedFileError(path, f"limit must be a decimal number (got {value})", line, "limit")
    return found


def _force(path: str, line: int, text: str | None) -> TimeInForce:
    name = "IOC" if text is None else text.upper()
    if name not in ("IOC", "FOK"):
        raise MalformedFileError(path, f"tif must be IOC or FOK in a batch (got {text})", line, "tif")
    return TimeInForce(name)


def _truth(path: str, line: int, value: object) -> bool:
    found = value if isinstance(value, bool) else _TRUTH.get(str(value).strip().lower())
    if found is None:
        raise MalformedFileError(path, f"reduce_only must be true or false (got {value})", line, "reduce_only")
    return found
