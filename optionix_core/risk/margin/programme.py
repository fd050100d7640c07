"""An integer programme in pieces: columns with costs and bounds, rows with bounds, solved all together.

Books of several underlyings are programmes that share nothing. Their linear relaxation is solved in one call; where a
piece's answer is whole numbers already it is the piece's optimum, and only the others go to branch and bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

INFINITY = float("inf")
NEAR_WHOLE = 1e-6
"""Within this, a number of the solver counts as whole."""


@dataclass(slots=True)
class Programme:
    """Least cost of columns within bounds of rows."""

    cost: list[float] = field(default_factory=list)
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    row_lower: list[float] = field(default_factory=list)
    row_upper: list[float] = field(default_factory=list)
    entry_row: list[int] = field(default_factory=list)
    entry_column: list[int] = field(default_factory=list)
    entries: list[float] = field(default_factory=list)

    def column(self, cost: float, lower: float = 0.0, upper: float = INFINITY, *, whole: bool = False) -> int:
        """Its number."""
        self.cost.append(cost)
        self.lower.append(lower)
        self.upper.append(upper)
        self.whole.append(whole)
        return len(self.cost) - 1

    def row(self, terms: Sequence[tuple[int, float]], lower: float = -INFINITY, upper: float = INFINITY) -> None:
        """`lower <= sum of factor times column <= upper`.

        It is handed on with factors that add up to one: whole numbers that the solver holds to within its tolerance
        then keep the row to within the same, and it repairs no solution, which it would tell on the terminal.
        """
        number = len(self.row_lower)
        size = sum(abs(factor) for _, factor in terms) or 1.0
        self.row_lower.append(lower / size)
        self.row_upper.append(upper / size)
        for column, factor in terms:
            self.entry_row.append(number)
            self.entry_column.append(column)
            self.entries.append(factor / size)


class Solved(NamedTuple):
    """Of one piece."""

    values: FloatArray | None
    """Of the columns; None where no whole numbers were found within the limit, or there are none."""
    cost: float
    """Infinite where there are no values."""
    least: float
    """No solution costs less; infinite where there is none."""

    @property
    def exact(self) -> bool:
        """Whether the values are proven to be the best."""
        return self.values is not None and self.cost <= self.least


def solve(pieces: Sequence[Programme], node_limit: int) -> list[Solved]:
    """The best whole-number solution of each piece; branch and bound stops after `node_limit` nodes."""
    if not pieces:
        return []
    joined = _solved(pieces, None)
    answers: list[Solved] = []
    start = 0
    for piece in pieces:
        values = None if joined.x is None else joined.x[start : start + len(piece.cost)]
        start += len(piece.cost)
        if values is not None and _is_whole(piece, values):
            cost = float(values @ np.array(piece.cost))
            answers.append(Solved(values, cost, cost))
        else:
            answers.append(_branched(piece, node_limit))
    return answers


def _is_whole(piece: Programme, values: FloatArray) -> bool:
    chosen = values[np.array(piece.whole, dtype=bool)]
    return bool(np.all(np.abs(chosen - np.round(chosen)) <= NEAR_WHOLE))


def _branched(piece: Programme, node_limit: int) -> Solved:
    found = _solved([piece], node_limit)
    if found.x is not None:
        cost = float(found.fun)
        return Solved(np.asarray(found.x), cost, cost if found.status == 0 else min(cost, float(found.mip_dual_bound)))
    relaxed = _solved([piece], None)
    return Solved(None, INFINITY, INFINITY if relaxed.x is None or found.status == 2 else float(relaxed.fun))


def _solved(pieces: Sequence[Programme], node_limit: int | None) -> Any:
    """What the solver says. Without a limit: of the linear relaxation."""
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array

    columns = np.cumsum([0, *(len(piece.cost) for piece in pieces)])
    rows = np.cumsum([0, *(len(piece.row_lower) for piece in pieces)])
    at_row = np.concatenate([np.array(piece.entry_row) + at for piece, at in zip(pieces, rows, strict=False)])
    at_column = np.concatenate([np.array(piece.entry_column) + at for piece, at in zip(pieces, columns, strict=False)])
    matrix = csr_array(
        (np.concatenate([piece.entries for piece in pieces]), (at_row.astype(np.int32), at_column.astype(np.int32))),
        shape=(int(rows[-1]), int(columns[-1])),
    )
    options: Any = {} if node_limit is None else {"mip_rel_gap": 0.0, "node_limit": node_limit}
    return milp(
        np.concatenate([piece.cost for piece in pieces]),
        integrality=None if node_limit is None else np.concatenate([piece.whole for piece in pieces]).astype(np.int8),
        bounds=Bounds(
            np.concatenate([piece.lower for piece in pieces]), np.concatenate([piece.upper for piece in pieces])
        ),
        constraints=LinearConstraint(
            matrix,
            np.concatenate([piece.row_lower for piece in pieces]),
            np.concatenate([piece.row_upper for piece in pieces]),
        ),
        options=options,
    )
