"""Strategies by the text of FINRA Rule 4210, Regulation T and Cboe's Margin Manual (April 2000)."""

import json

import pytest

from optionix_core.errors import DomainError, InvalidValueError, MissingDataError, UnknownNameError
from optionix_core.risk.margin import MarginClass, strategy_based
from optionix_core.risk.margin.rules import short_stock_margin

from .margin_books import FAR, LEAP, NEAR, book, option, stock


def initial(*positions):
    found = strategy_based(book(*positions))
    return found.requirement, found.requirement_net_of_premium


def kept(*positions):
    return strategy_based(book(*positions), maintenance=True).requirement


def names(*positions, **more):
    return [one.name for one in strategy_based(book(*positions), **more).sets]


def test_short_strangle_of_a_broker_s_example():
    # tastytrade, "Short straddle / strangle": stock 45; call 47 at 2.10 needs (0.20 x 45 - 2 + 2.10) x 100 = 910, the
    # put 43 at 1.20 needs 820; together 910 and the put's premium, 120.
    legs = option(-1, "call", 47.0, 2.10, 45.0), option(-1, "put", 43.0, 1.20, 45.0)
    assert initial(*legs) == pytest.approx((1030.0, 700.0))
    assert initial(legs[0])[0] == pytest.approx(910.0)
    assert initial(legs[1])[0] == pytest.approx(820.0)


@pytest.mark.parametrize(
    ("kind", "strike", "price", "margin_class", "expected"),
    [
        ("call", 120.0, 8.375, MarginClass.EQUITY, 837.5 + 2570.0),  # 20% of 128.50, in the money
        ("put", 80.0, 2.0, MarginClass.EQUITY, 200.0 + 800.0),  # far out: 10% of the strike, 80
        ("call", 130.0, 1.0, MarginClass.EQUITY, 100.0 + (2570.0 - 150.0)),
        ("call", 160.0, 0.5, MarginClass.EQUITY, 50.0 + 1285.0),  # far out: 10% of the underlying
        ("call", 120.0, 8.375, MarginClass.NARROW_INDEX, 837.5 + 2570.0),
        ("call", 120.0, 8.375, MarginClass.BROAD_INDEX, 837.5 + 1927.5),  # 15%
        ("put", 120.0, 1.0, MarginClass.SMALL_CAP_INDEX, 100.0 + 1200.0),  # 1927.5 - 850 < 10% of 120
    ],
)
def test_naked_options_by_4210_f_2_e(kind, strike, price, margin_class, expected):
    need, net = initial(option(-1, kind, strike, price, 128.5, margin_class=margin_class))
    assert need == pytest.approx(expected)
    assert net == pytest.approx(expected - 100.0 * price)


def test_leveraged_funds_multiply_the_rates():
    # FINRA Notice 09-53: 20% x 2 of 100, and 10% x 2 of the strike.
    assert initial(option(-1, "put", 100.0, 3.0, 100.0, margin_class=MarginClass.LEVERAGED, leverage=2.0))[
        0
    ] == pytest.approx(300.0 + 4000.0)
    assert initial(option(-1, "put", 70.0, 1.0, 100.0, margin_class=MarginClass.LEVERAGED, leverage=2.0))[
        0
    ] == pytest.approx(100.0 + 1400.0)
    three = stock(100, 50.0, MarginClass.LEVERAGED, leverage=3.0)
    assert kept(three) == pytest.approx(0.75 * 5000.0)  # 25% x 3, as the Notice has it


def test_an_unknown_multiple_is_said():
    found = strategy_based(book(option(-1, "put", 100.0, 3.0, 100.0, margin_class=MarginClass.LEVERAGED)))
    assert any("taken as 2" in note for note in found.assumptions)


def test_a_missing_class_is_equity_and_said():
    found = strategy_based(book(option(-1, "put", 100.0, 3.0, 100.0, margin_class=None)))
    assert found.requirement == pytest.approx(300.0 + 2000.0)
    assert "XYZ: no margin class is given, taken as equity" in found.assumptions


