"""Where `fourier` integrates: a bent contour for each group of strikes, and the trapezoidal rule on it.

The undiscounted value over the forward of a call struck at F exp(k) is (1 / 2 pi i) times the integral of
M(w) exp((1 - w) k) / (w (w - 1)) along an upward path at Re w > 1, of a put at Re w < 0, and call less one between
(A. Lewis, "Option Valuation under Stochastic Volatility", 2000, ch. 2). The path here is w0 - b sin(omega) (cosh y - 1)
+ i b cos(omega) sinh y (S. Boyarchenko and S. Levendorskii, "SINH-acceleration", Int. J. Theor. Appl. Finance 22
(2019)): steps of equal size in y reach exponentially far, and bending towards the side where exp(-w k) falls replaces
oscillation by decay. The trapezoidal rule's error falls as exp(-2 pi d / h), d the angle to where the integrand stops
being bounded, so that two steps, h and 2h, tell the error of the finer one.

Refuses to know models: a `Law` says its moments, and its decay along slanted rays.
"""

from __future__ import annotations

import math
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from optionix_core.pricing._fourier_kernels import KERNELS

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

STEEPEST = 0.25 * math.pi
"""Beyond this slant exp(w^2) grows."""
NEGLIGIBLE = 39.0
"""Terms exp(-39) below the largest are dropped."""
FARTHEST = 46.0
"""Largest y: w there is 5e19 times b."""
FINEST_STEP = 1e-3
MOST_SPLITS = 4
EDGES = (3.0, 8.0)
"""Deviations at which strikes change groups."""


class Decay(NamedTuple):
    """How |E exp(w X)| falls on w = i t exp(-i phi): as the largest exp(-t (linear cos phi - shift sin phi)) of these.

    A Gaussian falls faster; it counts as one whose `linear` is four deviations, so that a slant costs it exp(8).
    """

    linear: FloatArray
    shift: FloatArray


class Law(Protocol):
    """The law of X = ln(S_T / F) at one expiry, as far as integration needs it."""

    @property
    def deviation(self) -> float:
        """A scale of X: its standard deviation or about that; zero where X is certain."""
        ...

    @property
    def decay(self) -> Decay:
        """How fast the characteristic function falls."""
        ...

    def exponents(self, w: ComplexArray) -> ComplexArray:
        """Ln E exp(w X), continuous from the real axis along every ray that `decay` allows."""
        ...

    def ceilings(self, w: ComplexArray) -> FloatArray:
        """A bound on the real part of `exponents` that, unlike that itself, does not sink and rise again."""
        ...

    def moments(self, w: FloatArray) -> FloatArray:
        """Ln E exp(w X) at real w, infinite where that is or is not known."""
        ...


class Contour(NamedTuple):
    """One path and the first step on it."""

    crossing: float
    width: float
    bend: float
    step: float


def time_values(law: Law, log_moneyness: FloatArray, tolerance: float) -> tuple[FloatArray, FloatArray]:
    """Undiscounted out-of-the-money value over the forward for each k = ln(K / F), and its error, both shape (n,).

    A call where k >= 0, a put below. The error is an estimate from two steps; where it exceeds `tolerance` the finest
    step did not suffice.
    """
    value, error = np.zeros_like(log_moneyness), np.zeros_like(log_moneyness)
    if law.deviation == 0.0 or log_moneyness.size == 0:
        return value, error
    candidates, heights = _crossings(law)
    for group in _groups(law, log_moneyness):
        k = np.ascontiguousarray(log_moneyness[group])
        for contour in (_contour(law, k, candidates, heights), Contour(0.5, 0.5, 0.0, 0.04)):
            value[group], error[group] = _integrate(law, k, contour, tolerance)
            if float(error[group].max()) <= tolerance:
                break
    return value, error


def _crossings(law: Law) -> tuple[FloatArray, FloatArray]:
    """Places to cross the real axis, and the log moment there: between 0 and 1, and in pairs beyond 1 and below 0."""
    top = 12.0 / law.deviation
    count = max(1, min(60, math.ceil(2.0 * math.log2(max(top, 0.25) / 0.125))))
    distance = top * 0.5 ** (0.5 * np.arange(count))
    places = np.concatenate(([0.5], 1.0 + distance, -distance))
    return places, law.moments(places)


def _contour(law: Law, k: FloatArray, places: FloatArray, heights: FloatArray) -> Contour:
    nearest = k[np.argmin(np.abs(k))]
    aim = nearest + math.copysign(law.deviation, nearest)
    merit = heights - places * aim - np.log(np.abs(places * (places - 1.0)))
    half = (places.size - 1) // 2
    for start in (1, 1 + half):
        bounded = np.isfinite(heights[start : start + half])
        merit[start : start + 2] = math.inf
        merit[start + 2 : start + half][~bounded[:-2]] = math.inf
    if nearest >= 0.0:
        merit[1 + half :] = math.inf
    else:
        merit[1 : 1 + half] = math.inf
    best = int(np.argmin(merit))
    crossing = float(places[best])
    width = 0.5 if best == 0 else (crossing - 1.0 if crossing > 1.0 else -crossing)
    low, high = _slants(law.decay, float(k.min()), float(k.max()))
    reach = 0.5 * (high - low)
    return Contour(crossing, width, -0.5 * (high + low), min(max(2.0 * math.pi * reach / 26.0, 0.02), 0.16))


