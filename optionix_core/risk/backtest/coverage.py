"""Whether losses went beyond value at risk as often as it says, and without clustering.

Likelihood ratio tests of P. Kupiec, J. Derivatives 3 (1995) 73, and P. Christoffersen, Int. Econ. Rev. 39 (1998)
841. An exception is a day that lost more than the value at risk told the day before. None at all is legal: 0 ln 0 is 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from optionix_core.errors import InvalidValueError, MissingDataError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class Transitions(NamedTuple):
    """Pairs of neighbouring days by whether the first and the second was an exception."""

    n00: int
    n01: int
    """A quiet day, then an exception."""
    n10: int
    n11: int


@dataclass(frozen=True, slots=True)
class CoverageTest:
    """A likelihood ratio test and what was observed."""

    name: str
    statistic: float
    p_value: float
    """Probability of as large a statistic by a right model, asymptotically: chi-squared."""
    degrees_of_freedom: int
    exceptions: int
    observations: int
    expected_rate: float | None
    """None where the test does not ask for one."""
    observed_rate: float
    transitions: Transitions | None

    def is_rejected(self, significance: float = 0.05) -> bool:
        """Whether the p-value is below `significance`."""
        return self.p_value < significance


def exceptions_of(pnl: ArrayLike, value_at_risk: ArrayLike) -> NDArray[np.bool_]:
    """Days that lost more than their value at risk, [days]; profit positive in `pnl`, loss positive in the other.

    `value_at_risk` is that told for the day before it began, [days] or one number. Raises InvalidValueError for shapes
    and for what is not finite.
    """
    outcomes = np.asarray(pnl, np.float64)
    told = np.asarray(value_at_risk, np.float64)
    if outcomes.ndim != 1 or told.shape not in {(), outcomes.shape}:
        raise InvalidValueError("shapes", f"pnl {outcomes.shape}, value_at_risk {told.shape}", "[days] both")
    for field, array in (("pnl", outcomes), ("value_at_risk", told)):
        if not np.isfinite(array).all():
            raise InvalidValueError(field, "nan or infinite", "finite", int(np.nonzero(~np.isfinite(array))[0][0]))
    return np.asarray(-outcomes > told)


def transitions_of(exceptions: ArrayLike) -> Transitions:
    """Counts of neighbouring pairs of a series of exceptions, [days] of booleans in the order of time."""
    days = np.asarray(exceptions, np.bool_)
    if days.ndim != 1:
        raise InvalidValueError("exceptions", f"shape {days.shape}", "[days]")
    counts = np.bincount(2 * days[:-1].astype(np.int64) + days[1:], minlength=4)
    return Transitions(*(int(count) for count in counts))


def kupiec(exceptions: int, observations: int, probability: float) -> CoverageTest:
    """Proportion of failures: whether `exceptions` of `observations` days fit a rate of `probability` (0.01 for 99%).

    Two-sided: too few exceptions are rejected as well. One degree of freedom. Raises InvalidValueError for counts that
    are none and a probability outside (0, 1), MissingDataError for no observations.
    """
    _check_counts(exceptions=exceptions, observations=observations)
    _check_probability(probability)
    if observations == 0:
        raise MissingDataError("no observations: there is nothing to test")
    if exceptions > observations:
        raise InvalidValueError("exceptions", exceptions, f"at most the {observations} observations")
    rate = exceptions / observations
    statistic = 2.0 * (_likelihood(exceptions, observations, rate) - _likelihood(exceptions, observations, probability))
    return _result("kupiec", statistic, 1, exceptions, observations, probability, None)


def christoffersen_independence(n00: int, n01: int, n10: int, n11: int) -> CoverageTest:
    """Whether an exception is as likely after an exception as after a quiet day: first-order Markov against none.

    One degree of freedom. Raises InvalidValueError for negative counts, MissingDataError where there is no pair.
    """
    counts = _pairs(n00, n01, n10, n11)
    after_quiet, after_exception = n00 + n01, n10 + n11
    hits = n01 + n11
    total = after_quiet + after_exception
    apart = _likelihood(n01, after_quiet, _rate(n01, after_quiet)) + _likelihood(
        n11, after_exception, _rate(n11, after_exception)
    )
    statistic = 2.0 * (apart - _likelihood(hits, total, hits / total))
    return _result("christoffersen independence", statistic, 1, hits, total, None, counts)


def christoffersen_joint(n00: int, n01: int, n10: int, n11: int, probability: float) -> CoverageTest:
    """Conditional coverage: the right rate and independence at once, two degrees of freedom.

    The sum of both statistics over the same pairs of days: the first day of all is given, not tested. Raises as the
    two tests.
    """
    counts = _pairs(n00, n01, n10, n11)
    hits, total = n01 + n11, sum(counts)
    statistic = kupiec(hits, total, probability).statistic + christoffersen_independence(n00, n01, n10, n11).statistic
    return _result("christoffersen joint", statistic, 2, hits, total, probability, counts)


def non_rejection_region(observations: int, probability: float, significance: float = 0.05) -> tuple[int, int]:
    """Fewest and most exceptions that `kupiec` does not reject at `significance`.

    The statistic falls up to the expected count and rises from there, so the counts between them are not rejected
    either. Raises as `kupiec`, and InvalidValueError where every count is rejected.
    """
    _check_probability(significance, "significance")
    kept = [
        count
        for count in range(observations + 1)
        if not kupiec(count, observations, probability).is_rejected(significance)
    ]
    if not kept:
        raise InvalidValueError("observations", observations, "enough that some count is not rejected")
    return kept[0], kept[-1]


def _likelihood(hits: int, total: int, rate: float) -> float:
    """Log of rate^hits (1 - rate)^(total - hits), with 0 ln 0 = 0."""
    found = hits * math.log(rate) if hits else 0.0
    return found + ((total - hits) * math.log1p(-rate) if total > hits else 0.0)


def _rate(hits: int, total: int) -> float:
    return hits / total if total else 0.0


def _pairs(n00: int, n01: int, n10: int, n11: int) -> Transitions:
    counts = Transitions(n00, n01, n10, n11)
    _check_counts(**counts._asdict())
    if not sum(counts):
        raise MissingDataError("no pair of neighbouring days: there is nothing to test")
    return counts


def _check_counts(**counts: int) -> None:
    for field, count in counts.items():
        if count != int(count) or count < 0:
            raise InvalidValueError(field, count, "a whole number, not negative")


def _check_probability(probability: float, field: str = "probability") -> None:
    if not 0.0 < probability < 1.0:
        raise InvalidValueError(field, probability, "between 0 and 1, both excluded")


def _result(
    name: str,
    statistic: float,
    freedom: int,
    exceptions: int,
    observations: int,
    expected_rate: float | None,
    transitions: Transitions | None,
) -> CoverageTest:
    """The upper tail of chi-squared is elementary for one and two degrees of freedom."""
    shown = max(statistic, 0.0)
    p_value = math.erfc(math.sqrt(0.5 * shown)) if freedom == 1 else math.exp(-0.5 * shown)
    return CoverageTest(
        name=name,
        statistic=shown,
        p_value=p_value,
        degrees_of_freedom=freedom,
        exceptions=int(exceptions),
        observations=int(observations),
        expected_rate=expected_rate,
        observed_rate=exceptions / observations,
        transitions=transitions,
    )
