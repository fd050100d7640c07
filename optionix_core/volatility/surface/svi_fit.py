"""SVI smiles for all expiries of a chain, free of butterflies for all strikes and in order of time on a grid.

What is sought is the most quotes within bid and ask. Distances count in half spreads, and a quote that is far from its
smile loses its say (S. Geman and D. McClure, "Statistical methods for tomographic image reconstruction" (1987)), so
that a few quotes off the rest do not bend the whole. In steps:

1. each smile alone, from the best vertices of a scan (Zeliade Systems, "Quasi-explicit calibration of Gatheral's SVI
   model" (2009)) and from its neighbours' parameters, with hinges for Durrleman's g, the wings and positive variance
   whose pressure grows;
2. all smiles together, with hinges for their order in time: the least-squares matrix couples neighbours only;
3. each smile again between its neighbours as they are, from several starts, under growing pressure;
4. where the exact test (`svi`) finds g below zero between the points at which it was looked at, the nearest point
   moves there, and the last of step 3 is taken again (exchange, as in R. Hettich and K. Kortanek, "Semi-infinite
   programming", SIAM Review 35 (1993) 380);
5. what is left is repaired: a smile below the one before is lifted, one that the exact test finds at fault is mixed
   with a flat one until it passes. A flat smile always does.

Deterministic. The order holds within `REACH` deviations of the money; beyond, smiles may cross. Refuses to fit fewer
than five quotes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.volatility.surface._svi_formulas import STARTS
from optionix_core.volatility.surface._svi_kernels import KERNELS
from optionix_core.volatility.surface.quotes import FEWEST, SliceQuotes
from optionix_core.volatility.svi import Svi, butterfly_arbitrage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

REACH = 5.25
"""Deviations of the money within which expiries are held in order."""
HELD = 5.5
"""As `REACH`, while fitting: the smile's own level at the money may be above that of the quotes."""
FAR = (6.5, 8.0, 10.0, 14.0, 20.0, 30.0)
"""Deviations further out at which g is looked at."""
POINTS = 81
MARGINS = (0.002, 1e-4)
"""By which g is to exceed zero, and total variance the expiry before, relatively, while fitting."""
ALONE = ((1.0, 30.0), (100.0, 1e4))
"""Pressure of the hinges, and what a lack costs in quotes when starts are compared, in step 1."""
TOGETHER = (3.0, 10.0, 30.0, 100.0, 300.0)
"""Pressures of step 2."""
BETWEEN = ((300.0, 1e4, 2), (1000.0, 1e4, 1), (3000.0, 1e5, 2))
"""As `ALONE`, for step 3, and the way: 1 in order of time, 2 from the last."""
EXCHANGES = 4
"""Rounds of step 4 at most."""
TRUST = np.geomspace(4.0, 0.9, 6)
"""Half spreads beyond which a quote loses its say, round by round."""
LATER = TRUST[2:].copy()
ROUNDS = 60
"""Steps of step 2 under each pressure."""
SHARES = (1.0, 0.99, 0.97, 0.94, 0.9, 0.8, 0.65, 0.5, 0.35, 0.2, 0.1, 0.05, 0.0)
"""Of a smile that is at fault, tried in turn; the rest is flat."""
CLEAR = 1e-7
"""By which a lifted smile clears the one before, relatively."""


class SviFit(NamedTuple):
    """Smiles, and what had to be done to them at the end."""

    smiles: tuple[Svi, ...]
    lifted: tuple[float, ...]
    """Total variance added to each to clear the expiry before; zero for most."""
    kept: tuple[float, ...]
    """Share kept of each where the rest was replaced by a flat smile; one for most."""


def fit(slices: Sequence[SliceQuotes]) -> tuple[Svi, ...]:
    """One smile for each expiry, in their order, which is that of time. Raises InvalidValueError as `fit_noting`."""
    return fit_noting(slices).smiles


