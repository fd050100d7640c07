"""A calibration as versioned JSON, and back to the same bits.

The document carries a format name and a version; another format, a later version, a missing or a wrong field is refused
by name and nothing is filled in. What is no number, as the error of a parameter at its bound, is null. Never pickle: a
file from elsewhere can hold numbers and words, but no code.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from optionix_core.errors import InvalidValueError, MalformedFileError
from optionix_core.pricing.models.sabr import SabrModel
from optionix_core.volatility.calibration.families import FAMILIES
from optionix_core.volatility.calibration.result import (
    CalibrationResult,
    ParameterEstimate,
    QuoteFit,
    StartReport,
    WeakDirection,
)

FORMAT = "optionix.calibration"
VERSION = 1
NUMBERS = ("rmse_volatility", "max_error", "weighted_rmse", "seconds")
SABR = "sabr"


def to_json(result: CalibrationResult) -> dict[str, Any]:
    """Plain dicts, lists, texts, numbers, booleans and None."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "family": result.family,
        "beta": result.model.beta if result.family == SABR else None,
        **{name: getattr(result, name) for name in (*NUMBERS, "iterations", "evaluations", "converged", "feller")},
        "one_optimum": result.one_optimum,
        "parameters": [
            {
                "name": one.name,
                "value": one.value,
                "standard_error": _or_none(one.standard_error),
                "at_bound": one.at_bound,
            }
            for one in result.parameters
        ],
        "covariance": [[_or_none(value) for value in row] for row in result.covariance],
        "condition_number": _or_none(result.condition_number),
        "weak_directions": [
            {"change": [{"name": name, "share": share} for name, share in one.change], "volatility": one.volatility}
            for one in result.weak_directions
        ],
        "starts": [
            {
                "start": list(one.start),
                "end": list(one.end),
                "rmse": _or_none(one.rmse),
                "iterations": one.iterations,
                "converged": one.converged,
                "same_optimum": one.same_optimum,
            }
            for one in result.starts
        ],
        "quotes": {name: column.tolist() for name, column in zip(QuoteFit._fields, result.quotes, strict=True)},
        "notes": list(result.notes),
    }


def dumps(result: CalibrationResult) -> str:
    """The document as one line of text."""
    return json.dumps(to_json(result), allow_nan=False, ensure_ascii=False)


def loads(text: str, name: str = "calibration") -> CalibrationResult:
    """The calibration of a text. Raises MalformedFileError, naming `name` and the field that is wrong."""
    try:
        value = json.loads(text)
    except ValueError as error:
        raise MalformedFileError(name, f"not JSON: {error}") from error
    return from_json(value, name)


def from_json(document: object, name: str = "calibration") -> CalibrationResult:
    """As `loads`, from what JSON gave."""
    try:
        return _read(_Fields(document, ""))
    except InvalidValueError as error:
        raise MalformedFileError(name, str(error)) from error