def test_long_options_are_paid_in_full_and_by_three_quarters_beyond_nine_months():
    # 4210(f)(2)(D); Cboe manual p. 4: none required later, 75% of the value where it is far.
    assert initial(option(2, "call", 100.0, 5.0, 100.0)) == pytest.approx((1000.0, 1000.0))
    assert kept(option(2, "call", 100.0, 5.0, 100.0)) == 0.0
    assert initial(option(1, "call", 100.0, 12.0, 100.0, LEAP))[0] == pytest.approx(900.0)
    assert kept(option(1, "call", 100.0, 12.0, 100.0, LEAP)) == pytest.approx(900.0)


def test_nine_months_are_calendar_months():
    # The book stands at 2026-03-02: 2026-12-02 is nine months away, the day after is beyond.
    from datetime import date

    at, beyond = date(2026, 12, 2), date(2026, 12, 3)
    assert initial(option(1, "call", 100.0, 10.0, 100.0, at))[0] == pytest.approx(1000.0)
    assert initial(option(1, "call", 100.0, 10.0, 100.0, beyond))[0] == pytest.approx(750.0)


def test_stock_long_and_short():
    # 12 CFR 220.12: 50% and 150%; 4210(c): 25%, and 30% beside the value sold.
    assert initial(stock(100, 60.0))[0] == pytest.approx(3000.0)
    assert initial(stock(-100, 60.0))[0] == pytest.approx(9000.0)
    assert kept(stock(100, 60.0)) == pytest.approx(1500.0)
    assert kept(stock(-100, 60.0)) == pytest.approx(6000.0 + 1800.0)


@pytest.mark.parametrize(("price", "least"), [(10.0, 5.0), (100.0, 30.0), (5.0, 5.0), (4.0, 4.0), (1.0, 2.5)])
def test_cheap_short_stock_has_floors(price, least):
    # 4210(c)(2) and (3): $5.00 or 30% from $5.00 on; below, $2.50 or all of it.
    from optionix_core.risk.margin import StrategyRules

    assert short_stock_margin(price, 1.0, StrategyRules()) == pytest.approx(least)


def test_covered_call_needs_the_stock_alone():
    # 4210(f)(2)(H): nothing on the call; in the money the stock counts at the strike: 50% of 60, the rest in full.
    out = stock(100, 60.0), option(-1, "call", 65.0, 1.5, 60.0)
    assert initial(*out) == pytest.approx((3000.0, 2850.0))
    assert names(*out) == ["covered-call"]
    inside = stock(100, 65.0), option(-1, "call", 60.0, 6.5, 65.0)
    assert initial(*inside)[0] == pytest.approx(0.5 * 6000.0 + 500.0)
    assert kept(*inside) == pytest.approx(0.25 * 6000.0 + 500.0)


def test_covered_put_adds_what_it_is_in_the_money():
    out = stock(-100, 60.0), option(-1, "put", 55.0, 1.0, 60.0)
    assert initial(*out)[0] == pytest.approx(9000.0)
    assert names(*out) == ["covered-put"]
    assert initial(stock(-100, 60.0), option(-1, "put", 62.0, 3.0, 60.0))[0] == pytest.approx(9200.0)


def test_married_put_in_maintenance():
    # Lesser of 10% of the strike with what it is out of the money, and 25% of the stock: 5.5 + 5 < 15.
    held = stock(100, 60.0), option(1, "put", 55.0, 1.0, 60.0)
    assert initial(*held)[0] == pytest.approx(3000.0 + 100.0)
    assert kept(*held) == pytest.approx(1050.0)
    assert names(*held) == names(*held, maintenance=True) == ["protective-put"]
    far = stock(100, 60.0), option(1, "put", 40.0, 0.2, 60.0)
    assert kept(*far) == pytest.approx(1500.0)


def test_short_stock_with_a_long_call_in_maintenance():
    # Lesser of 10% of the strike with what it is out of the money, and 30% of the stock, beside the value sold.
    assert kept(stock(-100, 60.0), option(1, "call", 65.0, 1.0, 60.0)) == pytest.approx(6000.0 + 650.0 + 500.0)


