"""Where a simulation's values come from: one underlying along steps, or several at expiry.

A source gives, for any piece of the paths, one row for the price and one for each Greek, in units that are independent
of each other: controls are subtracted and antithetic pairs averaged already.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.pricing._arrays import FloatArray
from optionix_core.pricing.contracts import Contract
from optionix_core.pricing.flat_market import FlatMarket
from optionix_core.pricing.monte_carlo._assets import PRICED, AssetSetup, asset_setup
from optionix_core.pricing.monte_carlo._estimation import coefficients
from optionix_core.pricing.monte_carlo._greeks import GreekRecipe, recipes
from optionix_core.pricing.monte_carlo._plan import Plan
from optionix_core.pricing.monte_carlo._setup import Settings, Setup, bias_of, control_of, setup_of
from optionix_core.pricing.monte_carlo.paths import pair_means

PILOT = 1 << 22
"""Number of the set of paths that controls are fitted on; no randomisation has it."""
PILOT_PATHS = 4096
ROWS_OF_SCORES = 5


class Source(Protocol):
    """Values of paths, piece by piece."""

    @property
    def steps(self) -> int:
        """Of each path."""
        ...

    @property
    def text(self) -> str:
        """Name of the scheme."""
        ...

    @property
    def bias(self) -> str | None:
        """What more paths do not remove."""
        ...

    @property
    def control(self) -> str:
        """Name of the control, empty without one."""
        ...

    @property
    def greeks(self) -> tuple[tuple[str, str], ...]:
        """Name and method of each row after the first."""
        ...

    def values(self, randomisation: int, first_block: int, paths: int) -> FloatArray:
        """Rows of independent units."""
        ...


def source_of(
    contract: Contract,
    model: object,
    market: FlatMarket,
    settings: Settings,
    greeks: tuple[str, ...],
    *,
    control: bool,
    workers: int | None,
) -> Source:
    """Raises InvalidValueError for what is not simulated."""
    if isinstance(contract, PRICED):
        if greeks:
            raise InvalidValueError("greeks", greeks, f"() for a {contract.kind}: bump the market instead")
        return _of_assets(asset_setup(contract, model, market, settings), control=control, workers=workers)
    setup = setup_of(contract, model, market, settings)
    return _of_paths(setup, recipes(setup, greeks), control=control, workers=workers)


@dataclass(frozen=True, slots=True, eq=False)
class PathSource:
    """Payments along paths of one underlying."""

    setup: Setup
    recipes: tuple[GreekRecipe, ...]
    workers: int | None
    code: int
    """Of the control."""
    mean: FloatArray
    slope: FloatArray
    control: str

    @property
    def steps(self) -> int:
        """Of each path."""
        return len(self.setup.ends)

    @property
    def text(self) -> str:
        """Name of the scheme."""
        return self.setup.moved.text

    @property
    def bias(self) -> str | None:
        """What more paths do not remove."""
        return bias_of(self.setup)

    @property
    def greeks(self) -> tuple[tuple[str, str], ...]:
        """Name and method of each row after the first."""
        return tuple((recipe.name, recipe.method) for recipe in self.recipes)

    def values(self, randomisation: int, first_block: int, paths: int) -> FloatArray:
        """Rows of independent units."""
        scores = any(recipe.scores for recipe in self.recipes)
        needed = ROWS_OF_SCORES if scores else 2 if self.code else 1
        plan = self.setup.plan(randomisation, control=self.code, scores=scores)
        rows = plan.run(first_block, paths, needed, self.workers)
        price = rows[0]
        if self.code:
            price = price - self.slope[0] * (rows[1] - self.mean[0])
        lines = [price]
        for recipe in self.recipes:
            others = tuple(
                other.plan(randomisation).run(first_block, paths, 1, self.workers)[0] for other in recipe.others
            )
            lines.append(recipe.values(rows, others))
        values = np.stack(lines)
        return pair_means(values) if self.setup.settings.antithetic else values


@dataclass(frozen=True, slots=True, eq=False)
class AssetSource:
    """Payments on several prices at expiry."""

    setup: AssetSetup
    workers: int | None
    slope: FloatArray
    """Of each control; empty without them."""
    control: str
    steps: int = 1
    text: str = "exact lognormal prices at expiry"
    bias: str | None = None
    greeks: tuple[tuple[str, str], ...] = ()

    def values(self, randomisation: int, first_block: int, paths: int) -> FloatArray:
        """One row of independent units."""
        settings = self.setup.settings
        rows = self.setup.run(randomisation, settings.sampler, first_block, paths, 1 + len(self.slope), self.workers)
        values = rows[:1]
        if len(self.slope):
            values = values - self.slope @ (rows[1:] - self.setup.controls[:, None])
        return pair_means(values) if settings.antithetic else values


def _of_paths(setup: Setup, wanted: tuple[GreekRecipe, ...], *, control: bool, workers: int | None) -> PathSource:
    if not control:
        nothing = np.zeros(0)
        return PathSource(setup, wanted, workers, 0, nothing, nothing, "")
    code, mean, name = control_of(setup)
    plan: Plan = setup.plan(PILOT, control=code, sampler="random")
    rows = plan.run(0, PILOT_PATHS, 2, workers)
    if setup.settings.antithetic:
        rows = pair_means(rows)
    return PathSource(setup, wanted, workers, code, mean, coefficients(rows[0], rows[1:]), name)


def _of_assets(setup: AssetSetup, *, control: bool, workers: int | None) -> AssetSource:
    if not control:
        return AssetSource(setup, workers, np.zeros(0), "")
    rows = setup.run(PILOT, "random", 0, PILOT_PATHS, 1 + len(setup.controls), workers)
    if setup.settings.antithetic:
        rows = pair_means(rows)
    return AssetSource(setup, workers, coefficients(rows[0], rows[1:]), "the discounted prices")
