"""Named strategies as use cases: build one out of a chain, say what legs are and what may become of them.

Payoffs of one expiry are exact; those of several are a model's and say so. A probability of profit comes from a smile,
or from a flat volatility where the user gives one, and else there is none, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from optionix_core.errors import DomainError, InvalidValueError, MissingDataError
from optionix_core.portfolio.exact import decimal_of_float
from optionix_core.portfolio.strategies import model, probability, rolling
from optionix_core.portfolio.strategies.payoff import ExpiryPayoff, at_expiry
from optionix_core.portfolio.strategies.prices import CombinationPrice, LegQuote, PriceRule, combination_price, priced
from optionix_core.portfolio.strategies.recognition import recognise
from optionix_core.portfolio.strategies.selection import Choice, Selected, listed, select

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from optionix_core.market.chain import OptionChain
    from optionix_core.portfolio.strategies.model import ModelPayoff, ModelTerms, SummedGreeks
    from optionix_core.portfolio.strategies.probability import Probability, Stretch
    from optionix_core.portfolio.strategies.rolling import Roll
    from optionix_core.portfolio.strategies.values import Leg, Strategy
    from optionix_core.volatility.solved import SolvedChain
    from optionix_core.volatility.surface.surface import ModelName, VolatilitySurface

    FloatArray = NDArray[np.float64]

DAYS = 365.0
STOCK_AT_LAST = "stock is priced at the underlying's last price"
IMPLIED_SPOT = "the source's price of the underlying is of another moment: it is implied by the forwards"
EUROPEAN = "options are valued as European ones, each at its own volatility, before they end"
WHOLE_DAYS = "time to expiry is whole calendar days over 365"


class FlatMarket(NamedTuple):
    """What a user gives in the place of a surface; rates continuously compounded, fractions."""

    spot: float
    rate: float
    dividend_yield: float
    volatility: float | None
    """For every leg without its own, and for the probability of profit; None where there is none."""


@dataclass(frozen=True, slots=True)
class RollQuote:
    """A roll as one order of listed instruments."""

    roll: Roll
    combination: Strategy
    """The order's legs with their symbols, unpriced."""
    quotes: tuple[LegQuote, ...]
    """Along those legs."""
    price: CombinationPrice
    """Of one unit; positive is paid."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a strategy is and what may become of it; money is quantity times multiplier."""

    strategy: Strategy
    expiry_payoff: ExpiryPayoff | None
    """Exact; None where the legs have several expiries."""
    model_payoff: ModelPayoff | None
    """When the nearest expiry ends; None where all end together."""
    terms: ModelTerms | None
    """What the model knows; None where nothing was given."""
    years: tuple[float | None, ...]
    """To settlement along the legs; None where it is not known."""
    greeks: SummedGreeks | None
    probability: Probability | None
    no_probability: str | None
    """Why there is none."""
    assumptions: tuple[str, ...]
    quotes: tuple[LegQuote, ...] = ()
    """Of the legs, where they come from a chain."""
    price: CombinationPrice | None = None
    """Of one unit, likewise."""

    @property
    def breakevens(self) -> tuple[float, ...]:
        """Of either payoff."""
        if self.expiry_payoff is not None:
            return tuple(float(price) for price in self.expiry_payoff.breakevens)
        return () if self.model_payoff is None else self.model_payoff.breakevens

    @property
    def profitable(self) -> tuple[Stretch, ...]:
        """Where the profit is positive, of either payoff."""
        if self.expiry_payoff is not None:
            return tuple(model.as_interval(*interval) for interval in self.expiry_payoff.profitable)
        return () if self.model_payoff is None else self.model_payoff.profitable

    def profit(self, underlying: Decimal) -> float:
        """Profit at a price of the underlying when the nearest expiry ends."""
        if self.expiry_payoff is not None:
            return float(self.expiry_payoff.value(underlying))
        return float(self.curve(float(underlying)))

    def curve(self, underlying: ArrayLike) -> FloatArray:
        """The same at many prices, of the shape of the argument."""
        if self.expiry_payoff is not None:
            return self.expiry_payoff.curve(underlying)
        if self.terms is None:
            raise MissingDataError(_NEEDS_MODEL)
        return model.profit(self.strategy, self.terms, underlying, self.terms.nearest)


_NEEDS_MODEL = (
    "legs of several expiries are worth what a model says when the first ends: give a surface, or the underlying's "
    "price, a rate and volatilities"
)


