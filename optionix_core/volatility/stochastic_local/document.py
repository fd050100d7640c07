"""A stochastic local volatility as versioned JSON, and back to the same bits.

Another format, another version, a missing or a wrong field is refused by name, and nothing is filled in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from optionix_core.errors import InvalidValueError, MalformedFileError
from optionix_core.pricing.models.heston import HestonModel
from optionix_core.pricing.models.leverage import LeverageGrid
from optionix_core.volatility.local.document import check_head, count, numbers, take
from optionix_core.volatility.stochastic_local.calibration import Notes
from optionix_core.volatility.stochastic_local.model import StochasticLocalVolatilityModel

FORMAT = "optionix.stochastic-local-volatility"
VERSION = 1
HESTON = ("v0", "kappa", "theta", "sigma", "rho")
LINES = ("edges", "starts", "spacings")


def dumps(model: StochasticLocalVolatilityModel) -> str:
    """The model as JSON text, keys in a fixed order."""
    grid = model.leverage
    fields = {
        "format": FORMAT,
        "version": VERSION,
        "heston": {name: getattr(model.heston, name) for name in HESTON},
        "mixing": model.mixing,
        **{name: getattr(grid, name).tolist() for name in LINES},
        "leverage": grid.values.tolist(),
        "notes": model.notes._asdict(),
    }
    return json.dumps(fields, allow_nan=False) + "\n"


def loads(text: str, name: str = "stochastic local volatility") -> StochasticLocalVolatilityModel:
    """The model of a JSON text. Raises MalformedFileError, naming `name` and the field that is wrong."""
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except ValueError as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else None
        raise MalformedFileError(name, f"not JSON: {error}", line) from error
    try:
        return _read(value)
    except InvalidValueError as error:
        raise MalformedFileError(name, str(error)) from error


def save(model: StochasticLocalVolatilityModel, path: Path) -> None:
    """Write the model to a file, whole or not at all."""
    draft = path.with_name(f".{path.name}.part")
    draft.write_text(dumps(model), encoding="utf-8")
    draft.replace(path)


def load(path: Path) -> StochasticLocalVolatilityModel:
    """Read a model from a file. Raises MalformedFileError where it is none."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise MalformedFileError(str(path), "not UTF-8") from error
    return loads(text, str(path))


def _read(value: object) -> StochasticLocalVolatilityModel:
    top = check_head(value, FORMAT, VERSION)
    heston, notes = (_inside(top, name) for name in ("heston", "notes"))
    rows = take(top, "leverage")
    if not isinstance(rows, list) or not rows:
        raise InvalidValueError("leverage", type(rows).__name__, "a list of lists")
    table = [numbers(row, f"leverage[{place}]") for place, row in enumerate(rows)]
    if len({row.size for row in table}) != 1:
        raise InvalidValueError("leverage", [row.size for row in table], "rows of one length")
    lines = {name: numbers(take(top, name), name) for name in LINES}
    return StochasticLocalVolatilityModel(
        heston=HestonModel(**{name: float(numbers([take(heston, name)], name)[0]) for name in HESTON}),
        mixing=float(numbers([take(top, "mixing")], "mixing")[0]),
        leverage=LeverageGrid(**lines, values=np.array(table)),
        notes=Notes(**{name: count(notes, name) for name in Notes._fields}),
    )


def _inside(top: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = take(top, name)
    if not isinstance(found, Mapping):
        raise InvalidValueError(name, type(found).__name__, "an object")
    return found


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is no number")
