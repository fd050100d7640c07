"""The book that risk is computed from: holdings of the ledger at the prices of a feed, as one value.

Each underlying that is held is taken from its chain at one moment: spot, forwards and discount factors by put-call
parity, a smile fitted to every expiry, and each option's own volatility out of its two-sided quote. An option whose
quote cannot be used takes the smile's volatility at its strike and a note says so; what has neither is left out with
its reason, or is an error. Nothing is made up.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from optionix_core.errors import InvalidValueError, MissingDataError, StaleDataError, UnknownNameError
from optionix_core.portfolio.deliverables import kind_of, label_of, underlying_of

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.market.chain import QuoteColumns
    from optionix_core.market.curves import DiscountCurve, ForwardCurve
    from optionix_core.market.protocols import QuoteSource, VolatilityFunction
    from optionix_core.portfolio.values import AccountState
    from optionix_core.risk.book import Position, RiskBook
    from optionix_core.services.workspace import Workspace
    from optionix_core.volatility.solved import SolvedChain, SolvedColumns, SolvedSlice

SURFACE_MODEL: Final = "svi"


class Holding(NamedTuple):
    """What is held of one instrument, by the key of the ledger."""

    id: str
    """Unique in the book: the instrument's key, with the account before it where there are several."""
    symbol: str
    quantity: float


class LeftOut(NamedTuple):
    """A holding that has no data to be valued from."""

    id: str
    reason: str


class Touch(NamedTuple):
    """What a position could be closed at. None where the feed gives nothing."""

    bid: float | None
    ask: float | None
    bid_size: float | None
    ask_size: float | None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class BuiltBook:
    """A book of risk with what it was built from."""

    book: RiskBook
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]
    """What was taken for granted, in words."""
    feed: str
    accounts: Mapping[str, str]
    """Account of each position, by its id; empty where the holdings are of none."""
    touches: Mapping[str, Touch] = field(default_factory=dict)
    """Quotes by position."""

    @property
    def moment(self) -> datetime:
        """That the values are of."""
        return self.book.as_of


def of_account(
    workspace: Workspace,
    moment: datetime | None = None,
    *,
    partial: bool = False,
    chains: Chains | None = None,
    more: Iterable[Holding] = (),
) -> BuiltBook:
    """The workspace's account at the prices of its venue's feed; see `build`. An account that is not open is empty.

    `more` is held besides: quantities of one instrument are summed, and what comes to nothing is not held.
    """
    now = workspace.clock.now() if moment is None else moment
    desk = workspace.desk
    with desk.lock:
        desk.follow(workspace.store)
        state = desk.book.account(workspace.account)
    states = (state,) if state is not None else ()
    return of_accounts(states, workspace.venue_feed, now, partial=partial, chains=chains, more=more)


def of_all_accounts(workspace: Workspace, moment: datetime | None = None, *, partial: bool = False) -> BuiltBook:
    """Every account of the home that holds something, as one book."""
    now = workspace.clock.now() if moment is None else moment
    desk = workspace.desk
    with desk.lock:
        desk.follow(workspace.store)
        states = tuple(state for state in desk.book.accounts() if state.positions)
    return of_accounts(states, workspace.venue_feed, now, partial=partial)


def of_accounts(
    accounts: Iterable[AccountState],
    feed: QuoteSource,
    moment: datetime,
    *,
    partial: bool = False,
    chains: Chains | None = None,
    more: Iterable[Holding] = (),
) -> BuiltBook:
    """The holdings of several accounts as one book; positions are named `ACCOUNT/KEY` where there is more than one.

    `more` and `chains`: see `of_account` and `build`.
    """
    states = tuple(accounts)
    several = len(states) > 1
    holdings, owners = [], {}
    for state in states:
        for position in state.positions:
            name = f"{state.account}/{position.symbol}" if several else position.symbol
            holdings.append(Holding(name, position.symbol, float(position.quantity)))
            owners[name] = state.account
    holdings = _with_more(holdings, more)
    currencies = {state.currency for state in states}
    if len(currencies) > 1:
        raise InvalidValueError("accounts", ", ".join(sorted(currencies)), "of one currency")
    built = build(holdings, feed, moment, next(iter(currencies), "USD"), partial=partial, chains=chains)
    kept = {position.id for position in built.book.positions}
    return BuiltBook(
        book=built.book,
        left_out=built.left_out,
        notes=built.notes,
        feed=built.feed,
        accounts={name: owner for name, owner in owners.items() if name in kept},
        touches=built.touches,
    )


