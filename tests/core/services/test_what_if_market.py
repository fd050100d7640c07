"""Where the market has an option or several legs, and what these would be worth elsewhere; on the simulated feed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from optionix_core.errors import DomainError, InvalidValueError, MissingDataError, UnknownNameError
from optionix_core.market.clock import ManualClock
from optionix_core.services import contract_pricing, surfaces, what_if, what_if_json, what_if_legs
from optionix_core.services.chain_view import ChainView, ChainViewer
from optionix_core.services.home import HomeFolders
from optionix_core.services.what_if_legs import Moves, legs_view
from optionix_core.services.what_if_legs_market import Asked, LegsMarket, read_legs
from optionix_core.services.what_if_market import market_of
from optionix_core.services.workspace import Workspace

MOMENT = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def viewer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChainViewer]:
    home = HomeFolders.of(Path(tmp_path_factory.mktemp("home")))
    with Workspace.open(home, clock=ManualClock(MOMENT), seed=20) as workspace:
        yield ChainViewer(workspace.feed)


@pytest.fixture(scope="module")
def view(viewer: ChainViewer) -> ChainView:
    return viewer.view("ORBIT", MOMENT, *viewer.feed.expiries("ORBIT", MOMENT)[3])


@pytest.fixture(scope="module")
def condor(viewer: ChainViewer, view: ChainView) -> LegsMarket:
    return read_legs(viewer, legs_of(view), MOMENT)


def legs_of(view: ChainView) -> list[Asked]:
    at = [row.strike for row in view.rows].index(view.at_the_money or 0.0)
    rows = view.rows
    return [
        Asked(rows[at - 3].put.symbol or "", Decimal(1)),
        Asked(rows[at - 1].put.symbol or "", Decimal(-1)),
        Asked(rows[at + 1].call.symbol or "", Decimal(-1)),
        Asked(rows[at + 3].call.symbol or "", Decimal(1)),
    ]


def test_an_option_at_the_market_is_worth_its_mid(view: ChainView) -> None:
    for row in view.rows:
        for side in row.sides:
            if side.symbol is None or side.iv is None:
                continue
            found = market_of(view, side.symbol)
            assert found.reasons == {}
            assert contract_pricing.price(what_if.request(found.options)).price == pytest.approx(found.mid, abs=1e-9)


def test_an_american_option_at_the_market_is_worth_its_mid_too(view: ChainView) -> None:
    american = replace(view, exercise="american")
    row = next(row for row in view.rows if row.strike == view.at_the_money)
    found = market_of(american, row.put.symbol or "")
    assert found.options.style == "american"
    assert found.options.volatility is not None
    assert found.options.volatility < (row.put.iv or 0.0)
    assert contract_pricing.price(what_if.request(found.options)).price == pytest.approx(found.mid, abs=1e-5)


def test_what_the_market_does_not_tell_stays_open_and_says_why(view: ChainView) -> None:
    row = view.rows[len(view.rows) // 2]
    silent = row.call._replace(iv=None, rejected="no bid")
    dark = replace(view, spot=None, rate=None, carry=None, rows=(row._replace(call=silent),))
    found = market_of(dark, row.call.symbol or "")
    assert found.options.spot is found.options.rate is found.options.volatility is None
    assert set(found.reasons) == {"spot", "rate", "dividend_yield", "volatility"}
    assert "no bid" in found.reasons["volatility"]


def test_an_option_that_is_not_listed_is_named(view: ChainView) -> None:
    with pytest.raises(UnknownNameError, match="ORBIT 991231C00000001"):
        market_of(view, "ORBIT 991231C00000001")


def test_legs_at_the_market_have_made_nothing(condor: LegsMarket) -> None:
    found = legs_view(condor)
    assert condor.strategy.name == "iron-condor"
    assert found.profit == pytest.approx(0.0, abs=1e-6)
    assert found.report is not None
    assert found.report.greeks is not None
    for name in ("delta", "gamma", "vega", "theta", "rho"):
        assert dict(found.greeks)[name] == pytest.approx(getattr(found.report.greeks, name), rel=1e-9)
    exact = found.report.expiry_payoff
    assert exact is not None
    np.testing.assert_allclose(found.picture.curves[-1].values, exact.curve(found.picture.spots), atol=1e-6)


def test_moved_legs_are_those_of_the_moved_market(condor: LegsMarket) -> None:
    still = legs_view(condor, full=False)
    spot = float(still.picture.spots[40])
    there = legs_view(condor, Moves(spot=spot), full=False)
    assert there.profit == pytest.approx(float(still.picture.curves[0].values[40]), abs=1e-6)
    later = legs_view(condor, Moves(spot=spot, elapsed=still.picture.curves[1].elapsed), full=False)
    assert later.profit == pytest.approx(float(still.picture.curves[1].values[40]), abs=1e-6)
    assert still.grid is not None
    bumped = legs_view(condor, Moves(volatility=0.05), full=False)
    row = still.grid.lines.index(0.05)
    assert still.grid.changes[row][4] == pytest.approx(bumped.profit - still.profit, abs=1e-6)


@pytest.mark.parametrize("name", ["rate", "dividend_yield"])
def test_rho_and_epsilon_are_the_slopes_of_these_moves(condor: LegsMarket, name: str) -> None:
    greek = {"rate": "rho", "dividend_yield": "epsilon"}[name]
    step = 1e-5
    up, down = (legs_view(condor, Moves(**{name: side * step}), full=False).profit for side in (1.0, -1.0))
    slope = (up - down) / (2.0 * step)
    assert dict(legs_view(condor, full=False).greeks)[greek] == pytest.approx(slope, rel=1e-5)


def test_with_a_smile_the_odds_are_the_smiles(viewer: ChainViewer, view: ChainView, condor: LegsMarket) -> None:
    smile = surfaces.fit(viewer.feed.chain("ORBIT", MOMENT, view.expiry, view.root)).surface
    found = legs_view(condor, surface=smile)
    assert found.report is not None
    assert found.report.probability is not None
    assert found.report.probability.method == "smile (svi)"
    assert not isinstance(found.density, str)
    assert found.density.source == "smile (svi)"
    document = what_if_json.legs(found)
    assert document["name"] == "iron-condor"
    assert document["probability_of_profit"] == found.report.probability.value
    assert document["greeks"]["vega"] == pytest.approx(dict(found.greeks)["vega"] / 100.0)


def test_legs_that_end_now_have_a_profit_and_no_greeks(condor: LegsMarket) -> None:
    found = legs_view(condor, Moves(elapsed=condor.terms.nearest))
    assert found.report is None
    assert found.picture.curves[0].elapsed == 0.0
    assert len(found.picture.curves) == 1
    assert isinstance(found.density, str)


def test_inputs_of_legs_move_and_go_back(condor: LegsMarket) -> None:
    moves = what_if_legs.moved(condor, Moves(), "expiry", condor.terms.nearest - 0.01)
    assert moves.elapsed == pytest.approx(0.01)
    for name in ("spot", "volatility", "expiry", "rate", "dividend_yield"):
        assert what_if_legs.reach_of(condor, name).low <= what_if_legs.reach_of(condor, name).high
        moves = what_if_legs.moved(condor, moves, name, None)
    assert what_if_legs.inputs(condor, moves) == what_if_legs.inputs(condor, Moves())


@pytest.mark.parametrize(
    ("moves", "words"),
    [
        (Moves(spot=0.0), "spot must be positive"),
        (Moves(volatility=-0.5), "vol move must be above"),
        (Moves(elapsed=1.0), "days that pass must be from 0 to"),
    ],
)
def test_a_move_that_cannot_be_is_named(condor: LegsMarket, moves: Moves, words: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        legs_view(condor, moves)
    assert words in str(caught.value)


def test_legs_that_cannot_be_priced_together_are_refused(viewer: ChainViewer, view: ChainView) -> None:
    legs = legs_of(view)
    other = viewer.view("TUNDRA", MOMENT)
    foreign = next(row.call.symbol for row in other.rows if row.call.symbol)
    for asked, words in (
        ([], "legs must be at least one"),
        ([legs[0], legs[0]], "each instrument once"),
        ([legs[0], Asked(foreign, Decimal(1))], "of one underlying"),
        ([Asked("ORBIT", Decimal(100))], "with at least one option"),
    ):
        with pytest.raises(InvalidValueError) as caught:
            read_legs(viewer, asked, MOMENT)
        assert words in str(caught.value)


def test_a_covered_call_counts_its_shares(viewer: ChainViewer, view: ChainView) -> None:
    call = legs_of(view)[2]
    found = legs_view(read_legs(viewer, [Asked("ORBIT", Decimal(100)), call], MOMENT))
    assert found.market.strategy.name == "covered-call"
    assert 0.0 < (dict(found.greeks)["delta"] or 0.0) < 100.0


class _Coins(ChainViewer):
    """A chain that is quoted in its underlying, or without bids."""

    def __init__(self, inner: ChainViewer, **changed: object) -> None:
        self._inner, self._changed = inner, changed

    def view(self, *asked: object) -> ChainView:  # type: ignore[override] # as it is called
        return replace(self._inner.view(*asked), **self._changed)  # type: ignore[arg-type] # as above


def test_legs_without_quotes_or_in_coins_are_refused(viewer: ChainViewer, view: ChainView) -> None:
    legs = legs_of(view)
    with pytest.raises(DomainError, match="price it alone"):
        read_legs(_Coins(viewer, inverse=True), legs, MOMENT)
    with pytest.raises(MissingDataError, match="no price of ORBIT"):
        read_legs(_Coins(viewer, spot=None), legs, MOMENT)
    silent = tuple(row._replace(put=row.put._replace(mid=None, rejected="no bid")) for row in view.rows)
    with pytest.raises(MissingDataError, match="no volatility: no bid"):
        read_legs(_Coins(viewer, rows=silent), legs, MOMENT)
