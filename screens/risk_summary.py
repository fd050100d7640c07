"""The lines of words on the risk screen: its figures, what they are of, and what stands over each pane. Pure."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from optionix_core.market.units import POINT
from screens.risk_columns import METHOD_NAMES, SHORT_NAMES, amount, horizon_text, signed
from screens.risk_rows import regime_name
from widgets import figures
from widgets.info_line import Piece

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.services.risk_tails import Method
    from optionix_core.services.risk_view import RiskAsked, RiskView

PARTED: Final = 0.25
"""By how much the delta-normal figure may part from the revaluation before that is marked."""
_FIGURES: Final = {"value_at_risk": "VaR", "expected_shortfall": "ES"}


def figure_name(measure: str) -> str:
    """`VaR` or `ES`."""
    return _FIGURES[measure]


def _fact(label: str, value: str, rank: int, tone: str = "plain") -> list[Piece]:
    return [Piece(label, "muted", rank), Piece(value, tone, rank, joined=True)]


def risk_pieces(view: RiskView) -> tuple[Piece, ...]:
    """Value at risk by every method, expected shortfall, and what the backtest says."""
    asked = view.asked
    level = horizon_text(asked.confidence, asked.horizon_days)
    pieces = [Piece(f" VaR {level} ", "chip", 0, action="risk.next_level")]
    if view.empty:
        priced = " that has a price" if view.built.left_out else ""
        return (*pieces, Piece(f"nothing is held in {view.account}{priced}", "muted", 0))
    base = view.tail("plain")
    if base.problem is not None:
        return (*pieces, Piece("✗", "alert", 0), Piece(str(base.problem), "alert", 0, joined=True))
    if base.answer is None:
        return (*pieces, Piece("◌", "muted", 0))
    plain = base.answer.estimates[0]
    pieces += _fact("hist", amount(plain.value_at_risk), 0, "strong")
    pieces += _other(view, "filtered", 3)
    if base.answer.beside:
        normal = math.sqrt(asked.horizon_days) * base.answer.beside[0].delta_normal
        parted = abs(normal - plain.value_at_risk) > PARTED * plain.value_at_risk
        pieces += _fact("param Δ", f"{amount(normal)}{' !' if parted else ''}", 4, "warn" if parted else "plain")
    pieces += _other(view, "copula", 4)
    pieces += _fact("│ ES", amount(plain.expected_shortfall), 1, "strong")
    return (*pieces, *_backtest(view))


def _other(view: RiskView, method: Method, rank: int) -> list[Piece]:
    found = view.tail(method).answer
    if found is None:
        return []
    text = amount(found.estimates[0].value_at_risk)
    interval = found.intervals[0][1] if method == "copula" else None
    if interval is not None and math.isfinite(interval.upper - interval.lower):
        half = 0.5 * math.sqrt(view.asked.horizon_days) * (interval.upper - interval.lower)
        text += f" ±{half:,.0f}" if found.estimates[0].value_at_risk >= 100 else f" ±{half:,.2f}"
    return _fact(SHORT_NAMES[method], text, rank)


def _backtest(view: RiskView) -> list[Piece]:
    if view.backtest.problem is not None:
        return [Piece("│ backtest: no data", "muted", 2)]
    found = view.backtest.answer
    if found is None:
        return []
    light, kupiec = found.tests.traffic_light, found.tests.kupiec
    tone = {"green": "up", "yellow": "warn", "red": "alert"}.get(str(light.zone), "plain")
    breaches = f"{light.exceptions} breach{'' if light.exceptions == 1 else 'es'}"
    return [
        *_fact(f"│ backtest {light.observations}d", breaches, 2),
        Piece(str(light.zone), tone, 2, joined=True),
        *_fact("Kupiec p", figures.fraction(kupiec.p_value), 5),
    ]


def state_pieces(
    view: RiskView | None,
    now: datetime,
    wanted: RiskAsked,
    *,
    running: tuple[str, int, int] | None,
    cancel_key: str,
    fresh: timedelta | None = None,
) -> tuple[Piece, ...]:
    """What the figures are of and how old they are, what the staged legs would change, and what is being made.

    `fresh`: how old they may be; None where quotes stand still.
    """
    pieces: list[Piece] = []
    if running is not None:
        step, done, total = running
        full = round(10 * done / total) if total else 0
        pieces += [Piece(f"◌ {step}", "accent", 0), Piece("▇" * full + "▁" * (10 - full), "accent", 1, joined=True)]
        pieces += [Piece(f"{done}/{total}" if total else "", "muted", 3, joined=True)]
        pieces += [
            Piece(cancel_key, "key", 2, action="risk.refresh"),
            Piece("stops", "muted", 2, joined=True, action="risk.refresh"),
        ]
    if view is None:
        return tuple(pieces)
    asked = view.asked
    if (asked.confidence, asked.horizon_days) != (wanted.confidence, wanted.horizon_days):
        pieces.append(Piece(f"asked for {horizon_text(wanted.confidence, wanted.horizon_days)}", "accent", 1))
    age = max(now - view.moment, timedelta(0))
    late = fresh is not None and age > fresh
    pieces += _fact(
        "age", f"{figures.age(age.total_seconds())}{' OLD' if late else ''}", 2, "warn" if late else "plain"
    )
    count = len(view.built.book.positions)
    pieces += _fact(view.account, f"{count} position{'' if count == 1 else 's'}", 5)
    if view.built.left_out:
        pieces.append(Piece(f"! {len(view.built.left_out)} left out", "warn", 0))
    if view.built.notes:
        pieces.append(Piece(f"{len(view.built.notes)} by the smile's volatility", "muted", 7))
    return (*pieces, *_staged(view))


def _staged(view: RiskView) -> list[Piece]:
    part = view.what_if
    if part.problem is not None:
        return [Piece("│ staged:", "muted", 0), Piece(str(part.problem), "alert", 0, joined=True)]
    if part.answer is None:
        return []
    found, before, after = part.answer, part.answer.before, part.answer.after
    return [
        Piece(f"│ {len(found.legs)} staged:", "muted", 0),
        Piece("VaR", "muted", 0, joined=True),
        Piece(f"{amount(before.tail.value_at_risk)}→{amount(after.tail.value_at_risk)}", "strong", 0, joined=True),
        *_fact("ES", f"{amount(before.tail.expected_shortfall)}→{amount(after.tail.expected_shortfall)}", 3),
        *_fact("worst", f"{amount(before.worst_pnl)}→{amount(after.worst_pnl)}", 4),
        *_fact("margin", f"{amount(before.margin.answer)}→{amount(after.margin.answer)}", 5),
        *_fact("Δ1%", f"{amount(POINT * before.greeks.delta_cash)}→{amount(POINT * after.greeks.delta_cash)}", 6),
    ]


def _title(text: str, *notes: str) -> tuple[Piece, ...]:
    return (Piece(text, "title", 0), *(Piece(note, "muted", rank) for rank, note in enumerate(notes, 1) if note))


def titles(view: RiskView, measure: str) -> dict[str, tuple[Piece, ...]]:
    """What stands over each table."""
    return {
        "components": _components(view, measure),
        "scenarios": _scenarios(view),
        "limits": _limits(view),
        "margin": _margin(view),
        "reverse": _reverse(view),
        "methods": _title("Methods", horizon_text(view.asked.confidence, view.asked.horizon_days)),
        "greeks": _title("Greeks", "sticky strike"),
        "liquidity": _liquidity(view),
    }


def _components(view: RiskView, measure: str) -> tuple[Piece, ...]:
    asked, found = view.asked, view.tail().answer
    of = f"{figure_name(measure)} {horizon_text(asked.confidence, asked.horizon_days)}"
    if found is None:
        return _title(f"Parts of {of}")
    parts = found.value_at_risk_parts if measure == "value_at_risk" else found.shortfall_parts
    total = math.sqrt(asked.horizon_days) * parts.total
    return _title(f"Parts of {of}: {amount(total)}", f"by {asked.by}", METHOD_NAMES[asked.method])


def _scenarios(view: RiskView) -> tuple[Piece, ...]:
    found = view.stressed.answer
    if found is None:
        return _title("Scenarios")
    worst, pnl = found.found.worst()
    return _title("Scenarios", f"worst {signed(pnl)}", worst.title)


def _limits(view: RiskView) -> tuple[Piece, ...]:
    found = view.limits.answer
    if found is None:
        return _title("Limits")
    beyond = sum(one.beyond for one in found.limits)
    waiting = sum(one.acknowledged_at is None for one in found.breaches)
    pieces = list(_title("Limits", f"{len(found.limits)} set"))
    if beyond:
        pieces.append(Piece(f"✗ {beyond} beyond", "alert", 0))
    if waiting:
        pieces.append(Piece(f"{waiting} to be seen", "warn", 0))
    return tuple(pieces)


def _margin(view: RiskView) -> tuple[Piece, ...]:
    found = view.margin.answer
    least = None if found is None else found.initial.least
    if least is None:
        return _title("Margin")
    return _title("Margin", f"least {amount(least.answer.against_equity)}, {regime_name(least.answer.regime)}")


def _reverse(view: RiskView) -> tuple[Piece, ...]:
    told = view.reverse.answer
    if told is None:
        return _title("Reverse stress")
    found = told.found
    if found.distance is None:
        return _title("Reverse stress", f"no loss of {amount(found.limit)}", f"within {found.reach:g} dev.", told.of)
    return _title("Reverse stress", f"{amount(found.limit)} lost at {found.distance:.2f} dev.", told.of)


def _liquidity(view: RiskView) -> tuple[Piece, ...]:
    found = view.liquidity.answer
    if found is None:
        return _title("Liquidity")
    largest = found.concentration.exposures[:1]
    days = found.closing.days
    return _title(
        "Liquidity",
        f"to close {amount(found.closing.cost)}" + ("" if days is None else f", {days:.2f}d"),
        *(f"{one.name} {100.0 * one.share:.0f}% of gross" for one in largest),
    )
