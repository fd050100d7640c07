"""What the risk screen writes, of a real view and without a terminal: rows, titles, explanations, commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from math import fsum

import pytest

from optionix_core.errors import InvalidValueError, MissingDataError, RefusedError
from optionix_core.market.clock import ManualClock
from optionix_core.services import limits, trading
from optionix_core.services.home import HomeFolders
from optionix_core.services.risk_view import Part, RiskAsked, RiskView
from optionix_core.services.risk_viewer import RiskViewer
from optionix_core.services.workspace import Workspace
from optionix_core.trading.limit_board import LimitGrade, LimitKey, LimitLevel
from optionix_core.trading.limits import LimitKind
from optionix_tui.rules import limit_engine
from screens import risk_rows as rows
from screens.risk_board import library
from screens.risk_columns import BAD, COLUMNS, NEAR, NONE, TOTAL, amount, held, moved, row_style, share, use
from screens.risk_commands import pane_command
from screens.risk_entry import read_limit, read_loss
from screens.risk_explanations import explain
from screens.risk_panes import AROUND, BY_WORTH, panes_shown
from screens.risk_plots import Cell, backtest_plot, stress_heat, worst
from screens.risk_plots import moved as moved_cell
from screens.risk_summary import risk_pieces, state_pieces, titles
from screens.risk_tail_explanations import Place
from screens.risk_trouble import NOT_MADE, part_text
from widgets.grid_columns import GridRow

MOMENT = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
NOW = MOMENT + timedelta(seconds=12)
KEY = LimitKey(LimitLevel.ACCOUNT, "paper-1", LimitKind.VALUE_AT_RISK, LimitGrade.SOFT)


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RiskView]:
    """Two calls and ten shares of ORBIT, two contracts staged, three limits: one broken, one near, one far."""
    folder = tmp_path_factory.mktemp("words")
    clock = ManualClock(MOMENT)
    with Workspace.open(HomeFolders.of(folder), clock=clock, seed=20, limit_engine=limit_engine()) as workspace:
        listed = workspace.feed.expiries("ORBIT", MOMENT)
        chain = workspace.feed.chain("ORBIT", MOMENT, *listed[3]).slices[0]
        symbol = chain.call.symbols[len(chain.strikes) // 2]
        assert symbol is not None
        for number, (name, quantity) in enumerate(((symbol, 2), ("ORBIT", 10))):
            trading.raise_for_state(trading.submit(workspace, "buy", quantity, name, None, f"words-{number}"))
        for kind, bound in ((LimitKind.VALUE_AT_RISK, "5"), (LimitKind.CONCENTRATION, "105"), (LimitKind.VEGA, "9e5")):
            limits.set_limit(workspace, KEY._replace(kind=kind), Decimal(bound), "tester")
        asked = RiskAsked(horizon_days=4, stage=((symbol, -2),))
        yield RiskViewer(workspace, library).look(asked, 1)


def _tables(view: RiskView) -> dict[str, list[GridRow]]:
    told = view.tail().answer
    assert told is not None
    assert view.stressed.answer
    assert view.limits.answer
    assert view.margin.answer
    assert view.reverse.answer
    assert view.liquidity.answer
    return {
        "components": rows.component_rows(told.value_at_risk_parts, "position", view.asked.horizon_days),
        "scenarios": rows.scenario_rows(view.stressed.answer),
        "limits": rows.limit_rows(view.limits.answer, "paper-1"),
        "margin": rows.margin_rows(view.margin.answer),
        "reverse": rows.reverse_rows(view.reverse.answer),
        "methods": rows.method_rows(view),
        "greeks": rows.greek_rows(view),
        "liquidity": rows.liquidity_rows(view.liquidity.answer),
    }


def test_every_cell_of_every_table_is_written_within_its_column_and_none_is_nan(view: RiskView) -> None:
    for name, found in _tables(view).items():
        assert found, name
        for row in found:
            assert len(row.cells) == len(COLUMNS[name])
            for column, value in zip(COLUMNS[name], row.cells, strict=True):
                text = column.write(value)
                assert not re.search(r"\bnan\b", text)
                assert column.words or len(text) <= column.width, (name, column.key, text)
                assert all(row_style(column, row))


def test_parts_add_up_to_the_figure_over_the_horizon(view: RiskView) -> None:
    total, *parts = _tables(view)["components"]
    told = view.tail().answer
    assert told is not None
    assert total.flags & TOTAL
    assert total.cells[1] == pytest.approx(told.estimates[0].value_at_risk)
    assert fsum(part.cells[1] for part in parts) == pytest.approx(total.cells[1])
    assert fsum(part.cells[2] for part in parts) == pytest.approx(1.0)
    assert [part.cells[1] for part in parts] == sorted((part.cells[1] for part in parts), reverse=True)


def test_breaches_and_limits_say_in_words_how_they_stand(view: RiskView) -> None:
    found = _tables(view)["limits"]
    told = {row.cells[0]: (row.cells[1], row.flags) for row in found}
    assert told["└ breach 1, 15:00"] == ("✗ breach", BAD)
    assert told["value-at-risk soft"] == ("✗ beyond", BAD)
    assert told["concentration soft"] == ("! near", NEAR)
    assert told["vega soft"] == ("✓ within", 0)
    assert list(told)[:3] == ["value-at-risk soft", "└ breach 1, 15:00", "concentration soft"]
    report = view.limits.answer
    assert report is not None
    alone = rows.limit_rows(replace(report, limits=()), "paper-1")  # the limit was taken away
    assert [row.cells[0] for row in alone] == ["breach 1 of value-at-risk soft"]
    assert rows.limit_name("desk/vol/limit-delta/hard", "paper-1") == "delta hard of desk vol"
    assert rows.limit_name("account/other/limit-delta/hard", "paper-1") == "delta hard of account other"


def test_the_worst_scenario_comes_first_and_is_the_one_in_the_title(view: RiskView) -> None:
    found = _tables(view)["scenarios"]
    pnl = [row.cells[1] for row in found]
    assert pnl == sorted(pnl)
    assert any(found[0].cells[0] in piece.text for piece in titles(view, "value_at_risk")["scenarios"])


def test_the_summary_tells_every_method_the_shortfall_and_the_backtest(view: RiskView) -> None:
    text = " ".join(piece.text for piece in risk_pieces(view))
    assert "VaR 99% 4d" in text
    for word in ("hist", "filtered", "param Δ", "MC", "±", "│ ES", "│ backtest 500d", "Kupiec p"):
        assert word in text
    assert re.search(r"green|yellow|red", text)
    state = state_pieces(view, NOW, view.asked, running=("drawn days", 5, 9), cancel_key="r")
    told = " ".join(piece.text for piece in state)
    assert "◌ drawn days" in told
    assert "▇▇▇▇▇▇▁▁▁▁ 5/9 r stops" in told
    assert "age 12s" in told
    assert "1 staged: VaR" in told
    assert "→" in told
    assert "OLD" not in told
    late = state_pieces(view, NOW, view.asked, running=None, cancel_key="", fresh=timedelta(seconds=5))
    assert "age 12s OLD" in " ".join(piece.text for piece in late)
    asked = replace(view.asked, confidence=0.95)
    assert "asked for 95% 4d" in " ".join(
        piece.text for piece in state_pieces(view, NOW, asked, running=None, cancel_key="")
    )


def test_every_place_of_every_pane_is_explained(view: RiskView) -> None:
    tables = _tables(view)
    for pane in AROUND:
        places = [Place(pane, None, None, "expected_shortfall", 2, Cell(0, 0))]
        for row in tables.get(pane, ()):
            places += [Place(pane, row, column, "value_at_risk", 0, None) for column in COLUMNS[pane]]
        for place in places:
            told = explain(view, place, NOW)
            assert told.title
            assert told.value
            facts = dict(told.facts)
            assert facts["book"] == "2 positions of paper-1 at quotes of sim"
            assert facts["quoted"] == "2026-01-05 15:00:00 UTC, 12s ago"
            assert not re.search(r"\bnan\b", " ".join(text for fact in told.facts for text in fact))
    part = explain(view, Place("components", tables["components"][1], None, "value_at_risk", 0, None), NOW)
    facts = dict(part.facts)
    assert "full revaluation" in facts["method"]
    assert facts["level"] == "the 5. worst of 500 scenarios, losses positive"
    assert facts["window"].startswith("500 daily moves, 20")
    assert "root of 4" in facts["horizon"]
    drawn = explain(view, Place("methods", GridRow("copula", ()), None, "value_at_risk", 0, None), NOW)
    assert "seed 0" in dict(drawn.facts)["level"]


def test_a_cell_of_the_stress_matrix_is_that_of_the_grid_and_the_worst_is_flagged(view: RiskView) -> None:
    grid = view.grid.answer
    assert grid is not None
    low = worst(grid, 0)
    heat = stress_heat(grid, 0, low)
    assert heat.flagged == {(heat.chosen, low.spot)}
    line = next(one for one in heat.lines if one.key == heat.chosen)
    assert line.values[low.spot] == grid.found.total[:, :, 0].min()
    assert line.values[low.spot] == min(value for one in heat.lines for value in one.values)
    assert moved_cell(grid, low, -100, 100) == Cell(len(grid.found.volatility_moves) - 1, 0)
    assert "30d on" in stress_heat(grid, 3, None).title
    told = explain(view, Place("stress", None, None, "value_at_risk", 0, low), NOW)
    assert told.value == f"{line.values[low.spot]:+,.0f}"


def test_the_backtest_marks_the_days_that_lost_more(view: RiskView) -> None:
    report = view.backtest.answer
    assert report is not None
    plot = backtest_plot(report)
    beyond = next((one for one in plot.series if one.name == "beyond it"), None)
    assert (0 if beyond is None else len(beyond.points)) == report.tests.traffic_light.exceptions


def test_the_marked_pane_is_always_shown_and_room_only_adds_panes() -> None:
    assert set(BY_WORTH) == set(AROUND)
    for columns, lines, marked in product(range(20, 240, 10), range(8, 80, 3), AROUND):
        shown = panes_shown(columns, lines, marked)
        assert marked in shown
        assert len(set(shown)) == len(shown)
        assert len(panes_shown(columns + 40, lines, marked)) >= len(shown)
        assert len(panes_shown(columns, lines + 3, marked)) >= len(shown)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("value-at-risk 5000", ("account/paper-1/limit-value-at-risk/hard", Decimal(5000))),
        ("DELTA 2,000 soft", ("account/paper-1/limit-delta/soft", Decimal(2000))),
        ("stress-loss 2e4 soft desk Vol", ("desk/Vol/limit-stress-loss/soft", Decimal(20000))),
        ("vega 10 user ana", ("user/ana/limit-vega/hard", Decimal(10))),
    ],
)
def test_a_limit_is_read_as_it_is_written(text: str, told: tuple[str, Decimal]) -> None:
    key, bound = read_limit(text, "paper-1")
    assert (key.text, bound) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "limit must be KIND BOUND"),
        ("delta", "limit must be KIND BOUND"),
        ("delat 5", "nearest: delta"),
        ("delta five", "bound must be a number (got 'five')"),
        ("delta 0", "limit-delta must be positive"),
        ("delta nan", "bound must be finite"),
        ("delta 5 firm", "limit must be KIND BOUND"),
        ("delta 5 soft desk", "limit must be KIND BOUND"),
        ("delta 5 soft desk a/b", "desk must be 1 to 32 letters"),
    ],
)
def test_a_limit_that_is_none_is_named(text: str, told: str) -> None:
    with pytest.raises(InvalidValueError, match=re.escape(told)):
        read_limit(text, "paper-1")


def test_a_loss_is_positive_or_left_to_the_limits() -> None:
    assert read_loss("5,000") == Decimal(5000)
    assert read_loss("  ") is None
    for text in ("-1", "0", "much", "inf"):
        with pytest.raises(InvalidValueError, match="loss"):
            read_loss(text)


def test_commands_ask_for_what_the_pane_shows(view: RiskView) -> None:
    found = {
        pane: pane_command("optionix", view, view.asked, pane, measure="expected_shortfall", row="filtered")
        for pane in AROUND
    }
    assert found["components"] == "optionix risk es --confidence 0.99 --horizon 4 --method plain --by position"
    assert found["methods"] == "optionix risk var --confidence 0.99 --horizon 4 --method filtered"
    staged = pane_command("optionix", view, view.asked, "methods", measure="value_at_risk", row="staged")
    assert re.fullmatch(r"optionix risk what-if sell 2 ORBIT .* C --confidence 0.99 --horizon 4", staged)
    assert found["stress"].startswith("optionix risk stress --spots=-20,-15,-10,-7.5,-5,-2.5,0,2.5,")
    assert found["limits"] == "optionix risk limits list"
    assert found["margin"] == "optionix risk margin --regime all"
    assert found["reverse"].startswith("optionix risk reverse-stress --limit ")
    assert found["backtest"] == "optionix risk backtest --confidence 0.99"
    assert len(set(found.values())) == len(AROUND)


def test_figures_keep_to_their_cells_whatever_their_size() -> None:
    assert [held(value) for value in (48.2, 2410.0, 999_999.0, 1.2e6, None)] == [
        "48.20",
        "2,410",
        "999,999",
        "1.2M",
        "·",
    ]
    assert [moved(value) for value in (-48.2, 0.0, 2410.0, -3.45e8)] == ["-48.20", "0.00", "+2,410", "-345M"]
    assert amount(1_234_567.0) == "1,234,567"
    assert [share(value) for value in (0.483, -12.22, None)] == ["48%", "-12x", "·"]
    assert use(0.483) == "▇▇▁▁▁  48%"
    assert use(12.0) == "▇▇▇▇▇1200%"


def test_what_is_absent_says_why_and_what_to_do() -> None:
    assert part_text(Part(), running=True) == ("◌", "muted")
    assert part_text(Part(), running=False) == (NOT_MADE, "muted")
    short: Part[int] = Part(problem=MissingDataError("250 daily moves are needed and 3 are there"))
    assert "longer history" in part_text(short, running=False)[0]
    unpriced: Part[int] = Part(problem=MissingDataError("position X has no price"))
    assert "two-sided quote" in part_text(unpriced, running=False)[0]
    broken: Part[int] = Part(problem=RefusedError("limit-daily-loss", "is broken already"))
    assert "broken already" in part_text(broken, running=False)[0]


def test_a_limit_without_a_figure_is_no_zero(view: RiskView) -> None:
    report = view.limits.answer
    assert report is not None
    untold = replace(report.limits[0], figure=None, reason="no quote")
    (row,) = rows.limit_rows(replace(report, limits=(untold,), breaches=()), "paper-1")
    assert row.flags == NONE
    assert row.cells[1] == "no data"
    assert row.cells[2] is None
    told = explain(
        replace(view, limits=Part(replace(report, limits=(untold,)))),
        Place("limits", row, None, "value_at_risk", 0, None),
        NOW,
    )
    assert dict(told.facts)["no data"] == "no quote"


def test_the_library_is_the_shipped_one() -> None:
    assert {"crash-1987", "black_swan"} <= {one.id for one in library()}
