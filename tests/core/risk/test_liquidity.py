"""Cost and time to close, and counterparties, by hand."""

from __future__ import annotations

import pytest

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.risk.liquidity import ClosingQuote, closing, counterparties
from optionix_core.risk.stress import stress_grid

from .books import book, option, share


def test_closing_costs_half_the_spread_of_every_unit() -> None:
    # 2 short puts of 100 units bought at 1.30 where the mid is 1.20: 0.10 x 200; 100 shares sold at 99.9: 0.1 x 100.
    held = book(option("p"), share())
    quotes = {"p": ClosingQuote(1.1, 1.3, 10, 4), "shares": ClosingQuote(99.9, 100.1, 50, 70)}
    found = closing(held, quotes, takes_per_day=5.0)
    put, shares = found.positions
    assert (put.price, shares.price) == (pytest.approx(1.3), pytest.approx(99.9))
    assert put.cost == pytest.approx(20.0)
    assert shares.cost == pytest.approx(10.0)
    assert found.cost == pytest.approx(30.0)
    assert (put.displayed, shares.displayed) == (1.0, 0.5)
    assert put.days == pytest.approx(2 / (4 * 5))
    assert found.days == shares.days == pytest.approx(100 / (50 * 5))


def test_costs_are_in_the_reporting_currency_and_widen_with_the_spread() -> None:
    held = book(share("d", "DELTA", -10.0))
    quote = {"d": ClosingQuote(49.0, 51.0, None, None)}
    assert closing(held, quote, 1.0).cost == pytest.approx(10 * 1.0 * 1.1)
    wide = closing(held, quote, 1.0, spread_factor=3.0)
    assert wide.cost == pytest.approx(33.0)
    assert wide.positions[0].price == pytest.approx(53.0)
    assert wide.days is None


@pytest.mark.parametrize(
    ("quote", "reason"),
    [
        (None, "no quote"),
        (ClosingQuote(None, 1.0, None, 5), "no two-sided quote"),
        (ClosingQuote(1.2, 1.0, 5, 5), "crossed quote"),
    ],
)
def test_what_has_no_quote_has_no_cost_and_says_why(quote: ClosingQuote | None, reason: str) -> None:
    found = closing(book(option("p"), share()), {"p": quote} if quote else {}, 1.0)
    assert found.positions[0].cost is None
    assert found.positions[0].reason == reason
    assert found.without_cost == 2
    assert found.cost == 0.0


def test_bounds_of_closing_are_named() -> None:
    with pytest.raises(InvalidValueError, match="takes_per_day must be positive"):
        closing(book(), {}, 0.0)
    with pytest.raises(InvalidValueError, match="spread_factor must be at least 1"):
        closing(book(), {}, 1.0, 0.5)


def test_a_counterparty_owes_what_is_net_and_no_less_than_nothing() -> None:
    held = book(share("long", quantity=10.0), share("short", quantity=-4.0), share("d", "DELTA", -10.0))
    grid = stress_grid(held, (-0.1, 0.2))
    found = counterparties(grid.pnl, {"long": "venue", "short": "venue", "d": "broker"}.get, {"broker": 100.0})
    venue, broker = found["venue"], found["broker"]
    assert (venue.net, venue.gross) == (pytest.approx(600.0), pytest.approx(1000.0))
    assert venue.worst == pytest.approx(720.0)
    assert venue.scenario == grid.pnl.scenarios[1]
    # 100 in cash less 550 owed.
    assert (broker.net, broker.gross, broker.worst, broker.scenario) == (0.0, 100.0, 0.0, grid.pnl.scenarios[0])
    with pytest.raises(MissingDataError, match="the counterparty of position long is not known"):
        counterparties(grid.pnl, lambda _: None)
