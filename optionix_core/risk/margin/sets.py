"""The pairing told leg by leg: sets with the names that traders have for them, and what each needs.

A spread of many legs is told as verticals, butterflies and condors wherever their requirements add up to that of the
whole; what cannot be told apart without asking for more stays one set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from optionix_core.portfolio.strategies.recognition import recognise
from optionix_core.portfolio.strategies.values import CUSTOM, Leg, LegType
from optionix_core.risk.margin.lines import Block, Line, worst_loss
from optionix_core.risk.margin.pairing import Pairing, Spread

SPLIT_UP_TO = 16
"""Legs of a spread up to which parts of it are looked for."""

Held = dict[Line, int]
"""Signed contracts."""


@dataclass(frozen=True, slots=True)
class MarginLeg:
    """Part of a position that stands in a set."""

    position: str
    quantity: float
    """Signed contracts or shares."""


@dataclass(frozen=True, slots=True)
class MarginSet:
    """Legs that a rule takes together."""

    name: str
    """A strategy's, or `spread`."""
    underlying: str
    legs: tuple[MarginLeg, ...]
    requirement: float
    """With the value of its shorts where the rule has it in, and what its longs cost."""
    rule: str
    """Where the figure comes from."""


@dataclass(slots=True)
class _Teller:
    block: Block
    excluded: Callable[[Line], float]
    """Value of a long that is no equity and stands in no requirement, per contract."""
    free: dict[int, int]
    """Longs that stand in no set yet."""
    shares: float

    def due(self, line: Line) -> float:
        return line.due - self.excluded(line)


def told(block: Block, pairing: Pairing, excluded: Callable[[Line], float]) -> list[MarginSet]:
    """Every leg of a block in one set."""
    teller = _Teller(block, excluded, {at: line.count for at, line in enumerate(block.longs)}, block.shares)
    found = [*_boxes(teller, pairing), *_spreads(teller, pairing), *_beside_stock(teller, pairing)]
    found += _naked(block, pairing)
    for at, count in teller.free.items():
        if count:
            line = block.longs[at]
            rule = "4210(f)(2)(D)"
            found.append(_set(block, "", {line: count}, count * teller.due(line), rule))
    if abs(teller.shares) > 1e-9:
        name = "long-stock" if teller.shares > 0 else "short-stock"
        legs = _share_legs(block, teller.shares)
        found.append(MarginSet(name, block.underlying, legs, abs(teller.shares) * block.share_base, _stock_rule(block)))
    return found


def _boxes(teller: _Teller, pairing: Pairing) -> Iterable[MarginSet]:
    block = teller.block
    for box, count in pairing.boxed.items():
        held = {block.longs[at]: count for at in box.longs} | {block.shorts[at]: -count for at in box.shorts}
        worth = sum(block.shorts[at].value for at in box.shorts)
        for at in box.longs:
            teller.free[at] -= count
        need = count * (block.rules.long_box * box.width + worth)
        yield _set(block, "long-box", held, need, "4210(f)(2)(H): European long box")


def _spreads(teller: _Teller, pairing: Pairing) -> Iterable[MarginSet]:
    block = teller.block
    for spread in pairing.spreads:
        for at, count in spread.longs.items():
            teller.free[at] -= count
        for held in parts(_held(block, spread)):
            paid = sum(count * teller.due(line) for line, count in held.items() if count > 0)
            yield _set(block, "spread", held, paid + (worst_loss(held.items()) or 0.0), "4210(f)(2)(H)(i)")


def _beside_stock(teller: _Teller, pairing: Pairing) -> Iterable[MarginSet]:
    block, rule = teller.block, "4210(f)(2)(H)(v)"
    for (at, sold), count in pairing.collars.items():
        long, short = block.longs[at], block.shorts[sold]
        teller.free[at] -= count
        more = (block.hedged(long, short) or 0.0) + teller.due(long)
        yield _with_stock(teller, {long: count, short: -count}, count * more, rule)
    for at, count in pairing.protected.items():
        long = block.longs[at]
        teller.free[at] -= count
        yield _with_stock(teller, {long: count}, count * ((block.hedged(long) or 0.0) + teller.due(long)), rule)
    for sold, count in pairing.covered.items():
        yield from _covered(teller, sold, count)
    if not block.maintenance and not block.cash_account:  # names alone: nothing else is asked for
        yield from _protected(teller)


def _covered(teller: _Teller, sold: int, count: int) -> Iterable[MarginSet]:
    """Shorts behind stock; a free long that makes a collar of it is told with it, which asks for nothing else."""
    block, short = teller.block, teller.block.shorts[sold]
    more = block.covered(short)
    for at, long in enumerate(block.longs):
        same = (long.expires_at, long.style, long.multiplier) == (short.expires_at, short.style, short.multiplier)
        bounds = same and long.sign == -short.sign and short.sign * (short.strike - long.strike) >= 0
        taken = min(count, teller.free[at]) if bounds and not block.maintenance else 0
        if taken:
            teller.free[at] -= taken
            count -= taken
            yield _with_stock(teller, {long: taken, short: -taken}, taken * (more + teller.due(long)), _COVERED)
    if count:
        yield _with_stock(teller, {short: -count}, count * more, _COVERED)


