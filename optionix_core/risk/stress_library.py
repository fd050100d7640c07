"""Stress scenarios as values, read from TOML: what moved, by how much, and who says so.

Every scenario names its source. A historical one compares two closes and says what of that day is not known; what is
not known is left as it is, never filled in. An unknown key, a missing one or a value outside its bound is an error
that names file, scenario, key, value and bound.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from optionix_core.errors import MalformedFileError, UnknownNameError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]

REFERENCE_DAYS: Final = 30.0
"""Tenor at which a change of skew is stated."""


class ScenarioKind(StrEnum):
    """Where a scenario comes from."""

    HISTORICAL = "historical"
    """It happened, between two closes."""
    HYPOTHETICAL = "hypothetical"
    """Chosen by us."""
    USER = "user"
    """Read from a user's own file."""


@dataclass(frozen=True, slots=True)
class VolatilityMove:
    """Change of implied volatility at one tenor."""

    days: float
    """Calendar days to expiry."""
    change: float
    """Added to annualised volatilities, a fraction: 0.05 is five points."""
    index: str = ""
    """Index of implied volatility that it was read from."""
    before: float | None = None
    """Of the index, a fraction, where it is known."""
    after: float | None = None


@dataclass(frozen=True, slots=True)
class StressScenario:
    """One scenario. Moves are those of the whole market unless `spots` names an underlying."""

    id: str
    title: str
    kind: ScenarioKind
    source: str
    """Who says that it happened, or that it was chosen."""
    day: date | None = None
    """Of the later close; None for what happened on no day."""
    compared_with: date | None = None
    """Of the earlier close."""
    index: str = ""
    """Whose move `spot` is."""
    spot: float | None = None
    """Relative move of every underlying that `spots` does not name; None: nothing is said about those."""
    spots: Mapping[str, float] = field(default_factory=dict)
    """Relative moves by underlying."""
    volatility: tuple[VolatilityMove, ...] = ()
    """In order of their tenors; none: volatilities stay."""
    decay: float = 0.0
    """Beyond the last tenor the change falls as (last / days) to this power."""
    skew: float = 0.0
    """Added to volatilities per unit of ln(strike / forward) at 30 days; longer, it falls by `decay` too."""
    rate: float = 0.0
    """Added to zero rates of every currency."""
    dividend_yield: float = 0.0
    """Added to continuous dividend yields."""
    days: float = 0.0
    """Calendar days that pass."""
    spread: float = 1.0
    """What quoted spreads are multiplied by when the book is closed in the scenario."""
    unknown: tuple[str, ...] = ()
    """What of that day is not known and therefore left as it is."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "spots", MappingProxyType(dict(self.spots)))

    def volatility_change(self, days: ArrayLike) -> FloatArray:
        """Change of volatilities at each tenor in calendar days, same shape.

        Linear in ln(days) between the stated tenors, that of the first one before it, and
        change(last) (last / days)^decay after the last one.
        """
        import numpy as np

        asked = np.asarray(days, dtype=np.float64)
        if not self.volatility:
            return np.zeros(asked.shape)
        tenors = np.array([move.days for move in self.volatility])
        changes = np.array([move.change for move in self.volatility])
        inside = np.interp(np.log(asked), np.log(tenors), changes)
        falling: FloatArray = inside * np.minimum(1.0, tenors[-1] / asked) ** self.decay
        return falling

    def skew_change(self, days: ArrayLike) -> FloatArray:
        """Change per unit of ln(strike / forward) at each tenor in calendar days, same shape."""
        import numpy as np

        asked = np.asarray(days, dtype=np.float64)
        falling: FloatArray = self.skew * np.minimum(1.0, REFERENCE_DAYS / asked) ** self.decay
        return falling


def read(path: Path, kind: ScenarioKind | None = None) -> tuple[StressScenario, ...]:
    """The scenarios of a file; MalformedFileError where it cannot be read. See `parse`."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MalformedFileError(str(path), f"cannot be read: {error}") from error
    return parse(text, str(path), kind)


