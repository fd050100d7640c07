"""Chains that many look at: solved once a second, and as a viewer of one's own shows them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from optionix_core.errors import UnknownNameError
from optionix_core.services.chain_view import ChainViewer
from optionix_core.services.feeds import open_feed
from optionix_core.services.shared_chains import SharedChainViewer

NOW = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)


@pytest.fixture
def asked(monkeypatch):
    """Moments at which a single expiry was asked of the feed."""
    feed, moments = open_feed("sim", seed=20), []
    chain = feed.chain
    monkeypatch.setattr(feed, "chain", lambda name, at, *some: moments.append((at, some)) or chain(name, at, *some))
    return feed, moments


def test_within_a_second_everybody_has_the_same_view_and_it_is_solved_once(asked):
    feed, moments = asked
    expiry, root = feed.expiries("ORBIT", NOW)[3]
    viewer = SharedChainViewer(feed)
    with ThreadPoolExecutor(8) as pool:
        later = [NOW + timedelta(milliseconds=100 * number) for number in range(8)]
        views = list(pool.map(lambda at: viewer.view("ORBIT", at, expiry, root), later))
    assert len({id(view) for view in views}) == 1
    assert sum(some == (expiry, root) for _, some in moments) == 1
    assert views[0].rows == ChainViewer(feed).view("ORBIT", views[0].moment, expiry, root).rows


def test_the_next_second_is_solved_anew(asked):
    feed, _ = asked
    expiry, root = feed.expiries("ORBIT", NOW)[3]
    viewer = SharedChainViewer(feed)
    first = viewer.view("ORBIT", NOW, expiry, root)
    second = viewer.view("ORBIT", NOW + timedelta(seconds=1), expiry, root)
    assert (first.moment, second.moment) == (NOW, NOW + timedelta(seconds=1))


def test_what_cannot_be_shown_is_an_error_each_time(asked):
    viewer = SharedChainViewer(asked[0])
    for _ in range(2):
        with pytest.raises(UnknownNameError):
            viewer.view("NOSUCH", NOW)
