"""Drafts of orders out of signed legs, as the chain and the book hand them to a ticket."""

from __future__ import annotations

import pytest

from optionix_core.errors import InvalidValueError
from optionix_core.trading.orders import OrderLeg
from screens.host import Draft

LOW, HIGH = "ORBIT 260116C00230000", "ORBIT 260116C00240000"


def test_legs_become_units_of_a_combination_that_is_bought():
    draft = Draft.of_legs([(HIGH, -4), (LOW, 2), (LOW, 2)])
    assert (draft.side, draft.symbol, draft.quantity) == ("buy", "", 4)
    assert draft.legs == (OrderLeg(LOW, 1), OrderLeg(HIGH, -1))


def test_shares_of_a_combination_count_in_lots():
    draft = Draft.of_legs([("ORBIT", 200), (HIGH, -2)])
    assert draft.quantity == 2
    assert draft.legs == (OrderLeg("ORBIT", 100), OrderLeg(HIGH, -1))


def test_one_leg_is_an_order_of_that_instrument():
    assert Draft.of_legs([(LOW, -3)]) == Draft("sell", LOW, 3)
    assert Draft.of_legs([(LOW, -3), (HIGH, 1), (HIGH, -1)]) == Draft("sell", LOW, 3)


def test_legs_that_cancel_out_are_no_order():
    with pytest.raises(InvalidValueError, match="legs must be at least one"):
        Draft.of_legs([(LOW, 1), (LOW, -1)])
