"""One expiry of a chain as a face shows it: an immutable value with every figure and where it came from.

A view is built away from the interface and handed over whole; nothing in it changes afterwards. Numbers
are natural units, absent ones are None. What has no answer is left out, never made up: an underlying
without history has no HV20, a quote that was rejected has a reason and no volatility.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import log
from typing import TYPE_CHECKING, Literal

from optionix_core.errors import InvalidValueError, MissingDataError, UnknownNameError
from optionix_core.market.chain import ExerciseStyle, Settlement
from optionix_core.market.protocols import FeedState
from optionix_core.services.chain_rows import ChainRow, SideRow, beside_smile, side_rows
from optionix_core.services.chain_smile import COMPILING, KeptFit, SmileFit, SmileKeeper, smile_fit
from optionix_core.services.daily_history import ended_day
from optionix_core.services.whole_chain import WholeChains

if TYPE_CHECKING:
    from optionix_core.market.chain import OptionChain
    from optionix_core.market.protocols import PriceHistory, QuoteSource
    from optionix_core.volatility.arbitrage import Violation
    from optionix_core.volatility.solved import SolvedChain

__all__ = [
    "NO_HISTORY",
    "ChainRow",
    "ChainView",
    "ChainViewer",
    "ExpiryTab",
    "HistoryFigures",
    "SideRow",
    "history_figures",
]

FITTING = "it is being fitted"
UNASKED = "none was asked for"
HISTORICAL_WINDOW = 20
"""Daily returns in HV20."""


@dataclass(frozen=True, slots=True)
class ExpiryTab:
    """An expiry that can be shown."""

    expiry: date
    root: str
    days: int
    """Calendar days from the quotes' date."""


@dataclass(frozen=True, slots=True)
class HistoryFigures:
    """What the daily history of an underlying says."""

    historical_volatility: float | None
    """Standard deviation of the last 20 daily log returns times sqrt(252), a fraction."""
    iv_rank: float | None
    """Place of the last 30-day implied volatility between the lowest (0) and highest (1) of 252 days."""
    until: date | None
    implied_volatility: float | None = None
    """The last 30-day implied volatility of the history, a fraction."""


NO_HISTORY = HistoryFigures(None, None, None)


@dataclass(frozen=True, slots=True)
class ChainView:
    """Everything that the chain screen shows at one moment."""

    underlying: str
    source: str
    state: FeedState
    moment: datetime
    """When it was asked for."""
    as_of: datetime
    """The moment that the quotes are of."""
    quoted_at: datetime
    """Exchange time of the newest quote, or `as_of` where the source gives no times."""
    stale_after: timedelta
    market_open: bool
    currency: str
    spot: float | None
    """The spot that forward, carry and Greeks go with."""
    spot_source: Literal["source", "implied"] | None
    """`implied`: by the forwards, since the source's own spot is of another moment."""
    last: float | None
    """The underlying's price as the source gives it."""
    change: float | None
    """Of the underlying since the last close, a fraction."""
    expiries: tuple[ExpiryTab, ...]
    expiry: date
    root: str
    settlement: Settlement
    exercise: ExerciseStyle
    multiplier: float
    inverse: bool
    years: float
    days: int
    forward: float | None
    forward_source: str | None
    discount_factor: float | None
    discount_source: str | None
    rate: float | None
    """Continuously compounded, from the discount factor."""
    carry: float | None
    """Yield of the underlying that forward, spot and rate imply, continuously compounded."""
    at_the_money_volatility: float | None
    expected_move: float | None
    """One standard deviation to settlement, in price."""
    history: HistoryFigures
    rows: tuple[ChainRow, ...]
    violations: tuple[Violation, ...]
    """Arbitrage in the quotes of this expiry net of the spread, the worst first, calendar spreads last."""
    whole_at: datetime
    """When its whole chain was solved, which rate and calendar spreads are read off."""
    smile: SmileFit | None = None
    """The smile fitted to the expiry, which theoretical values, probabilities, rich and cheap are read off."""
    no_smile: str = ""
    """Why there is none."""

    def age(self, now: datetime) -> float:
        """Seconds from the newest quote to `now`; never negative."""
        return max((now - self.quoted_at).total_seconds(), 0.0)

    def is_stale(self, now: datetime) -> bool:
        """Whether the newest quote is older than the feed allows."""
        return self.age(now) > self.stale_after.total_seconds()

    @property
    def smile_is_coming(self) -> bool:
        """Whether there is no smile yet, and will be one without anything else changing."""
        return self.smile is None and self.no_smile in {FITTING, COMPILING}

    @property
    def at_the_money(self) -> float | None:
        """The strike nearest the forward, or the spot where there is no forward."""
        level = self.forward if self.forward is not None else self.spot
        if level is None or not self.rows:
            return None
        return min((row.strike for row in self.rows), key=lambda strike: abs(strike - level))

    def side(self, symbol: str) -> tuple[ChainRow, SideRow] | None:
        """Row and side of an instrument's key."""
        for row in self.rows:
            if row.call.symbol == symbol:
                return row, row.call
            if row.put.symbol == symbol:
                return row, row.put
        return None


