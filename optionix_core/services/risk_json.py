"""Answers about risk as plain values in natural units: fractions, per year, the reporting currency."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from optionix_core.services.chains_json import utc_text

if TYPE_CHECKING:
    from datetime import date

    from optionix_core.risk.betas import Beta
    from optionix_core.risk.greeks import BookGreeks, GreekSum
    from optionix_core.risk.liquidity import Liquidity
    from optionix_core.risk.reverse_stress import ReverseStress
    from optionix_core.risk.stress import StressGrid, StressResult
    from optionix_core.risk.stress_library import StressScenario
    from optionix_core.risk.value_at_risk.intervals import Interval
    from optionix_core.risk.value_at_risk.parts import RiskParts
    from optionix_core.services.risk_book import BuiltBook
    from optionix_core.services.risk_explain import ExplainedPeriod
    from optionix_core.services.risk_liquidity import LiquidityReport
    from optionix_core.services.risk_tails import BacktestReport, TailReport

SCHEMA_VERSION: Final = 1


def book(built: BuiltBook) -> dict[str, Any]:
    """What a book is and where it came from."""
    return {
        "moment": utc_text(built.moment),
        "source": built.feed,
        "currency": built.book.reporting_currency,
        "positions": len(built.book.positions),
        "left_out": [{"id": one.id, "reason": one.reason} for one in built.left_out],
        "notes": list(built.notes),
    }


def scenario(one: StressScenario) -> dict[str, Any]:
    """A scenario of the library or of a user."""
    return {
        "id": one.id,
        "title": one.title,
        "kind": str(one.kind),
        "day": None if one.day is None else one.day.isoformat(),
        "compared_with": None if one.compared_with is None else one.compared_with.isoformat(),
        "index": one.index or None,
        "spot": one.spot,
        "spots": dict(one.spots),
        "volatility": [
            {"days": move.days, "change": move.change, "index": move.index or None} for move in one.volatility
        ],
        "decay": one.decay,
        "skew": one.skew,
        "rate": one.rate,
        "dividend_yield": one.dividend_yield,
        "days": one.days,
        "spread": one.spread,
        "unknown": list(one.unknown),
        "source": one.source,
    }


def stressed(built: BuiltBook, found: StressResult, closing: Mapping[str, Liquidity] | None = None) -> dict[str, Any]:
    """P&L in each scenario, by underlying and by position."""
    totals = found.total().tolist()
    from optionix_core.risk.stress import by_group

    by_underlying = found.pnl.by_underlying()
    by_account = by_group(found.pnl, built.accounts) if built.accounts else {}
    rows = []
    for place, one in enumerate(found.scenarios):
        cost = None if closing is None else closing.get(one.id)
        rows.append(
            {
                "id": one.id,
                "title": one.title,
                "kind": str(one.kind),
                "day": None if one.day is None else one.day.isoformat(),
                "spot": one.spot,
                "pnl": totals[place],
                "closing_cost": None if cost is None else cost.cost,
                "by_underlying": {name: float(values[place]) for name, values in by_underlying.items()},
                "by_account": {name: float(values[place]) for name, values in by_account.items()},
                "by_position": {row.name: float(found.pnl.values[at, place]) for at, row in enumerate(found.pnl.rows)},
                "source": one.source,
            }
        )
    worst, loss = found.worst()
    return {
        "schema_version": SCHEMA_VERSION,
        **book(built),
        "sticky": str(found.sticky),
        "betas": dict(found.betas),
        "assumptions": list(found.assumptions),
        "worst": {"id": worst.id, "pnl": loss},
        "scenarios": rows,
    }


def grid(built: BuiltBook, found: StressGrid) -> dict[str, Any]:
    """P&L at each combination, spots outermost."""
    return {
        "schema_version": SCHEMA_VERSION,
        **book(built),
        "spot_returns": list(found.spot_returns),
        "volatility_moves": list(found.volatility_moves),
        "volatility": found.volatility,
        "days": list(found.days),
        "pnl": found.total.tolist(),
    }


def reverse(built: BuiltBook, found: ReverseStress, notes: Sequence[str] = ()) -> dict[str, Any]:
    """The nearest break, or that there is none within reach."""
    return {
        "schema_version": SCHEMA_VERSION,
        **book(built),
        "limit": found.limit,
        "found": found.found,
        "distance": found.distance,
        "reach": found.reach,
        "loss": found.loss,
        "loss_just_inside": found.loss_just_inside,
        "moves": [
            {
                "factor": move.factor.label,
                "deviation": move.factor.deviation,
                "move": move.move,
                "deviations": move.deviations,
            }
            for move in found.moves
        ],
        "evaluations": found.scenarios,
        "factor_notes": list(notes),
    }


def greeks(
    built: BuiltBook,
    found: BookGreeks,
    by: str,
    groups: Mapping[Any, GreekSum],
    betas: Mapping[str, Beta] | None = None,
) -> dict[str, Any]:
    """Greeks of the book and of its groups."""
    return {
        "schema_version": SCHEMA_VERSION,
        **book(built),
        "sticky": str(found.sticky),
        "by": by,
        "betas": None
        if betas is None
        else {
            name: {
                "beta": one.beta,
                "standard_error": _finite(one.standard_error),
                "observations": one.observations,
            }
            for name, one in betas.items()
        },
        "total": _sum(found.total()),
        "groups": [{"group": _name(key), **_sum(one)} for key, one in groups.items()],
    }


def tails(built: BuiltBook, found: TailReport) -> dict[str, Any]:
    """Both figures, those of the derivatives beside them, and their parts."""
    return {
        "schema_version": SCHEMA_VERSION,
        **book(built),
        "method": found.method,
        "estimates": [
            {
                "confidence": one.confidence,
                "horizon_days": one.horizon_days,
                "value_at_risk": one.value_at_risk,
                "expected_shortfall": one.expected_shortfall,
                "convention": one.convention,
                "horizon_rule": one.horizon_rule,
                "scenarios": one.scenarios,
                "rank": one.rank,
                "notes": list(one.notes),
            }
            for one in found.estimates
        ],
        "beside": [
            {
                "confidence": one.confidence,
                "delta_normal": one.delta_normal,
                "delta_gamma": one.delta_gamma,
                "cornish_fisher": one.cornish_fisher,
                "delta_gamma_shortfall": one.shortfall,
            }
            for one in found.beside
        ],
        "intervals": [
            {
                "confidence": confidence,
                "value_at_risk": _interval(quantile),
                "expected_shortfall": _interval(shortfall),
            }
            for confidence, quantile, shortfall in found.intervals
        ],
        "value_at_risk_parts": _parts(found.value_at_risk_parts),
        "expected_shortfall_parts": _parts(found.shortfall_parts),
        "history_notes": list(found.notes),
    }


def backtested(built: BuiltBook, found: BacktestReport) -> dict[str, Any]:
    """Tests of a series of forecasts."""
    tests = found.tests
    light = tests.traffic_light
    return {
        "schema_version": SCHEMA_VERSION,
        **book(built),
        "method": found.method,
        "confidence": found.confidence,
        "window": found.window,
        "observations": light.observations,
        "exceptions": light.exceptions,
        "expected_exceptions": (1.0 - found.confidence) * light.observations,
        "first_day": found.days[0],
        "last_day": found.days[-1],
        "tests": [
            {"name": one.name, "statistic": _finite(one.statistic), "p_value": _finite(one.p_value)}
            for one in (tests.kupiec, tests.independence, tests.joint)
        ],
        "traffic_light": {
            "zone": str(light.zone),
            "p_value": light.p_value,
            "plus_factor_1996": light.plus_factor_1996,
            "multiplier_mar99": light.multiplier_mar99,
        },
        "exception_days": [
            {
                "day": found.days[place],
                "pnl": float(found.forecasts.pnl[place]),
                "value_at_risk": float(found.forecasts.value_at_risk[place]),
            }
            for place in tests.exceptions
        ],
        "test_notes": list(tests.notes),
        "history_notes": list(found.notes),
    }


def liquidity(built: BuiltBook, found: LiquidityReport) -> dict[str, Any]:
    """Closing the book, its concentration, and exposures to venues."""
    closing, shares = found.closing, found.concentration
    return {
        "schema_version": SCHEMA_VERSION,
        **book(built),
        "takes_per_day": found.takes_per_day,
        "spread_factor": found.spread_factor,
        "cost": closing.cost,
        "days": closing.days,
        "without_cost": closing.without_cost,
        "closing": [
            {
                "id": one.id,
                "quantity": one.quantity,
                "price": one.price,
                "cost": one.cost,
                "displayed": one.displayed,
                "days": one.days,
                "reason": one.reason,
            }
            for one in closing.positions
        ],
        "concentration": {
            "gross": shares.gross,
            "herfindahl": shares.herfindahl,
            "shares": [{"name": one.name, "amount": one.amount, "share": one.share} for one in shares.exposures],
        },
        "counterparties": {
            name: {"net": one.net, "gross": one.gross, "worst": one.worst, "scenario": one.scenario}
            for name, one in found.counterparties.items()
        },
    }


def explained(periods: Sequence[ExplainedPeriod]) -> dict[str, Any]:
    """Every stretch with its parts, in all and by position."""
    from optionix_core.risk.explained import gross_moves

    rows = []
    for one in periods:
        total = one.explained.total()
        gross = gross_moves(total)
        rows.append(
            {
                "start": utc_text(one.start),
                "end": utc_text(one.end),
                "total": total,
                "gross_moves": gross,
                "residual_share": abs(total["residual"]) / gross if gross > 0.0 else None,
                "by_position": one.explained.by_position(),
                "left_out": [{"id": gone.id, "reason": gone.reason} for gone in one.left_out],
                "notes": list(one.notes),
            }
        )
    first = periods[0].explained
    return {
        "schema_version": SCHEMA_VERSION,
        "currency": first.reporting_currency,
        "greeks": str(first.greeks),
        "periods": rows,
    }


def _sum(one: GreekSum) -> dict[str, Any]:
    return {name: _finite(value) if isinstance(value, float) else value for name, value in one._asdict().items()}


def _parts(found: RiskParts) -> dict[str, Any]:
    return {
        "confidence": found.confidence,
        "total": found.total,
        "parts": [
            {
                "name": name,
                "component": float(found.component[row]),
                "standard_error": _finite(float(found.component_error[row])),
                "standalone": float(found.standalone[row]),
                "incremental": float(found.incremental[row]),
            }
            for row, name in enumerate(found.labels)
        ],
        "notes": list(found.notes),
    }


def _interval(one: Interval | None) -> dict[str, Any] | None:
    """Ends, null where they are infinite, and the level at which they hold."""
    return None if one is None else {"lower": _finite(one.lower), "upper": _finite(one.upper), "level": one.level}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _name(key: date | str | None) -> str | None:
    return key if key is None or isinstance(key, str) else key.isoformat()
