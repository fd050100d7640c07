"""What the contracts of a book are together: every contract in exactly one named strategy, nothing left over.

What one order opened together comes first, as far as it is still held and is a strategy of the catalogue. The rest is
put together from the inside out, always in whole units, nearest strikes first: verticals, what two verticals make
(iron condors and butterflies, boxes, butterflies, condors), ratios, what stands beside stock, calendars and diagonals,
then calls with puts. What remains is held alone. Which strategy a trader means cannot be seen from positions; the rule
is fixed, so that the same book is always told the same way. Refuses to put together what settles differently.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import combinations, product
from typing import Final, NamedTuple

from optionix_core.errors import InvalidValueError
from optionix_core.portfolio.exact import ZERO, exact_arithmetic
from optionix_core.portfolio.strategies.catalogue import RATIO_FAMILIES, SHAPES
from optionix_core.portfolio.strategies.recognition import recognise
from optionix_core.portfolio.strategies.values import CUSTOM, ExpiryKey, Leg, Strategy

_Unit = tuple[tuple[str, Decimal], ...]
"""One unit of a group: signed amounts by symbol, by name of the symbol."""
_Series = tuple[ExpiryKey, Decimal]
"""What options share that may stand in one strategy of one expiry: date and root, and multiplier."""

_OF_TWO_VERTICALS: Final = (
    "iron-condor", "iron-butterfly", "box", "butterfly", "broken-wing-butterfly", "condor",
)  # fmt: skip
"""Families, the first that fits before the others."""
_MOST_LEGS: Final = 4
"""Of a strategy of the catalogue."""


class Lots(NamedTuple):
    """A part of a position that one entry of the ledger opened."""

    entry: str
    quantity: Decimal
    """Signed as the position."""


@dataclass(frozen=True, slots=True)
class Held:
    """One position of a book."""

    symbol: str
    leg: Leg
    """Of the whole position; an option's with its expiry."""
    lots: tuple[Lots, ...] = ()
    """What opened it, as far as that is known."""


def group(held: Iterable[Held]) -> tuple[Strategy, ...]:
    """The strategies of positions on one underlying in one currency; their legs bear the symbols.

    In the order of their first expiry, then strikes. Quantities of a symbol over all strategies sum to what is held,
    each with the position's own sign. Raises InvalidValueError for a symbol given twice and an option without expiry.
    """
    book: dict[str, Held] = {}
    for one in held:
        if one.symbol in book:
            raise InvalidValueError("symbol", repr(one.symbol), "given once")
        if one.leg.type != "stock" and one.leg.expiry is None:
            raise InvalidValueError("expiry", f"none for {one.symbol}", "told for every option")
        book[one.symbol] = one
    with exact_arithmetic():
        found = _Partition({symbol: one.leg for symbol, one in book.items()})
        found.take_opened_together(book)
        found.take_all()
        return found.strategies()


class _Vertical(NamedTuple):
    unit: _Unit
    series: _Series
    type: str
    low: Decimal
    high: Decimal
    sign: int
    """At the low strike."""

    def goes_with(self, other: _Vertical) -> bool:
        """Whether the two may be one strategy: turned against each other and not across each other."""
        if self.series != other.series or self.sign == other.sign:
            return False
        if self.type == other.type:
            return self.high <= other.low or other.high <= self.low
        put, call = (self, other) if self.type == "put" else (other, self)
        return put.high <= call.low or (put.low, put.high) == (call.low, call.high)

    def apart(self, other: _Vertical) -> Decimal:
        """Between the strikes of the two that are nearest."""
        return max(self.low, other.low) - min(self.high, other.high)


