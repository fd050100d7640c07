"""Exotics in scenarios against the pricing functions, and what no scenario can say of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from optionix_core.errors import DomainError, MissingDataError
from optionix_core.pricing import asian, barrier, digital, lookback
from optionix_core.pricing.contracts import (
    AsianOption,
    BarrierOption,
    CashOrNothingOption,
    CliquetOption,
    ExchangeOption,
    FloatingLookbackOption,
    ForwardStartOption,
)
from optionix_core.pricing.models import HestonModel
from optionix_core.risk.book import Position, PositionKind
from optionix_core.risk.executors import ThreadExecutor
from optionix_core.risk.exotic_values import standing
from optionix_core.risk.revaluation import revalue
from optionix_core.risk.scenario_builders import from_moves, grid, unchanged

from .risk_books import book, mixed_options, option, wild_scenarios


def exotic(contract: Any, **changes: Any) -> Position:
    terms: dict[str, Any] = {
        "id": "X",
        "underlying": "COMET",
        "quantity": -3.0,
        "multiplier": 10.0,
        "kind": PositionKind.EXOTIC,
        "contract": contract,
        "volatility": 0.3,
    }
    return Position(**(terms | changes))


def test_a_digital_is_repriced_in_every_scenario() -> None:
    held = book(exotic(CashOrNothingOption(expiry=0.5, option_type="call", strike=52.0, cash=5.0)))
    scenarios = grid((-0.1, 0.0, 0.2), (0.0, 0.05), (0.0, 73.0))
    values = revalue(held, scenarios).values[0].reshape(3, 2, 2)
    today = digital.cash_or_nothing("call", 50.0, 52.0, 0.5, 0.02, 0.01, 0.3, cash=5.0)
    for place, spot in enumerate((45.0, 50.0, 60.0)):
        for level, volatility in enumerate((0.3, 0.35)):
            for gone, left in enumerate((0.5, 0.3)):
                later = digital.cash_or_nothing("call", spot, 52.0, left, 0.02, 0.01, volatility, cash=5.0)
                expected = -30.0 * 1.1 * (later - today)
                assert values[place, level, gone] == pytest.approx(expected, abs=1e-10)
    assert values[1, 0, 0] == 0.0


def test_a_barrier_beyond_which_a_scenario_goes_is_met() -> None:
    terms = {"expiry": 0.5, "option_type": "put", "strike": 52.0, "barrier_type": "down-out", "barrier": 40.0}
    held = book(exotic(BarrierOption(**terms, rebate=1.0)))  # type: ignore[arg-type]
    values = revalue(held, grid((-0.1, -0.25))).values[0]
    today = barrier.price("put", "down-out", 50.0, 52.0, 40.0, 1.0, 0.5, 0.02, 0.01, 0.3)
    later = barrier.price("put", "down-out", 45.0, 52.0, 40.0, 1.0, 0.5, 0.02, 0.01, 0.3)
    assert values == pytest.approx([-30.0 * 1.1 * (later - today), -30.0 * 1.1 * (1.0 - today)], abs=1e-9)


def test_a_lookback_takes_the_new_price_into_its_extreme() -> None:
    held = book(exotic(FloatingLookbackOption(expiry=0.5, option_type="call", running_extreme=48.0)))
    values = revalue(held, grid((-0.2, 0.1))).values[0]
    today = lookback.floating_price("call", 50.0, 48.0, 0.5, 0.02, 0.01, 0.3)
    low = lookback.floating_price("call", 40.0, 40.0, 0.5, 0.02, 0.01, 0.3)
    high = lookback.floating_price("call", 55.0, 48.0, 0.5, 0.02, 0.01, 0.3)
    assert values == pytest.approx([-33.0 * (low - today), -33.0 * (high - today)], abs=1e-9)


def test_fixings_still_to_come_move_nearer() -> None:
    contract = AsianOption(
        expiry=0.5, option_type="call", strike=50.0, average="geometric", fixing_times=(0.2, 0.35, 0.5)
    )
    values = revalue(book(exotic(contract)), grid((0.1,), days=(36.5,))).values[0]
    today = asian.geometric_price("call", 50.0, 50.0, 0.5, 0.02, 0.01, 0.3, fixing_times=(0.2, 0.35, 0.5))
    later = asian.geometric_price("call", 55.0, 50.0, 0.4, 0.02, 0.01, 0.3, fixing_times=(0.1, 0.25, 0.4))
    assert values[0] == pytest.approx(-33.0 * (later - today), abs=1e-9)


@pytest.mark.parametrize(
    ("contract", "words"),
    [
        (AsianOption(expiry=0.5, option_type="call", strike=50.0), "asian depends on prices on the way"),
        (FloatingLookbackOption(expiry=0.5, option_type="call"), "floating-lookback depends on prices on the way"),
        (CliquetOption(expiry=0.5, reset_times=(0.25, 0.5)), "cliquet depends on prices on the way"),
        (ForwardStartOption(expiry=0.5, option_type="call", moneyness=1.0, start=0.01), "start has 0.01 years, inside"),
        (
            AsianOption(expiry=0.5, option_type="call", strike=50.0, fixing_times=(0.01, 0.5)),
            "fixing_times has 0.01 years, inside",
        ),
    ],
)
def test_what_depends_on_the_way_is_refused_where_days_pass(contract: Any, words: str) -> None:
    with pytest.raises(DomainError, match=words):
        revalue(book(exotic(contract)), grid((0.0,), days=(10.0,)))


def test_the_refusal_names_position_and_scenario() -> None:
    held = book(exotic(FloatingLookbackOption(expiry=0.5, option_type="call")))
    with pytest.raises(DomainError, match=r"position X in scenario 'spot \+0, volatility \+0, 10 days'"):
        revalue(held, grid((0.0,), days=(10.0,)))


def test_a_model_of_its_own_is_kept_and_volatility_moves_are_refused() -> None:
    model = HestonModel(v0=0.09, kappa=1.0, theta=0.09, sigma=0.5, rho=-0.5)
    contract = CashOrNothingOption(expiry=0.5, option_type="put", strike=50.0)
    held = book(exotic(contract, model=model, volatility=None))
    assert revalue(held, grid((-0.1, 0.1))).values[0, 0] < 0.0 < revalue(held, grid((-0.1, 0.1))).values[0, 1]
    with pytest.raises(DomainError, match="position X has a model of its own"):
        revalue(held, grid((0.0,), (0.05,)))


def test_an_exotic_without_volatility_asks_the_surface_at_its_strike() -> None:
    contract = CashOrNothingOption(expiry=0.5, option_type="call", strike=52.0)
    held = book(exotic(contract, volatility=None))
    volatility = float(held.market.implied_volatility("COMET", 52.0, 0.5))
    today = digital.cash_or_nothing("call", 50.0, 52.0, 0.5, 0.02, 0.01, volatility)
    assert revalue(held, unchanged()).base[0] == pytest.approx(-33.0 * today, abs=1e-10)
    bare = exotic(ForwardStartOption(expiry=0.5, option_type="call", moneyness=1.0, start=0.2), volatility=None)
    with pytest.raises(MissingDataError, match="position X: no strike to ask a surface at"):
        revalue(book(bare), unchanged())


def test_a_contract_on_two_underlyings_is_refused() -> None:
    with pytest.raises(DomainError, match="position X: a contract of kind exchange on several underlyings"):
        revalue(book(exotic(ExchangeOption(expiry=0.5))), unchanged())


def test_what_has_ended_pays() -> None:
    contract = CashOrNothingOption(expiry=0.05, option_type="call", strike=52.0, cash=5.0)
    assert standing(contract, 50.0, 50.0, 0.05) is None
    matrix = revalue(book(exotic(contract)), grid((0.0, 0.1), days=(30.0,)))
    assert matrix.values[0] + matrix.base[0] == pytest.approx([0.0, -30.0 * 1.1 * 5.0], abs=1e-10)


def test_exotics_and_options_of_one_expiry_share_a_row_of_groups() -> None:
    digital_call = CashOrNothingOption(expiry=90 / 365, option_type="call", strike=52.0)
    held = book(exotic(digital_call), option("O", underlying="COMET"), *mixed_options(5))
    scenarios = from_moves([f"s{n}" for n in range(150)], {u: np.linspace(-0.2, 0.2, 150) for u in ("ORBIT", "COMET")})
    single, grouped = revalue(held, scenarios), revalue(held, scenarios, ThreadExecutor(3), kept="group")
    day = next(row.expiry for row in single.rows if row.name == "X")
    row = next(place for place, row in enumerate(grouped.rows) if (row.underlying, row.expiry) == ("COMET", day))
    assert grouped.rows[row].positions == 2
    assert grouped.values[row] == pytest.approx(single.row("X") + single.row("O"), abs=1e-9)
    assert np.array_equal(grouped.values, revalue(held, scenarios, ThreadExecutor(1), kept="group").values)


def test_wild_scenarios_move_an_exotic_as_an_option_of_its_strike() -> None:
    """A put by the engine is the European put of the kernel: same spot, rate, yield and volatility in each cell."""
    from optionix_core.pricing.contracts import EuropeanOption

    held = book(
        exotic(EuropeanOption(expiry=100 / 365, option_type="put", strike=47.0), volatility=None),
        option("O", underlying="COMET", option_type="put", strike=47.0, days=100.0, quantity=-3.0, multiplier=10.0),
    )
    values = revalue(held, wild_scenarios(40)).values
    assert values[0] == pytest.approx(values[1], abs=1e-9)
