"""What a user may write to place a strategy."""

from __future__ import annotations

from decimal import Decimal

import pytest

from optionix_core.errors import InvalidValueError, OptionixError, UnknownNameError
from optionix_core.portfolio.strategies.catalogue import shape
from optionix_core.services.stage_words import StrategyWords, is_strategy, names, parse


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("condor", StrategyWords("iron-condor")),
        ("condor call", StrategyWords("condor", option_type="call")),
        (
            "iron-condor 220/225/245/250",
            StrategyWords("iron-condor", tuple(Decimal(one) for one in ("220", "225", "245", "250"))),
        ),
        ("Short Strangle delta .2", StrategyWords("strangle", deltas=(0.2,), short=True)),
        ("butterfly put width 5 x3", StrategyWords("butterfly", width=Decimal(5), units=3, option_type="put")),
        ("fly 2x", StrategyWords("butterfly", units=2)),
        ("long calendar 215", StrategyWords("calendar", (Decimal(215),))),
        ("iron-condor delta .1/.3/.3/.1", StrategyWords("iron-condor", deltas=(0.1, 0.3, 0.3, 0.1))),
    ],
)
def test_a_strategy_is_read_as_it_is_written(text: str, meant: StrategyWords) -> None:
    assert parse(text) == meant


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "needs a name"),
        ("iron-kondor", "iron-condor"),
        ("condor soon", "has no place"),
        ("condor 220/x", "numbers with / between"),
        ("condor x0", "at least 1"),
        ("condor width", "needs a number"),
        ("condor 220/225 delta .2", "one of them"),
        ("condor 1e400000000/2", "strikes"),
    ],
)
def test_what_cannot_be_meant_is_told(text: str, told: str) -> None:
    with pytest.raises(OptionixError) as caught:
        parse(text)
    assert told in str(caught.value)


def test_names_nearest_to_a_misspelt_one_are_few() -> None:
    with pytest.raises(UnknownNameError) as caught:
        parse("stradle")
    assert "straddle" in caught.value.known
    assert len(caught.value.known) <= 3


def test_every_name_that_is_offered_is_a_shape() -> None:
    for name in names():
        assert is_strategy(name)
        assert shape(name).expiries >= 1
    assert not is_strategy("orbit")


def test_bounds_name_their_field() -> None:
    with pytest.raises(InvalidValueError, match="delta must be numbers"):
        parse("strangle delta x/y")
