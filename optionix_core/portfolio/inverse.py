"""Options that pay in the coin they are written on, as Deribit's on bitcoin and ether do.

One contract pays the difference between delivery price and strike, turned into coins at the delivery price: a
call never more than one coin, a put without bound as the price goes to nothing. The delivery price is the
time-weighted average of the index over the thirty minutes before 08:00 UTC, not the index at eight. Refuses to
average a half hour with a gap larger than it is told to bear. Floats in give floats out; with decimals,
`inverse_payoff` answers 28 digits, and `inverse_settlement` is what is booked, in units of 1e-8 coins.

Sources: Deribit, "Inverse Options" and "Expiration Price" (support pages): contract multiplier 1, the index
taken at equal steps of the last half hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple, overload

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.market.option_type import OptionType
from optionix_core.portfolio.exact import exact_arithmetic
from optionix_core.portfolio.exact_input import Number, exact_number, positive

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

AVERAGING: Final = timedelta(minutes=30)
SMALLEST_COIN: Final = Decimal("1e-8")
PRICE_STEP: Final = Decimal("0.01")

_DIGITS: Final = Context(prec=28, rounding=ROUND_HALF_EVEN)
_WIDE: Final = Context(prec=60, rounding=ROUND_HALF_EVEN)


class IndexPoint(NamedTuple):
    """The index at a moment; it stands until the next."""

    at: datetime
    price: Decimal


@overload
def inverse_payoff(option_type: object, strike: Decimal, delivery_price: Decimal) -> Decimal: ...
@overload
def inverse_payoff(option_type: object, strike: float, delivery_price: float) -> float: ...
@overload
def inverse_payoff(option_type: object, strike: ArrayLike, delivery_price: ArrayLike) -> Any: ...
def inverse_payoff(option_type: object, strike: Any, delivery_price: Any) -> Any:
    """Coins that one long contract pays: max(0, sign (delivery - strike)) / delivery.

    Decimals where either number is one; floats for plain numbers; a float64 array of the broadcast shape for
    arrays. Raises InvalidValueError unless strike and delivery price are positive and finite, naming the row.
    """
    if isinstance(strike, Decimal) or isinstance(delivery_price, Decimal):
        kind = OptionType.of(option_type)
        price, level = positive(delivery_price, "delivery_price"), positive(strike, "strike")
        with exact_arithmetic():
            inside = max(Decimal(0), int(kind) * (price - level))
        return _DIGITS.divide(inside, price)
    if isinstance(strike, int | float) and isinstance(delivery_price, int | float) and _is_scalar(option_type):
        kind = OptionType.of(option_type)
        exercise_at, paid_at = float(positive(strike, "strike")), float(positive(delivery_price, "delivery_price"))
        return max(0.0, int(kind) * (paid_at - exercise_at)) / paid_at
    return _array_payoff(option_type, strike, delivery_price)


def inverse_settlement(option_type: object, strike: Number, delivery_price: Number, quantity: Number) -> Decimal:
    """Coins that `quantity` contracts (negative: short) bring in, to 1e-8 coins, half to even, rounded once."""
    kind = OptionType.of(option_type)
    price, level = positive(delivery_price, "delivery_price"), positive(strike, "strike")
    with exact_arithmetic():
        owed = exact_number(quantity, "quantity") * max(Decimal(0), int(kind) * (price - level))
    return _WIDE.quantize(_WIDE.divide(owed, price), SMALLEST_COIN)


def delivery_price(
    index: Sequence[IndexPoint], expires_at: datetime, largest_gap: timedelta = timedelta(minutes=1)
) -> Decimal:
    """The delivery price: the index averaged over the half hour before `expires_at`, to a cent (half to even).

    Each point counts for as long as it stood. `index` is in order of time and needs a point at or before the
    half hour's start. Raises MissingDataError where it has none, or where the index stood still for more than
    `largest_gap`, which is a feed that was cut and not a price.
    """
    if expires_at.tzinfo is None:
        raise InvalidValueError("expires_at", expires_at, "aware of its time zone")
    start = expires_at - AVERAGING
    _check_points(index)
    before = [point for point in index if point.at <= start][-1:]
    if not before:
        raise MissingDataError(f"no index at or before {start}, where the averaging begins")
    inside = [point for point in index if start < point.at < expires_at]
    standing = [*before, *inside]
    ends = [*(point.at for point in inside), expires_at]
    step = timedelta(microseconds=1)
    total = Decimal(0)
    with exact_arithmetic():
        for point, end in zip(standing, ends, strict=True):
            if end - point.at > largest_gap:
                raise MissingDataError(f"no index between {point.at} and {end}; at most {largest_gap} may be missing")
            total += point.price * ((end - max(point.at, start)) // step)
    return _WIDE.quantize(_WIDE.divide(total, AVERAGING // step), PRICE_STEP)


def _check_points(index: Sequence[IndexPoint]) -> None:
    latest: datetime | None = None
    for row, (at, price) in enumerate(index):
        if at.tzinfo is None:
            raise InvalidValueError("index.at", at, "aware of its time zone", row)
        if latest is not None and at <= latest:
            raise InvalidValueError("index.at", at, f"after the one ahead of it, {latest}", row)
        if not (price.is_finite() and price > 0):
            raise InvalidValueError("index.price", price, "positive", row)
        latest = at


def _is_scalar(option_type: object) -> bool:
    return isinstance(option_type, str | int)


def _array_payoff(option_type: object, strike: ArrayLike, delivery_price: ArrayLike) -> Any:
    import numpy as np

    kinds = np.asarray(option_type)
    signs = np.array([int(OptionType.of(item)) for item in kinds.reshape(-1).tolist()], dtype=np.float64)
    levels, prices = np.asarray(strike, dtype=np.float64), np.asarray(delivery_price, dtype=np.float64)
    for field, values in (("strike", levels), ("delivery_price", prices)):
        bad = np.flatnonzero(~(np.isfinite(values) & (values > 0)).reshape(-1))
        if bad.size:
            row = int(bad[0])
            raise InvalidValueError(field, float(values.reshape(-1)[row]), "positive and finite", row)
    payoff = np.maximum(0.0, signs.reshape(kinds.shape) * (prices - levels)) / prices
    return payoff if np.ndim(payoff) else float(payoff)
