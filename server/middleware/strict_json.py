"""JSON as strictly as a server should read it: what two readers could understand differently is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

DEEPEST: Final = 100
"""Objects and arrays within each other."""

_STRINGS: Final = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_TO_SQUARE: Final = bytes.maketrans(b"{}", b"[]")
_NOT_SQUARE: Final = bytes(set(range(256)) - set(b"[]"))
_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")


class UnreadableError(ValueError):
    """Why a body is no JSON that everybody reads alike."""


def check(body: bytes) -> None:
    """Raise UnreadableError for what is not JSON in UTF-8, or not JSON that everybody reads alike.

    That is NaN and Infinity, a key that comes twice in an object, more than `DEEPEST` levels, half a surrogate pair,
    and U+0000, which databases do not keep.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableError(f"byte {error.start} is not UTF-8") from None
    if body.count(b"[") + body.count(b"{") > DEEPEST and _deeper(body):
        raise UnreadableError(f"it is nested over {DEEPEST} levels deep")
    try:
        parsed = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise UnreadableError(f"it is not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    except UnreadableError:
        raise
    except ValueError:  # an integer of more digits than Python turns into one
        raise UnreadableError("a number has too many digits") from None
    if b"\\u0000" in body or _SURROGATE.search(body) is not None:
        for one in _texts(parsed):
            if "\0" in one:
                raise UnreadableError("a text holds U+0000")
            if not _encodable(one):
                raise UnreadableError("a text holds half a surrogate pair")


def _texts(parsed: Any) -> Iterator[str]:
    """Every text in it, keys too."""
    left = [parsed]
    while left:
        one = left.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            yield from one
            left.extend(one.values())
        elif isinstance(one, list):
            left.extend(one)


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise UnreadableError(f"the key {twice[:60]!r} comes twice in one object")
    return found


def _constant(name: str) -> Any:
    raise UnreadableError(f"{name} is no JSON number")


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_constant)


def _deeper(body: bytes) -> bool:
    """Whether brackets outside strings are nested deeper than allowed; innermost pairs are taken out level by level."""
    left = _STRINGS.sub(b"", body).translate(_TO_SQUARE).translate(None, _NOT_SQUARE)
    for _ in range(DEEPEST):
        if not left:
            return False
        fewer = left.replace(b"[]", b"")
        if len(fewer) == len(left):
            return len(left) > DEEPEST  # brackets that do not pair: no JSON, and the parser tells better of a few
        left = fewer
    return bool(left)
