import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from optionix_core.errors import ConfigurationError, InvalidValueError, MissingDataError
from optionix_core.pricing import black_scholes
from optionix_core.risk import margin
from optionix_core.risk.margin import MarginClass, compare, portfolio_margin, span_style
from optionix_core.risk.margin.parameters import SHIPPED, InterCommodity, read, shipped
from optionix_core.risk.margin.portfolio import valuation_points
from optionix_core.risk.margin.revalued import rows_of
from optionix_core.risk.margin.rules import classified
from optionix_core.risk.margin.span import composite_deltas, risk_arrays, scenarios

from .margin_books import FAR, NEAR, NOW, book, books, option, stock


def european(quantity, kind, strike, spot=100.0, volatility=0.25, margin_class=MarginClass.EQUITY, expiry=FAR, **more):
    return option(quantity, kind, strike, None, spot, expiry, margin_class=margin_class, style="european",
                  implied_volatility=volatility, rate=0.03, dividend_yield=0.0, **more)  # fmt: skip


def worth(position, spot, volatility):
    return black_scholes.price(
        int(position.option_type), spot, position.strike, position.years(NOW), 0.03, 0.0, volatility
    )


def test_valuation_points_of_the_rule():
    # FINRA Rule 4210(g)(2)(F): ten equidistant points; OCC's layout has five on each side.
    assert valuation_points(-0.08, 0.06) == pytest.approx(
        [-0.08, -0.064, -0.048, -0.032, -0.016, 0.012, 0.024, 0.036, 0.048, 0.06]
    )
    assert valuation_points(-0.15, 0.15) == pytest.approx(
        [-0.15, -0.12, -0.09, -0.06, -0.03, 0.03, 0.06, 0.09, 0.12, 0.15]
    )


def test_ranges_are_those_of_the_reference(shared_reference):
    told = json.loads((shared_reference / "trading" / "margin_rules_parameters.json").read_text())
    ranges, ours = told["portfolio_margin_4210g"]["ranges"], shipped().portfolio.ranges
    assert ours[MarginClass.BROAD_INDEX] == tuple(ranges["high_cap_broad_based_index"])
    assert ours[MarginClass.SMALL_CAP_INDEX] == tuple(ranges["non_high_cap_broad_based_index"])
    assert (
        ours[MarginClass.EQUITY]
        == ours[MarginClass.NARROW_INDEX]
        == tuple(ranges["other_eligible_equity_narrow_index"])
    )
    assert 100 * shipped().portfolio.minimum_per_unit == told["portfolio_margin_4210g"]["min_per_contract_usd"]


def test_stock_needs_fifteen_per_cent():
    found = portfolio_margin(book(stock(100, 60.0)))
    assert found.requirement == pytest.approx(900.0)
    assert found.worst == "XYZ: XYZ -15%"
    assert portfolio_margin(book(stock(-100, 60.0))).worst == "XYZ: XYZ +15%"


def test_minimum_of_two_hundred_contracts():
    # Cboe's table: 7,500 for 200 long contracts, $37.50 each.
    deep = european(200, "call", 100.0), european(-200, "call", 100.0, expiry=NEAR)
    minimum = portfolio_margin(book(deep[0])).groups[0].minimum
    assert minimum == pytest.approx(7500.0)
    assert portfolio_margin(book(*deep)).groups[0].minimum == pytest.approx(15000.0)


def test_the_minimum_of_a_long_is_at_most_its_value():
    cheap = european(10, "call", 200.0, volatility=0.15)
    found = portfolio_margin(book(cheap))
    assert found.requirement == pytest.approx(1000.0 * worth(cheap, 100.0, 0.15), abs=1e-9)


def test_the_greatest_loss_is_that_of_the_model_at_a_point():
    sold = european(-3, "put", 95.0, margin_class=MarginClass.BROAD_INDEX)
    found = portfolio_margin(book(sold))
    assert found.requirement == pytest.approx(300.0 * (worth(sold, 92.0, 0.25) - worth(sold, 100.0, 0.25)))
    assert found.worst == "XYZ: XYZ -8%"


def test_gains_offset_in_full_on_one_underlying_and_in_part_in_a_group():
    parameters = shipped().portfolio
    one = stock(100, 100.0, MarginClass.BROAD_INDEX, underlying="SPX")
    other = replace(stock(-100, 100.0, MarginClass.BROAD_INDEX, underlying="SPY"), id="short")
    found = portfolio_margin(book(one, other), parameters)
    assert [group.underlyings for group in found.groups] == [("SPX", "SPY")]
    assert found.requirement == pytest.approx(0.10 * 800.0)  # at -8%: a loss of 800 less nine tenths of a gain of 800
    apart = portfolio_margin(book(one, other), replace(parameters, groups=()))
    assert apart.requirement == pytest.approx(800.0 + 600.0)