def _protected(teller: _Teller) -> Iterable[MarginSet]:
    block = teller.block
    for at, long in enumerate(block.longs):
        lots = int(abs(teller.shares) // long.multiplier) if long.sign * teller.shares < 0 else 0
        taken = min(lots, teller.free[at])
        if taken:
            teller.free[at] -= taken
            yield _with_stock(teller, {long: taken}, taken * teller.due(long), _stock_rule(block))


_COVERED = "4210(f)(2)(H): covered"


def _naked(block: Block, pairing: Pairing) -> Iterable[MarginSet]:
    left = dict(pairing.naked)
    for pays, free, count in pairing.straddles:
        held = {block.shorts[pays]: -count, block.shorts[free]: -count}
        left[pays] -= count
        left[free] -= count
        need = count * (block.shorts[pays].naked + block.shorts[free].value)
        yield _set(block, "short-straddle", held, need, "4210(f)(2): greater side, value of the other")
    for at, count in left.items():
        if count:
            line = block.shorts[at]
            rule = "12 CFR 220.8: the strike in cash" if block.cash_account else "4210(f)(2)(E)"
            name = "cash-secured-put" if block.cash_account else ""
            yield _set(block, name, {line: -count}, count * line.naked, rule)


def parts(held: Held) -> list[Held]:
    """Pairs and fours of a spread whose losses add up to that of the whole, and what is left as one."""
    found: list[Held] = []
    rest = dict(held)
    whole = worst_loss(rest.items())
    if len(rest) <= 2 or len(rest) > SPLIT_UP_TO or whole is None or _name(rest, 0.0, CUSTOM) != CUSTOM:
        return [rest]
    for candidate in _candidates(rest):
        count = min((abs(rest.get(line, 0)) for line in candidate), default=0)
        if not count or len([line for line in rest if rest[line]]) <= len(candidate):
            continue
        part = {line: count * sign for line, sign in candidate.items()}
        after = {line: number - part.get(line, 0) for line, number in rest.items() if number != part.get(line, 0)}
        own, others = worst_loss(part.items()), worst_loss(after.items())
        if own is None or others is None or own + others > whole + 1e-9 * max(1.0, whole):
            continue
        found.append(part)
        rest, whole = after, others
    return [*found, rest] if rest else found


def _candidates(held: Held) -> list[dict[Line, int]]:
    shorts = sorted((line for line in held if held[line] < 0), key=lambda line: (line.sign, line.strike))
    longs = [line for line in held if held[line] > 0]
    pairs = [
        {short: -1, long: 1}
        for short in shorts
        for long in sorted(longs, key=lambda line: (abs(line.strike - short.strike), line.strike))
        if long.sign == short.sign and long.multiplier == short.multiplier
    ]
    calls = [pair for pair in pairs if next(iter(pair)).sign > 0]
    puts = [pair for pair in pairs if next(iter(pair)).sign < 0]
    return pairs + [{**put, **call} for put in puts for call in calls]


def _held(block: Block, spread: Spread) -> Held:
    held = {block.shorts[at]: -count for at, count in spread.shorts.items()}
    return held | {block.longs[at]: count for at, count in spread.longs.items()}


def _with_stock(teller: _Teller, held: Held, more: float, rule: str) -> MarginSet:
    block = teller.block
    line = next(iter(held))
    shares = abs(held[line]) * line.multiplier * (1 if block.shares > 0 else -1)
    teller.shares -= shares
    need = abs(shares) * block.share_base + more
    return _set(block, "covered", held, need, rule, shares)


def _set(block: Block, name: str, held: Held, need: float, rule: str, shares: float = 0.0) -> MarginSet:
    legs = _share_legs(block, shares) + tuple(MarginLeg(line.id, count) for line, count in held.items())
    return MarginSet(_name(held, shares, name), block.underlying, legs, need, rule)


def _name(held: Mapping[Line, int], shares: float, other: str) -> str:
    if other == "cash-secured-put":
        return other
    found = [_leg(line, count) for line, count in held.items()]
    if shares:
        found.append(Leg(type="stock", quantity=_exact(shares), multiplier=Decimal(1)))
    name = recognise(found).name
    if name == CUSTOM or (other == "short-straddle" and not name.startswith("short-")):
        return other
    return name


def _leg(line: Line, count: int) -> Leg:
    kind: LegType = "call" if line.sign > 0 else "put"
    return Leg(
        type=kind,
        quantity=Decimal(count),
        multiplier=_exact(line.multiplier),
        strike=_exact(line.strike),
        expiry=line.expires_at.date(),
        root=line.expires_at.isoformat(),
    )


def _exact(number: float) -> Decimal:
    return Decimal(repr(round(number, 9)))


def _share_legs(block: Block, shares: float) -> tuple[MarginLeg, ...]:
    return () if not shares else (MarginLeg("+".join(block.share_ids), shares),)


def _stock_rule(block: Block) -> str:
    if block.cash_account:
        return "12 CFR 220.8: paid in full"
    return "4210(c)" if block.maintenance else "12 CFR 220.12"
