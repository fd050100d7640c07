"""Our own file: exact, and found out when it was cut or changed."""

from __future__ import annotations

import math
from dataclasses import fields
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import MalformedFileError
from optionix_core.feeds.files import read, stored
from optionix_core.market.chain import ChainSlice, OptionChain, QuoteColumns

numbers = st.one_of(st.just(math.nan), st.floats(allow_nan=False, allow_infinity=False))


@st.composite
def chains(draw: st.DrawFn) -> OptionChain:
    height = draw(st.integers(1, 4))

    def column() -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return np.array(draw(st.lists(numbers, min_size=height, max_size=height)))

    def side() -> QuoteColumns:
        symbols = draw(st.lists(st.one_of(st.none(), st.text(max_size=21)), min_size=height, max_size=height))
        names = [field.name for field in fields(QuoteColumns) if field.name != "symbols"]
        return QuoteColumns(symbols=tuple(symbols), **{name: column() for name in names})

    moment = draw(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2090, 1, 1)))  # noqa: DTZ001 - hypothesis wants naive bounds
    part = ChainSlice(
        root="ORBIT",
        expiry=date(2026, 1, 16),
        expires_at=moment.replace(tzinfo=UTC),
        settlement=draw(st.sampled_from(["AM", "PM"])),
        exercise=draw(st.sampled_from(["european", "american"])),
        multiplier=draw(st.floats(0.001, 1e6)),
        inverse=draw(st.booleans()),
        strikes=np.cumsum(draw(st.lists(st.floats(0.01, 1e5), min_size=height, max_size=height))),
        call=side(),
        put=side(),
        underlying_price=draw(st.one_of(st.none(), st.floats(0.01, 1e6))),
    )
    return OptionChain(
        underlying="ORBIT",
        source=draw(st.text(max_size=8)),
        as_of=moment.replace(tzinfo=UTC),
        spot=draw(st.one_of(st.none(), st.floats(0.01, 1e6))),
        currency="USD",
        slices=(part,),
        received_at=None,
        spot_change=draw(st.one_of(st.none(), st.floats(-1e3, 1e3))),
    )


def values(item: object) -> list[object]:
    """Every field of a chain, arrays as their bytes."""
    if isinstance(item, np.ndarray):
        return [item.tobytes()]
    if isinstance(item, OptionChain | ChainSlice | QuoteColumns):
        return [value for field in fields(item) for value in values(getattr(item, field.name))]
    if isinstance(item, tuple):
        return [value for entry in item for value in values(entry)]
    return [item]


@settings(max_examples=60, deadline=None)
@given(chain=chains())
def test_every_field_comes_back_to_the_bit(chain: OptionChain, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "any.chain.jsonl"
    path.write_bytes(stored.encode(chain))
    assert values(stored.read(path)) == values(chain)


@pytest.fixture
def kept(chain_files: Path, tmp_path: Path) -> Path:
    path = tmp_path / "kept.chain.jsonl"
    path.write_bytes(stored.encode(read(chain_files / "cboe_weekend.csv")))
    return path


def test_it_is_recognised_by_its_first_line(kept: Path) -> None:
    assert read(kept).underlying == "SPX"
    head = stored.read_head(kept)
    assert (head.slices, head.quotes, head.as_of) == (3, 10, datetime(2022, 6, 10, 20, 15, tzinfo=UTC))


def test_a_file_without_its_last_line_is_malformed(kept: Path) -> None:
    kept.write_bytes(b"".join(kept.read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.raises(MalformedFileError, match="has 2 slices, and its first line says 3"):
        read(kept)


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ('"optionix_chain":1', '"optionix_chain":9', 1, "version 9"),
        ('"quotes":10', '"quotes":11', 1, "has 10 quotes, and its first line says 11"),
        ('"strikes":[3900.0]', '"strikes":[3900.0,4000.0]', 2, "for 2 strikes"),
        ('"strikes":[3900.0]', '"strikes":["high"]', 2, "could not convert"),
        ('"root":"SPX",', "", 3, "lacks 'root'"),
        ('"strikes":[3900.0]', '"strikes":[3900.0', 2, "is not JSON"),
    ],
)  # fmt: skip
def test_a_changed_file_is_malformed_at_its_line(kept: Path, old: str, new: str, line: int, reason: str) -> None:
    text = kept.read_text(encoding="utf-8")
    assert text.count(old) == 1
    kept.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(MalformedFileError) as caught:
        read(kept)
    assert reason in caught.value.reason
    assert caught.value.line == line
