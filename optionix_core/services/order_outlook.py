"""What may become of an order once it is filled: payoff when its options end, breakevens, probability of profit.

All units are taken as filled at one price, fees excluded. Where the legs end together the payoff is exact; where they
end apart it is a model's, at the first of their ends, on the smile of their expiries. Coin-settled options have none
here: their payoff is not a line in the price.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from optionix_core.errors import DomainError, MissingDataError
from optionix_core.portfolio.deliverables import label_of, underlying_of
from optionix_core.portfolio.exact import ZERO
from optionix_core.services.judging import security_of

if TYPE_CHECKING:
    from optionix_core.market.instruments import Instrument
    from optionix_core.portfolio.strategies.values import Leg
    from optionix_core.services.order_touch import OrderTouch
    from optionix_core.services.strategies import Report
    from optionix_core.services.workspace import Workspace
    from optionix_core.trading.orders import OrderIntent
    from optionix_core.volatility.surface.surface import VolatilitySurface

SMILE: Final = "svi"
_PLACES: Final = Decimal("1e-12")


@dataclass(frozen=True, slots=True)
class OrderOutlook:
    """Of all units of an order at one price; money in the account's currency."""

    price: Decimal
    """At which all units are taken as filled."""
    report: Report

    @property
    def strategy(self) -> str:
        """Its name in the catalogue, or `custom`."""
        return self.report.strategy.name

    @property
    def modelled(self) -> bool:
        """Whether the payoff is a model's, because the legs end apart."""
        return self.report.expiry_payoff is None

    @property
    def max_gain(self) -> float | None:
        """The most that can be made; None where unbounded."""
        payoff = self.report.expiry_payoff or self.report.model_payoff
        return None if payoff is None or payoff.max_gain is None else float(payoff.max_gain)

    @property
    def max_loss(self) -> float | None:
        """The most that can be lost, a positive amount; None where unbounded."""
        payoff = self.report.expiry_payoff or self.report.model_payoff
        return None if payoff is None or payoff.max_loss is None else float(payoff.max_loss)


def outlook(workspace: Workspace, intent: OrderIntent, price: Decimal) -> OrderOutlook:
    """Of an order filled whole at `price`.

    Raises DomainError for coin-settled options and for a net price that no price of the legs adds up to,
    MissingDataError where legs end apart and their expiries have no smile.
    """
    from optionix_core.portfolio.strategies.recognition import recognise
    from optionix_core.services import strategies

    strategy = recognise(_legs(workspace, intent, price))
    surface: VolatilitySurface | None = None
    options = [leg for leg in strategy.legs if leg.type != "stock"]
    if len(strategy.expiries) > 1:
        surface = _smile(workspace, intent)
    elif options:
        with suppress(MissingDataError):
            surface = _smile(workspace, intent)
    if surface is None:
        report = strategies.of_flat_market(strategy, None, workspace.clock.now().date())
        if options:
            report = replace(report, no_probability="the quotes of its expiry tell no smile")
    else:
        report = strategies.of_surface(strategy, surface)
    return OrderOutlook(price, report)


def price_taken(intent: OrderIntent, fills_at: Decimal | None, touch: OrderTouch) -> Decimal:
    """The price at which an order is taken as filled: its limit, where it would fill, its trigger, or the far touch.

    Raises MissingDataError where there is none of them.
    """
    if intent.limit_price is not None:
        return intent.limit_price
    if fills_at is not None:
        return fills_at
    if intent.trigger is not None and intent.trigger.price is not None:
        return intent.trigger.price
    return touch.at("ask" if intent.side.sign > 0 else "bid", intent.side)


def _legs(workspace: Workspace, intent: OrderIntent, price: Decimal) -> list[Leg]:
    """The legs, with prices that add up to the net price: only their sum is known, and only it counts."""
    from optionix_core.portfolio.strategies.values import Leg

    feed, sign = workspace.feed, intent.side.sign
    parts = [(leg.symbol, leg.ratio) for leg in intent.legs] or [(intent.symbol, 1)]
    found: list[Leg] = []
    for symbol, ratio in parts:
        one = security_of(feed, symbol)
        quantity = Decimal(sign * ratio * intent.quantity)
        if one.expires_at is None:
            found.append(Leg(type="stock", quantity=quantity, multiplier=Decimal(1), price=ZERO, symbol=symbol))
        else:
            found.append(_option(feed.instrument(symbol), quantity))
    whole = sign * price * security_of(feed, intent.priced_by).multiplier * intent.quantity
    place = next((n for n, leg in enumerate(found) if leg.quantity * whole > 0), None)
    if whole and place is None:
        raise DomainError(f"no prices of its legs add up to {price}")
    if place is not None:
        leg = found[place]
        found[place] = replace(leg, price=(whole / (leg.quantity * leg.multiplier)).quantize(_PLACES).normalize())
    return found


def _option(one: Instrument, quantity: Decimal) -> Leg:
    from optionix_core.market.option_type import OptionType
    from optionix_core.portfolio.strategies.values import Leg

    if one.inverse:
        raise DomainError(f"{one.label} is settled in coins: its payoff is not told here")
    return Leg(
        type="call" if one.option_type is OptionType.CALL else "put",
        quantity=quantity,
        multiplier=one.multiplier,
        strike=one.strike,
        expiry=one.expiry,
        root=one.root,
        symbol=one.symbol,
        price=ZERO,
    )


def _smile(workspace: Workspace, intent: OrderIntent) -> VolatilitySurface:
    """The smile of the expiries that the order has."""
    from optionix_core.services import surfaces
    from optionix_core.volatility.surface.surface import VolatilitySurface

    feed, now = workspace.feed, workspace.clock.now()
    options = [one for name in intent.symbols if (one := security_of(feed, name)).expires_at is not None]
    keys = {(one.expiry, one.root) for one in (feed.instrument(name.symbol) for name in options)}
    name = underlying_of(options[0].symbol)
    if len(keys) == 1:
        solved = surfaces.judged(feed.chain(name, now, *next(iter(keys))))
    else:
        solved = surfaces.judged(feed.chain(name, now))
        parts = tuple(one for one in solved.slices if (one.source.expiry, one.source.root) in keys)
        missing = keys - {(one.source.expiry, one.source.root) for one in parts}
        if missing:
            told = ", ".join(label_of(one.symbol) for one in options)
            raise MissingDataError(f"the chain of {name} lacks an expiry of {told}")
        kept = replace(solved.chain, slices=tuple(one.source for one in parts))
        solved = replace(solved, chain=kept, slices=parts)
    return VolatilitySurface.fit(solved, SMILE)
