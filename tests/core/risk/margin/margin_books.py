"""Books for margin, in a line each."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from hypothesis import strategies as st

from optionix_core.market.option_type import OptionType
from optionix_core.risk.margin.book import MarginBook, MarginClass, MarginPosition

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
NEAR, FAR, LEAP = date(2026, 4, 17), date(2026, 6, 19), date(2027, 1, 15)


def option(quantity: int, kind: str, strike: float, price: float, spot: float, expiry: date = NEAR,
           margin_class: MarginClass | None = MarginClass.EQUITY, **more: Any) -> MarginPosition:  # fmt: skip
    """One line of XYZ options, 100 shares a contract."""
    return MarginPosition(
        id=f"{'long' if quantity > 0 else 'short'} {kind} {strike:g} {expiry}",
        underlying=more.pop("underlying", "XYZ"),
        underlying_price=spot,
        quantity=quantity,
        option_type=OptionType.of(kind),
        strike=strike,
        expiry=datetime(expiry.year, expiry.month, expiry.day, 20, tzinfo=UTC),
        multiplier=more.pop("multiplier", 100.0),
        price=price,
        margin_class=margin_class,
        **more,
    )


def stock(
    quantity: float, spot: float, margin_class: MarginClass | None = MarginClass.EQUITY, **more: Any
) -> MarginPosition:
    """Shares of XYZ."""
    return MarginPosition(
        id="stock",
        underlying=more.pop("underlying", "XYZ"),
        underlying_price=spot,
        quantity=quantity,
        margin_class=margin_class,
        **more,
    )


def book(*positions: MarginPosition) -> MarginBook:
    """At a fixed moment."""
    return MarginBook(positions=positions, as_of=NOW)


@st.composite
def books(
    draw: st.DrawFn, most: int = 4, contracts: int = 2, *, with_stock: bool = True, style: str | None = None
) -> MarginBook:
    """Small books on one underlying at 100, prices at or above intrinsic value."""
    lines = draw(
        st.lists(
            st.tuples(
                st.sampled_from(("call", "put")),
                st.sampled_from((80.0, 95.0, 100.0, 105.0, 130.0)),
                st.sampled_from((NEAR, FAR, LEAP)),
            ),
            min_size=1,
            max_size=most,
            unique=True,
        )
    )
    positions = []
    for kind, strike, expiry in lines:
        sign = 1 if kind == "call" else -1
        price = max(0.0, sign * (100.0 - strike)) + draw(st.sampled_from((0.05, 1.0, 2.5, 7.0)))
        quantity = draw(st.integers(1, contracts)) * draw(st.sampled_from((1, -1)))
        positions.append(option(quantity, kind, strike, price, 100.0, expiry, style=style))
    if with_stock and draw(st.booleans()):
        positions.append(stock(draw(st.sampled_from((-200, -100, 100, 150, 200))), 100.0))
    return book(*positions)
