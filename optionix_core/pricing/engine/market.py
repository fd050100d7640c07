"""The market and the model as one contract sees them, from numbers or from a snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from optionix_core.errors import InvalidValueError
from optionix_core.pricing.flat_market import FlatMarket, of_market

if TYPE_CHECKING:
    from optionix_core.market.snapshot import Market
    from optionix_core.pricing.contracts import Contract


def flat_market(
    contract: Contract,
    market: FlatMarket | Market,
    underlying: str | tuple[str, ...] | None,
    currency: str | None,
) -> FlatMarket:
    """Numbers as they are; a snapshot's for the contract's expiry, one spot and yield for each underlying.

    Raises InvalidValueError where underlying or currency are missing, or as many spots as assets are.
    """
    if isinstance(market, FlatMarket):
        flat = market
    elif underlying is None or currency is None:
        missing = "underlying" if underlying is None else "currency"
        raise InvalidValueError(missing, None, "given with a market snapshot")
    elif isinstance(underlying, str):
        flat = of_market(market, underlying, currency, contract.expiry)
    else:
        parts = [of_market(market, name, currency, contract.expiry) for name in underlying]
        flat = FlatMarket(
            spot=tuple(part.spots[0] for part in parts),
            rate=parts[0].rate,
            dividend_yield=tuple(part.yields[0] for part in parts),
            snapshot=market.id,
        )
    count = len(flat.spots)
    if contract.assets and count != contract.assets:
        raise InvalidValueError("spot", flat.spot, f"{contract.assets} number{'s' * (contract.assets > 1)}, as assets")
    return flat


def model_on(
    contract: Contract, model: object, market: FlatMarket | Market, underlying: str | tuple[str, ...] | None
) -> object:
    """The model itself; a surface becomes the constant volatility at the contract's strike and expiry.

    Raises InvalidValueError where there is neither a model nor a surface, or no strike to ask the surface at.
    """
    surface = cast("Any", model)
    if model is None:
        if not isinstance(market, FlatMarket) and underlying is None:
            raise InvalidValueError("underlying", None, "given with a market snapshot")
        if isinstance(market, FlatMarket) or not isinstance(underlying, str):
            raise InvalidValueError("model", None, "given, or a market snapshot with a surface of one underlying")
        surface = market.surface(underlying)
    if not _is_surface(surface):
        _check_assets(contract, model, market)
        return model
    strike = getattr(contract, "strike", None)
    if strike is None:
        raise InvalidValueError(
            "model", type(surface).__name__, f"a model: a contract of kind {contract.kind} has no strike"
        )
    from optionix_core.pricing.models.black_scholes import BlackScholesModel

    asked = max(contract.expiry, 1e-9)  # a surface has no volatility for no time, and none is needed then
    return BlackScholesModel(volatility=float(surface.implied_volatility(strike, asked)))


def _is_surface(model: object) -> bool:
    """A function of strike and expiry, not a model of the price."""
    return callable(getattr(model, "implied_volatility", None)) and not callable(getattr(model, "price", None))


def _check_assets(contract: Contract, model: object, market: FlatMarket | Market) -> None:
    volatilities = getattr(model, "volatilities", None)
    if volatilities is None or not isinstance(market, FlatMarket):
        return
    if len(volatilities) != len(market.spots):
        raise InvalidValueError("volatilities", volatilities, f"{len(market.spots)} numbers, as spot")
    weights = getattr(contract, "weights", None)
    if weights is not None and len(weights) != len(market.spots):
        raise InvalidValueError("weights", weights, f"{len(market.spots)} numbers, as spot")
