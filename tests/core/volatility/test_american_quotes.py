"""American quotes read as European ones: chains priced by the engine from a smile that is known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.market.chain import ChainSlice, OptionChain, QuoteColumns
from optionix_core.pricing import american
from optionix_core.pricing.dividends import ProportionalDividends
from optionix_core.volatility import VolatilitySurface
from optionix_core.volatility.american_quotes import without_early_exercise
from optionix_core.volatility.lint import richness
from optionix_core.volatility.quality import Rejection
from optionix_core.volatility.solve import solve
from optionix_core.volatility.surface.mispricing import mispricings

AS_OF = datetime(2026, 1, 5, 21, 0, tzinfo=UTC)
SPOT = 100.0
STRIKES = np.arange(64.0, 141.0, 4.0)
DAYS = (45, 180, 365)


def smile(log_moneyness: np.ndarray) -> np.ndarray:
    k = np.asarray(log_moneyness)
    return np.sqrt(0.02 + 0.06 * (-0.5 * (k - 0.02) + np.sqrt((k - 0.02) ** 2 + 0.15**2)))


@dataclass(frozen=True)
class Market:
    rate: float
    dividend_yield: float
    dividends: ProportionalDividends | None = None

    def forward(self, years: float) -> float:
        kept = 1.0
        if self.dividends is not None:
            kept = float(
                np.prod(
                    [1.0 - f for t, f in zip(self.dividends.times, self.dividends.fractions, strict=True) if t <= years]
                )
            )
        return SPOT * kept * float(np.exp((self.rate - self.dividend_yield) * years))

    def truth(self, item: ChainSlice) -> np.ndarray:
        years = (item.expires_at - AS_OF) / timedelta(days=365)
        return smile(np.log(item.strikes / self.forward(years)))

    def slice(self, days: int, strikes: np.ndarray = STRIKES, spread: float = 0.02) -> ChainSlice:
        """Mids are American prices of each strike's own volatility; spreads are a share of what is not intrinsic."""
        years = days / 365.0
        volatility = smile(np.log(strikes / self.forward(years)))
        sides = []
        for sign in (1, -1):
            price = american.price(
                sign, SPOT, strikes, years, self.rate, self.dividend_yield, volatility,
                accuracy="fast" if self.dividends else "high", dividends=self.dividends,
            )  # fmt: skip
            half = np.minimum(
                0.5 * spread * np.maximum(price - np.maximum(sign * (SPOT - strikes), 0.0), 0.0) + 0.003, 0.5 * price
            )
            absent = np.full(strikes.shape, np.nan)
            names = tuple(f"{sign}{place}" for place in range(strikes.size))
            sides.append(QuoteColumns(names, price - half, price + half, *[absent] * 8))
        expires_at = AS_OF + timedelta(days=days)
        return ChainSlice(
            "ABC", expires_at.date(), expires_at, "PM", "american", 100.0, False, strikes, sides[0], sides[1]
        )

    def chain(self, *days: int, **changes: object) -> OptionChain:
        made = OptionChain("ABC", "test", AS_OF, SPOT, "USD", tuple(self.slice(one) for one in days))
        return replace(made, **changes)  # type: ignore[arg-type]


PAYING = Market(0.05, 0.02)


@pytest.fixture(scope="module")
def paying() -> OptionChain:
    return PAYING.chain(*DAYS)


@pytest.mark.parametrize("market", [PAYING, Market(0.05, 0.0), Market(0.03, 0.05)], ids=["paying", "growth", "income"])
def test_forward_rate_and_smile_behind_american_quotes_are_found(market: Market) -> None:
    solved = without_early_exercise(solve(market.chain(*DAYS)), accuracy="high")
    for item in solved.slices:
        assert item.forward == pytest.approx(market.forward(item.years), rel=1e-8)
        assert item.rate == pytest.approx(market.rate, abs=1e-6)
        assert item.early_exercise is not None
        assert item.early_exercise.dividend_yield == pytest.approx(market.dividend_yield, abs=1e-6)
        assert not item.american_approximation
        truth = market.truth(item.source)
        for side in (item.call, item.put):
            told = side.vega > 1.0  # a cent a point of volatility
            assert np.count_nonzero(told) >= 6
            np.testing.assert_allclose(side.iv[told], truth[told], atol=1e-6)


def test_what_a_european_reading_of_them_errs_by_is_taken_out(paying: OptionChain) -> None:
    read = solve(paying, PAYING.rate)
    found = without_early_exercise(read)
    for before, after in zip(read.slices, found.slices, strict=True):
        truth = PAYING.truth(before.source)
        assert before.american_approximation
        assert np.nanmax(np.abs(before.smile - truth)) > 0.003
        assert np.nanmax(np.abs(after.smile - truth)) < 2e-5
        assert after.carried.discount_source == "given"


