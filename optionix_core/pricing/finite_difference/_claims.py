"""Contracts as a grid sees them: a payoff of two straight pieces, absorbing levels, watching times, exercise.

An option that a barrier brings to life is the European option less the one that the barrier ends; the rebate of an in
option, paid at expiry if it never came to life, is then a payoff of the ending one. Refuses what depends on more than
the price now.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optionix_core.errors import InvalidValueError
from optionix_core.market.option_type import OptionType
from optionix_core.pricing.contracts import (
    AmericanOption,
    AssetOrNothingOption,
    BarrierOption,
    CashOrNothingOption,
    Contract,
    DoubleBarrierOption,
    EuropeanOption,
    NoTouchOption,
    OneTouchOption,
)

FloatArray = NDArray[np.float64]
Straight = tuple[float, float]
"""A, B of A + B S."""


@dataclass(frozen=True, slots=True)
class Payoff:
    """Straight below and above the strike; midway between the two at a jump."""

    strike: float
    below: Straight
    above: Straight

    def at(self, spots: FloatArray) -> FloatArray:
        """Values at `spots`."""
        low = self.below[0] + self.below[1] * spots
        high = self.above[0] + self.above[1] * spots
        values: FloatArray = np.where(spots < self.strike, low, np.where(spots > self.strike, high, 0.5 * (low + high)))
        return values

    @property
    def bends(self) -> bool:
        """Whether the two pieces differ."""
        return self.below != self.above

    def plus(self, amount: float) -> Payoff:
        """The payoff and a fixed amount."""
        return Payoff(self.strike, (self.below[0] + amount, self.below[1]), (self.above[0] + amount, self.above[1]))


@dataclass(frozen=True, slots=True)
class Level:
    """A price at which, or beyond which, the claim becomes a fixed amount."""

    price: float
    amount: float = 0.0
    at_expiry: bool = False
    """Whether the amount is paid at expiry rather than at once."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One solution of the pricing equation."""

    expiry: float
    payoff: Payoff
    american: bool = False
    lower: Level | None = None
    upper: Level | None = None
    watched: tuple[float, ...] | None = None
    """Times at which the levels are watched; None: always."""

    def touched(self, spot: float) -> Level | None:
        """The level that `spot` is on or beyond, if any."""
        if self.lower is not None and spot <= self.lower.price:
            return self.lower
        if self.upper is not None and spot >= self.upper.price:
            return self.upper
        return None


Claims = tuple[tuple[float, Claim], ...]
"""Claims and how many of each."""


def claims(contract: Contract, spot: float) -> Claims:
    """Raises InvalidValueError for a contract that no grid of this room prices."""
    terms = _plain(contract)
    if terms is not None:
        return ((1.0, Claim(contract.expiry, terms, american=isinstance(contract, AmericanOption))),)
    if isinstance(contract, OneTouchOption | NoTouchOption):
        touch = isinstance(contract, OneTouchOption)
        flat = (0.0, 0.0) if touch else (contract.cash, 0.0)
        late = isinstance(contract, OneTouchOption) and contract.pay_at == "expiry"
        level = Level(contract.barrier, contract.cash if touch else 0.0, late)
        up = contract.barrier >= spot
        claim = Claim(contract.expiry, Payoff(contract.barrier, flat, flat))
        return ((1.0, replace(claim, upper=level) if up else replace(claim, lower=level)),)
    if isinstance(contract, BarrierOption):
        return _single(contract)
    if isinstance(contract, DoubleBarrierOption):
        payoff = vanilla(contract.option_type, contract.strike)
        out = Claim(contract.expiry, payoff, lower=Level(contract.lower), upper=Level(contract.upper))
        return _in_or_out(out, knocks_in=contract.barrier_type == "knock-in")
    raise InvalidValueError("contract", contract.kind, "one of " + ", ".join(KINDS))


KINDS = (
    "european",
    "american",
    "cash-or-nothing",
    "asset-or-nothing",
    "one-touch",
    "no-touch",
    "barrier",
    "double-barrier",
)
"""What `claims` knows."""


def vanilla(option_type: object, strike: float) -> Payoff:
    """That of a call or put."""
    if OptionType.of(option_type) is OptionType.CALL:
        return Payoff(strike, (0.0, 0.0), (-strike, 1.0))
    return Payoff(strike, (strike, -1.0), (0.0, 0.0))


def _plain(contract: Contract) -> Payoff | None:
    if isinstance(contract, CashOrNothingOption | AssetOrNothingOption):
        paid = (contract.cash, 0.0) if isinstance(contract, CashOrNothingOption) else (0.0, 1.0)
        call = OptionType.of(contract.option_type) is OptionType.CALL
        return Payoff(contract.strike, (0.0, 0.0) if call else paid, paid if call else (0.0, 0.0))
    if type(contract) in (EuropeanOption, AmericanOption):
        assert isinstance(contract, EuropeanOption)  # noqa: S101 - for the type checker
        return vanilla(contract.option_type, contract.strike)
    return None


def _single(contract: BarrierOption) -> Claims:
    knocks_in = contract.barrier_type.endswith("in")
    payoff = vanilla(contract.option_type, contract.strike)
    level = Level(contract.barrier, 0.0 if knocks_in else contract.rebate)
    out = Claim(contract.expiry, payoff, watched=contract.monitoring_times)
    down = contract.barrier_type.startswith("down")
    out = replace(out, lower=level) if down else replace(out, upper=level)
    return _in_or_out(out, knocks_in=knocks_in, rebate=contract.rebate if knocks_in else 0.0)


def _in_or_out(out: Claim, *, knocks_in: bool, rebate: float = 0.0) -> Claims:
    if not knocks_in:
        return ((1.0, out),)
    plain = replace(out, lower=None, upper=None, watched=None)
    return ((1.0, plain), (-1.0, replace(out, payoff=out.payoff.plus(-rebate))))
