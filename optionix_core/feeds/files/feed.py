"""A file as a feed: its quotes stand still at the chain's moment.

Their age is told by their own times, so a file is old soon after it was saved, and nothing trades on
it. Asking for a moment before the chain's is an error: the file knows nothing of it.
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from optionix_core.errors import MissingDataError, UnknownNameError
from optionix_core.market.instruments import Instrument
from optionix_core.market.option_type import OptionType
from optionix_core.market.protocols import FeedState, PriceHistory, UnderlyingInfo
from optionix_core.market.quote import Quote

if TYPE_CHECKING:
    from optionix_core.market.chain import ChainSlice, OptionChain, QuoteColumns

STALE_AFTER = timedelta(minutes=15)


class FileFeed:
    """A QuoteSource over one chain; `name` is what the chain is stored under or the file's name."""

    def __init__(self, chain: OptionChain, name: str) -> None:
        self._chain = chain
        self._name = f"file:{name}"
        self._places: dict[str, tuple[ChainSlice, OptionType, int]] | None = None

    @property
    def name(self) -> str:
        """`file:NAME`."""
        return self._name

    @property
    def state(self) -> FeedState:
        """Always FILE."""
        return FeedState.FILE

    @property
    def stale_after(self) -> timedelta:
        """A quarter of an hour after its own time a quote is stale."""
        return STALE_AFTER

    def underlyings(self) -> tuple[UnderlyingInfo, ...]:
        """The chain's one underlying."""
        chain = self._chain
        told = f"{len(chain.slices)} expiries from {chain.source}, quotes of {chain.as_of:%Y-%m-%d %H:%M} UTC"
        return (UnderlyingInfo(chain.underlying, chain.underlying, chain.currency, told),)

    def is_open(self, moment: datetime) -> bool:  # noqa: ARG002 - the protocol's signature
        """Never: nothing trades in a file."""
        return False

    def spot(self, underlying: str, moment: datetime) -> Quote:
        """The underlying's last price; MissingDataError where the file does not tell it."""
        chain = self._at(underlying, moment)
        if chain.spot is None:
            raise MissingDataError(f"{self._name} does not tell the price of {underlying}")
        return Quote(
            symbol=chain.underlying,
            source=self._name,
            received_at=self._received_at,
            exchange_time=chain.as_of,
            last=chain.spot,
        )

    def day_change(self, underlying: str, moment: datetime) -> float | None:
        """Change since the last close as a fraction, where the file tells it."""
        chain = self._at(underlying, moment)
        if chain.spot is None or chain.spot_change is None or chain.spot == chain.spot_change:
            return None
        return chain.spot_change / (chain.spot - chain.spot_change)

    def expiries(self, underlying: str, moment: datetime) -> tuple[tuple[date, str], ...]:
        """All that the file holds, those that have expired since included."""
        return tuple((part.expiry, part.root) for part in self._at(underlying, moment).slices)

    def chain(
        self, underlying: str, moment: datetime, expiry: date | None = None, root: str | None = None
    ) -> OptionChain:
        """The chain as it stands, of its own moment."""
        chain = self._at(underlying, moment)
        return chain if expiry is None else chain.only(expiry, root)

    def instrument(self, symbol: str) -> Instrument:
        """The instrument of a key that the file holds."""
        part, option_type, row = self._place(symbol)
        return Instrument(
            symbol=symbol,
            root=part.root,
            underlying=self._chain.underlying,
            expiry=part.expiry,
            expires_at=part.expires_at,
            option_type=option_type,
            strike=Decimal(repr(float(part.strikes[row]))).normalize(),
            multiplier=Decimal(repr(part.multiplier)).normalize(),
            currency=self._chain.currency,
            exercise=part.exercise,
            settlement=part.settlement,
            inverse=part.inverse,
            tick=self._tick(part),
        )

    def quote(self, symbol: str, moment: datetime) -> Quote:
        """One option's quote as it stands. A bid of zero is no bid; parts of contracts are not counted as sizes."""
        if symbol == self._chain.underlying:
            return self.spot(symbol, moment)
        part, option_type, row = self._place(symbol)
        self._at(self._chain.underlying, moment)
        side = part.call if option_type is OptionType.CALL else part.put
        quoted_at = float(side.quoted_at[row])
        made = self._chain.as_of if math.isnan(quoted_at) else datetime.fromtimestamp(quoted_at, UTC)
        return Quote(
            symbol=symbol,
            source=self._name,
            received_at=self._received_at,
            exchange_time=made,
            bid=_positive(side, "bid", row),
            ask=_positive(side, "ask", row),
            bid_size=_whole(side, "bid_size", row),
            ask_size=_whole(side, "ask_size", row),
            last=_positive(side, "last", row),
            volume=_whole(side, "volume", row),
            open_interest=_whole(side, "open_interest", row),
            vendor_iv=_positive(side, "vendor_iv", row),
        )

    def history(self, underlying: str, until: date) -> PriceHistory:
        """A file of quotes has no history: always MissingDataError."""
        raise MissingDataError(f"{self._name} holds one moment of {underlying}, and no history up to {until}")

    @property
    def _received_at(self) -> datetime:
        return self._chain.received_at or self._chain.as_of

    def _at(self, underlying: str, moment: datetime) -> OptionChain:
        if underlying != self._chain.underlying:
            raise UnknownNameError("underlying", underlying, (self._chain.underlying,))
        if moment < self._chain.as_of:
            raise MissingDataError(
                f"{self._name} has quotes of {self._chain.as_of.isoformat()}, none of {moment.isoformat()}"
            )
        return self._chain

    def _place(self, symbol: str) -> tuple[ChainSlice, OptionType, int]:
        if self._places is None:
            self._places = {
                key: (part, option_type, row)
                for part in self._chain.slices
                for option_type, side in ((OptionType.CALL, part.call), (OptionType.PUT, part.put))
                for row, key in enumerate(side.symbols)
                if key is not None
            }
        found = self._places.get(symbol)
        if found is None:
            raise UnknownNameError("symbol", symbol)
        return found

    def _tick(self, part: ChainSlice) -> Decimal:
        from optionix_core.market.products import Symbology, product

        coin = "_" in part.root or part.inverse
        return product(part.root, Symbology.DERIBIT if coin else Symbology.OSI).tick.below


def _positive(side: QuoteColumns, name: str, row: int) -> float | None:
    value = float(getattr(side, name)[row])
    return value if value > 0 else None


def _whole(side: QuoteColumns, name: str, row: int) -> int | None:
    value = float(getattr(side, name)[row])
    return None if math.isnan(value) else math.floor(value)
