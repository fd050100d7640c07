"""What the chain says of staged legs and of the smile, out of values alone."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.market.clock import ManualClock
from optionix_core.services import chain_export, staging, surfaces
from optionix_core.services.chain_filter import ChainFilter
from optionix_core.services.chain_view import ChainView, ChainViewer
from optionix_core.services.home import HomeFolders
from optionix_core.services.staging import StagedReport
from optionix_core.services.workspace import Workspace
from screens.chain_explanations import explain_cell, explain_smile, explain_stage
from screens.chain_panes import panes_shown
from screens.chain_plots import Pace, payoff_plot, smile_plot, stage_plot
from screens.stage import MOST_LEGS, Stage, StagedLeg
from screens.stage_text import (
    bounds_pieces,
    greek_pieces,
    leg_rows,
    line_pieces,
    live_price,
    odds_pieces,
    price_pieces,
    price_text,
    reported_price,
    units_of,
)
from widgets.info_line import Piece

MOMENT = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
EXPIRY = date(2026, 1, 16)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    surfaces.prepare("svi")
    home: Path = tmp_path_factory.mktemp("home")
    with Workspace.open(HomeFolders.of(home), clock=ManualClock(MOMENT), seed=20) as opened:
        yield opened


@pytest.fixture(scope="module")
def view(workspace: Workspace) -> ChainView:
    viewer = ChainViewer(workspace.feed)
    viewer.view("ORBIT", MOMENT, EXPIRY, fitted=True)
    return viewer.view("ORBIT", MOMENT, EXPIRY, fitted=True)


@pytest.fixture(scope="module")
def stage(workspace: Workspace) -> Stage:
    return Stage.of_pairs(staging.place(workspace.feed, "iron-condor", "ORBIT", (EXPIRY, "ORBIT"), MOMENT, units=2))


@pytest.fixture(scope="module")
def found(workspace: Workspace, stage: Stage) -> StagedReport:
    return staging.evaluate(workspace, stage.pairs, MOMENT)


def text(pieces: tuple[Piece, ...]) -> str:
    return " ".join(piece.text for piece in pieces)


def test_legs_are_added_turned_sized_and_taken_off() -> None:
    stage = Stage().add("A", 1).add("B", -1).add("A", 1)
    assert stage.pairs == (("A", 2), ("B", -1))
    assert stage.turned("B").pairs == (("A", 2), ("B", 1))
    assert stage.sized("B", 2).pairs == (("A", 2), ("B", -3))
    assert stage.sized("A", -5).pairs == (("A", 1), ("B", -1))
    assert stage.reversed().reversed() == stage
    assert stage.add("A", -2) == Stage((StagedLeg("B", -1),))
    assert stage.after_order_of(("B", "A")) == Stage()
    assert stage.after_order_of(("A",)) == stage
    with pytest.raises(InvalidValueError, match=f"at most {MOST_LEGS}"):
        Stage.of_pairs((f"S{number}", 1) for number in range(MOST_LEGS + 1))


_PAIRS = strategies.lists(
    strategies.tuples(strategies.sampled_from("ABCDEF"), strategies.integers(-3, 3).filter(bool)), max_size=20
)


@given(_PAIRS)
def test_a_stage_holds_each_instrument_once_with_the_sum_of_what_was_put_there(pairs: list[tuple[str, int]]) -> None:
    stage = Stage.of_pairs(pairs)
    wanted: dict[str, int] = {}
    for symbol, quantity in pairs:
        wanted[symbol] = wanted.get(symbol, 0) + quantity
    assert dict(stage.pairs) == {symbol: quantity for symbol, quantity in wanted.items() if quantity}
    assert len(stage.legs) == len({leg.symbol for leg in stage.legs})
    assert stage.reversed().reversed() == stage
    for leg in stage.legs:
        assert stage.turned(leg.symbol).turned(leg.symbol) == stage
        assert stage.sized(leg.symbol, 2).sized(leg.symbol, -2) == stage
        assert stage.without(leg.symbol).of(leg.symbol) is None
    if stage:
        assert all(leg.quantity % units_of(stage) == 0 for leg in stage.legs)


@given(strategies.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_far_side_never_costs_less_than_the_middle_nor_that_than_the_near_side(
    view: ChainView, data: strategies.DataObject
) -> None:
    quoted = [side.symbol for row in view.rows for side in row.sides if side.symbol and side.bid and side.ask]
    chosen = data.draw(strategies.lists(strategies.sampled_from(quoted), min_size=1, max_size=6, unique=True))
    stage = Stage.of_pairs((symbol, data.draw(strategies.integers(-4, 4).filter(bool))) for symbol in chosen)
    units = units_of(stage)
    price, other = live_price(view, stage, units), live_price(view, stage.reversed(), units)
    assert price is not None
    assert other is not None
    assert price.natural is not None
    assert price.mid is not None
    assert price.opposite is not None
    assert price.natural >= price.mid >= price.opposite
    assert other.natural == pytest.approx(-price.opposite)  # what is bought one way is sold the other


def test_the_live_price_is_that_of_the_report_at_the_same_moment(
    view: ChainView, stage: Stage, found: StagedReport
) -> None:
    assert units_of(stage) == 2
    live, reported = live_price(view, stage, 2), reported_price(found)
    assert live is not None
    assert reported is not None
    assert live.natural == pytest.approx(reported.natural)
    assert live.opposite == pytest.approx(reported.opposite)
    assert live.mid is not None
    assert live.natural is not None
    assert live.natural > live.mid  # the far side costs more than the middle
    assert live_price(replace(view, rows=()), stage, 2) is None
    rows = tuple(
        row._replace(call=row.call._replace(bid=None, ask=None), put=row.put._replace(bid=None, ask=None))
        for row in view.rows
    )
    dead = live_price(replace(view, rows=rows), stage, 2)
    assert dead is not None
    assert dead.natural is None
    assert dead.mid is None


def test_the_lines_tell_price_bounds_odds_needs_and_greeks(view: ChainView, stage: Stage, found: StagedReport) -> None:
    price = live_price(view, stage, 2)
    assert text(price_pieces(stage, found, price, 2, None)).startswith("iron-condor ×2 net ")
    assert " cr mid " in text(price_pieces(stage, found, price, 2, None))
    payoff = found.report.expiry_payoff
    assert payoff is not None
    told = text(bounds_pieces(found))
    assert f"max +{payoff.max_gain:,.2f} max -{payoff.max_loss:,.2f} BE " in told
    odds = text(odds_pieces(found))
    assert odds.startswith("PoP ")
    assert "needs 0.00 → 1,000.00" in odds
    assert "margin 0 → " in odds
    assert "✓ gate 9 of 9" in odds
    assert "/day" in text(greek_pieces(found))
    whole = text(line_pieces(stage, found, price, 2, None))
    assert told in whole
    assert odds in whole
    assert "being priced" in text(price_pieces(stage, None, None, 1, None))
    assert "✗ no quote" in text(price_pieces(stage, None, None, 1, MissingDataError("no quote")))
    assert bounds_pieces(None) == odds_pieces(None) == greek_pieces(None) == ()


def test_what_is_not_known_is_said_and_never_a_zero(found: StagedReport) -> None:
    report = replace(found.report, greeks=None, probability=None, no_probability="no smile")
    bare = replace(found, report=report, asked=staging.Asked(trouble="no venue", no_margin="no quote"))
    assert "no data" in text(greek_pieces(bare))
    assert "PoP no data" in text(odds_pieces(bare))
    assert "gate no venue" in text(odds_pieces(bare))
    facts = dict(explain_stage(Stage(), bare, None, None, MOMENT).facts)
    assert facts["PoP"] == "no data: no smile"
    assert facts["needs"] == "no data: no venue"
    assert facts["margin"] == "no data: no quote"
    naked = replace(found, asked=found.asked._replace(need=staging.Need(Decimal(0), None)))
    assert "needs 0.00 → unbounded" in text(odds_pieces(naked))


def test_rows_of_legs_stand_with_their_quotes_whatever_is_shown(
    view: ChainView, stage: Stage, found: StagedReport
) -> None:
    near = leg_rows(stage, view, found)
    assert [row.cells[0] for row in near] == [2, -2, -2, 2]
    elsewhere = leg_rows(stage, replace(view, rows=()), found)
    assert [row.cells[2:4] for row in elsewhere] == [row.cells[2:4] for row in near]
    assert leg_rows(stage, None, None)[0].cells[2:] == (None, None, None, None)


@pytest.mark.parametrize(("price", "told"), [(2.5, "2.50 db"), (-1.065, "1.0650 cr"), (0.0, "0.00 even"), (None, "·")])
def test_a_price_says_which_way_the_money_goes(price: float | None, told: str) -> None:
    assert price_text(price) == told


def test_every_figure_of_the_stage_is_explained(view: ChainView, stage: Stage, found: StagedReport) -> None:
    told = explain_stage(stage, found, live_price(view, stage, 2), None, MOMENT + timedelta(seconds=5))
    facts = dict(told.facts)
    assert told.title == "Staged: iron-condor"
    assert "exact at expiry" in facts["bounds"]
    assert "risk-neutral, by smile (svi)" in facts["PoP"]
    assert "1,000.00 once filled" in facts["needs"]
    assert "FINRA Rule 4210" in facts["margin"]
    assert "a day" in facts["Greeks"]
    assert facts["of"].endswith("5.0s ago")
    assert "no legs are staged" in dict(explain_stage(Stage(), None, None, None, MOMENT).facts)["why"]


@pytest.mark.parametrize(
    ("field", "title", "fact"),
    [
        ("value", "Theoretical value", "Black (1976) price at the volatility of the svi smile"),
        ("beyond", "Rich or cheap", "after the spread, before fees"),
        ("probability", "Probability in the money", "Breeden and Litzenberger"),
        ("bid_iv", "of bid and ask", "at the ask"),
        ("spread", "Spread", "of their mid"),
        ("mid", "Mid", "half way between bid and ask"),
        ("last", "Last trade", "it may be hours old"),
        ("ask_size", "Sizes", "contracts shown"),
        ("iv", "Implied volatility", "solved for the mid"),
    ],
)
def test_every_column_is_explained(view: ChainView, field: str, title: str, fact: str) -> None:
    row = next(row for row in view.rows if row.strike == view.at_the_money)
    told = explain_cell(view, row, row.put, field, MOMENT)
    assert title in told.title
    assert fact in " ".join(words for _, words in told.facts)
    assert "source" in dict(told.facts)


def test_the_smile_is_explained_or_why_there_is_none(view: ChainView) -> None:
    told = explain_smile(view, MOMENT + timedelta(seconds=2))
    assert "points rmse" in told.value
    assert dict(told.facts)["age"] == "2.0s"
    bare = explain_smile(replace(view, smile=None, no_smile="too few quotes"), MOMENT)
    assert bare.value == "no data"
    assert dict(bare.facts)["smile"] == "none: too few quotes"


def test_pictures_of_smile_and_payoff(view: ChainView, found: StagedReport) -> None:
    drawn = smile_plot(view)
    assert [series.name for series in drawn.series] == ["svi", "bid to ask"]
    assert "inside" in drawn.note
    plain = smile_plot(replace(view, smile=None, no_smile="it is being fitted"))
    assert [series.name for series in plain.series] == ["mid", "bid to ask"]
    assert plain.note == "no fit: it is being fitted"
    rows = tuple(row._replace(lint="rich .06") if row.strike == view.at_the_money else row for row in view.rows)
    assert "odd" in {series.name for series in smile_plot(replace(view, rows=rows)).series}
    payoff = stage_plot(found, None, view.forward)
    assert [series.name for series in payoff.series] == ["expiry", "today", "density"]
    strip = payoff.series[2].points
    floor = min(value for _, value in (*found.expiry, *found.today))
    assert {low for _, low, _ in strip} == {floor}
    assert stage_plot(None, MissingDataError("leg has no bid"), None).note == "leg has no bid"
    row = next(row for row in view.rows if row.strike == view.at_the_money)
    one = payoff_plot(view, row, row.call)
    assert [series.name for series in one.series] == ["expiry", "today"]
    assert len(one.series[0].points) == len(one.series[1].points)


def test_a_chart_is_drawn_at_once_where_it_is_another_and_seldom_where_it_is_the_same() -> None:
    pace = Pace()
    assert pace.due("a", MOMENT)
    assert not pace.due("a", MOMENT + timedelta(seconds=0.1))
    assert pace.due("b", MOMENT + timedelta(seconds=0.1))
    assert pace.due("b", MOMENT + timedelta(seconds=0.4))
    assert pace.due("b", MOMENT)  # the clock was set back


@pytest.mark.parametrize(
    ("size", "marked", "staged", "seen"),
    [
        ((80, 24), "quotes", True, ("quotes",)),
        ((80, 24), "stage", True, ("quotes", "stage")),
        ((44, 40), "quotes", False, ("quotes", "smile")),
        ((44, 40), "quotes", True, ("quotes", "stage")),
        ((44, 40), "payoff", True, ("quotes", "payoff")),
        ((120, 36), "quotes", False, ("quotes", "smile", "payoff")),
        ((120, 36), "quotes", True, ("quotes", "stage", "smile", "payoff")),
        ((200, 20), "quotes", True, ("quotes", "stage", "smile", "payoff")),
    ],
)
def test_panes_are_as_many_as_there_is_room_for(
    size: tuple[int, int], marked: str, staged: bool, seen: tuple[str, ...]
) -> None:
    assert panes_shown(*size, marked, staged=staged) == seen


def test_what_is_written_to_files_is_what_is_shown(view: ChainView, found: StagedReport) -> None:
    chosen, fields = ChainFilter.parse("+-3 otm"), ("held", "iv", "theta", "beyond", "lint")
    symbol = next(row.put.symbol for row in view.rows if row.strike == view.at_the_money) or ""
    held = {symbol: Decimal(-3)}
    rows = chain_export.records(view, chosen, fields, held)
    assert len(rows) == 7
    assert {row["type"] for row in rows} == {"call", "put"}
    for row in rows:
        level = view.forward or 0.0
        assert (row["strike"] >= level) == (row["type"] == "call")
    everything = chain_export.records(view, ChainFilter(), fields, held)
    assert next(row["held"] for row in everything if row["symbol"] == symbol) == -3
    told = list(csv.DictReader(io.StringIO(chain_export.csv_text(view, chosen, fields, held))))
    assert [float(row["iv"]) if row["iv"] else None for row in told] == [row["iv"] for row in rows]
    document = json.loads(chain_export.json_text(view, chosen, fields, held, found))
    assert document["rows"] == json.loads(json.dumps(rows))
    assert document["filter"] == "+-3 otm"
    assert document["smile"]["model"] == "svi"
    assert document["staged"]["need_after"] == 1000.0
    assert document["staged"]["need_is_bounded"] is True
    assert 0.0 == document["staged"]["margin_before"] < document["staged"]["margin_after"] <= 1000.0
    assert all(check["passed"] for check in document["staged"]["checks"])


def test_expiries_of_a_chain_that_stands_still_are_chosen_by_name_by_days_or_as_the_first(workspace: Workspace) -> None:
    chain = workspace.feed.chain("ORBIT", MOMENT)
    first = chain_export.views_of(chain, "now", ChainFilter())
    assert [view.expiry for view in first] == [chain.slices[0].expiry]
    named = chain_export.views_of(chain, "now", ChainFilter(), EXPIRY, fitted=True)
    assert named[0].smile is not None
    within = chain_export.views_of(chain, "now", ChainFilter.parse("days 7-30"), fitted=True)
    assert len(within) > 1
    assert all(7 <= view.days <= 30 and view.smile is not None for view in within)
    with pytest.raises(MissingDataError, match="days to them"):
        chain_export.views_of(chain, "now", ChainFilter.parse("days 5000-6000"))
