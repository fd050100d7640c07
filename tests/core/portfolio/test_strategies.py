"""Names of legs: exact in any order and number, one name each, never a guess; built by name and found again."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import DomainError, InvalidValueError, UnknownNameError, UsageError
from optionix_core.portfolio.strategies.building import build
from optionix_core.portfolio.strategies.catalogue import FAMILIES, SHAPES, shape
from optionix_core.portfolio.strategies.recognition import recognise
from optionix_core.portfolio.strategies.values import CUSTOM, Leg, Strategy

from .strategy_legs import FAR, NEAR, leg, shaped


def built(name: str, strikes: list[Decimal], units: int = 1) -> Strategy:
    return build(
        name, strikes, (NEAR, FAR)[: SHAPES[name].expiries], multiplier=Decimal(100), units=Decimal(units)
    )  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(shaped(), st.integers(1, 50), st.randoms(use_true_random=False))
def test_what_is_built_by_name_is_recognised_in_any_order_and_number(
    pair: tuple[object, list[Decimal]], units: int, chance: random.Random
) -> None:
    named, strikes = pair
    strategy = built(named.name, strikes, units)  # type: ignore[attr-defined]
    assert strategy.name == named.name  # type: ignore[attr-defined]
    assert strategy.units == units
    assert [number * units for number in strategy.ratio] == [one.quantity for one in strategy.legs]
    shuffled = list(strategy.legs)
    chance.shuffle(shuffled)
    assert recognise(shuffled, strategy.cash) == strategy


@settings(max_examples=100, deadline=None)
@given(shaped())
def test_one_contract_too_many_is_no_strategy_of_that_name(pair: tuple[object, list[Decimal]]) -> None:
    named, strikes = pair
    strategy = built(named.name, strikes, 7)  # type: ignore[attr-defined]
    more = [replace(strategy.legs[0], quantity=strategy.legs[0].quantity + 1), *strategy.legs[1:]]
    found = recognise(more, strategy.cash).name
    if len(more) == 1:
        assert SHAPES[found].slots == named.slots  # type: ignore[attr-defined]
    else:
        assert found != named.name or "ratio" in found or "backspread" in found  # type: ignore[attr-defined]


def test_names_are_told_apart_by_legs_wings_and_cash_alone() -> None:
    seen: dict[tuple[object, ...], list[str]] = {}
    for one in SHAPES.values():
        seen.setdefault((tuple(sorted(one.slots)), one.by_leg), []).append(one.name)
    several = sorted(names for names in seen.values() if len(names) > 1)
    assert several == [
        ["long-call-butterfly", "long-call-broken-wing-butterfly"],
        ["long-put-butterfly", "long-put-broken-wing-butterfly"],
        ["short-call-butterfly", "short-call-broken-wing-butterfly"],
        ["short-put", "cash-secured-put"],
        ["short-put-butterfly", "short-put-broken-wing-butterfly"],
    ]


@pytest.mark.parametrize(
    ("legs", "name"),
    [
        (["+1 call 100", "+1 call 110"], CUSTOM),
        (["+2 call 100", "-1 call 110"], CUSTOM),
        (["+1 call 100", "-3 call 110"], "call-ratio-spread"),
        (["+2 call 100", "-3 call 110"], "call-ratio-spread"),
        (["-2 call 100", "+5 call 110"], "call-backspread"),
        (["+2 put 110", "-3 put 100"], "put-ratio-spread"),
        (["-2 put 110", "+3 put 100"], "put-backspread"),
        (["-3 put 110", "+2 put 100"], CUSTOM),
        (["+1 call 90", "-1 put 100"], CUSTOM),
        (["+1 put 95", "-1 put 100", "-1 call 100", "+1 call 110"], "iron-butterfly"),
        (["+1 put 95", "-1 put 100", "-2 call 100", "+2 call 110"], CUSTOM),
        (["+1 call 100", "-2 call 110", "+1 call 125"], "long-call-broken-wing-butterfly"),
        (["+1 call 100", "-1 call 100"], CUSTOM),
        (["+1 call 100", "+1 call 100", "-2 call 110"], "bull-call-spread"),
        (["+1 stock", "-2 call 110"], CUSTOM),
        (["+1 stock", "+1 put 100", "-1 call 100"], "conversion"),
        (["+1 stock", "+1 put 110", "-1 call 100"], CUSTOM),
    ],
)
def test_legs_of_one_expiry_are_named_or_custom(legs: list[str], name: str) -> None:
    assert recognise([leg(text) for text in legs]).name == name
    assert recognise([leg(text, expiry=NEAR if "stock" not in text else None) for text in legs]).name == name


def test_stock_in_shares_counts_as_the_lots_that_it_is() -> None:
    shares = leg("+300 stock", multiplier=1)
    assert recognise([shares, leg("-3 call 110")]).name == "covered-call"
    assert recognise([shares, leg("-2 call 110")]).name == CUSTOM


def test_a_short_put_is_cash_secured_by_cash_alone() -> None:
    short = [leg("-3 put 42.5")]
    assert recognise(short).name == "short-put"
    assert recognise(short, Decimal("12749.99")).name == "short-put"
    assert recognise(short, Decimal(12750)).name == "cash-secured-put"
    assert build("cash-secured-put", [Decimal("42.5")], multiplier=Decimal(100), units=Decimal(3)).cash == 12750


def test_two_roots_of_one_date_settle_at_two_moments() -> None:
    legs = [
        replace(leg(text, expiry=NEAR), root=root) for text, root in (("-1 call 100", "SPX"), ("+1 call 100", "SPXW"))
    ]
    assert recognise(legs).name == CUSTOM
    later = [legs[0], replace(legs[1], expiry=FAR)]
    assert recognise(later).name == "long-call-calendar"


def test_fractional_contracts_have_a_fractional_unit() -> None:
    found = recognise([leg("+0.3 call 100"), leg("-0.6 call 110"), leg("+0.3 call 120")])
    assert (found.name, found.ratio, found.units) == ("long-call-butterfly", (1, -2, 1), Decimal("0.3"))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_s_name_is_the_side_that_is_bought(family: str) -> None:
    assert shape(family).family == family
    assert not shape(family).name.startswith("short")


def test_short_turns_every_leg_round() -> None:
    turned = {
        name: shape(name, short=True).name for name in ("vertical", "butterfly", "iron-condor", "conversion", "box")
    }
    assert turned == {
        "vertical": "bear-call-spread",
        "butterfly": "short-call-butterfly",
        "iron-condor": "reverse-iron-condor",
        "conversion": "reversal",
        "box": "short-box",
    }
    assert shape("vertical", "put").name == "bear-put-spread"
    assert shape("calendar", "put", short=True).name == "short-put-calendar"
    with pytest.raises(DomainError, match="collar the other way round"):
        shape("collar", short=True)


def test_what_cannot_be_built_is_refused_with_field_value_and_bound() -> None:
    hundred = Decimal(100)
    with pytest.raises(UnknownNameError, match="'seagull'"):
        build("seagull", multiplier=hundred)
    with pytest.raises(InvalidValueError, match=r"strikes must be ascending for bull-call-spread \(got 110, 100\)"):
        build("vertical", [Decimal(110), Decimal(100)], multiplier=hundred)
    with pytest.raises(InvalidValueError, match=r"strikes must be 3 for long-call-butterfly \(got 100\)"):
        build("butterfly", [Decimal(100)], multiplier=hundred)
    with pytest.raises(InvalidValueError, match="at equal distances"):
        build("butterfly", [Decimal(100), Decimal(110), Decimal(125)], multiplier=hundred)
    with pytest.raises(InvalidValueError, match="not at equal distances"):
        build("broken-wing-butterfly", [Decimal(100), Decimal(110), Decimal(120)], multiplier=hundred)
    with pytest.raises(InvalidValueError, match="expiries must be 2"):
        build("calendar", [hundred], [NEAR], multiplier=hundred)
    with pytest.raises(InvalidValueError, match="expiries must be ascending"):
        build("calendar", [hundred], [FAR, NEAR], multiplier=hundred)
    with pytest.raises(InvalidValueError, match="units must be positive"):
        build("straddle", [hundred], multiplier=hundred, units=Decimal(0))
    with pytest.raises(UsageError, match="ratio of its own"):
        build("straddle", [hundred], multiplier=hundred, ratio=(1, 2))
    with pytest.raises(InvalidValueError, match=r"ratio must be .* \(got 2:1\)"):
        build("backspread", [hundred, Decimal(110)], multiplier=hundred, ratio=(2, 1))
    with pytest.raises(UsageError, match="no choice between calls and puts"):
        shape("straddle", "put")


def test_a_leg_that_cannot_be_is_refused() -> None:
    good = {"type": "call", "quantity": Decimal(1), "multiplier": Decimal(100), "strike": Decimal(100)}
    for change, told in (
        ({"type": "future"}, "type must be one of call, put, stock"),
        ({"quantity": Decimal(0)}, "quantity must be other than zero"),
        ({"quantity": 1.5}, "quantity must be an exact, finite decimal"),
        ({"strike": Decimal("nan")}, "strike must be an exact, finite decimal"),
        ({"strike": None}, "strike must be positive"),
        ({"strike": Decimal("1e12")}, "strike must be below 10\\^12"),
        ({"price": Decimal("1e-13")}, "price must be below 10\\^12 with at most 12 decimal places"),
        ({"strike": Decimal(-1)}, r"strike must be positive \(got -1\)"),
        ({"multiplier": Decimal(0)}, "multiplier must be positive"),
        ({"price": Decimal("-0.01")}, r"price must be 0 or more \(got -0.01\)"),
        ({"type": "stock"}, "strike must be absent for stock"),
        ({"type": "stock", "strike": None, "expiry": date(2027, 1, 15)}, "expiry must be absent for stock"),
    ):
        with pytest.raises(InvalidValueError, match=told):
            Leg(**{**good, **change})  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match="legs must be at least one"):
        recognise([])
    with pytest.raises(InvalidValueError, match="told for all options or for none"):
        recognise([leg("+1 call 100", expiry=NEAR), leg("-1 call 110")])
    with pytest.raises(InvalidValueError, match="cash must be 0 or more"):
        recognise([leg("-1 put 100")], Decimal(-1))