def fit_noting(slices: Sequence[SliceQuotes]) -> SviFit:
    """The smiles with the repairs of step 5.

    Raises InvalidValueError where an expiry has too few quotes or is not later than the one before.
    """
    for place, quotes in enumerate(slices):
        if quotes.count < FEWEST:
            raise InvalidValueError("quotes", quotes.count, f"at least {FEWEST}", place)
        if place and not quotes.years > slices[place - 1].years:
            raise InvalidValueError("years", quotes.years, "later than the expiry before", place)
    if not slices:
        return SviFit((), (), ())
    chain = _Chain(slices)
    chain.alone()
    chain.together()
    chain.between()
    chain.exchange()
    return _repaired(slices, chain.smiles())


class _Chain:
    """The quotes as the kernels take them, and the smiles as they stand."""

    def __init__(self, slices: Sequence[SliceQuotes]) -> None:
        self.count = len(slices)
        starts = np.concatenate([[0], np.cumsum([one.count for one in slices])]).astype(np.int64)
        k = np.concatenate([one.log_moneyness for one in slices])
        middle = np.concatenate([0.5 * (one.bid + one.ask) for one in slices])
        weight = np.concatenate([1.0 / one.half_width for one in slices])
        self.quotes = (starts, k, middle, weight)
        self.deviation = np.array([one.deviation for one in slices])
        places = np.concatenate(
            [-np.array(FAR[::-1]), 0.5 * np.sinh(np.linspace(-1.0, 1.0, POINTS) * math.asinh(2.0 * HELD)), FAR]
        )
        counted = np.where(np.abs(places) <= HELD * (1.0 + 1e-9), 1.0 + 2.0 / (1.0 + places * places), 0.0)
        self.grid = self.deviation[:, None] * places
        self.unit = counted / self.deviation[:, None] ** 2
        self.free = np.zeros((self.count, 5))
        self.say = np.ones(k.size)

    def alone(self) -> None:
        vertices = np.zeros((self.count, STARTS, 5))
        KERNELS.load("find_vertices")(*self.quotes, self.deviation, vertices)
        scores = self._improve(vertices, ALONE[0], 0, TRUST)
        for _ in range(2):
            scores = self._improve(self._near(-1, 1), ALONE[0], 0, LATER, scores)
        for strictness in ALONE[1:]:
            self._improve(self._near(0, -1, 1), strictness, 0, LATER)

    def between(self) -> None:
        for pressure, cost, way in BETWEEN:
            self._improve(self._near(0, -1, 1), (pressure, cost), way, LATER)

    def together(self) -> None:
        """Levenberg and Marquardt's method for all smiles; those whose loss rises are damped more than others."""
        losses_of, step_of = KERNELS.load("losses_together"), KERNELS.load("step_together")
        margins = np.array(MARGINS)
        blocks, crosses = np.zeros((self.count, 5, 5)), np.zeros((self.count, 5, 5))
        gradients, steps = np.zeros((self.count, 5)), np.zeros((self.count, 5))
        found = np.zeros(self.count)
        for pressure in TOGETHER:
            asked = (*self.quotes, self.say, self.grid, self.unit, margins, pressure)
            losses_of(*asked, self.free, found)
            losses = found.copy()
            damping = np.full(self.count, 1e-3)
            for _ in range(ROUNDS):
                gained, fresh = 0.0, 1
                for _ in range(12):
                    if step_of(*asked, self.free, damping, fresh, blocks, crosses, gradients, steps):
                        tried = self.free + steps
                        losses_of(*asked, tried, found)
                        rose = found > losses
                        if found.sum() < losses.sum():
                            gained = float(losses.sum() - found.sum())
                            losses, self.free = found.copy(), tried
                            damping = np.where(rose, 3.0 * damping, np.maximum(0.2 * damping, 1e-9))
                            break
                        damping = np.where(rose, 8.0 * damping, damping)
                    else:
                        damping = 10.0 * damping
                    fresh = 0
                if gained < 1e-4 * losses.sum():
                    break
            KERNELS.load("trusts")(*self.quotes, float(TRUST[-1]), self.free, self.say)

    def exchange(self) -> None:
        """Points of the grid moved to where g is lowest, for smiles at fault; then all between their neighbours."""
        pressure, cost, way = BETWEEN[-1]
        for _ in range(EXCHANGES):
            sound = True
            for row, smile in zip(self.grid, self.smiles(), strict=True):
                seen = butterfly_arbitrage(smile.a, smile.b, smile.rho, smile.m, smile.sigma)
                if seen.found:
                    row[np.argmin(np.abs(row - seen.log_moneyness))] = seen.log_moneyness
                    sound = False
            if sound:
                return
            self._improve(self._near(0, -1, 1), (pressure, cost), way, LATER)

    def smiles(self) -> list[Svi]:
        return [Svi(*(float(value) for value in row)) for row in self._raw()]

    def _improve(
        self,
        places: FloatArray,
        strictness: tuple[float, float],
        bound: int,
        trust: FloatArray,
        scores: FloatArray | None = None,
    ) -> FloatArray:
        pressure, cost = strictness
        kept = np.full(self.count, -np.inf) if scores is None else scores
        margins = np.array([*MARGINS, cost])
        KERNELS.load("improve")(
            *self.quotes, places, self.grid, self.unit, margins, pressure, bound, trust, self.free, self.say, kept
        )
        return kept

    def _raw(self) -> FloatArray:
        raw = self.free.copy()
        raw[:, 1] = np.exp(np.minimum(raw[:, 1], 3.0))
        raw[:, 2] = np.tanh(np.clip(raw[:, 2], -8.0, 8.0))
        raw[:, 4] = np.exp(np.clip(raw[:, 4], -14.0, 4.0))
        return raw

    def _near(self, *shifts: int) -> FloatArray:
        """Parameters of neighbours, scaled to each expiry's deviation: (expiries, shifts, 5), sigma zero where none."""
        raw = self._raw()
        raw[:, 2] = np.clip(raw[:, 2], -0.995, 0.995)
        found = np.zeros((self.count, len(shifts), 5))
        for column, shift in enumerate(shifts):
            here = np.arange(max(0, -shift), min(self.count, self.count - shift))
            ratio = self.deviation[here] / self.deviation[here + shift]
            scale = np.stack([ratio * ratio, ratio, np.ones(ratio.size), ratio, ratio], axis=1)
            found[here, column] = raw[here + shift] * scale
        return found


