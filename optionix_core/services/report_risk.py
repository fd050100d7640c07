"""The risk of an account at the end of a day: tails, stress, Greeks, margin, and where the day's P&L came from.

The book is the ledger's at the close, at the quotes of that moment; past moves are those until that day, so that the
report stays the same. A part that cannot be told says why, and the others stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import TYPE_CHECKING

from optionix_core.errors import DomainError, InvalidValueError, MissingDataError
from optionix_core.portfolio.deliverables import kind_of, label_of
from optionix_core.reporting.document import Cell, Column, Fact, Section, Unit
from optionix_core.services import margins, risk_book
from optionix_core.services.report_orders import happenings_of

if TYPE_CHECKING:
    from optionix_core.risk.stress_library import StressScenario
    from optionix_core.services.report_day import AccountDay
    from optionix_core.services.risk_book import BuiltBook
    from optionix_core.services.risk_tails import TailReport
    from optionix_core.services.workspace import Workspace

CONFIDENCES = (0.99, 0.975, 0.95)
_MONEY = Unit.MONEY


def risk(
    workspace: Workspace, day: AccountDay, scenarios: Sequence[StressScenario]
) -> tuple[tuple[Fact, ...], tuple[Section, ...]]:
    """Facts and sections of a risk report; `scenarios` of the stress test."""
    state = day.after.state
    built = risk_book.of_accounts((state,), workspace.venue_feed, day.window.until, partial=True)
    left_out = "; ".join(f"{_label(one.id)}: {one.reason}" for one in built.left_out)
    notes = ". ".join((*((f"Left out: {left_out}",) if left_out else ()), *built.notes))
    figures, tails = _tails(workspace, built)
    facts = (
        Fact("net_liquidation_value", "net liquidation value", day.after.nlv, _MONEY),
        Fact("positions", "positions in the figures", len(built.book.positions), Unit.QUANTITY, left_out),
        *figures,
    )
    return facts, (
        *tails,
        _stress(built, scenarios),
        _greeks(built, notes),
        _margin(built, day),
        _explained(workspace, day),
        _breaches(workspace, day),
    )


def _tails(workspace: Workspace, built: BuiltBook) -> tuple[tuple[Fact, ...], tuple[Section, ...]]:
    from optionix_core.services import risk_tails

    columns = (
        Column("confidence", "confidence", Unit.PERCENT),
        Column("value_at_risk", "VaR", _MONEY),
        Column("expected_shortfall", "shortfall", _MONEY),
        Column("delta_normal", "delta-normal", _MONEY),
        Column("delta_gamma", "delta-gamma", _MONEY),
    )
    title = "Value at risk over a day, by full revaluation of past moves"
    try:
        found = risk_tails.tails(built, workspace.venue_feed, confidences=CONFIDENCES)
    except MissingDataError as error:
        absent = Fact("value_at_risk", "VaR 99% over a day", None, _MONEY, str(error))
        return (absent,), (Section("tails", title, columns, (), str(error), "no data"),)
    beside = {one.confidence: one for one in found.beside}
    rows = tuple(
        (
            one.confidence,
            one.value_at_risk,
            one.expected_shortfall,
            beside[one.confidence].delta_normal if one.confidence in beside else None,
            beside[one.confidence].delta_gamma if one.confidence in beside else None,
        )
        for one in found.estimates
    )
    first = found.estimates[0]
    facts = (
        Fact("value_at_risk", "VaR 99% over a day", first.value_at_risk, _MONEY, "; ".join(first.notes)),
        Fact("expected_shortfall", "expected shortfall 99% over a day", first.expected_shortfall, _MONEY),
        *_backtest(workspace, built),
    )
    return facts, (Section("tails", title, columns, rows, ". ".join(found.notes)), _parts(found))


def _backtest(workspace: Workspace, built: BuiltBook) -> tuple[Fact, ...]:
    from optionix_core.services import risk_tails

    title = "days that lost more than VaR 99%, this book over its history"
    try:
        found = risk_tails.backtest(built, workspace.venue_feed)
    except MissingDataError as error:
        return (Fact("exceptions", title, None, Unit.QUANTITY, str(error)),)
    tests = found.tests
    note = f"of {len(found.days)} days, Kupiec p {tests.kupiec.p_value:.3f}, {tests.traffic_light.zone} zone"
    return (Fact("exceptions", title, len(tests.exceptions), Unit.QUANTITY, note),)


def _parts(found: TailReport) -> Section:
    parts = found.value_at_risk_parts
    columns = (
        Column("position", "position"),
        Column("component", "component", _MONEY),
        Column("error", "its error", _MONEY),
        Column("alone", "alone", _MONEY),
        Column("incremental", "incremental", _MONEY),
    )
    rows = tuple(
        (
            name,
            float(parts.component[place]),
            _finite(float(parts.component_error[place])),
            float(parts.standalone[place]),
            float(parts.incremental[place]),
        )
        for place, name in enumerate(parts.labels)
    )
    return Section("parts", "Parts of VaR 99%, which add up to it", columns, rows, empty="nothing is held")


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None


def _stress(built: BuiltBook, scenarios: Sequence[StressScenario]) -> Section:
    columns = (
        Column("scenario", "scenario"),
        Column("kind", "kind"),
        Column("day", "day"),
        Column("pnl", "P&L", _MONEY),
    )
    if not built.book.positions:
        return Section("stress", "Stress", columns, (), empty="nothing is held")
    from optionix_core.risk.stress import stress

    found = stress(built.book, scenarios)
    rows = tuple(
        (one.title, str(one.kind), "" if one.day is None else one.day.isoformat(), float(pnl))
        for one, pnl in zip(found.scenarios, found.total(), strict=True)
    )
    return Section("stress", "Stress", columns, rows, f"Assumed: {'; '.join(found.assumptions)}")


def _greeks(built: BuiltBook, notes: str) -> Section:
    columns = (
        Column("underlying", "underlying"),
        Column("value", "value", _MONEY),
        Column("delta", "delta", Unit.FIGURE),
        Column("delta_cash", "delta cash", _MONEY),
        Column("gamma_cash", "gamma cash", _MONEY),
        Column("vega", "vega", _MONEY),
        Column("theta", "theta a year", _MONEY),
        Column("rho", "rho", _MONEY),
    )
    if not built.book.positions:
        return Section("greeks", "Greeks of the book", columns, (), notes, "nothing is held")
    from optionix_core.risk.greeks import book_greeks

    found = book_greeks(built.book)
    rows: list[tuple[Cell, ...]] = [
        (name, one.value, one.delta, one.delta_cash, one.gamma_cash, one.vega, one.theta, one.rho)
        for name, one in (*found.by_underlying().items(), ("all", found.total()))
    ]
    return Section("greeks", "Greeks of the book", columns, tuple(rows), notes)


def _margin(built: BuiltBook, day: AccountDay) -> Section:
    columns = (
        Column("regime", "regime"),
        Column("requirement", "requirement", _MONEY),
        Column("against_equity", "equity needed", _MONEY),
        Column("worst", "worst"),
    )
    if not built.book.positions:
        return Section("margin", "Margin", columns, (), empty="nothing is held")
    source = margins.source_of(built, day.after.state)
    found = margins.margin(source, margins.MarginTerms("all"))
    rows = tuple(
        (one.answer.regime, one.answer.requirement, one.answer.against_equity, one.answer.worst)
        for one in found.regimes
    )
    absent = ". ".join(f"{name}: {why}" for name, why in found.absent)
    return Section("margin", "Margin, initial, by regime", columns, rows, absent)


def _explained(workspace: Workspace, day: AccountDay) -> Section:
    columns = (Column("part", "part"), Column("amount", "amount", _MONEY))
    title = "Where the day's P&L came from"
    from optionix_core.services.risk_explain import explain_period

    try:
        found = explain_period(workspace, day.window.since, day.window.until, partial=True)
    except InvalidValueError:
        raise  # the ledger and the books contradict each other: that is no lack of data
    except (MissingDataError, DomainError) as error:
        return Section("explained", title, columns, (), str(error), "no data")
    rows = tuple((name.replace("_", " "), amount) for name, amount in found.explained.total().items())
    left_out = "; ".join(f"{_label(one.id)}: {one.reason}" for one in found.left_out)
    return Section("explained", title, columns, rows, f"Left out: {left_out}" if left_out else "")


def _breaches(workspace: Workspace, day: AccountDay) -> Section:
    columns = (Column("time", "time (UTC)", Unit.TIME), Column("type", "what"), Column("id", "limit"))
    rows = tuple(
        (item.time, item.type, item.id) for item in happenings_of(workspace, day) if item.type.startswith("limit.")
    )
    return Section("limits", "Limits set, breached, cleared and acknowledged", columns, rows, empty="none")


def _label(name: str) -> str:
    return label_of(name) if kind_of(name) != "claim" else name
