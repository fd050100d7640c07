"""What one contract would be worth if the market were elsewhere: other prices, later dates, other volatility.

A pure view of a request (`PriceOptions`): value, Greeks, curves by date, a grid of moves, and where the price may end.
Everything is vectorised where the engine's method takes arrays, and else one price after another with progress, which
belongs off an interface's thread (`is_prompt` tells). A density comes from the model that was chosen, or from a smile
that the caller hands in; there is none where neither has one, with the reason.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from optionix_core.errors import DomainError, InterruptedByUserError, InvalidValueError
from optionix_core.market.units import DAYS_PER_YEAR
from optionix_core.pricing.engine import lines
from optionix_core.pricing.engine.result import GREEK_NAMES, PricingResult
from optionix_core.services import contract_pricing, price_options

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.pricing.engine.table import Row
    from optionix_core.services.contract_pricing import Asked
    from optionix_core.services.price_options import PriceOptions

    FloatArray = NDArray[np.float64]

POINTS = 121
"""Prices of the underlying in a picture."""
FEW_POINTS = 25
"""The same where each is priced by itself."""
REACH = 3.0
"""Standard deviations of the price at expiry on either side of the spot in a picture."""
NARROWEST, WIDEST = 0.05, 1.0
"""Bounds of that in ln of the price."""
TAILS = 5.0
"""Standard deviations that a density read off prices reaches."""
UNKNOWN_REACH = 0.4
"""The same, where the model has no one volatility."""
SPOT_STEPS = (-4, -3, -2, -1, 0, 1, 2, 3, 4)
VOLATILITY_MOVES = (-0.10, -0.05, -0.02, 0.0, 0.02, 0.05, 0.10)
"""Moves of the volatility in a grid."""
DATE_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Of the time that is left, in a grid by date."""

GridBy = Literal["volatility", "days"]
Progress = Callable[[int, int], None]
Cancel = Callable[[], bool]


class Curve(NamedTuple):
    """Values at one moment along the picture's spots; nan where there is none."""

    elapsed: float
    """Years from now."""
    values: FloatArray


class Density(NamedTuple):
    """Where the price may end, per unit of price."""

    levels: FloatArray
    values: FloatArray
    source: str
    """`smile (svi)`, `lognormal, vol 24.9`."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """Values, or profits, by the price of the underlying."""

    spots: FloatArray
    curves: tuple[Curve, ...]
    """The first is now, the last the latest that is known."""
    condition: str = ""
    """What the later curves suppose."""
    note: str = ""
    """Why there are no later curves; empty where there are."""


@dataclass(frozen=True, slots=True, eq=False)
class MoveGrid:
    """Change of value by moves of the spot and of volatility or time."""

    by: GridBy
    spot_moves: tuple[float, ...]
    """Fractions of the spot."""
    lines: tuple[float, ...]
    """Moves of volatility (fractions), or years that have passed."""
    changes: tuple[tuple[float, ...], ...]
    """Value there less value now; a row for each line. nan where there is none."""
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class ContractView:
    """One contract as the pricer shows it, per unit, in the currency of the strike."""

    options: PriceOptions
    asked: Asked
    result: PricingResult
    picture: Picture
    grid: MoveGrid | None
    """None where it was not asked for."""
    density: Density | str
    """Of the model; or why it has none."""


def request(options: PriceOptions) -> Asked:
    """The request with all Greeks. Raises what `price_options.asked` raises."""
    return price_options.asked(options._replace(methods=None, greeks="all"))


def is_prompt(options: PriceOptions) -> bool:
    """Whether a view takes a few milliseconds once its kernels are loaded. Raises as `request` and the engine do."""
    asked = request(options)
    return lines.has_line(asked.contract, asked.model, asked.market, asked.method)


def contract_view(
    options: PriceOptions,
    *,
    dates: Sequence[float] | None = None,
    by: GridBy | None = "volatility",
    centre: float | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> ContractView:
    """Everything about one contract.

    `dates`: years from now of the curves between now and expiry; None: thirds of the time. `by`: what the grid's lines
    are, None for no grid. `centre`: the spot that the picture lies around, the present one where it is not given.
    Raises what the engine raises, and InterruptedByUserError where cancelled.
    """
    asked = request(options)
    result = contract_pricing.price(asked, progress, cancel)
    work = Work(asked, result.price, progress, cancel)
    spots = picture_spots(asked, centre, few=not work.prompt)
    moments, note = curve_moments(asked, dates)
    grid_lines, grid_note = ((), "") if by is None else _grid_lines(asked, by)
    moves = spot_moves(asked)
    work.total = len(spots) * len(moments) + len(moves) * len(grid_lines)
    curves = tuple(Curve(moment, work.values(spots, moment)) for moment in moments)
    picture = Picture(spots, curves, lines.condition(asked.contract) if len(moments) > 1 else "", note)
    grid = None if by is None else work.grid(by, moves, grid_lines, grid_note)
    return ContractView(options, asked, result, picture, grid, model_density(asked))


def picture_spots(asked: Asked, centre: float | None = None, *, few: bool = False) -> FloatArray:
    """Ascending prices around `centre` that take in the present spot and the levels of the contract near it."""
    spot = asked.market.spots[0]
    middle = spot if centre is None else centre
    level = volatility_level(asked.model)
    half = UNKNOWN_REACH
    if level is not None:
        half = min(max(REACH * level * math.sqrt(asked.contract.expiry), NARROWEST), WIDEST)
    low, high = middle * math.exp(-half), middle * math.exp(half)
    marks = [spot, *(one for one in contract_levels(asked.contract) if 0.4 * low < one < 2.5 * high)]
    low, high = min(low, *(0.97 * one for one in marks)), max(high, *(1.03 * one for one in marks))
    even = np.linspace(low, high, FEW_POINTS if few else POINTS)
    return np.unique(np.concatenate([even, marks]))


def contract_levels(contract: Any) -> tuple[float, ...]:
    """Strikes and barriers: prices at which the contract changes."""
    names: tuple[str, ...] = (
        "strike",
        "barrier",
        "lower",
        "upper",
        "call_strike",
        "put_strike",
        "call_level",
        "protection_level",
    )
    if contract.kind == "compound":
        names = ("underlying_strike",)
    found = (getattr(contract, name, None) for name in names)
    return tuple(float(one) for one in found if one is not None and one > 0.0)


def volatility_level(model: Any) -> float | None:
    """The model's volatility now, per root year; None where it has no one volatility."""
    for name in ("volatility", "level_now"):
        value = getattr(model, name, None)
        if value is not None:
            return float(value)
    several = getattr(model, "volatilities", None)
    return float(several[0]) if several else None


