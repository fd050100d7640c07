"""Whether an American option should be exercised today, dividends in view.

The decision is asked on the last day that carries the dividend: exercised, a call is worth spot less strike
and its holder gets the dividend; held, it is an option on a stock that opens lower by the dividend. The two
are compared exactly, by the engine's American price of what is held. For a call whose stock pays nothing
more before expiry this is the traders' rule, exercise where the dividend exceeds the interest on the strike
plus the price of the put (out of the money, all of it time value), and both sides of that rule are shown
beside the answer. A put is exercised where its American price is no more than its intrinsic value; before a
dividend it gains by waiting. Refuses to advise on what is out of the money.

Sources: R. Whaley, J. Financial Economics 9 (1981) 207, on calls before the last dividend; put-call parity.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from optionix_core.errors import InvalidValueError
from optionix_core.market.option_type import OptionType

if TYPE_CHECKING:
    from optionix_core.pricing.dividends import Dividends


@dataclass(frozen=True, slots=True)
class EarlyExerciseAdvice:
    """What exercise today is worth against holding on; all amounts per share."""

    exercise: bool
    """Before a dividend: exercise pays more, beyond the error. Without one: holding pays no more, within it."""
    exercise_value: float
    """Intrinsic value today, the dividend still in the price."""
    hold_value: float
    """American value once the dividend is paid out."""
    gain: float
    """Exercise less holding."""
    error: float
    """Of the American price, as estimated."""
    dividend: float
    interest: float
    """On the strike until expiry: strike (1 - exp(-rate expiry)); what a call saves by waiting and a put loses."""
    other_side: float
    """European price, after the dividend, of the option of the other type at the same strike."""
    rule_of_thumb: bool | None
    """Call: dividend above interest and put; None for puts, and where more dividends or a yield follow."""


def advise_early_exercise(
    option_type: object,
    spot: float,
    strike: float,
    expiry: float,
    rate: float,
    volatility: float,
    dividend: float = 0.0,
    dividend_yield: float = 0.0,
    later_dividends: Dividends | None = None,
) -> EarlyExerciseAdvice:
    """Whether to exercise today.

    `spot`: with the dividend. `expiry`: years. `dividend`: the amount that goes off overnight, zero or more and
    less than the spot. `later_dividends`: those after it, cash or proportional, as pricing takes them. Raises
    InvalidValueError naming field, value and bound, also where the option is not in the money today.
    """
    from optionix_core.pricing import american, black_scholes

    kind = OptionType.of(option_type)
    if not 0.0 <= dividend < spot:
        raise InvalidValueError("dividend", dividend, f"zero or more and below the spot of {spot}")
    intrinsic = int(kind) * (spot - strike)
    if not intrinsic > 0.0:
        raise InvalidValueError("spot", spot, f"such that the {kind.label} at {strike} is in the money")
    after = spot - dividend
    held = american.price_with_error(
        int(kind), after, strike, expiry, rate, dividend_yield, volatility, dividends=later_dividends
    )
    # What is only rounding apart is equal: an American price is never below what exercise pays.
    error = max(float(held.error), 1e-12 * max(after, strike))
    gain = intrinsic - float(held.price)
    other = black_scholes.price(
        -int(kind), after, strike, expiry, rate, dividend_yield, volatility, dividends=later_dividends
    )
    interest = -strike * math.expm1(-rate * expiry)
    alone = kind is OptionType.CALL and dividend_yield == 0.0 and later_dividends is None
    hurries = dividend_yield > 0.0 or rate < 0.0 if kind is OptionType.CALL else rate > 0.0 or dividend_yield < 0.0
    return EarlyExerciseAdvice(
        exercise=gain > error if dividend > 0.0 else hurries and gain >= -error,
        exercise_value=intrinsic,
        hold_value=float(held.price),
        gain=gain,
        error=error,
        dividend=dividend,
        interest=interest,
        other_side=float(other),
        rule_of_thumb=dividend > interest + float(other) if alone else None,
    )
