"""Values of the wire: what is read, what is refused, and that what was written is read again."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from server.api.paging import PageAsked, tell
from server.api.values import POSITIVE, SIGNED, WRITTEN, Asked, Contracts, Day, Instant, Money, Price, Quantity, Request

MONEY: TypeAdapter[Decimal] = TypeAdapter(Money)
PRICE: TypeAdapter[Decimal] = TypeAdapter(Price)
CONTRACTS: TypeAdapter[int] = TypeAdapter(Contracts)
INSTANT: TypeAdapter[datetime] = TypeAdapter(Instant)


class Everything(Request):
    """One of each."""

    money: Money
    quantity: Quantity
    contracts: Contracts
    day: Day
    at: Instant
    number: float
    whole: int


GOOD = {
    "money": "-12.50",
    "quantity": "-3",
    "contracts": "10",
    "day": "2026-09-18",
    "at": "2026-09-18T16:30:00+02:00",
    "number": 1,
    "whole": 2,
}


@given(st.from_regex(re.compile(SIGNED, re.ASCII), fullmatch=True))
def test_every_decimal_of_the_pattern_is_read_exactly_and_written_so_that_it_reads_the_same(text: str) -> None:
    value = MONEY.validate_python(text)
    assert value == Decimal(text)
    written = MONEY.dump_python(value, mode="json")
    assert re.fullmatch(WRITTEN, written)
    assert Decimal(written) == value


@given(st.from_regex(re.compile(POSITIVE, re.ASCII), fullmatch=True))
def test_every_price_of_the_pattern_is_above_zero(text: str) -> None:
    assert PRICE.validate_python(text) > 0


@pytest.mark.parametrize(
    "value",
    ["", "1e3", "NaN", "Infinity", "01", ".5", "5.", "+1", " 1", "1\n", "1" * 13, "0." + "1" * 13, "١", 1, 1.5, None],
)
def test_what_is_no_plain_decimal_string_is_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        MONEY.validate_python(value)


@pytest.mark.parametrize("value", ["0", "0.0", "0.000000000000", "-1", "-0.5"])
def test_a_price_is_above_zero(value: str) -> None:
    with pytest.raises(ValidationError):
        PRICE.validate_python(value)


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "01", "1000000000", 1, 1.0, True])
def test_contracts_are_whole_and_in_a_string(value: object) -> None:
    with pytest.raises(ValidationError):
        CONTRACTS.validate_python(value)


def test_a_request_reads_each_value_and_answers_it_in_one_spelling() -> None:
    read = Everything.model_validate(GOOD)
    assert read.at == datetime(2026, 9, 18, 14, 30, tzinfo=UTC)
    assert read.model_dump(mode="json") == {
        "money": "-12.5",
        "quantity": "-3",
        "contracts": "10",
        "day": "2026-09-18",
        "at": "2026-09-18T14:30:00.000000Z",
        "number": 1.0,
        "whole": 2,
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("number", "1"),
        ("number", float("inf")),
        ("number", True),
        ("whole", 1.5),
        ("whole", "2"),
        ("day", 0),
        ("day", "2026-02-30"),
        ("day", "2026-09-18T00:00:00"),
        ("at", "2026-09-18T14:30:00"),
        ("at", 0),
        ("at", "0001-01-01T00:00:00+14:00"),
        ("more", 1),
    ],
)
def test_a_request_refuses_a_wrong_type_and_names_the_field(name: str, value: object) -> None:
    with pytest.raises(ValidationError) as caught:
        Everything.model_validate({**GOOD, name: value})
    assert [error["loc"] for error in caught.value.errors()] == [(name,)]


@given(
    st.datetimes(datetime(1970, 1, 2), datetime(2199, 12, 30)),  # noqa: DTZ001 - hypothesis takes naive bounds
    st.integers(-14 * 60, 14 * 60),
)
def test_an_instant_is_read_in_any_offset_and_answered_in_utc(moment: datetime, minutes: int) -> None:
    aware = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    read = INSTANT.validate_python(aware.isoformat(timespec="microseconds"))
    assert read == aware
    assert INSTANT.dump_python(read, mode="json") == aware.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


@given(st.integers(0, 500), st.integers(1, 20), st.integers(1, 100))
def test_pages_hold_every_item_once(total: int, page: int, size: int) -> None:
    items = list(range(total))
    pages = PageAsked(page=page, page_size=size).pages(total)
    found = [item for number in range(1, pages + 1) for item in PageAsked(page=number, page_size=size).of(items)]
    assert found == items
    assert PageAsked(page=pages + 1, page_size=size).of(items) == []


def test_a_page_tells_its_totals_in_headers() -> None:
    from fastapi import Response

    response = Response()
    tell(response, PageAsked(page=2, page_size=20), 41)
    names = ("X-Total-Count", "X-Page", "X-Page-Size", "X-Total-Pages")
    assert [response.headers[name] for name in names] == ["41", "2", "20", "3"]


@pytest.mark.parametrize("query", [{"page": "0"}, {"page_size": "101"}, {"page": "x"}, {"paeg": "1"}])
def test_a_page_outside_its_bounds_and_an_unknown_parameter_are_refused(query: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        PageAsked.model_validate(query)
    assert issubclass(PageAsked, Asked)
