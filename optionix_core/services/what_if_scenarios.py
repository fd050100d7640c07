"""A table of scenarios: one contract, or several legs, under every combination of moves of spot, volatility and time.

Nothing is approximated by Greeks: each scenario is priced. Refuses moves that the model or the contract does not have.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.market.units import DAYS_PER_YEAR, POINT
from optionix_core.pricing.engine import lines
from optionix_core.services import contract_pricing, what_if, what_if_legs

if TYPE_CHECKING:
    from optionix_core.services.price_options import PriceOptions
    from optionix_core.services.what_if import Cancel, Progress
    from optionix_core.services.what_if_legs_market import LegsMarket

SCHEMA_VERSION = 1
STILL = (0.0,)


class Scenario(NamedTuple):
    """One combination of moves, and what comes of it."""

    days: float
    """Calendar days that have passed."""
    volatility_move: float
    """On top of the volatility, a fraction."""
    spot_move: float
    """A fraction of the spot."""
    spot: float
    value: float
    """Per unit for a contract; profit in money for legs."""
    change: float
    """Less the value with nothing moved."""


class Scenarios(NamedTuple):
    """All of them, by days, volatility and spot."""

    value: float
    """With nothing moved."""
    rows: tuple[Scenario, ...]


def of_contract(
    options: PriceOptions,
    spot_moves: Sequence[float] | None = None,
    volatility_moves: Sequence[float] = STILL,
    days: Sequence[float] = STILL,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Scenarios:
    """Scenarios of one contract; without `spot_moves` nine around the spot, as the pricer's grid has them.

    Raises InvalidValueError for a move that cannot be made, and what the engine raises.
    """
    asked = what_if.request(options)
    now = contract_pricing.price(asked, progress, cancel).price
    moves = _checked(what_if.spot_moves(asked) if spot_moves is None else spot_moves)
    level = getattr(asked.model, "volatility", None)
    for move in volatility_moves:
        if move and level is None:
            raise InvalidValueError("vol move", f"{move:g}", "0: the model has no one volatility")
        if level is not None and not level + move > 0.0:
            raise InvalidValueError("vol move", f"{move:g}", f"above -{level:g}, or no volatility is left")
    known = lines.known_until(asked.contract)
    for day in days:
        if not 0.0 <= day <= known * DAYS_PER_YEAR * (1.0 + 1e-12):
            why = "" if known == asked.contract.expiry else f": later values of a {asked.contract.kind} need its path"
            raise InvalidValueError("days", f"{day:g}", f"from 0 to {known * DAYS_PER_YEAR:.6g}{why}")
    work = what_if.Work(asked, now, progress, cancel)
    work.total = len(days) * len(volatility_moves) * len(moves)
    spots = asked.market.spots[0] + asked.market.spots[0] * np.array(moves)
    rows = []
    for day in days:
        for bump in volatility_moves:
            moved = None if level is None or not bump else float(level) + bump
            values = work.values(spots, min(day / DAYS_PER_YEAR, known), moved)
            rows += _rows(day, bump, moves, spots.tolist(), values.tolist(), now)
    return Scenarios(now, tuple(rows))


def of_legs(
    market: LegsMarket,
    spot_moves: Sequence[float] | None = None,
    volatility_moves: Sequence[float] = STILL,
    days: Sequence[float] = STILL,
) -> Scenarios:
    """Scenarios of legs: profit since their prices. Raises what `what_if_legs.moved_terms` raises."""
    from optionix_core.portfolio.strategies import model

    terms = market.terms
    now = float(model.profit(market.strategy, terms, terms.spot, 0.0))
    level = market.at_the_money or max(one.volatility for one in terms.legs if one is not None)
    moves = _checked(what_if.rounded_moves(level, terms.nearest) if spot_moves is None else spot_moves)
    spots = terms.spot + terms.spot * np.array(moves)
    rows = []
    for day in days:
        for bump in volatility_moves:
            moved = what_if_legs.moved_terms(terms, what_if_legs.Moves(volatility=bump, elapsed=day / DAYS_PER_YEAR))
            values = model.profit(market.strategy, moved, spots, 0.0)
            rows += _rows(day, bump, moves, spots.tolist(), values.tolist(), now)
    return Scenarios(now, tuple(rows))


def to_json(found: Scenarios, terms: dict[str, Any]) -> dict[str, Any]:
    """`{"schema_version", "value", "rows": [...]}` with `terms`: what was asked about. nan becomes null."""
    return {"schema_version": SCHEMA_VERSION, "value": found.value, **terms, "rows": records(found)}


def records(found: Scenarios) -> list[dict[str, Any]]:
    """Flat rows, natural units."""
    return [
        {name: None if value != value else value for name, value in row._asdict().items()}  # noqa: PLR0124 - nan
        for row in found.rows
    ]


def table(found: Scenarios) -> tuple[tuple[str, ...], list[list[str]]]:
    """Headings and lines for eyes: a line for days and volatility, a column for each spot."""
    spots = list(dict.fromkeys(row.spot for row in found.rows))
    by_line: dict[tuple[float, float], list[float]] = {}
    for row in found.rows:
        by_line.setdefault((row.days, row.volatility_move), []).append(row.value)
    headings = ("days", "vol", *(f"{spot:,.6g}" for spot in spots))
    body = [
        [f"{days:g}", f"{bump / POINT:+g}" if bump else "0", *(f"{value:,.6g}" for value in values)]
        for (days, bump), values in by_line.items()
    ]
    return headings, body


def _checked(moves: Sequence[float]) -> tuple[float, ...]:
    for move in moves:
        if not -1.0 < move < 1e6:
            raise InvalidValueError("spot move", f"{move:g}", "above -1 (a fraction of the spot)")
    return tuple(moves)


def _rows(
    day: float, bump: float, moves: Sequence[float], spots: list[float], values: list[float], now: float
) -> list[Scenario]:
    return [
        Scenario(day, bump, move, spot, value, value - now)
        for move, spot, value in zip(moves, spots, values, strict=True)
    ]
