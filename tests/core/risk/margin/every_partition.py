"""Strategy margin by trying every way of putting single contracts into sets: slow, simple, and from the rule's text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from optionix_core.risk.margin.book import MarginBook, MarginPosition, nine_months_after


class Unit(NamedTuple):
    """One contract, or as many shares as one contract has."""

    position: MarginPosition
    sign: int
    """+1 long, -1 short."""

    @property
    def is_stock(self) -> bool:
        return not self.position.is_option


SPOT, LOT = 100.0, 100.0


def least(book: MarginBook, *, maintenance: bool = False) -> float:
    """The smallest requirement of all partitions, and the value of longs that is no equity."""
    units: list[Unit] = []
    odd = 0.0
    for position in book.positions:
        sign = 1 if position.quantity > 0 else -1
        if position.is_option:
            units += [Unit(position, sign)] * round(abs(position.quantity))
        else:
            lots, rest = divmod(abs(position.quantity), LOT)
            units += [Unit(position, sign)] * round(lots)
            odd += rest / LOT * _set([Unit(position, sign)], book, maintenance=maintenance)
    return odd + min(sum(_set(part, book, maintenance=maintenance) for part in parts) for parts in _partitions(units))


def _partitions(units: Sequence[Unit]) -> Iterator[list[list[Unit]]]:
    if not units:
        yield []
        return
    first, rest = units[0], units[1:]
    for parts in _partitions(rest):
        yield [[first], *parts]
        for at in range(len(parts)):
            yield [*parts[:at], [first, *parts[at]], *parts[at + 1 :]]


def _set(units: Sequence[Unit], book: MarginBook, *, maintenance: bool) -> float:  # noqa: PLR0911 - a rule a line
    """What a set needs; infinite where no rule takes its members together."""
    stocks = [unit for unit in units if unit.is_stock]
    longs = [unit.position for unit in units if not unit.is_stock and unit.sign > 0]
    shorts = [unit.position for unit in units if not unit.is_stock and unit.sign < 0]
    paid = sum(_paid(position, book) for position in longs)
    if len(stocks) > 1:
        return float("inf")
    if stocks:
        return _with_stock(stocks[0].sign, longs, shorts, maintenance=maintenance) + paid
    if not shorts:
        return paid if len(longs) == 1 else float("inf")
    if not longs:
        if len(shorts) == 1:
            return _value(shorts[0]) + _margin(shorts[0])
        if len(shorts) == 2 and {position.sign for position in shorts} == {1, -1}:
            one, other = sorted(shorts, key=lambda position: _value(position) + _margin(position))
            return _value(other) + _margin(other) + _value(one)
        return float("inf")
    if len({position.expiry for position in shorts}) > 1 or len({p.style for p in longs + shorts}) > 1:
        return float("inf")
    if any(position.expiry < shorts[0].expiry for position in longs):
        return float("inf")
    box = _long_box(longs, shorts)
    if box is not None:
        return min(box, paid + _worst(longs, shorts))
    return paid + _worst(longs, shorts)


def _worst(longs: Sequence[MarginPosition], shorts: Sequence[MarginPosition]) -> float:
    if sum(p.sign > 0 for p in shorts) > sum(p.sign > 0 for p in longs):
        return float("inf")
    corners = [0.0, *(position.strike for position in (*longs, *shorts))]
    return max(
        0.0,
        *(LOT * (sum(p.intrinsic(at) for p in shorts) - sum(p.intrinsic(at) for p in longs)) for at in corners),
    )


def _long_box(longs: Sequence[MarginPosition], shorts: Sequence[MarginPosition]) -> float | None:
    if len(longs) != 2 or len(shorts) != 2 or {p.sign for p in longs} != {1, -1} or {p.sign for p in shorts} != {1, -1}:
        return None
    (call, put), (sold, written) = (sorted(side, key=lambda p: -p.sign) for side in (longs, shorts))
    same = len({position.expiry for position in (*longs, *shorts)}) == 1 and call.style == "european"
    if not same or (call.strike, put.strike) != (written.strike, sold.strike) or call.strike >= sold.strike:
        return None
    return 0.5 * LOT * (sold.strike - call.strike) + _value(sold) + _value(written)


def _with_stock(
    sign: int, longs: Sequence[MarginPosition], shorts: Sequence[MarginPosition], *, maintenance: bool
) -> float:
    infinite = float("inf")
    if len(longs) > 1 or len(shorts) > 1:
        return infinite
    if any(position.sign != -sign for position in longs) or any(position.sign != sign for position in shorts):
        return infinite
    inside = sum(position.intrinsic(SPOT) for position in shorts)
    if not maintenance:
        if longs:
            return infinite  # says nothing that its parts do not
        rate = 0.5 if sign > 0 else 1.5
        return LOT * (rate * (SPOT - (inside if sign > 0 else 0.0)) + inside)
    alone = 0.25 * SPOT if sign > 0 else 0.30 * SPOT
    if not longs:
        need = 0.25 * (SPOT - inside) if sign > 0 else alone
        return LOT * (need + inside + (0.0 if sign > 0 else SPOT))
    long = longs[0]
    bound = 0.1 * long.strike + max(0.0, long.sign * (long.strike - SPOT))
    if not shorts:
        need = min(bound, alone)
    elif shorts[0].expiry != long.expiry:
        return infinite
    elif shorts[0].strike == long.strike:
        need = 0.1 * long.strike
    elif sign > 0 and long.strike < shorts[0].strike:
        need = min(bound, 0.25 * shorts[0].strike)
    else:
        return infinite
    return LOT * (need + inside + (0.0 if sign > 0 else SPOT))


def _value(position: MarginPosition) -> float:
    return LOT * position.market_price


def _margin(position: MarginPosition) -> float:
    out = max(0.0, position.sign * (position.strike - SPOT))
    return LOT * max(0.2 * SPOT - out, 0.1 * (SPOT if position.sign > 0 else position.strike))


def _paid(position: MarginPosition, book: MarginBook) -> float:
    beyond = position.expiry.date() > nine_months_after(book.as_of)
    return _value(position) * (0.75 if beyond else 1.0)


def verticals_first(book: MarginBook) -> float:
    """What a greedy pairing asks for: each short with the nearest long of its type and expiry, the rest naked."""
    need = 0.0
    left = {position.id: abs(position.quantity) for position in book.positions}
    longs = [position for position in book.positions if position.is_option and position.quantity > 0]
    need += sum(position.quantity * _paid(position, book) for position in longs)
    for position in book.positions:
        if not position.is_option:
            need += abs(position.quantity) * SPOT * (0.5 if position.quantity > 0 else 1.5)
    for short in [position for position in book.positions if position.is_option and position.quantity < 0]:
        for long in sorted(longs, key=lambda one: abs(one.strike - short.strike)):
            if long.sign != short.sign or long.expiry < short.expiry or long.style != short.style:
                continue
            count = min(left[short.id], left[long.id])
            pair = min(_worst([long], [short]), _value(short) + _margin(short))
            need += count * pair
            left[short.id] -= count
            left[long.id] -= count
        need += left[short.id] * (_value(short) + _margin(short))
    return need
