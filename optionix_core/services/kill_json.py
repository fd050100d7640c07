"""The kill switch as JSON: how it stands, what a kill ended, what it sent, what is still held."""

from __future__ import annotations

from typing import Any

from optionix_core.portfolio.deliverables import label_of
from optionix_core.services.kill import KillReport
from optionix_core.services.kill_watch import Watched
from optionix_core.services.order_json import number, standing
from optionix_core.sync.canonical import time_text


def to_json(report: KillReport) -> dict[str, Any]:
    """The JSON form of a report."""
    switch = report.switch
    return {
        "schema_version": 1,
        "state": str(switch.phase),
        "since": None if switch.since is None else time_text(switch.since),
        "by": switch.by,
        "reason": switch.reason,
        "kill_id": switch.kill_id,
        "in_force": switch.in_force is not None,
        "flatten": switch.flatten,
        "confirmation": switch.confirmation,
        "moment": time_text(report.moment),
        "replayed": report.replayed,
        "cancelled": list(report.cancelled),
        "orders": [_order(standing(order)) for order in report.orders],
        "held": [
            {
                "account": item.account,
                "symbol": item.symbol,
                "label": label_of(item.symbol),
                "quantity": number(item.quantity),
                "reason": item.reason,
            }
            for item in report.held
        ],
    }


def watched(found: Watched) -> dict[str, Any]:
    """What a look at the day's loss found and did."""
    judged = found.judgement
    return {
        "schema_version": 1,
        "rule": judged.rule,
        "verdict": str(judged.verdict),
        "value": None if judged.value is None else float(judged.value),
        "bound": float(judged.bound),
        "detail": judged.detail,
        "fired": found.kill is not None,
        "held_back": found.held_back,
        "kill": None if found.kill is None else to_json(found.kill),
    }


def _order(document: dict[str, Any]) -> dict[str, Any]:
    names = ("client_order_id", "account", "side", "quantity", "symbol", "label", "state", "filled_quantity")
    return {name: document[name] for name in (*names, "average_price", "reason", "tag")}
