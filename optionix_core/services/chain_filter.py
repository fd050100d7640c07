"""Which strikes and expiries of a chain are shown: a small language, read once and then applied to every view.

`220-240` strikes between, `>230`, `<250`; `10%` within that share of the forward; `+-12` rows on each side of the
money. A name in front makes a condition on something else: `delta .2-.4`, `days 7-60`, `volume >100`, `oi >1k`,
`spread <5%` of the mid or `spread <.10` in price, `moneyness -5..10`, `sigma 2`, `iv 20-30`; `otm` and `itm` keep one
side of the money. Conditions with blanks between them all hold. Those on options keep a strike where its call or its
put meets them all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from optionix_core.errors import InvalidValueError

if TYPE_CHECKING:
    from optionix_core.services.chain_rows import ChainRow, SideRow
    from optionix_core.services.chain_view import ChainView, ExpiryTab

_NUMBER = r"(?:\d+(?:\.\d*)?|\.\d+)"
_SIGNED = rf"[+-]?{_NUMBER}"
_UNITS = {"": 1.0, "k": 1e3, "m": 1e6}
_RANGES = (
    re.compile(rf"(?P<low>{_NUMBER})(?P<lu>[kKmM]?)%?-(?P<high>{_NUMBER})(?P<hu>[kKmM]?)(?P<share>%?)$"),
    re.compile(rf"(?P<low>{_SIGNED})(?P<lu>[kKmM]?)%?\.\.(?P<high>{_SIGNED})(?P<hu>[kKmM]?)(?P<share>%?)$"),
    re.compile(rf">=?(?P<low>{_SIGNED})(?P<lu>[kKmM]?)(?P<share>%?)$"),
    re.compile(rf"<=?(?P<high>{_SIGNED})(?P<hu>[kKmM]?)(?P<share>%?)$"),
)
_WITHIN = re.compile(rf"(?:\+-|±)?({_NUMBER})(%?)$")
_OPERATOR = re.compile(r"[<>]=?|\+-|±")
_NAME = re.compile(r"[A-Za-z][A-Za-z_-]*")

STRIKE, DAYS, MONEYNESS, SIGMA, SPREAD = "strike", "days", "moneyness", "sigma", "spread"
_SIDES = ("delta", "iv", "volume", "open_interest", SPREAD, "bid", "ask", "mid")
_ALIASES = {
    "vol": "volume", "oi": "open_interest", "open-interest": "open_interest", "money": MONEYNESS, "strikes": STRIKE,
    "day": DAYS, "dte": DAYS, "deltas": "delta", "sigmas": SIGMA, "spreads": SPREAD,
}  # fmt: skip
_SIDE_WORDS = ("otm", "itm")
FIELDS = (STRIKE, "delta", DAYS, "volume", "oi", SPREAD, MONEYNESS, SIGMA, "iv", "bid", "ask", "mid", *_SIDE_WORDS)
"""Words that a condition may begin with."""
EXAMPLES = "220-240  >230  10%  +-12  delta .2-.4  days 7-60  volume >100  oi >1k  spread <5%  moneyness -5..10  otm"


class Bounds(NamedTuple):
    """From `low` to `high`, both in."""

    low: float = -inf
    high: float = inf

    def hold(self, value: float | None) -> bool:
        """Whether a value lies between; what is absent does not."""
        return value is not None and self.low <= value <= self.high

    def narrowed(self, other: Bounds) -> Bounds:
        """What both allow."""
        return Bounds(max(self.low, other.low), min(self.high, other.high))


class SideCondition(NamedTuple):
    """A condition on an option."""

    field: str
    bounds: Bounds
    relative: bool = False
    """A spread as a share of the mid."""

    def holds(self, side: SideRow) -> bool:
        """Whether an option meets it. A delta counts by its size, a volatility in points."""
        if self.field == SPREAD:
            return self.bounds.hold(side.relative_spread if self.relative else side.spread)
        value: float | None = getattr(side, self.field)
        if value is not None and self.field == "delta":
            value = abs(value)
        elif value is not None and self.field == "iv":
            value = 100.0 * value
        return self.bounds.hold(value)


@dataclass(frozen=True, slots=True)
class ChainFilter:
    """What is kept; the neutral filter keeps everything."""

    text: str = ""
    strikes: Bounds = field(default_factory=Bounds)
    moneyness: Bounds = field(default_factory=Bounds)
    """Strike over forward, less one: a fraction."""
    sigma: Bounds = field(default_factory=Bounds)
    """Distance from the forward in standard deviations of the expiry."""
    rows: int | None = None
    """Rows kept on each side of the strike at the money."""
    days: Bounds = field(default_factory=Bounds)
    """Of expiries."""
    sides: tuple[SideCondition, ...] = ()
    money: str = ""
    """`otm` or `itm`: which options are kept."""

    @classmethod
    def parse(cls, text: str) -> ChainFilter:
        """From what a user wrote; InvalidValueError names the word that means nothing, and the nearest that does."""
        found = cls(" ".join(text.split()))
        for name, condition in _conditions(text):
            found = found._with(name, condition)
        for name, bounds in ((STRIKE, found.strikes), (MONEYNESS, found.moneyness), (DAYS, found.days)):
            if bounds.low > bounds.high:
                raise InvalidValueError("filter", repr(text), f"bounds of {name} that leave something between them")
        return found

    def _with(self, name: str, condition: str) -> ChainFilter:
        if name in _SIDE_WORDS:
            if self.money not in {"", name}:
                raise InvalidValueError("filter", repr(self.text), "otm or itm, not both")
            return replace(self, money=name)
        if name == STRIKE:
            return self._strikes(condition)
        bounds, relative = _bounds(name, condition)
        if name == DAYS:
            return replace(self, days=self.days.narrowed(bounds))
        if name == MONEYNESS:
            share = Bounds(bounds.low / 100, bounds.high / 100)
            return replace(self, moneyness=self.moneyness.narrowed(share))
        if name == SIGMA:
            return replace(self, sigma=self.sigma.narrowed(bounds))
        return replace(self, sides=(*self.sides, SideCondition(name, bounds, relative)))

    def _strikes(self, condition: str) -> ChainFilter:
        within = _WITHIN.match(condition)
        if within is None:
            bounds, share = _bounds(STRIKE, condition)
            if share:
                raise _mistake(condition, "moneyness with a range of percents, such as moneyness -5..10")
            return replace(self, strikes=self.strikes.narrowed(bounds))
        number, percent = within.groups()
        if percent:
            size = float(number) / 100
            return replace(self, moneyness=self.moneyness.narrowed(Bounds(-size, size)))
        if "." in number or int(number) > 999:
            raise _mistake(condition, "a whole number of rows up to 999, such as +-12")
        return replace(self, rows=int(number))

    @property
    def judges_options(self) -> bool:
        """Whether some options of a strike that is kept may be out."""
        return bool(self.sides or self.money)

    def keeps(self, view: ChainView, row: ChainRow, side: SideRow) -> bool:
        """Whether an option meets every condition on options."""
        if side.symbol is None:
            return False
        level = _level(view)
        if self.money and level is not None:
            out = row.strike >= level if side is row.call else row.strike <= level
            if out != (self.money == "otm"):
                return False
        return all(condition.holds(side) for condition in self.sides)

    def apply(self, view: ChainView) -> tuple[ChainRow, ...]:
        """The rows of `view` that are kept."""
        kept = tuple(row for row in view.rows if self.strikes.hold(row.strike))
        level = _level(view)
        if level and self.moneyness != Bounds():
            kept = tuple(row for row in kept if self.moneyness.hold(row.strike / level - 1.0))
        if self.sigma != Bounds():
            unit = view.expected_move
            kept = tuple(row for row in kept if level and unit and self.sigma.hold(abs(row.strike - level) / unit))
        if self.judges_options:
            kept = tuple(row for row in kept if any(self.keeps(view, row, side) for side in row.sides))
        if self.rows is not None and kept and level:
            middle = min(range(len(kept)), key=lambda index: abs(kept[index].strike - level))
            kept = kept[max(middle - self.rows, 0) : middle + self.rows + 1]
        return kept

    def expiries(self, tabs: Sequence[ExpiryTab]) -> tuple[ExpiryTab, ...]:
        """The expiries that are kept."""
        return tuple(tab for tab in tabs if self.days.hold(tab.days))


def _level(view: ChainView) -> float | None:
    return view.forward if view.forward is not None else view.spot


def _conditions(text: str) -> list[tuple[str, str]]:
    """Name and range of each condition; a range may follow its name with or without a blank."""
    words, found = text.split(), []
    place = 0
    while place < len(words):
        word = words[place]
        place += 1
        named = _NAME.match(word)
        if named is None:
            name, rest = STRIKE, word
        else:
            name, rest = _field(named.group()), word[named.end() :]
            if name in _SIDE_WORDS:
                if rest:
                    raise _mistake(word, f"{name} alone")
                found.append((name, ""))
                continue
        while (not rest or _OPERATOR.fullmatch(rest)) and place < len(words):
            rest, place = rest + words[place], place + 1
        found.append((name, rest))
    return found


def _field(word: str) -> str:
    name = _ALIASES.get(word.lower(), word.lower())
    if name in {STRIKE, DAYS, MONEYNESS, SIGMA, *_SIDES, *_SIDE_WORDS}:
        return name
    near = get_close_matches(word.lower(), (*FIELDS, *_ALIASES), n=1, cutoff=0.5)
    raise _mistake(word, f"one of {', '.join(FIELDS)}" if not near else f"a known word; nearest: {near[0]}")


def _bounds(name: str, condition: str) -> tuple[Bounds, bool]:
    """A range, and whether it was written in percents."""
    for form in _RANGES:
        matched = form.match(condition)
        if matched is not None:
            parts = matched.groupdict()
            low = -inf if parts.get("low") is None else float(parts["low"]) * _UNITS[parts["lu"].lower()]
            high = inf if parts.get("high") is None else float(parts["high"]) * _UNITS[parts["hu"].lower()]
            if low > high:
                raise _mistake(condition, "a range with its lower end first")
            if parts["share"] and name not in {SPREAD, MONEYNESS, "iv", STRIKE}:
                raise _mistake(condition, f"a range without %, as {name} is no share")
            return Bounds(low, high), bool(parts["share"])
    within = _WITHIN.match(condition)
    if within is not None and name in {SIGMA, MONEYNESS}:
        size = float(within.group(1))
        return (Bounds(0.0, size) if name == SIGMA else Bounds(-size, size)), bool(within.group(2))
    if name == STRIKE:
        raise _mistake(condition, "like 220-240, >230, <250, 10% or +-8, or begin with a field such as delta")
    raise _mistake(f"{name} {condition}".strip(), f"{name} with a range, such as {_SUCH[name]}")


_SUCH = {
    DAYS: "7-60", MONEYNESS: "-5..10", SIGMA: "2", SPREAD: "<5%", "delta": ".20-.40", "iv": "20-30",
    "volume": ">100", "open_interest": ">1k", "bid": ">.05", "ask": "<10", "mid": ".50-2",
}  # fmt: skip


def _mistake(word: str, bound: str) -> InvalidValueError:
    return InvalidValueError("filter", repr(word), bound)