def test_conversion_and_reversal_need_a_tenth_of_the_strike():
    conversion = stock(100, 60.0), option(1, "put", 60.0, 2.0, 60.0), option(-1, "call", 60.0, 2.2, 60.0)
    assert initial(*conversion)[0] == pytest.approx(3000.0 + 200.0)
    assert kept(*conversion) == pytest.approx(600.0)
    assert names(*conversion) == names(*conversion, maintenance=True) == ["conversion"]
    reversal = stock(-100, 60.0), option(-1, "put", 60.0, 2.0, 60.0), option(1, "call", 60.0, 2.2, 60.0)
    assert kept(*reversal) == pytest.approx(6000.0 + 600.0)
    assert names(*reversal, maintenance=True) == ["reversal"]


def test_collar_needs_the_lesser_of_two():
    # 10% of 55 with 5 out of the money, against 25% of 70.
    collar = stock(100, 60.0), option(1, "put", 55.0, 1.0, 60.0), option(-1, "call", 70.0, 1.0, 60.0)
    assert initial(*collar)[0] == pytest.approx(3000.0 + 100.0)
    assert kept(*collar) == pytest.approx(1050.0)
    assert names(*collar) == names(*collar, maintenance=True) == ["collar"]


def test_verticals():
    # Long side in full, difference of the strikes where the short is nearer.
    credit = option(-1, "put", 50.0, 3.0, 52.0), option(1, "put", 45.0, 1.0, 52.0)
    assert initial(*credit) == pytest.approx((600.0, 300.0))
    debit = option(1, "call", 50.0, 4.0, 52.0), option(-1, "call", 55.0, 2.0, 52.0)
    assert initial(*debit) == pytest.approx((400.0, 200.0))
    assert kept(*credit) == pytest.approx(500.0)
    assert kept(*debit) == 0.0
    assert names(*credit, *debit) == ["bull-put-spread", "bull-call-spread"]


def test_a_spread_wider_than_naked_margin_is_not_one():
    # 4210(f)(2)(H)(i): the lesser of the two; 20% of 52 is less than the difference of 40.
    held = option(-1, "put", 50.0, 3.0, 52.0), option(1, "put", 10.0, 0.05, 52.0)
    assert initial(*held)[0] == pytest.approx(300.0 + (1040.0 - 200.0) + 5.0)


def test_calendars_and_diagonals():
    assert initial(option(-1, "call", 50.0, 2.0, 50.0, NEAR), option(1, "call", 50.0, 3.5, 50.0, FAR)) == pytest.approx(
        (350.0, 150.0)
    )
    held = option(-1, "call", 50.0, 2.0, 50.0, NEAR), option(1, "call", 55.0, 1.5, 50.0, FAR)
    assert initial(*held)[0] == pytest.approx(150.0 + 500.0)
    assert names(*held) == ["long-call-diagonal"]


def test_butterflies_and_condors():
    wings = [("call", 45.0, 6.0, 1), ("call", 50.0, 2.5, -2), ("call", 55.0, 0.8, 1)]
    long = [option(count, kind, strike, price, 50.0) for kind, strike, price, count in wings]
    assert initial(*long) == pytest.approx((680.0, 180.0))
    assert names(*long) == ["long-call-butterfly"]
    # Short butterfly, Cboe manual p. 9: the difference of the two lower strikes.
    short = [option(-count, kind, strike, price, 50.0) for kind, strike, price, count in wings]
    assert initial(*short) == pytest.approx((500.0 + 500.0, 500.0 + 500.0 - 680.0))
    assert names(*short) == ["short-call-butterfly"]
    condor = [("put", 40.0, 0.3, 1), ("put", 45.0, 1.0, -1), ("call", 55.0, 0.9, -1), ("call", 60.0, 0.2, 1)]
    iron = [option(count, kind, strike, price, 50.0) for kind, strike, price, count in condor]
    assert initial(*iron) == pytest.approx((50.0 + 500.0, 50.0 + 500.0 - 190.0))
    assert names(*iron) == ["iron-condor"]


def test_unequal_wings_are_one_set_at_the_wider_side():
    rows = [("put", 170.0, 1.0, 1), ("put", 190.0, 4.0, -1), ("call", 210.0, 3.9, -1), ("call", 220.0, 2.0, 1)]
    held = [option(count, kind, strike, price, 200.0) for kind, strike, price, count in rows]
    assert initial(*held)[0] == pytest.approx(300.0 + 2000.0)
    assert names(*held) == ["iron-condor"]


