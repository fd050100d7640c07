"""Value and Greeks of one exotic position, by the pricing engine."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from optionix_core.errors import MissingDataError

if TYPE_CHECKING:
    from optionix_core.pricing.engine import PricingEngine
    from optionix_core.risk.book import Position, RiskBook


def exotic_greeks(book: RiskBook, position: Position, names: tuple[str, ...]) -> dict[str, float]:
    """`price` and the named Greeks of one unit; nan for one that its method does not give.

    Raises what the engine raises, and MissingDataError where there is neither a model nor a volatility.
    """
    from optionix_core.pricing.flat_market import FlatMarket

    contract = position.contract
    if contract is None:
        raise MissingDataError(f"position {position.id} has no contract")
    years = contract.expiry
    market = FlatMarket(
        spot=book.market.spot(position.underlying),
        rate=book.rate(position.underlying, years),
        dividend_yield=book.dividend_yield(position.underlying, years),
        dividends=_dividends(book, position.underlying),
        snapshot=book.market.id,
    )
    result = _engine().price(contract, _model(book, position), market, greeks=names)
    found = {"price": result.price}
    for name in names:
        value = getattr(result.greeks, name)
        found[name] = float("nan") if value is None else value
    return found


def _model(book: RiskBook, position: Position) -> object:
    from optionix_core.pricing.models.black_scholes import BlackScholesModel

    if position.model is not None:
        return position.model
    if position.volatility is not None:
        return BlackScholesModel(volatility=position.volatility)
    return book.market.surface(position.underlying)


def _dividends(book: RiskBook, underlying: str) -> Any:
    from optionix_core.pricing.dividends import CashDividends

    given = book.dividends.get(underlying)
    return CashDividends(*given) if isinstance(given, tuple) else given


@cache
def _engine() -> PricingEngine:
    from optionix_core.pricing.engine import PricingEngine

    return PricingEngine()