def curve_moments(asked: Asked, dates: Sequence[float] | None = None) -> tuple[tuple[float, ...], str]:
    """Years from now of the curves, the first zero, and why there are no later ones.

    Raises InvalidValueError for a date that is not between now and expiry.
    """
    expiry, known = asked.contract.expiry, lines.known_until(asked.contract)
    if not known:
        return (0.0,), f"later values of a {asked.contract.kind} depend on the path"
    chosen = tuple(dates) if dates is not None else thirds(known)
    for date in chosen:
        if not 0.0 < date < expiry:
            bound = f"between now and expiry, {expiry * DAYS_PER_YEAR:.6g} days"
            raise InvalidValueError("dates", f"{date * DAYS_PER_YEAR:.6g} days", bound)
    last = [known] if known > 0.0 else []
    note = "" if known == expiry else f"values after {known * DAYS_PER_YEAR:.0f} days depend on the path"
    return (0.0, *sorted({date for date in chosen if date < known}), *last), note


def thirds(years: float) -> tuple[float, ...]:
    """Two whole days that part the time in three; none where it is shorter than three days."""
    days = years * DAYS_PER_YEAR
    if days < 3.0:
        return ()
    return tuple(dict.fromkeys(round(days * share) / DAYS_PER_YEAR for share in (1 / 3, 2 / 3)))


def spot_moves(asked: Asked) -> tuple[float, ...]:
    """Moves of the spot in a grid: half standard deviations of a month, or of the time to expiry, rounded."""
    level = volatility_level(asked.model) or UNKNOWN_REACH / REACH
    return rounded_moves(level, asked.contract.expiry)


def rounded_moves(volatility: float, years: float) -> tuple[float, ...]:
    """Nine moves around zero, each half a standard deviation of at most a month from the next, as round numbers."""
    rough = max(0.5 * volatility * math.sqrt(min(max(years, 1.0 / DAYS_PER_YEAR), 1.0 / 12.0)), 1e-3)
    power = 10.0 ** math.floor(math.log10(rough))
    step = min((1.0, 2.0, 2.5, 5.0, 10.0), key=lambda size: abs(math.log(size * power / rough))) * power
    return tuple(step * number for number in SPOT_STEPS)


def model_density(asked: Asked) -> Density | str:
    """Density of the price at expiry under the model, or why there is none.

    Of one volatility the lognormal; of a model with European prices their second derivative in the strike
    (D. Breeden and R. Litzenberger, Journal of Business 51 (1978) 621).
    """
    contract, model, market = asked.contract, asked.model, asked.market
    if len(market.spots) > 1:
        return "several underlyings have no one density"
    if not contract.expiry > 0.0:
        return "the contract ends now"
    level = getattr(model, "volatility", None)
    plain = asked.method is None and hasattr(model, "volatility") and not hasattr(model, "jump_intensity")
    if plain and level is not None:
        if market.dividends is not None:
            return "discrete dividends: the price at expiry is lognormal only in part"
        if not level > 0.0:
            return "without volatility the price at expiry is certain"
        growth = (market.rate - market.yields[0]) * contract.expiry
        return lognormal(market.spots[0] * math.exp(growth), contract.expiry, float(level))
    return _by_prices(asked)