def test_a_strangle_may_need_less_than_its_condor():
    # A strangle: 600 for the put side and the call's 90, against 1,000 for the wider wing.
    rows = [("put", 35.0, 0.1, 1), ("put", 45.0, 1.0, -1), ("call", 55.0, 0.9, -1), ("call", 60.0, 0.2, 1)]
    held = [option(count, kind, strike, price, 50.0) for kind, strike, price, count in rows]
    assert initial(*held)[0] == pytest.approx(30.0 + 690.0)
    assert names(*held)[0] == "short-strangle"


def boxed(sign, style):
    rows = [("call", 45.0, 6.2, 1), ("call", 50.0, 2.7, -1), ("put", 50.0, 2.6, 1), ("put", 45.0, 1.2, -1)]
    return [option(sign * count, kind, strike, price, 50.0, style=style) for kind, strike, price, count in rows]


def test_boxes():
    # Long: in full, but 50% of the difference where all are European, Cboe manual p. 10; short: the difference.
    assert initial(*boxed(1, "american")) == pytest.approx((880.0, 490.0))
    assert initial(*boxed(1, "european")) == pytest.approx((250.0 + 390.0, 250.0))
    assert names(*boxed(1, "european")) == ["long-box"]
    assert initial(*boxed(-1, "european")) == pytest.approx((390.0 + 500.0, 390.0 + 500.0 - 880.0))
    found = strategy_based(book(*boxed(1, "european")), maintenance=True)
    assert found.against_equity == pytest.approx(250.0)


def test_options_of_two_styles_do_not_stand_together():
    mixed = option(-1, "put", 50.0, 3.0, 52.0, style="american"), option(1, "put", 45.0, 1.0, 52.0, style="european")
    assert initial(*mixed)[0] == pytest.approx(300.0 + 840.0 + 100.0)


def test_cash_accounts():
    # 12 CFR 220.8: a put sold has its strike behind it, a call the stock, and nothing is borrowed.
    def cash(*positions):
        return strategy_based(book(*positions), account_type="cash")

    assert cash(option(-1, "put", 50.0, 3.0, 52.0)).requirement_net_of_premium == pytest.approx(4700.0)
    assert cash(option(-1, "put", 50.0, 3.0, 52.0)).sets[0].name == "cash-secured-put"
    assert cash(stock(100, 52.0), option(-1, "call", 55.0, 1.0, 52.0)).requirement == pytest.approx(5200.0)
    with pytest.raises(DomainError, match="margin account"):
        cash(option(-1, "call", 55.0, 1.0, 52.0))
    with pytest.raises(DomainError, match="margin account"):
        cash(stock(-100, 52.0))
    spread = [option(-1, "put", 50.0, 3.0, 52.0, style="european"), option(1, "put", 45.0, 1.0, 52.0, style="european")]
    assert cash(*spread).requirement == pytest.approx(600.0)


def test_what_is_missing_is_named():
    with pytest.raises(MissingDataError, match="short put 50 2026-04-17 has no price"):
        initial(option(-1, "put", 50.0, None, 52.0))
    with pytest.raises(UnknownNameError, match="margin class"):
        MarginClass.of("bond")
    with pytest.raises(InvalidValueError, match="whole contracts"):
        option(1.5, "put", 50.0, 1.0, 52.0)
    with pytest.raises(InvalidValueError, match="they have one underlying"):
        book(option(-1, "put", 50.0, 1.0, 52.0), stock(100, 53.0))
    with pytest.raises(InvalidValueError, match="margin_class of position stock"):
        initial(option(-1, "put", 50.0, 1.0, 52.0, margin_class=MarginClass.BROAD_INDEX), stock(100, 52.0))


def test_rates_are_those_of_the_reference(shared_reference):
    from optionix_core.risk.margin import StrategyRules

    told = json.loads((shared_reference / "trading" / "margin_rules_parameters.json").read_text())["reg_t_strategy"]
    rules = StrategyRules()
    assert (rules.short_option, rules.short_broad_index) == (told["equity_pct"], told["broad_based_index_pct"])
    assert (rules.short_minimum, rules.long_stock_initial) == (told["min_pct"], told["reg_t_initial_stock"])
    assert rules.long_stock_maintenance == told["maintenance_long_stock"]
    assert rules.short_stock_maintenance == told["maintenance_short_stock"]
