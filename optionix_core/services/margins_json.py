"""Margin as JSON: requirement, pairing, worst scenario and assumptions; money as plain numbers to the cent's part."""

from __future__ import annotations

from typing import Any

from optionix_core.risk.margin.account import Health, LiquidationPrices
from optionix_core.risk.margin.deribit import DeribitMargin
from optionix_core.risk.margin.expiring import ExpiryExposure
from optionix_core.risk.margin.portfolio import PortfolioMargin
from optionix_core.risk.margin.sets import MarginSet
from optionix_core.risk.margin.span import SpanMargin
from optionix_core.risk.margin.strategy import StrategyMargin
from optionix_core.services.margins import MarginReport, RegimeReport
from optionix_core.sync.canonical import time_text

SCHEMA_VERSION = 1
PLACES = 6
"""Decimal places of money: more would be noise of the solver."""


def to_json(report: MarginReport) -> dict[str, Any]:
    """One regime's answer as the document itself; all of them as a list under `regimes`."""
    head = {
        "schema_version": SCHEMA_VERSION,
        "source": report.source.source,
        "moment": time_text(report.source.book.as_of),
        "positions": len(report.source.book.positions),
        "maintenance": report.terms.maintenance,
    }
    answers = [regime_json(one, report.source.notes) for one in report.regimes]
    if report.terms.regime != "all":
        return {**head, **answers[0]}
    least = report.least
    return {
        **head,
        "least": None if least is None else least.answer.regime,
        "regimes": answers,
        "absent": [{"regime": name, "reason": reason} for name, reason in report.absent],
    }


def regime_json(report: RegimeReport, notes: tuple[str, ...] = ()) -> dict[str, Any]:
    """Of one regime."""
    answer = report.answer
    document: dict[str, Any] = {
        "regime": answer.regime,
        "currency": answer.currency,
        "requirement": money(answer.requirement),
        "requirement_net_of_premium": money(answer.requirement_net_of_premium),
        "against_equity": money(answer.against_equity),
        "worst_scenario": answer.worst,
        **_parts(answer),
        "assumptions": list(dict.fromkeys((*notes, *answer.assumptions))),
        "health": None if report.health is None else _health(report.health),
    }
    if report.liquidation:
        document["liquidation"] = [_end(one) for one in report.liquidation]
    if report.order is not None:
        document["order"] = {
            "requirement_after": money(report.order.after.requirement),
            "requirement_change": money(report.order.change),
            "equity_change": money(report.order.equity_change),
            "units_that_fit": None if report.room is None else report.room.units,
            "bounded": None if report.room is None else report.room.bounded,
        }
    if report.expiry is not None:
        document["after_expiry"] = _expiry(report.expiry)
    return document


def money(amount: float) -> float:
    """Rounded to `PLACES`; never a negative zero."""
    return round(amount, PLACES) + 0.0


def _parts(answer: StrategyMargin | PortfolioMargin | SpanMargin | DeribitMargin) -> dict[str, Any]:
    if isinstance(answer, StrategyMargin):
        return {
            "exact": answer.exact,
            "lower_bound": money(answer.lower_bound),
            "equity_excluded": money(answer.equity_excluded),
            "by_underlying": {name: money(amount) for name, amount in answer.by_underlying},
            "pairing": [_set(one) for one in answer.sets],
        }
    if isinstance(answer, PortfolioMargin):
        return {
            "groups": [
                {
                    "name": group.name,
                    "underlyings": list(group.underlyings),
                    "requirement": money(group.requirement),
                    "greatest_loss": money(group.greatest_loss),
                    "minimum": money(group.minimum),
                    "worst_scenario": group.worst,
                    "profits": [money(one) for one in group.profits],
                }
                for group in answer.groups
            ]
        }
    if isinstance(answer, SpanMargin):
        return {
            "products": [
                {
                    "underlying": product.underlying,
                    "requirement": money(product.requirement),
                    "scan_risk": money(product.scan_risk),
                    "inter_month_charge": money(product.inter_month),
                    "inter_commodity_credit": money(product.credit),
                    "short_option_minimum": money(product.short_minimum),
                    "worst_scenario": product.worst,
                    "composite_delta": money(product.delta),
                    "losses": [money(loss) for loss in product.losses],
                }
                for product in answer.products
            ]
        }
    return {
        "by_currency": [
            {"currency": name, "initial": money(initial), "maintenance": money(kept)}
            for name, initial, kept in answer.by_currency
        ],
        "by_position": [
            {
                "position": row.position,
                "currency": row.currency,
                "initial": money(row.initial),
                "maintenance": money(row.maintenance),
            }
            for row in answer.positions
        ],
    }


def _set(one: MarginSet) -> dict[str, Any]:
    return {
        "name": one.name,
        "underlying": one.underlying,
        "legs": [{"position": leg.position, "quantity": leg.quantity} for leg in one.legs],
        "requirement": money(one.requirement),
        "rule": one.rule,
    }


def _health(one: Health) -> dict[str, Any]:
    return {
        "net_liquidation_value": money(one.net_liquidation_value),
        "needed": money(one.needed),
        "excess": money(one.excess),
        "ratio": None if one.ratio is None else money(one.ratio),
        "margin_call": money(one.margin_call),
    }


def _expiry(one: ExpiryExposure) -> dict[str, Any]:
    return {
        "expiry": one.expiry.isoformat(),
        "endings": [
            {"position": end.position, "outcome": end.outcome, "shares": end.shares, "cash": money(end.cash)}
            for end in one.endings
        ],
        "cash": money(one.cash),
        "shares": dict(one.shares),
        "requirement": money(one.after.requirement),
        "requirement_change": money(one.after.requirement - one.before.requirement),
        "assumptions": list(one.assumptions),
    }


def _end(one: LiquidationPrices) -> dict[str, Any]:
    return {
        "underlying": one.underlying,
        "price": money(one.price),
        "below": None if one.below is None else money(one.below),
        "above": None if one.above is None else money(one.above),
    }
