"""The book as strategies: every contract in one group, groups add up to the book, known books told as traders do."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError
from optionix_core.portfolio.strategies.grouping import Held, Lots, group
from optionix_core.portfolio.strategies.recognition import recognise
from optionix_core.portfolio.strategies.values import CUSTOM, Leg, Strategy
from tests.core.portfolio.strategy_legs import FAR, NEAR, shaped

DAYS = {"near": NEAR, "far": FAR}


def held(*texts: str, orders: dict[str, str] | None = None, multiplier: int = 100) -> list[Held]:
    """`+1 call 100`, `-2 put 90 far`, `+200 stock`; near where nothing is said. `orders`: text to entry."""
    found = []
    for text in texts:
        quantity, kind, *rest = text.split()
        stock = kind == "stock"
        day = None if stock else DAYS[rest[1] if len(rest) > 1 else "near"]
        leg = Leg(
            type=kind,  # type: ignore[arg-type]
            quantity=Decimal(quantity),
            multiplier=Decimal(1 if stock else multiplier),
            strike=None if stock else Decimal(rest[0]),
            expiry=day,
        )
        entry = (orders or {}).get(text)
        symbol = " ".join(text.split()[1:])
        found.append(Held(symbol, leg, () if entry is None else (Lots(entry, leg.quantity),)))
    return found


def told(strategies: tuple[Strategy, ...]) -> list[str]:
    return sorted(f"{one.units:f} {one.name}" for one in strategies)


def sums(strategies: tuple[Strategy, ...]) -> Counter[str]:
    found: Counter[str] = Counter()
    for one in strategies:
        for leg in one.legs:
            assert leg.symbol is not None
            found[leg.symbol] += leg.quantity  # type: ignore[assignment] # exact decimals
    return found


@pytest.mark.parametrize(
    ("positions", "names"),
    [
        (("+1 call 100",), ["1 long-call"]),
        (("-3 put 90",), ["3 short-put"]),
        (("+150 stock",), ["150 long-stock"]),
        (("+2 put 90", "-2 put 95", "-2 call 105", "+2 call 110"), ["2 iron-condor"]),
        (("+2 put 90", "-2 put 95", "-2 call 105", "+3 call 110"), ["1 long-call", "2 iron-condor"]),
        (("+1 put 90", "-1 put 100", "-1 call 100", "+1 call 110"), ["1 iron-butterfly"]),
        (("+1 call 90", "-2 call 100", "+1 call 110"), ["1 long-call-butterfly"]),
        (("+1 call 90", "-2 call 100", "+1 call 120"), ["1 long-call-broken-wing-butterfly"]),
        (("+1 call 90", "-1 call 95", "-1 call 105", "+1 call 110"), ["1 long-call-condor"]),
        (("+1 call 100", "-1 put 100", "-1 call 110", "+1 put 110"), ["1 long-box"]),
        (("+1 call 100", "-2 call 110"), ["1 call-ratio-spread"]),
        (("-200 stock",), ["200 short-stock"]),
        (("+250 stock", "-2 call 110"), ["2 covered-call", "50 long-stock"]),
        (("+100 stock", "+1 put 90", "-1 call 110"), ["1 collar"]),
        (("+100 stock", "+1 put 100", "-1 call 100"), ["1 conversion"]),
        (("-100 call 100", "+100 call 100 far"), ["100 long-call-calendar"]),
        (("-1 call 110", "+1 call 100 far"), ["1 long-call-diagonal"]),
        (("-1 call 100", "+1 put 100", "+1 call 100 far", "-1 put 100 far"), ["1 long-jelly-roll"]),
        (("+1 call 100", "+1 put 100"), ["1 long-straddle"]),
        (("-2 call 110", "-1 put 90"), ["1 short-call", "1 short-strangle"]),
        (("-1 put 90", "+1 call 110"), ["1 long-risk-reversal"]),
        (("+1 call 90", "-1 call 95", "+1 call 200 far"), ["1 bull-call-spread", "1 long-call"]),
        (
            ("+1 put 90", "-1 put 95", "-1 call 105", "+1 call 110", "+1 put 90 far", "-1 put 95 far"),
            ["1 bull-put-spread", "1 iron-condor"],
        ),
        (
            ("+3 put 90", "-3 put 95", "-1 call 105", "+1 call 110", "-1 call 120"),
            ["1 iron-condor", "1 short-call", "2 bull-put-spread"],
        ),
    ],
)
def test_a_book_is_told_as_traders_tell_it(positions: tuple[str, ...], names: list[str]) -> None:
    assert told(group(held(*positions))) == names


def test_what_one_order_opened_stays_together() -> None:
    positions = ("+1 call 100", "-1 call 110", "+1 call 115", "-1 call 120")
    assert {tuple(leg.symbol for leg in one.legs) for one in group(held(*positions))} == {
        ("call 110", "call 115"),
        ("call 100", "call 120"),
    }  # the nearest strikes first
    by_order = {"+1 call 100": "a", "-1 call 110": "a", "+1 call 115": "b", "-1 call 120": "b"}
    found = group(held(*positions, orders=by_order))
    assert {tuple(leg.symbol for leg in one.legs) for one in found} == {
        ("call 100", "call 110"),
        ("call 115", "call 120"),
    }


def test_what_is_left_of_a_closed_leg_is_told_anew() -> None:
    """Of an iron condor the calls were bought back but for one side."""
    whole = dict.fromkeys(("+2 put 90", "-2 put 95", "-1 call 105", "+2 call 110"), "condor")
    assert told(group(held(*whole, orders=whole))) == ["1 bull-put-spread", "1 iron-condor", "1 long-call"]


def test_one_order_filled_in_parts_is_one_group() -> None:
    first = Leg(type="call", quantity=Decimal(3), multiplier=Decimal(100), strike=Decimal(100), expiry=NEAR)
    second = Leg(type="call", quantity=Decimal(-3), multiplier=Decimal(100), strike=Decimal(110), expiry=NEAR)
    lots = (Lots("f1", Decimal(1)), Lots("f2", Decimal(2)))
    turned = tuple(Lots(one.entry, -one.quantity) for one in lots)
    assert told(group([Held("a", first, lots), Held("b", second, turned)])) == ["3 bull-call-spread"]


def test_another_multiplier_and_another_root_stand_apart() -> None:
    standard, mini = held("+1 call 100"), held("-1 call 110", multiplier=10)
    assert told(group([*standard, *mini])) == ["1 long-call", "1 short-call"]
    of_the_week = Leg(
        type="call", quantity=Decimal(-1), multiplier=Decimal(100), strike=Decimal(110), expiry=NEAR, root="SPXW"
    )
    assert told(group([*standard, Held("w", of_the_week)])) == ["1 long-call", "1 short-call"]


def test_a_symbol_twice_and_an_option_without_expiry_are_refused() -> None:
    with pytest.raises(InvalidValueError, match="symbol"):
        group([*held("+1 call 100"), *held("-1 call 100")])
    leg = Leg(type="call", quantity=Decimal(1), multiplier=Decimal(100), strike=Decimal(100))
    with pytest.raises(InvalidValueError, match="expiry"):
        group([Held("x", leg)])


def test_an_empty_book_has_no_groups() -> None:
    assert group([]) == ()


@st.composite
def books(draw: st.DrawFn) -> list[Held]:
    keys = draw(
        st.lists(
            st.tuples(
                st.sampled_from(["call", "put"]),
                st.sampled_from([90, 95, 100, 105, 110, 120]),
                st.sampled_from([NEAR, FAR, date(2027, 3, 19)]),
                st.sampled_from([10, 100]),
            ),
            unique=True,
            max_size=14,
        )
    )
    quantity = st.integers(-6, 6).filter(bool)
    found = []
    if draw(st.booleans()):
        leg = Leg(type="stock", quantity=Decimal(draw(st.integers(-350, 350).filter(bool))), multiplier=Decimal(1))
        found.append(Held("stock", leg))
    for kind, strike, day, multiplier in keys:
        number = draw(quantity)
        sign = 1 if number > 0 else -1
        leg = Leg(
            type=kind,  # type: ignore[arg-type]
            quantity=Decimal(number),
            multiplier=Decimal(multiplier),
            strike=Decimal(strike),
            expiry=day,
        )
        known = draw(st.integers(0, abs(number)))
        lots = (Lots(draw(st.sampled_from(["a", "b"])), Decimal(sign * known)),) if known else ()
        found.append(Held(f"{kind} {strike} {day} {multiplier}", leg, lots))
    return found


@given(books())
def test_every_contract_is_in_one_group_and_groups_add_up_to_the_book(positions: list[Held]) -> None:
    strategies = group(positions)
    quantities = {one.symbol: one.leg.quantity for one in positions}
    assert sums(strategies) == quantities
    for one in strategies:
        assert one.units > 0
        for leg in one.legs:
            assert leg.symbol is not None
            assert leg.quantity * quantities[leg.symbol] > 0  # never two groups against each other
            assert leg.quantity == one.ratio[one.legs.index(leg)] * one.units


@given(books())
def test_a_group_is_what_its_legs_are_and_is_never_custom(positions: list[Held]) -> None:
    for one in group(positions):
        assert one.name != CUSTOM
        assert recognise(one.legs).name == one.name


@given(books(), st.randoms(use_true_random=False))
def test_the_order_of_positions_does_not_matter(positions: list[Held], random: object) -> None:
    shuffled = list(positions)
    random.shuffle(shuffled)  # type: ignore[attr-defined] # a random.Random
    assert group(shuffled) == group(positions)


@given(shaped(), st.integers(1, 4))
def test_a_strategy_alone_is_found_whole(drawn: tuple[object, list[Decimal]], units: int) -> None:
    shape, strikes = drawn
    legs = [
        Leg(
            type=slot.type,
            quantity=Decimal(slot.ratio * units * (100 if slot.type == "stock" else 1)),
            multiplier=Decimal(1 if slot.type == "stock" else 100),
            strike=None if slot.type == "stock" else strikes[slot.strike],
            expiry=None if slot.type == "stock" else (NEAR, FAR)[slot.expiry],
        )
        for slot in shape.slots  # type: ignore[attr-defined] # a Shape
    ]
    strategies = group([Held(f"{number}", leg) for number, leg in enumerate(legs)])
    assert len(strategies) == 1
    assert strategies[0].name == recognise(legs).name
