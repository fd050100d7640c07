"""One byte form for every event, so that a hash means the same thing on every machine, for ever.

The form is RFC 8785 (JSON Canonicalization Scheme) without its numbers: keys sorted by UTF-16 code
units, no blanks, UTF-8, the shortest escapes. It refuses what would make two spellings of one fact
or lose a digit: floats (decimals travel as strings), integers beyond 2^53 - 1, lone surrogates,
duplicate keys, bytes that are not the canonical spelling of what they say, and anything past the
bounds of depth and size. Times have one spelling: `2026-01-16T14:30:00.000000Z`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache, partial
from json.encoder import encode_basestring
from typing import Any, Final, cast

from optionix_core.errors import InvalidValueError
from optionix_core.sync.event import Event, Json

MAX_BYTES: Final = 1 << 20
"""Largest canonical form of one event, in bytes."""
MAX_DEPTH: Final = 100
"""Deepest nesting of lists and objects, the event's own object included."""
MAX_INTEGER: Final = 2**53 - 1
"""Largest magnitude of an integer (RFC 7493); a larger number travels as a string."""
MAX_NAME: Final = 200
"""Longest event id or type, in characters."""

_KINDS: Final = "text, an integer, true, false, null, a list or an object (decimals travel as text)"
_FIELDS: Final = frozenset({"id", "payload", "time", "type"})
_TYPE_LETTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")
_SHOWN: Final = 60
_REMEMBERED: Final = 4096
"""Numbers, and types of events, whose spelling is kept: the same few come again and again."""
_TYPES: Final[set[str]] = set()
_TEXT: Final = frozenset({str})
_PLAIN: Final = frozenset({str, bool, type(None)})

_Path = tuple[str | int, ...]
_dump = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, sort_keys=False, separators=(",", ":")
).encode
_sorted_bytes: list[Callable[[object], bytes]] = []
"""The fast encoder, once it is loaded."""


def encode(event: Event) -> bytes:
    """Canonical bytes of `event`.

    Raises InvalidValueError naming the path of what cannot be written, such as `payload.legs[1].price`.
    """
    _check_name("id", event.id)
    _check_type(event.type)
    if not isinstance(event.payload, Mapping):
        raise InvalidValueError("payload", _shown(event.payload), "an object")
    whole: dict[str, Json] = {"id": event.id, "payload": event.payload, "time": time_text(event.time)}
    whole["type"] = event.type
    if event.value is not None:
        data = _fast(whole)
        if data is not None:
            return _bounded(data)
    return encode_json(whole)


def decode(data: bytes) -> Event:
    """The event whose canonical bytes are `data`.

    Raises InvalidValueError where they are not valid UTF-8, not JSON, not an event, or not canonical.
    """
    value = decode_json(data)
    if not isinstance(value, dict) or value.keys() != _FIELDS:
        found = sorted(value) if isinstance(value, dict) else type(value).__name__
        raise InvalidValueError("event", _shown(found), "an object of exactly id, payload, time and type")
    for field in ("id", "time", "type"):
        if type(value[field]) is not str:
            raise InvalidValueError(field, _shown(value[field]), "text")
    event = _event(value)
    if encode(event) != data:
        raise InvalidValueError("time", _shown(value["time"]), "UTC with microseconds and Z")
    return event


def decode_stored(data: bytes) -> Event:
    """The event of bytes whose place in a hash chain has been checked: `encode` made them, so nothing is checked twice.

    Raises InvalidValueError where they are no event at all.
    """
    try:
        return _event(json.loads(data))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InvalidValueError("event", _shown(data), f"the canonical bytes of an event ({error})") from error


def encode_json(value: Json) -> bytes:
    """Canonical bytes of any value that a payload may hold; errors as for `encode`."""
    data = _fast(value) if _is_plain(value, 1) else None
    return _bounded(_dump(_checked(value, (), 1)).encode("utf-8") if data is None else data)


