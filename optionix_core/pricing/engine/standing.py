"""Where a contract stands today: what it would pay if it ended now, and how far in the money it is.

No model enters. None is said where the question has no answer, and nothing is made up for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from optionix_core.pricing.contracts import Contract
    from optionix_core.pricing.flat_market import FlatMarket

Spots = tuple[float, ...]


def intrinsic(contract: Contract, market: FlatMarket) -> float | None:
    """What the contract would pay if it ended now at today's prices, undiscounted.

    None for compounds (their payment is another option), autocallables and cliquets (their periods have not begun).
    """
    found = _PAYMENTS.get(contract.kind)
    return None if found is None else float(found(contract, market.spots)) + 0.0  # never -0.0


def moneyness(contract: Contract, market: FlatMarket) -> float | None:
    """Price of what is optioned over the strike: above one, a call is in the money. None where there is no strike."""
    spots = market.spots
    strike = getattr(contract, "strike", None)
    kind = contract.kind
    if kind == "exchange":
        return spots[0] / spots[1]
    if kind == "forward-start":
        return 1.0 / float(contract.moneyness)  # type: ignore[attr-defined] # the kind says which contract it is
    if strike is None or kind == "compound" or not strike > 0.0:
        return None
    return float(_level(contract, spots)) / float(strike)


def _level(contract: Any, spots: Spots) -> Any:
    """The price that a strike is compared with."""
    if contract.kind == "spread":
        return spots[0] - spots[1]
    if contract.kind == "rainbow":
        return min(spots) if contract.extreme == "minimum" else max(spots)
    if contract.kind == "basket":
        return sum(weight * spot for weight, spot in zip(contract.weights, spots, strict=True))
    return spots[0]


def _plain(contract: Any, spots: Spots) -> Any:
    return max(int(contract.option_type) * (_level(contract, spots) - contract.strike), 0.0)


def _in_the_money(contract: Any, spot: float) -> bool:
    return bool(int(contract.option_type) * (spot - contract.strike) > 0.0)


def _barrier(contract: Any, spots: Spots) -> Any:
    reached = spots[0] <= contract.barrier if contract.barrier_type.startswith("down") else spots[0] >= contract.barrier
    lives = reached == contract.barrier_type.endswith("in")
    return _plain(contract, spots) if lives else contract.rebate


def _double(contract: Any, spots: Spots) -> Any:
    outside = not contract.lower < spots[0] < contract.upper
    return _plain(contract, spots) if outside == (contract.barrier_type == "knock-in") else 0.0


def _partial(contract: Any, spots: Spots) -> Any:
    beyond = spots[0] <= contract.barrier if contract.barrier_type.startswith("down") else spots[0] >= contract.barrier
    reached = beyond and contract.window == "start"
    return _plain(contract, spots) if reached == contract.barrier_type.endswith("in") else 0.0


def _fixed_lookback(contract: Any, spots: Spots) -> Any:
    extreme = spots[0] if contract.running_extreme is None else contract.running_extreme
    return max(int(contract.option_type) * (extreme - contract.strike), 0.0)


def _floating_lookback(contract: Any, spots: Spots) -> Any:
    extreme = spots[0] if contract.running_extreme is None else contract.running_extreme
    return max(int(contract.option_type) * (spots[0] - extreme), 0.0)


def _exchange(contract: Any, spots: Spots) -> Any:
    return max(int(contract.option_type) * (spots[0] - spots[1]), 0.0)


def _chooser(contract: Any, spots: Spots) -> Any:
    return max(spots[0] - contract.call_strike, contract.put_strike - spots[0], 0.0)


def _forward_start(contract: Any, spots: Spots) -> Any:
    return max(int(contract.option_type) * spots[0] * (1.0 - contract.moneyness), 0.0)


_PAYMENTS: dict[str, Callable[[Any, Spots], Any]] = {
    "european": _plain,
    "american": _plain,
    "cash-or-nothing": lambda contract, spots: contract.cash if _in_the_money(contract, spots[0]) else 0.0,
    "asset-or-nothing": lambda contract, spots: spots[0] if _in_the_money(contract, spots[0]) else 0.0,
    "one-touch": lambda contract, spots: contract.cash if spots[0] == contract.barrier else 0.0,
    "no-touch": lambda contract, spots: 0.0 if spots[0] == contract.barrier else contract.cash,
    "barrier": _barrier,
    "double-barrier": _double,
    "partial-barrier": _partial,
    "asian": _plain,
    "fixed-lookback": _fixed_lookback,
    "floating-lookback": _floating_lookback,
    "exchange": _exchange,
    "spread": _plain,
    "rainbow": _plain,
    "basket": _plain,
    "chooser": _chooser,
    "forward-start": _forward_start,
    "quanto": lambda contract, spots: contract.exchange_rate * _plain(contract, spots),
}
