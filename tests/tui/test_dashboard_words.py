"""Rows, lines, curves and panes of the dashboard, without the application."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from optionix_core.market.clock import ManualClock
from optionix_core.services import alerts, book_view, dashboard_risk, trading
from optionix_core.services.account_curve import AccountCurve, CurvePoint
from optionix_core.services.book_view import BookView
from optionix_core.services.chain_view import ChainViewer
from optionix_core.services.dashboard_risk import RiskGlance
from optionix_core.services.dashboard_view import Ahead, AheadKind, DashboardViewer, DeskView
from optionix_core.services.workspace import Workspace
from optionix_core.trading.alerts.conditions import Comparison, Level, Price, PriceField
from screens import dashboard_explanations as explain
from screens.dashboard_columns import LOUD, QUIET, ahead_rows, alert_rows, exposure_rows, row_style, working_rows
from screens.dashboard_panes import BY_WORTH, NAMES, panes_shown
from screens.dashboard_summary import account_pieces, curve_plot, risk_pieces
from widgets.info_line import Piece

NOW = datetime(2026, 1, 9, 15, 0, tzinfo=UTC)
Parts = tuple[BookView, DeskView, RiskGlance]


@pytest.fixture
def parts(open_workspace: Callable[[], Workspace], clock: ManualClock) -> Parts:
    with open_workspace() as workspace:
        trading.raise_for_state(trading.submit(workspace, "buy", 100, "ORBIT", None, "shares"))
        condition = Level(Price("ORBIT", PriceField.LAST), Comparison.ABOVE, Decimal(1), Decimal(0))
        alerts.add(workspace, condition, alert_id="one")
        clock.advance(timedelta(days=2))
        view = DashboardViewer(workspace).view()
        book = book_view.BookViewer(workspace, ChainViewer(workspace.feed)).view(clock.now())
        return book, view, dashboard_risk.glance(workspace)


def words(pieces: tuple[Piece, ...]) -> str:
    return " ".join(piece.text for piece in pieces)


def test_the_lines_tell_account_and_risk(parts: Parts) -> None:
    book, view, risk = parts
    told = words(account_pieces(book, view.curve))
    for part in ("NLV", "day", "month", "total", "cash", "BP", "%)"):
        assert part in told
    assert any(block in told for block in "▁▂▃▄▅▆▇█")
    told = words(risk_pieces(book, risk, view.board, waiting=""))
    assert "VaR99" in told
    assert "margin" in told
    assert "halts none" in told
    assert "1 alert fired" in told
    bounded = replace(risk, value_at_risk=None, tail_reason="no history", margin=None, margin_reason="no quotes")
    told = words(risk_pieces(book, bounded, view.board, waiting=""))
    assert "no VaR99: no history" in told
    assert "no margin: no quotes" in told
    assert "◌ value at risk 1/3" in words(risk_pieces(book, None, None, waiting="◌ value at risk 1/3"))
    assert "✗ risk: broken" in words(risk_pieces(book, None, None, waiting="", failed="broken"))


def test_tables_have_a_row_each_and_mark_what_wants_to_be_seen(parts: Parts) -> None:
    book, view, _ = parts
    (exposure,) = exposure_rows(book)
    assert exposure.key == "ORBIT"
    assert exposure.cells[1] == pytest.approx(float(book.lines[0].value.market_value or 0), rel=1e-6)
    (alert,) = alert_rows(view.board)
    assert alert.cells[:2] == ("fired", "ORBIT last above 1")
    assert alert.flags == LOUD
    assert working_rows(view.board) == []
    told = (
        Ahead(date(2026, 1, 9), AheadKind.ASSIGNMENT, "a", "A", Decimal(-1), 0.5, "note"),
        Ahead(date(2026, 1, 10), AheadKind.EXPIRY, "b", "B", Decimal(2), 0.25),
        Ahead(date(2026, 2, 9), AheadKind.LISTED, "c", "C"),
    )
    rows = ahead_rows(told, NOW.date())
    assert [row.cells[1] for row in rows] == ["today", "1d", "31d"]
    assert [row.flags for row in rows] == [LOUD, LOUD, QUIET]
    assert row_style(_column("kind"), rows[0])[1] == "warn"
    assert row_style(_column("what"), rows[2])[1] == "muted"
    assert _column("chance").write(0.25) == "25%"


def _column(key: str):  # type: ignore[no-untyped-def] # a column of the table
    from screens.dashboard_columns import AHEAD_COLUMNS

    return next(column for column in AHEAD_COLUMNS if column.key == key)


def curve(*values: float | None, day: tuple[float | None, ...] = ()) -> AccountCurve:
    def points(some: tuple[float | None, ...], step: timedelta) -> tuple[CurvePoint, ...]:
        return tuple(
            CurvePoint(
                NOW - step * (len(some) - 1 - place),
                None if value is None else Decimal(str(value)),
                Decimal(100),
                "X: no ask" if value is None else None,
            )
            for place, value in enumerate(some)
        )

    closes = points(values, timedelta(days=1))
    return AccountCurve("paper-1", "USD", NOW, NOW - timedelta(days=9), closes, points(day, timedelta(minutes=15)))


def test_a_curve_starts_at_nothing_and_leaves_gaps() -> None:
    plot = curve_plot(curve(101.0, None, 105.0), day=False, waiting="")
    assert [y for _, y in plot.series[0].points] == [1.0, 5.0]
    assert plot.note.startswith("USD, 07 Jan 15:00 to 09 Jan 15:00 UTC")
    assert "1 moments cannot be told: X: no ask" in plot.note
    day = curve_plot(curve(1.0, day=(101.0, 103.0, 102.0)), day=True, waiting="")
    assert [y for _, y in day.series[0].points] == [0.0, 2.0, 1.0]
    assert day.write_x(0.0) == "14:30"
    assert "no session has closed" in curve_plot(curve(101.0), day=False, waiting="").note
    assert "the last close cannot be told" in curve_plot(curve(1.0, day=(None, 1.0)), day=True, waiting="").note
    assert "opens with its first order" in curve_plot(curve(), day=False, waiting="").note
    assert curve_plot(None, day=True, waiting="reading").note == "reading"


def test_gains_since_a_day_are_told_from_the_last_close_before_it() -> None:
    told = curve(101.0, 103.0, 102.0)
    assert told.total == 2
    assert told.since(NOW.date()) == -1
    assert told.since(NOW.date() - timedelta(days=1)) == 1
    assert told.since(date(2025, 1, 1)) == 2
    assert curve(None, 103.0).since(NOW.date()) is None
    assert told.total_at(Decimal(110)) == 10
    assert told.since(NOW.date(), Decimal(110)) == 7
    assert curve().total_at(Decimal(110)) is None


@pytest.mark.parametrize(
    ("columns", "lines", "count"), [(200, 55, 6), (120, 36, 6), (80, 24, 4), (44, 40, 4), (80, 18, 2)]
)
def test_small_terminals_have_fewer_panes_and_always_the_marked_one(columns: int, lines: int, count: int) -> None:
    for marked in NAMES:
        shown = panes_shown(columns, lines, marked)
        assert len(shown) == len(set(shown)) == count
        assert marked in shown
    assert set(panes_shown(columns, lines, "curve")) == set(BY_WORTH[:count])


def test_numbers_are_explained(parts: Parts) -> None:
    book, view, risk = parts
    facts = dict(explain.explain_account(book, view.curve, risk, view.moment).facts)
    assert "full revaluation" in facts["VaR"]
    assert "strategy-based" in facts["margin"]
    assert "SIM" in facts["marks"]
    gap = curve(101.0, None, 102.0)
    assert "no ask" in dict(explain.explain_account(book, gap, None, view.moment).facts)["gaps"]
    assert "ORBIT" in explain.explain_exposure(book, "ORBIT").title
    for kind in AheadKind:
        told = explain.explain_ahead(Ahead(date(2026, 1, 16), kind, "x", "X", None, 0.3, "why"), NOW)
        assert dict(told.facts)["in the money"] == "30.0%, risk-neutral"