def _fast(value: object) -> bytes | None:
    """The same bytes, by a compiled encoder; None where it has none to give. For plain values with ASCII keys alone.

    It sorts keys by code points and escapes as RFC 8785 does, and refuses what is no text and integers that are too
    large. Floats it would write, which is why nothing comes here that may hold one.
    """
    try:
        return (_sorted_bytes[0] if _sorted_bytes else _loaded())(value)
    except TypeError:
        return None  # a lone surrogate, an integer too large: the slow way says where


def prepare() -> None:
    """Load the encoder now, before something is held that others wait for."""
    if not _sorted_bytes:
        _loaded()


def _loaded() -> Callable[[object], bytes]:
    import orjson

    options = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER | orjson.OPT_PASSTHROUGH_SUBCLASS
    options |= orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS
    _sorted_bytes.append(partial(orjson.dumps, option=options))
    return _sorted_bytes[0]


def _bounded(data: bytes) -> bytes:
    if len(data) > MAX_BYTES:
        raise InvalidValueError("canonical form", f"{len(data)} bytes", f"at most {MAX_BYTES} bytes")
    return data


def decode_json(data: bytes) -> Json:
    """The value whose canonical bytes are `data`; refuses every other spelling of it."""
    if len(data) > MAX_BYTES:
        raise InvalidValueError("canonical form", f"{len(data)} bytes", f"at most {MAX_BYTES} bytes")
    try:
        value = cast(Json, json.loads(data.decode("utf-8"), object_pairs_hook=_without_duplicates))
    except InvalidValueError:
        raise
    except RecursionError as error:
        raise InvalidValueError("depth", "more", f"at most {MAX_DEPTH}") from error
    except ValueError as error:
        raise InvalidValueError("canonical form", _shown(data), f"JSON in UTF-8 ({error})") from error
    if encode_json(value) != data:
        raise InvalidValueError("canonical form", _shown(data), "the canonical spelling: sorted keys, no blanks")
    return value


def opening(event_id: str) -> bytes:
    """How the canonical bytes of the event with this id begin: ties a stored id to hashed bytes without parsing."""
    return b'{"id":' + encode_basestring(event_id).encode("utf-8") + b',"payload":'


def time_text(moment: datetime) -> str:
    """The one spelling of an instant: ISO 8601, UTC, microseconds, `Z`. Raises where `moment` is naive."""
    if moment.tzinfo is None:
        raise InvalidValueError("time", moment, "aware (with a time zone)")
    return _time_text(moment if moment.tzinfo is UTC else moment.astimezone(UTC))


@lru_cache(maxsize=_REMEMBERED)
def _time_text(moment: datetime) -> str:
    """Of a moment in UTC: there equal moments have equal spellings, and a record repeats its own many times."""
    return moment.isoformat(timespec="microseconds")[:-6] + "Z"


def parse_time(text: str) -> datetime:
    """The instant, in UTC, of exactly such a spelling."""
    try:
        moment = datetime.fromisoformat(text)
        right = moment.tzinfo is not None and time_text(moment) == text
    except (ValueError, OverflowError) as error:  # in UTC it may lie before the year 1 or past 9999
        raise InvalidValueError("time", _shown(text), "such as 2026-01-16T14:30:00.000000Z") from error
    if not right:
        raise InvalidValueError("time", _shown(text), "UTC with microseconds and Z")
    return moment.astimezone(UTC)


@lru_cache(maxsize=_REMEMBERED)
def decimal_text(number: Decimal) -> str:
    """The one spelling of an exact number: no exponent, no trailing zeros, no minus before zero.

    Equal numbers have equal bytes, so that an event sent twice is recognised. Raises where not finite.
    """
    if not number.is_finite():
        raise InvalidValueError("decimal", number, "finite")
    if not number:
        return "0"
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _event(value: Mapping[str, Any]) -> Event:
    return Event(id=value["id"], type=value["type"], time=parse_time(value["time"]), payload=value["payload"])


