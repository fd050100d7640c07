"""What contracts keep along a path, and what they pay at its end, for all lanes of a block.

A0 and A1 are what is kept: the two averages; whether the option is alive and the discounted moment of its hit; the
extreme, times the side on which it is watched; whether the note is alive and what it paid; the sum of returns and the
last reset. Between observations, barriers use the probability that a Brownian bridge meets them, and extremes are drawn
from the law of a bridge's extreme (Glasserman 2004, section 6.4): exact where the state is a Brownian motion with drift
during the step, else an approximation with the variance of that step.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from optionix_core.pricing._lanes import lane_exponential, lane_logarithm
from optionix_core.pricing.monte_carlo._layout import (
    A0,
    A1,
    AMOUNT,
    ASSET_OR_NOTHING,
    AUTOCALL,
    AUTOCALLED,
    AVERAGE,
    AVERAGE_PRICE,
    BARRIER,
    BLOCK,
    CALL_LEVEL,
    CASH_OR_NOTHING,
    CLIQUET,
    CONSTANT,
    CONTROL,
    CONTROLLED,
    COUPON,
    DISCOUNT,
    EXTREME,
    FINAL_DISCOUNT,
    FIXED,
    FLOATING,
    FORWARD_STRUCK,
    GEOMETRIC,
    GEOMETRIC_AVERAGE,
    GLOBAL_CAP,
    GLOBAL_FLOOR,
    KNOCK_IN,
    LAST_PRICE,
    LEVEL,
    LOCAL_CAP,
    LOCAL_FLOOR,
    LOWER,
    MIDDLE_DISCOUNT,
    NOTIONAL,
    OBSERVER,
    PAID,
    PLAIN,
    PREVIOUS,
    PROTECTION,
    REBATE,
    REFERENCE,
    RETURNS,
    SIDE,
    SIGN,
    SPREAD,
    START,
    STRIKE,
    TERMINAL,
    UB,
    UPPER,
    VANILLA,
    WATCH,
    WEIGHT,
    X,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Column = NDArray[np.float64]
    Grid = NDArray[np.float64]
    Output = NDArray[np.float64]
    Picks = NDArray[np.int64]

NARROWEST = 1e-240


def levels(plain: int, lanes: Output) -> int:
    """LEVEL from the state."""
    if plain:
        for lane in range(BLOCK):
            lanes[LEVEL + lane] = lanes[X + lane]
    else:
        for lane in range(BLOCK):
            lanes[LEVEL + lane] = lane_exponential(lanes[X + lane])
    return -1


def watch_barrier(j: int, numbers: Column, steps: Grid, lanes: Output) -> int:
    """Let the bridge over the step meet the barriers with its probability; a hit counts at the middle of the step."""
    low, high, discount = numbers[LOWER], numbers[UPPER], steps[MIDDLE_DISCOUNT, j]
    for lane in range(BLOCK):
        x, previous = lanes[X + lane], lanes[PREVIOUS + lane]
        scale = -2.0 / max(lanes[SPREAD + lane], NARROWEST)
        down = lane_exponential(max(max(previous - low, 0.0) * max(x - low, 0.0) * scale, -700.0))
        up = lane_exponential(max(max(high - previous, 0.0) * max(high - x, 0.0) * scale, -700.0))
        alive = lanes[A0 + lane]
        left = alive * (1.0 - down) * (1.0 - up)
        lanes[A1 + lane] += (alive - left) * discount
        lanes[A0 + lane] = left
    return -1


def check_barrier(j: int, numbers: Column, steps: Grid, lanes: Output) -> int:
    """A hit where the state stands at or beyond a barrier now."""
    low, high, discount = numbers[LOWER], numbers[UPPER], steps[DISCOUNT, j]
    for lane in range(BLOCK):
        x = lanes[X + lane]
        alive = lanes[A0 + lane]
        left = alive if low < x < high else 0.0
        lanes[A1 + lane] += (alive - left) * discount
        lanes[A0 + lane] = left
    return -1


def watch_extreme(side: int, lanes: Output) -> int:
    """Draw the extreme of the bridge over the step from UB."""
    for lane in range(BLOCK):
        x, previous = lanes[X + lane], lanes[PREVIOUS + lane]
        move = x - previous
        reach = math.sqrt(move * move - 2.0 * lanes[SPREAD + lane] * lane_logarithm(lanes[UB + lane]))
        lanes[A0 + lane] = max(lanes[A0 + lane], 0.5 * (side * (x + previous) + reach))
    return -1


def watch(j: int, codes: Picks, numbers: Column, steps: Grid, lanes: Output) -> int:
    """What is watched during step `j`, before its dividend."""
    if steps[WATCH, j] > 0.0:
        if codes[OBSERVER] == BARRIER:
            watch_barrier(j, numbers, steps, lanes)
        elif codes[OBSERVER] == EXTREME:
            watch_extreme(codes[SIDE], lanes)
    return -1


def observe(j: int, codes: Picks, numbers: Column, steps: Grid, lanes: Output) -> int:
    """The observation at the end of step `j`."""
    observer = codes[OBSERVER]
    if observer == BARRIER:
        check_barrier(j, numbers, steps, lanes)
    elif observer == EXTREME:
        side = codes[SIDE]
        for lane in range(BLOCK):
            lanes[A0 + lane] = max(lanes[A0 + lane], side * lanes[X + lane])
    else:
        levels(codes[PLAIN], lanes)
        observe_level(j, observer, numbers, steps, lanes)
    return -1


def observe_level(j: int, observer: int, numbers: Column, steps: Grid, lanes: Output) -> int:
    """The observation of LEVEL."""
    weight = steps[WEIGHT, j]
    if observer == AVERAGE:
        for lane in range(BLOCK):
            lanes[A0 + lane] += weight * lanes[LEVEL + lane]
            lanes[A1 + lane] += weight * lanes[X + lane]
    elif observer == START:
        for lane in range(BLOCK):
            lanes[A1 + lane] = lanes[LEVEL + lane]
    elif observer == AUTOCALL:
        level = numbers[CALL_LEVEL]
        amount = numbers[NOTIONAL] * (1.0 + weight * numbers[COUPON]) * steps[DISCOUNT, j]
        for lane in range(BLOCK):
            alive = lanes[A0 + lane]
            called = alive if lanes[LEVEL + lane] >= level else 0.0
            lanes[A1 + lane] += called * amount
            lanes[A0 + lane] = alive - called
    elif observer == CLIQUET:
        floor, cap = numbers[LOCAL_FLOOR], numbers[LOCAL_CAP]
        for lane in range(BLOCK):
            level = lanes[LEVEL + lane]
            lanes[A0 + lane] += min(max(level / lanes[A1 + lane] - 1.0, floor), cap)
            lanes[A1 + lane] = level
    return -1


def struck(kind: int, source: int, target: int, numbers: Column, lanes: Output) -> int:
    """Discounted payment on the prices of row `source` into row `target`."""
    sign, strike, amount, discount = numbers[SIGN], numbers[STRIKE], numbers[AMOUNT], numbers[FINAL_DISCOUNT]
    prices = lanes[source : source + BLOCK]
    out = lanes[target : target + BLOCK]
    if kind == VANILLA:
        for lane in range(BLOCK):
            out[lane] = discount * max(sign * (prices[lane] - strike), 0.0)
    elif kind == CASH_OR_NOTHING:
        for lane in range(BLOCK):
            out[lane] = discount * amount if sign * (prices[lane] - strike) > 0.0 else 0.0
    elif kind == ASSET_OR_NOTHING:
        for lane in range(BLOCK):
            out[lane] = discount * prices[lane] if sign * (prices[lane] - strike) > 0.0 else 0.0
    else:
        for lane in range(BLOCK):
            out[lane] = discount * amount
    return -1


def settle_path(terminal: int, side: int, numbers: Column, lanes: Output) -> int:
    """PAID for contracts that pay on what was kept alone."""
    sign, strike, discount = numbers[SIGN], numbers[STRIKE], numbers[FINAL_DISCOUNT]
    notional = numbers[NOTIONAL]
    if terminal == AUTOCALLED:
        reference, protection = numbers[REFERENCE], numbers[PROTECTION]
        for lane in range(BLOCK):
            level = lanes[LEVEL + lane]
            loss = max(1.0 - level / reference, 0.0) if level < protection else 0.0
            lanes[PAID + lane] = lanes[A1 + lane] + lanes[A0 + lane] * notional * (1.0 - loss) * discount
    elif terminal == RETURNS:
        floor, cap = numbers[GLOBAL_FLOOR], numbers[GLOBAL_CAP]
        for lane in range(BLOCK):
            lanes[PAID + lane] = discount * notional * min(max(lanes[A0 + lane], floor), cap)
    elif terminal == FLOATING:
        for lane in range(BLOCK):
            lanes[PAID + lane] = discount * max(side * (lanes[A0 + lane] - lanes[LEVEL + lane]), 0.0)
    elif terminal == FORWARD_STRUCK:
        for lane in range(BLOCK):
            start = strike * lanes[A1 + lane]
            lanes[PAID + lane] = discount * max(sign * (lanes[LEVEL + lane] - start), 0.0)
    return -1


def source_of(part: int, terminal: int, control: int) -> int:
    """Row of prices that the payment (part 0) or the control (part 1) is struck on."""
    source = LEVEL
    if part == 0:
        if terminal in (AVERAGE_PRICE, FIXED):
            source = A0
        elif terminal == GEOMETRIC:
            source = A1
    elif control == GEOMETRIC_AVERAGE:
        source = A1
    return source


def settle(codes: Picks, numbers: Column, lanes: Output) -> int:
    """PAID and CONTROLLED of every lane."""
    terminal, control = codes[TERMINAL], codes[CONTROL]
    levels(codes[PLAIN], lanes)
    if terminal == GEOMETRIC or control == GEOMETRIC_AVERAGE:
        for lane in range(BLOCK):
            lanes[A1 + lane] = lane_exponential(lanes[A1 + lane])
    elif terminal in (FIXED, FLOATING):
        extremes(codes[SIDE], codes[PLAIN], lanes)
    for part in range(2):
        kind = terminal if terminal <= CONSTANT and part == 0 else VANILLA
        struck(kind, source_of(part, terminal, control), PAID + part * BLOCK, numbers, lanes)
    if control == LAST_PRICE:
        for lane in range(BLOCK):
            lanes[CONTROLLED + lane] = numbers[FINAL_DISCOUNT] * lanes[LEVEL + lane]
    if codes[OBSERVER] == BARRIER:
        settle_barrier(codes[KNOCK_IN], numbers, lanes)
    elif terminal >= FLOATING:
        settle_path(terminal, codes[SIDE], numbers, lanes)
    return -1


def extremes(side: int, plain: int, lanes: Output) -> int:
    """A0 becomes the price of the extreme."""
    for lane in range(BLOCK):
        lanes[A0 + lane] *= side
    if not plain:
        for lane in range(BLOCK):
            lanes[A0 + lane] = lane_exponential(lanes[A0 + lane])
    return -1


def settle_barrier(knock_in: int, numbers: Column, lanes: Output) -> int:
    """PAID by a barrier option, given what it would pay when alive."""
    rebate, late = numbers[REBATE], numbers[REBATE] * numbers[FINAL_DISCOUNT]
    if knock_in:
        for lane in range(BLOCK):
            alive = lanes[A0 + lane]
            lanes[PAID + lane] = (1.0 - alive) * lanes[PAID + lane] + alive * late
    else:
        for lane in range(BLOCK):
            lanes[PAID + lane] = lanes[A0 + lane] * lanes[PAID + lane] + lanes[A1 + lane] * rebate
    return -1
