"""Orders and what becomes of them, as immutable values. All numbers are exact."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final, NamedTuple

from optionix_core.market.quote import Quote
from optionix_core.market.symbols import is_share
from optionix_core.portfolio.values import LotMethod, LotPick


class Side(StrEnum):
    """Which way an order goes."""

    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> int:
        """+1 to buy, -1 to sell."""
        return 1 if self is _BUY else -1


_BUY: Final = Side.BUY
"""Members of an enumeration, looked up once: these are asked for many times an order."""


class OrderState(StrEnum):
    """Where an order stands; the terminal states are filled, cancelled, expired and rejected."""

    INTENT = "intent"
    """Written, the gate not asked yet."""
    HELD = "held"
    """Accepted; its trigger, or the order that it waits for, has not come yet."""
    WORKING = "working"
    """At the venue, nothing filled yet."""
    PARTIALLY_FILLED = "partially-filled"
    """At the venue, some filled."""
    SUSPENDED = "suspended"
    """At the venue, which has halted its instrument."""
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REJECTED = "rejected"


OPEN_STATES = frozenset({OrderState.HELD, OrderState.WORKING, OrderState.PARTIALLY_FILLED, OrderState.SUSPENDED})
"""Of an order that was accepted and has no end yet."""


class TimeInForce(StrEnum):
    """How long an order may work."""

    IOC = "IOC"
    """Immediate or cancel: what the touch does not fill is cancelled."""
    FOK = "FOK"
    """Fill or kill: all at once, or nothing."""
    DAY = "DAY"
    """Until the close of the session in which it arrives."""
    GTC = "GTC"
    """Until it is filled or cancelled, or its instrument expires."""
    GTD = "GTD"
    """Until `OrderIntent.good_until`."""

    @classmethod
    def usual(cls, *, market: bool) -> TimeInForce:
        """What is meant where nothing is said: IOC for a market order, which cannot rest, else DAY."""
        return cls.IOC if market else cls.DAY

    @property
    def rests(self) -> bool:
        """Whether what is not filled at once goes on working."""
        return self is not _IOC and self is not _FOK


_IOC: Final = TimeInForce.IOC
_FOK: Final = TimeInForce.FOK


class OrderType(StrEnum):
    """What an order's terms make it."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop-limit"
    TRAILING_STOP = "trailing-stop"
    MARKET_IF_TOUCHED = "market-if-touched"
    LIMIT_IF_TOUCHED = "limit-if-touched"


class TriggerKind(StrEnum):
    """On which side of the market a held order waits."""

    STOP = "stop"
    """Bought once the ask is at or above the level, sold once the bid is at or below it."""
    TOUCHED = "touched"
    """Bought once the ask is at or below the level, sold once the bid is at or above it."""
    TRAILING = "trailing"
    """A stop whose level follows the best touch since the order was accepted, at a distance."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """What a held order waits for: the touch that it would take, on the instrument's own market."""

    kind: TriggerKind
    price: Decimal | None = None
    """The level; None for a trailing one, whose level the venue keeps."""
    distance: Decimal | None = None
    """Of a trailing level, in price; exactly one of the two distances."""
    distance_percent: Decimal | None = None
    """Of a trailing level, in percent of the best touch."""


LOT: Final = 100
"""Shares that count as one in the price of a combination: those of one contract that no corporate action changed."""


@dataclass(frozen=True, slots=True)
class OrderLeg:
    """One instrument of a combination."""

    symbol: str
    ratio: int
    """Contracts, or shares in lots of `LOT`, in one unit of the combination, signed: positive is bought when the
    combination is bought."""

    @property
    def is_share(self) -> bool:
        """Whether it moves shares."""
        return is_share(self.symbol)

    @property
    def weight(self) -> int:
        """How often its price counts in the net price: contracts, or lots of shares."""
        return self.ratio // LOT if is_share(self.symbol) else self.ratio


@dataclass(frozen=True, slots=True)
class LotsWanted:
    """Which lots a closing order closes: by a method, or those that it names."""

    method: LotMethod
    """Oldest or newest first, or `specific`."""
    named: tuple[LotPick, ...] = ()
    """Of `specific` alone: lots in the order in which they are closed, adding up to the order's quantity."""


@dataclass(frozen=True, slots=True)
class OrderIntent:
    """What a user wants. `client_order_id` is the idempotency key: sent twice, it is one order."""

    client_order_id: str
    account: str
    side: Side
    quantity: int
    """Contracts, shares, or units of a combination."""
    symbol: str
    """The instrument's key; of a combination the one text of its legs, see `combination_key`."""
    limit_price: Decimal | None
    """Per unit of the underlying; None for a market order, which takes the touch. Net of the legs for a combination,
    negative where buying it brings money."""
    created_at: datetime
    time_in_force: TimeInForce = TimeInForce.IOC
    good_until: datetime | None = None
    """Of GTD alone."""
    trigger: Trigger | None = None
    post_only: bool = False
    """Refused where it would take at once."""
    reduce_only: bool = False
    """Never more than closes the position."""
    legs: tuple[OrderLeg, ...] = ()
    """Of a combination, in order of their symbols; empty for a single instrument."""
    parent: str | None = None
    """Client order id of the order whose fills let this one work, up to their quantity."""
    one_cancels: str | None = None
    """Name of a group: a fill of one of its orders takes as much from the others."""
    tag: str | None = None
    """Who sent it where it was not a user: an algorithm or a kill, by id."""
    amount: Decimal | None = None
    """Money that was asked for in place of a quantity, which was made of it."""
    lots: LotsWanted | None = None
    """Lots that it closes; None: as the account's method says."""

    @property
    def order_type(self) -> OrderType:
        """What the terms make it."""
        if self.trigger is None:
            return OrderType.MARKET if self.limit_price is None else OrderType.LIMIT
        if self.trigger.kind is TriggerKind.TRAILING:
            return OrderType.TRAILING_STOP
        if self.trigger.kind is TriggerKind.STOP:
            return OrderType.STOP if self.limit_price is None else OrderType.STOP_LIMIT
        return OrderType.MARKET_IF_TOUCHED if self.limit_price is None else OrderType.LIMIT_IF_TOUCHED

    @property
    def symbols(self) -> tuple[str, ...]:
        """Keys of the instruments that it trades."""
        return tuple(leg.symbol for leg in self.legs) or (self.symbol,)

    @property
    def priced_by(self) -> str:
        """Key of the instrument whose multiplier its price counts: of a combination that of its first option."""
        return next((leg.symbol for leg in self.legs if not leg.is_share), self.symbol)


