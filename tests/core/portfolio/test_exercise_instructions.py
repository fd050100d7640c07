"""What becomes of a position at expiry, by rule and by instruction."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optionix_core.errors import IntegrityError, InvalidValueError
from optionix_core.market.instruments import Instrument
from optionix_core.market.option_type import OptionType
from optionix_core.portfolio.exercise_instructions import Instruction, fate, instruction_event, instruction_of

D = Decimal
AT = datetime(2026, 3, 20, 20, tzinfo=UTC)


def option(root="XYZ", kind=OptionType.CALL):
    """An equity option (XYZ, delivers shares) or an index option (SPXW, settled in cash)."""
    cash = root == "SPXW"
    return Instrument(
        symbol=f"{root:<6}260320{kind.letter}00100000",
        root=root,
        underlying="SPX" if cash else root,
        expiry=date(2026, 3, 20),
        expires_at=AT,
        option_type=kind,
        strike=D(100),
        multiplier=D(100),
        currency="USD",
        exercise="european" if cash else "american",
        settlement="PM",
    )


prices = st.integers(0, 20_000).map(lambda cents: D(cents) / 100)
wishes = st.none() | st.builds(
    lambda wish, contracts: Instruction("a", "x", wish, contracts, AT),
    st.sampled_from(["exercise", "expire"]),
    st.integers(1, 60),
)


@given(
    root=st.sampled_from(["XYZ", "SPXW"]),
    kind=st.sampled_from(list(OptionType)),
    quantity=st.integers(-50, 50).filter(bool),
    price=prices,
    told=wishes,
)
def test_every_contract_is_delivered_or_expires_and_none_twice(root, kind, quantity, price, told):
    found = fate(option(root, kind), D(quantity), price, told)
    assert found.contracts + found.expired == abs(quantity)
    assert min(found.contracts, found.expired) >= 0
    assert found.act == ("exercise" if quantity > 0 else "assignment")
    inside = int(kind) * (price - 100)
    if quantity < 0 or told is None:
        assert found.contracts == (abs(quantity) if inside >= D("0.01") else 0)
    if root == "SPXW" and inside <= 0:
        assert found.contracts == 0


def test_an_instruction_goes_through_its_event_unchanged():
    told = Instruction("paper-1", option().symbol, "expire", 2, AT)
    event = instruction_event(told, 1)
    assert event.id == f"account/paper-1/instruction/{option().symbol}/1"
    assert instruction_of(event) == told
    with pytest.raises(IntegrityError, match="field wish must be exercise or expire"):
        instruction_of(replace(event, payload={**event.payload, "wish": "sell"}))


@pytest.mark.parametrize("quantity", ["0", "1.5"])
def test_a_quantity_that_is_not_whole_is_refused(quantity):
    with pytest.raises(InvalidValueError, match="quantity must be a whole number of contracts"):
        fate(option(), D(quantity), D(100))