def _without_duplicates(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidValueError("key", _shown(twice), "unique in its object")
    return found


def _is_plain(value: object, depth: int) -> bool:
    """Whether nothing but text, integers, true, false, null, dicts, lists and tuples is in it, as those very types.

    Keys must be ASCII: then their order by code points is the canonical one. Such a value needs no copy.
    """
    kind = type(value)
    if kind is dict:
        entries = cast("dict[str, object]", value)
        items: Iterable[object] = entries.values()
        if set(map(type, entries)) - _TEXT or not all(map(str.isascii, entries)):
            return False
    elif kind is list or kind is tuple:
        items = cast("list[object]", value)
    else:
        return False
    if depth > MAX_DEPTH:
        return False
    for item in items:
        kind = type(item)
        if kind is int:
            if not -MAX_INTEGER <= cast(int, item) <= MAX_INTEGER:
                return False
        elif kind not in _PLAIN and not _is_plain(item, depth + 1):
            return False
    return True


def _checked(value: object, path: _Path, depth: int) -> object:
    """`value` in plain types with keys in canonical order; raises at the first thing that has no canonical form."""
    kind = type(value)
    if kind is str or isinstance(value, str):
        return _text(cast(str, value), path)
    if value is None or kind is bool:
        return value
    if kind is int:
        if not -MAX_INTEGER <= cast(int, value) <= MAX_INTEGER:
            raise InvalidValueError(_spelled(path), value, "within 2^53 - 1 of zero, or text")
        return value
    if isinstance(value, Mapping):
        _check_depth(path, depth)
        items = [(_key(key, path), item) for key, item in value.items()]
        plain = all(key.isascii() for key, _ in items)
        items.sort(key=_ascii_order if plain else _utf16_order)
        return {key: _checked(item, (*path, key), depth + 1) for key, item in items}
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray, memoryview)):
        _check_depth(path, depth)
        return [_checked(item, (*path, row), depth + 1) for row, item in enumerate(value)]
    raise InvalidValueError(_spelled(path), _shown(value), _KINDS)


def _text(value: str, path: _Path) -> str:
    plain = value if type(value) is str else str.__str__(value)
    if not plain.isascii():
        try:
            plain.encode("utf-8")
        except UnicodeEncodeError as error:
            raise InvalidValueError(_spelled(path), _shown(plain), "text without lone surrogates") from error
    return plain


def _key(key: object, path: _Path) -> str:
    if not isinstance(key, str):
        raise InvalidValueError(f"key of {_spelled(path)}", _shown(key), "text")
    return _text(key, path)


def _ascii_order(item: tuple[str, object]) -> str:
    return item[0]


def _utf16_order(item: tuple[str, object]) -> bytes:
    return item[0].encode("utf-16-be")


def _check_depth(path: _Path, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise InvalidValueError(f"depth of {_spelled(path)[:_SHOWN]}", depth, f"at most {MAX_DEPTH}")


def _check_name(field: str, name: object) -> None:
    if not isinstance(name, str):
        raise InvalidValueError(field, _shown(name), "text")
    if not 0 < len(name) <= MAX_NAME or not name.isprintable():
        raise InvalidValueError(field, _shown(name), f"1 to {MAX_NAME} printable characters")


def _check_type(name: object) -> None:
    _check_name("type", name)
    if name in _TYPES:
        return
    parts = cast(str, name).split(".")
    if len(parts) < 2 or not all(part and _TYPE_LETTERS.issuperset(part) for part in parts):
        raise InvalidValueError("type", _shown(name), "dotted lower-case words, such as order.filled")
    if len(_TYPES) < _REMEMBERED:
        _TYPES.add(cast(str, name))


def _spelled(path: _Path) -> str:
    spelled = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return spelled.removeprefix(".") or "value"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
