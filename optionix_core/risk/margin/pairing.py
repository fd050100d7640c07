"""Which legs stand together so that the sum of all requirements is smallest: an integer programme, exact.

For each short option the contracts are split over four places: naked, in a spread with longs that expire with or after
it, behind stock, or in a long box. Longs are split over spreads, stock and boxes. A spread costs its greatest loss at
expiry; of two naked shorts of both types the one with the smaller requirement keeps its value alone: in
each straddle one side pays and one goes free, and sorted by requirement the free ones down to any place need as many
that pay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import numpy as np

from optionix_core.risk.margin.lines import Block, Box, Line, boxes, group_key, stands_for, worst_loss
from optionix_core.risk.margin.programme import INFINITY, Programme, Solved, solve

NODE_LIMIT = 300
"""Nodes of branch and bound for one underlying, beyond which the best found so far is taken and the bound told."""

COST = 100.0
"""The solver's unit of cost is this part of a lot: its tolerances are absolute."""

Key = tuple[datetime, str]


class Straddle(NamedTuple):
    """Two naked shorts: places in `shorts`."""

    pays: int
    free: int
    contracts: int


@dataclass(slots=True)
class Spread:
    """Shorts of one expiry with the longs behind them: contracts by place."""

    key: Key
    shorts: dict[int, int] = field(default_factory=dict)
    longs: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class Pairing:
    """Who stands with whom on one underlying, in contracts by place."""

    naked: dict[int, int] = field(default_factory=dict)
    """Straddles among them."""
    straddles: list[Straddle] = field(default_factory=list)
    spreads: list[Spread] = field(default_factory=list)
    covered: dict[int, int] = field(default_factory=dict)
    """Shorts behind stock alone."""
    protected: dict[int, int] = field(default_factory=dict)
    """Longs with stock alone, where that needs less."""
    collars: dict[tuple[int, int], int] = field(default_factory=dict)
    """Long and short with stock, where that needs less."""
    boxed: dict[Box, int] = field(default_factory=dict)
    exact: bool = True
    slack: float = 0.0
    """How much less another pairing may need at most."""


@dataclass(slots=True)
class _Columns:
    naked: list[int | None]
    free: list[int | None]
    pays: list[int | None]
    grouped: list[int | None]
    covered: list[int | None]
    placed: list[dict[Key, int]]
    protected: dict[int, int] = field(default_factory=dict)
    collars: dict[tuple[int, int], int] = field(default_factory=dict)
    boxed: dict[Box, int] = field(default_factory=dict)


def pair(blocks: Sequence[Block], node_limit: int = NODE_LIMIT) -> list[Pairing | None]:
    """The cheapest pairing of each block; None where a cash account may not hold it."""
    built = [_built(block) for block in blocks]
    asked = [one for one in built if one is not None]
    solved = iter(solve([programme for programme, _ in asked], node_limit))
    found: list[Pairing | None] = []
    for block, one in zip(blocks, built, strict=True):
        found.append(Pairing() if one is None else _read(block, one[1], next(solved)))
    return found


def _built(block: Block) -> tuple[Programme, _Columns] | None:
    """None where there is nothing to choose."""
    if not block.shorts and not (block.maintenance and block.shares and block.longs):
        return None
    programme = Programme()
    columns = _placed(programme, block)
    _stock(programme, block, columns)
    _counts(programme, block, columns)
    _straddles(programme, block.shorts, columns)
    for key in sorted({group_key(line) for line in block.shorts}):
        _spread(programme, block, columns, key)
    return (programme, columns) if programme.cost else None


def _lot(block: Block) -> float:
    """Money that one contract stands for: the solver sees numbers around one."""
    return block.spot * max(line.multiplier for line in (*block.shorts, *block.longs))