def lognormal(forward: float, years: float, volatility: float) -> Density:
    """The density of a lognormal price with mean `forward`; all positive."""
    for field, number in (("forward", forward), ("years", years), ("volatility", volatility)):
        if not 0.0 < number < math.inf:
            raise InvalidValueError(field, number, "positive and finite")
    deviation = volatility * math.sqrt(years)
    z = np.linspace(-4.0, 4.0, POINTS)
    levels = forward * np.exp(z * deviation - 0.5 * deviation * deviation)
    values = np.exp(-0.5 * z * z) / (math.sqrt(2.0 * math.pi) * deviation * levels)
    return Density(levels, values, f"lognormal, vol {100.0 * volatility:.4g}")


def _by_prices(asked: Asked) -> Density | str:
    from optionix_core.pricing.contracts import EuropeanOption

    market, model = asked.market, asked.model
    if not callable(getattr(model, "price", None)):
        return "the model gives no European prices to read a density off"
    spot, years = market.spots[0], asked.contract.expiry
    probe = EuropeanOption(option_type="call", strike=spot, expiry=years)
    if not lines.has_line(probe, model, market):
        return "the model prices one strike at a time"
    level = volatility_level(model) or UNKNOWN_REACH / math.sqrt(years) / REACH
    half = min(max(TAILS * level * math.sqrt(years), NARROWEST), 1.5)
    forward = spot * math.exp((market.rate - market.yields[0]) * years)
    strikes = np.linspace(forward * math.exp(-half), forward * math.exp(min(half, 1.0)), POINTS)
    try:
        prices = np.asarray(model.price(1, spot, strikes, years, market.rate, market.yields[0]), dtype=np.float64)
    except DomainError as error:
        return str(error)
    step = strikes[1] - strikes[0]
    values = np.diff(prices, 2) / (step * step) * math.exp(market.rate * years)
    return Density(strikes[1:-1], values, "the model's prices by strike")


def _grid_lines(asked: Asked, by: GridBy) -> tuple[tuple[float, ...], str]:
    """Moves of the volatility, or years that pass, of a grid's lines, and what is to be said about them."""
    if by == "days":
        known = lines.known_until(asked.contract)
        if not known:
            return (0.0,), f"later values of a {asked.contract.kind} depend on the path"
        return tuple(dict.fromkeys(known * share for share in DATE_SHARES)), ""
    level = getattr(asked.model, "volatility", None)
    if level is None:
        return (0.0,), "the model has no one volatility to move"
    return tuple(move for move in VOLATILITY_MOVES if level + move > 0.0), ""


@dataclass(slots=True)
class Work:
    """Values of one request, at once or one by one, counted and told to `progress`."""

    asked: Asked
    price: float
    progress: Progress | None
    cancel: Cancel | None
    done: int = 0
    total: int = 0
    prompt: bool = False
    row: Row | None = None

    def __post_init__(self) -> None:
        a = self.asked
        self.row = lines.row_of(a.contract, a.model, a.market, a.method)
        self.prompt = lines.takes_arrays(self.row)

    def values(self, spots: FloatArray, elapsed: float, volatility: float | None = None) -> FloatArray:
        """Values at `spots` after `elapsed` years, under another volatility where one is given."""
        a = self.asked
        model = a.model if volatility is None else replace(a.model, volatility=volatility)
        if self.prompt and len(a.market.spots) == 1:
            self.done += len(spots)
            return lines.line(a.contract, model, a.market, spots, elapsed, settings=a.settings, row=self.row)
        return np.array([self._one(spot, elapsed, model) for spot in spots.tolist()])

    def _one(self, spot: float, elapsed: float, model: Any) -> float:
        if self.cancel is not None and self.cancel():
            raise InterruptedByUserError("the what-if was cancelled")
        a = self.asked
        market = replace(
            a.market,
            spot=spot if len(a.market.spots) == 1 else (spot, *a.market.spots[1:]),
            dividends=lines.later_dividends(a.market, elapsed),
        )
        contract = replace(a.contract, expiry=a.contract.expiry - elapsed) if elapsed else a.contract
        found = contract_pricing.engine().price(
            contract, model, market, method=a.method, greeks=(), settings=a.settings, cancel=self.cancel
        )
        self.done += 1
        if self.progress is not None:
            self.progress(self.done, self.total)
        return found.price

    def grid(self, by: GridBy, moves: tuple[float, ...], rows: tuple[float, ...], note: str) -> MoveGrid:
        """Changes of value for every pair of a move of the spot and a line."""
        a = self.asked
        spots = a.market.spots[0] * (1.0 + np.array(moves))
        found = []
        for row in rows:
            if by == "days":
                values = self.values(spots, row)
            else:
                level = getattr(a.model, "volatility", None)
                values = self.values(spots, 0.0, None if level is None else float(level) + row)
            found.append(tuple((values - self.price).tolist()))
        return MoveGrid(by, moves, rows, tuple(found), note)


def greek_rows(result: PricingResult) -> tuple[tuple[str, float | None], ...]:
    """Every Greek in natural units, None where the method does not give it."""
    return tuple((name, getattr(result.greeks, name)) for name in GREEK_NAMES)
