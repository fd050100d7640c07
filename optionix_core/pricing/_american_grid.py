"""American options with discrete dividends by backward recursion on a grid in ln S.

The model: between dividends the spot is lognormal; at a payment it falls by the cash amount (all of it where the amount
is larger), or by the fraction. The holder may exercise just before the fall. No escrow, no shift of strike: the only
error is that of the grid.

The scheme: central differences, time steps growing linearly from each payment and from expiry on (so that the kink's
and the boundary's root in time are resolved), two implicit half-steps after each kink and Crank-Nicolson from there,
the obstacle kept by policy iteration, which any number of boundaries may need. Sources: K. in 't Hout and R. Valkov,
"Numerical study of splitting methods for American option valuation" (2017); C. Reisinger and J. Witte, SIAM J. Financ.
Math. 3 (2012) 459. Two grids are extrapolated in the square of the step.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

WIDTH = 6.5
"""Half-width of the grid in total deviations, beyond the drift."""
MOST_POLICIES = 30
TIE = 1e-11
"""Relative to spot and payoff: where holding and exercising differ by less, the policy stays as it was."""


def grid_axis(
    spot: float,
    strike: float,
    expiry: float,
    rate: float,
    dividend_yield: float,
    volatility: float,
    points: int,
    refinement: int,
) -> tuple[FloatArray, int]:
    """Spots of a grid of about `points` with its steps halved `refinement` times, and the place of the spot in it.

    The strike is one of them, where it is not too near the spot, so that all such grids have their errors in common.
    """
    deviation = volatility * math.sqrt(expiry)
    distance = abs(math.log(spot / strike))
    reach = WIDTH * deviation + abs(rate - dividend_yield - 0.5 * volatility * volatility) * expiry + distance
    dx = 2.0 * reach / points
    if distance > 0.5 * dx:
        dx = distance / math.floor(distance / dx + 0.5)
    half = math.ceil(reach / dx) << refinement
    return np.exp(math.log(spot) + dx / (1 << refinement) * np.arange(-half, half + 1)), half


def grid_shape(  # noqa: PLR0917 - a kernel has as many arguments as it reads
    sign: float,
    strike: float,
    expiry: float,
    rate: float,
    dividend_yield: float,
    volatility: float,
    times: Any,
    amounts: Any,
    proportional: int,
    steps: int,
    half: int,
    start_time: float,
    axis: Any,
    start: Any,
    g: Any,
    out: Any,
) -> None:
    """Price, delta and gamma at the middle of the axis; `start` are values at the time `start_time` to expiry.

    `times` are increasing; `g` has room for eight columns of the axis.
    """
    points = 2 * half
    origin = math.log(axis[0])
    dx = (math.log(axis[points]) - origin) / points
    for i in range(points + 1):
        g[0, i] = axis[i]
        g[1, i] = max(sign * (axis[i] - strike), 0.0)
        g[2, i] = start[i]
    now = start_time
    for leg in range(len(times), -1, -1):
        end = expiry - times[leg - 1] if leg > 0 else expiry
        if end > now:
            leg_steps = max(int(steps * (end - now) / expiry), steps // 8)
            march(end - now, dx, rate, dividend_yield, volatility, points, leg_steps, g)
            now = end
        if leg > 0:
            jump(amounts[leg - 1], proportional, origin, dx, points, g)
    slope = (g[2, half + 1] - g[2, half - 1]) / (2.0 * dx)
    bend = (g[2, half + 1] - 2.0 * g[2, half] + g[2, half - 1]) / (dx * dx)
    out[0] = g[2, half]
    out[1] = slope / axis[half]
    out[2] = (bend - slope) / (axis[half] * axis[half])


def march(
    span: float, dx: float, rate: float, dividend_yield: float, volatility: float, points: int, steps: int, g: Any
) -> None:
    """Carry column 2 back over `span`, never below column 1."""
    variance = volatility * volatility
    drift = rate - dividend_yield - 0.5 * variance
    down = 0.5 * variance / (dx * dx) - 0.5 * drift / dx
    up = 0.5 * variance / (dx * dx) + 0.5 * drift / dx
    middle = -(down + up) - rate
    total = steps * (steps + 1.0)
    for step in range(steps):
        dt = span * 2.0 * (step + 1.0) / total
        if step < 2:
            implicit_step(0.5 * dt, 1.0, down, middle, up, points, g)
            implicit_step(0.5 * dt, 1.0, down, middle, up, points, g)
        else:
            implicit_step(dt, 0.5, down, middle, up, points, g)


def implicit_step(dt: float, weight: float, down: float, middle: float, up: float, points: int, g: Any) -> None:
    """One step of the theta scheme with obstacle; at the edges the value is a line in the spot."""
    late = (1.0 - weight) * dt
    soon = weight * dt
    first = (g[0, 1] - g[0, 0]) / (g[0, 2] - g[0, 1])
    last = (g[0, points] - g[0, points - 1]) / (g[0, points - 1] - g[0, points - 2])
    g[3, 0] = max(g[1, 0], g[2, 1] - (g[2, 2] - g[2, 1]) * first)
    g[3, points] = max(g[1, points], g[2, points - 1] + (g[2, points - 1] - g[2, points - 2]) * last)
    for i in range(1, points):
        g[3, i] = g[2, i] + late * (down * g[2, i - 1] + middle * g[2, i] + up * g[2, i + 1])
        g[4, i] = 1.0 if g[2, i] <= g[1, i] else 0.0
    for _ in range(MOST_POLICIES):
        g[5, 0] = 0.0
        g[6, 0] = g[3, 0]
        for i in range(1, points):
            if g[4, i] > 0.0:
                g[5, i] = 0.0
                g[6, i] = g[1, i]
            else:
                pivot = 1.0 / (1.0 - soon * middle + soon * down * g[5, i - 1])
                g[5, i] = -soon * up * pivot
                g[6, i] = (g[3, i] + soon * down * g[6, i - 1]) * pivot
        g[2, points] = g[3, points]
        for i in range(points - 1, -1, -1):
            g[2, i] = g[6, i] - g[5, i] * g[2, i + 1]
        changed = 0
        for i in range(1, points):
            residual = (1.0 - soon * middle) * g[2, i] - soon * (down * g[2, i - 1] + up * g[2, i + 1]) - g[3, i]
            excess = residual - (g[2, i] - g[1, i])
            held = g[4, i]
            if abs(excess) > TIE * (g[0, i] + g[1, i]):
                held = 1.0 if excess > 0.0 else 0.0
            if held != g[4, i]:
                g[4, i] = held
                changed += 1
        if changed == 0:
            break


def jump(amount: float, proportional: int, origin: float, dx: float, points: int, g: Any) -> None:
    """Column 2 from just after a payment to just before it, by cubic interpolation in ln S."""
    for i in range(points + 1):
        after = g[0, i] * (1.0 - amount) if proportional else g[0, i] - amount
        place = (math.log(max(after, 1e-300)) - origin) / dx
        if place <= 0.0:
            g[7, i] = g[2, 0]
            continue
        left = min(max(int(place), 1), points - 2)
        t = place - left
        g[7, i] = (
            -t * (t - 1.0) * (t - 2.0) / 6.0 * g[2, left - 1]
            + (t + 1.0) * (t - 1.0) * (t - 2.0) / 2.0 * g[2, left]
            - (t + 1.0) * t * (t - 2.0) / 2.0 * g[2, left + 1]
            + (t + 1.0) * t * (t - 1.0) / 6.0 * g[2, left + 2]
        )
    for i in range(points + 1):
        g[2, i] = max(g[7, i], g[1, i])
