"""The market that an opening tells: one spelling, and nothing else is read as one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError
from optionix_core.feeds.simulated.venue import SessionMode
from optionix_core.portfolio.ledger import account_opened_event
from optionix_core.portfolio.venue_market import HIGHEST_SEED, SESSIONS, VenueMarket, market_of, market_spelled
from optionix_core.sync.canonical import decode, encode

NOW = datetime(2026, 1, 5, 15, tzinfo=UTC)
GOOD = {"feed": "sim", "seed": "20", "session": "continuous"}


@given(st.integers(0, HIGHEST_SEED), st.sampled_from(sorted(SESSIONS)))
def test_a_market_comes_back_from_the_fact_that_opens_an_account(seed: int, session: str) -> None:
    market = VenueMarket(seed, session)
    event = account_opened_event("paper-1", "local-sim", "USD", NOW, market)
    assert market_of(decode(encode(event)).payload) == market


def test_an_opening_without_a_market_has_the_bytes_that_it_always_had() -> None:
    event = account_opened_event("paper-1", "local-sim", "USD", NOW)
    assert market_of(event.payload) is None
    assert event.payload == {"account": "paper-1", "currency": "USD", "venue": "local-sim"}


def test_the_sessions_are_those_of_the_simulated_venue() -> None:
    assert frozenset(get_args(SessionMode)) == SESSIONS


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ("sim", "market"),
        ({}, "market"),
        (GOOD | {"speed": "2"}, "market"),
        (GOOD | {"feed": "deribit"}, "market.feed"),
        (GOOD | {"seed": 20}, "market.seed"),
        (GOOD | {"seed": "020"}, "market.seed"),
        (GOOD | {"seed": "-1"}, "market.seed"),
        (GOOD | {"seed": ""}, "market.seed"),
        (GOOD | {"seed": "٣"}, "market.seed"),
        (GOOD | {"seed": str(HIGHEST_SEED + 1)}, "market.seed"),
        (GOOD | {"seed": "9" * 5000}, "market.seed"),
        (GOOD | {"session": "night"}, "market.session"),
        (GOOD | {"session": None}, "market.session"),
    ],
)
def test_what_is_no_market_is_refused_by_its_field(told: Any, field: str) -> None:
    with pytest.raises(InvalidValueError) as refused:
        market_spelled(told)
    assert refused.value.field == field
