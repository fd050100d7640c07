"""What a pricing call says about each row instead of raising: the codes that status arrays hold.

Values are stable: arrays of them travel between rooms as int8. Refuses to carry a message; `fault_error` makes the
error that belongs to a fault where one row has to stop a call.
"""

from __future__ import annotations

from enum import IntEnum

from optionix_core.errors import InvalidValueError


class InputFault(IntEnum):
    """Which argument of a row is outside its bound; NONE where all are inside."""

    NONE = 0
    OPTION_TYPE = 1
    SPOT = 2
    STRIKE = 3
    EXPIRY = 4
    RATE = 5
    DIVIDEND_YIELD = 6
    VOLATILITY = 7
    DIVIDENDS = 8
    """The spot does not exceed the present value of the cash dividends before expiry."""
    FORWARD = 9
    DISCOUNT_FACTOR = 10

    @property
    def field(self) -> str:
        """Name of the argument, as the functions call it."""
        return "spot" if self is InputFault.DIVIDENDS else self.name.lower()

    @property
    def bound(self) -> str:
        """What the argument must be, as an error says it."""
        return _BOUNDS[self]


_BOUNDS = {
    InputFault.NONE: "as it is",
    InputFault.OPTION_TYPE: '"call" (+1) or "put" (-1)',
    InputFault.SPOT: "positive, from 1e-140 to 1e140",
    InputFault.STRIKE: "positive, from 1e-140 to 1e140",
    InputFault.EXPIRY: "zero or more years, at most 1e6",
    InputFault.RATE: "finite, and within 600 in size once multiplied by expiry",
    InputFault.DIVIDEND_YIELD: "finite, and within 600 in size once multiplied by expiry",
    InputFault.VOLATILITY: "zero or more and finite",
    InputFault.DIVIDENDS: "above the present value of its cash dividends",
    InputFault.FORWARD: "positive, from 1e-140 to 1e140",
    InputFault.DISCOUNT_FACTOR: "positive and finite",
}


class VolatilityStatus(IntEnum):
    """Why an implied volatility is there or is not."""

    OK = 0
    """Found; the value reproduces the price."""
    BELOW_INTRINSIC = 1
    """The price is under its no-arbitrage floor: no volatility gives it."""
    ABOVE_MAXIMUM = 2
    """The price reaches or exceeds its no-arbitrage ceiling: no finite volatility gives it."""
    NO_TIME_VALUE = 3
    """The price equals its floor as nearly as doubles can tell: every small volatility gives it."""
    EXPIRED = 4
    """No time is left."""
    BAD_INPUT = 5
    """An argument is missing (nan) or outside its bound."""

    @property
    def label(self) -> str:
        """As words: `below intrinsic`."""
        return self.name.lower().replace("_", " ")


def fault_error(fault: int, value: object, row: int | None = None) -> InvalidValueError:
    """The error for `fault` of an argument that was `value`, at flat row `row` of an array call."""
    kind = InputFault(fault)
    return InvalidValueError(kind.field, value, kind.bound, row)
