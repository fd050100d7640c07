"""Views of feeds' chains for many who look at once: within a second of the clock each expiry is solved once."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Final

from optionix_core.services.chain_view import ChainViewer

if TYPE_CHECKING:
    from datetime import date, datetime

    from optionix_core.market.protocols import QuoteSource
    from optionix_core.services.chain_view import ChainView

OPEN: Final = 9
"""Feeds whose views are kept."""


class SharedChainViewer(ChainViewer):
    """As `ChainViewer`, for several threads. A view may be of up to a second before the moment that is asked for."""

    def __init__(self, feed: QuoteSource) -> None:
        super().__init__(feed)
        self._solving = Lock()
        self._second = 0
        self._views: dict[tuple[object, ...], ChainView] = {}

    def view(
        self,
        underlying: str,
        moment: datetime,
        expiry: date | None = None,
        root: str | None = None,
        *,
        fitted: bool = False,
    ) -> ChainView:
        """See `ChainViewer.view`; whoever asks for what somebody is solving waits for it."""
        key, second = (underlying, expiry, root, fitted), int(moment.timestamp())
        with self._solving:
            if second != self._second:
                self._second = second
                self._views.clear()
            found = self._views.get(key)
            if found is None:
                found = self._views[key] = super().view(underlying, moment, expiry, root, fitted=fitted)
            return found


class SharedChains:
    """A `SharedChainViewer` for each of some feeds; the one that was used longest ago is let go first."""

    def __init__(self, most: int = OPEN) -> None:
        self._most = most
        self._kept: OrderedDict[QuoteSource, SharedChainViewer] = OrderedDict()
        self._lock = Lock()

    def of(self, feed: QuoteSource) -> SharedChainViewer:
        """The views of `feed`."""
        with self._lock:
            found = self._kept.get(feed)
            if found is None:
                found = self._kept[feed] = SharedChainViewer(feed)
                if len(self._kept) > self._most:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(feed)
            return found
