"""What the other rooms rely on without knowing who provides it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from optionix_core.market.bars import Bars
    from optionix_core.market.chain import OptionChain
    from optionix_core.market.instruments import Instrument, Share
    from optionix_core.market.intervals import Interval
    from optionix_core.market.quote import Quote

    FloatArray = NDArray[np.float64]


class FeedState(StrEnum):
    """What kind of prices a source gives; shown in words on every screen."""

    LIVE = "live"
    DELAYED = "delayed"
    SIMULATED = "SIM"
    REPLAY = "replay"
    FILE = "file"


@runtime_checkable
class VolatilityFunction(Protocol):
    """Implied volatility as a function of strike and expiry (arrays broadcast)."""

    def implied_volatility(self, strike: ArrayLike, expiry: ArrayLike) -> FloatArray:
        """Annualised implied volatility (fraction) at `strike` for `expiry` in years."""
        ...


@runtime_checkable
class LocalVolatilityFunction(Protocol):
    """Local volatility as a function of spot and time (arrays broadcast)."""

    def local_volatility(self, spot: ArrayLike, time: ArrayLike) -> FloatArray:
        """Annualised local volatility (fraction) at `spot` and `time` in years."""
        ...


@dataclass(frozen=True, slots=True)
class UnderlyingInfo:
    """An underlying that a source quotes."""

    symbol: str
    name: str
    currency: str
    description: str


@dataclass(frozen=True, slots=True, eq=False)
class PriceHistory:
    """Daily history of an underlying, arrays of shape (days,), oldest first."""

    underlying: str
    source: str
    days: tuple[date, ...]
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    implied_volatility: FloatArray
    """30-day at-the-money implied volatility at the close, a fraction."""


class QuoteSource(Protocol):
    """A feed: where quotes come from. A question about one moment always has one answer.

    Implementations raise UnknownNameError for a symbol they do not quote and MissingDataError where
    they have nothing at the moment asked for; they never make a quote up.
    """

    @property
    def name(self) -> str:
        """Identifier of the feed, as `--feed` takes it: `sim`, `replay:FILE`, `file:NAME`."""
        ...

    @property
    def state(self) -> FeedState:
        """What kind of prices these are."""
        ...

    @property
    def stale_after(self) -> timedelta:
        """A quote older than this is shown and treated as stale."""
        ...

    def underlyings(self) -> tuple[UnderlyingInfo, ...]:
        """What it quotes, in display order."""
        ...

    def is_open(self, moment: datetime) -> bool:
        """Whether its market trades at `moment`."""
        ...

    def spot(self, underlying: str, moment: datetime) -> Quote:
        """The underlying's own quote at `moment`."""
        ...

    def day_change(self, underlying: str, moment: datetime) -> float | None:
        """Change of the underlying since the last close, as a fraction; None where unknown."""
        ...

    def expiries(self, underlying: str, moment: datetime) -> tuple[tuple[date, str], ...]:
        """(expiry, root) pairs that are listed at `moment`, in order."""
        ...

    def chain(
        self, underlying: str, moment: datetime, expiry: date | None = None, root: str | None = None
    ) -> OptionChain:
        """The chain at `moment`; one expiry (and root) alone where asked for, which is cheaper."""
        ...

    def instrument(self, symbol: str) -> Instrument:
        """The instrument behind a symbol's key."""
        ...

    def quote(self, symbol: str, moment: datetime) -> Quote:
        """One option's (or underlying's) quote at `moment`, without building a chain."""
        ...

    def history(self, underlying: str, until: date) -> PriceHistory:
        """Daily history up to and including `until`; MissingDataError where the source has none.

        A source may answer for a day that has not ended, with a close that is still to come or a bar that still runs:
        `services.daily_history` tells which day has ended by a moment.
        """
        ...


class TouchRange(NamedTuple):
    """Prices between which an instrument's touch stays for a while, both ends in it. A bid may be absent besides."""

    bid_low: float
    bid_high: float
    """Zero where there is no bid at all."""
    ask_low: float
    ask_high: float


Matters = Callable[[TouchRange], bool]
"""Whether a quote whose touch lies in a range could change anything for whoever asks."""


def everything(touch: TouchRange) -> bool:  # noqa: ARG001 # whoever wants every quote does not look
    """Every quote matters."""
    return True


@runtime_checkable
class TellsQuotes(Protocol):
    """A feed that can tell all quotes of a stretch of time, not the last one alone."""

    def quotes_between(
        self, symbol: str, after: datetime, until: datetime, matters: Matters = everything
    ) -> Iterator[Quote]:
        """The quotes made after `after` and up to `until`, each once, in order of time.

        Those that do not matter are left out. `matters` is asked again as the iterator goes on, so that its answer may
        depend on the quotes before; the iterator never looks further than the quote that it answers.
        """
        ...


@runtime_checkable
class ListsShares(Protocol):
    """A feed whose market trades shares of its underlyings, too."""

    def share(self, symbol: str) -> Share:
        """The share of a symbol.

        Raises UnknownNameError for a symbol that is not quoted, RefusedError for an underlying that nobody can trade,
        such as an index.
        """
        ...


@runtime_checkable
class TellsTogether(Protocol):
    """A feed that knows how its options and shares move together, and so bounds a net price better than leg by leg."""

    def quotes_together(
        self,
        legs: Sequence[tuple[str, int]],
        at_most: float,
        after: datetime,
        until: datetime,
        elsewhere: Mapping[str, float],
    ) -> Iterator[Quote]:
        """The legs' quotes made after `after` and up to `until`, in order of time, each once.

        `legs` are keys with the contracts, or lots of shares, of one unit, above zero bought at the ask, below sold at
        the bid. Quotes of moments are left out at which a unit costs more than `at_most` for certain, even where a leg
        may be traded at its price of `elsewhere` instead.
        """
        ...


@runtime_checkable
class TellsSessions(Protocol):
    """A feed that can tell when the session that a moment lies in ends."""

    def session_close(self, moment: datetime) -> datetime:
        """The close of the session of `moment`, or of the next one where its market is closed (UTC)."""
        ...


@runtime_checkable
class TellsHaltTerms(Protocol):
    """A feed that can tell by which of the exchanges' rules its underlyings halt."""

    def market_index(self) -> str | None:
        """The underlying whose falls halt the whole market; None where there is none."""
        ...

    def luld_tier(self, underlying: str) -> int | None:
        """Tier 1 or 2 under Limit Up-Limit Down; None for what has no bands, such as an index."""
        ...


@runtime_checkable
class BoundsUnderlyings(Protocol):
    """A feed that can bound an underlying's prices without making its quotes."""

    def underlying_bounds(self, underlying: str, start: datetime, end: datetime, *, tight: bool = False) -> TouchRange:
        """Bounds of the touch and the last price of every quote made from `start` to `end`, both counted.

        They hold for certain, also for quotes that are still to come; `tight` ones cost more.
        """
        ...


@runtime_checkable
class TellsBars(Protocol):
    """A feed that can tell what an underlying's price did within a day."""

    def bars(self, underlying: str, interval: Interval, after: datetime, until: datetime) -> Bars:
        """Bars of an interval within a day that begin after `after`, up to `until`; the last one may not be over.

        Raises MissingDataError where it has none, InvalidValueError for an interval of a day or longer.
        """
        ...