def _placed(programme: Programme, block: Block) -> _Columns:
    scale = COST / _lot(block)
    both = {line.sign for line in block.shorts} == {1, -1} and not block.cash_account
    keys = sorted({group_key(line) for line in block.shorts})
    if block.cash_account:  # 12 CFR 220.8(a)(3): spreads of European options alone
        keys = [key for key in keys if key[1] == "european"]
    hedged = {key for key in keys if any(stands_for(long, key) for long in block.longs)}
    columns = _Columns([], [], [], [], [], [])
    for line in block.shorts:
        bare = block.cash_account and line.sign > 0
        columns.naked.append(programme.column(scale * line.naked, upper=0.0 if bare else line.count, whole=True))
        paired = both and line.margin > 0
        columns.free.append(programme.column(-scale * line.margin, upper=line.count, whole=True) if paired else None)
        columns.pays.append(programme.column(0.0, upper=line.count, whole=True) if both else None)
        grouped = group_key(line) in hedged
        columns.grouped.append(programme.column(0.0, upper=line.count, whole=True) if grouped else None)
        behind = block.shares * line.sign > 0
        columns.covered.append(
            programme.column(scale * block.covered(line), upper=line.count, whole=True) if behind else None
        )
    for line in block.longs:
        keyed = [key for key in hedged if stands_for(line, key)]
        columns.placed.append({key: programme.column(0.0, upper=line.count, whole=True) for key in sorted(keyed)})
    for box in boxes(block):
        columns.boxed[box] = programme.column(scale * box.cost, whole=True)
    return columns


def _stock(programme: Programme, block: Block, columns: _Columns) -> None:
    """Options beside stock, and no more of them than there is stock."""
    scale = COST / _lot(block)
    for at, long in enumerate(block.longs):
        cost = block.hedged(long)
        if cost is not None and cost < 0.0:
            columns.protected[at] = programme.column(scale * cost, upper=long.count, whole=True)
        for sold, short in enumerate(block.shorts):
            both = block.hedged(long, short)
            if both is not None and both < block.covered(short):
                columns.collars[at, sold] = programme.column(scale * both, whole=True)
    lots = [
        (column, line.multiplier)
        for column, line in zip(columns.covered, block.shorts, strict=True)
        if column is not None
    ]
    lots += [(column, block.longs[at].multiplier) for at, column in columns.protected.items()]
    lots += [(column, block.longs[at].multiplier) for (at, _), column in columns.collars.items()]
    if lots:
        most = max(multiplier for _, multiplier in lots)
        programme.row([(column, units / most) for column, units in lots], upper=abs(block.shares) / most)


def _counts(programme: Programme, block: Block, columns: _Columns) -> None:
    for at, line in enumerate(block.shorts):
        places = (columns.naked[at], columns.grouped[at], columns.covered[at])
        terms = [(column, 1.0) for column in places if column is not None]
        terms += [(column, 1.0) for (_, sold), column in columns.collars.items() if sold == at]
        terms += [(column, 1.0) for box, column in columns.boxed.items() if at in box.shorts]
        programme.row(terms, line.count, line.count)
    for at, line in enumerate(block.longs):
        terms = [(column, 1.0) for column in columns.placed[at].values()]
        terms += [(column, 1.0) for bought, column in columns.protected.items() if bought == at]
        terms += [(column, 1.0) for (bought, _), column in columns.collars.items() if bought == at]
        terms += [(column, 1.0) for box, column in columns.boxed.items() if at in box.longs]
        if terms:
            programme.row(terms, upper=line.count)


def _straddles(programme: Programme, shorts: Sequence[Line], columns: _Columns) -> None:
    """Sorted by requirement, those that go free up to any place need as many of the other type that pay."""
    for at in range(len(shorts)):
        free, pays, naked = columns.free[at], columns.pays[at], columns.naked[at]
        terms = [(column, 1.0) for column in (free, pays) if column is not None]
        if terms and naked is not None:
            programme.row([*terms, (naked, -1.0)], upper=0.0)
    for multiplier in sorted({line.multiplier for line in shorts}):
        order = sorted(
            (at for at, line in enumerate(shorts) if line.multiplier == multiplier), key=lambda at: -shorts[at].naked
        )
        for sign in (1, -1):
            _run(programme, shorts, columns, order, sign)


def _run(programme: Programme, shorts: Sequence[Line], columns: _Columns, order: Sequence[int], sign: int) -> None:
    """Down to each requirement, no more go free than there are payers of the other type."""
    terms: list[tuple[int, float]] = []
    at = 0
    while at < len(order):
        level, grown = shorts[order[at]].naked, False
        while at < len(order) and shorts[order[at]].naked >= level:
            line, free, pays = shorts[order[at]], columns.free[order[at]], columns.pays[order[at]]
            if line.sign == sign and free is not None:
                terms.append((free, 1.0))
                grown = True
            elif line.sign != sign and pays is not None:
                terms.append((pays, -1.0))
            at += 1
        if grown:
            programme.row(list(terms), upper=0.0)