def test_bid_mid_and_ask_stay_in_order_and_premiums_are_what_exercise_adds(paying: OptionChain) -> None:
    for item in without_early_exercise(solve(paying)).slices:
        taken = item.early_exercise
        assert taken is not None
        assert taken.rounds >= 3
        for side, premium in ((item.call, taken.call_premium), (item.put, taken.put_premium)):
            solved = side.usable
            assert np.all(side.iv[solved] <= np.nan_to_num(side.ask_iv[solved], nan=9.0))
            assert np.all(np.nan_to_num(side.bid_iv[solved], nan=0.0) <= side.iv[solved])
            assert np.all(premium[solved] >= 0.0)
            np.testing.assert_array_equal(np.isfinite(premium), solved)
        # A put's premium grows as it goes into the money
        rising = taken.put_premium[np.isfinite(taken.put_premium)]
        assert np.all(np.diff(rising[5:]) > 0.0)
        assert np.nanmax(taken.put_premium) > 10.0 * np.nanmax(taken.call_premium[STRIKES >= 100.0])


def test_greeks_are_those_of_the_american_option(paying: OptionChain) -> None:
    item = without_early_exercise(solve(paying)).slices[1]
    place = int(np.flatnonzero(item.put.usable & (STRIKES > 104.0))[0])
    exact = american.greeks(
        "put",
        SPOT,
        STRIKES[place],
        item.years,
        0.05,
        0.02,
        item.put.iv[place],
        names=("delta", "gamma", "vega", "theta"),
    )
    for name in ("delta", "gamma", "vega", "theta"):
        assert getattr(item.put, name)[place] == pytest.approx(getattr(exact, name), rel=1e-5)


def test_a_price_of_exercise_at_once_tells_no_volatility_and_says_so(paying: OptionChain) -> None:
    for item in without_early_exercise(solve(paying)).slices:
        deep = STRIKES >= 132.0
        assert [reason for reason, at in zip(item.put.rejected, deep, strict=True) if at] == [
            Rejection.AT_INTRINSIC
        ] * 3
        assert np.isnan(item.put.iv[deep]).all()
        assert np.isnan(item.put.mid[deep]).all()
    cheap = paying.slices[1]
    put = replace(cheap.put, bid=cheap.put.bid - 2.0 * (STRIKES == 140.0), ask=cheap.put.ask - 2.0 * (STRIKES == 140.0))
    found = without_early_exercise(solve(replace(paying, slices=(replace(cheap, put=put),)), 0.05))
    assert found.slices[0].put.rejected[-1] is Rejection.BELOW_INTRINSIC
    dear = replace(
        cheap.call, bid=cheap.call.bid + 200.0 * (STRIKES == 140.0), ask=cheap.call.ask + 200.0 * (STRIKES == 140.0)
    )
    found = without_early_exercise(solve(replace(paying, slices=(replace(cheap, call=dear),)), 0.05))
    assert found.slices[0].call.rejected[-1] is Rejection.ABOVE_MAXIMUM


def test_a_carry_that_is_given_needs_no_parity(paying: OptionChain) -> None:
    solved = solve(paying, 0.05)
    found = without_early_exercise(solved, dividend_yield=0.02)
    for item in found.slices:
        assert item.carried.forward_source == "given"
        assert item.forward == pytest.approx(PAYING.forward(item.years), rel=1e-12)
        assert item.early_exercise is not None
        assert item.early_exercise.rounds == 0
        np.testing.assert_allclose(item.smile, PAYING.truth(item.source), atol=2e-5)
    # A rate takes precedence over that of parity
    assert without_early_exercise(solve(paying), rate=0.05, dividend_yield=0.02).slices[0].rate == pytest.approx(0.05)


def test_discrete_dividends_are_exercised_around() -> None:
    market = Market(0.05, 0.0, ProportionalDividends([0.2], [0.02]))
    chain = OptionChain("ABC", "test", AS_OF, SPOT, "USD", (market.slice(120, np.arange(90.0, 112.0, 7.0)),))
    found = without_early_exercise(solve(chain, 0.05), dividends=market.dividends, accuracy="fast").slices[0]
    assert found.forward == pytest.approx(market.forward(found.years), rel=1e-6)
    told = np.isfinite(found.smile)
    np.testing.assert_allclose(found.smile[told], market.truth(found.source)[told], atol=1e-5)
    assert found.early_exercise is not None
    assert found.early_exercise.dividend_yield == pytest.approx(0.0, abs=1e-5)
    assert found.early_exercise.dividends is market.dividends


