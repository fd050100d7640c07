"""Measures by the names under which users know them, and back."""

from __future__ import annotations

from typing import Final

from optionix_core.errors import InvalidValueError, UnknownNameError
from optionix_core.market import symbols
from optionix_core.trading.alerts.conditions import (
    BookGreek,
    BookGreekName,
    GreekName,
    ImpliedVolatility,
    LimitName,
    LimitUse,
    Measure,
    OptionGreek,
    Pnl,
    PnlKind,
    Price,
    PriceField,
)

PRICES: Final = tuple(str(one) for one in PriceField)
GREEKS: Final = tuple(str(one) for one in GreekName)
BOOK: Final = tuple(f"book-{one}" for one in BookGreekName)
PNL: Final = {f"{one}-pnl": one for one in PnlKind}
VOLATILITY: Final = "iv"
BUYING_POWER: Final = str(LimitName.BUYING_POWER)
OF_A_SYMBOL: Final = (*PRICES, VOLATILITY, *GREEKS)
"""Measures of one instrument; those of profit may be of one."""
NAMES: Final = (*OF_A_SYMBOL, *BOOK, *PNL, BUYING_POWER)


def measure(name: str, symbol: str | None) -> Measure:
    """The measure of a name, of the instrument with that key where it is of one.

    Raises UnknownNameError for a name that measures nothing, InvalidValueError for a symbol that is missing, has no
    meaning, or is no option where one is needed.
    """
    if name not in NAMES:
        raise UnknownNameError("measure", name, NAMES)
    if name in PNL:
        return Pnl(PNL[name], symbol)
    if name in OF_A_SYMBOL:
        if symbol is None:
            raise InvalidValueError("symbol", "none", f"given for {name}")
        if name in PRICES:
            return Price(symbol, PriceField(name))
        if not symbols.is_option(symbol):
            raise InvalidValueError("symbol", repr(symbol), f"an option for {name}")
        return ImpliedVolatility(symbol) if name == VOLATILITY else OptionGreek(symbol, GreekName(name))
    if symbol is not None:
        raise InvalidValueError("symbol", repr(symbol), f"absent for {name}")
    if name == BUYING_POWER:
        return LimitUse(LimitName.BUYING_POWER)
    return BookGreek(BookGreekName(name.removeprefix("book-")))


def name_of(found: Measure) -> tuple[str, str | None]:
    """The name of a measure, and the key of its instrument where it has one."""
    if isinstance(found, Price):
        return str(found.field), found.symbol
    if isinstance(found, ImpliedVolatility):
        return VOLATILITY, found.symbol
    if isinstance(found, OptionGreek):
        return str(found.greek), found.symbol
    if isinstance(found, Pnl):
        return f"{found.kind}-pnl", found.symbol
    if isinstance(found, LimitUse):
        return str(found.limit), None
    return f"book-{found.greek}", None
