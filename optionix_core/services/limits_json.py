"""Limits and their breaches as plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from optionix_core.services.order_json import number
from optionix_core.sync.canonical import time_text

if TYPE_CHECKING:
    from optionix_core.services.limit_watch import LimitReport
    from optionix_core.trading.limit_board import Breach, SetLimit

SCHEMA_VERSION: Final = 1


def limits(report: LimitReport) -> dict[str, Any]:
    """Limits with their figures, and breaches that are not over."""
    return {
        "schema_version": SCHEMA_VERSION,
        "moment": time_text(report.moment),
        "limits": [
            {
                **limit(one.limit),
                "figure": None if one.figure is None else number(one.figure),
                "use": one.use,
                "beyond": one.beyond,
                "reason": one.reason,
                "breach": None if one.breach is None else one.breach.id,
            }
            for one in report.limits
        ],
        "breaches": [breach(one) for one in report.breaches],
    }


def limit(one: SetLimit) -> dict[str, Any]:
    """A limit that was set."""
    return {
        "limit": one.key.text,
        "level": str(one.key.level),
        "name": one.key.name,
        "kind": str(one.key.kind),
        "grade": str(one.key.grade),
        "bound": number(one.bound),
        "by": one.by,
    }


def breach(one: Breach) -> dict[str, Any]:
    """A breach as it stands."""
    return {
        "id": one.id,
        "limit": one.key.text,
        "figure": number(one.figure),
        "bound": number(one.bound),
        "since": time_text(one.since),
        "cause": one.cause,
        "cleared_at": None if one.cleared_at is None else time_text(one.cleared_at),
        "acknowledged_at": None if one.acknowledged_at is None else time_text(one.acknowledged_at),
        "by": one.by,
        "note": one.note,
    }
