"""Contracts on several lognormal underlyings at expiry, prepared for the kernel of one exact step.

Refuses paths of several underlyings: no contract here looks at them before expiry.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.market.option_type import OptionType
from optionix_core.pricing._arrays import FloatArray
from optionix_core.pricing._threads import spread
from optionix_core.pricing.contracts import (
    BasketOption,
    Contract,
    ExchangeOption,
    RainbowOption,
    SpreadOption,
)
from optionix_core.pricing.flat_market import FlatMarket
from optionix_core.pricing.models.black_scholes import MultiAssetModel
from optionix_core.pricing.monte_carlo import _layout as at
from optionix_core.pricing.monte_carlo._model_steps import check_growth, check_width
from optionix_core.pricing.monte_carlo._path_kernels import KERNELS
from optionix_core.pricing.monte_carlo._philox import WORD
from optionix_core.pricing.monte_carlo._plan import BLOCKS_OF_A_WORKER, NO_DIRECTIONS, SAMPLERS, Normals
from optionix_core.pricing.monte_carlo._setup import Settings
from optionix_core.pricing.monte_carlo.directions import directions

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK = at.BLOCK
UNIT_STEP = np.ones((at.FIELDS, 1))
UNIT_WEIGHTS = np.array([[0.0], [0.0], [1.0]])
NO_ORDER = np.array([0, -1, -1], np.int64)
PRICED = (BasketOption, RainbowOption, SpreadOption, ExchangeOption)


@dataclass(frozen=True, slots=True, eq=False)
class AssetSetup:
    """One simulation of prices at expiry, ready to run."""

    settings: Settings
    codes: NDArray[np.int64]
    numbers: FloatArray
    drifts: FloatArray
    spreads: FloatArray
    holdings: FloatArray
    controls: FloatArray
    """Exact means of the discounted prices."""

    def run(
        self, randomisation: int, sampler: str, first_block: int, paths: int, rows: int, workers: int | None
    ) -> FloatArray:
        """The payment, then with more rows the discounted prices: shape (rows, paths)."""
        out = np.empty((rows, paths))
        codes = self.codes.copy()
        codes[[at.PATHS, at.STREAM, at.SAMPLER]] = paths, randomisation << 8, SAMPLERS.index(sampler)
        codes[at.CONTROL] = int(rows > 1)
        sobol = directions(len(self.drifts), self.settings.seed, randomisation) if sampler == "sobol" else NO_DIRECTIONS
        normals = Normals(codes, UNIT_STEP, NO_ORDER, UNIT_WEIGHTS, sobol)
        kernel = KERNELS.load("asset_payments")

        def job(first: int, last: int) -> int:
            for start, stop, points in normals.pieces(first_block + first, first_block + last):
                kernel(
                    start,
                    stop,
                    first_block,
                    codes,
                    self.numbers,
                    self.drifts,
                    self.spreads,
                    self.holdings,
                    points,
                    out,
                )
            return -1

        spread(job, -(-paths // BLOCK), BLOCKS_OF_A_WORKER, 1, workers)
        return out


def asset_setup(contract: Contract, model: object, market: FlatMarket, settings: Settings) -> AssetSetup:
    """Raises InvalidValueError, naming both, for a pair that is not simulated, and for numbers that do not fit."""
    if not isinstance(model, MultiAssetModel) or not isinstance(contract, PRICED):
        raise InvalidValueError(
            "contract", f"{contract.kind} under {type(model).__name__}", "one that is simulated: see the documentation"
        )
    count = len(model.volatilities)
    if len(market.spots) != count:
        raise InvalidValueError("spot", market.spot, f"{count} numbers, as volatilities")
    if market.dividends is not None:
        raise InvalidValueError("dividends", "discrete dividends", "None for several underlyings")
    terminal, strike, holdings = _terms(contract, count)
    expiry = contract.expiry
    for row, (carry, volatility) in enumerate(zip(market.yields, model.volatilities, strict=True)):
        check_growth(market.rate, carry, expiry)
        check_width("volatilities", volatility, volatility**2 * expiry, row)
    volatilities = np.array(model.volatilities)
    growth = np.array([market.rate - carry for carry in market.yields]) * expiry
    numbers = np.zeros(at.NUMBERS)
    numbers[at.FINAL_DISCOUNT] = math.exp(-market.rate * expiry)
    numbers[at.SIGN], numbers[at.STRIKE] = float(OptionType.of(contract.option_type)), strike
    codes = np.zeros(at.CODES, np.int64)
    codes[at.KEY_LOW], codes[at.KEY_HIGH] = settings.seed & WORD, (settings.seed >> 32) & WORD
    codes[[at.ANTITHETIC, at.TERMINAL, at.ASSET_COUNT]] = settings.antithetic, terminal, count
    codes[[at.STEPS, at.FACTORS]] = 1, count
    deviations = volatilities * math.sqrt(expiry)
    return AssetSetup(
        settings=settings,
        codes=codes,
        numbers=numbers,
        drifts=np.log(market.spots) + growth - 0.5 * deviations * deviations,
        spreads=np.ascontiguousarray(deviations[:, None] * np.array(model.factor())),
        holdings=np.array(holdings, dtype=np.float64),
        controls=np.array(market.spots) * np.exp(growth - market.rate * expiry),
    )


def _terms(contract: Contract, count: int) -> tuple[int, float, tuple[float, ...]]:
    if isinstance(contract, BasketOption):
        if len(contract.weights) != count:
            raise InvalidValueError("weights", contract.weights, f"{count} numbers, as volatilities")
        return at.WEIGHTED, contract.strike, contract.weights
    if isinstance(contract, RainbowOption):
        return (at.SMALLEST if contract.extreme == "minimum" else at.LARGEST), contract.strike, (0.0,) * count
    if count != 2:
        raise InvalidValueError("volatilities", count, f"two for {contract.kind}")
    strike = contract.strike if isinstance(contract, SpreadOption) else 0.0
    return at.WEIGHTED, strike, (1.0, -1.0)
