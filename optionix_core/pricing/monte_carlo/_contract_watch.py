"""What of a path each contract on one underlying looks at: times, observer, what is paid, and the kernels' numbers.

Knows nothing of models beyond whether their state is the level itself. Refuses a contract whose payment needs more than
one pass over a path: American exercise, options on options.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from optionix_core.errors import InvalidValueError
from optionix_core.market.option_type import OptionType
from optionix_core.pricing.contracts import (
    AsianOption,
    AssetOrNothingOption,
    AutocallableNote,
    BarrierOption,
    CashOrNothingOption,
    CliquetOption,
    Contract,
    DoubleBarrierOption,
    EuropeanOption,
    FixedLookbackOption,
    FloatingLookbackOption,
    ForwardStartOption,
    NoTouchOption,
    OneTouchOption,
    PartialBarrierOption,
)
from optionix_core.pricing.monte_carlo import _layout as at

ALWAYS = (0.0, math.inf)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """How a contract looks at a path."""

    times: tuple[float, ...] = ()
    """Observations, years from now, increasing; one at zero is already in the numbers."""
    weights: tuple[float, ...] | None = None
    """Of the observations; None: one each, or trapezoids where the average is continuous."""
    window: tuple[float, float] | None = None
    """Within which barrier or extreme are watched continuously."""
    average: bool = False
    """Whether the average is continuous."""
    observer: int = at.NOTHING
    terminal: int = at.VANILLA
    codes: tuple[tuple[int, int], ...] = ()
    numbers: tuple[tuple[int, float], ...] = ()
    strike: tuple[float, float] | None = None
    """Sign and strike of the European option that resembles it."""
    smooth: bool = True
    """Whether the payment is continuous in the path, so that its derivative along the path is its derivative."""
    from_start: bool = False
    """Whether the payment depends on the price now other than through the prices later."""
    late_hit: bool = False
    """Whether the moment of a hit is taken from the middle of a step."""


def watch_of(contract: Contract, spot: float, *, plain: bool) -> Watch | None:
    """How `contract` looks at a path that starts at `spot`; None where it is not simulated on one underlying."""
    if isinstance(contract, BarrierOption | DoubleBarrierOption | PartialBarrierOption):
        return _barrier(contract, spot, plain=plain)
    if isinstance(contract, OneTouchOption | NoTouchOption):
        return _touch(contract, spot, plain=plain)
    if isinstance(contract, AsianOption):
        return _average(contract, spot, plain=plain)
    if isinstance(contract, FixedLookbackOption | FloatingLookbackOption):
        return _extreme(contract, spot, plain=plain)
    return _of_returns(contract, spot) or _last_price(contract)


def _of_returns(contract: Contract, spot: float) -> Watch | None:
    if isinstance(contract, AutocallableNote):
        return _autocallable(contract)
    if isinstance(contract, CliquetOption):
        return _cliquet(contract, spot)
    return _forward_start(contract, spot) if isinstance(contract, ForwardStartOption) else None


def _last_price(contract: Contract) -> Watch | None:
    if isinstance(contract, CashOrNothingOption):
        terminal, amount = at.CASH_OR_NOTHING, contract.cash
    elif isinstance(contract, AssetOrNothingOption):
        terminal, amount = at.ASSET_OR_NOTHING, 0.0
    elif type(contract) is EuropeanOption:
        terminal, amount = at.VANILLA, 0.0
    else:
        return None
    return Watch(
        terminal=terminal,
        numbers=(*_struck(contract), (at.AMOUNT, amount)),
        strike=(_sign(contract), contract.strike),
        smooth=terminal == at.VANILLA,
    )


def _sign(contract: EuropeanOption | FloatingLookbackOption | ForwardStartOption) -> float:
    return float(OptionType.of(contract.option_type))


def _struck(contract: EuropeanOption) -> tuple[tuple[int, float], ...]:
    return ((at.SIGN, _sign(contract)), (at.STRIKE, contract.strike))


def _state(level: float, *, plain: bool) -> float:
    return level if plain else math.log(level)


def _far(*, plain: bool) -> float:
    return at.FAR_LEVEL if plain else at.FAR


def _met(low: float, high: float, start: float) -> tuple[tuple[int, float], ...]:
    """Whether the barrier is met now, at the first moment of watching."""
    hit = not low < start < high
    return (at.LOWER, low), (at.UPPER, high), (at.START_A0, 0.0 if hit else 1.0), (at.START_A1, 1.0 if hit else 0.0)


def _barrier(
    contract: BarrierOption | DoubleBarrierOption | PartialBarrierOption, spot: float, *, plain: bool
) -> Watch:
    far = _far(plain=plain)
    times: tuple[float, ...] = ()
    window: tuple[float, float] | None = ALWAYS
    rebate = 0.0
    if isinstance(contract, DoubleBarrierOption):
        low, high = _state(contract.lower, plain=plain), _state(contract.upper, plain=plain)
    else:
        level = _state(contract.barrier, plain=plain)
        low, high = (level, far) if contract.barrier_type.startswith("down") else (-far, level)
    if isinstance(contract, BarrierOption):
        rebate = contract.rebate
        if contract.monitoring_times is not None:
            times, window = contract.monitoring_times, None
    elif isinstance(contract, PartialBarrierOption):
        if contract.window == "end-b1":
            raise InvalidValueError("window", '"end-b1"', '"start" or "end-b2" in a simulation')
        if contract.window == "start":
            window = (0.0, contract.barrier_time)
        else:
            times, window = (contract.barrier_time,), (contract.barrier_time, math.inf)
    at_start = (window is not None and window[0] == 0.0) or (times and times[0] == 0.0)
    start = _state(spot, plain=plain) if at_start else (0.5 * (max(low, -far) + min(high, far)))
    knock_in = contract.barrier_type.endswith("in")
    return Watch(
        times=times,
        window=window,
        observer=at.BARRIER,
        codes=((at.KNOCK_IN, int(knock_in)),),
        numbers=(*_struck(contract), *_met(low, high, start), (at.REBATE, rebate)),
        strike=(_sign(contract), contract.strike),
        smooth=window is not None and not times,
        from_start=window is not None,
        late_hit=window is not None and rebate != 0.0 and not knock_in,
    )


def _touch(contract: OneTouchOption | NoTouchOption, spot: float, *, plain: bool) -> Watch:
    far, level, start = _far(plain=plain), _state(contract.barrier, plain=plain), _state(spot, plain=plain)
    low, high = (level, far) if contract.barrier <= spot else (-far, level)
    at_hit = isinstance(contract, OneTouchOption) and contract.pay_at == "hit"
    late = isinstance(contract, OneTouchOption) and not at_hit
    return Watch(
        window=ALWAYS,
        observer=at.BARRIER,
        terminal=at.CONSTANT,
        codes=((at.KNOCK_IN, int(late)),),
        numbers=(
            *_met(low, high, start),
            (at.AMOUNT, 0.0 if at_hit else contract.cash),
            (at.REBATE, contract.cash if at_hit else 0.0),
        ),
        from_start=True,
        late_hit=at_hit,
    )


def _average(contract: AsianOption, spot: float, *, plain: bool) -> Watch:
    geometric = contract.average == "geometric"
    if geometric and plain:
        raise InvalidValueError("average", '"geometric"', '"arithmetic" for a level that is simulated as it is')
    times = contract.fixing_times
    first = 0.0
    if times is not None and times[0] == 0.0:
        first = 1.0 / len(times)
    numbers = (*_struck(contract), (at.START_A0, first * spot), (at.START_A1, first * _state(spot, plain=plain)))
    return Watch(
        times=times or (),
        weights=None if times is None else (1.0 / len(times),) * len(times),
        average=times is None,
        observer=at.AVERAGE,
        terminal=at.GEOMETRIC if geometric else at.AVERAGE_PRICE,
        numbers=numbers,
        strike=(_sign(contract), contract.strike),
        from_start=times is None or first > 0.0,
    )


def _extreme(contract: FixedLookbackOption | FloatingLookbackOption, spot: float, *, plain: bool) -> Watch:
    sign = _sign(contract)
    fixed = isinstance(contract, FixedLookbackOption)
    side = sign if fixed else -sign
    times = contract.monitoring_times
    kept = [-_far(plain=plain)]
    if times is None or times[0] == 0.0:
        kept.append(side * _state(spot, plain=plain))
    if contract.running_extreme is not None:
        kept.append(side * _state(contract.running_extreme, plain=plain))
    struck = _struck(contract) if isinstance(contract, FixedLookbackOption) else ()
    return Watch(
        times=times or (),
        window=ALWAYS if times is None else None,
        observer=at.EXTREME,
        terminal=at.FIXED if fixed else at.FLOATING,
        codes=((at.SIDE, int(side)),),
        numbers=(*struck, (at.START_A0, max(kept))),
        strike=(sign, contract.strike) if isinstance(contract, FixedLookbackOption) else None,
        from_start=len(kept) > 1,
    )


def _autocallable(contract: AutocallableNote) -> Watch:
    return Watch(
        times=contract.observation_times,
        weights=tuple(float(i + 1) for i in range(len(contract.observation_times))),
        observer=at.AUTOCALL,
        terminal=at.AUTOCALLED,
        numbers=(
            (at.START_A0, 1.0),
            (at.CALL_LEVEL, contract.call_level),
            (at.PROTECTION, contract.protection_level),
            (at.COUPON, contract.coupon),
            (at.REFERENCE, contract.reference),
            (at.NOTIONAL, contract.notional),
        ),
        strike=(-1.0, contract.protection_level),
        smooth=False,
    )


def _cliquet(contract: CliquetOption, spot: float) -> Watch:
    return Watch(
        times=contract.reset_times,
        observer=at.CLIQUET,
        terminal=at.RETURNS,
        numbers=(
            (at.START_A1, spot),
            (at.LOCAL_FLOOR, contract.local_floor),
            (at.LOCAL_CAP, at.FAR_LEVEL if contract.local_cap is None else contract.local_cap),
            (at.GLOBAL_FLOOR, contract.global_floor),
            (at.GLOBAL_CAP, at.FAR_LEVEL if contract.global_cap is None else contract.global_cap),
            (at.NOTIONAL, contract.notional),
        ),
        from_start=True,
    )


def _forward_start(contract: ForwardStartOption, spot: float) -> Watch:
    return Watch(
        times=(contract.start,) if contract.start > 0.0 else (),
        observer=at.START,
        terminal=at.FORWARD_STRUCK,
        numbers=((at.SIGN, _sign(contract)), (at.STRIKE, contract.moneyness), (at.START_A1, spot)),
        from_start=contract.start == 0.0,
    )


def observation_rows(watch: Watch, ends: Sequence[float], expiry: float) -> tuple[list[float], list[float], float]:
    """Weight of the observation at each end, 1 for each step that is watched, and the weight of the price now.

    A continuous average is that of the trapezoidal rule.
    """
    weights, watched = [0.0] * len(ends), [0.0] * len(ends)
    first, start = (1.0 if watch.average and not ends else 0.0), 0.0
    places = {time: row for row, time in enumerate(watch.times)}
    for step, end in enumerate(ends):
        if watch.average:
            half = 0.5 * (end - start) / expiry
            weights[step] += half
            if step:
                weights[step - 1] += half
            else:
                first = half
        elif end in places:
            weights[step] = 1.0 if watch.weights is None else watch.weights[places[end]]
        if watch.window is not None and watch.window[0] <= start and end <= watch.window[1]:
            watched[step] = 1.0
        start = end
    return weights, watched, first
