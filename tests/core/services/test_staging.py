"""Staged legs: placed by name, rolled, judged, at the quotes of the simulated feed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from optionix_core.errors import InvalidValueError, MissingDataError, UnknownNameError
from optionix_core.market.clock import ManualClock
from optionix_core.services import staging, surfaces, trading
from optionix_core.services.home import HomeFolders
from optionix_core.services.workspace import Workspace

MOMENT = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
EXPIRY = (date(2026, 1, 16), "ORBIT")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    surfaces.prepare("svi")
    home: Path = tmp_path_factory.mktemp("home")
    with Workspace.open(HomeFolders.of(home), clock=ManualClock(MOMENT), seed=20) as opened:
        yield opened


@pytest.fixture(scope="module")
def condor(workspace: Workspace) -> staging.Legs:
    return staging.place(workspace.feed, "iron-condor", "ORBIT", EXPIRY, MOMENT)


def strikes(workspace: Workspace, legs: staging.Legs) -> list[Decimal]:
    return [workspace.feed.instrument(symbol).strike for symbol, _ in legs]


def test_a_name_lays_its_legs_around_the_money(workspace: Workspace, condor: staging.Legs) -> None:
    assert [quantity for _, quantity in condor] == [1, -1, -1, 1]
    assert strikes(workspace, condor) == sorted(strikes(workspace, condor))
    forward = workspace.feed.chain("ORBIT", MOMENT, *EXPIRY).spot
    assert forward is not None
    low, high = strikes(workspace, condor)[1:3]
    assert float(low) < forward < float(high)


def test_strikes_a_centre_units_and_the_other_side_can_be_told(workspace: Workspace, condor: staging.Legs) -> None:
    told = staging.place(
        workspace.feed, "iron-condor", "ORBIT", EXPIRY, MOMENT, strikes=strikes(workspace, condor), units=2
    )
    assert told == tuple((symbol, 2 * quantity) for symbol, quantity in condor)
    higher = staging.place(workspace.feed, "straddle", "ORBIT", EXPIRY, MOMENT, centre=230.4, short=True)
    assert strikes(workspace, higher) == [Decimal(230), Decimal(230)]
    assert [quantity for _, quantity in higher] == [-1, -1]


def test_a_calendar_takes_the_expiry_that_is_listed_next(workspace: Workspace) -> None:
    legs = staging.place(workspace.feed, "calendar", "ORBIT", EXPIRY, MOMENT)
    near, far = (workspace.feed.instrument(symbol) for symbol, _ in legs)
    listed = workspace.feed.expiries("ORBIT", MOMENT)
    assert (near.expiry, near.root) == EXPIRY
    assert (far.expiry, far.root) == listed[listed.index(EXPIRY) + 1]
    assert near.strike == far.strike


def test_stock_of_a_strategy_counts_in_shares(workspace: Workspace) -> None:
    legs = staging.place(workspace.feed, "covered-call", "ORBIT", EXPIRY, MOMENT, units=3)
    assert legs[0] == ("ORBIT", 300)
    assert legs[1][1] == -3
    assert staging.order_terms(legs).quantity == 3


def test_mistakes_of_a_placement_name_what_would_do(workspace: Workspace) -> None:
    with pytest.raises(UnknownNameError, match="iron-condor"):
        staging.place(workspace.feed, "iron-kondor", "ORBIT", EXPIRY, MOMENT)
    with pytest.raises(InvalidValueError, match="strikes"):
        staging.place(workspace.feed, "iron-condor", "ORBIT", EXPIRY, MOMENT, strikes=[Decimal(200)])
    with pytest.raises(InvalidValueError, match="near it are"):
        staging.place(workspace.feed, "long-call", "ORBIT", EXPIRY, MOMENT, strikes=[Decimal("200.01")])
    with pytest.raises(InvalidValueError, match="expiry"):
        staging.place(workspace.feed, "long-call", "ORBIT", (date(2026, 1, 17), "ORBIT"), MOMENT)
    last = workspace.feed.expiries("ORBIT", MOMENT)[-1]
    with pytest.raises(InvalidValueError, match="two, for long-call-calendar"):
        staging.place(workspace.feed, "calendar", "ORBIT", last, MOMENT)


def test_rolling_up_and_down_again_changes_nothing(workspace: Workspace, condor: staging.Legs) -> None:
    up = staging.roll_strikes(workspace.feed, condor, 1, MOMENT)
    assert all(a > b for a, b in zip(strikes(workspace, up), strikes(workspace, condor), strict=True))
    assert staging.roll_strikes(workspace.feed, up, -1, MOMENT) == condor
    later = staging.roll_expiries(workspace.feed, condor, 1, MOMENT)
    assert strikes(workspace, later) == strikes(workspace, condor)
    assert staging.roll_expiries(workspace.feed, later, -1, MOMENT) == condor
    with pytest.raises(InvalidValueError, match="strike must be listed"):
        staging.roll_strikes(workspace.feed, condor, 500, MOMENT)
    with pytest.raises(InvalidValueError, match="expiry must be listed"):
        staging.roll_expiries(workspace.feed, condor, -50, MOMENT)


def test_a_condor_is_judged_as_the_gate_and_the_payoff_see_it(workspace: Workspace, condor: staging.Legs) -> None:
    found = staging.evaluate(workspace, condor, MOMENT)
    assert found.report.strategy.name == "iron-condor"
    payoff = found.report.expiry_payoff
    assert payoff is not None
    assert payoff.max_gain is not None
    assert payoff.max_loss is not None
    assert len(payoff.breakevens) == 2
    price = found.report.price
    assert price is not None
    assert price.natural is not None
    assert payoff.max_gain == -price.natural * 100  # a credit is all that can be made
    width = strikes(workspace, condor)[1] - strikes(workspace, condor)[0]
    assert payoff.max_gain + payoff.max_loss == width * 100
    assert found.asked.need is not None
    assert found.asked.need.before == 0
    assert found.asked.need.after == width * 100
    assert found.report.probability is not None
    assert 0.0 < found.report.probability.value < 1.0
    assert found.asked.fees == Decimal("2.60")
    assert all(check.passed for check in found.asked.checks), found.asked.checks
    assert found.asked.margin is not None
    assert found.asked.margin.before == 0.0
    assert 0.0 < found.asked.margin.after <= float(width) * 100
    assert found.report.greeks is not None
    expiry = np.array(found.expiry)
    assert expiry[:, 1].max() == pytest.approx(float(payoff.max_gain))
    assert expiry[:, 1].min() == pytest.approx(-float(payoff.max_loss))
    assert len(found.today) == len(found.expiry)
    assert found.density


def test_one_sold_call_has_no_bound(workspace: Workspace) -> None:
    legs = staging.place(workspace.feed, "short-call", "ORBIT", EXPIRY, MOMENT)
    found = staging.evaluate(workspace, legs, MOMENT)
    assert found.asked.need == staging.Need(Decimal(0), None)
    assert found.report.expiry_payoff is not None
    assert found.report.expiry_payoff.max_loss is None
    assert not all(check.passed for check in found.asked.checks)


def test_two_expiries_are_told_by_the_model(workspace: Workspace) -> None:
    legs = staging.place(workspace.feed, "calendar", "ORBIT", EXPIRY, MOMENT)
    found = staging.evaluate(workspace, legs, MOMENT)
    assert found.report.expiry_payoff is None
    assert found.report.model_payoff is not None
    assert found.expiry
    assert found.today


def test_what_is_staged_can_be_sent_as_it_was_judged(workspace: Workspace, condor: staging.Legs) -> None:
    terms = staging.order_terms(tuple((symbol, 2 * quantity) for symbol, quantity in condor))
    assert terms.quantity == 2
    assert sorted(leg.ratio for leg in terms.legs) == [-1, -1, 1, 1]
    preview = trading.preview_terms(workspace, terms)
    assert preview.combination is not None
    assert preview.combination.strategy == "iron-condor"


def test_legs_that_do_not_belong_together_are_refused(workspace: Workspace, condor: staging.Legs) -> None:
    other = workspace.feed.expiries("TUNDRA", MOMENT)[0]
    strange = staging.place(workspace.feed, "long-call", "TUNDRA", other, MOMENT)
    with pytest.raises(InvalidValueError, match="of one underlying"):
        staging.evaluate(workspace, (*condor, *strange), MOMENT)
    with pytest.raises(InvalidValueError, match="at least one option"):
        staging.evaluate(workspace, (("ORBIT", 100),), MOMENT)
    far = [row for row in workspace.feed.chain("ORBIT", MOMENT, *EXPIRY).slices[0].call.symbols if row][-1]
    with pytest.raises(MissingDataError, match="no bid to sell at"):
        staging.evaluate(workspace, ((far, -1),), MOMENT)
