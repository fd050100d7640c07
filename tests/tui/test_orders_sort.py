"""Orders by their columns."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from optionix_core.errors import InvalidValueError
from optionix_core.trading.orders import OrderIntent, OrderResult, OrderState, Side
from screens.orders_columns import ORDER_COLUMNS
from screens.orders_sort import COLUMNS, NEWEST_FIRST, OrderSort

NOW = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
INTENT = OrderIntent("a", "paper-1", Side.BUY, 2, "ORBIT", Decimal(3), NOW)


def order(name: str, limit: str | None, minutes: int, quantity: int = 2) -> OrderResult:
    price = None if limit is None else Decimal(limit)
    at = NOW + timedelta(minutes=minutes)
    intent = replace(INTENT, client_order_id=name, limit_price=price, created_at=at, quantity=quantity)
    return OrderResult(intent, OrderState.WORKING, (), (), None)


ORDERS = (order("d", "2", 3), order("c", None, 2), order("b", "9", 1), order("a", "2", 0))


def names(sort: OrderSort) -> str:
    return "".join(one.intent.client_order_id for one in sort.apply(ORDERS))


def test_a_column_turns_three_ways():
    by_limit = NEWEST_FIRST.by("limit")
    assert names(NEWEST_FIRST) == "dcba"
    assert (names(by_limit), by_limit.words) == ("bdac", "by limit ▼")  # ties the newest first, no limit last
    assert (names(by_limit.by("limit")), by_limit.by("limit").words) == ("dabc", "by limit ▲")
    assert by_limit.by("limit").by("limit") == NEWEST_FIRST
    assert names(by_limit.by("id")) == "abcd"


def test_every_column_of_the_table_sorts():
    assert {column.key for column in ORDER_COLUMNS} == set(COLUMNS)
    for column in COLUMNS:
        for falling in (False, True):
            assert sorted(names(OrderSort(column, falling))) == list("abcd")
    with pytest.raises(InvalidValueError, match="sort must be one of"):
        OrderSort("colour")
