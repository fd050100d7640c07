"""Accounts that a device matches, as their owner's terminal sees them: on the market that their opening told.

Simulated prices are a function of seed, session and time, so that the server needs nothing of the device to have them.
A view only reads: what happens to such an account is told by its device, never by the server.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from optionix_core.portfolio.venue_market import FEED
from optionix_core.services.feeds import open_feed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from optionix_core.market.protocols import QuoteSource
    from optionix_core.portfolio.venue_market import VenueMarket
    from optionix_core.services.workspace import Workspace
    from server.parts import AccountRef

OPEN_MARKETS: Final = 8
"""Feeds that stay open, with the views on them; the one that was used longest ago is let go first."""
OPEN_VIEWS: Final = 256
"""Views that stay open, of all markets."""


def simulated(market: VenueMarket) -> QuoteSource:
    """The feed of a market."""
    return open_feed(FEED, seed=market.seed, session=market.session)


class _View(NamedTuple):
    market: VenueMarket
    workspace: Workspace


class Views:
    """Workspaces of accounts on markets that are not the server's. Threads may share it."""

    def __init__(
        self,
        open_feed: Callable[[VenueMarket], QuoteSource],
        workspace_on: Callable[[AccountRef, QuoteSource], Workspace],
        markets: int = OPEN_MARKETS,
        views: int = OPEN_VIEWS,
    ) -> None:
        """`open_feed` and `workspace_on` make what is not there yet; `markets`, `views`: how many stay."""
        self._open_feed = open_feed
        self._workspace_on = workspace_on
        self._most_markets = markets
        self._most_views = views
        self._feeds: OrderedDict[VenueMarket, QuoteSource] = OrderedDict()
        self._views: OrderedDict[tuple[UUID, str], _View] = OrderedDict()
        self._lock = threading.Lock()

    def workspace(self, ref: AccountRef, market: VenueMarket) -> Workspace:
        """The account on `market`; accounts of one market share its feed."""
        key = (ref.stream_id, ref.account)
        with self._lock:
            feed = self._feed(market)
            found = self._views.get(key)
            if found is None or found.market != market:
                found = self._views[key] = _View(market, self._workspace_on(ref, feed))
                if len(self._views) > self._most_views:
                    self._views.popitem(last=False)
            self._views.move_to_end(key)
            return found.workspace

    def _feed(self, market: VenueMarket) -> QuoteSource:
        found = self._feeds.get(market)
        if found is None:
            found = self._feeds[market] = self._open_feed(market)
            if len(self._feeds) > self._most_markets:
                gone, _ = self._feeds.popitem(last=False)
                for key in [key for key, view in self._views.items() if view.market == gone]:
                    del self._views[key]
        self._feeds.move_to_end(market)
        return found

    def markets(self) -> Sequence[VenueMarket]:
        """Those that are open, the one that was used longest ago first."""
        with self._lock:
            return tuple(self._feeds)

    def close(self) -> None:
        """Let all go."""
        with self._lock:
            self._views.clear()
            self._feeds.clear()
