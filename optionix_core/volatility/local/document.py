"""A local volatility as versioned JSON, and back to the same bits.

Another format, another version, a missing or a wrong field is refused by name, and nothing is filled in.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from optionix_core.errors import InvalidValueError, MalformedFileError
from optionix_core.volatility.local.dupire import Repairs
from optionix_core.volatility.local.grid import VarianceGrid
from optionix_core.volatility.local.model import LocalVolatilityModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

FORMAT = "optionix.local-volatility"
VERSION = 1
GRID = ("times", "places", "scales")
CURVES = ("forward_times", "log_forwards", "pace_times", "paces")


def dumps(model: LocalVolatilityModel) -> str:
    """The model as JSON text, keys in a fixed order."""
    return json.dumps(fields_of(model), allow_nan=False, indent=1) + "\n"


def loads(text: str, name: str = "local volatility") -> LocalVolatilityModel:
    """The model of a JSON text. Raises MalformedFileError, naming `name` and the field that is wrong."""
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except ValueError as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else None
        raise MalformedFileError(name, f"not JSON: {error}", line) from error
    try:
        return of_fields(value)
    except InvalidValueError as error:
        raise MalformedFileError(name, str(error)) from error


def save(model: LocalVolatilityModel, path: Path) -> None:
    """Write the model to a file, whole or not at all."""
    draft = path.with_name(f".{path.name}.part")
    draft.write_text(dumps(model), encoding="utf-8")
    draft.replace(path)


def load(path: Path) -> LocalVolatilityModel:
    """Read a model from a file. Raises MalformedFileError where it is none."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise MalformedFileError(str(path), "not UTF-8") from error
    return loads(text, str(path))


def fields_of(model: LocalVolatilityModel) -> dict[str, Any]:
    """The document as plain values."""
    return {
        "format": FORMAT,
        "version": VERSION,
        **{name: getattr(model.grid, name).tolist() for name in GRID},
        "variances": model.grid.variances.tolist(),
        "reciprocal": model.grid.reciprocal,
        **{name: getattr(model, name).tolist() for name in CURVES},
        "repairs": model.repairs._asdict(),
    }


def of_fields(value: object) -> LocalVolatilityModel:
    """The model of a document's plain values. Raises InvalidValueError naming the field."""
    top = check_head(value, FORMAT, VERSION)
    rows = take(top, "variances")
    if not isinstance(rows, list) or not rows:
        raise InvalidValueError("variances", type(rows).__name__, "a list of lists")
    table = [numbers(row, f"variances[{place}]") for place, row in enumerate(rows)]
    if len({row.size for row in table}) != 1:
        raise InvalidValueError("variances", [row.size for row in table], "rows of one length")
    reciprocal = take(top, "reciprocal")
    if not isinstance(reciprocal, bool):
        raise InvalidValueError("reciprocal", reciprocal, "true or false")
    lines = {name: numbers(take(top, name), name) for name in GRID}
    grid = VarianceGrid(**lines, variances=np.array(table), reciprocal=reciprocal)
    told = take(top, "repairs")
    if not isinstance(told, Mapping):
        raise InvalidValueError("repairs", type(told).__name__, "an object")
    curves = {name: numbers(take(top, name), name) for name in CURVES}
    repairs = Repairs(**{name: count(told, name) for name in Repairs._fields})
    return LocalVolatilityModel(grid, **curves, repairs=repairs)


def check_head(value: object, form: str, version: int) -> Mapping[str, Any]:
    """The document as an object of this format and version."""
    if not isinstance(value, Mapping):
        raise InvalidValueError("document", type(value).__name__, "an object")
    if take(value, "format") != form:
        raise InvalidValueError("format", value["format"], form)
    if take(value, "version") != version:
        raise InvalidValueError("version", value["version"], f"{version}, the one that this program reads")
    return value


def take(value: Mapping[str, Any], name: str) -> Any:
    """The field, which must be there."""
    if name not in value:
        raise InvalidValueError(name, "nothing", "given")
    return value[name]


def numbers(value: object, name: str) -> FloatArray:
    """A list of finite numbers."""
    if not isinstance(value, list):
        raise InvalidValueError(name, type(value).__name__, "a list of numbers")
    for place, one in enumerate(value):
        if isinstance(one, bool) or not isinstance(one, int | float) or not math.isfinite(one):
            raise InvalidValueError(name, one, "a finite number", place)
    return np.array(value, np.float64)


def count(value: Mapping[str, Any], name: str) -> int:
    """A whole number, zero or more."""
    found = take(value, name)
    if isinstance(found, bool) or not isinstance(found, int) or found < 0:
        raise InvalidValueError(name, found, "a whole number, zero or more")
    return found


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is no number")
