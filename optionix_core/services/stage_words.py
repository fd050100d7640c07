"""What a user writes to place a named strategy: `iron-condor 220/225/245/250`, `short strangle delta .2`, `2 calendar`.

A name of the catalogue or of a family; then, in any order, strikes with a stroke between, `width 5` or `delta .1/.3`
in their place, `x2` units, `call` or `put` for a family of both. `short` turns every leg round.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import TYPE_CHECKING, TypeVar

from optionix_core.errors import InvalidValueError, UnknownNameError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Number = TypeVar("Number")

USAGE = "NAME [STRIKE/STRIKE/...] [width W] [delta D/D/...] [xUNITS] [short] [call|put]"
EXAMPLE = "iron-condor 220/225/245/250"
_ALIASES = {
    "condor": "iron-condor",
    "fly": "butterfly",
    "iron-fly": "iron-butterfly",
    "rr": "risk-reversal",
    "spread": "vertical",
    "call-spread": "bull-call-spread",
    "put-spread": "bear-put-spread",
}
"""What traders say beside the names of the catalogue; `condor` alone is the iron one, `condor call` the other."""


@dataclass(frozen=True, slots=True)
class StrategyWords:
    """A strategy as it was written."""

    name: str
    strikes: tuple[Decimal, ...] = ()
    width: Decimal | None = None
    deltas: tuple[float, ...] = ()
    units: int = 1
    short: bool = False
    option_type: str | None = None


def parse(text: str) -> StrategyWords:
    """What was written. Raises UsageError for a word that has no place, UnknownNameError for the name of none."""
    words, name = iter(text.lower().split()), ""
    values: dict[str, object] = {}
    for word in words:
        read = _read(word, words)
        if read is not None:
            values |= read
        elif not name:
            name = word
        else:
            raise UsageError(f"{word!r} has no place behind {name}: {USAGE}")
    if not name:
        raise UsageError(f"a strategy needs a name: {USAGE}, such as {EXAMPLE}")
    chosen = StrategyWords(_name(name, values.get("option_type")), **values)  # type: ignore[arg-type] # fields by name
    if sum((bool(chosen.strikes), chosen.width is not None, bool(chosen.deltas))) > 1:
        raise UsageError("give strikes, width or delta: one of them")
    return chosen


def _read(word: str, after: Iterator[str]) -> dict[str, object] | None:
    """What a word says beside the name; None where it may be the name."""
    if word in {"short", "long"}:
        return {"short": word == "short"}
    if word in {"call", "calls", "put", "puts"}:
        return {"option_type": word.rstrip("s")}
    if word in {"width", "delta"}:
        number = next(after, None)
        if number is None:
            raise UsageError(f"{word} needs a number: {USAGE}")
        return _option(word, number)
    units = _units(word)
    if units is not None:
        return {"units": units}
    if word[0].isdigit() or word[0] in "/.":
        return {"strikes": _numbers("strikes", word, _decimal)}
    return None


def is_strategy(word: str) -> bool:
    """Whether a word is the name of a strategy, of a family, or what traders say for one."""
    from optionix_core.portfolio.strategies.catalogue import FAMILIES, SHAPES

    wanted = word.lower()
    return wanted in SHAPES or wanted in FAMILIES or wanted in _ALIASES


def names() -> tuple[str, ...]:
    """Everything that can be placed out of a chain, families first."""
    from optionix_core.portfolio.strategies.catalogue import FAMILIES, SHAPES

    placed = [shape.name for shape in SHAPES.values() if shape.expiries]
    return (*(one for one in FAMILIES if one != "stock"), *(name for name in placed if name not in FAMILIES))


def _name(word: str, option_type: object) -> str:
    if option_type is None and word in _ALIASES:
        return _ALIASES[word]
    if not is_strategy(word):
        known = names()
        near = get_close_matches(word, known, n=3, cutoff=0.4)
        raise UnknownNameError("strategy", word, tuple(near) or known)
    return _ALIASES.get(word, word) if word != "condor" else word


def _option(word: str, number: str) -> dict[str, object]:
    if word == "delta":
        return {"deltas": _numbers("delta", number, float)}
    return {"width": _numbers("width", number, _decimal)[0]}


def _units(word: str) -> int | None:
    """`x2` or `2x`; a bare number up to 99 would be a strike, so it is none."""
    number = word[1:] if word.startswith("x") else word[:-1] if word.endswith("x") else ""
    if not number.isdecimal():
        return None
    if int(number) < 1:
        raise InvalidValueError("units", repr(word), "a whole number, at least 1")
    return int(number)


def _numbers(field: str, text: str, read: Callable[[str], Number]) -> tuple[Number, ...]:
    parts: Sequence[str] = text.replace(",", "/").split("/")
    try:
        return tuple(read(part) for part in parts)
    except (ValueError, InvalidOperation):
        raise InvalidValueError(field, repr(text), f"numbers with / between, such as {EXAMPLE.split()[1]}") from None


def _decimal(text: str) -> Decimal:
    from optionix_core.portfolio.strategies.values import check_number

    number = Decimal(text)
    check_number("strikes", number)
    return number
