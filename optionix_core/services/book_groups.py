"""The positions of a book by underlying, by expiry or by strategy, with subtotals that add up to the book exactly.

By strategy a position may stand in several groups, each with its own contracts and its share of the position's value
and profit; the last one takes what no decimal can divide, so that the parts are the position again. A sum of which a
part cannot be told is not told, but says how many parts it lacks. Which contracts are a strategy says
`portfolio.strategies.grouping`; it is asked once for what is held (`strategies_of`), not at every mark.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from optionix_core.errors import InvalidValueError
from optionix_core.market import symbols
from optionix_core.market.option_type import OptionType
from optionix_core.market.products import product
from optionix_core.portfolio.deliverables import kind_of
from optionix_core.portfolio.exact import ZERO, exact_arithmetic
from optionix_core.portfolio.strategies.grouping import Held, Lots, group
from optionix_core.portfolio.strategies.values import Leg, Strategy
from optionix_core.services.book_view import PositionGreeks

if TYPE_CHECKING:
    from optionix_core.services.book_view import BookLine, BookView

SHARE_STEP: Final = Decimal("1e-8")
"""To which a part of an amount is cut where it has no exact decimal."""


class GroupBy(StrEnum):
    """What positions are told by."""

    UNDERLYING = "underlying"
    EXPIRY = "expiry"
    STRATEGY = "strategy"
    NONE = "none"

    def after(self) -> GroupBy:
        """The next one, the first after the last."""
        names = tuple(GroupBy)
        return names[(names.index(self) + 1) % len(names)]


@dataclass(frozen=True, slots=True)
class BookPart:
    """A position, or so many contracts of it as stand in one group. Money exact; None is "cannot be told"."""

    line: BookLine
    quantity: Decimal
    """Signed."""
    market_value: Decimal | None
    unrealised_pnl: Decimal | None
    day_pnl: Decimal | None
    greeks: PositionGreeks | None

    @property
    def whole(self) -> bool:
        """Whether it is the whole position."""
        return self.quantity == self.line.value.position.quantity


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over parts.

    Money is None where one part cannot be told or currencies differ; Greeks are of the parts that have them.
    """

    parts: int
    market_value: Decimal | None
    unrealised_pnl: Decimal | None
    day_pnl: Decimal | None
    dollar_delta: float | None
    dollar_gamma: float | None
    """Change of dollar delta for one percent of the spot."""
    theta: float | None
    """Per year."""
    vega: float | None
    """Per unit of volatility."""
    without_mark: int
    without_greeks: int
    currencies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BookGroup:
    """A branch of the tree: other groups, or parts."""

    key: str
    """The same as long as the same is held; unique in the tree."""
    title: str
    kind: str
    """`underlying`, `expiry` or `strategy`."""
    parts: tuple[BookPart, ...]
    """All below it."""
    totals: Totals
    groups: tuple[BookGroup, ...] = ()
    """Empty where its parts are its leaves."""
    strategy: str | None = None
    """Name in the catalogue."""
    units: Decimal | None = None
    """Of the strategy."""
    net_price: float | None = None
    """Of one unit of the strategy, per unit of the underlying; None where a leg has no mark or is filtered out."""

    @property
    def days(self) -> int | None:
        """Calendar days to the first expiry below it; None for stock."""
        return min((part.line.days for part in self.parts if part.line.days is not None), default=None)

    @property
    def expiry(self) -> date | None:
        """The first below it."""
        return min((part.line.expiry for part in self.parts if part.line.expiry is not None), default=None)


@dataclass(frozen=True, slots=True)
class BookTree:
    """All positions of an account."""

    by: GroupBy
    groups: tuple[BookGroup, ...]
    """Empty where positions are not grouped."""
    parts: tuple[BookPart, ...]
    """All leaves, in order."""
    totals: Totals


class Found(NamedTuple):
    """A strategy that is held, or what is none (a claim to cash in lieu)."""

    underlying: str
    currency: str
    strategy: Strategy | None
    amounts: tuple[tuple[str, Decimal], ...]
    """By symbol."""


def holdings_of(view: BookView) -> Hashable:
    """What strategies depend on: the same as long as the same lots are held."""
    return tuple((line.symbol, line.value.position.quantity, line.value.position.lots) for line in view.lines)


