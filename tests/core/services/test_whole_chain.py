"""A single expiry takes its rate, its spot and its calendar spreads from the whole chain."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from math import log
from pathlib import Path

import numpy as np
import pytest

from optionix_core.feeds import files
from optionix_core.feeds.simulated import SimulatedFeed
from optionix_core.market.chain import OptionChain
from optionix_core.services.chain_view import ChainViewer
from optionix_core.services.whole_chain import LIVE, WholeChains
from optionix_core.volatility.arbitrage import check_chain
from optionix_core.volatility.lint import row_texts
from optionix_core.volatility.solve import solve

MOMENT = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
LATE_FILE = "chains/SPX_2023-02-07_abasuray.csv"
"""Option quotes of 16:15 in New York beside the index's 16:00 value of 4,164.00."""


@pytest.fixture(scope="module")
def chain(shared_data: Path) -> OptionChain:
    return files.read(shared_data / LATE_FILE)


@pytest.fixture(scope="module")
def viewer(chain: OptionChain) -> ChainViewer:
    return ChainViewer(files.FileFeed(chain, "file:SPX"))


class Shifted(SimulatedFeed):
    """The simulated feed with an underlying's price that is of another moment."""

    def chain(
        self, underlying: str, moment: datetime, expiry: date | None = None, root: str | None = None
    ) -> OptionChain:
        told = super().chain(underlying, moment, expiry, root)
        return replace(told, spot=None if told.spot is None else told.spot * 1.01)


@pytest.mark.parametrize("expiry", [date(2023, 2, 10), date(2023, 3, 17)])
def test_the_carry_of_a_file_is_of_the_spot_that_the_solve_used(
    chain: OptionChain, viewer: ChainViewer, expiry: date
) -> None:
    whole = solve(chain)
    view = viewer.view("SPX", MOMENT, expiry)
    assert whole.spot_source == "implied"
    assert (view.spot, view.spot_source, view.last) == (whole.spot, "implied", 4164.0)
    assert view.rate is not None
    assert view.forward is not None
    assert view.spot is not None
    assert view.carry == pytest.approx(view.rate - log(view.forward / view.spot) / view.years, rel=1e-12)
    # the S&P 500's dividend yield was about 1.7% in February 2023; by the header's spot it would be 25% over 3 days
    assert view.days < 7 or abs((view.carry or 0.0) - 0.017) < 0.004


def test_a_view_of_a_file_has_the_numbers_of_the_whole_chain(chain: OptionChain, viewer: ChainViewer) -> None:
    expected = solve(chain).slice(date(2023, 2, 17), "SPXW")
    view = viewer.view("SPX", MOMENT, date(2023, 2, 17), "SPXW")
    for side, columns in (("call", expected.call), ("put", expected.put)):
        for name in ("iv", "delta", "theta"):
            shown = [getattr(getattr(row, side), name) for row in view.rows]
            told = [None if np.isnan(value) else value for value in getattr(columns, name).tolist()]
            assert shown == told


def test_a_file_opens_on_its_first_expiry_that_had_not_settled(viewer: ChainViewer) -> None:
    view = viewer.view("SPX", MOMENT)
    assert view.expiries[0].expiry == date(2023, 2, 7)  # settled at 16:00, a quarter of an hour before the quotes
    assert view.expiry == date(2023, 2, 8)
    assert view.forward is not None


def test_a_spot_of_another_moment_follows_the_forward_while_quotes_move() -> None:
    feed, late = SimulatedFeed(seed=20), Shifted(seed=20)
    viewer = ChainViewer(late)
    for seconds in (0, 20):  # the second is served by the whole chain of the first
        moment = MOMENT + timedelta(seconds=seconds)
        listed = late.expiries("ORBIT", moment)[2]
        view = viewer.view("ORBIT", moment, *listed)
        true = feed.spot("ORBIT", moment).last
        assert view.spot_source == "implied"
        assert view.spot == pytest.approx(true, rel=5e-4)
        assert view.last == pytest.approx(1.01 * (true or 0.0))


def test_a_good_spot_stays_the_source_s() -> None:
    view = ChainViewer(SimulatedFeed(seed=20)).view("ORBIT", MOMENT)
    assert view.spot_source == "source"
    assert view.spot == view.last


def test_the_whole_chain_is_solved_again_when_it_is_old_and_once_for_a_file(chain: OptionChain) -> None:
    moving = WholeChains(SimulatedFeed(seed=20))
    first = moving.at("ORBIT", MOMENT)
    assert moving.at("ORBIT", MOMENT + LIVE / 2) is first
    assert moving.at("ORBIT", MOMENT + LIVE).moment == MOMENT + LIVE
    still = WholeChains(files.FileFeed(chain, "file:SPX"))
    assert still.at("SPX", MOMENT) is still.at("SPX", MOMENT + timedelta(days=1))


def test_rows_carry_the_lint_of_their_strike(chain: OptionChain, viewer: ChainViewer) -> None:
    solved = solve(chain)
    found = check_chain(solved)
    seen = 0
    for item in solved.slices[:12]:
        view = viewer.view("SPX", MOMENT, item.source.expiry, item.source.root)
        assert tuple(row.lint for row in view.rows) == row_texts(item, found)
        seen += sum(bool(row.lint) for row in view.rows)
    assert seen > 0


def test_a_crossed_wing_is_told_as_a_butterfly() -> None:
    class Bent(SimulatedFeed):
        """One call whose bid is above what its neighbours allow."""

        def chain(
            self, underlying: str, moment: datetime, expiry: date | None = None, root: str | None = None
        ) -> OptionChain:
            told = super().chain(underlying, moment, expiry, root)
            slices = []
            for item in told.slices:
                bid, ask = item.call.bid.copy(), item.call.ask.copy()
                middle = item.strikes.size // 2
                bid[middle] += 1.0
                ask[middle] += 1.0
                slices.append(replace(item, call=replace(item.call, bid=bid, ask=ask)))
            return replace(told, slices=tuple(slices))

    feed = Bent(seed=20)
    listed = feed.expiries("ORBIT", MOMENT)[2]
    view = ChainViewer(feed).view("ORBIT", MOMENT, *listed)
    bent = view.rows[len(view.rows) // 2]
    assert bent.lint.startswith(("butterfly", "vertical", "calendar"))
    assert any(one.kind.value == "butterfly" and one.strike == bent.strike for one in view.violations)
