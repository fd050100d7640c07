"""A surface as versioned JSON, and back to the same bits.

Numbers are written with all their digits, so that a surface read again answers as the one written did. The text carries
a format name and a version; another format, a later version, a missing or a wrong field is refused by name and nothing
is filled in. Never pickle: a file from elsewhere can hold numbers and words, but no code.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np

from optionix_core.errors import InvalidValueError, MalformedFileError
from optionix_core.pricing.models.sabr import SabrModel
from optionix_core.volatility.surface.clock import VarianceClock
from optionix_core.volatility.surface.density_smile import DensitySmile
from optionix_core.volatility.surface.quotes import Skipped
from optionix_core.volatility.surface.sabr_fit import SabrSmile
from optionix_core.volatility.surface.smiles import FitMetrics, Smile, SurfaceSlice
from optionix_core.volatility.surface.surface import MODELS, ModelName, VolatilitySurface
from optionix_core.volatility.svi import Svi

FORMAT = "optionix.volatility-surface"
VERSION = 1

Parsed = TypeVar("Parsed")


def dumps(surface: VolatilitySurface) -> str:
    """The surface as JSON text, keys in a fixed order."""
    return json.dumps(_surface(surface), allow_nan=False, ensure_ascii=False, indent=1) + "\n"


def loads(text: str, name: str = "surface") -> VolatilitySurface:
    """The surface of a JSON text. Raises MalformedFileError, naming `name` and the field that is wrong."""
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except ValueError as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else None
        raise MalformedFileError(name, f"not JSON: {error}", line) from error
    try:
        return _read(_Fields(value, ""))
    except InvalidValueError as error:
        raise MalformedFileError(name, str(error)) from error


def save(surface: VolatilitySurface, path: Path) -> None:
    """Write the surface to a file, whole or not at all."""
    draft = path.with_name(f".{path.name}.part")
    draft.write_text(dumps(surface), encoding="utf-8")
    draft.replace(path)


def load(path: Path) -> VolatilitySurface:
    """Read a surface from a file. Raises MalformedFileError where it is none."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise MalformedFileError(str(path), "not UTF-8") from error
    return loads(text, str(path))


def _surface(surface: VolatilitySurface) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "underlying": surface.underlying,
        "as_of": surface.as_of.isoformat(),
        "model": surface.model,
        "spot": surface.spot,
        "clock": {
            "weekend_weight": surface.clock.weekend_weight,
            "events": [{"date": day.isoformat(), "days": extra} for day, extra in surface.clock.events],
        },
        "slices": [
            {
                "root": item.root,
                "expiry": item.expiry.isoformat(),
                "years": item.years,
                "forward": item.forward,
                "discount_factor": item.discount_factor,
                "smile": _smile(item.smile),
                "metrics": item.metrics._asdict(),
                "note": item.note,
            }
            for item in surface.slices
        ],
        "skipped": [
            {"root": one.root, "expiry": one.expiry.isoformat(), "reason": one.reason} for one in surface.skipped
        ],
    }


def _smile(smile: Smile) -> dict[str, Any]:
    if isinstance(smile, Svi):
        return {"kind": "svi", "a": smile.a, "b": smile.b, "rho": smile.rho, "m": smile.m, "sigma": smile.sigma}
    if isinstance(smile, DensitySmile):
        return {
            "kind": "density",
            "weights": smile.weights.tolist(),
            "log_means": smile.log_means.tolist(),
            "deviations": smile.deviations.tolist(),
            "reach": list(smile.reach),
        }
    if isinstance(smile, SabrSmile):
        model = smile.model
        return {
            "kind": "sabr",
            "alpha": model.alpha,
            "beta": model.beta,
            "rho": model.rho,
            "nu": model.nu,
            "forward": smile.forward,
            "years": smile.years,
        }
    raise InvalidValueError("smile", type(smile).__name__, "one of Svi, DensitySmile, SabrSmile")


