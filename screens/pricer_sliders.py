"""Inputs of the pricer as sliders: how each is written, and how what is typed is read. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optionix_core.errors import InvalidValueError
from optionix_core.market.units import DAYS_PER_YEAR, POINT
from widgets import figures
from widgets.slider import Slider

if TYPE_CHECKING:
    from optionix_core.services.what_if_inputs import Input
    from screens.pricer_case import Case

ASKED = "type it"
HINTS = {
    "price": "a price, such as 231.40",
    "volatility": "volatility in points, such as 24.9",
    "time": "calendar days, such as 34",
    "rate": "percent a year, continuously compounded, such as 4.31",
    "number": "a number",
}
"""What to type, by measure."""
_SCALES = {"price": 1.0, "volatility": POINT, "time": 1.0 / DAYS_PER_YEAR, "rate": 0.01, "number": 1.0}


def sliders(case: Case) -> tuple[Slider, ...]:
    """All inputs, in order."""
    found = []
    for item in case.inputs:
        at = case.reach(item.name)
        found.append(
            Slider(
                item.name,
                item.label,
                written(item),
                at.low,
                at.high,
                item.value,
                case.market(item.name),
                item.name in case.moved,
            )
        )
    return tuple(found)


def written(item: Input, value: float | None = None) -> str:
    """The figure of an input (or another value of it) as the slider shows it."""
    at = item.value if value is None else value
    if at is None:
        return ASKED
    shown = at / _SCALES[item.measure]
    sign = "+" if "±" in item.label and round(shown, 2) > 0 else ""
    if item.measure == "price":
        return figures.price(round(at, 4))
    if item.measure == "time":
        return f"{shown:.0f}" if abs(shown - round(shown)) < 0.005 else f"{shown:.1f}"
    if item.measure == "number":
        return f"{at:.4g}"
    return f"{sign}{shown:.2f}"


def unit_of(item: Input) -> str:
    """What the figure is in, in words."""
    return {
        "price": "price of the underlying",
        "volatility": "volatility points a root year",
        "time": "calendar days",
        "rate": "percent a year, continuously compounded",
        "number": "as the model has it",
    }[item.measure]


def read(item: Input, text: str) -> float:
    """A typed figure in natural units. InvalidValueError names the input where it is no number."""
    word = text.strip().removesuffix("%").replace(",", "")
    try:
        number = float(word.replace("_", "x"))
    except ValueError:
        raise InvalidValueError(item.label, repr(text.strip()), HINTS[item.measure]) from None
    return number * _SCALES[item.measure]
