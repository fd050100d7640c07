"""Where the parts of a change are gathered, and whether trades lead from one book to the other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from optionix_core.errors import InvalidValueError, MissingDataError, UnknownNameError
from optionix_core.risk.book import Position, RiskBook
from optionix_core.risk.explained import ACCOUNT, TERMS, CashMove, Explained, GreeksOf, Settled, Trade


class Sheet:
    """Parts by position as they are found, and what the books and trades say of quantities and currencies."""

    def __init__(
        self,
        before: RiskBook,
        after: RiskBook,
        trades: Sequence[Trade],
        cash: Sequence[CashMove],
        settled: Mapping[str, Settled],
    ) -> None:
        first = {one.id: one for one in before.positions}
        last = {one.id: one for one in after.positions}
        self._books = before, after
        self._positions = first | {name: one for name, one in last.items() if name not in first}
        self._quantity = {name: (first[name].quantity if name in first else 0.0) for name in self._positions}
        self._stated = {
            name: (first[name].price, last[name].price) for name in first.keys() & last.keys() if name not in settled
        }
        self._trades, self._cash = trades, cash
        self.valued: dict[str, tuple[float, float]] = {}
        self._parts: dict[str, dict[str, float]] = {}
        _check_names(trades, cash, self._positions)
        for name in self._positions:
            traded = math.fsum(trade.quantity for trade in trades if trade.position == name)
            _check_end(name, self._quantity[name] + traded, first.get(name), last.get(name), settled)

    def add(self, name: str, parts: Mapping[str, float]) -> None:
        """Parts of one unit, in the position's currency."""
        self._parts[name] = dict(parts)

    def value(self, name: str, before: float, after: float) -> None:
        """Of one unit at both ends, unless both books state a price."""
        first, last = self._stated.get(name, (None, None))
        known = first is not None and last is not None
        self.valued[name] = (first, last) if known else (before, after)  # type: ignore[assignment] # both are known

    def explained(self, greeks: GreeksOf) -> Explained:
        before, after = self._books
        names = list(self._positions)
        loose = any(move.position == ACCOUNT for move in self._cash)
        rows = {name: row for row, name in enumerate([*names, *([ACCOUNT] if loose else [])])}
        terms = {term: np.zeros(len(rows)) for term in TERMS}
        actual = np.zeros(len(rows))
        for name, position in self._positions.items():
            row, (start, end) = rows[name], self.valued[name]
            known = position.underlying in after.currencies
            currency = (after if known else before).currency(position.underlying)
            rate_after = after.exchange_rate(currency)
            rate_before = before.exchange_rate(currency) if self._quantity[name] else rate_after
            units = self._quantity[name] * position.multiplier
            for term, value in self._parts.get(name, {}).items():
                terms[term][row] += units * value * rate_after
            terms["currency"][row] += units * start * (rate_after - rate_before)
            actual[row] += units * (end * rate_after - start * rate_before)
            for trade in self._trades:
                if trade.position == name:
                    gained = trade.quantity * position.multiplier * (end - trade.price) * rate_after
                    terms["new_trades"][row] += gained
                    terms["fees"][row] -= trade.fees * rate_after
                    actual[row] += gained - trade.fees * rate_after
        for move in self._cash:
            terms[move.kind][rows[move.position]] += move.amount
            actual[rows[move.position]] += move.amount
        underlyings = [self._positions[name].underlying for name in names] + [ACCOUNT] * loose
        return Explained(
            ids=tuple(rows),
            underlyings=tuple(underlyings),
            terms=terms,
            actual=actual,
            reporting_currency=after.reporting_currency,
            greeks=greeks,
        )


def _check_names(trades: Sequence[Trade], cash: Sequence[CashMove], positions: Mapping[str, Position]) -> None:
    for trade in trades:
        if trade.position not in positions:
            raise UnknownNameError("position of a trade", trade.position, tuple(positions)[:20])
    for move in cash:
        if move.position != ACCOUNT and move.position not in positions:
            raise UnknownNameError("position of a cash move", move.position, tuple(positions)[:20])
        if not math.isfinite(move.amount):
            raise InvalidValueError(f"amount of {move.kind}", move.amount, "finite")


def _check_end(
    name: str, reached: float, first: Position | None, last: Position | None, settled: Mapping[str, Settled]
) -> None:
    if name in settled:
        return
    if last is None:
        if first is not None and first.quantity == 0.0:
            return
        raise MissingDataError(f"position {name} is not in the second book and not settled: its end is unknown")
    if not math.isclose(reached, last.quantity, rel_tol=1e-12, abs_tol=1e-12):
        raise InvalidValueError(f"quantity of position {name}", last.quantity, f"{reached:g}, by its trades")
    if first is not None:
        for term in _TERMS:
            stated, other = getattr(first, term), getattr(last, term)
            if stated != other:
                raise InvalidValueError(f"{term} of position {name} in the second book", other, f"{stated}, as before")


_TERMS: Final = ("underlying", "kind", "multiplier", "option_type", "strike", "expiry")
