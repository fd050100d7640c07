"""The underlyings of the simulated venue: invented names, and the parameters of their markets.

No real ticker carries an invented price. All options are European, cash settled, PM, 100 units,
in US dollars. Which expiries are listed is `listing`'s business, what happens is `path`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from math import exp, log

from optionix_core.errors import UnknownNameError
from optionix_core.market.products import NICKEL_DIME, ExpiryCycle, Product, TickRule, register

RATE = 0.0431
"""Flat continuously compounded rate of the venue, for every underlying and expiry."""

PENNY_NICKEL = TickRule(Decimal("0.01"), Decimal("0.05"), Decimal(3))
"""The penny interval class of US equity options: 0.01 below 3.00, 0.05 from there on."""


@dataclass(frozen=True, slots=True)
class Underlying:
    """One underlying with its dynamics, its smile and the manners of its market makers."""

    symbol: str
    name: str
    description: str
    level: float
    """Price to which the spot is drawn, in USD."""
    spot_speed: float
    """Speed of that pull, per year; slow, so that the spot stays in a sensible range for decades."""
    volatility: float
    """Long-run volatility of the diffusion, annualised fraction."""
    variance_speed: float
    """Speed at which log variance returns to its mean, per year."""
    variance_spread: float
    """Stationary standard deviation of log variance."""
    leverage: float
    """Correlation between the noise of spot and of log variance."""
    jump_rate: float
    """Jumps per year."""
    jump_mean: float
    """Mean of a jump in log spot."""
    jump_spread: float
    """Standard deviation of a jump in log spot."""
    variance_kick: float
    """Rise of log variance per unit of absolute jump in log spot."""
    premium: float
    """Implied over expected variance, a factor."""
    dividend_yield: float
    """Continuously compounded, a fraction."""
    skew: float
    """Correlation parameter rho of the SSVI smile, in (-1, 0]."""
    curvature: float
    """Parameter eta of the power-law smile; eta (1 + |rho|) <= 2."""
    decay: float
    """Parameter gamma of the power-law smile, in (0, 1/2]."""
    width: float
    """Half-width of a market maker's quote in volatility, a fraction."""
    interest: int
    """Scale of open interest at the money, contracts."""
    display: int
    """Scale of displayed sizes at the money, contracts."""
    daily_volume: int
    """Scale of the underlying's own daily volume."""
    strike_width: float
    """Half-width of the near expiries' strike range, a fraction of spot."""
    daily_expiries: bool
    """Expiries on every weekday as index options have, not on Fridays alone."""
    is_index: bool
    """Whether it is a number alone, that nobody can hold; else a share."""
    spot_tick: int
    """Smallest step of the underlying's own bid and ask, in cents."""
    tick: TickRule
    luld_tier: int | None
    """Under Limit Up-Limit Down; None for the index, by which the whole market halts instead."""

    @property
    def mean_variance(self) -> float:
        """Long-run mean of the diffusion's variance, per year."""
        return self.volatility * self.volatility

    @property
    def jump_variance(self) -> float:
        """Variance that jumps add, per year."""
        return self.jump_rate * (self.jump_mean**2 + self.jump_spread**2)

    @property
    def log_variance_mean(self) -> float:
        """Centre of log variance: what makes the mean of variance come out, kicks of jumps in."""
        size = (self.jump_mean**2 + self.jump_spread**2) ** 0.5 * 0.8
        kicks = self.jump_rate / self.variance_speed * (exp(self.variance_kick * size) - 1.0)
        return log(self.mean_variance) - 0.5 * self.variance_spread**2 - kicks

    @property
    def log_spot_mean(self) -> float:
        """Centre of the diffusion of log spot, so that jumps do not move the mean."""
        return log(self.level) - self.jump_rate * self.jump_mean / self.spot_speed

    @property
    def product(self) -> Product:
        """Its trading class."""
        return Product(
            root=self.symbol,
            underlying=self.symbol,
            exercise="european",
            settlement="PM",
            multiplier=Decimal(100),
            calendar="XNYS",
            currency="USD",
            tick=self.tick,
            cycle=ExpiryCycle.WEEKLY if self.daily_expiries else ExpiryCycle.STANDARD,
            weekdays=(0, 1, 2, 3, 4) if self.daily_expiries else (4,),
            cash_settled=True,
        )


UNDERLYINGS = (
    Underlying(
        symbol="ORBIT",
        name="Orbit Aerospace",
        description="simulated single name, moderate volatility",
        level=243.0,
        spot_speed=0.9,
        volatility=0.22,
        variance_speed=4.0,
        variance_spread=0.5,
        leverage=-0.55,
        jump_rate=3.0,
        jump_mean=-0.012,
        jump_spread=0.032,
        variance_kick=9.0,
        premium=1.1,
        dividend_yield=0.0044,
        skew=-0.45,
        curvature=0.9,
        decay=0.42,
        width=0.0014,
        interest=4200,
        display=60,
        daily_volume=9_500_000,
        strike_width=0.25,
        daily_expiries=False,
        is_index=False,
        spot_tick=1,
        tick=PENNY_NICKEL,
        luld_tier=1,
    ),
    Underlying(
        symbol="TUNDRA",
        name="Tundra Broad Index",
        description="simulated broad index, low volatility, steep skew",
        level=5100.0,
        spot_speed=0.5,
        volatility=0.135,
        variance_speed=5.0,
        variance_spread=0.6,
        leverage=-0.75,
        jump_rate=2.5,
        jump_mean=-0.012,
        jump_spread=0.018,
        variance_kick=16.0,
        premium=1.18,
        dividend_yield=0.0135,
        skew=-0.7,
        curvature=1.1,
        decay=0.45,
        width=0.0012,
        interest=9000,
        display=45,
        daily_volume=2_100_000_000,
        strike_width=0.16,
        daily_expiries=True,
        is_index=True,
        spot_tick=10,
        tick=NICKEL_DIME,
        luld_tier=None,
    ),
    Underlying(
        symbol="QUASAR",
        name="Quasar Bioworks",
        description="simulated single name, high volatility, frequent jumps",
        level=58.0,
        spot_speed=1.2,
        volatility=0.5,
        variance_speed=3.0,
        variance_spread=0.55,
        leverage=-0.3,
        jump_rate=6.0,
        jump_mean=0.0,
        jump_spread=0.075,
        variance_kick=4.0,
        premium=1.08,
        dividend_yield=0.0,
        skew=-0.2,
        curvature=0.7,
        decay=0.4,
        width=0.003,
        interest=2600,
        display=40,
        daily_volume=14_000_000,
        strike_width=0.34,
        daily_expiries=False,
        is_index=False,
        spot_tick=1,
        tick=PENNY_NICKEL,
        luld_tier=2,
    ),
)
_BY_SYMBOL = {item.symbol: item for item in UNDERLYINGS}
SYMBOLS = tuple(_BY_SYMBOL)
INDEX = "TUNDRA"
"""The underlying whose falls halt the market."""


def find(symbol: str) -> Underlying:
    """The underlying of a symbol; UnknownNameError names those that exist."""
    found = _BY_SYMBOL.get(symbol)
    if found is None:
        raise UnknownNameError("underlying", symbol, SYMBOLS)
    return found


def register_products() -> None:
    """Tell the market room what these roots are; doing it again changes nothing."""
    for item in UNDERLYINGS:
        register(item.product)