def _with_more(holdings: Iterable[Holding], more: Iterable[Holding]) -> list[Holding]:
    found = {one.id: one for one in holdings}
    for one in more:
        known = found.get(one.id)
        found[one.id] = one if known is None else known._replace(quantity=known.quantity + one.quantity)
    return [one for one in found.values() if one.quantity != 0.0]


def build(
    holdings: Iterable[Holding],
    feed: QuoteSource,
    moment: datetime,
    reporting_currency: str,
    exchange_rates: Mapping[str, float] | None = None,
    *,
    partial: bool = False,
    chains: Chains | None = None,
) -> BuiltBook:
    """Holdings at the prices of `feed` at `moment`. `chains` keeps what was solved for the next book of that moment.

    With `partial` what has no data is left out and told; else it is a MissingDataError that names every such holding.
    """
    from optionix_core.market.snapshot import Market
    from optionix_core.risk.book import RiskBook

    wanted = tuple(holdings)
    parts = Chains() if chains is None else chains
    positions, touches, left_out, notes = [], {}, [], []
    for holding in wanted:
        try:
            name = _underlying_of(holding)
            if name not in parts:
                parts[name] = _Underlying(feed, name, moment)
            made = parts[name].position(holding)
        except (MissingDataError, UnknownNameError) as error:
            left_out.append(LeftOut(holding.id, str(error)))
            continue
        positions.append(made.position)
        touches[holding.id] = made.touch
        notes += [made.note] if made.note else []
    if left_out and not partial:
        told = "; ".join(f"{one.id.strip()}: {one.reason}" for one in left_out)
        raise MissingDataError(f"no data for {len(left_out)} of {len(wanted)} positions: {told}")
    used = {position.underlying: parts[position.underlying] for position in positions}
    market = Market(
        as_of=moment,
        spots={name: one.spot for name, one in used.items()},
        discount_curves=_curves(used),
        forward_curves={name: curve for name, one in used.items() if (curve := one.forwards()) is not None},
        surfaces={name: one.surface for name, one in used.items() if one.surface is not None},
    )
    book = RiskBook(
        positions=tuple(positions),
        market=market,
        currencies={name: one.currency for name, one in used.items()},
        reporting_currency=reporting_currency,
        exchange_rates=dict(exchange_rates or {}),
    )
    return BuiltBook(
        book=book, left_out=tuple(left_out), notes=tuple(notes), feed=feed.name, accounts={}, touches=touches
    )


def of_csv(
    text: str, source: str, moment: datetime, rate: float | None = None, dividend_yield: float | None = None
) -> BuiltBook:
    """The book of a CSV text, see `book_csv`; `rate` and `dividend_yield` serve rows that have none of their own."""
    from optionix_core.risk.book_csv import parse_book
    from optionix_core.risk.book_rows import risk_book

    book = risk_book(parse_book(text, source), moment, rate=rate, dividend_yield=dividend_yield)
    return BuiltBook(book=book, left_out=(), notes=(), feed=source, accounts={})


class Chains(dict[str, "_Underlying"]):
    """Underlyings of one feed at one moment, solved already. Never to be used for another feed or moment."""


class _Made(NamedTuple):
    position: Position
    touch: Touch
    note: str


class _Place(NamedTuple):
    slice: SolvedSlice
    side: SolvedColumns
    row: int
    sign: int


