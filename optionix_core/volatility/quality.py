"""Which quotes may speak: every quote is judged, and a rejected one keeps its reason.

The judgement is made before anything is fitted, so that a bad quote cannot move a forward or a smile.
It refuses to repair: a quote without a bid is not given one, a crossed market is not uncrossed. Where
several reasons hold, the first in the order of `Rejection` is kept, the most basic fact first.

A locked market (bid equal to ask) is a market and is kept. A quote of zero is no quote: a far
out-of-the-money option offered at 0.05 with nothing bid is rejected as `no bid`, and an option that
is bid but not offered as `no ask`, since neither has a mid.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import InvalidValueError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    BoolArray = NDArray[np.bool_]
    CodeArray = NDArray[np.int8]


class Rejection(StrEnum):
    """Why a quote has no implied volatility, in order of precedence. The texts are stable."""

    NO_INSTRUMENT = "no instrument"
    """The source lists nothing on this side of the strike, or the strike is no positive number."""
    EXPIRED = "expired"
    """The settlement moment is not after the moment of the quotes."""
    NO_BID = "no bid"
    NO_ASK = "no ask"
    CROSSED = "crossed"
    """The bid is above the ask."""
    STALE = "stale"
    """The exchange time is older than the limit; judged only where the source gives times."""
    TOO_WIDE = "too wide"
    """The spread is more than the allowed multiple of the mid."""
    NO_FORWARD = "no forward"
    """The expiry has too few good pairs for put-call parity, and the source gives no forward."""
    BELOW_INTRINSIC = "below intrinsic"
    """The mid is not above the discounted intrinsic value, so that no volatility explains it."""
    AT_INTRINSIC = "at intrinsic"
    """An American option priced at what exercise pays at once: many volatilities explain it."""
    ABOVE_MAXIMUM = "above maximum"
    """The mid is not below the discounted forward (call) or strike (put)."""
    NO_SOLUTION = "no solution"
    """Inside the bounds, but too near to one of them for a volatility to be told in double precision."""


REASONS: tuple[Rejection, ...] = tuple(Rejection)
ACCEPTED = -1
"""Code of a quote that was not rejected; other codes are positions in `REASONS`."""


@dataclass(frozen=True, slots=True)
class QuoteRules:
    """Limits of the judgement."""

    maximum_relative_spread: float = 1.0
    """Widest spread allowed as a multiple of the mid; 1.0 allows an ask of three times the bid."""
    stale_after: timedelta | None = None
    """Oldest exchange time allowed; None judges no age."""

    def __post_init__(self) -> None:
        if not self.maximum_relative_spread > 0.0:
            raise InvalidValueError("maximum_relative_spread", self.maximum_relative_spread, "positive")
        if self.stale_after is not None and self.stale_after <= timedelta(0):
            raise InvalidValueError("stale_after", self.stale_after, "positive")


def judge(
    exists: BoolArray,
    years: FloatArray,
    bid: FloatArray,
    ask: FloatArray,
    quoted_at: FloatArray,
    now: float,
    rules: QuoteRules,
) -> CodeArray:
    """Codes of the quotes before any forward is known, all arrays of shape (quotes,).

    `exists` is false where there is no instrument; `years` is time to settlement; `quoted_at` and
    `now` are POSIX seconds (nan where the source gives no time). Prices are in the quote's own unit.
    """
    has_bid = np.isfinite(bid) & (bid > 0.0)
    has_ask = np.isfinite(ask) & (ask > 0.0)
    limit = np.inf if rules.stale_after is None else rules.stale_after.total_seconds()
    with np.errstate(invalid="ignore"):
        widest = rules.maximum_relative_spread * 0.5 * (bid + ask) * (1.0 + 1e-9)
        tests = (
            (Rejection.NO_INSTRUMENT, ~exists),
            (Rejection.EXPIRED, ~(years > 0.0)),
            (Rejection.NO_BID, ~has_bid),
            (Rejection.NO_ASK, ~has_ask),
            (Rejection.CROSSED, bid > ask),
            (Rejection.STALE, now - quoted_at > limit),
            (Rejection.TOO_WIDE, ask - bid > widest),
        )
        return first_reason(tests)


def judge_bounds(
    sign: FloatArray, strike: FloatArray, forward: FloatArray, discount_factor: FloatArray, mid: FloatArray
) -> CodeArray:
    """Codes of quotes that passed `judge`, against their forward: arrays of shape (quotes,).

    `sign` is +1 for calls and -1 for puts; `mid` is in the currency of the strike; `forward` is nan where
    the expiry has none. The bounds are the European ones: D max(+-(F - K), 0) < price < D F (call), D K (put).
    """
    with np.errstate(invalid="ignore"):
        intrinsic = discount_factor * np.maximum(sign * (forward - strike), 0.0)
        maximum = discount_factor * np.where(sign > 0.0, forward, strike)
        tests = (
            (Rejection.NO_FORWARD, ~np.isfinite(forward)),
            (Rejection.BELOW_INTRINSIC, mid <= intrinsic),
            (Rejection.ABOVE_MAXIMUM, mid >= maximum),
        )
        return first_reason(tests)


def first_reason(tests: Iterable[tuple[Rejection, BoolArray]]) -> CodeArray:
    """The code of the first test that holds for each quote, `ACCEPTED` where none does."""
    codes: CodeArray | None = None
    for reason, holds in tests:
        if codes is None:
            codes = np.full(holds.shape, ACCEPTED, dtype=np.int8)
        codes[(codes == ACCEPTED) & holds] = REASONS.index(reason)
    if codes is None:
        raise InvalidValueError("tests", "none", "at least one test")
    return codes


def reason_texts(codes: CodeArray) -> tuple[Rejection | None, ...]:
    """The reasons behind `codes`; None for accepted quotes."""
    return tuple(None if code == ACCEPTED else REASONS[code] for code in codes.tolist())
