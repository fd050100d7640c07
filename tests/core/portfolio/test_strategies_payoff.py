"""Payoffs at expiry: sums of the legs at every price, bounds that hold and are reached, all roots, published cases."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import DomainError, InvalidValueError, MissingDataError
from optionix_core.portfolio.strategies.building import build
from optionix_core.portfolio.strategies.payoff import ExpiryPayoff, at_expiry, cost
from optionix_core.portfolio.strategies.recognition import recognise
from optionix_core.portfolio.strategies.values import Leg

from .strategy_legs import FAR, NEAR, leg, priced_legs, strikes

underlyings = st.decimals(Decimal(0), Decimal(1000), places=3)


def payoff(*legs: Leg) -> ExpiryPayoff:
    return at_expiry(recognise(legs))


def by_hand(legs: list[Leg], underlying: Decimal) -> Decimal:
    """The sum over the legs, written out."""
    total = Decimal(0)
    for one in legs:
        if one.type == "stock":
            worth = underlying
        elif one.type == "call":
            worth = max(underlying - one.strike, Decimal(0))  # type: ignore[operator]
        else:
            worth = max(one.strike - underlying, Decimal(0))  # type: ignore[operator]
        total += one.quantity * one.multiplier * (worth - one.price)  # type: ignore[operator]
    return total


@settings(max_examples=120, deadline=None)
@given(priced_legs(), st.lists(underlyings, min_size=5, max_size=5))
def test_the_payoff_is_the_sum_of_the_legs_and_within_its_bounds(legs: list[Leg], prices: list[Decimal]) -> None:
    found = payoff(*legs)
    for price in [*prices, *found.nodes]:
        value = found.value(price)
        assert value == by_hand(legs, price)
        assert found.max_gain is None or value <= found.max_gain
        assert found.max_loss is None or value >= -found.max_loss
    values = [found.value(node) for node in found.nodes]
    assert found.curve(np.array(prices, dtype=float)) == pytest.approx(
        [float(found.value(p)) for p in prices], abs=1e-6
    )
    far = found.value(found.nodes[-1] + 10**9)
    if found.max_gain is None:
        assert far > max(values)
    else:
        assert found.max_gain in values
    if found.max_loss is None:
        assert far < min(values)
    else:
        assert -found.max_loss in values


@settings(max_examples=120, deadline=None)
@given(priced_legs(), st.lists(underlyings, min_size=20, max_size=20))
def test_the_profit_changes_its_sign_at_the_breakevens_and_nowhere_else(legs: list[Leg], prices: list[Decimal]) -> None:
    found = payoff(*legs)
    assert list(found.breakevens) == sorted(set(found.breakevens))
    for root in found.breakevens:
        assert sum(one.exposure * (one.intrinsic(root) - Fraction(one.price or 0)) for one in legs) == 0
    ends: list[Fraction | None] = [None, *found.breakevens]
    for price in prices:
        value = found.value(price)
        inside = any(low < price and (high is None or price < high) for low, high in found.profitable)
        if price not in found.breakevens and price > 0:
            assert inside == (value > 0)
        if value == 0:
            on_level = any(low <= price and (high is None or price <= high) for low, high in found.level)
            assert price in found.breakevens or on_level
    for low, high in zip(ends, [*found.breakevens, None], strict=True):
        within = [
            found.value(price) for price in prices if (low is None or price > low) and (high is None or price < high)
        ]
        assert len({(value > 0) - (value < 0) for value in within}) <= 1


@given(st.lists(strikes, min_size=2, max_size=2, unique=True), st.lists(underlyings, min_size=4, max_size=4))
def test_a_box_pays_its_width_whatever_happens(pair: list[Decimal], prices: list[Decimal]) -> None:
    low, high = sorted(pair)
    legs = [
        leg(f"+1 call {low}", "0"),
        leg(f"-1 call {high}", "0"),
        leg(f"+1 put {high}", "0"),
        leg(f"-1 put {low}", "0"),
    ]
    assert {payoff(*legs).value(price) for price in prices} == {100 * (high - low)}


@given(strikes, underlyings)
def test_a_synthetic_is_stock_less_its_strike_and_a_conversion_is_the_strike(strike: Decimal, price: Decimal) -> None:
    synthetic = payoff(leg(f"+1 call {strike}", "0"), leg(f"-1 put {strike}", "0"))
    assert synthetic.value(price) == 100 * (price - strike)
    conversion = payoff(leg("+1 stock", "0"), leg(f"-1 call {strike}", "0"), leg(f"+1 put {strike}", "0"))
    assert conversion.value(price) == 100 * strike
    assert conversion.max_gain == -conversion.max_loss == 100 * strike  # type: ignore[operator]


@given(st.lists(strikes, min_size=3, max_size=3, unique=True), underlyings)
def test_butterflies_of_calls_and_of_puts_pay_the_same(three: list[Decimal], price: Decimal) -> None:
    low, middle, _ = sorted(three)
    paid = []
    for kind in ("call", "put"):
        strategy = build("butterfly", [low, middle, 2 * middle - low], multiplier=Decimal(1), option_type=kind)
        legs = [leg(one.label, "0", 1) for one in strategy.legs]
        paid.append(payoff(*legs).value(price))
    assert paid[0] == paid[1]


# J. Hull, "Options, Futures, and Other Derivatives", chapter on trading strategies involving options: a bull spread
# of calls at 30 for 3 and 35 for 1, a bear spread of puts at 35 for 3 and 30 for 1, a butterfly of calls at 55, 60 and
# 65 for 10, 7 and 5, a straddle at 70 for 4 and 3. Profit per share at prices of the stock.
HULL = [
    (["+1 call 30", "-1 call 35"], ["3", "1"], {"25": "-2", "30": "-2", "33": "1", "35": "3", "50": "3"}),
    (["+1 put 35", "-1 put 30"], ["3", "1"], {"25": "3", "30": "3", "32": "1", "35": "-2", "50": "-2"}),
    (["+1 call 55", "-2 call 60", "+1 call 65"], ["10", "7", "5"],
     {"50": "-1", "55": "-1", "56": "0", "60": "4", "64": "0", "65": "-1", "80": "-1"}),
    (["+1 call 70", "+1 put 70"], ["4", "3"], {"69": "-6", "70": "-7", "90": "13", "55": "8"}),
]  # fmt: skip


@pytest.mark.parametrize(("legs", "prices", "profits"), HULL)
def test_published_profits(legs: list[str], prices: list[str], profits: dict[str, str]) -> None:
    found = payoff(*(leg(text, price, 1) for text, price in zip(legs, prices, strict=True)))
    assert {price: found.value(Decimal(price)) for price in profits} == {
        price: Decimal(profit) for price, profit in profits.items()
    }


def test_bounds_breakevens_and_cost_of_named_strategies() -> None:
    condor = payoff(
        leg("+1 put 90", "1.10"), leg("-1 put 95", "2.30"), leg("-1 call 105", "2.10"), leg("+1 call 110", "0.90")
    )
    assert (condor.max_gain, condor.max_loss) == (240, 260)
    assert condor.breakevens == (Decimal("92.6"), Decimal("107.4"))
    assert cost(condor.strategy) == -240
    covered = payoff(leg("+100 stock", "50", 1), leg("-1 call 55", "1.25"))
    assert (covered.max_gain, covered.max_loss, covered.breakevens) == (625, 4875, (Decimal("48.75"),))
    naked = payoff(leg("-2 call 100", "3"))
    assert (naked.max_gain, naked.max_loss, naked.breakevens) == (600, None, (103,))
    short_put = payoff(leg("-1 put 100", "3"))
    assert (short_put.max_gain, short_put.max_loss) == (300, 9700)
    long_stock = payoff(leg("+1 stock", "20"))
    assert (long_stock.max_gain, long_stock.max_loss, long_stock.breakevens) == (None, 2000, (20,))


def test_a_root_that_no_decimal_holds_is_exact() -> None:
    seventh = payoff(leg("+7 call 100", "0", 1), leg("-1 put 100", "0", 1), leg("+1 stock", "102", 1))
    assert seventh.breakevens == (100 + Fraction(1, 4),)
    assert payoff(leg("+7 call 100", "0", 1), leg("+1 put 10", "1", 1)).breakevens == (9, 100 + Fraction(1, 7))


def test_a_level_stretch_is_told_with_its_ends() -> None:
    free = payoff(leg("+1 call 100", "0"), leg("-2 call 110", "0"))
    assert free.level == ((0, 100),)
    assert free.breakevens == (100, 120)
    assert free.profitable == ((100, 120),)
    nothing = payoff(leg("+1 call 100", "1"), leg("-1 call 100", "1"))
    assert (nothing.level, nothing.breakevens, nothing.profitable) == (((0, None),), (), ())
    assert (nothing.max_gain, nothing.max_loss) == (0, 0)


def test_a_touch_of_zero_is_a_breakeven_between_two_profits() -> None:
    found = payoff(leg("+1 call 100", "0"), leg("+1 put 100", "0"))
    assert found.breakevens == (100,)
    assert found.profitable == ((0, 100), (100, None))


def test_a_sure_loss_has_a_negative_maximum_gain() -> None:
    box = payoff(leg("+1 call 100", "9"), leg("-1 call 110", "3"), leg("+1 put 110", "8"), leg("-1 put 100", "3"))
    assert (box.max_gain, box.max_loss, box.breakevens) == (-100, 100, ())


def test_the_largest_and_finest_numbers_stay_exact() -> None:
    large, fine = Decimal("999999999999.999999999999"), Decimal("0.000000000001")
    one = Leg(type="call", quantity=large, multiplier=large, strike=large, price=large)
    found = payoff(one, Leg(type="put", quantity=fine, multiplier=fine, strike=fine, price=fine))
    assert found.max_loss == Fraction(large) ** 3 + Fraction(fine) ** 3
    assert found.value(Decimal(0)) == -(Fraction(large) ** 3)


def test_hundreds_of_legs_are_summed_in_a_blink() -> None:
    legs = [leg(f"{(-1) ** k * (1 + k % 3)} {'call' if k % 2 else 'put'} {50 + k}", f"{k % 7}.5") for k in range(800)]
    found = payoff(*legs)
    for price in (Decimal(0), Decimal("77.7"), Decimal(400), Decimal(849), Decimal(5000)):
        assert found.value(price) == by_hand(legs, price)
    assert [found.value(node) for node in found.nodes[::50]] == list(found.values[::50])


def test_what_has_no_payoff_is_refused() -> None:
    with pytest.raises(MissingDataError, match=r"leg -1 call 110 has no price"):
        payoff(leg("+1 call 100", "3"), leg("-1 call 110"))
    with pytest.raises(DomainError, match="several expiries"):
        payoff(leg("-1 call 100", "3", expiry=NEAR), leg("+1 call 100", "4", expiry=FAR))
    with pytest.raises(InvalidValueError, match=r"underlying must be 0 or more \(got -1\)"):
        payoff(leg("+1 call 100", "3")).value(Decimal(-1))
