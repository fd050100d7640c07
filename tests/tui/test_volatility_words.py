"""What the volatility screen says, draws and explains, out of a view alone; and when it fits anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from optionix_core.errors import MissingDataError
from optionix_core.feeds.simulated import SimulatedFeed
from optionix_core.market.clock import ManualClock
from optionix_core.services.calibration_view import CalibrationView, Earlier, calibrate
from optionix_core.services.home import HomeFolders
from optionix_core.services.surface_check import FitViolation
from optionix_core.services.surface_smile import DEVIATIONS, density_curve, heat_rows, smile_curve, smile_quotes
from optionix_core.services.surface_view import Past, SurfaceView, SurfaceViewer
from screens import volatility_explanations as explain
from screens import volatility_plots as plots
from screens.volatility_calibration import CALIBRATION_COLUMNS, calibration_rows
from screens.volatility_columns import FAULT, FINDING_COLUMNS, SURE, VALUE, finding_rows, finding_style
from screens.volatility_panes import BY_WORTH, panes_shown
from screens.volatility_refit import LEAST, Pace, Wanted
from screens.volatility_summary import pane_command, quote_pieces, surface_pieces

MOMENT = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
LATER = MOMENT + timedelta(seconds=4)
PLACE = 2


class DearFeed(SimulatedFeed):
    """Four expiries, in one of which a call is quoted two too high."""

    def chain(self, underlying, moment, expiry=None, root=None):
        whole = super().chain(underlying, moment, expiry, root)
        item = whole.slices[5]
        place = int(item.strikes.searchsorted(1.03 * whole.spot))
        call = replace(item.call, bid=item.call.bid.copy(), ask=item.call.ask.copy())
        call.bid[place] += 2.0
        call.ask[place] += 2.0
        return replace(whole, slices=(*whole.slices[3:5], replace(item, call=call), whole.slices[6]))


@pytest.fixture(scope="module")
def view() -> SurfaceView:
    return SurfaceViewer(DearFeed(seed=20), lambda: 0.0).view("ORBIT", MOMENT, "svi")


def words(view: SurfaceView, problem=None, *, held=False, wanted="svi") -> str:
    return " ".join(piece.text for piece in surface_pieces(view, LATER, problem, held=held, wanted=wanted))


# The summary


def test_the_summary_tells_the_three_answers_apart(view):
    told = words(view)
    sure = view.answers.quote_count
    assert sure > 0
    assert f"quotes net of spread {sure}" in told
    assert "arbitrage: fit none" in told
    rich = sum(one.kind == "rich" for one in view.answers.mispricings)
    assert f"rich, cheap {rich}, {len(view.answers.mispricings) - rich}" in told
    assert "fit 0.00s" in told
    assert "age 4.0s" in told
    assert "IVR" in told


def test_a_fault_of_the_fit_is_loud(view):
    fault = FitViolation("calendar", "ORBIT", view.summaries[1].item.expiry, 3, -0.2, 0.01)
    bad = replace(view, answers=replace(view.answers, fit=(fault,)))
    pieces = surface_pieces(bad, LATER, None, held=False, wanted="svi")
    loud = [piece for piece in pieces if piece.tone == "alert"]
    assert [piece.text for piece in loud] == ["1"]


def test_what_went_wrong_stands_in_the_summary_s_place(view):
    told = words(view, MissingDataError("no expiry of ORBIT can be fitted"))
    assert "no expiry of ORBIT can be fitted" in told
    assert "rmse" not in told


def test_a_held_picture_and_a_model_on_its_way_are_told(view):
    assert "HELD" in words(view, held=True)
    assert "fitting sabr" in words(view, wanted="sabr")
    assert "HELD" not in words(view)


def test_stale_quotes_are_called_so(view):
    late = MOMENT + timedelta(minutes=5)
    told = " ".join(piece.text for piece in surface_pieces(view, late, None, held=False, wanted="svi"))
    assert "STALE" in told


def test_the_quote_line_says_rich_with_its_amount_and_inside_where_it_is(view):
    quotes = smile_quotes(view.found, PLACE)
    dear = max(quotes, key=lambda one: one.beyond)
    told = " ".join(piece.text for piece in quote_pieces(view, PLACE, dear))
    assert f"rich {dear.beyond:.3f}" in told
    plain = next(one for one in quotes if not one.beyond)
    assert "inside" in " ".join(piece.text for piece in quote_pieces(view, PLACE, plain))
    assert "no quotes" in " ".join(piece.text for piece in quote_pieces(view, PLACE, None))


# Pictures


def test_the_smile_has_a_bar_for_each_quote_and_marks_forward_and_cursor(view):
    quotes = smile_quotes(view.found, PLACE)
    plot = plots.smile_plot(view, PLACE, quotes, smile_curve(view.found, PLACE), quotes[3])
    line, bars = plot.series
    assert (line.kind, bars.kind) == ("line", "bars")
    assert len(bars.points) == sum(one.bid_iv is not None for one in quotes)
    assert [x for x, _ in plot.marks] == [quotes[3].strike, view.found.surface.slices[PLACE].forward]


def test_the_term_structure_has_a_point_for_each_expiry(view):
    plot = plots.term_plot(view, PLACE)
    assert len(plot.series[0].points) == len(view.summaries)
    assert plot.write_x(plot.marks[0][0]).startswith(f"{view.summaries[PLACE].days:.0f}")


def test_wings_that_no_expiry_has_are_told(view):
    none = tuple(replace(one, risk_reversal_25=None, butterfly_25=None) for one in view.summaries)
    plot = plots.wings_plot(replace(view, summaries=none), PLACE)
    assert plot.note == "no expiry has calls and puts of delta 0.25"
    assert len(plots.wings_plot(view, PLACE).series) == 2


def test_a_density_has_its_percentiles_or_its_reason(view):
    told = density_curve(view.found, PLACE)
    plot = plots.density_plot(view, PLACE, told)
    assert [level for level, _ in plot.marks] == list(told.percentiles)
    empty = plots.density_plot(view, PLACE, "the wing does not die out")
    assert (empty.series, empty.note) == ((), "the wing does not die out")


def test_the_cone_shows_now_in_its_past_or_why_there_is_none(view):
    plot = plots.cone_plot(view)
    now = next(series for series in plot.series if series.name == "now")
    assert len(now.points) == len(view.past.cone.windows)
    implied = next(series for series in plot.series if series.name == "implied")
    lowest, highest = now.points[0][0], now.points[-1][0]
    assert all(lowest <= x <= highest for x, _ in implied.points)
    empty = plots.cone_plot(replace(view, past=Past(None, None, ("no history of ORBIT",))))
    assert (empty.series, empty.note) == ((), "no history of ORBIT")


def test_the_map_marks_the_chosen_expiry(view):
    told = plots.heat(view, PLACE, heat_rows(view.found), DEVIATIONS)
    assert told.chosen == plots.expiry_key(view, PLACE) == told.lines[PLACE].key
    assert told.columns[len(DEVIATIONS) // 2] == "F"
    assert told.lines[0].values[len(DEVIATIONS) // 2] == pytest.approx(100.0 * view.summaries[0].at_the_money)


# Findings


def test_findings_come_by_what_they_are_worth(view):
    fault = FitViolation("butterfly", "ORBIT", view.summaries[1].item.expiry, 3, -0.2, 0.01)
    rows = finding_rows(replace(view, answers=replace(view.answers, fit=(fault,))))
    sorts = [row.flags for row in rows]
    assert sorts == sorted(sorts, key=[FAULT, SURE, VALUE].index)
    assert {"box", "butterfly", "parity", "rich"} <= {row.cells[0] for row in rows}
    kind = FINDING_COLUMNS[0]
    tones = {row.flags: finding_style(kind, row)[1] for row in rows if row.cells[0] != "cheap"}
    assert tones == {FAULT: "warn", SURE: "warn", VALUE: "up"}
    for row in rows:
        for column, value in zip(FINDING_COLUMNS, row.cells, strict=True):
            assert isinstance(column.write(value), str)


def test_every_finding_is_explained_with_its_amount(view):
    fault = FitViolation("butterfly", "ORBIT", view.summaries[1].item.expiry, 3, -0.2, 0.01)
    bad = replace(view, answers=replace(view.answers, fit=(fault,)))
    for row in finding_rows(bad):
        told = explain.explain_finding(bad, row.key, LATER)
        assert float(told.value) == pytest.approx(row.cells[7], abs=1e-3)
        assert dict(told.facts)["source"] == "sim (SIM)"


@pytest.mark.parametrize("marked", [*BY_WORTH, "anything"])
def test_every_pane_is_explained(view, marked):
    quote = smile_quotes(view.found, PLACE)[0]
    told = explain.explain_pane(marked, view, PLACE, quote, density_curve(view.found, PLACE), None, LATER)
    facts = dict(told.facts)
    assert told.value
    assert "model" in facts
    assert "4.0s ago" in facts["quoted"]


def test_what_is_absent_is_explained_by_its_reason(view):
    bare = replace(view, past=Past(None, None, ("no history of ORBIT",)))
    assert dict(explain.explain_cone(bare, LATER).facts)["why"] == "no history of ORBIT"
    assert dict(explain.explain_density(view, PLACE, "no mean", LATER).facts)["why"] == "no mean"
    assert "at the forward" in explain.explain_quote(view, PLACE, None, LATER).value


# The command that gives a pane


@pytest.mark.parametrize(
    ("marked", "ends"),
    [
        ("smile", "surface plot --feed ORBIT --model svi --plot smile --expiry {expiry} --root ORBIT"),
        ("density", "surface plot --feed ORBIT --model svi --plot density --expiry {expiry} --root ORBIT"),
        ("term", "surface plot --feed ORBIT --model svi --plot term"),
        ("heat", "surface plot --feed ORBIT --model svi --plot variance"),
        ("findings", "surface check --feed ORBIT --model svi"),
        ("cone", "surface show --feed ORBIT --model svi"),
        ("models", "calibrate heston ORBIT"),
    ],
)
def test_a_pane_has_its_command(view, marked, ends):
    item = view.found.surface.slices[PLACE]
    told = pane_command("sim", Wanted("ORBIT", "svi"), item, marked, "heston")
    assert told == f"optionix {ends.format(expiry=item.expiry)}"


def test_a_command_names_the_feed_and_does_without_a_surface():
    told = pane_command("replay:monday", Wanted("ORBIT", "svi"), None, "smile")
    assert told == "optionix --feed replay:monday surface plot --feed ORBIT --model svi --plot smile"
    assert pane_command("sim", None, None, "smile") == "optionix screen volatility --print"


# Calibrations


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory) -> CalibrationView:
    home = HomeFolders.of(tmp_path_factory.mktemp("home"))
    chain = DearFeed(seed=20).chain("ORBIT", MOMENT)
    return calibrate(
        home, ManualClock(LATER), chain, "heston", progress=lambda _done, _total: None, cancel=lambda: False
    )


def test_a_calibrated_model_is_drawn_beside_the_smile_of_its_expiries(view, calibrated):
    quotes = smile_quotes(view.found, PLACE)
    plot = plots.smile_plot(view, PLACE, quotes, smile_curve(view.found, PLACE), None, calibrated)
    drawn = next(series for series in plot.series if series.name == "heston")
    assert [x for x, _ in drawn.points] == pytest.approx([one.strike for one in quotes])
    other = replace(calibrated, fits=())
    assert len(plots.smile_plot(view, PLACE, quotes, (), None, other).series) == 2


def test_the_table_of_a_calibration_has_its_parameters_remarks_and_what_was_before(view, calibrated):
    item = view.found.surface.slices[PLACE]
    past = (Earlier("20260105-x", MOMENT, "merton", 0.0123),)
    rows = calibration_rows(calibrated, past, item.expiry, item.root)
    texts = ["".join(c.write(v) for c, v in zip(CALIBRATION_COLUMNS, row.cells, strict=True)) for row in rows]
    for name in ("v0", "kappa", "theta", "sigma", "rho"):
        assert any(name in text for text in texts)
    assert "merton" in texts[-1]
    assert "1.23" in texts[-1]
    noted = [text for text in texts if text.startswith("! ")]
    assert len(noted) == bool(calibrated.fits[0].notes)
    assert all(calibrated.fits[0].notes[0] in text for text in noted)
    assert calibration_rows(None, (), item.expiry, item.root) == []


def test_an_expiry_that_no_model_covers_says_so(view, calibrated):
    item = view.found.surface.slices[PLACE]
    several = replace(calibrated, fits=(replace(calibrated.fits[0], smiles=()),) * 2)
    (row,) = calibration_rows(several, (), item.expiry, item.root)
    assert row.cells[0] == "no heston"
    assert "too few usable quotes" in str(explain.explain_calibration(several, item, LATER).facts)


def test_a_calibration_is_explained_with_its_errors(view, calibrated):
    told = explain.explain_calibration(calibrated, view.found.surface.slices[PLACE], LATER)
    facts = dict(told.facts)
    kappa = next(one for one in calibrated.fits[0].parameters if one.name == "kappa")
    assert facts["kappa"].startswith(f"{kappa.value:.6g}")
    assert "4 expiries" in facts["fitted to"]
    assert "rmse" in told.value


# Which panes are shown


@pytest.mark.parametrize(
    ("columns", "lines", "count"), [(120, 36, 6), (200, 55, 7), (80, 24, 4), (44, 40, 3), (80, 16, 2)]
)
def test_small_terminals_have_fewer_panes_and_always_the_marked_one(columns, lines, count):
    for marked in BY_WORTH:
        shown = panes_shown(columns, lines, marked)
        assert len(shown) == len(set(shown)) == count
        assert marked in shown
    assert panes_shown(columns, lines, "smile") == BY_WORTH[:count]


# When it fits anew

ORBIT, TUNDRA = Wanted("ORBIT", "svi"), Wanted("TUNDRA", "svi")


def due(pace: Pace, wanted: Wanted, now: datetime, *, still=False, held=False) -> bool:
    return pace.is_due(wanted, now, still=still, held=held)


def test_a_fit_rests_as_long_as_it_took_several_times_over():
    pace = Pace()
    assert due(pace, ORBIT, MOMENT)
    pace.begin(ORBIT, MOMENT)
    assert not due(pace, ORBIT, MOMENT)
    pace.end(MOMENT, 2.0)
    assert not due(pace, ORBIT, MOMENT + timedelta(seconds=7.9))
    assert due(pace, ORBIT, MOMENT + timedelta(seconds=8))


def test_a_quick_fit_still_rests_a_little():
    pace = Pace()
    pace.begin(ORBIT, MOMENT)
    pace.end(MOMENT, 0.001)
    assert not due(pace, ORBIT, MOMENT + LEAST / 2)
    assert due(pace, ORBIT, MOMENT + LEAST)


def test_another_choice_is_fitted_at_once_but_never_beside_another_fit():
    pace = Pace()
    pace.begin(ORBIT, MOMENT)
    assert not due(pace, TUNDRA, MOMENT)
    pace.end(MOMENT, 60.0)
    assert due(pace, TUNDRA, MOMENT)
    assert due(pace, ORBIT._replace(model="sabr"), MOMENT, still=True, held=True)


def test_quotes_that_stand_still_or_are_held_are_fitted_once():
    pace = Pace()
    pace.begin(ORBIT, MOMENT)
    pace.end(MOMENT, 0.1)
    late = MOMENT + timedelta(hours=1)
    assert not due(pace, ORBIT, late, still=True)
    assert not due(pace, ORBIT, late, held=True)
    pace.again()
    assert due(pace, ORBIT, late, still=True, held=True)


def test_a_clock_that_was_set_back_does_not_hold_fits_up():
    pace = Pace()
    pace.begin(ORBIT, MOMENT)
    pace.end(MOMENT, 0.1)
    assert due(pace, ORBIT, MOMENT - timedelta(days=1))