def _read(top: _Fields) -> CalibrationResult:
    if top.text("format") != FORMAT:
        raise InvalidValueError("format", top.text("format"), FORMAT)
    if top.take("version") != VERSION:
        raise InvalidValueError("version", top.take("version"), f"{VERSION}, the one that this program reads")
    family = top.text("family")
    if family != SABR and family not in FAMILIES:
        raise InvalidValueError("family", family, f"one of {', '.join((*FAMILIES, SABR))}")
    parameters = tuple(
        ParameterEstimate(
            one.text("name"), one.number("value"), one.number_or("standard_error", math.nan), one.text("at_bound")
        )
        for one in top.each("parameters")
    )
    names = ("alpha", "rho", "nu") if family == SABR else FAMILIES[family].parameters
    if tuple(one.name for one in parameters) != names:
        raise InvalidValueError("parameters", [one.name for one in parameters], ", ".join(names))
    values = [one.value for one in parameters]
    if family == SABR:
        model: Any = SabrModel(alpha=values[0], beta=top.number("beta"), rho=values[1], nu=values[2])
    else:
        model = FAMILIES[family].make(*values)
    quotes = top.inside("quotes")
    columns = [np.array(quotes.numbers(name)) for name in QuoteFit._fields]
    if len({column.size for column in columns}) != 1:
        raise InvalidValueError("quotes", "columns of several lengths", "columns of one length")
    return CalibrationResult(
        family=family,
        model=model,
        **{name: top.number(name) for name in NUMBERS},
        iterations=int(top.number("iterations")),
        evaluations=int(top.number("evaluations")),
        converged=top.truth("converged"),
        parameters=parameters,
        covariance=_square(top.take("covariance"), len(parameters)),
        condition_number=top.number_or("condition_number", math.inf),
        weak_directions=tuple(
            WeakDirection(
                tuple((item.text("name"), item.number("share")) for item in one.each("change")),
                one.number("volatility"),
            )
            for one in top.each("weak_directions")
        ),
        starts=tuple(
            StartReport(
                tuple(one.numbers("start")),
                tuple(one.numbers("end")),
                one.number_or("rmse", math.nan),
                int(one.number("iterations")),
                one.truth("converged"),
                one.truth("same_optimum"),
            )
            for one in top.each("starts")
        ),
        quotes=QuoteFit(*columns),
        feller=None if top.take("feller") is None else top.truth("feller"),
        notes=tuple(top.texts("notes")),
    )


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _square(value: object, size: int) -> tuple[tuple[float, ...], ...]:
    bound = f"{size} rows of {size} numbers or nulls"
    if not isinstance(value, list) or len(value) != size:
        raise InvalidValueError("covariance", value, bound)
    rows = []
    for place, row in enumerate(value):
        if not isinstance(row, list) or len(row) != size:
            raise InvalidValueError("covariance", row, bound, place)
        rows.append(tuple(math.nan if item is None else _finite("covariance", item) for item in row))
    return tuple(rows)


def _finite(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InvalidValueError(name, value, "a finite number")
    return float(value)


class _Fields:
    """One JSON object, whose fields are asked for by name and type."""

    def __init__(self, value: object, place: str) -> None:
        if not isinstance(value, Mapping):
            raise InvalidValueError(place.rstrip(".") or "document", type(value).__name__, "an object")
        self._value, self._place = value, place

    def take(self, name: str) -> object:
        if name not in self._value:
            raise InvalidValueError(f"{self._place}{name}", "nothing", "given")
        return self._value[name]

    def text(self, name: str) -> str:
        value = self.take(name)
        if not isinstance(value, str):
            raise InvalidValueError(f"{self._place}{name}", value, "a text")
        return value

    def texts(self, name: str) -> list[str]:
        value = self._list(name)
        if not all(isinstance(one, str) for one in value):
            raise InvalidValueError(f"{self._place}{name}", value, "a list of texts")
        return value

    def truth(self, name: str) -> bool:
        value = self.take(name)
        if not isinstance(value, bool):
            raise InvalidValueError(f"{self._place}{name}", value, "true or false")
        return value

    def number(self, name: str) -> float:
        return _finite(f"{self._place}{name}", self.take(name))

    def number_or(self, name: str, absent: float) -> float:
        return absent if self.take(name) is None else self.number(name)

    def numbers(self, name: str) -> list[float]:
        return [_finite(f"{self._place}{name}", one) for one in self._list(name)]

    def inside(self, name: str) -> _Fields:
        return _Fields(self.take(name), f"{self._place}{name}.")

    def each(self, name: str) -> list[_Fields]:
        return [_Fields(one, f"{self._place}{name}[{place}].") for place, one in enumerate(self._list(name))]

    def _list(self, name: str) -> list[Any]:
        value = self.take(name)
        if not isinstance(value, list):
            raise InvalidValueError(f"{self._place}{name}", value, "a list")
        return value
