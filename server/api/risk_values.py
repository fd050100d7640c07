"""What `risk/*` is asked and answers. Numbers of models are JSON numbers in natural units; limits are exact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field

from server.api.portfolio import AccountAsked
from server.api.values import AccountId, Answer, Instant, Money, Name, Quantity, Request, Symbol, examples

if TYPE_CHECKING:
    from optionix_core.trading.limit_board import Breach


class PositionAsked(Request):
    """So much of one instrument."""

    symbol: Symbol
    quantity: Annotated[Quantity, Field(description="Contracts or shares; below 0 is sold.")]


class BookAsked(Request):
    """Whose book: an account's, or the positions that are told here."""

    account_id: Annotated[AccountId | None, Field(description="The caller's first where both are absent.")] = None
    positions: Annotated[
        list[PositionAsked] | None, Field(min_length=1, max_length=500, description="In place of an account.")
    ] = None


_POSITIONS: Final = [
    {"symbol": "ORBIT 21JAN28 200 C", "quantity": "10"},
    {"symbol": "ORBIT", "quantity": "-300"},
]


class VarAsked(BookAsked):
    """Which figure."""

    model_config = examples(
        {"confidence_level": 0.99, "time_horizon_days": 1},
        {"positions": _POSITIONS, "confidence_level": 0.95, "time_horizon_days": 10, "method": "filtered"},
    )

    confidence_level: Annotated[float, Field(ge=0.5, le=0.999)] = 0.99
    time_horizon_days: Annotated[int, Field(ge=1, le=250, description="By the square root of time.")] = 1
    method: Annotated[
        Literal["historical", "age-weighted", "filtered", "copula"],
        Field(description="Past days alike, weighted by age, at today's volatility, or drawn by a Student-t copula."),
    ] = "historical"
    n_scenarios: Annotated[int, Field(ge=1_000, le=20_000, description="Drawn by the copula.")] = 10_000
    seed: Annotated[int, Field(ge=0, le=2**31 - 1, description="Of the copula.")] = 0


class Tail(Answer):
    """Value at risk and expected shortfall by full revaluation."""

    var_amount: Annotated[float, Field(description="Loss, positive.")]
    expected_shortfall: Annotated[float, Field(description="Mean loss at or beyond it, positive.")]
    confidence_level: float
    time_horizon_days: int
    method: str
    convention: Annotated[str, Field(description="How the quantile is taken.")]
    horizon_rule: str
    currency: str
    as_of: Instant
    source: Annotated[str, Field(description="The feed that prices the book.")]
    positions: int
    scenarios: int
    rank: Annotated[int | None, Field(description="Of the scenario that is the figure, the worst being 1.")]
    notes: list[str]


class ScenarioAsked(Request):
    """A scenario of one's own: moves of the whole market."""

    name: Name
    spot: Annotated[float, Field(gt=-1, le=5, description="Relative: -0.2 is 20% down.")] = 0.0
    volatility: Annotated[float, Field(ge=-1, le=5, description="Added, for all tenors: 0.1 is ten points.")] = 0.0
    rate: Annotated[float, Field(ge=-0.5, le=0.5, description="Added to zero rates.")] = 0.0
    dividend_yield: Annotated[float, Field(ge=-0.5, le=0.5, description="Added to yields.")] = 0.0
    days: Annotated[float, Field(ge=0, le=365, description="Calendar days that pass.")] = 0.0


class StressAsked(BookAsked):
    """Which scenarios."""

    model_config = examples(
        {
            "positions": _POSITIONS,
            "scenarios": ["crash-1987", {"name": "mine", "spot": -0.15, "volatility": 0.1}],
        },
        {"positions": _POSITIONS},
    )

    scenarios: Annotated[
        list[Name | ScenarioAsked] | None,
        Field(
            min_length=1, max_length=50, description="Ids of shipped ones, or one's own; all shipped ones if absent."
        ),
    ] = None


class Impact(Answer):
    """What one scenario does to the book."""

    name: str
    title: str
    kind: Literal["historical", "hypothetical", "user"]
    portfolio_impact: Annotated[float, Field(description="Gain; below 0 is a loss.")]
    by_underlying: dict[str, float]
    source: Annotated[str, Field(description="Who says that it happened, or that it was chosen.")]


class Stressed(Answer):
    """A book in scenarios, by full revaluation."""

    currency: str
    as_of: Instant
    source: str
    positions: int
    assumptions: list[str]
    worst: str
    scenarios: list[Impact]


class GreeksAsked(AccountAsked):
    """Of which account, and how it is told."""

    by: Annotated[Literal["underlying", "position", "expiry"], Field(description="What is summed together.")] = (
        "underlying"
    )


class GreekSum(Answer):
    """Of a group, in the account's currency, natural units: per 1.00 and per year."""

    value: float | None
    delta: Annotated[float | None, Field(description="Units of the underlying; null of several underlyings.")]
    delta_cash: Annotated[float | None, Field(description="Gain per 1.00 of relative move of the spot.")]
    gamma_cash: float | None
    vega: float | None
    theta: float | None
    rho: float | None
    epsilon: float | None
    vanna_cash: float | None
    volga: float | None
    charm_cash: float | None
    positions: int


class GreekGroup(GreekSum):
    """One group."""

    group: Annotated[str | None, Field(description="Null: of the underlyings themselves, which do not expire.")]


class BookGreeks(Answer):
    """Greeks of an account, quantities and multipliers in."""

    account_id: str
    currency: str
    as_of: Instant
    source: str
    by: str
    total: GreekSum
    groups: list[GreekGroup]
    notes: list[str]


class LimitTold(Answer):
    """A limit with its figure now."""

    limit: Annotated[str, Field(description="LEVEL/NAME/KIND/GRADE.")]
    level: str
    name: str
    kind: str
    grade: str
    bound: Money
    by: str
    figure: Money | None
    use: Annotated[float | None, Field(description="Figure over bound.")]
    beyond: bool | None
    reason: Annotated[str | None, Field(description="Why there is no figure.")]
    breach: Annotated[str | None, Field(description="Id of the breach that is not over.")]


class BreachTold(Answer):
    """A breach that is not over."""

    id: str
    limit: str
    figure: Money
    bound: Money
    since: Instant
    cause: str
    cleared_at: Instant | None
    acknowledged_at: Instant | None
    by: str | None
    note: str | None


def breach_told(one: Breach) -> BreachTold:
    """A breach as it is answered."""
    return BreachTold(
        id=one.id,
        limit=one.key.text,
        figure=one.figure,
        bound=one.bound,
        since=one.since,
        cause=one.cause,
        cleared_at=one.cleared_at,
        acknowledged_at=one.acknowledged_at,
        by=one.by,
        note=one.note,
    )


class Limits(Answer):
    """Limits in force on an account, and breaches."""

    account_id: str
    as_of: Instant
    limits: list[LimitTold]
    breaches: list[BreachTold]


class HaltTold(Answer):
    """A halt in force."""

    scope: str
    name: str | None
    rule: str
    since: Instant
    until: Instant | None
    reason: str


class RuleTold(Answer):
    """A rule by which the venue halts by itself, and how it stands."""

    rule: str
    name: str | None
    state: str
    detail: str


class Breakers(Answer):
    """What is halted, and how near each breaker is."""

    account_id: str
    as_of: Instant
    halts: list[HaltTold]
    suspended: Annotated[list[str], Field(description="Orders that halts hold up.")]
    rules: list[RuleTold]
