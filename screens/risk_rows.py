"""Rows of the risk screen's tables: a view in, rows out. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from optionix_core.market.units import POINT, unit
from screens.risk_columns import AFTER, BAD, METHOD_NAMES, NEAR, NEARLY, NONE, TOTAL, amount
from widgets import figures
from widgets.grid_columns import GridRow

if TYPE_CHECKING:
    from optionix_core.risk.greeks import GreekSum
    from optionix_core.risk.margin.comparison import RegimeMargin
    from optionix_core.risk.value_at_risk.parts import RiskParts
    from optionix_core.services.limit_watch import LimitReport, Standing
    from optionix_core.services.margins import RegimeReport
    from optionix_core.services.risk_liquidity import LiquidityReport
    from optionix_core.services.risk_tails import Method
    from optionix_core.services.risk_view import Margins, Reversed, RiskView, Stressed
    from optionix_core.trading.limit_board import Breach


class LimitRow(NamedTuple):
    """What a row of the limits is about."""

    limit: str
    """The limit's key, as commands write it."""
    breach: str = ""
    """Id of the breach that the row tells; empty for the limit itself."""


def component_rows(parts: RiskParts, by: str, horizon_days: int) -> list[GridRow]:
    """Their sum, then the largest first; over several days by the square root, as the figure itself."""
    scale = math.sqrt(horizon_days)
    order = sorted(range(len(parts.labels)), key=lambda place: -float(parts.component[place]))
    rows = [
        GridRow(
            parts.labels[place],
            (
                part_name(parts.labels[place], by),
                scale * float(parts.component[place]),
                float(parts.component[place]) / parts.total if parts.total else None,
                scale * float(parts.component_error[place]),
                scale * float(parts.standalone[place]),
                scale * float(parts.incremental[place]),
            ),
        )
        for place in order
    ]
    if not rows:
        return rows
    total = scale * math.fsum(float(value) for value in parts.component)
    return [GridRow("", ("all, which add up", total, 1.0, None, scale * parts.total, None), TOTAL), *rows]


def part_name(label: str, by: str) -> str:
    """What a part is called."""
    if by != "position":
        return label
    from optionix_core.portfolio.deliverables import label_of

    return label_of(label)


def scenario_rows(stressed: Stressed) -> list[GridRow]:
    """The worst first."""
    totals = stressed.found.total().tolist()
    pairs = sorted(zip(stressed.found.scenarios, totals, strict=True), key=lambda pair: pair[1])
    return [
        GridRow(
            one.id,
            (
                one.title,
                pnl,
                one.spot,
                "" if one.day is None else f"{one.day:%d %b %y}",
                None if (cost := stressed.closing.get(one.id)) is None else cost.cost,
            ),
            BAD if pnl < 0.0 else 0,
        )
        for one, pnl in pairs
    ]


def limit_rows(report: LimitReport, account: str) -> list[GridRow]:
    """The limits by how much of their bound is taken, those that are broken first; under each its breaches."""
    waiting = list(report.breaches)
    rows: list[GridRow] = []
    for one in sorted(report.limits, key=lambda one: (not one.beyond, -(-1.0 if one.use is None else one.use))):
        rows.append(_limit(one, account))
        own = [breach for breach in waiting if breach.key == one.limit.key]
        rows += [_breach(breach, f"└ breach {breach.number}, {breach.since:%H:%M}") for breach in own]
        waiting = [breach for breach in waiting if breach not in own]
    # What stands is cleared where its limit was taken away, and is still to be seen.
    return [*rows, *(_breach(one, f"breach {one.number} of {limit_name(one.key.text, account)}") for one in waiting)]


def _limit(one: Standing, account: str) -> GridRow:
    key = one.limit.key
    if one.figure is None:
        absent = (limit_name(key.text, account), "no data", None, float(one.limit.bound), None)
        return GridRow(LimitRow(key.text), absent, NONE)
    flag = BAD if one.beyond else NEAR if (one.use or 0.0) >= NEARLY else 0
    word = "✗ beyond" if one.beyond else "! near" if flag else "✓ within"
    row = (limit_name(key.text, account), word, float(one.figure), float(one.limit.bound), one.use)
    return GridRow(LimitRow(key.text), row, flag)


def _breach(one: Breach, name: str) -> GridRow:
    seen = one.acknowledged_at is not None
    word = "cleared" if one.cleared_at is not None else "! seen" if seen else "✗ breach"
    used = abs(float(one.figure)) / float(one.bound)
    row = (name, word, float(one.figure), float(one.bound), used)
    return GridRow(LimitRow(one.key.text, one.id), row, NEAR if seen or one.cleared_at is not None else BAD)


def limit_name(text: str, account: str) -> str:
    """`value-at-risk soft`, `delta hard of desk vol`: whose it is where it is not the account's own."""
    level, name, kind, grade = text.split("/")
    of = "" if (level, name) == ("account", account) else f" of {level} {name}"
    return f"{kind.removeprefix('limit-')} {grade}{of}"


def margin_rows(margins: Margins) -> list[GridRow]:
    """The least first; regimes without an answer below, with their reason."""
    kept = {one.answer.regime: one for one in margins.maintenance.regimes}
    told = sorted(margins.initial.regimes, key=lambda one: one.answer.against_equity)
    rows = [_regime(one, kept.get(one.answer.regime)) for one in told]
    absent = [GridRow(name, (name, None, None, None, reason), NONE) for name, reason in margins.initial.absent]
    return [*rows, *absent]


