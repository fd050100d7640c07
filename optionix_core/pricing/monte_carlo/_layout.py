"""Where kernels find their arguments and lanes: rows of one flat scratch array, of the table of steps, and the codes.

Lanes of a block are rows of one flat array at constant offsets, so that a compiler sees that they do not overlap.
"""

from __future__ import annotations

BLOCK = 256
"""Paths that one block of a kernel carries; random numbers are addressed by block and lane."""
HALF = 128

# Rows of the scratch array.
X = 0 * 256
"""State: log price, or the level itself."""
PREVIOUS = 1 * 256
"""State at the start of the step."""
SPREAD = 2 * 256
"""Variance of the state over the step, given what is known of it."""
Z, ZV, U, N, UB = 3 * 256, 4 * 256, 5 * 256, 6 * 256, 7 * 256
"""Random numbers of the step, in the order of their streams: normals of price and variance, uniform of the variance,
number of jumps, uniform of the extreme."""
A0, A1 = 8 * 256, 9 * 256
"""What the contract keeps of the path."""
LEVEL, V = 10 * 256, 11 * 256
"""Price and variance."""
PAID, CONTROLLED, FIRST_Z, SUM_Z2, SUM_ZT = 12 * 256, 13 * 256, 14 * 256, 15 * 256, 16 * 256
"""What is handed back: payment, control; for likelihood ratios the normal of the first step, and the sums of z^2 - 1
and of z sqrt(dt)."""
SCRATCH = 17 * 256

# Rows of the table of steps. The step ends with its dividend, and that with the observation.
DECAY, SHIFT, SPREAD_OF_Z, STEP_VARIANCE, CASH, PROPORTION, ROOT_TIME, TIME = range(8)
"""STEP_VARIANCE: of the state, or what half the sum of both variances is multiplied by. PROPORTION: logarithm of what
a proportional dividend leaves."""
WEIGHT, WATCH, DISCOUNT, MIDDLE_DISCOUNT, JUMPS = range(8, 13)
"""WEIGHT: of the observation at the end, zero where there is none. WATCH: 1 where barrier or extreme are watched during
the step. JUMPS: expected number."""
MEAN_BASE, MEAN_DECAY, VARIANCE_SLOPE, VARIANCE_BASE, K0, K1, K2, K3, K4 = range(13, 22)
LEVER_START, LEVER_SCALE = range(22, 24)
"""State at the first node of the step's leverage, and nodes for each unit of the state."""
FIELDS = 24

# Codes.
SCHEME, PLAIN, SAMPLER, ANTITHETIC, OBSERVER, TERMINAL, KEY_LOW, KEY_HIGH, STREAM, STEPS, PATHS = range(11)
KNOCK_IN, SCORES, FACTORS, CONTROL, SIDE, ASSET_COUNT, RECORDED, TIMES = range(11, 19)
CODES = 19

# Schemes.
AFFINE, AFFINE_JUMPS, QUADRATIC, QUADRATIC_JUMPS, LOCAL, SQUARE_ROOT, LEVERAGED = range(7)

# Observers.
RECORD, NOTHING, AVERAGE, BARRIER, EXTREME, AUTOCALL, CLIQUET, START = range(8)
"""RECORD hands prices back instead of payments."""

# What is paid: on the last price, the average, its geometric twin, the extreme, or other than by a strike.
VANILLA, CASH_OR_NOTHING, ASSET_OR_NOTHING, CONSTANT, AVERAGE_PRICE, GEOMETRIC, FIXED, FLOATING = range(8)
AUTOCALLED, RETURNS, FORWARD_STRUCK = range(8, 11)
WEIGHTED, SMALLEST, LARGEST = range(11, 14)

# Controls.
NO_CONTROL, LAST_PRICE, LAST_VANILLA, GEOMETRIC_AVERAGE = range(4)

# Numbers.
START_X, START_V, JUMP_MEAN, JUMP_VARIANCE, FINAL_DISCOUNT, SIGN, STRIKE, AMOUNT = range(8)
LOWER, UPPER, REBATE, START_A0, START_A1, GRID_START, GRID_SCALE, GRID_LAST = range(8, 16)
CALL_LEVEL, PROTECTION, COUPON, REFERENCE, NOTIONAL = range(16, 21)
LOCAL_FLOOR, LOCAL_CAP, GLOBAL_FLOOR, GLOBAL_CAP = range(21, 25)
NUMBERS = 25

# Streams: what a random number is for. Streams of a randomisation lie 256 apart.
DIFFUSION, VARIANCE, VARIANCE_UNIFORM, JUMP, EXTREMES, SCRAMBLE, ASSETS = range(7)
PARTICLE_STREAM = 3 << 30
"""Of particles, from which leverages are made: no randomisation of a price has streams this far."""
STREAMS = 5
"""Those of a step."""
"""ASSETS and above, up to 255: one for each underlying."""
FAR = 1e4
"""Stands for the logarithm of a price that is never reached."""
FAR_LEVEL = 1e30