def of_surface(strategy: Strategy, surface: VolatilitySurface) -> Report:
    """A strategy judged by a surface, whose expiries its legs must have.

    Raises MissingDataError for an expiry that the surface does not have or a leg without a price.
    """
    years: list[float | None] = []
    for leg in strategy.legs:
        if leg.type == "stock":
            years.append(None)
            continue
        found = [
            item.years for item in surface.slices if leg.expiry in (None, item.expiry) and leg.root in (None, item.root)
        ]
        if leg.expiry is None or not found:
            listed = ", ".join(f"{item.root} {item.expiry}" for item in surface.slices)
            raise MissingDataError(f"leg {leg.label} has no expiry of the surface ({listed})")
        years.append(found[0])
    terms = model.surface_terms(strategy, surface, tuple(years)) if any(years) else None
    return _report(strategy, tuple(years), terms, surface)


def of_flat_market(
    strategy: Strategy, market: FlatMarket | None, on: date, volatilities: Sequence[float | None] = (),
    years: Sequence[float | None] = (),
) -> Report:  # fmt: skip
    """A strategy judged by numbers that the user gives, or by none.

    `volatilities` and `years` are of the legs where they have their own; else the market's volatility and the whole
    days from `on` count. Raises MissingDataError for a leg without a price, and where legs of several expiries lack
    what the model needs, InvalidValueError for an expiry that is not after `on`.
    """
    own = tuple(volatilities) or (None,) * len(strategy.legs)
    told = tuple(years) or (None,) * len(strategy.legs)
    counted = tuple(
        _days(leg.expiry, on) if known is None and leg.expiry is not None and market is not None else known
        for leg, known in zip(strategy.legs, told, strict=True)
    )
    terms = None
    options = [leg.type != "stock" for leg in strategy.legs]
    if market is not None and any(options):
        chosen = tuple(market.volatility if one is None else one for one in own)
        known = all(one is not None for one, option in zip(chosen, options, strict=True) if option)
        if known or market.volatility is not None or len(strategy.expiries) > 1:
            terms = model.flat_terms(strategy, market.spot, counted, chosen, market.rate, market.dividend_yield)
    notes = (WHOLE_DAYS,) if terms is not None and counted != told else ()
    return _report(strategy, counted, terms, None, None if market is None else market.volatility, notes)


def of_terms(
    strategy: Strategy,
    terms: ModelTerms,
    surface: VolatilitySurface | None = None,
    flat: float | None = None,
    notes: tuple[str, ...] = (),
) -> Report:
    """A strategy judged by the terms of its legs; the odds by a smile, or by the flat volatility where there is none.

    Raises MissingDataError for a leg without a price.
    """
    years = tuple(None if one is None else one.years for one in terms.legs)
    return _report(strategy, years, terms, surface, flat, notes)


def build(
    name: str,
    chain: OptionChain,
    expiries: Sequence[date],
    choice: Choice,
    *,
    rule: PriceRule = "mid",
    units: Decimal = Decimal(1),
    ratio: tuple[int, int] | None = None,
    option_type: str | None = None,
    short: bool = False,
    root: str | None = None,
    rate: float | None = None,
    smile: ModelName | None = "svi",
) -> Report:
    """The strategy `name` out of a chain's listed options, priced by `rule`, with its payoff, Greeks and probability.

    `smile` is the model fitted to the expiries for the probability, None for none. Raises what `selection.select` and
    `prices.priced` raise, and MissingDataError where stock has no price.
    """
    from optionix_core.volatility.solve import solve

    solved = solve(chain, rate)
    selected = select(name, solved, expiries, choice, units=units, ratio=ratio, option_type=option_type, short=short,
                      root=root)  # fmt: skip
    return _in_chain(selected, solved, rule, smile)


def of_legs(
    legs: Sequence[Leg],
    chain: OptionChain,
    *,
    rule: PriceRule = "mid",
    rate: float | None = None,
    smile: ModelName | None = "svi",
) -> Report:
    """What listed legs are together and what may become of them, priced by `rule`; as `build` answers.

    Raises what `selection.listed` and `prices.priced` raise, MissingDataError where stock has no price, and DomainError
    for options priced in coin.
    """
    from optionix_core.volatility.solve import solve

    solved = solve(chain, rate)
    if any(one.source.inverse for one in solved.slices):
        raise DomainError("options priced in coin have no payoff that is linear in the underlying")
    return _in_chain(listed(recognise(legs), solved), solved, rule, smile)


