"""The desk at a glance as JSON and CSV: money as numbers in the account's currency, what cannot be told is null."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any, Final

from optionix_core.errors import MissingDataError
from optionix_core.services import alert_json, halts_json, order_json, watchlist_json
from optionix_core.services.order_json import number
from optionix_core.sync.canonical import time_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from optionix_core.services.account_curve import CurvePoint
    from optionix_core.services.dashboard_risk import RiskGlance
    from optionix_core.services.dashboard_view import Ahead, DeskView

SCHEMA_VERSION: Final = 1


def to_json(view: DeskView, risk: RiskGlance | None) -> dict[str, Any]:
    """The document; `risk` null where it was not asked for."""
    curve = view.curve
    return {
        "schema_version": SCHEMA_VERSION,
        "account": curve.account,
        "currency": curve.currency,
        "moment": time_text(view.moment),
        "opened_at": None if curve.opened_at is None else time_text(curve.opened_at),
        "nlv": None if curve.now is None else number(curve.now.value),
        "total_pnl": number(curve.total),
        "month_pnl": number(curve.since(view.moment.date().replace(day=1))),
        "closes": points(curve.closes),
        "day": points(curve.day),
        "risk": None if risk is None else risk_json(risk),
        "working_orders": [order_json.standing(order) for order in view.board.orders if order.open],
        "alerts": [alert_json.alert(one) for one in view.board.alerts],
        "halts": [halts_json.halt(one) for one in view.board.halts.halts],
        "watchlist": None if view.watch.view is None else watchlist_json.to_json(view.watch.view),
        "ahead": [ahead_json(one) for one in view.ahead],
    }


def points(curve: Sequence[CurvePoint]) -> list[dict[str, Any]]:
    """A record a moment."""
    return [
        {
            "at": time_text(one.at),
            "nlv": number(one.value),
            "pnl": number(one.gain),
            "paid_in": number(one.paid_in),
            "reason": one.reason,
        }
        for one in curve
    ]


def risk_json(risk: RiskGlance) -> dict[str, Any]:
    """Value at risk, margin, and what is missing."""
    return {
        "moment": time_text(risk.moment),
        "confidence": risk.confidence,
        "value_at_risk": risk.value_at_risk,
        "expected_shortfall": risk.expected_shortfall,
        "scenarios": risk.scenarios,
        "value_at_risk_reason": risk.tail_reason,
        "limit": None if risk.bound is None else number(risk.bound.bound),
        "limit_use": risk.limit_use,
        "margin": risk.margin,
        "margin_use": risk.margin_use,
        "margin_reason": risk.margin_reason,
        "breaches": risk.breaches,
        "notes": list(risk.notes),
    }


def ahead_json(one: Ahead) -> dict[str, Any]:
    """One thing that is coming."""
    return {
        "day": one.day.isoformat(),
        "kind": str(one.kind),
        "what": one.what,
        "symbol": None if one.symbol is None else one.symbol.strip(),
        "quantity": number(one.quantity),
        "probability": one.probability,
        "note": one.note,
    }


def encode(view: DeskView, risk: RiskGlance | None, kind: str) -> str:
    """The text of a file: `csv` with a line a close of the account, `json` with everything."""
    if kind == "json":
        return json.dumps(to_json(view, risk), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    rows = points(view.curve.closes)
    if not rows:
        raise MissingDataError(f"account {view.curve.account} has no curve: it opens with its first order")
    target = io.StringIO()
    writer = csv.DictWriter(target, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return target.getvalue()