@dataclass(frozen=True, slots=True)
class Amendment:
    """Other terms for a working order. Absent terms stay."""

    amendment_id: str
    """Idempotency key, unique within the order."""
    quantity: int | None = None
    """In all, what is filled already among it."""
    limit_price: Decimal | None = None
    trigger_price: Decimal | None = None

    def keeps_place(self, intent: OrderIntent) -> bool:
        """Whether an order of these terms keeps its place: only where nothing changes but to a smaller quantity."""
        same_limit = self.limit_price in (None, intent.limit_price)
        trigger = None if intent.trigger is None else intent.trigger.price
        smaller = self.quantity is None or self.quantity <= intent.quantity
        return same_limit and self.trigger_price in (None, trigger) and smaller


def combination_key(legs: tuple[OrderLeg, ...]) -> str:
    """The one text of a combination: signed ratios and keys, in order of the keys, joined by commas."""
    return ",".join(f"{leg.ratio:+d}*{leg.symbol}" for leg in sorted(legs, key=lambda leg: leg.symbol))


class GateCheck(NamedTuple):
    """One rule of the pre-trade gate and its answer."""

    rule: str
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True)
class FillLeg:
    """What one leg of a combination's fill moved."""

    symbol: str
    quantity: int
    """Contracts, signed: positive bought."""
    price: Decimal
    fee: Decimal
    quote: Quote
    """The quote of the leg that it was made against."""
    against: str | None = None
    """Client order id of the order that it was traded with; None for what is displayed."""


@dataclass(frozen=True, slots=True)
class Fill:
    """What a venue did, and under which model."""

    fill_id: str
    client_order_id: str
    quantity: int
    price: Decimal
    fee: Decimal
    model: str
    """Name of the fill model, such as `touch-displayed-size`."""
    filled_at: datetime
    quote: Quote
    """The quote that it was made against; of a combination that of its first leg."""
    legs: tuple[FillLeg, ...] = ()
    """Of a combination, whose `quantity` is units, `price` net and `fee` that of all legs."""
    against: str | None = None
    """Client order id of the order that it was traded with; None for what is displayed, or for legs that say it."""


@dataclass(frozen=True, slots=True)
class OrderResult:
    """How an order ended."""

    intent: OrderIntent
    state: OrderState
    checks: tuple[GateCheck, ...]
    fills: tuple[Fill, ...]
    reason: str | None
    """Why it was rejected, or why a remainder was cancelled."""
    replayed: bool = False
    """True where this client order id had been answered before and nothing was done now."""
    cost: Decimal = Decimal(0)
    """Signed cash out of the account for the fills, fees excluded (negative: cash in)."""
    reserved: Decimal = Decimal(0)
    """Cash kept while it works."""
    ends_at: datetime | None = None
    """When an order that works ends by itself."""

    @property
    def open(self) -> bool:
        """Whether it goes on working."""
        return self.state in OPEN_STATES

    @property
    def filled_quantity(self) -> int:
        """Contracts filled."""
        return sum(fill.quantity for fill in self.fills)

    @property
    def fees(self) -> Decimal:
        """Fees of all fills."""
        return sum((fill.fee for fill in self.fills), Decimal(0))


@dataclass(frozen=True, slots=True)
class CombinationView:
    """What a combination is, all its units together, at its limit or else at its natural price; fees excluded."""

    strategy: str
    """Its name in the catalogue, or `custom`."""
    natural: Decimal | None
    """Net price at the far side of every leg; None where a leg has none."""
    mid: Decimal | None
    max_gain: Decimal | None
    """None where unbounded, and where legs end apart."""
    max_loss: Decimal | None
    breakevens: tuple[float, ...] | None
    """None where legs end apart: what is left then is a model's to say."""
    requirement_before: Decimal | None
    """Cash that must stand behind the account; None where its loss has no bound."""
    requirement_after: Decimal | None


@dataclass(frozen=True, slots=True)
class OrderPreview:
    """What an order would do now: nothing is written."""

    intent: OrderIntent
    quote: Quote
    price: Decimal | None
    """Price at which it would fill; None where it would not."""
    fillable: int
    """Contracts that would fill now."""
    cost: Decimal | None
    """Signed cash out of the account, fees excluded (negative: cash in)."""
    fees: Decimal | None
    checks: tuple[GateCheck, ...]
    reserve: Decimal = Decimal(0)
    """Cash that would be kept for what rests."""
    ends_at: datetime | None = None
    """When it would end by itself, where it rests."""
    combination: CombinationView | None = None
