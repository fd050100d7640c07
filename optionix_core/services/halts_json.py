"""Halts, bands and levels as JSON: numbers are JSON numbers, what is absent is null."""

from __future__ import annotations

from typing import Any

from optionix_core.services.halts import BandReport, HaltReport, LevelReport
from optionix_core.services.order_json import number
from optionix_core.sync.canonical import time_text
from optionix_core.trading.halts import Halt


def halt(one: Halt) -> dict[str, Any]:
    """One halt."""
    return {
        "scope": str(one.scope),
        "name": one.name.strip() or None,
        "rule": one.rule,
        "since": time_text(one.since),
        "until": None if one.until is None else time_text(one.until),
        "reason": one.reason,
    }


def to_json(
    report: HaltReport, bands: BandReport | None, levels: LevelReport | None, no_bands: str | None
) -> dict[str, Any]:
    """The JSON form of `halt status`; `no_bands` is why there are none where they were asked for."""
    return {
        "schema_version": 1,
        "moment": time_text(report.moment),
        "halts": [halt(one) for one in report.halts],
        "suspended": list(report.suspended),
        "rules": [
            {"rule": one.rule, "name": one.name or None, "state": one.state, "detail": one.detail}
            for one in report.rules
        ],
        "luld": None if bands is None else _bands(bands),
        "luld_reason": no_bands,
        "market_wide": None if levels is None else _levels(levels),
    }


def _bands(told: BandReport) -> dict[str, Any]:
    return {
        "underlying": told.underlying,
        "tier": told.tier,
        "previous_close": number(told.previous_close),
        "reference": number(told.reference),
        "reference_since": time_text(told.reference_since),
        "last": number(told.last),
        "lower": number(told.bands.lower),
        "upper": number(told.bands.upper),
    }


def _levels(told: LevelReport) -> dict[str, Any]:
    return {
        "index": told.index,
        "prior_close": number(told.prior_close),
        "last": number(told.last),
        "level_1": number(told.levels.level_1),
        "level_2": number(told.levels.level_2),
        "level_3": number(told.levels.level_3),
        "reached": told.reached,
    }
