"""From settings to the limits and halts of a venue, as the engine takes them. Every face uses the same.

The engine knows no settings file: `LimitTerms` and `HaltTerms` have the fields that its sections have.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from optionix_core.trading.gate_facts import GateLimits
    from optionix_core.trading.halt_rules import HaltRules, TradingRules
    from optionix_core.trading.limits import LimitEngine


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitTerms:
    """What the pre-trade gate refuses; zero stands for no bound. Money is in the account's currency."""

    maximum_quantity: int
    maximum_shares: int
    maximum_value: float
    collar_percent: float
    duplicate_seconds: float
    maximum_orders: int
    rate_seconds: float
    delta: float
    gamma: float
    vega: float
    theta: float
    value_at_risk: float
    expected_shortfall: float
    stress_loss: float
    concentration_percent: float
    margin_use_percent: float
    daily_loss: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HaltTerms:
    """By what the venue halts and an account is bound; zero stands for no bound."""

    luld: bool
    market_wide: bool
    volatility_percent: float
    volatility_minutes: int
    volume: float
    volume_minutes: int
    spread_percent: float
    spread_minutes: int
    pause_minutes: int
    daily_loss: float
    drawdown_percent: float
    drawdown_minutes: int
    account_action: str


def trading_rules(limits: LimitTerms, halts: HaltTerms, fees: str) -> TradingRules:
    """Limits, halts and the fee plan of that name; a bound of zero is none."""
    from optionix_core.portfolio.fee_schedule import fee_plan
    from optionix_core.trading.halt_rules import TradingRules

    return TradingRules(_limits(limits), _halts(halts), fee_plan(fees))


def limit_engine(scenarios: Path) -> LimitEngine:
    """What computes the figures of limits; the file of stress scenarios is read when a stress loss is first wanted."""
    from optionix_core.risk.stress_library import read
    from optionix_core.services.limit_figures import RiskLimitEngine

    return RiskLimitEngine(partial(read, scenarios))


def _limits(given: LimitTerms) -> GateLimits:
    from optionix_core.trading.gate_facts import GateLimits
    from optionix_core.trading.limits import BookLimit, LimitKind

    bounds = {
        LimitKind.DELTA: given.delta,
        LimitKind.GAMMA: given.gamma,
        LimitKind.VEGA: given.vega,
        LimitKind.THETA: given.theta,
        LimitKind.VALUE_AT_RISK: given.value_at_risk,
        LimitKind.EXPECTED_SHORTFALL: given.expected_shortfall,
        LimitKind.STRESS_LOSS: given.stress_loss,
        LimitKind.CONCENTRATION: given.concentration_percent,
        LimitKind.MARGIN_USE: given.margin_use_percent,
        LimitKind.DAILY_LOSS: given.daily_loss,
    }
    return GateLimits(
        maximum_quantity=given.maximum_quantity,
        maximum_shares=given.maximum_shares,
        maximum_value=_bound(given.maximum_value),
        collar_percent=_bound(given.collar_percent),
        duplicate_within=timedelta(seconds=given.duplicate_seconds) if given.duplicate_seconds else None,
        maximum_orders=given.maximum_orders or None,
        rate_window=timedelta(seconds=given.rate_seconds),
        book_limits=tuple(BookLimit(kind, bound) for kind, value in bounds.items() if (bound := _bound(value))),
    )


def _halts(given: HaltTerms) -> HaltRules:
    from optionix_core.trading.breakers import (
        DailyLossBreaker,
        DrawdownBreaker,
        SpreadBreaker,
        VolatilityBreaker,
        VolumeBreaker,
    )
    from optionix_core.trading.halt_rules import AccountAction, HaltRules

    volume, spread = _bound(given.volume), _bound(given.spread_percent)
    loss, drawdown = _bound(given.daily_loss), _bound(given.drawdown_percent)
    wild = given.volatility_percent
    return HaltRules(
        luld=given.luld,
        market_wide=given.market_wide,
        volatility=VolatilityBreaker(wild / 100.0, _minutes(given.volatility_minutes)) if wild else None,
        volume=None if volume is None else VolumeBreaker(volume, _minutes(given.volume_minutes)),
        spread=None if spread is None else SpreadBreaker(spread / 100, _minutes(given.spread_minutes)),
        pause=_minutes(given.pause_minutes),
        daily_loss=None if loss is None else DailyLossBreaker(loss),
        drawdown=None if drawdown is None else DrawdownBreaker(drawdown / 100, _minutes(given.drawdown_minutes)),
        account_action=AccountAction(given.account_action),
    )


def _bound(value: float) -> Decimal | None:
    return Decimal(repr(value)) if value else None


def _minutes(value: int) -> timedelta:
    return timedelta(minutes=value)