def _spread(programme: Programme, block: Block, columns: _Columns, key: Key) -> None:
    """The greatest loss at zero and at every strike, and none beyond the last."""
    rows: list[tuple[Line, int, float]] = []
    scale = 1.0 / _lot(block)
    for at, line in enumerate(block.shorts):
        column = columns.grouped[at]
        if column is not None and group_key(line) == key:
            rows.append((line, column, scale))
    if not rows:
        return
    rows += [
        (line, columns.placed[at][key], -scale) for at, line in enumerate(block.longs) if key in columns.placed[at]
    ]
    loss = programme.column(COST)
    for price in (0.0, *sorted({line.strike for line, _, _ in rows})):
        pays = [(column, -factor * line.pays(price)) for line, column, factor in rows if line.pays(price)]
        programme.row([(loss, 1.0), *pays], lower=0.0)
    rises = [(column, factor * line.multiplier) for line, column, factor in rows if line.sign > 0]
    if rises:
        programme.row(rises, upper=0.0)


def _read(block: Block, columns: _Columns, solved: Solved) -> Pairing | None:
    """The solver's columns as whole contracts."""
    if solved.values is None:
        if solved.least == INFINITY:
            return None
        alone = sum(line.count * line.naked for line in block.shorts)
        slack = max(0.0, alone - solved.least * _lot(block) / COST)
        return Pairing(naked={at: line.count for at, line in enumerate(block.shorts)}, exact=False, slack=slack)
    values = np.round(solved.values).astype(int)

    def taken(column: int | None) -> int:
        return 0 if column is None else int(values[column])

    pairing = Pairing(exact=solved.exact)
    pairing.naked = {at: taken(column) for at, column in enumerate(columns.naked) if taken(column)}
    pairing.straddles = _matched(block.shorts, [taken(c) for c in columns.free], [taken(c) for c in columns.pays])
    pairing.covered = {at: taken(column) for at, column in enumerate(columns.covered) if taken(column)}
    pairing.protected = {at: taken(column) for at, column in columns.protected.items() if taken(column)}
    pairing.collars = {place: taken(column) for place, column in columns.collars.items() if taken(column)}
    pairing.boxed = {box: taken(column) for box, column in columns.boxed.items() if taken(column)}
    spreads: dict[Key, Spread] = {}
    for at, line in enumerate(block.shorts):
        if taken(columns.grouped[at]):
            spreads.setdefault(group_key(line), Spread(group_key(line))).shorts[at] = taken(columns.grouped[at])
    for at, places in enumerate(columns.placed):
        for key, column in places.items():
            if key in spreads and taken(column):
                spreads[key].longs[at] = taken(column)
    pairing.spreads = [trimmed(block, spreads[key]) for key in sorted(spreads)]
    pairing.slack = (solved.cost - solved.least) * _lot(block) / COST
    return pairing


def _matched(shorts: Sequence[Line], free: Sequence[int], pays: Sequence[int]) -> list[Straddle]:
    """Free sides with sides of the other type that need no less."""
    found: list[Straddle] = []
    for sign in (1, -1):
        order = sorted(range(len(shorts)), key=lambda at: -shorts[at].naked)
        payers = [[at, pays[at]] for at in order if shorts[at].sign != sign and pays[at]]
        for at in order:
            wanted = free[at] if shorts[at].sign == sign else 0
            for payer in payers:
                same = shorts[payer[0]].multiplier == shorts[at].multiplier
                count = min(wanted, payer[1]) if same else 0
                if count:
                    found.append(Straddle(payer[0], at, count))
                    payer[1] -= count
                    wanted -= count
    return found


def loss_of(block: Block, spread: Spread) -> float:
    """At expiry, of a spread whose loss is bounded."""
    found = worst_loss(members(block, spread))
    return INFINITY if found is None else found


def members(block: Block, spread: Spread) -> list[tuple[Line, int]]:
    """Signed contracts."""
    sold = [(block.shorts[at], -count) for at, count in spread.shorts.items()]
    return sold + [(block.longs[at], count) for at, count in spread.longs.items()]


def trimmed(block: Block, spread: Spread) -> Spread:
    """Without the longs that lower no loss, the dearest of them left out first."""
    need = loss_of(block, spread)
    near = need + 1e-9 * max(1.0, need)
    for at in sorted(spread.longs, key=lambda at: (-block.longs[at].value, at)):
        held = spread.longs[at]
        low, high = 0, held
        while low < high:  # the least that is needed: the loss only grows with what is left out
            middle = (low + high) // 2
            spread.longs[at] = middle
            if loss_of(block, spread) <= near:
                high = middle
            else:
                low = middle + 1
        spread.longs[at] = low
    spread.longs = {at: count for at, count in spread.longs.items() if count}
    return spread
