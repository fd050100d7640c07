"""Whether the chosen feed's exchange can be reached, for whoever asks: nothing else here goes out to a network.

A feed over a network is asked for its spot and its expiries, which waits for the first quotes. What it says of its own
time is compared with the machine's clock, since every age on screen is the difference of the two.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from optionix_core.errors import OptionixError
from optionix_core.market.protocols import FeedState
from optionix_core.services.doctor import Finding, State

if TYPE_CHECKING:
    from optionix_core.market.protocols import QuoteSource
    from optionix_core.services.workspace import Workspace

SUBJECT = "feed"
TOLERANCE = timedelta(seconds=5)
"""How far the exchange's time may be from the machine's at the moment of an answer."""


def reach(workspace: Workspace) -> Finding:
    """One finding; `not configured` where the feed needs no network."""
    try:
        feed = workspace.feed
        if feed.state not in {FeedState.LIVE, FeedState.DELAYED}:
            return Finding(SUBJECT, State.NOT_CONFIGURED, f"{feed.name} needs no network", "name one with --feed")
        return _asked(feed, workspace.clock.now())
    except OptionixError as error:
        remedy = "check the network, and feed.* in optionix config show"
        return Finding(SUBJECT, State.FAILED, str(error), remedy)


def _asked(feed: QuoteSource, now: datetime) -> Finding:
    underlying = feed.underlyings()[0].symbol
    spot = feed.spot(underlying, now)
    detail = f"{feed.name} answers: {underlying} {spot.last:,.2f}, {_count(len(feed.expiries(underlying, now)))}"
    if spot.exchange_time is None or feed.state is FeedState.DELAYED:
        made = "" if spot.exchange_time is None else f", of {spot.exchange_time:%Y-%m-%d %H:%M:%S} UTC"
        return Finding(SUBJECT, State.OK, f"{detail}{made}")
    ahead = (spot.received_at - spot.exchange_time).total_seconds()
    if abs(ahead) > TOLERANCE.total_seconds():
        word = "ahead of" if ahead > 0 else "behind"
        detail += f"; the machine's clock is {abs(ahead):.1f} s {word} the exchange's"
        return Finding(SUBJECT, State.ATTENTION, detail, "set the machine's clock: ages of quotes are wrong by as much")
    return Finding(SUBJECT, State.OK, detail)


def _count(expiries: int) -> str:
    return "1 expiry" if expiries == 1 else f"{expiries} expiries"
