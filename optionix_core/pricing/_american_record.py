"""What was found for the boundaries of one put: places in a record of RECORD numbers.

Kernels read records too, so that this module is one of their sources. Refuses code: these are names of places.
"""

from __future__ import annotations

from optionix_core.pricing._american_sweeps import MOST_POINTS

SERIES, MET, CURVE, UPPER_COUNT, LOWER_COUNT, UPPER_APART, LOWER_APART, ESTIMATE = 0, 1, 2, 3, 4, 5, 6, 7
UPPER_END, LOWER_END, UPPER = 8, 9, 10
"""The time that the series are over; the time to expiry at which the boundaries meet, or the expiry; `curve` of the
upper series; highest degrees (0 for no boundary); how far, in price over the strike, each boundary is from that of the
rule before, infinite after the first; estimate of the price's error over the strike; logarithms of the boundaries at
MET; then Chebyshev coefficients of SQUARE by degree in the root of the time, zero above the count."""
LOWER = UPPER + MOST_POINTS + 1
RECORD = LOWER + MOST_POINTS + 1
