"""What an algorithm cost, in all and slice by slice, against the venue's own quotes of those moments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from optionix_core.market.protocols import TellsQuotes
from optionix_core.services import algorithms
from optionix_core.services.judging import quote_of, security_of
from optionix_core.trading.algorithms.costs import Costs, costs_of, interval_vwap
from optionix_core.trading.touch import quoted_at

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from optionix_core.market.quote import Quote
    from optionix_core.services.algorithm_story import AlgoStory
    from optionix_core.services.workspace import Workspace


@dataclass(frozen=True, slots=True)
class SliceCosts:
    """Of one slice, from its decision to the next one's."""

    number: int
    costs: Costs


@dataclass(frozen=True, slots=True)
class AlgoCosts:
    """An algorithm and its costs. Positive is cost."""

    story: AlgoStory
    until: datetime
    """When it ended, or now."""
    whole: Costs
    slices: tuple[SliceCosts, ...]


def costs(workspace: Workspace, algo_id: str, *, market: bool = True) -> AlgoCosts:
    """The costs of one algorithm. Raises UnknownNameError for an unknown id.

    `market` compares with the market's own trades, for which every quote of the stretch is looked at; without it, and
    on feeds that cannot tell the stretch or tell no trades, that comparison is None.
    """
    return costs_of_story(workspace, algorithms.show(workspace, algo_id), market=market)


def costs_of_story(workspace: Workspace, story: AlgoStory, *, market: bool) -> AlgoCosts:
    """The costs of an algorithm as the log has it; `market` as in `costs`. Takes no lock and writes nothing."""
    feed, parent = workspace.venue_feed, story.parent
    until = workspace.clock.now() if story.end is None else story.end.at
    multiplier = security_of(feed, parent.symbol).multiplier
    quotes: tuple[Quote, ...] | None = None
    if market and isinstance(feed, TellsQuotes):
        quotes = tuple(feed.quotes_between(parent.symbol, parent.start, until))
    whole = costs_of(
        parent.side,
        parent.quantity,
        story.fills,
        multiplier,
        story.started.seen.quote,
        quote_of(feed, parent.symbol, until),
        _vwap(story.started.seen.volume, quotes, parent.start, until),
    )
    ends = [item.sliced.decided_at for item in story.slices[1:]] + [until]
    slices = tuple(
        SliceCosts(
            item.sliced.send.number,
            costs_of(
                parent.side,
                item.sliced.send.quantity,
                item.fills,
                multiplier,
                item.sliced.seen.quote,
                quote_of(feed, parent.symbol, end),
                _vwap(item.sliced.seen.volume, quotes, item.sliced.decided_at, end),
            ),
        )
        for item, end in zip(story.slices, ends, strict=False)
    )
    return AlgoCosts(story, until, whole, slices)


def _vwap(counter: int | None, quotes: tuple[Quote, ...] | None, after: datetime, until: datetime) -> Decimal | None:
    if quotes is None:
        return None
    return interval_vwap(counter, (quote for quote in quotes if after < quoted_at(quote) <= until))