def _in_chain(selected: Selected, solved: SolvedChain, rule: PriceRule, smile: ModelName | None) -> Report:
    """A strategy of listed options, judged by the chain that lists them."""
    notes: list[str] = []
    quotes = selected.quotes
    if any(leg.type == "stock" for leg in selected.strategy.legs):
        quotes = _with_stock(selected, solved.spot)
        notes.append(STOCK_AT_LAST if solved.spot_source == "source" else IMPLIED_SPOT)
    strategy = priced(selected.strategy, quotes, rule)
    surface, reason = _smile(solved, {leg.expiry_key for leg in strategy.legs}, smile)
    terms = _chain_terms(strategy, selected, solved.spot, surface)
    report = _report(strategy, selected.years, terms, surface, None, tuple(notes))
    told = reason if report.probability is None and reason is not None else report.no_probability
    return replace(report, quotes=quotes, price=combination_price(strategy, quotes), no_probability=told)


def roll_in_chain(
    held: Sequence[Leg],
    chain: OptionChain,
    expiries: Mapping[date, date] | None = None,
    strikes: Mapping[Decimal, Decimal] | None = None,
    *,
    rate: float | None = None,
) -> RollQuote:
    """The order that moves held legs to other expiries and strikes of a chain, with what it costs now.

    Raises what `rolling.moved`, `rolling.roll` and `selection.listed` raise.
    """
    from optionix_core.volatility.solve import solve

    order = rolling.roll(held, rolling.moved(held, expiries, strikes))
    found = listed(order.combination, solve(chain, rate))
    return RollQuote(order, found.strategy, found.quotes, combination_price(found.strategy, found.quotes))


def _with_stock(selected: Selected, spot: float | None) -> tuple[LegQuote, ...]:
    if spot is None:
        raise MissingDataError("the chain has no price of the underlying, and the strategy holds stock")
    price = decimal_of_float(spot, "spot")
    return tuple(
        LegQuote(price, price) if leg.type == "stock" else quote
        for leg, quote in zip(selected.strategy.legs, selected.quotes, strict=True)
    )


def _smile(
    solved: SolvedChain, expiries: set[tuple[date, str] | None], smile: ModelName | None
) -> tuple[VolatilitySurface | None, str | None]:
    """The fit to those expiries, or why there is none."""
    from optionix_core.volatility.surface.surface import VolatilitySurface

    if smile is None:
        return None, None
    parts = tuple(one for one in solved.slices if (one.source.expiry, one.source.root) in expiries)
    kept = replace(solved.chain, slices=tuple(one.source for one in parts))
    try:
        return VolatilitySurface.fit(replace(solved, chain=kept, slices=parts), smile), None
    except MissingDataError as error:
        return None, str(error)


def _chain_terms(
    strategy: Strategy, selected: Selected, spot: float | None, surface: VolatilitySurface | None
) -> ModelTerms | None:
    """By the legs' own volatilities where each has one, else by the smile."""
    own = [terms for leg, terms in zip(strategy.legs, selected.terms, strict=True) if leg.type != "stock"]
    if spot is not None and own and all(terms is not None for terms in own):
        return model.ModelTerms(spot, selected.terms, "implied by the legs' mids")
    if surface is not None and surface.spot is not None:
        return model.surface_terms(strategy, surface, selected.years)
    return None


def _report(
    strategy: Strategy,
    years: tuple[float | None, ...],
    terms: ModelTerms | None,
    surface: VolatilitySurface | None = None,
    flat: float | None = None,
    notes: tuple[str, ...] = (),
) -> Report:
    exact = modelled = greeks = None
    if len(strategy.expiries) <= 1:
        exact = at_expiry(strategy)
    elif terms is None:
        raise MissingDataError(_NEEDS_MODEL)
    else:
        modelled = model.at_nearest_expiry(strategy, terms)
    if terms is not None:
        greeks = model.greeks(strategy, terms)
        notes = (*notes, EUROPEAN)
    found = Report(strategy, exact, modelled, terms, years, greeks, None, None, notes)
    chance, reason = _probability(found, surface, flat)
    return replace(found, probability=chance, no_probability=reason)


def _probability(
    report: Report, surface: VolatilitySurface | None, flat: float | None
) -> tuple[Probability | None, str | None]:
    known = [one for one in report.years if one is not None]
    if not any(leg.type != "stock" for leg in report.strategy.legs):
        return None, "stock alone has no expiry"
    if surface is not None and known:
        return probability.from_surface(report.profitable, surface, min(known)), None
    if flat is not None and report.terms is not None:
        nearest = min((one for one in report.terms.legs if one is not None), key=lambda one: one.years)
        return probability.from_flat_volatility(report.profitable, nearest.forward, nearest.years, flat), None
    return None, "neither a smile nor a flat volatility is given"


def _days(expiry: date, on: date) -> float:
    days = (expiry - on).days
    if days <= 0:
        raise InvalidValueError("expiry", expiry, f"after {on}")
    return days / DAYS
