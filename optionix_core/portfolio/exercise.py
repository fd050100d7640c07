"""Whether an expiring option is exercised, by the clearing house's rule and its holder's will.

Exercise by exception: an option that is in the money by the threshold or more is exercised unless its holder
says otherwise; any other expires unless its holder says otherwise. The threshold depends on the day and on
how the option settles. Refuses to exercise a cash-settled option that would pay nothing.

    equity, physical, per share      until October 2004     0.75 (customers; firms 0.25)
                                     November 2004 on       0.25 (customers; firms 0.15)
                                     2006-10-21 on          0.05
                                     2008-06-21 on          0.01
    index, cash, per contract        multiplier not 1       1.00
                                     multiplier 1           0.01

Sources: OCC Rules 805(d)(2) and 1804(c)(1); Release 34-54514 (71 FR 58656, SR-OCC-2006-05) for the equity
thresholds from 2004 to 2006; Cboe RG08-073 for 2008. No history is kept of the index thresholds: today's
rule answers for every day. The clearing house's assignment is `assign`, coin-settled
options are `inverse_payoff`, the hours until which a holder may say so are `cutoffs`, early exercise is
`advise_early_exercise`, and `expiry_calendar` shows what is coming; all are to be had from here.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final, Literal

from optionix_core.errors import InvalidValueError
from optionix_core.market.option_type import OptionType
from optionix_core.portfolio.assignment import assign, assign_first_in_first_out
from optionix_core.portfolio.early_exercise import EarlyExerciseAdvice, advise_early_exercise
from optionix_core.portfolio.exact import exact_arithmetic
from optionix_core.portfolio.exact_input import Number, exact_number, not_negative, positive
from optionix_core.portfolio.exercise_cutoffs import ExerciseCutoffs, cutoffs, instruction_in_force
from optionix_core.portfolio.expiry_calendar import ExpiryEntry, ExpiryMarket, expiry_calendar
from optionix_core.portfolio.inverse import delivery_price, inverse_payoff, inverse_settlement

__all__ = [
    "EarlyExerciseAdvice",
    "ExerciseCutoffs",
    "ExpiryEntry",
    "ExpiryMarket",
    "advise_early_exercise",
    "assign",
    "assign_first_in_first_out",
    "by_exception",
    "cutoffs",
    "delivery_price",
    "expiry_calendar",
    "instruction_in_force",
    "inverse_payoff",
    "inverse_settlement",
    "threshold",
]

Outcome = Literal["exercise", "expire"]
SettlementKind = Literal["physical", "cash"]

EQUITY_THRESHOLDS: Final = (
    (date(2008, 6, 21), Decimal("0.01")),
    (date(2006, 10, 21), Decimal("0.05")),
    (date(2004, 11, 1), Decimal("0.25")),
    (date.min, Decimal("0.75")),
)
"""First expiry date and amount per share, latest first."""
CASH_THRESHOLD: Final = Decimal("1.00")
CASH_THRESHOLD_OF_ONE: Final = Decimal("0.01")
"""Per contract, for a multiplier of 1."""


def threshold(settlement: SettlementKind = "physical", multiplier: Number = 100, on: date | None = None) -> Decimal:
    """How far in the money is enough: per share for physical settlement, per contract for cash.

    `on` is the expiry date as the symbol bears it (a Saturday before February 2015); None is today's rule.
    The history is of customers' accounts.
    """
    size = positive(multiplier, "multiplier")
    if settlement == "cash":
        return CASH_THRESHOLD_OF_ONE if size == 1 else CASH_THRESHOLD
    if settlement != "physical":
        raise InvalidValueError("settlement", repr(settlement), '"physical" or "cash"')
    expiry = date.max if on is None else on
    return next(amount for first, amount in EQUITY_THRESHOLDS if expiry >= first)


def by_exception(
    option_type: object,
    strike: Number,
    settlement_price: Number,
    multiplier: Number = 100,
    settlement: SettlementKind = "physical",
    on: date | None = None,
    instruction: Outcome | None = None,
) -> Outcome:
    """`"exercise"` or `"expire"` of a long option at expiry.

    `instruction` is the holder's contrary instruction, given in time (see `cutoffs`); it decides, except that a
    cash-settled option with nothing to pay is not exercised. Prices are per share or index point; floats count
    as the decimals that they print as. Raises InvalidValueError naming field, value and bound.
    """
    sign = int(OptionType.of(option_type))
    bar = threshold(settlement, multiplier, on)
    with exact_arithmetic():
        inside = sign * (not_negative(settlement_price, "settlement_price") - not_negative(strike, "strike"))
        amount = inside * exact_number(multiplier, "multiplier") if settlement == "cash" else inside
    if instruction is None:
        return "exercise" if amount >= bar else "expire"
    if instruction not in ("exercise", "expire"):
        raise InvalidValueError("instruction", repr(instruction), '"exercise", "expire" or None')
    if instruction == "exercise" and settlement == "cash" and inside <= 0:
        raise InvalidValueError("instruction", "exercise", "withheld where a cash-settled option would pay nothing")
    return instruction
