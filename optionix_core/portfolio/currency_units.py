"""The smallest unit of a currency, and rounding to it by name.

Money that a rate or a fraction makes (interest, a conversion, cash in lieu) is rounded once, here, before it becomes
an entry; nothing else in the ledger rounds. Refuses to guess the unit of a currency that it does not know.

Source: ISO 4217 (minor units); coins in the steps of their ledgers or of the exchange's settlement.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Final

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.portfolio.exact import ZERO, exact_arithmetic

_HUNDREDTHS: Final = "AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD HUF ILS INR MXN NOK NZD PLN SEK SGD THB TRY TWD USD ZAR"
_DIGITS: Final = {
    **dict.fromkeys(_HUNDREDTHS.split(), 2),
    "JPY": 0,
    "KRW": 0,
    "CLP": 0,
    "BHD": 3,
    "JOD": 3,
    "KWD": 3,
    "BTC": 8,
    "ETH": 8,
    "USDC": 6,
    "USDT": 6,
}
_WIDE: Final = Context(prec=60, rounding=ROUND_HALF_EVEN)


def smallest_unit(currency: str) -> Decimal:
    """0.01 of a dollar, 1 of a yen, 1e-8 of a bitcoin. MissingDataError for a currency that is not known here."""
    digits = _DIGITS.get(currency)
    if digits is None:
        raise MissingDataError(f"the smallest unit of {currency} is not known")
    return Decimal(1).scaleb(-digits)


def is_currency(commodity: str) -> bool:
    """Whether a commodity of the ledger is a currency whose unit is known."""
    return commodity in _DIGITS


def rounded(amount: Fraction | Decimal, currency: str) -> Decimal:
    """`amount` in whole smallest units of `currency`, half to even."""
    unit = smallest_unit(currency)
    exact = Fraction(amount)
    value = _WIDE.divide(Decimal(round(exact / Fraction(unit))), Decimal(1))
    with exact_arithmetic():
        return value * unit


def apportion(total: Decimal, weights: Sequence[Decimal]) -> tuple[Decimal, ...]:
    """`total` in parts by `weights` (not negative, not all zero) that add up to it exactly.

    Parts are whole units of the last digit that `total` has, at least hundredths; what is left goes to the largest
    remainders, the earlier one first.
    """
    whole = sum((Fraction(weight) for weight in weights), Fraction(0))
    if whole <= 0 or any(weight < 0 for weight in weights):
        raise InvalidValueError("weights", ", ".join(map(str, weights)), "not negative and not all zero")
    exponent = total.as_tuple().exponent
    unit = Decimal(1).scaleb(min(-2, exponent if isinstance(exponent, int) else 0))
    units = int(Fraction(total.copy_abs()) / Fraction(unit))
    shares = [units * Fraction(weight) / whole for weight in weights]
    counts = [int(share) for share in shares]
    order = sorted(range(len(shares)), key=lambda row: (counts[row] - shares[row], row))
    for row in order[: units - sum(counts)]:
        counts[row] += 1
    sign = -1 if total < 0 else 1
    with exact_arithmetic():
        return tuple(sign * count * unit if count else ZERO for count in counts)
