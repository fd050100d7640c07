"""Which rules halt the paper venue and bind its accounts, and at which bounds; what somebody has set, as values.

The exchanges' own rules have no bounds here: their constants are in `luld` and `market_wide`, and only whether they
are in force can be chosen. Breakers of one's own are off until a bound is given. Refuses bounds without sense.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final

from optionix_core.errors import InvalidValueError
from optionix_core.portfolio.fee_schedule import US_RETAIL, FeePlan
from optionix_core.trading.breakers import (
    DailyLossBreaker,
    DrawdownBreaker,
    SpreadBreaker,
    VolatilityBreaker,
    VolumeBreaker,
)
from optionix_core.trading.gate_facts import GateLimits

LULD: Final = "luld"
MARKET_WIDE: Final = "market-wide"
AUTOMATIC: Final = frozenset({LULD, MARKET_WIDE, "volatility", "volume", "spread"})
"""Rules by which the venue halts by itself; nobody else may set or lift a halt by them."""


class AccountAction(StrEnum):
    """What a breaker does to the account that tripped it. It sells nothing and buys nothing back."""

    CLOSE_ONLY = "close-only"
    """Orders that could open something end, and none passes until an administrator makes the account active."""
    CANCEL = "cancel"
    """All of its working orders end, once; the account stays active."""


@dataclass(frozen=True, slots=True)
class HaltRules:
    """Rules in force."""

    luld: bool = True
    market_wide: bool = True
    volatility: VolatilityBreaker | None = None
    volume: VolumeBreaker | None = None
    spread: SpreadBreaker | None = None
    pause: timedelta = timedelta(minutes=5)
    """How long an underlying stays halted by one of the three above it."""
    daily_loss: DailyLossBreaker | None = None
    drawdown: DrawdownBreaker | None = None
    account_action: AccountAction = AccountAction.CLOSE_ONLY

    def __post_init__(self) -> None:
        if not timedelta(minutes=1) <= self.pause <= timedelta(days=1):
            raise InvalidValueError("pause", self.pause, "from one minute to one day")

    @property
    def watches_underlyings(self) -> bool:
        """Whether any rule can halt by itself."""
        return self.luld or self.market_wide or bool(self.breakers)

    @property
    def breakers(self) -> tuple[VolatilityBreaker | VolumeBreaker | SpreadBreaker, ...]:
        """Those of an underlying that are set."""
        return tuple(one for one in (self.volatility, self.volume, self.spread) if one is not None)

    @property
    def account_breakers(self) -> tuple[DailyLossBreaker | DrawdownBreaker, ...]:
        """Those of an account that are set."""
        return tuple(one for one in (self.daily_loss, self.drawdown) if one is not None)


NO_RULES: Final = HaltRules(luld=False, market_wide=False)
"""Nothing halts by itself."""


@dataclass(frozen=True, slots=True)
class TradingRules:
    """All that is set for a home's orders."""

    limits: GateLimits = field(default_factory=GateLimits)
    halts: HaltRules = field(default_factory=HaltRules)
    fees: FeePlan = US_RETAIL
    """What the paper venue charges."""


ORDINARY: Final = TradingRules()
"""As Optionix comes."""
