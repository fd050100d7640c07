"""Combinations priced as one, and rolled as one order."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optionix_core.errors import DomainError, InvalidValueError, MissingDataError
from optionix_core.portfolio.strategies.building import build
from optionix_core.portfolio.strategies.payoff import cost
from optionix_core.portfolio.strategies.prices import LegQuote, combination_price, net_price, payment, priced
from optionix_core.portfolio.strategies.recognition import net_exposures, recognise
from optionix_core.portfolio.strategies.rolling import moved, roll
from optionix_core.portfolio.strategies.values import Leg

from .strategy_legs import FAR, NEAR, leg, shaped


def quote(bid: str | None, ask: str | None) -> LegQuote:
    return LegQuote(*(None if side is None else Decimal(side) for side in (bid, ask)))


def test_the_natural_price_takes_every_far_side_and_the_mid_the_mids() -> None:
    vertical = build("vertical", [Decimal(100), Decimal(110)], multiplier=Decimal(100), units=Decimal(4))
    found = combination_price(vertical, [quote("5.10", "5.30"), quote("2.00", "2.10")])
    assert (found.natural, found.mid, found.opposite) == (Decimal("3.30"), Decimal("3.15"), Decimal("3.00"))
    assert found.faults == ()


def test_a_ratio_is_priced_by_its_whole_unit_and_a_credit_is_negative() -> None:
    spread = build(
        "ratio-spread", [Decimal(100), Decimal(110)], multiplier=Decimal(100), ratio=(2, 3), units=Decimal(5)
    )
    assert spread.ratio == (2, -3)
    found = combination_price(spread, [quote("3.00", "3.20"), quote("2.40", "2.50")])
    assert found.natural == 2 * Decimal("3.20") - 3 * Decimal("2.40") == Decimal("-0.80")
    assert priced(spread, [quote("3.00", "3.20"), quote("2.40", "2.50")], "natural").legs[0].price == Decimal("3.20")


def test_stock_weighs_in_the_net_price_as_its_lots_do() -> None:
    shares = recognise([leg("+200 stock", "50", 1), leg("-2 call 55", "1.25")])
    lots = recognise([leg("+2 stock", "50"), leg("-2 call 55", "1.25")])
    assert net_price(shares) * shares.units * 100 == net_price(lots) * lots.units * 100 == cost(shares) == 9750
    assert net_price(lots) == Decimal("48.75")


@given(shaped(), st.integers(1, 20))
def test_units_times_multiplier_times_the_net_price_is_the_cost(pair: tuple[object, list[Decimal]], units: int) -> None:
    named, strikes = pair
    expiries = (NEAR, FAR)[: named.expiries]  # type: ignore[attr-defined]
    strategy = build(named.name, strikes, expiries, multiplier=Decimal(100), units=Decimal(units))  # type: ignore[attr-defined]
    quotes = [quote(str(number), f"{number}.10") for number in range(1, len(strategy.legs) + 1)]
    for rule in ("mid", "natural"):
        found = priced(strategy, quotes, rule)  # type: ignore[arg-type]
        told = combination_price(strategy, quotes)
        assert net_price(found) == getattr(told, rule)
        assert cost(found) == net_price(found) * units * 100
        assert payment(found) == ("debit" if cost(found) > 0 else "credit" if cost(found) < 0 else "even")


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        (("2.10", "2.10"), "locked"),
        (("2.20", "2.10"), "crossed"),
        ((None, "2.10"), "no bid"),
        (("2.0", None), "no ask"),
    ],
)
def test_no_mid_is_made_of_a_locked_crossed_or_one_sided_quote(bad: tuple[str | None, str | None], fault: str) -> None:
    vertical = build("vertical", [Decimal(100), Decimal(110)], multiplier=Decimal(100))
    quotes = [quote("5.10", "5.30"), quote(*bad)]
    found = combination_price(vertical, quotes)
    assert found.mid is None
    assert found.faults == (("-1 call 110", fault),)
    with pytest.raises(MissingDataError, match=f"leg -1 call 110 has no mid: {fault}"):
        priced(vertical, quotes, "mid")
    if fault == "no bid":
        assert found.natural is None
        with pytest.raises(MissingDataError, match="no bid to sell at"):
            priced(vertical, quotes, "natural")


def test_prices_that_cannot_be_are_refused() -> None:
    with pytest.raises(DomainError, match="several multipliers"):
        net_price(recognise([leg("+1 call 100", "3"), leg("-10 call 110", "1", 10)]))
    thirds = recognise([leg("+1 stock", "10", 1), leg("-1 call 12", "1", 3)])
    with pytest.raises(DomainError, match="no exact decimal"):
        net_price(thirds)
    assert combination_price(thirds, [quote("10", "10"), quote("1", "1.1")]).natural is None
    with pytest.raises(MissingDataError, match="has no price"):
        net_price(build("straddle", [Decimal(100)], multiplier=Decimal(100)))
    with pytest.raises(InvalidValueError, match="quotes must be 2, one a leg"):
        combination_price(build("straddle", [Decimal(100)], multiplier=Decimal(100)), [])


def test_a_short_put_rolled_out_is_a_calendar_of_the_same_size() -> None:
    held = [leg("-3 put 100", "4", expiry=NEAR)]
    found = roll(held, moved(held, {NEAR: FAR}))
    assert [one.label for one in found.closing] == ["+3 put 100 2027-01-15"]
    assert [one.label for one in found.opening] == ["-3 put 100 2027-02-19"]
    assert (found.combination.name, found.combination.units) == ("short-put-calendar", 3)
    assert all(one.price is None for one in found.combination.legs)


def test_rolling_up_and_out_trades_an_instrument_of_both_once() -> None:
    held = [leg(text, "1", expiry=NEAR) for text in ("+1 call 100", "-2 call 105", "+1 call 110")]
    wanted = [leg(text, "1", expiry=NEAR) for text in ("+1 call 105", "-2 call 110", "+1 call 115")]
    found = roll(held, wanted)
    assert [one.label for one in found.combination.legs] == [
        "-1 call 100 2027-01-15", "+3 call 105 2027-01-15", "-3 call 110 2027-01-15", "+1 call 115 2027-01-15",
    ]  # fmt: skip
    assert [one.label for one in found.closing][1] == "+2 call 105 2027-01-15"
    assert found.opening[0].label == "+1 call 105 2027-01-15"


def test_a_leg_that_stays_is_not_traded() -> None:
    held = [leg("+1 call 100", "1", expiry=FAR), leg("-1 call 110", "1", expiry=NEAR)]
    found = roll(held, moved(held, {NEAR: FAR}, {Decimal(110): Decimal(115)}))
    assert (found.held.name, found.wanted.name) == ("long-call-diagonal", "bull-call-spread")
    assert [one.label for one in found.combination.legs] == ["+1 call 110 2027-01-15", "-1 call 115 2027-02-19"]


@given(st.data())
def test_the_order_of_a_roll_turns_what_is_held_into_what_is_wanted(data: st.DataObject) -> None:
    quantities = st.integers(-4, 4).filter(bool)
    number = data.draw(st.integers(1, 4))
    sides = []
    sizes = data.draw(st.lists(quantities, min_size=number, max_size=number))
    for _ in range(2):
        places = data.draw(st.lists(st.integers(90, 96), min_size=number, max_size=number, unique=True))
        signs = data.draw(st.lists(st.sampled_from([1, -1]), min_size=number, max_size=number))
        sides.append(
            [
                leg(f"{size * sign} put {k}", "1", expiry=NEAR)
                for size, sign, k in zip(sizes, signs, places, strict=True)
            ]
        )
    held, wanted = sides
    if net_exposures(held) == net_exposures(wanted):
        with pytest.raises(DomainError, match="changes nothing"):
            roll(held, wanted)
        return
    found = roll(held, wanted)
    assert net_exposures([*held, *found.combination.legs]) == net_exposures(wanted)
    assert net_exposures([*held, *found.closing, *found.opening]) == net_exposures(wanted)
    assert len({one.instrument for one in found.combination.legs}) == len(found.combination.legs)
    for one in found.closing:
        before = net_exposures(held)[one.instrument]
        assert before * one.exposure < 0
        assert abs(one.exposure) <= abs(before)


def test_what_is_no_roll_is_refused() -> None:
    held: list[Leg] = [leg("-3 put 100", "4", expiry=NEAR)]
    with pytest.raises(DomainError, match=r"keeps its size \(held 300 units, asked for 200\)"):
        roll(held, [leg("-2 put 100", "4", expiry=FAR)])
    with pytest.raises(DomainError, match="changes nothing"):
        roll(held, held)
    with pytest.raises(InvalidValueError, match="told once for each instrument"):
        roll([*held, *held], [leg("-6 put 100", "4", expiry=FAR)])
    with pytest.raises(InvalidValueError, match=r"expiry must be one of a leg that is held \(got 2027-02-19\)"):
        moved(held, {FAR: NEAR})
    with pytest.raises(InvalidValueError, match="multiplier must be the same"):
        roll(held, [replace(held[0], quantity=Decimal(-30), multiplier=Decimal(10))])
