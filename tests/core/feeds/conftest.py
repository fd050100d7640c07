"""Feeds are tested with markets of their own."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _own(own_markets: None) -> None:
    """See `own_markets`."""
