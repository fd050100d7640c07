"""Combinations and their working orders as canonical bytes: int64, little end first. Refuses other bytes."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

from optionix_core.errors import DomainError, IntegrityError
from optionix_core.trading.matching.combinations import (
    Combination,
    CombinationOrder,
    Leg,
    RestingCombination,
    check_order,
)

MAGIC: Final = b"OXCOMB01"


def written(combinations: Sequence[Combination], resting: Mapping[int, RestingCombination]) -> bytes:
    """The mark, how many numbers follow, and they: combinations with their legs, then orders by handle."""
    numbers = [len(combinations)]
    for combination in combinations:
        numbers += [len(combination.legs), *(number for leg in combination.legs for number in leg)]
    numbers.append(len(resting))
    for _, one in sorted(resting.items()):
        numbers += [*one.order, one.open_units, one.arrival]
    return MAGIC + struct.pack(f"<{len(numbers) + 1}q", len(numbers), *numbers)


def read(of: bytes) -> tuple[tuple[Combination, ...], dict[int, RestingCombination], bytes]:
    """Combinations, working orders by handle, and what bytes follow. Raises IntegrityError where they are none."""
    start = len(MAGIC) + 8
    if not of.startswith(MAGIC) or len(of) < start:
        raise IntegrityError("the bytes of a book of combinations must begin with its mark")
    (count,) = struct.unpack_from("<q", of, len(MAGIC))
    end = start + 8 * count
    if not 2 <= count <= (len(of) - start) // 8:
        raise IntegrityError(f"the bytes of a book of combinations must hold the {count} numbers they name")
    numbers = iter(struct.unpack_from(f"<{count}q", of, start))
    try:
        combinations = tuple(_combination(numbers) for _ in range(next(numbers)))
        resting = {}
        for _ in range(next(numbers)):
            *fields, open_units, arrival = islice(numbers, 9)
            order = CombinationOrder(*fields)
            check_order(order, len(combinations))
            resting[order.handle] = RestingCombination(order, open_units, arrival)
    except (DomainError, StopIteration, RuntimeError, TypeError, ValueError) as error:
        raise IntegrityError(f"the bytes of a book of combinations must hold such: {error}") from error
    if next(numbers, None) is not None:
        raise IntegrityError("the bytes of a book of combinations must end with its last order")
    return combinations, resting, of[end:]


def _combination(numbers: Iterator[int]) -> Combination:
    flat = list(islice(numbers, 2 * next(numbers)))
    return Combination(tuple(Leg(book, ratio) for book, ratio in zip(flat[::2], flat[1::2], strict=True)))
