"""What `optionix strategy` reads: legs as JSON, lists of numbers and dates, and where odds and values come from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from optionix_core.errors import InvalidValueError, MalformedFileError, UnknownNameError, UsageError
from optionix_tui.cli.files import DASH, SHOWN, as_file
from optionix_tui.cli.output import say

if TYPE_CHECKING:
    from optionix_core.portfolio.strategies.values import Strategy
    from optionix_core.services.strategies import FlatMarket
    from optionix_core.services.strategies_json import LegInput
    from optionix_core.services.surfaces import ModelName
    from optionix_core.volatility.surface.surface import VolatilitySurface
    from optionix_tui.cli.face import Face

NO_SMILE = "none"


class Numbers(NamedTuple):
    """What was typed in the place of a surface."""

    spot: float | None
    rate: float | None
    dividend_yield: float | None
    volatility: float | None

    def market(self) -> FlatMarket | None:
        """As the engine takes it; None where nothing was typed. UsageError names what is missing."""
        if all(value is None for value in self):
            return None
        for option, value in (("--spot", self.spot), ("--rate", self.rate)):
            if value is None:
                raise UsageError(f"{option} is missing: without a surface, values need --spot and --rate")
        from optionix_core.services.strategies import FlatMarket

        return FlatMarket(self.spot or 0.0, self.rate or 0.0, self.dividend_yield or 0.0, self.volatility)


def refuse_beside_surface(typed: Numbers) -> None:
    """UsageError for a number that the surface tells itself."""
    named = (("--spot", typed.spot), ("--volatility", typed.volatility), ("--dividend-yield", typed.dividend_yield))
    for option, value in named:
        if value is not None:
            raise UsageError(f"{option} has no say beside --surface")


def read(legs: str, multiplier: Decimal) -> tuple[LegInput, ...]:
    """Legs out of what follows `--legs`: JSON, `@FILE` or `-`."""
    from optionix_core.services import strategies_json

    if multiplier <= 0:
        raise InvalidValueError("--multiplier", multiplier, "positive")
    if legs != DASH and not legs.startswith("@"):
        return strategies_json.legs_of(legs, multiplier)
    name = legs.removeprefix("@")
    shown = SHOWN if name == DASH else name
    with as_file(name) as path:
        return strategies_json.legs_of(_text(path, shown), multiplier, shown)


def along(strategy: Strategy, given: Sequence[LegInput]) -> list[LegInput]:
    """What was given, in the order of the strategy's legs."""
    return [next(one for one in given if one.leg is leg) for leg in strategy.legs]


def surface(face: Face, source: str, model: str | None, rate: float | None) -> VolatilitySurface:
    """The surface of a chain, fitted now, or one that was saved."""
    from optionix_tui.cli.surface_source import Where, surface_of

    return surface_of(face, Where(source, None, model, None, None, None, None, rate)).surface


def prepared(model: str) -> ModelName | None:
    """A smile's model, its kernels compiled; None for `none`."""
    from optionix_core.services import surfaces

    if model == NO_SMILE:
        return None
    chosen = surfaces.model_of(model)
    if not surfaces.is_prepared(chosen):
        say("compiling the kernels, once on this machine")
    surfaces.prepare(chosen)
    return chosen


def numbers(option: str, text: str | None) -> tuple[Decimal, ...]:
    """Decimals with commas between; none where nothing was typed."""
    found = []
    for word in () if text is None else text.split(","):
        try:
            number = Decimal(word.strip())
        except InvalidOperation:
            number = Decimal("nan")
        if not number.is_finite():
            raise UsageError(f"{option} must be numbers with commas between (got {word.strip()!r})")
        found.append(number)
    return tuple(found)


def dates(text: str) -> tuple[date, ...]:
    """Dates with commas between."""
    found = []
    for word in text.split(","):
        try:
            found.append(date.fromisoformat(word.strip()))
        except ValueError:
            raise UsageError(f"--expiry must be dates such as 2027-01-15 (got {word.strip()!r})") from None
    return tuple(found)


def proportion(text: str | None) -> tuple[int, int] | None:
    """`2:3` as a pair."""
    if text is None:
        return None
    near, mark, far = text.partition(":")
    if not (mark and near.isdecimal() and far.isdecimal()):
        raise UsageError(f"--ratio must be two whole numbers such as 1:2 (got {text!r})")
    return int(near), int(far)


def _text(path: Path, shown: str) -> str:
    if not path.is_file():
        raise UnknownNameError("file", shown)
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedFileError(shown, f"is not UTF-8: {error.reason}") from error
