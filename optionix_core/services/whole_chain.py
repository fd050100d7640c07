"""What only a whole chain can tell about one of its expiries: its rate, the quotes' own spot, calendar spreads.

A face shows one expiry many times a second; the whole chain is solved now and then, and once where the
quotes stand still.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from optionix_core.market.protocols import FeedState

if TYPE_CHECKING:
    from optionix_core.market.chain import OptionChain
    from optionix_core.market.protocols import QuoteSource
    from optionix_core.volatility.arbitrage import Violation
    from optionix_core.volatility.solved import SolvedChain

LIVE = timedelta(seconds=30)
"""How long what was read off a moving chain serves its single expiries."""


@dataclass(frozen=True, slots=True)
class WholeChain:
    """A chain as it was solved at one moment, and what it says about its expiries."""

    solved: SolvedChain
    moment: datetime
    """When it was asked for."""
    calendar: tuple[Violation, ...]
    """Calendar spreads that lock in a profit."""

    @property
    def implied_spot(self) -> float | None:
        """The spot that the forwards tell where the source's is of another moment; None where the source's is good."""
        return self.solved.spot if self.solved.spot_source == "implied" else None

    def rate(self, expiry: date, root: str) -> tuple[float | None, str | None]:
        """Zero rate of an expiry and where it came from."""
        for one in self.solved.slices:
            if (one.source.expiry, one.source.root) == (expiry, root) and one.rate is not None:
                return one.rate, f"{one.carried.discount_source}, whole chain"
        return None, None

    def spot_at(self, expiry: date, root: str, forward: float | None) -> float | None:
        """The implied spot when the forward of an expiry has moved to `forward`: the carry between them stays."""
        for one in self.solved.slices:
            if (one.source.expiry, one.source.root) == (expiry, root) and one.forward and forward:
                return None if self.implied_spot is None else self.implied_spot * forward / one.forward
        return self.implied_spot


class WholeChains:
    """The whole chains of one feed, solved again when they are too old."""

    def __init__(self, feed: QuoteSource) -> None:
        self._feed = feed
        self._known: dict[str, WholeChain] = {}

    def at(self, underlying: str, moment: datetime) -> WholeChain:
        """The chain of `underlying`, of `moment` or a little earlier."""
        known = self._known.get(underlying)
        stands_still = self._feed.state is FeedState.FILE
        if known is None or not (stands_still or timedelta(0) <= moment - known.moment < LIVE):
            from optionix_core.volatility.arbitrage import ViolationKind, check_chain
            from optionix_core.volatility.solve import solve

            solved = solve(self._feed.chain(underlying, moment))
            calendar = tuple(one for one in check_chain(solved) if one.kind is ViolationKind.CALENDAR)
            known = self._known[underlying] = WholeChain(solved, moment, calendar)
        return known

    def solve_one(self, chain: OptionChain, moment: datetime) -> tuple[SolvedChain, str | None]:
        """`chain`, which is one expiry, with the rate and the spot of its whole chain; and the rate's source."""
        from optionix_core.volatility.solve import solve

        whole = self.at(chain.underlying, moment)
        key = chain.slices[0].expiry, chain.slices[0].root
        if self._feed.state is FeedState.FILE:
            found = whole.solved.slice(*key)
            return replace(whole.solved, chain=chain, slices=(found,)), found.carried.discount_source
        rate, source = whole.rate(*key)
        solved = solve(chain, rate)
        spot = whole.spot_at(*key, solved.slices[0].forward)
        if spot is not None:
            solved = replace(solve(replace(chain, spot=spot), rate), chain=chain, spot_source="implied")
        return solved, solved.slices[0].carried.discount_source if rate is None else source