def _repaired(slices: Sequence[SliceQuotes], smiles: Sequence[Svi]) -> SviFit:
    done: list[Svi] = []
    lifts: list[float] = []
    kept: list[float] = []
    for quotes, smile in zip(slices, smiles, strict=True):
        before = done[-1] if done else None
        reach = REACH * max(quotes.deviation, math.sqrt(float(smile.total_variance(0.0))) if _sound(smile) else 0.0)
        if before is not None:
            reach = max(reach, REACH * math.sqrt(float(before.total_variance(0.0))))
        grid = np.linspace(-reach, reach, 841)
        for share in SHARES:
            mixed = smile if share == 1.0 else _flattened(smile, share, quotes.deviation**2)
            lift = 0.0 if before is None else _lack(before, mixed, grid)
            risen = mixed if lift == 0.0 else Svi(mixed.a + lift, mixed.b, mixed.rho, mixed.m, mixed.sigma)
            if not butterfly_arbitrage(risen.a, risen.b, risen.rho, risen.m, risen.sigma).found:
                break
        done.append(risen)
        lifts.append(lift)
        kept.append(share)
    return SviFit(tuple(done), tuple(lifts), tuple(kept))


def _sound(smile: Svi) -> bool:
    return bool(smile.total_variance(0.0) > 0.0)


def _flattened(smile: Svi, share: float, level: float) -> Svi:
    """That share of the smile and the rest a flat one of the level at the money."""
    return Svi(share * smile.a + (1.0 - share) * level, share * smile.b, smile.rho, smile.m, smile.sigma)


def _lack(before: Svi, smile: Svi, grid: FloatArray) -> float:
    """Total variance by which a smile is to be lifted to clear the one before on the grid."""
    lower = before.total_variance(grid)
    lack = float(np.max(lower - smile.total_variance(grid)))
    return 0.0 if lack < 0.0 else lack + CLEAR * float(lower.max())
