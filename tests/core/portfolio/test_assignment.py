"""The assignment lottery conserves, is fair and repeats."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError
from optionix_core.portfolio import exercise

shorts = st.lists(st.integers(0, 40), min_size=1, max_size=12)


@given(shorts, st.floats(0, 1), st.integers())
@settings(max_examples=200, deadline=None)
def test_what_is_exercised_is_assigned_and_nobody_gets_more_than_they_are_short(held, share, seed) -> None:
    quantity = round(share * sum(held))
    assigned = exercise.assign(quantity, held, seed)
    assert isinstance(assigned, tuple)
    assert sum(assigned) == quantity
    assert all(0 <= got <= short for got, short in zip(assigned, held, strict=True))
    assert exercise.assign(quantity, held, seed) == assigned
    by_age = exercise.assign_first_in_first_out(quantity, held)
    assert sum(by_age) == quantity
    assert all(0 <= got <= short for got, short in zip(by_age, held, strict=True))


@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=4), st.integers(0, 40), min_size=1), st.integers())
@settings(max_examples=100, deadline=None)
def test_the_order_in_which_holders_came_does_not_matter(held, seed) -> None:
    quantity = sum(held.values()) // 2
    backwards = dict(reversed(held.items()))
    assigned = exercise.assign(quantity, held, seed)
    assert assigned == exercise.assign(quantity, backwards, seed)
    assert list(assigned) == list(held)
    assert sum(assigned.values()) == quantity


def test_all_or_none_needs_no_luck() -> None:
    assert exercise.assign(60, [10, 20, 30], 1) == (10, 20, 30)
    assert exercise.assign(0, [10, 20, 30], 1) == (0, 0, 0)
    assert exercise.assign(0, [], 1) == ()
    assert exercise.assign_first_in_first_out(25, [10, 20, 30]) == (10, 15, 0)


def test_a_seed_gives_the_same_contracts_on_every_machine() -> None:
    # Fixed by SHA-256 and the order of the draw; a change of these is a change of every replay.
    assert exercise.assign(30, {"a": 10, "b": 20, "c": 30}, 7) == {"a": 5, "b": 8, "c": 17}
    assert exercise.assign(30, [10, 20, 30], 7) == (5, 8, 17)
    assert exercise.assign(30, [10, 20, 30], "7") != exercise.assign(30, [10, 20, 30], 7)


def test_the_lottery_is_hypergeometric() -> None:
    # 4 of 10 contracts, of which a holder has 5: P(k) = C(5,k) C(5,4-k) / C(10,4). Chi-squared, 4 degrees of
    # freedom: 18.47 is exceeded once in a thousand; the seeds are fixed, so that this is no gamble.
    trials = 3000
    found = Counter(exercise.assign(4, [3, 5, 2], seed)[1] for seed in range(trials))
    expected = {k: math.comb(5, k) * math.comb(5, 4 - k) / math.comb(10, 4) for k in range(5)}
    statistic = sum((found[k] - trials * share) ** 2 / (trials * share) for k, share in expected.items())
    assert statistic < 18.47


def test_drawing_what_is_spared_is_as_fair() -> None:
    # 6 of 10 are drawn by drawing the 4 that are not; the holder of 5 keeps 5 - k of them.
    trials = 3000
    found = Counter(exercise.assign(6, [3, 5, 2], seed)[1] for seed in range(trials))
    expected = {k: math.comb(5, k) * math.comb(5, 6 - k) / math.comb(10, 6) for k in range(1, 6)}
    statistic = sum((found[k] - trials * share) ** 2 / (trials * share) for k, share in expected.items())
    assert statistic < 18.47


@pytest.mark.parametrize(
    ("quantity", "held", "seed", "field", "row"),
    [
        (61, [10, 20, 30], 1, "quantity", None),
        (1, [], 1, "quantity", None),
        (-1, [10], 1, "quantity", None),
        (1.5, [10], 1, "quantity", None),
        (1, [10, -1], 1, "short_interest", 1),
        (1, [10, 1.5], 1, "short_interest", 1),
        (1, [10], 1.5, "seed", None),
    ],
)
def test_more_than_is_short_or_no_whole_number_is_refused(quantity, held, seed, field, row) -> None:
    with pytest.raises(InvalidValueError) as caught:
        exercise.assign(quantity, held, seed)
    assert (caught.value.field, caught.value.row) == (field, row)