def strategies_of(view: BookView) -> tuple[Found, ...]:
    """What the positions are together, underlying by underlying. Takes a moment for a book of many hundreds."""
    pools: dict[tuple[str, str, str], list[Held]] = {}
    found: list[Found] = []
    for line in view.lines:
        position = line.value.position
        leg = _leg(line)
        if leg is None:
            found.append(Found(line.underlying, position.currency, None, ((line.symbol, position.quantity),)))
            continue
        adjusted = line.root if kind_of(line.symbol) == "option" and product(line.root).adjusted else ""
        lots = tuple(Lots(lot.id, lot.quantity) for lot in position.lots if lot.id)
        pools.setdefault((line.underlying, position.currency, adjusted), []).append(Held(line.symbol, leg, lots))
    for (underlying, currency, _), held in pools.items():
        for strategy in group(held):
            amounts = tuple((leg.symbol or "", leg.quantity) for leg in strategy.legs)
            found.append(Found(underlying, currency, strategy, amounts))
    return tuple(found)


def tree_of(
    view: BookView, by: GroupBy, strategies: Sequence[Found] = (), keep: Callable[[BookPart], bool] | None = None
) -> BookTree:
    """The positions that `keep` holds for (None: all), grouped. `strategies`: of the same holdings.

    Raises InvalidValueError where `strategies` are not those of what is held.
    """
    if by is GroupBy.STRATEGY:
        groups = _by_strategy(view, strategies, keep)
        parts = tuple(part for one in groups for part in one.parts)
    else:
        parts = tuple(part for part in map(whole, view.lines) if keep is None or keep(part))
        groups = () if by is GroupBy.NONE else _by_key(parts, by)
    return BookTree(by, groups, parts, totals_of(parts))


def whole(line: BookLine) -> BookPart:
    """A position as one part."""
    value = line.value
    return BookPart(line, value.position.quantity, value.market_value, value.unrealised_pnl, value.day_pnl, line.greeks)


def totals_of(parts: Sequence[BookPart]) -> Totals:
    """Sums over parts."""
    greeks = [part.greeks for part in parts if part.greeks is not None]
    currencies = tuple(sorted({part.line.value.position.currency for part in parts}))
    one = len(currencies) <= 1
    return Totals(
        parts=len(parts),
        market_value=_total(part.market_value for part in parts) if one else None,
        unrealised_pnl=_total(part.unrealised_pnl for part in parts) if one else None,
        day_pnl=_total(part.day_pnl for part in parts) if one else None,
        dollar_delta=sum(item.dollar_delta for item in greeks) if greeks and one else None,
        dollar_gamma=sum(item.dollar_gamma for item in greeks) if greeks and one else None,
        theta=sum(item.theta for item in greeks) if greeks and one else None,
        vega=sum(item.vega for item in greeks) if greeks and one else None,
        without_mark=sum(part.line.value.mark.price is None for part in parts),
        without_greeks=len(parts) - len(greeks),
        currencies=currencies,
    )


def _leg(line: BookLine) -> Leg | None:
    """The position as a leg; None for what is neither option nor share."""
    kind, quantity = kind_of(line.symbol), line.value.position.quantity
    if kind == "share":
        return Leg(type="stock", quantity=quantity, multiplier=Decimal(1), symbol=line.symbol)
    if kind != "option":
        return None
    terms, instrument = symbols.terms(line.symbol), line.value.instrument
    return Leg(
        type="call" if terms.option_type is OptionType.CALL else "put",
        quantity=quantity,
        multiplier=product(terms.root).multiplier if instrument is None else instrument.multiplier,
        strike=terms.strike,
        expiry=terms.expiry,
        root=terms.root,
        symbol=line.symbol,
    )


def _by_key(parts: Sequence[BookPart], by: GroupBy) -> tuple[BookGroup, ...]:
    found: dict[str, list[BookPart]] = {}
    for part in parts:
        found.setdefault(_key(part.line, by), []).append(part)
    keys = sorted(found) if by is GroupBy.EXPIRY else tuple(found)
    return tuple(
        BookGroup(key, _title(found[key][0].line, by), str(by), tuple(found[key]), totals_of(found[key]))
        for key in keys
    )


def _key(line: BookLine, by: GroupBy) -> str:
    if by is GroupBy.UNDERLYING:
        return line.underlying
    return "" if line.expiry is None else line.expiry.isoformat()


def _title(line: BookLine, by: GroupBy) -> str:
    if by is GroupBy.UNDERLYING:
        return line.underlying
    return "no expiry" if line.expiry is None else f"{line.expiry:%d %b %y}"


