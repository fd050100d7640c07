"""Bodies that two readers could understand differently are refused."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as some

from server.middleware.strict_json import DEEPEST, UnreadableError, check

words = some.text(some.characters(exclude_categories=["Cs"], exclude_characters="\0"))
numbers = some.integers(-(10**30), 10**30) | some.floats(allow_nan=False, allow_infinity=False)
documents = some.recursive(
    some.none() | some.booleans() | numbers | words,
    lambda inner: some.lists(inner) | some.dictionaries(words, inner),
    max_leaves=30,
)

REFUSED = [
    (b'{"a": NaN}', "NaN is no JSON number"),
    (b"[Infinity]", "Infinity is no JSON number"),
    (b'{"a": -Infinity}', "-Infinity is no JSON number"),
    (b'{"a": 1, "b": {"c": 1, "c": 2}}', "the key 'c' comes twice"),
    (b'{"a": 1, "\\u0061": 2}', "the key 'a' comes twice"),
    (b'{"a": "\xff"}', "byte 7 is not UTF-8"),
    (b"\xef\xbb\xbf{}", "it is not JSON"),
    (b"{'a': 1}", "line 1, column 2"),
    (b'{"a": 1}x', "it is not JSON"),
    (b'{"a": "b\nc"}', "it is not JSON"),
    (b'"\\ud800"', "half a surrogate pair"),
    (b'{"\\udc00x": 1}', "half a surrogate pair"),
    (b'["ok", "a\\u0000b"]', "U+0000"),
    (b"1" * 5_000, "too many digits"),
    (b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1), "levels deep"),
    (b'{"a":' * (DEEPEST + 1) + b"1" + b"}" * (DEEPEST + 1), "levels deep"),
    (b"[" * 1_000_000, "levels deep"),
    (b"[[[]]", "it is not JSON"),
    (b'{"a":[' * 100_000 + b"]}" * 100_000, "levels deep"),
]


@pytest.mark.parametrize(("body", "why"), REFUSED, ids=[why for _, why in REFUSED])
def test_what_is_wrong_is_named(body: bytes, why: str) -> None:
    began = time.perf_counter()
    with pytest.raises(UnreadableError) as told:
        check(body)
    assert why in str(told.value)
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize(
    "body",
    [
        b"[" * DEEPEST + b"]" * DEEPEST,
        json.dumps({"a": "[" * 5_000}).encode(),
        json.dumps([[]] * 5_000).encode(),
        json.dumps(["\\" * 99, '"[' * 200]).encode(),
        b'"\\ud83d\\ude00"',
        b'"\\\\u0000"',
        b"[1e400, 1E-5, -0]",
    ],
)
def test_what_only_looks_dangerous_is_read(body: bytes) -> None:
    check(body)


@given(documents, some.booleans())
def test_what_json_writes_is_read(document: object, ascii_only: bool) -> None:
    check(json.dumps(document, ensure_ascii=ascii_only).encode())