def parse(text: str, source: str, kind: ScenarioKind | None = None) -> tuple[StressScenario, ...]:
    """Scenarios of a TOML text, each an entry of `[[scenario]]`; `source` names the file in errors.

    With `kind` the scenarios are of that kind and may leave `kind` and `source` out (a user's own file).
    Raises MalformedFileError naming the scenario, the key, the value and the bound.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"line (\d+)", str(error))
        raise MalformedFileError(source, f"is not TOML: {error}", line=int(place[1]) if place else None) from error
    if extra := sorted(set(document) - {"scenario"}):
        raise MalformedFileError(source, f"unknown key {extra[0]!r}; known: scenario")
    rows = document.get("scenario", [])
    if not isinstance(rows, list) or not rows:
        raise MalformedFileError(source, "has no [[scenario]]")
    found = [_Reader(source, f"scenario {number}", row).scenario(kind) for number, row in enumerate(rows, start=1)]
    seen: set[str] = set()
    for one in found:
        if one.id in seen:
            raise MalformedFileError(source, f"id must be unique (got {one.id!r} twice)")
        seen.add(one.id)
    return tuple(found)


def chosen(scenarios: Iterable[StressScenario], names: Iterable[str]) -> tuple[StressScenario, ...]:
    """Scenarios by id, in the order asked for; UnknownNameError with the ids that there are."""
    known = {one.id: one for one in scenarios}
    picked = []
    for name in names:
        if name not in known:
            raise UnknownNameError("scenario", name, tuple(known))
        picked.append(known[name])
    return tuple(picked)


class _Reader:
    """One table of the file: takes keys out, so that what is left over is unknown."""

    def __init__(self, source: str, where: str, table: object) -> None:
        if not isinstance(table, dict):
            raise MalformedFileError(source, f"{where} must be a table (got {table!r})")
        self._source = source
        self._where = where
        self._known: list[str] = []
        self._left: dict[str, Any] = dict(table)

    def scenario(self, kind: ScenarioKind | None) -> StressScenario:
        name = self._text("id")
        self._where = f"scenario {name!r}"
        stated = self._text("kind", "" if kind is None else kind.value)
        of = ScenarioKind(stated) if stated in set(ScenarioKind) else None
        if of is None or (kind is not None and of is not kind):
            raise self._wrong("kind", stated, kind.value if kind is not None else ", ".join(ScenarioKind))
        built = StressScenario(
            id=name,
            title=self._text("title", name),
            kind=of,
            source=self._text("source", None if kind is None else self._source),
            day=self._day("date", needed=of is ScenarioKind.HISTORICAL),
            compared_with=self._day("from", needed=of is ScenarioKind.HISTORICAL),
            index=self._text("index", None if of is ScenarioKind.HISTORICAL else ""),
            spot=self._spot(),
            spots=self._spots(),
            volatility=self._volatility(),
            decay=self._number("decay", 0.0, 0.0, 2.0),
            skew=self._number("skew", 0.0, -5.0, 5.0),
            rate=self._number("rate", 0.0, -0.5, 0.5),
            dividend_yield=self._number("dividend_yield", 0.0, -0.5, 0.5),
            days=self._number("days", 0.0, 0.0, 3650.0),
            spread=self._number("spread", 1.0, 1.0, 1000.0),
            unknown=self._texts("unknown"),
        )
        self._nothing_left()
        if built.spot is None and not built.spots:
            raise MalformedFileError(self._source, f"{self._where} says no move of a spot: spot or spots is missing")
        if built.day and built.compared_with and not built.compared_with < built.day:
            raise self._wrong("from", built.compared_with, f"before {built.day}")
        return built

    def _spot(self) -> float | None:
        stated: float | None = self._number("spot", None, -1.0, 10.0, open_below=True)
        before: float | None = self._number(_SPOT_ENDS[0], None, 0.0, math.inf, open_below=True)
        after: float | None = self._number(_SPOT_ENDS[1], None, 0.0, math.inf, open_below=True)
        if before is None and after is None:
            return stated
        if before is None or after is None:
            raise MalformedFileError(self._source, f"{self._where} has one of {' and '.join(_SPOT_ENDS)} alone")
        if stated is not None:
            raise MalformedFileError(self._source, f"{self._where} states spot twice: by itself and by its closes")
        return after / before - 1.0

    def _spots(self) -> dict[str, float]:
        table = self._take("spots", {})
        if not isinstance(table, dict):
            raise self._wrong("spots", table, "a table of underlyings")
        inner = _Reader(self._source, f"{self._where}, spots", table)
        moves = {str(name): inner._number(str(name), None, -1.0, 10.0, open_below=True) for name in table}
        return {name: move for name, move in moves.items() if move is not None}

    def _volatility(self) -> tuple[VolatilityMove, ...]:
        rows = self._take("volatility", [])
        if not isinstance(rows, list):
            raise self._wrong("volatility", rows, "entries [[scenario.volatility]]")
        moves: list[VolatilityMove] = []
        for number, row in enumerate(rows, start=1):
            inner = _Reader(self._source, f"{self._where}, volatility {number}", row)
            moves.append(inner._move())
            inner._nothing_left()
            if number > 1 and not moves[-2].days < moves[-1].days:
                raise inner._wrong("days", moves[-1].days, f"above {moves[-2].days:g}, the tenor before it")
        return tuple(moves)

    def _move(self) -> VolatilityMove:
        days = self._number("days", None, 0.0, 36500.0, open_below=True)
        if days is None:
            raise MalformedFileError(self._source, f"{self._where}: days is missing")
        change = self._number("change", None, -5.0, 5.0)
        before, after = (self._number(key, None, 0.0, 10.0, open_below=True) for key in ("before", "after"))
        index = self._text("index", "")
        if change is None and before is not None and after is not None:
            return VolatilityMove(days, after - before, index, before, after)
        if change is None or before is not None or after is not None:
            raise MalformedFileError(self._source, f"{self._where} needs either change, or before and after")
        return VolatilityMove(days, change, index)

    def _take(self, key: str, default: Any) -> Any:
        self._known.append(key)
        return self._left.pop(key, default)

    def _text(self, key: str, default: str | None = None) -> str:
        value = self._take(key, default)
        if value is None:
            raise MalformedFileError(self._source, f"{self._where}: {key} is missing")
        if not isinstance(value, str) or (not value and default != ""):
            raise self._wrong(key, repr(value), "a text that is not empty")
        return value

    def _texts(self, key: str) -> tuple[str, ...]:
        value = self._take(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self._wrong(key, repr(value), "a list of texts")
        return tuple(value)

    def _day(self, key: str, *, needed: bool) -> date | None:
        value = self._take(key, None)
        if value is None and needed:
            raise MalformedFileError(self._source, f"{self._where}: {key} is missing")
        if value is not None and type(value) is not date:
            raise self._wrong(key, repr(value), "a date such as 2020-03-16")
        return value

    def _number(self, key: str, default: Any, low: float, high: float, *, open_below: bool = False) -> Any:
        value = self._take(key, None)
        if value is None:
            return default
        bound = f"a number {'above' if open_below else 'from'} {low:g}" + (f" to {high:g}" if high < math.inf else "")
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._wrong(key, repr(value), bound)
        if not (low < value if open_below else low <= value) or not value <= high or math.isinf(value):
            raise self._wrong(key, value, bound)
        return float(value)

    def _nothing_left(self) -> None:
        if self._left:
            known = ", ".join(sorted(self._known))
            raise MalformedFileError(
                self._source, f"{self._where}: unknown key {next(iter(self._left))!r}; known: {known}"
            )

    def _wrong(self, key: str, value: object, bound: str) -> MalformedFileError:
        return MalformedFileError(self._source, f"{self._where}: {key} must be {bound} (got {value})")


_SPOT_ENDS: Final = ("spot_before", "spot_after")