def test_noisy_quotes_with_a_rate_give_the_smile_within_their_noise() -> None:
    generator = np.random.default_rng(5)
    strikes = np.arange(70.0, 131.0, 2.0)
    noisy = []
    for days in (30, 120, 365):
        item = PAYING.slice(days, strikes)
        sides = []
        for side in (item.call, item.put):
            middle = 0.5 * (side.bid + side.ask)
            half = np.maximum(0.01 * middle, 0.01)
            middle = middle + 0.4 * half * generator.standard_normal(strikes.size).clip(-1.5, 1.5)
            bid, ask = np.floor((middle - half) * 100.0) / 100.0, np.ceil((middle + half) * 100.0) / 100.0
            sides.append(replace(side, bid=np.maximum(bid, 0.0), ask=ask))
        noisy.append(replace(item, call=sides[0], put=sides[1]))
    solved = without_early_exercise(solve(OptionChain("ABC", "test", AS_OF, SPOT, "USD", tuple(noisy)), 0.05))
    for item in solved.slices:
        assert item.carried.forward_error is not None
        assert abs(item.forward - PAYING.forward(item.years)) < 4.0 * item.carried.forward_error
        error = (item.smile - PAYING.truth(item.source))[
            np.abs(strikes / item.forward - 1.0) < 0.15 * np.sqrt(item.years)
        ]
        assert np.sqrt(np.mean(error**2)) < 0.003
        assert abs(np.mean(error)) < 0.001


def test_a_spot_of_another_moment_is_found_by_the_forwards() -> None:
    chain = PAYING.chain(20, 45, 90, 150, spot=101.0)
    found = without_early_exercise(solve(chain, 0.05))
    assert found.spot_source == "implied"
    assert found.spot == pytest.approx(SPOT, rel=1e-5)
    for item in found.slices:
        assert np.nanmax(np.abs(item.smile - PAYING.truth(item.source))[np.abs(STRIKES - 100.0) < 12.0]) < 5e-4


def test_a_surface_of_american_quotes_is_that_of_their_european_options(paying: OptionChain) -> None:
    surface = VolatilitySurface.fit(paying)
    assert surface.skipped == ()
    for item in surface.slices:
        assert item.forward == pytest.approx(PAYING.forward(item.years), rel=1e-6)
        k = np.linspace(-1.0, 1.0, 9) * item.deviation
        np.testing.assert_allclose(np.sqrt(item.smile.total_variance(k) / item.years), smile(k), atol=5e-4)
    done = without_early_exercise(solve(paying))
    assert without_early_exercise(done) is done
    assert [one.forward for one in VolatilitySurface.fit(done).slices] == [one.forward for one in surface.slices]


def test_american_quotes_are_compared_with_american_prices(paying: OptionChain) -> None:
    surface = VolatilitySurface.fit(paying)
    solved = without_early_exercise(solve(paying))
    assert mispricings(surface, solved, 0.05) == ()
    assert mispricings(surface, solve(paying), 0.05) == ()
    item = paying.slices[2]
    place = int(np.flatnonzero(STRIKES == 96.0)[0])
    shift = 0.5 * (np.arange(STRIKES.size) == place)
    planted = replace(item, put=replace(item.put, bid=item.put.bid + shift, ask=item.put.ask + shift))
    (found,) = mispricings(surface, solve(replace(paying, slices=(*paying.slices[:2], planted))), 0.05)
    assert (found.kind, found.strike, found.option_type) == ("rich", 96.0, "put")
    middle = 0.5 * (item.put.bid[place] + item.put.ask[place])
    assert found.fair == pytest.approx(middle, abs=0.05)  # the American price, not the European one
    gap = richness(without_early_exercise(solve(replace(paying, slices=(planted,)), 0.05)).slices[0], surface)
    assert gap[place] == pytest.approx(found.amount, abs=0.01)


def test_what_cannot_be_answered_is_said(paying: OptionChain) -> None:
    with pytest.raises(MissingDataError, match="ABC has no spot: early exercise cannot be taken out"):
        without_early_exercise(solve(replace(paying, spot=None)))
    with pytest.raises(MissingDataError, match="ABC has no spot"):
        VolatilitySurface.fit(replace(paying, spot=None))
    with pytest.raises(InvalidValueError, match="rate must be given where dividend_yield is"):
        without_early_exercise(solve(paying), dividend_yield=0.02)
    with pytest.raises(InvalidValueError, match="dividend_yield must be finite"):
        without_early_exercise(solve(paying), rate=0.05, dividend_yield=np.inf)
    thin = PAYING.slice(180, np.array([96.0, 100.0]))
    found = without_early_exercise(solve(replace(paying, slices=(thin,)), 0.05)).slices[0]
    assert found.forward is None
    assert found.early_exercise is None
    assert set(found.call.rejected) == {Rejection.NO_FORWARD}
    european = replace(paying.slices[0], exercise="european")
    untouched = solve(replace(paying, slices=(european,)))
    assert without_early_exercise(untouched) is untouched
