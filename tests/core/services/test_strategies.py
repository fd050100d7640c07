"""Strategies out of the simulated feed's chain, and rolls of them, as every face gets them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pytest

from optionix_core.errors import DomainError, InvalidValueError, MissingDataError, UnknownNameError
from optionix_core.portfolio.strategies.prices import net_price, priced
from optionix_core.portfolio.strategies.recognition import recognise
from optionix_core.portfolio.strategies.selection import Choice, select
from optionix_core.portfolio.strategies.values import Leg
from optionix_core.services import feeds, strategies
from optionix_core.volatility.solve import solve

MOMENT = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
NEAR, FAR = date(2026, 12, 18), date(2027, 1, 15)


@pytest.fixture(scope="module")
def chain():
    """Two expiries of the feed."""
    whole = feeds.open_feed("sim").chain("ORBIT", MOMENT)
    return replace(whole, slices=tuple(one for one in whole.slices if one.expiry in (NEAR, FAR)))


@pytest.fixture(scope="module")
def solved(chain):
    return solve(chain)


def test_strikes_by_delta_are_the_nearest_listed_ones(solved):
    found = select("iron-condor", solved, [FAR], Choice(deltas=(0.1, 0.3, 0.3, 0.1)))
    part = solved.slice(FAR)
    for leg, wanted in zip(found.strategy.legs, (0.1, 0.3, 0.3, 0.1), strict=True):
        deltas = np.abs(part.call.delta if leg.type == "call" else part.put.delta)
        taken = deltas[part.source.strikes == float(leg.strike)]
        assert abs(taken[0] - wanted) == np.nanmin(np.abs(deltas - wanted))


def test_strikes_by_width_lie_around_the_listed_strike_nearest_the_forward(solved):
    found = select("condor", solved, [FAR], Choice(width=Decimal(5)))
    strikes = [leg.strike for leg in found.strategy.legs]
    listed = solved.slice(FAR).source.strikes
    centre = Decimal(str(listed[np.argmin(np.abs(listed - solved.slice(FAR).forward))]))
    assert strikes == [centre - 10, centre - 5, centre + 5, centre + 10]
    assert found.strategy.name == "long-call-condor"


def test_legs_carry_symbol_quote_and_terms_of_their_instrument(chain, solved):
    found = select("calendar", solved, [NEAR, FAR], Choice(strikes=(Decimal(215),)))
    for leg, quote, years, terms in zip(found.strategy.legs, found.quotes, found.years, found.terms, strict=True):
        part = chain.only(leg.expiry).slices[0]
        place = part.strikes.tolist().index(215.0)
        assert leg.symbol == part.call.symbols[place]
        assert (float(quote.bid), float(quote.ask)) == (part.call.bid[place], part.call.ask[place])
        assert years == terms.years == solved.slice(leg.expiry).years


def test_one_strike_for_two_is_refused(solved):
    with pytest.raises(InvalidValueError, match="strikes must be ascending for iron-condor"):
        select("iron-condor", solved, [FAR], Choice(deltas=(0.2,)))
    with pytest.raises(UnknownNameError, match="2027-01-22"):
        select("straddle", solved, [date(2027, 1, 22)], Choice(strikes=(Decimal(215),)))


def test_without_a_bid_there_is_no_mid_but_a_natural_price_to_buy(chain):
    (part,) = chain.only(FAR).slices
    place = part.strikes.tolist().index(215.0)
    bid = part.put.bid.copy()
    bid[place] = 0.0
    cut = replace(chain, slices=(replace(part, put=replace(part.put, bid=bid)),))
    choice = Choice(strikes=(Decimal(215),))
    with pytest.raises(MissingDataError, match=r"leg \+1 put 215 2027-01-15 has no mid: no bid"):
        strategies.build("straddle", cut, [FAR], choice, smile=None)
    found = strategies.build("straddle", cut, [FAR], choice, rule="natural", smile=None)
    assert found.price is not None
    assert (found.price.mid, found.price.natural) == (None, net_price(found.strategy))


def test_a_smile_that_cannot_be_fitted_leaves_no_probability_and_says_why(chain):
    (part,) = chain.only(FAR).slices
    places = [part.strikes.tolist().index(strike) for strike in (210.0, 215.0)]

    def few(side):
        columns = {
            name: getattr(side, name)[places]
            for name in side.__slots__
            if name != "symbols"
        }  # fmt: skip
        return replace(side, symbols=tuple(side.symbols[place] for place in places), **columns)

    cut = replace(chain, slices=(replace(part, strikes=part.strikes[places], call=few(part.call), put=few(part.put)),))
    found = strategies.build("straddle", cut, [FAR], Choice(strikes=(Decimal(215),)), rate=0.04)
    assert found.probability is None
    assert found.no_probability is not None
    assert "can be fitted" in found.no_probability


def test_a_roll_is_one_order_at_one_price(chain, solved):
    held = [Leg(type="put", quantity=Decimal(-2), multiplier=Decimal(100), strike=Decimal(205), expiry=NEAR)]
    found = strategies.roll_in_chain(held, chain, {NEAR: FAR}, {Decimal(205): Decimal(200)})
    assert [leg.label for leg in found.combination.legs] == ["+2 put 205 2026-12-18", "-2 put 200 2027-01-15"]
    assert all(leg.symbol is not None for leg in found.combination.legs)
    by_leg = {}
    for day, strike in ((NEAR, 205.0), (FAR, 200.0)):
        part = solved.slice(day).source
        place = part.strikes.tolist().index(strike)
        by_leg[day] = (part.put.bid[place], part.put.ask[place])
    assert float(found.price.natural) == pytest.approx(by_leg[NEAR][1] - by_leg[FAR][0])
    assert float(found.price.opposite) == pytest.approx(by_leg[NEAR][0] - by_leg[FAR][1])
    assert net_price(priced(found.combination, found.quotes, "natural")) == found.price.natural
    with pytest.raises(InvalidValueError, match="listed for ORBIT 2027-01-15"):
        strategies.roll_in_chain(held, chain, {NEAR: FAR}, {Decimal(205): Decimal("201.5")})
    with pytest.raises(DomainError, match="changes nothing"):
        strategies.roll_in_chain(held, chain)


def test_odds_and_payoff_agree_with_a_surface_fitted_apart(chain):
    from optionix_core.volatility.surface.surface import VolatilitySurface

    built = strategies.build("iron-butterfly", chain, [FAR], Choice(width=Decimal(10)))
    surface = VolatilitySurface.fit(chain.only(FAR), "svi")
    again = strategies.of_surface(recognise(built.strategy.legs), surface)
    assert built.probability is not None
    assert again.probability is not None
    assert again.probability.value == pytest.approx(built.probability.value, abs=1e-4)
    assert again.breakevens == built.breakevens
    assert again.greeks is not None
    assert built.greeks is not None
    assert again.greeks.delta == pytest.approx(built.greeks.delta, abs=1.0)
