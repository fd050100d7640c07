"""Shares beside options: their keys, the steps of their prices, and who lists them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from optionix_core.errors import InvalidValueError, RefusedError, UnknownNameError
from optionix_core.feeds.simulated import SimulatedFeed
from optionix_core.market import symbols
from optionix_core.market.instruments import Share
from optionix_core.market.products import SHARE
from optionix_core.market.protocols import ListsShares


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("ORBIT", "ORBIT"),
        (" orbit ", "ORBIT"),
        ("brk.b", "BRK.B"),
        ("ORBIT 16JAN26 230 C", "ORBIT 260116C00230000"),
        ("ORBIT260116C00230000", "ORBIT 260116C00230000"),
        ("BTC-27DEC24-100000-C", "BTC-27DEC24-100000-C"),
    ],
)
def test_a_security_is_an_option_in_any_form_or_the_symbol_of_a_share(text, key):
    assert symbols.security(text) == key
    assert symbols.is_share(key) is ("26" not in key and "-" not in key)


@pytest.mark.parametrize(
    "text", ["", "1ORBIT", "SOME-THING", "ORBIT 16JAN26", "ELEVENCHARS", "claim/ORBIT/x", "OR BIT"]
)
def test_what_is_neither_is_refused_by_name(text):
    with pytest.raises(InvalidValueError, match="symbol must be the symbol of a share, or an option such as"):
        symbols.security(text)


@pytest.mark.parametrize(
    ("price", "step"),
    # Rule 612 of Regulation NMS (17 CFR 242.612): 0.01 for quotations of 1.00 dollar and more, 0.0001 below.
    [("0.0001", "0.0001"), ("0.9999", "0.0001"), ("1", "0.01"), ("250", "0.01")],
)
def test_the_steps_of_a_share_s_price_are_those_of_rule_612(price, step):
    assert SHARE.at(Decimal(price)) == Decimal(step)


def test_a_share_is_priced_by_itself_and_never_expires():
    share = Share("ORBIT", "USD")
    assert (share.multiplier, share.expires_at, share.underlying, share.label) == (1, None, "ORBIT", "ORBIT")


def test_the_simulated_venue_lists_its_companies_and_refuses_its_index():
    feed = SimulatedFeed()
    assert isinstance(feed, ListsShares)
    assert [feed.share(name).symbol for name in ("ORBIT", "QUASAR")] == ["ORBIT", "QUASAR"]
    with pytest.raises(RefusedError, match="TUNDRA is an index, which nobody can hold"):
        feed.share("TUNDRA")
    with pytest.raises(UnknownNameError, match="NOSUCH"):
        feed.share("NOSUCH")