class _Underlying:
    """One underlying at one moment: its chain solved, its smiles fitted where something on it needs them."""

    def __init__(self, feed: QuoteSource, name: str, moment: datetime) -> None:
        self._feed, self._name, self._moment = feed, name, moment
        self._solved: SolvedChain | None = None
        self._places: dict[str, _Place] = {}
        self.surface: VolatilityFunction | None = None
        info = next((one for one in feed.underlyings() if one.symbol == name), None)
        if info is None:
            raise UnknownNameError("underlying", name, tuple(one.symbol for one in feed.underlyings()))
        self.currency = info.currency
        quote = feed.spot(name, moment)
        self._spot_touch = Touch(quote.bid, quote.ask, quote.bid_size, quote.ask_size)
        mid = quote.mid if quote.mid is not None else quote.last
        if mid is None:
            raise MissingDataError(f"{name} has no two-sided quote and no last price")
        age = moment - (quote.received_at if quote.exchange_time is None else quote.exchange_time)
        if age > feed.stale_after and feed.is_open(moment):
            raise StaleDataError(f"{name}: the quote is {age.total_seconds():.1f} s old")
        self.spot = mid

    def position(self, holding: Holding) -> _Made:
        from optionix_core.market.option_type import OptionType
        from optionix_core.risk.book import Position, PositionKind

        if kind_of(holding.symbol) == "share":
            own = Position(
                id=holding.id,
                underlying=self._name,
                quantity=holding.quantity,
                kind=PositionKind.UNDERLYING,
                price=self.spot,
            )
            return _Made(own, self._spot_touch, "")
        place = self._place(holding.symbol)
        source = place.slice.source
        columns = source.call if place.sign > 0 else source.put
        volatility = _number(float(place.side.iv[place.row]))
        note = ""
        if volatility is None:
            reason = place.side.rejected[place.row]
            if self.surface is None or place.slice.forward is None:
                raise MissingDataError(f"{label_of(holding.symbol)} has no usable quote ({reason}) and no smile")
            note = f"{label_of(holding.symbol)}: volatility of the smile, its own quote is not used ({reason})"
        mid = _number(float(place.side.mid[place.row]))
        coins = self.spot if source.inverse else 1.0
        option = Position(
            id=holding.id,
            underlying=self._name,
            quantity=holding.quantity,
            multiplier=source.multiplier,
            kind=PositionKind(source.exercise),
            option_type=OptionType(place.sign),
            strike=float(source.strikes[place.row]),
            expiry=source.expires_at,
            volatility=volatility,
            price=None if mid is None else mid * coins,
        )
        return _Made(option, _touch(columns, place.row, coins), note)

    def forwards(self) -> ForwardCurve | None:
        """None where no option is held, or no expiry tells a forward."""
        import numpy as np

        from optionix_core.market.curves import ForwardCurve

        known = self._known()
        if not known:
            return None
        return ForwardCurve(
            np.array([one.years for one in known]),
            np.array([one.forward for one in known], dtype=np.float64),
            self.spot,
        )

    def discounts(self) -> tuple[float, DiscountCurve] | None:
        """How far the curve reaches, and the curve."""
        import numpy as np

        from optionix_core.market.curves import DiscountCurve

        known = self._known()
        if not known:
            return None
        times = np.array([one.years for one in known])
        return float(times[-1]), DiscountCurve(
            times, np.array([one.discount_factor for one in known], dtype=np.float64)
        )

    def _known(self) -> list[SolvedSlice]:
        found: list[SolvedSlice] = []
        for one in () if self._solved is None else self._solved.slices:
            later = not found or one.years > found[-1].years
            if one.years > 0.0 and later and one.forward is not None and one.discount_factor is not None:
                found.append(one)
        return found

    def _place(self, symbol: str) -> _Place:
        if self._solved is None:
            self._solve()
        place = self._places.get(symbol)
        if place is None:
            raise MissingDataError(f"{label_of(symbol)} is not in the chain of {self._feed.name}")
        if place.slice.years <= 0.0:
            raise MissingDataError(f"{label_of(symbol)} expired, to be settled")
        if place.slice.forward is None or place.slice.discount_factor is None:
            raise MissingDataError(f"{label_of(symbol)}: the quotes of its expiry tell no forward")
        return place

    def _solve(self) -> None:
        from optionix_core.services import surfaces
        from optionix_core.volatility.surface.surface import VolatilitySurface

        chain = self._feed.chain(self._name, self._moment)
        found = surfaces.judged(chain)
        # Where no expiry has quotes enough for a smile, an option with a usable quote of its own needs none.
        with suppress(MissingDataError):
            self.surface = VolatilitySurface.fit(found, SURFACE_MODEL)
        self._solved = found
        for one in found.slices:
            for sign, solved, quoted in ((1, one.call, one.source.call), (-1, one.put, one.source.put)):
                for row, symbol in enumerate(quoted.symbols):
                    if symbol is not None:
                        self._places[symbol] = _Place(one, solved, row, sign)


def _curves(used: Mapping[str, _Underlying]) -> dict[str, DiscountCurve]:
    """One curve a currency: of the underlying whose expiries reach furthest."""
    best: dict[str, tuple[float, DiscountCurve]] = {}
    for one in used.values():
        found = one.discounts()
        if found is not None and (one.currency not in best or found[0] > best[one.currency][0]):
            best[one.currency] = found
    return {currency: curve for currency, (_, curve) in best.items()}


def _underlying_of(holding: Holding) -> str:
    kind = kind_of(holding.symbol)
    if kind == "claim":
        raise MissingDataError("a claim to cash in lieu has no market price")
    return underlying_of(holding.symbol)


def _touch(columns: QuoteColumns, row: int, coins: float) -> Touch:
    bid, ask, bid_size, ask_size = (
        _number(float(side[row])) for side in (columns.bid, columns.ask, columns.bid_size, columns.ask_size)
    )
    return Touch(None if bid is None else bid * coins, None if ask is None else ask * coins, bid_size, ask_size)


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