def _regime(one: RegimeReport, kept: RegimeReport | None) -> GridRow:
    answer: RegimeMargin = one.answer
    excess = None if one.health is None else one.health.excess
    row = (
        regime_name(answer.regime),
        answer.against_equity,
        None if kept is None else kept.answer.against_equity,
        excess,
        answer.worst,
    )
    return GridRow(answer.regime, row, BAD if excess is not None and excess < 0.0 else 0)


def regime_name(regime: str) -> str:
    """As traders call it."""
    return {"strategy": "Reg T", "span": "SPAN"}.get(regime, regime)


def reverse_rows(told: Reversed) -> list[GridRow]:
    """The factors that move most first."""
    moves = sorted(told.found.moves, key=lambda one: -abs(one.deviations))
    return [
        GridRow(
            one.factor.label, (one.factor.label, _move(one.factor.kind, one.move), one.deviations, one.factor.deviation)
        )
        for one in moves
    ]


def _move(kind: str, value: float) -> str:
    if kind == "rate":
        return f"{10_000.0 * value:+.1f}bp"
    return f"{100.0 * value:+.2f}%" if abs(value) < 10.0 else f"{figures.signed_count(100.0 * value)}%"


def method_rows(view: RiskView) -> list[GridRow]:
    """Every method, then what first and second derivatives say, then the same figure with the staged legs."""
    base = view.tail("plain").answer
    plain = None if base is None else base.estimates[0].value_at_risk
    rows = [_method(view, method, plain) for method in view.tails]
    rows += _beside(view, plain)
    staged = view.what_if.answer
    if staged is not None:
        before, after = staged.before.tail, staged.after.tail
        against = after.value_at_risk / before.value_at_risk - 1.0 if before.value_at_risk > 0.0 else None
        name = f"past days with {len(staged.legs)} staged"
        rows.append(GridRow("staged", (name, after.value_at_risk, after.expected_shortfall, "", against), AFTER))
    return rows


def _method(view: RiskView, method: Method, plain: float | None) -> GridRow:
    part = view.tails[method]
    if part.answer is None:
        return GridRow(method, (METHOD_NAMES[method], None, None, str(part.problem), None), NONE)
    found = part.answer.estimates[0]
    interval = part.answer.intervals[0][1]
    scale = math.sqrt(view.asked.horizon_days)
    ends = "" if interval is None else f"{amount(scale * interval.lower)} to {amount(scale * interval.upper)}"
    against = None if not plain or method == "plain" else found.value_at_risk / plain - 1.0
    row = (METHOD_NAMES[method], found.value_at_risk, found.expected_shortfall, ends, against)
    return GridRow(method, row)


def _beside(view: RiskView, plain: float | None) -> list[GridRow]:
    base = view.tail("plain").answer
    if base is None or not base.beside:
        return []
    one, scale = base.beside[0], math.sqrt(view.asked.horizon_days)
    told: list[tuple[str, str, float, float | None]] = [
        ("delta-normal", "delta-normal", one.delta_normal, None),
        ("delta-gamma", "delta-gamma, exact", one.delta_gamma, one.shortfall),
        ("cornish-fisher", "delta-gamma, Cornish-Fisher", one.cornish_fisher, None),
    ]
    return [
        GridRow(
            key,
            (
                name,
                scale * value,
                None if shortfall is None else scale * shortfall,
                "",
                scale * value / plain - 1.0 if plain else None,
            ),
        )
        for key, name, value, shortfall in told
    ]


_GREEKS: Final[tuple[tuple[str, float], ...]] = (
    ("delta_cash", POINT),
    ("gamma_cash", POINT * POINT),
    ("vega", unit("vega").factor),
    ("theta", unit("theta").factor),
    ("rho", unit("rho").factor),
    ("delta", 1.0),
    ("vanna_cash", POINT * unit("vanna").factor),
    ("volga", unit("volga").factor),
    ("value", 1.0),
)
"""Field and factor to market units, in the order of the columns."""


def greek_rows(view: RiskView) -> list[GridRow]:
    """All together, and by underlying."""
    found = view.greeks.answer
    if found is None:
        return []
    rows = [GridRow(name, (name, *greek_cells(one))) for name, one in found.by_underlying().items()]
    return [GridRow("", ("all", *greek_cells(found.total())), TOTAL), *rows]


def greek_cells(one: GreekSum) -> tuple[Any, ...]:
    """In market units, in the order of the columns."""
    values = ((getattr(one, name), scale) for name, scale in _GREEKS)
    return tuple(None if value is None else scale * value for value, scale in values)


def liquidity_rows(report: LiquidityReport) -> list[GridRow]:
    """The sum, then the dearest to close first."""
    from optionix_core.portfolio.deliverables import label_of

    order = sorted(report.closing.positions, key=lambda one: -(math.inf if one.cost is None else one.cost))
    rows = [
        GridRow(
            one.id,
            (
                label_of(one.id) if one.reason is None else f"{label_of(one.id)}: {one.reason}",
                one.cost,
                one.quantity,
                one.price,
                one.displayed,
                one.days,
            ),
            NONE if one.cost is None else 0,
        )
        for one in order
    ]
    return [GridRow("", ("all", report.closing.cost, None, None, None, report.closing.days), TOTAL), *rows]
