"""Exercises, previews of an expiry and the calendar as JSON: numbers are JSON numbers, what is absent is null."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from optionix_core.portfolio.deliverables import label_of
from optionix_core.portfolio.exercise_instructions import Instruction
from optionix_core.portfolio.expiry_calendar import ExpiryEntry
from optionix_core.services.exercising import Exercised
from optionix_core.services.expiring import Calendar, Expiring, NextExpiry
from optionix_core.services.order_json import number
from optionix_core.sync.canonical import time_text


def instruction(told: Instruction) -> dict[str, Any]:
    """What a holder said."""
    return {
        "schema_version": 1,
        "state": "instructed",
        "account": told.account,
        "symbol": told.symbol,
        "label": label_of(told.symbol),
        "wish": told.wish,
        "contracts": told.contracts,
        "given_at": time_text(told.given_at),
    }


def exercised(done: Exercised, *, dry_run: bool) -> dict[str, Any]:
    """An early exercise; `cash` and `shares` signed into the account."""
    return {
        "schema_version": 1,
        "state": "preview" if dry_run else "exercised",
        "account": done.account,
        "symbol": done.symbol,
        "label": label_of(done.symbol),
        "contracts": done.contracts,
        "cash": number(done.delivery.cash),
        "currency": done.delivery.currency,
        "shares": number(done.delivery.shares),
        "delivers": done.delivery.symbol,
        "assigned": [{"account": account, "contracts": count} for account, count in done.assigned],
        "moment": time_text(done.moment),
        "replayed": done.replayed,
    }


def preview(told: NextExpiry) -> dict[str, Any]:
    """The next expiry, as if it were now."""
    return {
        "schema_version": 1,
        "moment": time_text(told.moment),
        "expires_at": None if told.expires_at is None else time_text(told.expires_at),
        "positions": [_expiring(one) for one in told.positions],
    }


def calendar(told: Calendar) -> dict[str, Any]:
    """The calendar; `probability` of ending in the money by `measure`. Dividends as they were declared."""
    return {
        "schema_version": 1,
        "moment": time_text(told.moment),
        "entries": [_entry(one, told) for one in told.entries],
        "dividends": [
            {
                "symbol": one.symbol,
                "per_share": number(one.per_share),
                "currency": one.currency,
                "ex_date": one.ex_date.isoformat(),
                "record_date": one.record_date.isoformat(),
                "pay_date": one.pay_date.isoformat(),
                "source": one.source,
            }
            for one in told.dividends
        ],
    }


def _expiring(one: Expiring) -> dict[str, Any]:
    found = one.fate
    return {
        "symbol": one.instrument.symbol,
        "label": one.instrument.label,
        "quantity": number(one.position.quantity),
        "price": number(one.price),
        "act": None if found is None or not found.contracts else found.act,
        "contracts": None if found is None else found.contracts,
        "expired": None if found is None else found.expired,
        "cash": None if found is None else number(one.cash),
        "shares": None if found is None else number(one.shares),
        "instructed": one.instructed,
        "reason": one.reason,
    }


def _entry(one: ExpiryEntry, told: Calendar) -> dict[str, Any]:
    advice = told.advice.get(one.symbol)
    return {
        "symbol": one.symbol,
        "label": label_of(one.symbol),
        "underlying": one.underlying,
        "quantity": number(one.quantity),
        "expiry": one.expiry.isoformat(),
        "last_trade": time_text(one.last_trade),
        "settles_at": time_text(one.settles_at),
        "decision_by": None if one.decision_by is None else one.decision_by.isoformat(),
        "measure": one.measure,
        "probability": one.probability,
        "expected_assigned": one.expected_assigned,
        "assigned_before_dividend": None if one.before_dividend is None else one.before_dividend.exercise,
        "early_exercise": None if advice is None else asdict(advice),
        "reason": told.reasons.get(one.symbol),
    }