class _Partition:
    """What is still to be put somewhere, and the groups that were found."""

    def __init__(self, legs: Mapping[str, Leg]) -> None:
        self._legs = dict(legs)
        self._left = {symbol: leg.quantity for symbol, leg in legs.items()}
        self._found: dict[_Unit, Decimal] = {}

    def take_opened_together(self, book: Mapping[str, Held]) -> None:
        """Groups of what one entry opened, in the order of the entries' names."""
        entries: dict[str, dict[str, Decimal]] = {}
        for symbol, one in book.items():
            for lot in one.lots:
                own = entries.setdefault(lot.entry, {})
                own[symbol] = own.get(symbol, ZERO) + lot.quantity
        for _, amounts in sorted(entries.items()):
            if len(amounts) > 1:
                within = _Partition({symbol: self._leg(symbol, amount) for symbol, amount in amounts.items()})
                within.take_all()
                for unit, units in within._found.items():
                    if len(unit) > 1:
                        self._take(unit, units)

    def take_all(self) -> None:
        """Put everything that is left somewhere."""
        self._take_if_one(self._left)
        for series in sorted({self._series(symbol) for symbol in self._options()}):
            self._take_if_one({s: self._left[s] for s in self._options() if self._series(s) == series})
        verticals = self._take_verticals()
        self._join_verticals(verticals)
        self._join_ratios(verticals)
        self._take_beside_stock()
        self._take_across_expiries()
        self._take_calls_with_puts()
        for symbol, amount in list(self._left.items()):
            self._take(((symbol, _sign(amount)),), abs(amount))

    def strategies(self) -> tuple[Strategy, ...]:
        """The groups as strategies."""
        made = (
            recognise(self._leg(symbol, amount * units) for symbol, amount in unit)
            for unit, units in self._found.items()
        )
        return tuple(sorted(made, key=_place))

    # What is left, and what is taken of it

    def _leg(self, symbol: str, amount: Decimal) -> Leg:
        return replace(self._legs[symbol], quantity=amount, symbol=symbol)

    def _series(self, symbol: str) -> _Series:
        leg = self._legs[symbol]
        return leg.expiry_key or (date.min, ""), leg.multiplier

    def _strike(self, symbol: str) -> Decimal:
        return self._legs[symbol].strike or ZERO

    def _options(self, option_type: str | None = None) -> list[str]:
        return [
            symbol
            for symbol in self._left
            if self._legs[symbol].type != "stock" and option_type in (None, self._legs[symbol].type)
        ]

    def _take(self, unit: Iterable[tuple[str, Decimal]], units: Decimal) -> _Unit:
        key = tuple(sorted(unit))
        for symbol, amount in key:
            self._put_back(symbol, -amount * units)
        self._found[key] = self._found.get(key, ZERO) + units
        return key

    def _put_back(self, symbol: str, amount: Decimal) -> None:
        left = self._left.get(symbol, ZERO) + amount
        if left:
            self._left[symbol] = left
        else:
            del self._left[symbol]

    def _break_up(self, unit: _Unit, units: Decimal) -> None:
        """Take units of a group back among what is left."""
        self._found[unit] -= units
        if not self._found[unit]:
            del self._found[unit]
        for symbol, amount in unit:
            self._put_back(symbol, amount * units)

    def _take_pairs(self, pairs: Iterable[tuple[str, str]]) -> list[tuple[_Unit, str, str]]:
        """As much as there is left of each pair in turn, one of each a unit."""
        taken = []
        for first, second in pairs:
            if first in self._left and second in self._left:
                amounts = self._left[first], self._left[second]
                unit = self._take(
                    ((first, _sign(amounts[0])), (second, _sign(amounts[1]))), min(abs(one) for one in amounts)
                )
                taken.append((unit, first, second))
        return taken

    def _family(self, unit: Iterable[tuple[str, Decimal]]) -> str:
        name = recognise([self._leg(symbol, amount) for symbol, amount in unit]).name
        return name if name == CUSTOM else SHAPES[name].family

    # The steps

    def _take_if_one(self, amounts: Mapping[str, Decimal]) -> None:
        """Several positions that are one strategy, exactly."""
        multipliers = {self._legs[symbol].multiplier for symbol in amounts if self._legs[symbol].type != "stock"}
        if 1 < len(amounts) <= _MOST_LEGS and len(multipliers) == 1:
            whole = recognise([self._leg(symbol, amount) for symbol, amount in amounts.items()])
            if whole.name != CUSTOM:
                self._take([(symbol, amount / whole.units) for symbol, amount in amounts.items()], whole.units)

    def _opposite(self, symbols: Iterable[str]) -> Iterable[tuple[str, str]]:
        """Each long with each short one."""
        told = list(symbols)
        longs = [symbol for symbol in told if self._left[symbol] > 0]
        return product(longs, (symbol for symbol in told if self._left[symbol] < 0))

    def _take_verticals(self) -> list[_Vertical]:
        found = []
        for option_type in ("put", "call"):
            by_series: dict[_Series, list[str]] = {}
            for symbol in self._options(option_type):
                by_series.setdefault(self._series(symbol), []).append(symbol)
            for series, symbols in sorted(by_series.items()):
                pairs = sorted(self._opposite(symbols), key=lambda pair: self._distance(*pair))
                for unit, bought, sold in self._take_pairs(pairs):
                    strikes = self._strike(bought), self._strike(sold)
                    sign = 1 if strikes[0] < strikes[1] else -1
                    found.append(_Vertical(unit, series, option_type, min(strikes), max(strikes), sign))
        return found

    def _distance(self, first: str, second: str) -> tuple[Decimal, Decimal, str, str]:
        strikes = self._strike(first), self._strike(second)
        return max(strikes) - min(strikes), min(strikes), first, second

    def _join_verticals(self, verticals: list[_Vertical]) -> None:
        candidates = []
        for one, other in combinations(verticals, 2):
            if one.goes_with(other):
                joined = _sum(one.unit, other.unit)
                family = self._family(joined)
                if family in _OF_TWO_VERTICALS:
                    rank = _OF_TWO_VERTICALS.index(family)
                    candidates.append((rank, one.apart(other), one.unit, other.unit, joined))
        for _, _, first, second, joined in sorted(candidates):
            units = min(self._found.get(first, ZERO), self._found.get(second, ZERO))
            if units:
                self._break_up(first, units)
                self._break_up(second, units)
                self._take(joined, units)

    def _join_ratios(self, verticals: list[_Vertical]) -> None:
        """More contracts at one strike of a vertical, a whole number to each unit of it."""
        for vertical in verticals:
            for symbol, amount in vertical.unit:
                units, more = self._found.get(vertical.unit, ZERO), self._left.get(symbol, ZERO)
                if units and more * amount > 0 and not more % units:
                    joined = _sum(vertical.unit, ((symbol, more / units),))
                    if self._family(joined) in RATIO_FAMILIES:
                        self._break_up(vertical.unit, units)
                        self._take(joined, units)

    def _take_beside_stock(self) -> None:
        for stock in [symbol for symbol in self._left if self._legs[symbol].type == "stock"]:
            puts, calls = self._options("put"), self._options("call")
            three = [
                (call_series[0], *self._distance(put, call)[:2], put, call)
                for put, call in product(puts, calls)
                if (call_series := self._series(call)) == self._series(put) and self._left[put] * self._left[call] < 0
            ]
            for *_, put, call in sorted(three):
                self._take_with_stock(stock, put, call)
            short_first = sorted(
                self._options(), key=lambda one: (self._left[one] > 0, self._series(one)[0], self._strike(one), one)
            )
            for symbol in short_first:
                self._take_with_stock(stock, symbol)

    def _take_with_stock(self, stock: str, *options: str) -> None:
        if any(symbol not in self._left for symbol in (stock, *options)):
            return
        held, lot = self._left[stock], self._legs[options[0]].multiplier
        unit = ((stock, lot * _sign(held)), *((symbol, _sign(self._left[symbol])) for symbol in options))
        lots = abs(held) // (lot * self._legs[stock].multiplier)
        units = min(lots, *(abs(self._left[symbol]) for symbol in options))
        if units and self._family(unit) != CUSTOM:
            self._take(unit, units)

    def _take_across_expiries(self) -> None:
        calendars = []
        for option_type in ("put", "call"):
            pairs = [
                (self._strike(one) != self._strike(other), self._gap(one, other), *self._distance(one, other))
                for one, other in self._opposite(self._options(option_type))
                if self._gap(one, other) and self._series(one)[1] == self._series(other)[1]
            ]
            calendars += self._take_pairs(pair[-2:] for pair in sorted(pairs))
        for one, other in combinations([unit for unit, *_ in calendars], 2):
            units = min(self._found.get(one, ZERO), self._found.get(other, ZERO))
            if units and self._family(joined := _sum(one, other)) == "jelly-roll":
                self._break_up(one, units)
                self._break_up(other, units)
                self._take(joined, units)

    def _gap(self, first: str, second: str) -> int:
        """Days between two expiries."""
        return abs((self._series(first)[0][0] - self._series(second)[0][0]).days)

    def _take_calls_with_puts(self) -> None:
        pairs = [
            (self._strike(put) != self._strike(call), self._left[put] * self._left[call] < 0,
             self._series(put)[0], *self._distance(put, call))
            for put, call in product(self._options("put"), self._options("call"))
            if self._series(put) == self._series(call)
            and (self._left[put] * self._left[call] > 0 or self._strike(put) <= self._strike(call))
        ]  # fmt: skip
        self._take_pairs(pair[-2:] for pair in sorted(pairs))


def _sign(amount: Decimal) -> Decimal:
    return Decimal(1) if amount > 0 else Decimal(-1)


def _sum(*units: Iterable[tuple[str, Decimal]]) -> _Unit:
    total: dict[str, Decimal] = {}
    for unit in units:
        for symbol, amount in unit:
            total[symbol] = total.get(symbol, ZERO) + amount
    return tuple(sorted(total.items()))


def _place(strategy: Strategy) -> tuple[object, ...]:
    first = min((leg.expiry_key for leg in strategy.legs if leg.expiry_key is not None), default=(date.min, ""))
    return (*first, [leg.strike or ZERO for leg in strategy.legs], [leg.symbol or "" for leg in strategy.legs])
