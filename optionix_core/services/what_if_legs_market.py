"""Where the market has several legs that are to be priced together: their quotes and terms out of their chains.

Refuses legs of several underlyings, a leg without a two-sided quote, and options that are quoted in their underlying.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from optionix_core.errors import DomainError, InvalidValueError, MissingDataError
from optionix_core.market import symbols
from optionix_core.market.products import product
from optionix_core.portfolio.exact import decimal_of_float
from optionix_core.portfolio.strategies import model
from optionix_core.portfolio.strategies.recognition import recognise
from optionix_core.portfolio.strategies.values import Leg, Strategy

if TYPE_CHECKING:
    from optionix_core.portfolio.strategies.model import LegTerms, ModelTerms
    from optionix_core.services.chain_view import ChainView, ChainViewer


class Asked(NamedTuple):
    """A leg that is asked about."""

    symbol: str
    quantity: Decimal
    """Contracts, or shares; negative where short."""


@dataclass(frozen=True, slots=True, eq=False)
class LegsMarket:
    """Legs as the chains have them."""

    underlying: str
    source: str
    as_of: datetime
    strategy: Strategy
    """Priced at the mids."""
    terms: ModelTerms
    """Along the strategy's legs."""
    at_the_money: float | None
    """Volatility at the forward of the nearest expiry."""
    nearest: tuple[date, str] | None
    """Its date and root."""


def read_legs(viewer: ChainViewer, legs: Sequence[Asked], moment: datetime) -> LegsMarket:
    """Quotes and terms of `legs` at `moment`.

    Raises InvalidValueError where there are no legs or several underlyings, MissingDataError for a leg without a
    two-sided quote or volatility, and what the feed raises for what it does not list.
    """
    underlying = _check(legs)
    views: dict[tuple[date, str], ChainView] = {}
    for leg in legs:
        if not symbols.is_share(leg.symbol):
            option = symbols.terms(leg.symbol)
            if (option.expiry, option.root) not in views:
                views[option.expiry, option.root] = viewer.view(underlying, moment, option.expiry, option.root)
    if not views:
        raise InvalidValueError("legs", "shares alone", "with at least one option")
    first = min(views.values(), key=lambda view: view.years)
    if first.spot is None:
        raise MissingDataError(f"the source gives no price of {underlying}, and no forward implies one")
    made: dict[Leg, LegTerms | None] = {}
    for leg in legs:
        if symbols.is_share(leg.symbol):
            made[_share(leg, first.spot)] = None
        else:
            option = symbols.terms(leg.symbol)
            one, known = _option(leg, views[option.expiry, option.root])
            made[one] = known
    strategy = recognise(made)
    return LegsMarket(
        underlying,
        first.source,
        max(view.as_of for view in views.values()),
        strategy,
        model.ModelTerms(first.spot, tuple(made[leg] for leg in strategy.legs), "implied by the legs' mids"),
        first.at_the_money_volatility,
        (first.expiry, first.root),
    )


def _check(legs: Sequence[Asked]) -> str:
    """Their underlying."""
    if not legs:
        raise InvalidValueError("legs", 0, "at least one")
    seen: set[str] = set()
    for leg in legs:
        if leg.symbol in seen:
            raise InvalidValueError("legs", leg.symbol.strip(), "each instrument once")
        seen.add(leg.symbol)
    names = {_underlying(leg.symbol) for leg in legs}
    if len(names) > 1:
        raise InvalidValueError("legs", ", ".join(sorted(names)), "of one underlying")
    return names.pop()


def _underlying(symbol: str) -> str:
    return symbol if symbols.is_share(symbol) else product(symbols.terms(symbol).root).underlying


def _share(leg: Asked, spot: float) -> Leg:
    return Leg(
        type="stock",
        quantity=leg.quantity,
        multiplier=Decimal(1),
        price=decimal_of_float(round(spot, 6), "spot"),
        symbol=leg.symbol,
    )


def _option(leg: Asked, view: ChainView) -> tuple[Leg, LegTerms]:
    found = view.side(leg.symbol)
    label = symbols.terms(leg.symbol).label
    if found is None:
        raise MissingDataError(f"{label} is not listed in its chain")
    if view.inverse:
        raise DomainError(f"{label} is quoted in {view.currency}: legs that are have no one payoff; price it alone")
    row, side = found
    if side.mid is None or side.iv is None:
        raise MissingDataError(f"{label} has no volatility: {side.rejected or 'no quote on both sides'}")
    if view.forward is None or view.discount_factor is None or not view.years > 0.0:
        raise MissingDataError(f"{label} has no forward or discount factor, or has ended")
    made = Leg(
        type="call" if side is row.call else "put",
        quantity=leg.quantity,
        multiplier=decimal_of_float(view.multiplier, "multiplier"),
        strike=decimal_of_float(row.strike, "strike"),
        expiry=view.expiry,
        root=view.root,
        price=decimal_of_float(round(side.mid, 9), "mid"),
        symbol=leg.symbol,
    )
    return made, model.LegTerms(view.years, view.forward, view.discount_factor, side.iv)
