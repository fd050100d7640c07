"""Every published value to its printed digits; where the last digit is another, a second method agrees with ours."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import pytest

from tests.core.pricing.published import CASES, LEFT_OUT, Case, Row, printed, published
from tests.core.pricing.published_peers import PEERS

HALF = 0.5 + 1e-6


@pytest.fixture(scope="module")
def rows(shared_reference: Path) -> list[Row]:
    if not (shared_reference / "pricing" / "published_quantlib_suite.jsonl").is_file():
        pytest.skip("no published values beside the checkout")
    return published(shared_reference)


def rows_of(case: Case, rows: list[Row]) -> list[Row]:
    return [row for row in rows if (row["file"], row["test"]) == (case.file, case.test) and case.result in row]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.file}-{case.test}-{case.result}")
def test_published_rows_have_their_printed_digits_or_a_second_method_contradicts_them(
    case: Case, rows: list[Row]
) -> None:
    mine = rows_of(case, rows)
    assert len(mine) == case.rows
    done = 0
    for row in mine:
        price, print_ = case.price(row), printed(row, case)
        if price is None:
            assert case.left_out
            continue
        done += 1
        off = abs(price - print_.value)
        if case.blurred:
            assert off <= case.blurred, row
        elif off > HALF * print_.unit:
            ql = pytest.importorskip("QuantLib", reason="second methods need QuantLib, a development dependency")
            second = PEERS[case.file, case.test, case.result](ql, row)
            assert abs(second - price) <= 1e-3 * print_.unit, (row, price, second)
    assert done >= (case.rows if not case.left_out else 1)


def test_every_published_test_is_named_once(rows: list[Row]) -> None:
    found = {(row["file"], row["test"]) for row in rows}
    answered = {(case.file, case.test) for case in CASES}
    assert found == answered | set(LEFT_OUT)
    assert not answered & set(LEFT_OUT)
    assert max(Counter((case.file, case.test, case.result) for case in CASES).values()) == 1


def test_puts_mirror_calls_across_the_barrier(rows: list[Row]) -> None:
    """P. Carr and A. Chou's symmetry: C(S, K, H) is K / K' times the put of the mirrored strike and barrier, at r = q.

    The rows hold strikes and barriers only, rounded to five decimals of a price of 100.
    """
    from optionix_core.pricing import barrier

    mirrored = [row for row in rows if row["test"] == "testPutCallSymmetry" and row["file"] == "barrieroption"]
    assert len(mirrored) == 10
    for row in mirrored:
        kinds = ["down-out" if row[f"{kind}Type"].endswith("DownOut") else "up-out" for kind in ("call", "put")]
        market = (0.5, 0.04, 0.04, 0.25)
        call = barrier.price("call", kinds[0], 100, row["callStrike"], row["callBarrier"], 0, *market)
        put = barrier.price("put", kinds[1], 100, row["putStrike"], row["putBarrier"], 0, *market)
        factor = math.sqrt(row["callStrike"] / row["putStrike"])
        assert call == pytest.approx(factor * put, abs=2e-5)