def _read(top: _Fields) -> VolatilitySurface:
    if top.text("format") != FORMAT:
        raise InvalidValueError("format", top.text("format"), FORMAT)
    if top.take("version") != VERSION:
        raise InvalidValueError("version", top.take("version"), f"{VERSION}, the one that this program reads")
    model = top.text("model")
    if model not in MODELS:
        raise InvalidValueError("model", model, f"one of {', '.join(MODELS)}")
    as_of = top.parsed("as_of", datetime.fromisoformat, "a moment in ISO 8601")
    if as_of.tzinfo is None:
        raise InvalidValueError("as_of", as_of.isoformat(), "a moment with a time zone")
    clock = top.inside("clock")
    return VolatilitySurface(
        underlying=top.text("underlying"),
        as_of=as_of,
        model=cast("ModelName", model),
        spot=None if top.take("spot") is None else top.number("spot"),
        slices=tuple(_read_slice(item) for item in top.each("slices")),
        skipped=tuple(Skipped(one.text("root"), one.day("expiry"), one.text("reason")) for one in top.each("skipped")),
        clock=VarianceClock(
            clock.number("weekend_weight"), tuple((one.day("date"), one.number("days")) for one in clock.each("events"))
        ),
    )


def _read_slice(item: _Fields) -> SurfaceSlice:
    metrics = item.inside("metrics")
    return SurfaceSlice(
        root=item.text("root"),
        expiry=item.day("expiry"),
        years=item.positive("years"),
        forward=item.positive("forward"),
        discount_factor=item.positive("discount_factor"),
        smile=_read_smile(item.inside("smile")),
        metrics=FitMetrics(int(metrics.number("quotes")), *(metrics.number(name) for name in FitMetrics._fields[1:])),
        note=item.text("note"),
    )


def _read_smile(item: _Fields) -> Smile:
    kind = item.text("kind")
    if kind == "svi":
        return Svi(*(item.number(name) for name in ("a", "b", "rho", "m", "sigma")))
    if kind == "density":
        low, high = item.numbers("reach", 2)
        weights, log_means, deviations = (
            np.array(item.numbers(name)) for name in ("weights", "log_means", "deviations")
        )
        return DensitySmile(weights, log_means, deviations, (low, high))
    if kind == "sabr":
        model = SabrModel(**{name: item.number(name) for name in ("alpha", "beta", "rho", "nu")})
        return SabrSmile(model, item.positive("forward"), item.positive("years"))
    raise InvalidValueError(f"{item.place}kind", kind, "svi, density or sabr")


class _Fields:
    """One JSON object, whose fields are asked for by name and type."""

    def __init__(self, value: object, place: str) -> None:
        if not isinstance(value, Mapping):
            raise InvalidValueError(place.rstrip(".") or "document", type(value).__name__, "an object")
        self._value = value
        self.place = place

    def take(self, name: str) -> object:
        if name not in self._value:
            raise InvalidValueError(f"{self.place}{name}", "nothing", "given")
        return self._value[name]

    def text(self, name: str) -> str:
        value = self.take(name)
        if not isinstance(value, str):
            raise InvalidValueError(f"{self.place}{name}", value, "a text")
        return value

    def number(self, name: str) -> float:
        return self._checked(self.take(name), name)

    def positive(self, name: str) -> float:
        value = self.number(name)
        if not value > 0.0:
            raise InvalidValueError(f"{self.place}{name}", value, "positive")
        return value

    def numbers(self, name: str, count: int | None = None) -> list[float]:
        value = self.take(name)
        if not isinstance(value, list) or (count is not None and len(value) != count):
            raise InvalidValueError(f"{self.place}{name}", value, "a list" if count is None else f"a list of {count}")
        return [self._checked(one, name) for one in value]

    def parsed(self, name: str, parse: Callable[[str], Parsed], bound: str) -> Parsed:
        text = self.text(name)
        try:
            return parse(text)
        except ValueError as error:
            raise InvalidValueError(f"{self.place}{name}", text, bound) from error

    def day(self, name: str) -> date:
        return self.parsed(name, date.fromisoformat, "a date in ISO 8601")

    def inside(self, name: str) -> _Fields:
        return _Fields(self.take(name), f"{self.place}{name}.")

    def each(self, name: str) -> list[_Fields]:
        value = self.take(name)
        if not isinstance(value, list):
            raise InvalidValueError(f"{self.place}{name}", value, "a list")
        return [_Fields(one, f"{self.place}{name}[{place}].") for place, one in enumerate(value)]

    def _checked(self, value: object, name: str) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise InvalidValueError(f"{self.place}{name}", value, "a finite number")
        return float(value)


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is no number")
