from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError
from optionix_core.sync import canonical
from optionix_core.sync.event import Event, made

MOMENT = datetime(2026, 1, 16, 14, 30, 0, 5, UTC)

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-canonical.MAX_INTEGER, canonical.MAX_INTEGER) | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=12,
)
words = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_", min_size=1, max_size=8)
events = st.builds(
    Event,
    id=st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=20),
    type=st.lists(words, min_size=2, max_size=3).map(".".join),
    time=st.datetimes(timezones=st.just(UTC)),
    payload=st.dictionaries(text, values, max_size=4),
)


def event(payload: object) -> Event:
    return Event("e-1", "order.filled", MOMENT, payload)  # type: ignore[arg-type] # wrong payloads are the point


@settings(max_examples=200, deadline=None)
@given(value=values)
def test_the_bytes_are_those_of_an_independent_rfc_8785_writer(value: object) -> None:
    assert canonical.encode_json(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


@settings(max_examples=100, deadline=None)
@given(value=st.dictionaries(words, st.lists(st.dictionaries(words, words | st.integers(-9, 9) | st.none()))))
def test_values_of_plain_words_have_the_same_bytes_as_in_other_containers(value: dict[str, object]) -> None:
    copied = MappingProxyType({key: tuple(map(MappingProxyType, rows)) for key, rows in value.items()})
    assert canonical.encode_json(copied) == canonical.encode_json(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


def test_both_encoders_spell_every_character_alike() -> None:
    characters = [chr(code) for code in range(0x11000) if not 0xD800 <= code < 0xE000]
    for start in range(0, len(characters), 4096):
        block = "".join(characters[start : start + 4096])
        slow = json.dumps([block], ensure_ascii=False, separators=(",", ":")).encode()
        assert canonical.encode_json([block]) == slow


@settings(max_examples=100, deadline=None)
@given(given_event=events)
def test_an_event_that_carries_its_value_has_the_bytes_of_one_that_does_not(given_event: Event) -> None:
    plain = all(map(str.isascii, given_event.payload))
    payload = {key: text for key, text in given_event.payload.items() if isinstance(text, str | int | None)}
    if plain:
        bare = replace(given_event, payload=payload)
        carrying = made(bare.id, bare.type, bare.time, bare.payload, "its value")
        assert canonical.encode(carrying) == canonical.encode(bare)
        assert carrying == bare


def test_an_altered_copy_of_an_event_carries_no_value() -> None:
    carrying = made("e-1", "order.filled", MOMENT, {"price": "1"}, "its value")
    assert carrying.value == "its value"
    assert replace(carrying, payload={"price": "2"}).value is None


@pytest.mark.parametrize("wrong", ["\ud800", 2**53])
def test_an_event_that_carries_its_value_is_refused_by_the_path_of_what_is_wrong(wrong: object) -> None:
    with pytest.raises(InvalidValueError) as caught:
        canonical.encode(made("e-1", "order.filled", MOMENT, {"note": wrong}, "its value"))
    assert caught.value.field == "payload.note"


@settings(max_examples=100, deadline=None)
@given(given_event=events)
def test_an_event_comes_back_from_its_bytes_and_its_bytes_from_it(given_event: Event) -> None:
    data = canonical.encode(given_event)
    assert canonical.decode(data) == given_event
    assert canonical.decode_stored(data) == given_event
    assert canonical.encode(canonical.decode(data)) == data
    assert data.startswith(canonical.opening(given_event.id))


def test_the_format_is_fixed_to_the_byte() -> None:
    filled = event({"price": "1.25", "legs": [{"quantity": -2, "symbol": "É"}], "halted": False, "note": None})
    assert (
        canonical.encode(filled)
        == (
            '{"id":"e-1","payload":{"halted":false,"legs":[{"quantity":-2,"symbol":"É"}],"note":null,"price":"1.25"},'
            '"time":"2026-01-16T14:30:00.000005Z","type":"order.filled"}'
        ).encode()
    )


def test_keys_are_sorted_by_utf_16_units_as_rfc_8785_3_2_3_says() -> None:
    keys = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\x80": 6, "\xf6": 7}  # the RFC's own example
    assert [*json.loads(canonical.encode_json(keys))] == ["\r", "1", "\x80", "\xf6", "\u20ac", "\U0001f600", "\ufb33"]


@pytest.mark.parametrize(
    ("payload", "path"),
    [
        ({"price": 1.5}, "payload.price"),
        ({"legs": [{"price": "1"}, {"price": float("nan")}]}, "payload.legs[1].price"),
        ({"price": Decimal("1.5")}, "payload.price"),
        ({"data": b"raw"}, "payload.data"),
        ({"at": MOMENT}, "payload.at"),
        ({"count": 2**53}, "payload.count"),
        ({"note": "\ud800"}, "payload.note"),
        ({1: "x"}, "key of payload"),
        ([1], "payload"),
    ],
)
def test_what_has_no_canonical_form_is_refused_by_its_path(payload: object, path: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        canonical.encode(event(payload))
    assert caught.value.field == path


def test_text_enumerations_are_written_as_their_text() -> None:
    class Side(StrEnum):
        BUY = "buy"

    assert canonical.encode(event({"side": Side.BUY})) == canonical.encode(event({"side": "buy"}))


@pytest.mark.parametrize(
    ("field", "wrong"),
    [("id", ""), ("id", "x" * 201), ("id", "a\nb"), ("type", "filled"), ("type", "Order.filled"), ("type", "order..x")],
)
def test_ids_and_types_have_bounds(field: str, wrong: str) -> None:
    fields = {"id": "e-1", "type": "order.filled", "time": MOMENT, "payload": {}} | {field: wrong}
    with pytest.raises(InvalidValueError, match=f"^{field} must be"):
        canonical.encode(Event(**fields))  # type: ignore[arg-type]


def test_a_time_without_zone_is_refused_and_every_zone_has_one_spelling() -> None:
    with pytest.raises(InvalidValueError, match="aware"):
        canonical.time_text(MOMENT.replace(tzinfo=None))
    elsewhere = MOMENT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert canonical.time_text(elsewhere) == canonical.time_text(MOMENT) == "2026-01-16T14:30:00.000005Z"


@pytest.mark.parametrize(
    "wrong",
    [
        "2026-01-16T14:30:00Z", "2026-01-16T14:30:00.000005+00:00", "2026-01-16 14:30:00.000005Z", "2026-01-16", "now",
        "0001-01-01T00:00:00.000000+14:00", "9999-12-31T23:59:59.999999-14:00",
    ],
)  # fmt: skip
def test_other_spellings_of_a_time_are_refused(wrong: str) -> None:
    with pytest.raises(InvalidValueError):
        canonical.parse_time(wrong)
    data = canonical.encode(event({})).replace(b"2026-01-16T14:30:00.000005Z", wrong.encode())
    with pytest.raises(InvalidValueError):
        canonical.decode(data)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (b'{"a":1,"a":1}', "unique"),
        (b'{"b":1,"a":1}', "canonical spelling"),
        (b'{"a": 1}', "canonical spelling"),
        (b'{"a":"\\u0041"}', "canonical spelling"),
        (b'{"a":1.0}', "a must be text"),
        (b'{"a":1e2}', "a must be text"),
        (b'{"a":NaN}', "a must be text"),
        (b'{"a":Infinity}', "a must be text"),
        (b'{"a":9007199254740993}', "2\\^53"),
        (b'{"a":' + b"1" * 5000 + b"}", "JSON"),
        (b'{"a":"\xff"}', "UTF-8"),
        (b"\xef\xbb\xbf{}", "JSON"),
        (b"{}x", "JSON"),
        (b"", "JSON"),
        (b"[" * 101 + b"]" * 101, "depth"),
        (b"[" * 100_000 + b"]" * 100_000, "depth"),
        (b'"' + b"a" * canonical.MAX_BYTES + b'"', "at most"),
    ],
)
def test_bytes_that_are_not_canonical_are_refused(wrong: bytes, why: str) -> None:
    with pytest.raises(InvalidValueError, match=why):
        canonical.decode_json(wrong)


def test_depth_and_size_are_bounded_when_writing_too() -> None:
    nested: object = "end"
    for _ in range(canonical.MAX_DEPTH - 1):
        nested = [nested]
    canonical.encode_json({"a": nested})  # type: ignore[dict-item]
    with pytest.raises(InvalidValueError, match="depth"):
        canonical.encode_json({"a": [nested]})  # type: ignore[list-item]
    with pytest.raises(InvalidValueError, match="at most"):
        canonical.encode(event({"a": "x" * canonical.MAX_BYTES}))


@pytest.mark.parametrize(
    "wrong",
    [b"[]", b"{}", b'{"id":"e","payload":{},"time":"2026-01-16T14:30:00.000000Z","type":"a.b","x":1}', b'"text"'],
)
def test_canonical_bytes_that_are_no_event_are_refused(wrong: bytes) -> None:
    with pytest.raises(InvalidValueError):
        canonical.decode(wrong)


@pytest.mark.parametrize("field", ["id", "time", "type", "payload"])
def test_fields_of_another_kind_are_refused(field: str) -> None:
    parts: dict[str, object] = {"id": "e", "payload": {}, "time": "2026-01-16T14:30:00.000000Z", "type": "a.b"}
    data = canonical.encode_json(parts | {field: 7})  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match=f"^{field} must be"):
        canonical.decode(data)


@pytest.mark.parametrize(
    ("number", "spelled"),
    [
        ("1.50", "1.5"),
        ("100", "100"),
        ("1E+3", "1000"),
        ("-0.00", "0"),
        ("0.0000001", "0.0000001"),
        ("-12.340", "-12.34"),
    ],
)
def test_a_decimal_has_one_spelling(number: str, spelled: str) -> None:
    assert canonical.decimal_text(Decimal(number)) == spelled


@settings(max_examples=100, deadline=None)
@given(number=st.decimals(allow_nan=False, allow_infinity=False, places=8, min_value=-(10**15), max_value=10**15))
def test_a_decimal_comes_back_exactly(number: Decimal) -> None:
    assert Decimal(canonical.decimal_text(number)) == number


def test_a_decimal_that_is_not_finite_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="finite"):
        canonical.decimal_text(Decimal("NaN"))