def _by_strategy(
    view: BookView, strategies: Sequence[Found], keep: Callable[[BookPart], bool] | None
) -> tuple[BookGroup, ...]:
    lines = {line.symbol: line for line in view.lines}
    shares = _shares(lines, strategies)
    underlyings: dict[str, list[BookGroup]] = {}
    for found in strategies:
        own = [shares[symbol].pop(0) for symbol, _ in found.amounts]
        parts = tuple(part for part in own if keep is None or keep(part))
        if parts:
            underlyings.setdefault(found.underlying, []).append(_strategy_group(found, parts))
    made = []
    for name in dict.fromkeys(line.underlying for line in view.lines):
        groups = tuple(underlyings.get(name, ()))
        if groups:
            below = tuple(part for one in groups for part in one.parts)
            made.append(BookGroup(name, name, "underlying", below, totals_of(below), groups))
    return tuple(made)


def _strategy_group(found: Found, parts: tuple[BookPart, ...]) -> BookGroup:
    strategy, totals = found.strategy, totals_of(parts)
    legs = ",".join(f"{amount.normalize():+f}{symbol.replace(' ', '')}" for symbol, amount in found.amounts)
    if strategy is None:
        return BookGroup(f"{found.underlying}/{legs}", "cash in lieu", "strategy", parts, totals)
    price = None
    if len(parts) == len(found.amounts) and totals.market_value is not None:
        price = float(totals.market_value) / (float(strategy.units) * float(strategy.multiplier))
    return BookGroup(
        f"{found.underlying}/{strategy.name}/{legs}",
        strategy_title(strategy),
        "strategy",
        parts,
        totals,
        strategy=strategy.name,
        units=strategy.units,
        net_price=price,
    )


def strategy_title(strategy: Strategy) -> str:
    """`iron condor 15 Jan 27`, `long call calendar 15 Jan / 19 Feb 27`."""
    days = sorted({leg.expiry for leg in strategy.legs if leg.expiry is not None})
    words = strategy.name.replace("-", " ")
    if not days:
        return words
    if len(days) == 1:
        return f"{words} {days[0]:%d %b %y}"
    return f"{words} {' / '.join(f'{day:%d %b}' for day in days[:-1])} / {days[-1]:%d %b %y}"


def _shares(lines: dict[str, BookLine], strategies: Sequence[Found]) -> dict[str, list[BookPart]]:
    """The parts of every position, in the order of the strategies."""
    wanted: dict[str, list[Decimal]] = {symbol: [] for symbol in lines}
    for found in strategies:
        for symbol, amount in found.amounts:
            if symbol not in wanted:
                raise InvalidValueError("strategies", repr(symbol.strip()), "of what is held")
            wanted[symbol].append(amount)
    with exact_arithmetic():
        for symbol, amounts in wanted.items():
            held = lines[symbol].value.position.quantity
            if sum(amounts, ZERO) != held:
                told = f"{sum(amounts, ZERO)} of {symbol.strip()}"
                raise InvalidValueError("strategies", told, f"of what is held, {held}")
    return {symbol: _parts(lines[symbol], amounts) for symbol, amounts in wanted.items()}


def _parts(line: BookLine, amounts: Sequence[Decimal]) -> list[BookPart]:
    if len(amounts) == 1:
        return [whole(line)]
    value = line.value
    values, unrealised, days = (
        _divided(one, amounts) for one in (value.market_value, value.unrealised_pnl, value.day_pnl)
    )
    held = float(value.position.quantity)
    return [
        BookPart(
            line=line,
            quantity=amount,
            market_value=values[place],
            unrealised_pnl=unrealised[place],
            day_pnl=days[place],
            greeks=None if line.greeks is None else line.greeks.times(float(amount) / held),
        )
        for place, amount in enumerate(amounts)
    ]


def _divided(total: Decimal | None, weights: Sequence[Decimal]) -> list[Decimal | None]:
    """Parts in proportion that sum to `total` exactly."""
    if total is None:
        return [None] * len(weights)
    with localcontext() as context:
        context.prec, context.rounding = 60, ROUND_HALF_EVEN
        whole_weight = sum(weights, ZERO)
        parts = [(total * weight / whole_weight).quantize(SHARE_STEP) for weight in weights[:-1]]
        return [*parts, total - sum(parts, ZERO)]


def _total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The sum, or None where a part cannot be told."""
    found = list(amounts)
    known = [amount for amount in found if amount is not None]
    with exact_arithmetic():
        return sum(known, ZERO) if len(known) == len(found) else None
