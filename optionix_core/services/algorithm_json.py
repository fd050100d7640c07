"""Algorithms, schedules and costs as JSON: numbers are JSON numbers, what is absent or no data is null."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from optionix_core.portfolio.deliverables import label_of
from optionix_core.services.order_json import number
from optionix_core.sync.canonical import time_text

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from optionix_core.services.algorithm_costs import AlgoCosts
    from optionix_core.services.algorithm_story import AlgoStory, SliceStory
    from optionix_core.services.algorithms import Preview
    from optionix_core.trading.algorithms.costs import Costs
    from optionix_core.trading.algorithms.parent import ParentOrder
    from optionix_core.trading.algorithms.schedule import Schedule


def preview(found: Preview) -> dict[str, Any]:
    """A schedule of which nothing is written."""
    return {
        "schema_version": 1,
        **_parent(found.parent),
        "state": "preview",
        "schedule": _schedule(found.parent, found.schedule),
    }


def summary(story: AlgoStory) -> dict[str, Any]:
    """One algorithm as it stands."""
    end = story.end
    return {
        **_parent(story.parent),
        "state": str(story.state),
        "filled": story.filled,
        "working": story.working,
        "remaining": story.parent.quantity - story.filled,
        "slices_sent": len(story.slices),
        "ended_at": None if end is None else time_text(end.at),
        "reason": None if end is None else end.reason,
    }


def story(found: AlgoStory) -> dict[str, Any]:
    """The same with its schedule and its slices."""
    return {
        "schema_version": 1,
        **summary(found),
        "schedule": _schedule(found.parent, found.schedule),
        "slices": [_slice(item) for item in found.slices],
    }


def costs(found: AlgoCosts) -> dict[str, Any]:
    """Costs in all and by slice. Positive is cost; money in the instrument's currency."""
    parent = found.story.parent
    return {
        "schema_version": 1,
        "algo_id": parent.algo_id,
        "account": parent.account,
        "symbol": parent.symbol,
        "side": str(parent.side),
        "state": str(found.story.state),
        "from": time_text(parent.start),
        "until": time_text(found.until),
        **_costs(found.whole),
        "slices": [{"number": item.number, **_costs(item.costs)} for item in found.slices],
    }


def _parent(parent: ParentOrder) -> dict[str, Any]:
    impact = parent.impact
    names = ("risk_aversion", "volatility", "temporary", "permanent", "fixed")
    return {
        "algo_id": parent.algo_id,
        "account": parent.account,
        "kind": str(parent.kind),
        "side": str(parent.side),
        "quantity": parent.quantity,
        "symbol": parent.symbol,
        "label": label_of(parent.symbol),
        "limit_price": number(parent.limit_price),
        "start": time_text(parent.start),
        "until": time_text(parent.until),
        "style": str(parent.style),
        "catch_up": str(parent.catch_up),
        "seed": parent.seed,
        "time_jitter": number(parent.time_jitter),
        "size_jitter": number(parent.size_jitter),
        "curve_source": parent.curve_source,
        "participation": number(parent.participation),
        "impact": None if impact is None else {name: getattr(impact, name) for name in names},
    }


def _schedule(parent: ParentOrder, schedule: Schedule) -> list[dict[str, Any]]:
    rows = []
    for place, time in enumerate(schedule.times, 1):
        row: dict[str, Any] = {"number": place, "due_at": time_text(time), "quantity": None, "target": None}
        if schedule.targets:
            row["quantity"] = schedule.target(place) - schedule.target(place - 1)
            row["target"] = schedule.target(place)
        row["left"] = None if row["target"] is None else parent.quantity - row["target"]
        rows.append(row)
    return rows


def _slice(item: SliceStory) -> dict[str, Any]:
    send = item.sliced.send
    quote = item.sliced.seen.quote
    return {
        "number": send.number,
        "order": item.order,
        "due_at": time_text(item.sliced.due_at),
        "decided_at": time_text(item.sliced.decided_at),
        "passed_over": send.passed_over,
        "quantity": send.quantity,
        "filled": item.filled,
        "limit_price": number(send.limit_price),
        "time_in_force": str(send.time_in_force),
        "good_until": _moment(send.good_until),
        "bid": None if quote is None else quote.bid,
        "ask": None if quote is None else quote.ask,
        "volume_seen": item.sliced.seen.volume_seen,
        "state": "wanted" if item.state is None else str(item.state),
        "reason": item.reason,
    }


def _costs(found: Costs) -> dict[str, Any]:
    return {
        "quantity": found.quantity,
        "filled": found.filled,
        "fill_rate": found.fill_rate,
        "arrival_price": number(found.arrival),
        "average_price": _float(found.average),
        "slippage": _float(found.slippage),
        "slippage_bp": _float(found.slippage_bp),
        "slippage_cost": number(found.slippage_cost),
        "interval_vwap": _float(found.vwap),
        "vwap_slippage": _float(found.vwap_slippage),
        "spread_cost": number(found.spread_cost),
        "fees": number(found.fees),
        "end_price": number(found.end_price),
        "opportunity_cost": number(found.opportunity_cost),
        "shortfall": number(found.shortfall),
    }


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else time_text(moment)


def _float(value: Decimal | None) -> float | None:
    """A quotient, with the digits that a float holds."""
    return None if value is None else float(value)
