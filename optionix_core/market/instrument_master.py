"""From an option's key to the whole instrument: its product's terms and its settlement moment."""

from __future__ import annotations

from functools import lru_cache

from optionix_core.market import expirations, symbols
from optionix_core.market.instruments import Instrument
from optionix_core.market.products import product


def instrument(text: str) -> Instrument:
    """The listed option behind a symbol in any accepted form.

    Raises InvalidValueError for what is no option and MissingDataError where the contract's size or
    its exchange's sessions are not known. Whether it is quoted anywhere is a feed's business.
    """
    return _instrument(symbols.resolve(text))


@lru_cache(maxsize=65536)
def _instrument(key: str) -> Instrument:
    terms = symbols.terms(key)
    item = product(terms.root, terms.symbology)
    return Instrument(
        symbol=key,
        root=terms.root,
        underlying=item.underlying,
        expiry=terms.expiry,
        expires_at=expirations.settlement_moment(terms.root, terms.expiry, terms.symbology),
        option_type=terms.option_type,
        strike=terms.strike,
        multiplier=item.multiplier,
        currency=item.currency,
        exercise=item.exercise,
        settlement=item.settlement,
        inverse=item.inverse,
        tick=item.tick.below,
    )
