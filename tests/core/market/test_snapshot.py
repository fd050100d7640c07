"""A snapshot is one value: named by its content, never changed, silent about nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import numpy as np
import pytest

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.market import DiscountCurve, ForwardCurve, Market

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

NOW = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Flat:
    level: float

    def implied_volatility(self, strike: ArrayLike, expiry: ArrayLike) -> NDArray[np.float64]:
        return np.full(np.broadcast_shapes(np.shape(strike), np.shape(expiry)), self.level)


def market(level: float = 0.2, rate: float = 0.05, spot: float = 100.0) -> Market:
    return Market(
        NOW,
        spots={"ORBIT": spot},
        discount_curves={"USD": DiscountCurve.flat(rate)},
        forward_curves={"ORBIT": ForwardCurve(np.array([1.0]), np.array([spot * 1.03]), spot)},
        surfaces={"ORBIT": Flat(level)},
    )


def test_equal_content_has_one_id_and_any_change_another() -> None:
    base = market()
    assert base.id == market().id
    others = {market(level=0.21).id, market(rate=0.051).id, market(spot=100.5).id}
    others.add(base.updated(NOW + timedelta(seconds=1)).id)
    assert len(others | {base.id}) == 5


def test_the_id_is_the_same_whatever_zone_the_moment_is_written_in() -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=-5)))
    assert Market(elsewhere, spots={"ORBIT": 1.0}).id == Market(NOW, spots={"ORBIT": 1.0}).id
    assert Market(elsewhere).as_of.tzinfo is UTC


def test_an_update_is_the_next_version_and_leaves_the_old_one_alone() -> None:
    base = market()
    later = base.updated(NOW + timedelta(seconds=1), spots={"ORBIT": 101.0, "QUILL": 50.0})
    assert (base.version, later.version) == (1, 2)
    assert (base.spot("ORBIT"), later.spot("ORBIT"), later.spot("QUILL")) == (100.0, 101.0, 50.0)
    assert later.surface("ORBIT") is base.surface("ORBIT")
    assert later.discount_curve("USD") is base.discount_curve("USD")


def test_nothing_reaches_in_from_outside() -> None:
    spots = {"ORBIT": 100.0}
    held = Market(NOW, spots=spots)
    spots["ORBIT"] = 1.0
    assert held.spot("ORBIT") == 100.0
    with pytest.raises(TypeError):
        held.spots["ORBIT"] = 2.0  # type: ignore[index] # what is refused


def test_volatility_is_the_surfaces() -> None:
    found = market(level=0.3).implied_volatility("ORBIT", np.array([90.0, 110.0]), 0.5)
    assert np.array_equal(found, [0.3, 0.3])


@pytest.mark.parametrize("question", ["spot", "discount_curve", "forward_curve", "surface"])
def test_what_it_does_not_hold_is_an_error_that_says_what_it_has(question: str) -> None:
    with pytest.raises(MissingDataError, match="NOVEL"):
        getattr(market(), question)("NOVEL")


def test_a_surface_alone_cannot_be_named() -> None:
    with pytest.raises(MissingDataError, match="spot or its forwards"):
        Market(NOW, surfaces={"ORBIT": Flat(0.2)})


def test_bad_values_are_refused() -> None:
    with pytest.raises(InvalidValueError, match="spot of ORBIT"):
        Market(NOW, spots={"ORBIT": 0.0})
    with pytest.raises(InvalidValueError, match="as_of"):
        Market(datetime(2026, 1, 5))  # noqa: DTZ001 - what is refused