def _slants(decay: Decay, lowest: float, highest: float) -> tuple[float, float]:
    """Slants between which exp(-w k) M(w) falls for every k from lowest to highest; positive is to the right."""
    low = -np.arctan2(decay.linear, np.maximum(highest - decay.shift, 0.0)).min()
    high = np.arctan2(decay.linear, np.maximum(decay.shift - lowest, 0.0)).min()
    return max(float(low), -STEEPEST), min(float(high), STEEPEST)


def _groups(law: Law, k: FloatArray) -> list[NDArray[np.intp]]:
    """Strikes that share a contour: by side and distance, and by side of the decay's shift where that is sharp."""
    place = np.searchsorted([edge * law.deviation for edge in EDGES], np.abs(k), side="right")
    label = np.where(k >= 0.0, place + 1, -1 - place)
    groups: list[NDArray[np.intp]] = []
    for name in np.unique(label):
        groups.extend(_split(law.decay, k, np.flatnonzero(label == name)))
    return groups


def _split(decay: Decay, k: FloatArray, members: NDArray[np.intp], depth: int = 0) -> list[NDArray[np.intp]]:
    """Parts of a group that lie on one side of the shifts that would leave it little choice of slants."""
    lowest, highest = float(k[members].min()), float(k[members].max())
    low, high = _slants(decay, lowest, highest)
    inside = (decay.shift > lowest) & (decay.shift < highest)
    if high - low >= 0.6 or depth == MOST_SPLITS or not inside.any():
        return [members]
    sharpest = decay.shift[inside][np.argmin(decay.linear[inside])]
    below = k[members] < sharpest
    return [part for side in (below, ~below) for part in _split(decay, k, members[side], depth + 1)]


def _integrate(law: Law, k: FloatArray, contour: Contour, tolerance: float) -> tuple[FloatArray, FloatArray]:
    ends = np.array([k.min(), k.max()])
    heights, first = _heights(law, contour, ends)
    sunken = np.flatnonzero(heights < np.maximum.accumulate(heights) - NEGLIGIBLE)
    farthest = float(sunken[0]) if sunken.size else FARTHEST
    peak = float(heights[: int(farthest) + 1].max())
    scale = first - contour.crossing * k
    factor = np.exp(scale + k) * (contour.width / math.pi)
    base = 0.0
    if 0.0 < contour.crossing < 1.0:
        base = np.where(k >= 0.0, 1.0, np.exp(k))
    step, power = contour.step, 1.5
    add = KERNELS.load("strike_sums")

    def sums(ordinates: FloatArray) -> FloatArray:
        real, imaginary, size, phase = _terms(law, contour, ordinates)
        kept = (size - ends[:, None] * (real - contour.crossing)).max(axis=0) > peak - NEGLIGIBLE
        out = np.zeros(k.size)
        add(*(np.ascontiguousarray(part[kept]) for part in (real, imaginary, size, phase)), k, scale, out)
        return out

    coarse = sums(np.arange(0.0, farthest + 2.0 * step, 2.0 * step))
    while True:
        fine = coarse + sums(np.arange(step, farthest + step, 2.0 * step))
        amplitude = np.maximum(np.abs(coarse) * 2.0 * step, step)
        gap = np.abs(fine * step - coarse * 2.0 * step) / amplitude
        amplitude *= factor
        error = np.where(gap < 1.0, amplitude * gap**power, math.inf)
        if float(error.max()) <= tolerance or step < FINEST_STEP:
            break
        coarse, step, power = fine, 0.5 * step, 1.0
    value = base + fine * step * factor
    return value, error + 2e-16 * (amplitude + np.abs(base))


def _heights(law: Law, contour: Contour, ends: FloatArray) -> tuple[FloatArray, float]:
    """Logarithms of what the largest summands at y = 0, 1, ... stay below; of the first without exp(-w k)."""
    w, weight = _path(contour, np.arange(0.0, FARTHEST + 0.5))
    size = law.ceilings(w) + np.log(np.abs(weight))
    heights = (size - ends[:, None] * (w.real - contour.crossing)).max(axis=0)
    return heights, float(size[0])


def _path(contour: Contour, y: FloatArray) -> tuple[ComplexArray, ComplexArray]:
    """w, and dw / dy / (i b w (w - 1))."""
    growth, rise = np.cosh(y), np.sinh(y)
    sine, cosine = math.sin(contour.bend), math.cos(contour.bend)
    w = np.empty(y.size, dtype=np.complex128)
    w.real = contour.crossing - contour.width * sine * (growth - 1.0)
    w.imag = contour.width * cosine * rise
    return w, (cosine * growth + 1j * sine * rise) / (w * (w - 1.0))


def _terms(law: Law, contour: Contour, y: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Real and imaginary part of w, and of the logarithm of the summand without exp(-w k), at ordinates y."""
    w, weight = _path(contour, y)
    total = law.exponents(w) + np.log(weight)
    if y.size and y[0] == 0.0:
        total[0] -= math.log(2.0)
    return w.real, w.imag, total.real, total.imag