def test_volatility_can_be_moved_as_well():
    sold = european(-1, "call", 100.0)
    moved = replace(shipped().portfolio, volatility_shift=0.2)
    assert portfolio_margin(book(sold), moved).requirement == pytest.approx(
        100.0 * (worth(sold, 115.0, 0.30) - worth(sold, 100.0, 0.25))
    )


def test_the_sixteen_scenarios():
    # CME, "SPAN methodology": order of the scenarios; extremes at twice the range count 35% (three times: 33%).
    found = scenarios(2.0, 0.35)
    third = 1 / 3
    assert [round(one.price, 6) for one in found] == pytest.approx(
        [0, 0, third, third, -third, -third, 2 * third, 2 * third, -2 * third, -2 * third, 1, 1, -1, -1, 2, -2],
        abs=1e-6,
    )
    assert [one.volatility for one in found] == [1, -1] * 7 + [0, 0]
    assert [one.weight for one in found] == [1.0] * 14 + [0.35, 0.35]
    assert found[8].label == "price -2/3, volatility up"
    assert scenarios(3.0, 0.33)[15] == (-3.0, 0, 0.33)


def test_risk_arrays_are_losses_of_the_model():
    held = european(1, "put", 95.0)
    rows = rows_of(book(held), {"XYZ": MarginClass.EQUITY})
    span = shipped().span
    product = span.product("XYZ", MarginClass.EQUITY)
    found = risk_arrays(rows, [product], span)[:, 0]
    base = worth(held, 100.0, 0.25)
    for scenario, loss in zip(scenarios(2.0, 0.35), found, strict=True):
        moved = worth(
            held, 100.0 * (1 + 0.15 * scenario.price), 0.25 * (1 + scenario.volatility * product.volatility_scan)
        )
        assert loss == pytest.approx(scenario.weight * (base - moved), abs=1e-9)


def test_scan_risk_of_the_underlying_is_its_range():
    found = span_style(book(stock(100, 60.0)))
    assert found.requirement == pytest.approx(0.15 * 6000.0)
    assert found.worst == "XYZ: price -1, volatility up"
    assert found.products[0].delta == 100.0


def test_the_short_option_minimum_is_a_floor():
    sold = european(-10, "call", 250.0, volatility=0.10)
    found = span_style(book(sold)).products[0]
    assert found.requirement == found.short_minimum == pytest.approx(0.0075 * 100.0 * 1000.0)
    assert found.worst == "the short option minimum"


def test_months_against_each_other_are_charged():
    held = book(european(-1, "call", 100.0, expiry=NEAR), european(1, "call", 100.0, expiry=FAR))
    rows = rows_of(held, {"XYZ": MarginClass.EQUITY})
    span = shipped().span
    product = span.product("XYZ", MarginClass.EQUITY)
    deltas = composite_deltas(rows, [product, product], span)
    assert span_style(held).products[0].inter_month == pytest.approx(0.006 * 100.0 * 100.0 * min(deltas))
    assert span_style(book(european(-1, "call", 100.0), european(1, "call", 105.0))).products[0].inter_month == 0.0


def test_composite_delta_weighs_seven_prices():
    held = european(1, "call", 100.0)
    span = shipped().span
    product = span.product("XYZ", MarginClass.EQUITY)
    found = composite_deltas(rows_of(book(held), {"XYZ": MarginClass.EQUITY}), [product], span)[0]
    weights = {0.0: 0.270, 1 / 3: 0.217, -1 / 3: 0.217, 2 / 3: 0.110, -2 / 3: 0.110, 1.0: 0.037, -1.0: 0.037}
    exact = sum(
        weight * black_scholes.greeks(1, 100 * (1 + 0.15 * move), 100.0, held.years(NOW), 0.03, 0.0, 0.25).delta
        for move, weight in weights.items()
    ) / sum(weights.values())
    assert found == pytest.approx(exact, abs=1e-5)


def test_products_against_each_other_are_credited():
    span = replace(shipped().span, inter_commodity=(InterCommodity(("AAA", "BBB"), (1.0, 2.0), 0.5),))
    one, other = stock(100, 100.0, underlying="AAA"), replace(stock(-100, 50.0, underlying="BBB"), id="short")
    found = {product.underlying: product for product in span_style(book(one, other), span).products}
    # 50 spreads of 1 against 2; price risk 15 a unit of AAA and 7.50 of BBB.
    assert found["AAA"].credit == pytest.approx(0.5 * 50 * 15.0)
    assert found["BBB"].credit == pytest.approx(0.5 * 100 * 7.5)
    same_side = span_style(book(one, replace(other, quantity=100)), span)
    assert all(product.credit == 0.0 for product in same_side.products)


