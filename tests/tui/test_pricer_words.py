"""What the pricer keeps, reads and says, without a terminal."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from optionix_core.errors import InvalidValueError
from optionix_core.services import price_words, what_if, what_if_methods
from optionix_core.services.price_options import PriceOptions
from optionix_core.services.what_if_inputs import Input
from optionix_core.services.what_if_market import OptionMarket
from optionix_tui.command_line import PriceOption, parse
from screens import pricer_text as words
from screens.pricer import read_days
from screens.pricer_case import ContractCase, linked, typed
from screens.pricer_columns import greek_rows, greek_text, method_rows
from screens.pricer_commands import command, exports
from screens.pricer_explanations import MEANINGS, explain
from screens.pricer_panes import AROUND, panes_shown
from screens.pricer_plots import grid_heat, payoff_plot
from screens.pricer_sliders import read, sliders, written
from widgets.info_line import Piece

NOW = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
MARKET = price_words.parse(
    "--type call --spot 100 --strike 105 --expiry 0.5 --rate 0.04 --dividend-yield 0.01 --volatility 0.25 "
    "--style european --model black-scholes"
)
KEY = "ORBIT 260706C00105000"


def link(options: PriceOptions = MARKET, **reasons: str) -> OptionMarket:
    return OptionMarket(
        symbol=KEY, label="ORBIT 06JUL26 105 C", underlying="ORBIT", root="ORBIT", expiry=NOW.date(), multiplier=100.0,
        currency="USD", inverse=False, bid=5.4, ask=5.6, mid=5.5, as_of=NOW, source="sim", forward=101.5,
        at_the_money=0.25, options=options, reasons=reasons,
    )  # fmt: skip


def text(pieces: list[Piece]) -> str:
    return " ".join(piece.text for piece in pieces)


# The case


def test_a_moved_input_stays_while_all_others_follow_the_market() -> None:
    case = linked(link()).put("volatility", 0.3)
    assert (case.options.volatility, tuple(case.moved)) == (0.3, ("volatility",))
    later = case.following(link(MARKET._replace(spot=102.0, volatility=0.26)))
    assert (later.options.spot, later.options.volatility) == (102.0, 0.3)
    assert later.reset().options.volatility == 0.26
    assert later.reset("volatility").moved == {}


def test_an_input_that_is_put_where_the_market_has_it_is_not_moved() -> None:
    assert linked(link()).put("spot", 101.0).put("spot", 100.0).moved == {}


def test_sliders_reach_around_where_the_contract_was_chosen() -> None:
    case = linked(link())
    assert case.put("spot", 140.0).reach("spot") == case.reach("spot")
    assert case.reach("spot").low < 100.0 < case.reach("spot").high


def test_what_the_market_does_not_tell_is_asked_for_and_can_be_typed() -> None:
    case = linked(link(MARKET._replace(rate=None, dividend_yield=None), rate="no discount rate"))
    assert case.lacking == ("--rate", "--dividend-yield")
    board = {one.name: one for one in sliders(case)}
    assert (board["rate"].text, board["rate"].value) == ("type it", None)
    assert "rate: no discount rate" in text(words.lacking_pieces(case, "keys"))
    full = case.put("rate", 0.04).put("dividend_yield", 0.0)
    assert full.lacking == ()


def test_another_model_asks_for_its_parameters_and_drops_what_it_has_not() -> None:
    case = linked(link()).put("volatility", 0.3).choose(model="heston")
    assert case.options.volatility is None
    assert case.lacking == ("--v0", "--kappa", "--theta", "--sigma", "--rho")
    assert "volatility" not in case.moved
    back = case.choose(model="black-scholes")
    assert back.options.volatility == 0.25


def test_words_keep_the_link_to_the_same_option_and_cut_it_for_another() -> None:
    case = linked(link())
    same = case.written(price_words.parse(f"{price_words.line(MARKET._replace(spot=98.0))} --method fourier"))
    assert same.link is not None
    assert (same.moved, same.options.method) == ({"spot": 98.0}, "fourier")
    other = case.written(MARKET._replace(strike=110.0))
    assert (other.link, other.options.strike) == (None, 110.0)


def test_a_typed_contract_goes_back_to_what_was_typed() -> None:
    case = typed(price_words.parse("--type put --spot 100 --strike 95 --expiry 0.25 --rate 0.04 --volatility 0.3"))
    assert case.options.dividend_yield == 0.0
    assert case.put("spot", 90.0).reset().options.spot == 100.0
    assert words.standing(case).text == "as typed"
    assert words.standing(case.put("spot", 90.0)).text == "moved: spot"


def test_an_input_that_cannot_be_moves_nothing() -> None:
    case = linked(link())
    with pytest.raises(InvalidValueError, match="spot must be positive"):
        case.put("spot", -1.0)
    assert case.moved == {}


# What is typed


@pytest.mark.parametrize(
    ("measure", "typed_text", "value"),
    [
        ("volatility", "24.9", 0.249), ("volatility", " 24.9% ", 0.249), ("time", "34", 34 / 365),
        ("rate", "4.31", 0.0431),
        ("price", "1,231.40", 1231.4), ("number", "-0.7", -0.7),
    ],
)  # fmt: skip
def test_a_typed_figure_is_read_in_the_unit_that_is_shown(measure: Any, typed_text: str, value: float) -> None:
    item = Input("x", "x", measure, value)
    assert read(item, typed_text) == pytest.approx(value)
    assert read(item, written(item)) == pytest.approx(value, rel=1e-3)


@pytest.mark.parametrize("typed_text", ["", "abc", "1_0", "24.9 points"])
def test_a_figure_that_is_none_names_the_input_and_what_it_takes(typed_text: str) -> None:
    with pytest.raises(InvalidValueError, match=r"vol must be volatility in points, such as 24\.9"):
        read(Input("volatility", "vol", "volatility", 0.2), typed_text)


def test_days_are_read_in_order_and_none_are_thirds() -> None:
    assert read_days("20, 10d 10") == (10.0, 20.0)
    assert read_days(" ") is None
    for wrong in ("x", "0", "-3", "1_0", "nan"):
        with pytest.raises(InvalidValueError, match="dates must be days from now"):
            read_days(wrong)


def test_the_command_line_prices_an_option() -> None:
    command_ = parse("pricer ORBIT 16JAN26 230 C")
    assert command_ == PriceOption("ORBIT 260116C00230000")


# Lines, tables, pictures


def test_the_lines_say_what_is_priced_and_what_it_is_worth() -> None:
    case = linked(link())
    view = what_if.contract_view(case.options)
    line = text(words.contract_pieces(case, Decimal(-2)))
    for part in ("ORBIT 06JUL26 105 C", "-2 × 100", "european", "black-scholes", "5.40/5.60", "at the market"):
        assert part in line
    worth = text(words.worth_pieces(view, 5.5, unmoved=False))
    for part in ("price", "intrinsic 0.0000", "to mid", "Δ", "/day", "/pt"):
        assert part in worth
    assert "to mid" not in text(words.worth_pieces(view, 5.5, unmoved=True))


def test_a_comparison_says_when_its_inputs_have_moved() -> None:
    assert "moved since" not in text(words.compared_pieces(MARKET, MARKET, "r"))
    assert "moved since: r again" in text(words.compared_pieces(MARKET, MARKET._replace(spot=101.0), "r"))


def test_every_greek_is_shown_in_market_units_and_by_position() -> None:
    rows = {row.key: row.cells for row in greek_rows([("vega", 20.0), ("gamma", None)], -200.0)}
    assert rows["vega"] == ("V vega", pytest.approx(0.2), pytest.approx(-40.0), "per volatility point")
    assert rows["gamma"][1:3] == (None, None)
    assert greek_text(None) == "·"
    assert greek_text(-0.39214) == "-0.3921"
    assert greek_text(3e-9) == "+3.000e-09"


def test_methods_show_what_failed_in_their_place() -> None:
    good = what_if_methods.MethodRow("fourier", "Fourier sums", 5.5, 1e-13, simulated=False, seconds=0.001, failure="")
    bad = what_if_methods.MethodRow(
        "monte-carlo", "simulation", None, None, simulated=False, seconds=None, failure="no paths"
    )
    first, second = method_rows([good, bad])
    assert first.cells[:5] == ("fourier", 5.5, 1e-13, "bound", 0.001)
    assert (second.cells[1], second.cells[5], second.flags) == (None, "no paths", 1)


def test_the_picture_has_a_curve_for_each_date_and_the_density_below() -> None:
    view = what_if.contract_view(MARKET, dates=(0.1,))
    plot = payoff_plot(view.picture, view.density, 100.0, money=False)
    assert [series.name for series in plot.series] == [
        "+182d expiry", "+36d", "now", "density: lognormal, vol 25",
    ]  # fmt: skip
    bars = plot.series[-1].points
    least = min(float(one.values.min()) for one in view.picture.curves)
    assert max(high for _, _, high in bars) <= least + 1e-9
    assert plot.write_y(least - 1.0) == ""
    without = payoff_plot(view.picture, "no smile", 100.0, money=True, breakevens=(111.0,))
    assert "no density: no smile" in without.note
    assert (111.0, "BE 111") in without.marks


def test_the_grid_leaves_out_spots_without_a_value() -> None:
    grid = what_if.MoveGrid("days", (-0.1, 0.0, 0.1), (0.0, 0.1), ((1.0, 0.0, float("nan")), (0.5, -0.2, 3.0)))
    heat = grid_heat(grid, money=False)
    assert heat.columns == ("-10%", "spot")
    assert [line.label for line in heat.lines] == ["now", "+36d"]
    assert heat.chosen == heat.lines[0].key
    assert grid_heat(None, money=False).lines == ()


@pytest.mark.parametrize("columns", [44, 80, 120, 200])
@pytest.mark.parametrize("lines", [16, 24, 40, 55])
@pytest.mark.parametrize("marked", AROUND)
def test_the_marked_pane_is_always_shown(columns: int, lines: int, marked: str) -> None:
    shown = panes_shown(columns, lines, marked)
    assert marked in shown
    assert len(set(shown)) == len(shown) <= 4


def test_every_number_is_explained() -> None:
    case = linked(link())
    view = what_if.contract_view(case.options)
    methods = what_if_methods.methods(case.options._replace(paths=500), lambda: 0.0)
    for name in MEANINGS:
        told = explain("greeks", case, view, view.density, name, None, (), NOW)
        facts = dict(told.facts)
        assert facts["meaning"] == MEANINGS[name]
        assert facts["source"].startswith("sim, 2026-01-05 15:00:00 UTC")
    for row in methods:
        assert dict(explain("methods", case, view, view.density, row.id, None, methods, NOW).facts)["error"]
    price = explain("payoff", case, view, view.density, "", case.inputs[1], (), NOW)
    assert dict(price.facts)["input"] == "vol 25.00 (volatility points a root year); market 25.00"
    assert "standard deviation" in dict(explain("moves", case, view, view.density, "", None, (), NOW).facts)["columns"]


# Copy and export


def test_what_is_copied_gives_the_same_numbers() -> None:
    case = linked(link()).put("spot", 98.0)
    line = command(case, "payoff")
    assert line.startswith("optionix price --type call --spot 98.0")
    assert price_words.parse(line) == case.options
    assert command(case, "methods").endswith("--methods all")
    assert command(case, "greeks").endswith("--greeks all")
    assert command(case, "moves").startswith("optionix what-if --type call")
    assert command(None, "payoff") == "optionix screen pricer --print"


def test_exports_are_csv_and_json_of_what_is_shown() -> None:
    view = what_if.contract_view(MARKET)
    found = exports(view, view.density, ())
    assert found["csv"]().startswith("underlying,value_now")
    assert '"density"' in found["json"]()
    assert exports(None, "nothing", ()) == {}


def test_a_picture_without_values_beyond_an_extreme_is_drawn_where_there_are_some() -> None:
    case = ContractCase(MARKET._replace(contract="fixed-lookback", terms={"running_extreme": "110"}))
    view = what_if.contract_view(case.options)
    plot = payoff_plot(view.picture, view.density, 100.0, money=False)
    assert all(np.isfinite(y) for series in plot.series for _, *ends in series.points for y in ends)
