"""What the engine answers, and what it is asked with: values, no computation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from optionix_core.errors import InvalidValueError

if TYPE_CHECKING:
    from optionix_core.pricing.contracts import Contract
    from optionix_core.pricing.flat_market import FlatMarket

ACCURACIES = ("fast", "standard", "high")
MOST_PATHS = 1 << 28
MOST_STEPS = 100_000
GREEK_NAMES = (
    *("delta", "gamma", "vega", "theta", "rho", "epsilon", "vanna", "volga", "charm", "veta", "speed", "zomma"),
    *("color", "ultima", "dual_delta", "dual_gamma"),
)
"""Every Greek that a method may give, as `black_scholes.Greeks` names them."""
FIRST_GREEKS = GREEK_NAMES[:5]


class EngineGreeks(NamedTuple):
    """Derivatives of a long position of one in natural units (per 1.00, per year); None where not asked or not given.

    Names, units and signs as in `black_scholes.Greeks`.
    """

    delta: float | None = None
    gamma: float | None = None
    vega: float | None = None
    theta: float | None = None
    rho: float | None = None
    epsilon: float | None = None
    vanna: float | None = None
    volga: float | None = None
    charm: float | None = None
    veta: float | None = None
    speed: float | None = None
    zomma: float | None = None
    color: float | None = None
    ultima: float | None = None
    dual_delta: float | None = None
    dual_gamma: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """How hard a method works. Raises InvalidValueError, naming field, value and bound."""

    accuracy: Literal["fast", "standard", "high"] = "standard"
    """`"fast"`, `"standard"` or `"high"`, of methods that have accuracies."""
    paths: int = 100_000
    """Of a simulation."""
    steps: int | None = None
    """Of a simulation, or time steps of a grid; None: the method's own choice."""
    seed: int = 0
    """Of a simulation: the same seed gives the same answer, bit by bit."""
    space_steps: int | None = None
    """Points of a grid in the price; None: the method's own choice."""

    def __post_init__(self) -> None:
        if self.accuracy not in ACCURACIES:
            raise InvalidValueError("accuracy", repr(self.accuracy), "one of " + ", ".join(ACCURACIES))
        for name, lowest, highest in (
            ("paths", 2, MOST_PATHS),
            ("steps", 1, MOST_STEPS),
            ("space_steps", 8, MOST_STEPS),
            ("seed", 0, 2**63 - 1),
        ):
            value = getattr(self, name)
            if value is None and name in ("steps", "space_steps"):
                continue
            if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
                raise InvalidValueError(name, repr(value), f"a whole number from {lowest} to {highest}")


class MethodName(NamedTuple):
    """How a price was found."""

    id: str
    """As `method=` takes it."""
    text: str
    """As a person reads it."""


class Request(NamedTuple):
    """What a method is called with."""

    contract: Any
    model: Any
    market: FlatMarket
    settings: EngineSettings
    greeks: tuple[str, ...]
    progress: Callable[[int, int], None] | None
    """Called with the work done and the work in all."""
    cancel: Callable[[], bool] | None
    """Asked between pieces of work; True ends it with InterruptedByUserError."""


class Outcome(NamedTuple):
    """What a method answers. Of the two errors at most one is a number; else `unknown` says why there is none."""

    price: float
    greeks: dict[str, float] | None = None
    standard_error: float | None = None
    error_bound: float | None = None
    unknown: str = ""
    missing: str = ""
    """Why Greeks that were asked for are absent."""
    text: str = ""
    """More about the method, behind its name."""
    instead: str = ""
    """What was done in place of what the method's name says."""
    greek_errors: dict[str, float] | None = None
    """Standard errors of Greeks that were simulated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PricingResult:
    """A price and how it came about, in natural units and the underlying's currency."""

    price: float
    greeks: EngineGreeks
    greeks_missing: str
    """Why Greeks that were asked for are None; empty where all are there."""
    greek_errors: EngineGreeks
    """Standard errors of simulated Greeks; None where they come otherwise."""
    method: MethodName
    standard_error: float | None
    """Of a simulation: the standard deviation of the price as an estimate."""
    error_bound: float | None
    """Absolute: the method's own bound or estimate of its error; None where none is known."""
    error_unknown: str
    """Why neither error is known; empty where one is."""
    intrinsic: float | None
    """What the contract would pay if it ended now; None where that has no meaning."""
    time_value: float | None
    """Price less intrinsic; below zero where waiting costs."""
    moneyness: float | None
    """Price of the underlying over the strike; None where there is no strike."""
    seconds: float
    """Wall clock that the method took, when it ran."""
    snapshot: str | None
    """`id` of the Market snapshot that was priced on; None for a market given in numbers."""
    digest: str | None
    """SHA-256 of all inputs; None where the model cannot be written down, so that nothing is cached."""
    from_cache: bool


class Comparison(NamedTuple):
    """One method's answer beside those of others: a result, or why there is none."""

    method: MethodName
    result: PricingResult | None
    failure: str


class Combination(NamedTuple):
    """A contract, a model and a market: what `Row.obstacle` judges."""

    contract: Contract
    model: object
    market: FlatMarket | None
