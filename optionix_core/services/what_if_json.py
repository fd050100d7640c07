"""What-if views as plain JSON values and as flat rows; natural units, null where there is no number.

A row of the flat form is one price of the underlying with the value at each date.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from optionix_core.market import units
from optionix_core.market.units import DAYS_PER_YEAR
from optionix_core.services import contract_pricing, strategies_json

if TYPE_CHECKING:
    from optionix_core.services.what_if import ContractView, Density, MoveGrid, Picture
    from optionix_core.services.what_if_legs import LegsView
    from optionix_core.services.what_if_methods import MethodRow

SCHEMA_VERSION = 1


def contract(
    view: ContractView, methods: Sequence[MethodRow] = (), density: Density | str | None = None
) -> dict[str, Any]:
    """The answer of `optionix price`, with curves, grid, density and methods. `density`: one of a smile, if shown."""
    told = view.density if density is None else density
    return {
        **contract_pricing.to_json(view.asked, view.result),
        **_picture(view.picture, "values"),
        "grid": grid(view.grid),
        **_density(told),
        "methods": [method(row) for row in methods],
    }


def legs(view: LegsView) -> dict[str, Any]:
    """The report of `optionix strategy payoff`, with moves, Greeks in market units, curves, grid and density."""
    report = {} if view.report is None else strategies_json.to_json(view.report)
    greeks = {name: None if at is None else units.to_market(name, at) for name, at in view.greeks}
    return {
        **report,
        "schema_version": SCHEMA_VERSION,
        "underlying": view.market.underlying,
        "as_of": view.market.as_of.isoformat(),
        "moves": {**view.moves._asdict(), "days": view.moves.elapsed * DAYS_PER_YEAR},
        "profit": view.profit,
        "value": view.value,
        "greeks": greeks,
        "units": {name: units.unit(name).label for name in greeks},
        **_picture(view.picture, "profits"),
        "grid": grid(view.grid),
        **_density(view.density),
    }


def picture_rows(picture: Picture, density: Density | str) -> list[dict[str, Any]]:
    """A row for each price of the underlying: values by date, and the density there."""
    import numpy as np

    names = [curve_name(one.elapsed) for one in picture.curves]
    columns = [list(map(_finite, one.values.tolist())) for one in picture.curves]
    chances: list[float | None] = [None] * len(picture.spots)
    if not isinstance(density, str):
        chances = np.interp(picture.spots, density.levels, density.values, 0.0, 0.0).tolist()
    return [
        {"underlying": spot, **dict(zip(names, values, strict=True)), "density": chance}
        for spot, chance, *values in zip(picture.spots.tolist(), chances, *columns, strict=True)
    ]


def curve_name(elapsed: float) -> str:
    """`value_now`, `value_10d`."""
    days = elapsed * DAYS_PER_YEAR
    return "value_now" if not elapsed else f"value_{days:.4g}d"


def method(row: MethodRow) -> dict[str, Any]:
    """One method beside others, with the names of `optionix price --methods all`."""
    known = row.error is not None
    return {
        "method_id": row.id,
        "method": row.text,
        "price": row.price,
        "standard_error": row.error if known and row.simulated else None,
        "error_bound": row.error if known and not row.simulated else None,
        "seconds": row.seconds,
        "failure": row.failure if row.price is None else None,
        "error_unknown": row.failure or None if row.price is not None else None,
    }


def grid(told: MoveGrid | None) -> dict[str, Any] | None:
    """Changes of value by moves of the spot and of volatility or days."""
    if told is None:
        return None
    along = [line * DAYS_PER_YEAR for line in told.lines] if told.by == "days" else list(told.lines)
    return {
        "by": told.by,
        "spot_moves": list(told.spot_moves),
        "days" if told.by == "days" else "volatility_moves": along,
        "changes": [[_finite(value) for value in line] for line in told.changes],
        "note": told.note or None,
    }


def dumps(document: Mapping[str, Any]) -> str:
    """A document as one text."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def csv_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows of the same fields as CSV; nothing where there is no number."""
    written = io.StringIO()
    writer = csv.DictWriter(written, fieldnames=list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue()


def _picture(picture: Picture, name: str) -> dict[str, Any]:
    return {
        "spots": picture.spots.tolist(),
        "curves": [
            {
                "years": one.elapsed,
                "days": one.elapsed * DAYS_PER_YEAR,
                name: list(map(_finite, one.values.tolist())),
            }
            for one in picture.curves
        ],
        "curves_suppose": picture.condition or None,
        "no_later_curves": picture.note or None,
    }


def _density(told: Density | str) -> dict[str, Any]:
    if isinstance(told, str):
        return {"density": None, "no_density": told}
    return {
        "density": {"levels": told.levels.tolist(), "values": told.values.tolist(), "source": told.source},
        "no_density": None,
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
