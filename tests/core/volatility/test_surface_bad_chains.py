"""Chains that tell little or nothing: a clear surface of what there is, or a clear error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from optionix_core.errors import MissingDataError
from optionix_core.market.chain import ChainSlice
from optionix_core.volatility import VolatilitySurface
from optionix_core.volatility.solve import solve
from optionix_core.volatility.surface.surface import MODELS

AS_OF = datetime(2026, 1, 5, 21, 0, tzinfo=UTC)
STRIKES = np.arange(60.0, 141.0, 2.0)


def with_quotes(
    item: ChainSlice, change: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
) -> ChainSlice:
    sides = []
    for side in (item.call, item.put):
        bid, ask = change(side.bid.copy(), side.ask.copy())
        sides.append(replace(side, bid=bid, ask=ask))
    return replace(item, call=sides[0], put=sides[1])


@pytest.mark.parametrize("model", MODELS)
def test_an_expiry_with_three_quotes_is_left_out_and_says_so(
    model: str, known: Callable, slice_of: Callable, chain_of: Callable
) -> None:
    full, thin = (
        slice_of(known(60.0, 100.0, 0.03), STRIKES),
        slice_of(known(30.0, 100.0, 0.03), np.array([95.0, 100.0, 105.0])),
    )
    surface = VolatilitySurface.fit(chain_of(thin, full, spot=100.0), model)  # type: ignore[arg-type]
    assert [item.years for item in surface.slices] == pytest.approx([60.0 / 365.0])
    assert [(one.expiry, one.reason) for one in surface.skipped] == [(thin.expiry, "3 usable quotes, 5 needed")]
    assert surface.arbitrage().calendars == ()
    with pytest.raises(MissingDataError, match="3 usable quotes, 5 needed"):
        VolatilitySurface.fit(chain_of(thin, spot=100.0), model)  # type: ignore[arg-type]


def test_crossed_quotes_tell_nothing(known: Callable, slice_of: Callable, chain_of: Callable) -> None:
    item = with_quotes(slice_of(known(60.0, 100.0, 0.03), STRIKES), lambda bid, ask: (ask + 1.0, bid))
    with pytest.raises(MissingDataError, match="no forward"):
        VolatilitySurface.fit(chain_of(item, spot=100.0))


def test_no_volume_is_no_reason_to_doubt_a_quote(known: Callable, slice_of: Callable, chain_of: Callable) -> None:
    item = slice_of(known(60.0, 100.0, 0.03), STRIKES)
    none = np.zeros(STRIKES.size)
    still = replace(item, call=replace(item.call, volume=none), put=replace(item.put, volume=none))
    told, same = (VolatilitySurface.fit(chain_of(one, spot=100.0)) for one in (item, still))
    assert told.slices[0].smile == same.slices[0].smile


def test_an_expiry_with_duplicated_strikes_is_left_out_and_says_which(
    known: Callable, slice_of: Callable, chain_of: Callable
) -> None:
    good = slice_of(known(60.0, 100.0, 0.03), STRIKES)
    bad = slice_of(known(30.0, 100.0, 0.03), np.repeat(STRIKES, 2))
    surface = VolatilitySurface.fit(chain_of(bad, good, spot=100.0))
    assert [item.expiry for item in surface.slices] == [good.expiry]
    assert [one.reason for one in surface.skipped] == ["strike 60 repeats or does not ascend"]
    with pytest.raises(MissingDataError, match="strike 60 repeats"):
        VolatilitySurface.fit(chain_of(bad, spot=100.0))


def repriced(change: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]) -> Callable[..., ChainSlice]:
    return lambda item: with_quotes(item, change)


def with_strike(place: int, strike: float) -> Callable[[ChainSlice], ChainSlice]:
    def changed(item: ChainSlice) -> ChainSlice:
        strikes = item.strikes.copy()
        strikes[place] = strike
        return replace(item, strikes=strikes)

    return changed


HOPELESS = {
    "no bids": (repriced(lambda bid, ask: (0.0 * bid, ask)), "no forward"),
    "no asks": (repriced(lambda bid, ask: (bid, 0.0 * ask)), "no forward"),
    "no quotes": (repriced(lambda bid, ask: (np.nan * bid, np.nan * ask)), "no forward"),
    "all crossed": (repriced(lambda bid, ask: (ask + 1.0, bid)), "no forward"),
    "negative prices": (repriced(lambda bid, ask: (-ask, -bid)), "no forward"),
    "one price for all": (repriced(lambda bid, ask: (0.0 * bid + 5.0, 0.0 * ask + 5.1)), "no forward"),
    "prices of another unit": (repriced(lambda bid, ask: (1e6 * bid, 1e6 * ask)), "no forward"),
    "puts as calls": (lambda item: replace(item, call=item.put, put=item.call), "no forward"),
    "expired": (lambda item: replace(item, expires_at=AS_OF - timedelta(days=9)), "expired"),
    "strike of zero": (with_strike(0, 0.0), "strike 0 is not positive and finite"),
    "negative strike": (with_strike(0, -5.0), "strike -5 is not positive and finite"),
    "infinite strike": (with_strike(-1, np.inf), "strike inf is not positive and finite"),
    "strike that is no number": (with_strike(3, np.nan), "strike nan is not positive and finite"),
    "one strike twice": (with_strike(3, float(STRIKES[4])), "strike 68 repeats or does not ascend"),
    "strikes that fall": (lambda item: replace(item, strikes=item.strikes[::-1].copy()), "strike 138 repeats or"),
}


@pytest.mark.parametrize("name", HOPELESS)
@pytest.mark.parametrize("exercise", ["european", "american"])
def test_a_chain_that_tells_nothing_is_refused_with_its_reason_by_every_model(
    name: str, exercise: str, known: Callable, slice_of: Callable, chain_of: Callable
) -> None:
    spoil, reason = HOPELESS[name]
    bad = spoil(slice_of(known(30.0, 100.0, 0.03), STRIKES, exercise=exercise))
    good = slice_of(known(60.0, 100.0, 0.03), STRIKES)
    for model in MODELS:
        with pytest.raises(MissingDataError, match=f"no expiry of ORBIT can be fitted .*{reason}"):
            VolatilitySurface.fit(chain_of(bad, spot=100.0), model)  # type: ignore[arg-type]
    for chain in (chain_of(bad, good, spot=100.0), solve(chain_of(bad, good, spot=100.0))):
        surface = VolatilitySurface.fit(chain, "essvi")
        assert [item.expiry for item in surface.slices] == [good.expiry]
        assert [one.reason.startswith(reason) for one in surface.skipped] == [True]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    "strikes", [np.array([92.0, 96.0, 100.0, 104.0, 108.0]), STRIKES], ids=["five quotes", "many quotes"]
)
def test_one_expiry_alone_is_a_surface(
    model: str, strikes: np.ndarray, known: Callable, slice_of: Callable, chain_of: Callable
) -> None:
    item = slice_of(known(30.0, 100.0, 0.03), strikes)
    third = np.arange(strikes.size) % 3 == 1 if strikes.size > 5 else np.zeros(strikes.size, dtype=bool)
    crossed = with_quotes(item, lambda bid, ask: (np.where(third, ask + 1.0, bid), np.where(third, bid, ask)))
    surface = VolatilitySurface.fit(chain_of(crossed, spot=100.0), model)  # type: ignore[arg-type]
    assert len(surface.slices) == 1
    assert surface.slices[0].metrics.inside_bid_ask > 0.5
    assert not surface.arbitrage().butterflies
    for t in (0.01, 30.0 / 365.0, 1.0):
        assert 0.1 < float(surface.implied_volatility(100.0, t)) < 0.3


def test_expiries_of_one_moment_and_moments_apart_by_seconds_are_told_apart(
    known: Callable, slice_of: Callable, chain_of: Callable
) -> None:
    item, close = slice_of(known(30.0, 100.0, 0.03), STRIKES), slice_of(known(30.0 + 1e-4, 100.0, 0.03), STRIKES)
    twin = replace(slice_of(known(30.0, 100.0, 0.03), STRIKES[1:-1]), root="TWIN")
    surface = VolatilitySurface.fit(chain_of(item, twin, close, spot=100.0))
    assert len(surface.slices) == 2
    assert [(one.root, one.reason) for one in surface.skipped] == [
        ("TWIN", "settles with ORBIT, which has more quotes")
    ]
    assert not surface.arbitrage().found


def test_a_forward_that_is_not_positive_leaves_the_expiry_out(
    known: Callable, slice_of: Callable, chain_of: Callable
) -> None:
    solved = solve(chain_of(slice_of(known(30.0, 100.0, 0.03), STRIKES), slice_of(known(60.0, 100.0, 0.03), STRIKES)))
    first = replace(solved.slices[0], carried=replace(solved.slices[0].carried, forward=-5.0))
    surface = VolatilitySurface.fit(replace(solved, slices=(first, solved.slices[1])))
    assert [one.reason for one in surface.skipped] == ["forward is not positive"]
