"""Who is assigned when others exercise: a lottery over the contracts that are short.

Every short contract is as likely to be drawn as any other, none is drawn twice, and as many are drawn as were
exercised: the numbers drawn by each holder follow the multivariate hypergeometric law. The draw is a function
of the seed and the holders alone; random numbers come by counter from SHA-256, so that a replay assigns the
same contracts on any machine, and the order in which holders of a mapping were added does not matter.
Refuses to assign more than is short.

Sources: OCC Rule 803 (random assignment to clearing members); FINRA Rule 2360(b)(23)(C) (a broker assigns to
its customers by first in, first out or by a random method, and discloses which). Sampling without
replacement: R. Floyd in J. Bentley, "Programming Pearls", Comm. ACM 30 (1987) 754.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Hashable, Mapping, Sequence
from itertools import accumulate
from typing import TypeVar, overload

from optionix_core.errors import InvalidValueError

Holder = TypeVar("Holder", bound=Hashable)

_DRAW_BITS = 256


@overload
def assign(quantity: int, short_interest: Mapping[Holder, int], seed: int | str) -> dict[Holder, int]: ...
@overload
def assign(quantity: int, short_interest: Sequence[int], seed: int | str) -> tuple[int, ...]: ...
def assign(
    quantity: int, short_interest: Mapping[Holder, int] | Sequence[int], seed: int | str
) -> dict[Holder, int] | tuple[int, ...]:
    """How many of `quantity` exercised contracts each short holder must fulfil.

    `short_interest`: contracts short, zero or more, by holder or as a sequence. The answer has the same
    holders or order, adds up to `quantity`, and gives nobody more than they are short. Raises
    InvalidValueError where more is exercised than is short, or a number is no whole one.
    """
    if isinstance(short_interest, Mapping):
        holders = sorted(short_interest, key=repr)
        drawn = _draw(quantity, [short_interest[holder] for holder in holders], seed)
        by_holder = dict(zip(holders, drawn, strict=True))
        return {holder: by_holder[holder] for holder in short_interest}
    return tuple(_draw(quantity, list(short_interest), seed))


def assign_first_in_first_out(quantity: int, short_interest: Sequence[int]) -> tuple[int, ...]:
    """The same by age: `short_interest` is ordered oldest first, and the oldest are assigned first."""
    total = _check(quantity, list(short_interest))
    left = min(quantity, total)
    assigned = []
    for held in short_interest:
        taken = min(left, int(held))
        assigned.append(taken)
        left -= taken
    return tuple(assigned)


def _draw(quantity: int, shorts: list[int], seed: int | str) -> list[int]:
    total = _check(quantity, shorts)
    spared = total - quantity
    drawn_are_spared = spared < quantity
    numbers = _sample(spared if drawn_are_spared else quantity, total, seed)
    ends = list(accumulate(int(held) for held in shorts))
    counts = [0] * len(shorts)
    for number in numbers:
        counts[bisect_right(ends, number)] += 1
    if drawn_are_spared:
        return [int(held) - count for held, count in zip(shorts, counts, strict=True)]
    return counts


def _sample(count: int, total: int, seed: int | str) -> set[int]:
    """`count` different numbers below `total`, each subset as likely as any other (Floyd)."""
    if isinstance(seed, bool) or not isinstance(seed, int | str):
        raise InvalidValueError("seed", repr(seed), "a whole number or a text")
    prefix = hashlib.sha256(f"assignment/{type(seed).__name__}/{seed}".encode()).digest()
    chosen: set[int] = set()
    for place, top in enumerate(range(total - count, total)):
        number = _below(top + 1, prefix, place)
        chosen.add(top if number in chosen else number)
    return chosen


def _below(bound: int, prefix: bytes, place: int) -> int:
    """A whole number of [0, bound), exactly uniform: draws beyond the last full multiple are thrown away."""
    usable = (1 << _DRAW_BITS) // bound * bound
    attempt = 0
    while True:
        counter = place.to_bytes(8, "big") + attempt.to_bytes(4, "big")
        number = int.from_bytes(hashlib.sha256(prefix + counter).digest(), "big")
        if number < usable:
            return number % bound
        attempt += 1


def _check(quantity: int, shorts: list[int]) -> int:
    for row, held in enumerate(shorts):
        _whole(held, "short_interest", row)
    _whole(quantity, "quantity", None)
    total = sum(int(held) for held in shorts)
    if quantity > total:
        raise InvalidValueError("quantity", quantity, f"at most the open short interest of {total}")
    return total


def _whole(value: int, field: str, row: int | None) -> None:
    whole = not isinstance(value, bool) and hasattr(value, "__index__")
    if not whole or value < 0:
        raise InvalidValueError(field, value, "a whole number, zero or more", row)