class ChainViewer:
    """Builds views from one feed, and keeps what changes slowly: discount rates, smiles and history figures."""

    def __init__(self, feed: QuoteSource) -> None:
        self.feed = feed
        self._whole = WholeChains(feed)
        self._smiles = SmileKeeper(feed.state)
        self._asked = False
        self._figures: dict[str, tuple[date, HistoryFigures]] = {}

    def view(
        self,
        underlying: str,
        moment: datetime,
        expiry: date | None = None,
        root: str | None = None,
        *,
        fitted: bool = False,
    ) -> ChainView:
        """The view of one expiry at `moment`; the nearest that has not settled where none is named.

        `fitted`: with the smile and what is read off it. The first such view has none yet: quotes never wait for a fit.
        Raises UnknownNameError for an underlying or expiry that the feed does not list, MissingDataError
        where the feed has nothing at `moment`.
        """
        listed = self.feed.expiries(underlying, moment)
        if expiry is None and root is None:
            chain = self._first_live(underlying, moment, listed)
        else:
            chain = self._chain(underlying, moment, _choose(listed, expiry, root))
        solved, discount_source = self._whole.solve_one(chain, moment)
        kept = self._fit(solved, moment) if fitted else UNASKED
        return self._assemble(solved, discount_source, moment, listed, kept)

    def _chain(self, underlying: str, moment: datetime, chosen: tuple[date, str]) -> OptionChain:
        chain = self.feed.chain(underlying, moment, *chosen)
        if not chain.slices:
            raise MissingDataError(
                f"{self.feed.name} quotes no {chosen[1]} options of {chosen[0]} at {moment:%H:%M:%S}"
            )
        return chain

    def _first_live(self, underlying: str, moment: datetime, listed: tuple[tuple[date, str], ...]) -> OptionChain:
        """The first expiry that had not settled when it was quoted; a file may begin with one that had."""
        if not listed:
            raise MissingDataError(f"no expiry of {underlying} is listed at {moment.isoformat()}")
        chains = (self._chain(underlying, moment, chosen) for chosen in listed)
        live = next((chain for chain in chains if chain.slices[0].expires_at > chain.as_of), None)
        return self._chain(underlying, moment, listed[0]) if live is None else live

    def _history(self, underlying: str, moment: datetime) -> HistoryFigures:
        day = ended_day(moment, (underlying,))
        known = self._figures.get(underlying)
        if known is None or known[0] != day:
            try:
                figures = history_figures(self.feed.history(underlying, day))
            except MissingDataError:
                figures = NO_HISTORY
            known = self._figures[underlying] = (day, figures)
        return known[1]

    def _assemble(
        self,
        whole: SolvedChain,
        discount_source: str | None,
        moment: datetime,
        listed: tuple[tuple[date, str], ...],
        kept: KeptFit | str,
    ) -> ChainView:
        from optionix_core.volatility.arbitrage import check_slice
        from optionix_core.volatility.lint import row_texts

        chain, solved = whole.chain, whole.slices[0]
        smile = None if isinstance(kept, str) else smile_fit(kept, solved)
        call, put, gap = beside_smile(kept, solved)
        source, spot = solved.source, whole.spot
        neighbours = self._whole.at(chain.underlying, moment)
        carry = None
        if solved.rate is not None and solved.forward is not None and spot and solved.years > 0:
            carry = solved.rate - log(solved.forward / spot) / solved.years
        here = source.expiry, source.root
        calendar = tuple(one for one in neighbours.calendar if (one.expiry, one.root) == here)
        violations = (*check_slice(solved), *calendar)
        rows = tuple(
            map(
                ChainRow,
                source.strikes.tolist(),
                side_rows(source.call, solved.call, call),
                side_rows(source.put, solved.put, put),
                row_texts(solved, violations, gap),
            )
        )
        newest = max((side.quoted_at for row in rows for side in row.sides if side.quoted_at is not None), default=None)
        return ChainView(
            underlying=chain.underlying,
            source=chain.source,
            state=self.feed.state,
            moment=moment,
            as_of=chain.as_of,
            quoted_at=chain.as_of if newest is None else datetime.fromtimestamp(newest, chain.as_of.tzinfo),
            stale_after=self.feed.stale_after,
            market_open=self.feed.is_open(moment),
            currency=chain.currency,
            spot=spot,
            spot_source=whole.spot_source,
            last=chain.spot,
            change=self.feed.day_change(chain.underlying, moment),
            expiries=tuple(
                ExpiryTab(expiry, root, solved.days + (expiry - source.expiry).days) for expiry, root in listed
            ),
            expiry=source.expiry,
            root=source.root,
            settlement=source.settlement,
            exercise=source.exercise,
            multiplier=source.multiplier,
            inverse=source.inverse,
            years=solved.years,
            days=solved.days,
            forward=solved.forward,
            forward_source=solved.carried.forward_source,
            discount_factor=solved.discount_factor,
            discount_source=discount_source,
            rate=solved.rate,
            carry=carry,
            at_the_money_volatility=solved.at_the_money_volatility,
            expected_move=solved.expected_move,
            history=self._history(chain.underlying, moment),
            rows=rows,
            violations=violations,
            whole_at=neighbours.moment,
            smile=smile,
            no_smile=kept if isinstance(kept, str) else "",
        )

    def _fit(self, solved: SolvedChain, moment: datetime) -> KeptFit | str:
        if not self._asked:
            self._asked = True
            return FITTING
        return self._smiles.at(solved, moment)


def history_figures(history: PriceHistory) -> HistoryFigures:
    """HV20 and standing of implied volatility at the end of a history; None for what it has not enough sound days for.

    HV20 is `realised.close_to_close`, the rank that of `analysis.implied_standing`, which say what they refuse.
    """
    from optionix_core.volatility.analysis.standing import implied_standing
    from optionix_core.volatility.realised import close_to_close

    volatility = standing = None
    with suppress(MissingDataError, InvalidValueError):
        volatility = close_to_close(history, HISTORICAL_WINDOW)
    with suppress(MissingDataError, InvalidValueError):
        standing = implied_standing(history)
    return HistoryFigures(
        volatility,
        None if standing is None else standing.rank,
        history.days[-1] if history.days else None,
        None if standing is None else standing.now,
    )


def _choose(listed: tuple[tuple[date, str], ...], expiry: date | None, root: str | None) -> tuple[date, str]:
    for pair in listed:
        if expiry in (None, pair[0]) and root in (None, pair[1]):
            return pair
    wanted = " ".join(str(part) for part in (root, expiry) if part is not None)
    raise UnknownNameError("expiry", wanted, tuple(f"{name} {day}" for day, name in listed))