@settings(max_examples=25, deadline=None)
@given(books(most=5, contracts=4))
def test_regimes_scale_with_the_book(held):
    twice = replace(held, positions=tuple(replace(one, quantity=2 * one.quantity) for one in held.positions))
    for regime in (portfolio_margin, span_style):
        assert regime(twice).requirement == pytest.approx(2 * regime(held).requirement, rel=1e-9, abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(books(most=5, contracts=4))
def test_loss_of_the_whole_is_at_most_that_of_its_parts(held):
    for regime in (portfolio_margin, span_style):
        alone = sum(regime(replace(held, positions=(one,))).requirement for one in held.positions)
        charge = 0.0 if regime is portfolio_margin else sum(one.inter_month for one in regime(held).products)
        assert regime(held).requirement <= alone + charge + 1e-6


@settings(max_examples=25, deadline=None)
@given(books(most=5, contracts=4))
def test_a_long_more_costs_portfolio_margin_at_most_its_value(held):
    more = replace(european(2, "put", 90.0), id="more")
    longer = replace(held, positions=(*held.positions, more))
    value = 200.0 * worth(more, 100.0, 0.25)
    assert portfolio_margin(longer).requirement <= portfolio_margin(held).requirement + value + 1e-6


def test_a_hedge_lowers_the_margin_of_every_regime():
    naked, hedge = european(-1, "call", 100.0), european(1, "call", 105.0)
    priced = [replace(one, price=worth(one, 100.0, 0.25)) for one in (naked, hedge)]
    alone, both = compare(book(priced[0])), compare(book(*priced))
    for regime in ("strategy", "portfolio", "span"):
        assert both.get(regime).against_equity < alone.get(regime).against_equity


def test_regimes_side_by_side_tell_their_worst_scenario():
    held = compare(book(stock(100, 60.0), option(-1, "call", 60.0, 2.0, 60.0)))
    assert [answer.regime for answer in held.answers] == ["strategy", "portfolio", "span"]
    assert held.absent == (("deribit", "no option on a coin is held"),)
    assert all(answer.worst and answer.assumptions for answer in held.answers)
    assert [answer.against_equity for answer in held.ordered] == sorted(one.against_equity for one in held.answers)


def test_volatilities_are_solved_and_said():
    bare = compare(book(option(-1, "put", 100.0, 4.0, 100.0)))
    notes = bare.get("portfolio").assumptions
    assert "all options: volatilities are solved from prices" in notes
    assert "all options: no interest rate is given, taken as 0" in notes
    assert "all options: exercise is not told, taken as American" in notes


def test_an_option_at_its_intrinsic_value_moves_like_it():
    deep = option(-1, "put", 150.0, 50.0, 100.0)
    assert portfolio_margin(book(deep)).requirement == pytest.approx(1500.0, rel=1e-6)


def test_what_regimes_lack_is_named():
    with pytest.raises(MissingDataError, match="short put 100 2026-04-17 has neither"):
        portfolio_margin(book(option(-1, "put", 100.0, None, 100.0)))
    with pytest.raises(InvalidValueError, match="price of position short call 100"):
        portfolio_margin(book(option(-1, "call", 100.0, 120.0, 100.0)))
    found = compare(book(option(-1, "put", 100.0, None, 100.0, implied_volatility=0.3)))
    assert [answer.regime for answer in found.answers] == ["portfolio", "span"]
    assert "has no price" in dict(found.absent)["strategy"]
    with pytest.raises(InvalidValueError, match="regime must be one of"):
        margin.requirement(book(), "house")


def test_an_empty_book_needs_nothing():
    found = compare(book())
    assert [answer.requirement for answer in found.answers] == [0.0, 0.0, 0.0]
    assert {answer.worst for answer in found.answers} == {"nothing is held"}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("price_scan = 0.08 ", "price_scan = -0.08 ", "span.class.broad_index.price_scan must be"),
        ("offset = 0.90", "offset = 1.90", "portfolio.product_group.offset must be"),
        ("extreme_fraction = 0.35", "", "span.extreme_fraction must be a number, from 0 to 1 .missing"),
        ("equity = [-0.15, 0.15]", "equity = [0.15]", "portfolio.range.equity must be 2 numbers"),
        ("\n[span]\n", "\n[span\n", "example"),
    ],
)
def test_parameters_are_checked(tmp_path, old, new, words):
    path = tmp_path / "example.toml"
    path.write_text(SHIPPED.read_text("utf-8").replace(old, new, 1), "utf-8")
    with pytest.raises(ConfigurationError, match=words):
        read(path)


def test_a_file_of_parameters_that_is_not_there(tmp_path):
    with pytest.raises(ConfigurationError, match="no such file"):
        read(tmp_path / "none.toml")


def test_no_class_without_parameters():
    span = replace(shipped().span, classes={})
    with pytest.raises(MissingDataError, match="no SPAN parameters are given for XYZ"):
        span_style(book(stock(100, 60.0)), span)


def test_one_class_for_one_underlying():
    assert classified(book(stock(1, 5.0, None))).classes == {"XYZ": MarginClass.EQUITY}
    assert np.isfinite(span_style(book(stock(1, 5.0, None))).requirement)
