"""A risk view as files: the JSON documents of `optionix risk`, and their rows as CSV, field by field the same.

What is written is what is shown: one pane at a time, at the level, horizon and grouping of the view.
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar, get_args

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.services import limits_json, margins_json, risk_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from optionix_core.services.risk_book import BuiltBook
    from optionix_core.services.risk_view import Part, RiskSide, RiskView, WhatIf

Answer = TypeVar("Answer")

Pane = Literal[
    "components", "stress", "scenarios", "limits", "margin", "reverse", "methods", "greeks", "liquidity", "backtest"
]
PANES: Final[tuple[Pane, ...]] = get_args(Pane)
FORMATS: Final = ("csv", "json")
Measure = Literal["value_at_risk", "expected_shortfall"]
_SCENARIO: Final = ("id", "title", "kind", "day", "spot", "pnl", "closing_cost")
_REGIME: Final = (
    "regime", "currency", "requirement", "requirement_net_of_premium", "against_equity", "worst_scenario",
)  # fmt: skip
_ROWS: Final[Mapping[str, str]] = {
    "limits": "limits",
    "reverse": "moves",
    "greeks": "groups",
    "liquidity": "closing",
    "backtest": "tests",
}
"""Which list of a document its CSV is made of."""


def encode(view: RiskView, pane: Pane, kind: str, measure: Measure = "value_at_risk") -> str:
    """The text of the file; `measure`: whose parts the CSV of the components has.

    Raises InvalidValueError for a pane or format that is none, and what the pane shows in the place of figures.
    """
    if kind not in FORMATS:
        raise InvalidValueError("format", repr(kind), f"one of {', '.join(FORMATS)}")
    found = document(view, pane)
    if kind == "json":
        return json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    return _csv(records(found, pane, measure))


def document(view: RiskView, pane: Pane) -> dict[str, Any]:
    """As the command of the pane answers with `--json`. Errors: see `encode`."""
    if pane not in PANES:
        raise InvalidValueError("pane", repr(pane), f"one of {', '.join(PANES)}")
    if view.empty and pane != "limits":
        raise MissingDataError(f"nothing is held in {view.account}")
    return _DOCUMENTS[pane](view)


def records(found: Mapping[str, Any], pane: Pane, measure: Measure = "value_at_risk") -> list[dict[str, Any]]:
    """The rows of a document."""
    if pane == "components":
        rows: list[dict[str, Any]] = found[f"{measure}_parts"]["parts"]
        return rows
    if pane == "stress":
        return [
            {"spot_return": spot, "volatility_move": move, "days": days, "pnl": found["pnl"][i][j][k]}
            for i, spot in enumerate(found["spot_returns"])
            for j, move in enumerate(found["volatility_moves"])
            for k, days in enumerate(found["days"])
        ]
    if pane == "scenarios":
        return [{name: row[name] for name in _SCENARIO} for row in found["scenarios"]]
    if pane == "margin":
        return [{name: row[name] for name in _REGIME} for row in found["regimes"]]
    if pane == "methods":
        return [{"method": one["method"], **estimate} for one in found["methods"] for estimate in one["estimates"]]
    listed: list[dict[str, Any]] = found[_ROWS[pane]]
    return listed


def _scenarios(view: RiskView) -> dict[str, Any]:
    stressed = _of(view.stressed)
    return risk_json.stressed(view.built, stressed.found, stressed.closing)


def _reverse(view: RiskView) -> dict[str, Any]:
    reverse = _of(view.reverse)
    return risk_json.reverse(view.built, reverse.found, (reverse.of, *reverse.notes))


def _greeks(view: RiskView) -> dict[str, Any]:
    greeks = _of(view.greeks)
    return risk_json.greeks(view.built, greeks, "underlying", greeks.by_underlying())


def _methods(view: RiskView) -> dict[str, Any]:
    told = [risk_json.tails(view.built, part.answer) for part in view.tails.values() if part.answer is not None]
    if not told:
        first = next((part.problem for part in view.tails.values() if part.problem is not None), None)
        raise first or MissingDataError("no figure was made yet")
    staged = view.what_if.answer
    return {
        "schema_version": risk_json.SCHEMA_VERSION,
        **risk_json.book(view.built),
        "methods": [
            {name: one[name] for name in ("method", "estimates", "beside", "intervals", "history_notes")}
            for one in told
        ],
        "what_if": None if staged is None else _before_and_after(staged),
    }


def what_if(built: BuiltBook, found: WhatIf) -> dict[str, Any]:
    """Figures before and after a trade, as `optionix risk what-if` answers; `built`: the book before it."""
    return {"schema_version": risk_json.SCHEMA_VERSION, **risk_json.book(built), **_before_and_after(found)}


def _before_and_after(found: WhatIf) -> dict[str, Any]:
    return {
        "legs": [{"symbol": symbol, "quantity": quantity} for symbol, quantity in found.legs],
        "before": _side(found.before),
        "after": _side(found.after),
    }


def _side(one: RiskSide) -> dict[str, Any]:
    return {
        "confidence": one.tail.confidence,
        "horizon_days": one.tail.horizon_days,
        "value_at_risk": one.tail.value_at_risk,
        "expected_shortfall": one.tail.expected_shortfall,
        "worst": {"title": one.worst_scenario, "pnl": one.worst_pnl},
        "delta_cash": one.greeks.delta_cash,
        "gamma_cash": one.greeks.gamma_cash,
        "vega": one.greeks.vega,
        "theta": one.greeks.theta,
        "margin": one.margin.answer,
        "margin_reason": None if one.margin.problem is None else str(one.margin.problem),
    }


def _of(part: Part[Answer]) -> Answer:
    if part.answer is None:
        raise part.problem or MissingDataError("this was not made yet")
    return part.answer


def _csv(rows: Sequence[Mapping[str, Any]]) -> str:
    if not rows:
        raise MissingDataError("there is nothing to write: no rows")
    target = io.StringIO()
    writer = csv.DictWriter(target, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow(
            {
                key: json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list | bool) else value
                for key, value in row.items()
            }
        )
    return target.getvalue()


_DOCUMENTS: Final[Mapping[Pane, Callable[[RiskView], dict[str, Any]]]] = {
    "components": lambda view: risk_json.tails(view.built, _of(view.tail())),
    "stress": lambda view: risk_json.grid(view.built, _of(view.grid).found),
    "scenarios": _scenarios,
    "limits": lambda view: limits_json.limits(_of(view.limits)),
    "margin": lambda view: margins_json.to_json(_of(view.margin).initial),
    "reverse": _reverse,
    "methods": _methods,
    "greeks": _greeks,
    "liquidity": lambda view: risk_json.liquidity(view.built, _of(view.liquidity)),
    "backtest": lambda view: risk_json.backtested(view.built, _of(view.backtest)),
}
