"""What the pairing of legs works on: the lines of one underlying, and what each set of them would need.

A set is a rule's name for legs that stand together. Money is per contract. Losses at expiry are those of FINRA Rule
4210(f)(2)(H)(i): intrinsic values at every strike and at zero, the last expiry of the set's shorts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from optionix_core.risk.margin.rules import StrategyRules, short_stock_margin

TOLERANCE = 1e-9
"""Of money beside the size of the amounts."""


@dataclass(frozen=True, slots=True)
class Line:
    """Contracts of one option, all long or all short."""

    id: str
    sign: int
    """+1 for a call, -1 for a put."""
    strike: float
    expires_at: datetime
    style: str
    """Empty where it is not known; options of several styles do not stand together."""
    multiplier: float
    count: int
    """Contracts, positive."""
    short: bool
    value: float
    """Market value of one, positive."""
    margin: float
    """Of a short one beside its value, where nothing stands behind it."""
    due: float
    """Of a long one: what is paid in, and value that counts as no equity."""

    @property
    def naked(self) -> float:
        """Of a short one, in full."""
        return self.value + self.margin

    def pays(self, underlying: float) -> float:
        """Intrinsic value of one contract."""
        return self.multiplier * max(0.0, self.sign * (underlying - self.strike))


@dataclass(frozen=True, slots=True)
class Block:
    """What is held on one underlying."""

    underlying: str
    spot: float
    shares: float
    """Signed."""
    share_ids: tuple[str, ...]
    shorts: tuple[Line, ...]
    longs: tuple[Line, ...]
    share_base: float
    """Requirement of one share that nothing hedges; never below zero."""
    leverage: float
    rules: StrategyRules
    maintenance: bool
    cash_account: bool = False

    def covered(self, line: Line) -> float:
        """What a short option adds per contract to the stock that it is covered by.

        4210(f)(2)(H): stock is worth no more than the strike of the call written on it; the requirement of stock
        sold grows by what the put is in the money.
        """
        inside = line.multiplier * max(0.0, line.sign * (self.spot - line.strike))
        if line.sign < 0 or self.cash_account:
            return inside if line.sign < 0 else 0.0
        rate = self.share_base / self.spot
        return (1.0 - rate) * inside

    def hedged(self, long: Line, short: Line | None = None) -> float | None:
        """What long (and short) options add to the maintenance of one lot of stock; None where no rule names them.

        4210(f)(2)(H)(v): stock with a long put, or sold with a long call, needs the lesser of its own margin
        and 10% of the strike with all that the option is out of the money; a conversion or reversal 10% of the strike;
        a collar the lesser of that of its put and 25% of the call's strike.
        """
        if not self.maintenance or self.cash_account or long.sign != (-1 if self.shares > 0 else 1):
            return None
        held = self.shares > 0
        out = max(0.0, long.sign * (long.strike - self.spot))
        bound = self.rules.hedged_stock * long.strike + out
        alone = self.share_base if held else short_stock_margin(self.spot, self.leverage, self.rules)
        if short is None:
            return long.multiplier * (min(bound, alone) - alone)
        fits = (long.expires_at, long.style, long.multiplier) == (short.expires_at, short.style, short.multiplier)
        if not fits or short.sign == long.sign:
            return None
        inside = max(0.0, short.sign * (self.spot - short.strike))
        if short.strike == long.strike:
            need = self.rules.hedged_stock * long.strike
        elif held and long.strike < short.strike:
            need = min(bound, min(1.0, self.rules.long_stock_maintenance * self.leverage) * short.strike)
        else:
            return None
        return long.multiplier * (need + inside - alone)


class Box(NamedTuple):
    """A long box of European options: places in `longs` and `shorts`, and what one adds."""

    longs: tuple[int, int]
    shorts: tuple[int, int]
    width: float
    """Difference of the strikes, per box."""
    cost: float
    """Beside what its long options need on their own."""


def group_key(line: Line) -> tuple[datetime, str]:
    """What shorts must share to stand in one spread."""
    return line.expires_at, line.style


def stands_for(long: Line, key: tuple[datetime, str]) -> bool:
    """Whether a long option may stand in a spread of shorts: it expires with or after them, in the same style."""
    return long.style == key[1] and long.expires_at >= key[0]


def worst_loss(held: Iterable[tuple[Line, int]]) -> float | None:
    """The greatest loss at expiry of signed contracts, zero where there is none; None where it has no bound."""
    rows = [(line, count) for line, count in held if count]
    if sum(line.multiplier * count for line, count in rows if line.sign > 0) < -TOLERANCE:
        return None
    corners = {0.0} | {line.strike for line, _ in rows}
    return max(0.0, *(-sum(count * line.pays(price) for line, count in rows) for price in corners))


def boxes(block: Block) -> list[Box]:
    """Long boxes that need less than their parts: 50% of the difference of the strikes, 4210(f)(2)(H)."""
    found: list[Box] = []
    if block.cash_account or not block.shorts:
        return found
    longs = {(*_place(line), line.sign): at for at, line in enumerate(block.longs) if line.style == "european"}
    shorts = {(*_place(line), line.sign): at for at, line in enumerate(block.shorts) if line.style == "european"}
    for (expiry, multiplier, low, sign), bought in longs.items():
        if sign < 0:
            continue
        for (other_expiry, other_multiplier, high, other_sign), sold in shorts.items():
            same = (expiry, multiplier) == (other_expiry, other_multiplier)
            put, written = longs.get((expiry, multiplier, high, -1)), shorts.get((expiry, multiplier, low, -1))
            if not same or other_sign < 0 or high <= low or put is None or written is None:
                continue
            width = (high - low) * multiplier
            worth = block.shorts[sold].value + block.shorts[written].value
            cost = block.rules.long_box * width + worth - block.longs[bought].due - block.longs[put].due
            if cost < 0.0:
                found.append(Box((bought, put), (sold, written), width, cost))
    return found


def total(parts: Mapping[int, int], lines: Sequence[Line]) -> list[tuple[Line, int]]:
    """Lines with their counts."""
    return [(lines[at], count) for at, count in parts.items() if count]


def _place(line: Line) -> tuple[datetime, float, float]:
    return line.expires_at, line.multiplier, line.strike
