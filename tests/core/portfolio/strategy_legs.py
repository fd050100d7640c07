"""Legs in few words, for the tests of strategies."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import strategies as st

from optionix_core.portfolio.strategies.catalogue import SHAPES, Shape
from optionix_core.portfolio.strategies.values import Leg

NEAR, FAR = date(2027, 1, 15), date(2027, 2, 19)


def leg(text: str, price: str | None = None, multiplier: int = 100, expiry: date | None = None) -> Leg:
    """`+1 call 100`, `-2 stock`."""
    quantity, kind, *strike = text.split()
    return Leg(
        type=kind,  # type: ignore[arg-type]
        quantity=Decimal(quantity),
        multiplier=Decimal(multiplier),
        strike=Decimal(strike[0]) if strike else None,
        price=None if price is None else Decimal(price),
        expiry=expiry,
    )


strikes = st.decimals(Decimal("0.5"), Decimal(5000), places=3)
prices = st.decimals(Decimal(0), Decimal(500), places=4)


@st.composite
def shaped(draw: st.DrawFn) -> tuple[Shape, list[Decimal]]:
    """A named strategy and strikes that fit it."""
    shape = SHAPES[draw(st.sampled_from(sorted(SHAPES)))]
    found = sorted(draw(st.lists(strikes, min_size=shape.strikes, max_size=shape.strikes, unique=True)))
    if shape.wings == "equal":
        low, middle = found[:2]
        found = [low, middle, 2 * middle - low]
    elif shape.wings == "unequal" and found[1] - found[0] == found[2] - found[1]:
        found[2] += 1
    if shape.by_leg and draw(st.booleans()):
        found.reverse()
    return shape, found


@st.composite
def priced_legs(draw: st.DrawFn) -> list[Leg]:
    """Any legs of one expiry, with prices."""

    def one() -> Leg:
        kind = draw(st.sampled_from(["call", "put", "stock"]))
        return Leg(
            type=kind,  # type: ignore[arg-type]
            quantity=Decimal(draw(st.integers(-5, 5).filter(bool))),
            multiplier=Decimal(draw(st.sampled_from([1, 10, 100]))),
            strike=None
            if kind == "stock"
            else draw(st.sampled_from([Decimal(k) for k in (50, 90, 100, 105, 110, 300)])),
            price=draw(prices),
        )

    return [one() for _ in range(draw(st.integers(1, 6)))]
