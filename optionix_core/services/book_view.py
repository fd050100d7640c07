"""The book as a face shows it: account, positions with Greeks, and the end of the ledger, at one moment.

Money is exact and comes from `services.book`; the Greeks are those of the chain that quotes the position,
times quantity and multiplier. A position whose quote has no volatility has no Greeks, and totals say how
many positions they leave out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from optionix_core.errors import MissingDataError, UnknownNameError
from optionix_core.market import symbols
from optionix_core.market.products import product
from optionix_core.portfolio.deliverables import kind_of, label_of, underlying_of
from optionix_core.services import book

if TYPE_CHECKING:
    from optionix_core.market.instruments import Instrument
    from optionix_core.portfolio.valuation import PositionValue
    from optionix_core.portfolio.values import LedgerEntry
    from optionix_core.services.chain_view import ChainView, ChainViewer
    from optionix_core.services.workspace import Workspace
    from optionix_core.sync.event import EventStore

ENTRY_TAIL = 200
"""Ledger entries that a view carries."""


@dataclass(frozen=True, slots=True)
class PositionGreeks:
    """Of a whole position (quantity and multiplier in), natural units."""

    delta: float
    """In units of the underlying."""
    gamma: float
    vega: float
    theta: float
    iv: float | None
    """None for shares."""
    dollar_delta: float
    """Delta times spot, in the currency."""
    dollar_gamma: float
    """Change of dollar delta when the spot moves by one percent."""

    def times(self, share: float) -> PositionGreeks:
        """Of `share` of the position, 1 being all of it; the volatility stays."""
        return PositionGreeks(
            delta=self.delta * share,
            gamma=self.gamma * share,
            vega=self.vega * share,
            theta=self.theta * share,
            iv=self.iv,
            dollar_delta=self.dollar_delta * share,
            dollar_gamma=self.dollar_gamma * share,
        )


@dataclass(frozen=True, slots=True)
class BookLine:
    """One position."""

    symbol: str
    label: str
    underlying: str
    root: str
    expiry: date | None
    """None for shares, which do not expire."""
    days: int | None
    """Calendar days to expiry, as the exchange dates them where its chain is at hand, else from the UTC date."""
    value: PositionValue
    greeks: PositionGreeks | None
    greeks_reason: str | None
    """Why there are none."""


@dataclass(frozen=True, slots=True)
class BookView:
    """The account at one moment."""

    moment: datetime
    events: int
    """Length of the log."""
    report: book.AccountReport
    lines: tuple[BookLine, ...]
    """By underlying, expiry, strike."""
    entries: tuple[LedgerEntry, ...]
    """The newest entries of the account, newest first."""
    held: dict[str, Decimal]
    """Contracts by instrument's key."""

    @property
    def net_liquidation_value(self) -> Decimal:
        """Cash and marked positions."""
        return self.report.nlv

    @property
    def day_pnl(self) -> Decimal | None:
        """Since the last close; None where a part is unknown."""
        return self.report.day_pnl

    @property
    def without_greeks(self) -> int:
        """Positions that totals of Greeks leave out."""
        return sum(line.greeks is None for line in self.lines)

    @property
    def dollar_delta(self) -> float | None:
        """Of the positions that have Greeks; None where there are positions and none has."""
        known = [line.greeks.dollar_delta for line in self.lines if line.greeks is not None]
        return sum(known) if known or not self.lines else None


class BookViewer:
    """Builds book views of one workspace; keeps the ledger's tail and reads what is new."""

    def __init__(self, workspace: Workspace, chains: ChainViewer, *, entries: bool = True) -> None:
        """`entries`: whether views carry the tail of the ledger, which is read from the log."""
        self._workspace = workspace
        self._chains = chains
        self._with_entries = entries
        self._entries: tuple[LedgerEntry, ...] = ()
        self._read = 0

    def view(self, moment: datetime) -> BookView:
        """The account at `moment`. Writes nothing and takes no lock."""
        store = self._workspace.store
        events = store.head().seq
        report = book.account(self._workspace, moment)
        if self._with_entries:
            self._follow(store, events)
        chains: dict[tuple[str, date, str], ChainView | str] = {}
        lines = [self._line(value, moment, chains) for value in report.positions]
        lines.sort(key=lambda line: (line.underlying, line.expiry or date.min, line.root, line.symbol))
        return BookView(
            moment=moment,
            events=events,
            report=report,
            lines=tuple(lines),
            entries=self._entries,
            held={item.position.symbol: item.position.quantity for item in report.positions},
        )

    def _follow(self, store: EventStore, events: int) -> None:
        if events <= self._read:
            return
        from optionix_core.portfolio.ledger import entries_of

        found = [
            entry
            for record in store.read(max(self._read, events - 4 * ENTRY_TAIL))
            if record.seq <= events
            for entry in entries_of(record.event)
        ]
        mine = [entry for entry in reversed(found) if entry.account == self._workspace.account]
        self._entries = (*mine, *self._entries)[:ENTRY_TAIL]
        self._read = events

    def _line(
        self, value: PositionValue, moment: datetime, chains: dict[tuple[str, date, str], ChainView | str]
    ) -> BookLine:
        if kind_of(value.position.symbol) != "option":
            return self._line_of_share(value)
        terms = symbols.terms(value.position.symbol)
        underlying = product(terms.root).underlying if value.instrument is None else value.instrument.underlying
        greeks, reason = self._greeks(value, underlying, moment, chains)
        view = chains.get((underlying, terms.expiry, terms.root))
        days = (terms.expiry - moment.date()).days if view is None or isinstance(view, str) else view.days
        return BookLine(
            symbol=value.position.symbol,
            label=terms.label,
            underlying=underlying,
            root=terms.root,
            expiry=terms.expiry,
            days=days,
            value=value,
            greeks=greeks,
            greeks_reason=reason,
        )

    def _line_of_share(self, value: PositionValue) -> BookLine:
        """A share, or a claim to cash in lieu: a delta of one, and nothing that an option has beside it."""
        symbol = value.position.symbol
        underlying = underlying_of(symbol)
        greeks, reason = None, value.mark.reason
        if kind_of(symbol) == "share" and value.market_value is not None:
            quantity, worth = float(value.position.quantity), float(value.market_value)
            greeks = PositionGreeks(quantity, 0.0, 0.0, 0.0, None, worth, 0.0)
        return BookLine(symbol, label_of(symbol), underlying, underlying, None, None, value, greeks, reason)

    def _greeks(
        self,
        value: PositionValue,
        underlying: str,
        moment: datetime,
        chains: dict[tuple[str, date, str], ChainView | str],
    ) -> tuple[PositionGreeks | None, str | None]:
        instrument = value.instrument
        if instrument is None or value.mark.price is None:
            return None, value.mark.reason or "no instrument"
        key = (underlying, instrument.expiry, instrument.root)
        if key not in chains:
            try:
                chains[key] = self._chains.view(underlying, moment, instrument.expiry, instrument.root)
            except (MissingDataError, UnknownNameError) as error:
                chains[key] = str(error)
        view = chains[key]
        if isinstance(view, str):
            return None, view
        return _position_greeks(view, instrument, value)


def _position_greeks(
    view: ChainView, instrument: Instrument, value: PositionValue
) -> tuple[PositionGreeks | None, str | None]:
    found = view.side(instrument.symbol)
    if found is None:
        return None, "not in its chain"
    side = found[1]
    if side.iv is None or side.delta is None or side.gamma is None or side.vega is None or side.theta is None:
        return None, side.rejected or "not solved"
    if view.spot is None:
        return None, "no spot"
    size = float(value.position.quantity * instrument.multiplier)
    return PositionGreeks(
        delta=size * side.delta,
        gamma=size * side.gamma,
        vega=size * side.vega,
        theta=size * side.theta,
        iv=side.iv,
        dollar_delta=size * side.delta * view.spot,
        dollar_gamma=size * side.gamma * view.spot**2 * 0.01,
    ), None
