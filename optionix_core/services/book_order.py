"""The grouped book sorted by any of its figures, whichever way, what cannot be told last."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from optionix_core.errors import InvalidValueError
from optionix_core.services.book_groups import GroupBy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from optionix_core.services.book_groups import BookGroup, BookPart, BookTree

_Item = TypeVar("_Item")

SORT_KEYS: Final = (
    *("label", "quantity", "mark", "value", "unrealised_pnl", "day_pnl", "iv"),
    *("dollar_delta", "dollar_gamma", "theta", "vega", "days"),
)
"""What a tree can be sorted by."""


def sort_tree(tree: BookTree, key: str, *, descending: bool) -> BookTree:
    """Groups by their sums and the parts within each by their own figures; what cannot be told comes last.

    Raises InvalidValueError for a key that is none of `SORT_KEYS`.
    """
    if key not in SORT_KEYS:
        raise InvalidValueError("sort", repr(key), f"one of {', '.join(SORT_KEYS)}")
    if tree.by is GroupBy.NONE:
        return replace(tree, parts=_sorted_parts(tree.parts, key, descending=descending))
    groups = _sorted_groups(tree.groups, key, descending=descending)
    return replace(tree, groups=groups, parts=tuple(part for one in groups for part in one.parts))


def _sorted_groups(groups: Sequence[BookGroup], key: str, *, descending: bool) -> tuple[BookGroup, ...]:
    within = []
    for one in groups:
        below = _sorted_groups(one.groups, key, descending=descending)
        parts = tuple(part for group_ in below for part in group_.parts) if below else _sorted_parts(
            one.parts, key, descending=descending
        )  # fmt: skip
        within.append(replace(one, groups=below, parts=parts))
    return _ordered(within, [_group_value(one, key) for one in within], descending=descending)


def _sorted_parts(parts: Sequence[BookPart], key: str, *, descending: bool) -> tuple[BookPart, ...]:
    return _ordered(parts, [part_value(part, key) for part in parts], descending=descending)


def _ordered(items: Sequence[_Item], values: Sequence[Any], *, descending: bool) -> tuple[_Item, ...]:
    """By values of one kind, stable; those without one last, whichever way."""
    places = range(len(items))
    known = sorted((i for i in places if values[i] is not None), key=lambda i: values[i], reverse=descending)
    return tuple(items[i] for i in (*known, *(i for i in places if values[i] is None)))


def _group_value(one: BookGroup, key: str) -> Any:
    sums = one.totals
    return {
        "label": one.title, "quantity": one.units, "mark": one.net_price, "value": sums.market_value,
        "unrealised_pnl": sums.unrealised_pnl, "day_pnl": sums.day_pnl, "iv": None,
        "dollar_delta": sums.dollar_delta, "dollar_gamma": sums.dollar_gamma,
        "theta": sums.theta, "vega": sums.vega, "days": one.days,
    }[key]  # fmt: skip


def part_value(part: BookPart, key: str) -> Any:
    """A figure of a part by its name in `SORT_KEYS`; None where it cannot be told."""
    greeks = part.greeks
    if key in {"iv", "dollar_delta", "dollar_gamma", "theta", "vega"}:
        return None if greeks is None else getattr(greeks, key)
    return {
        "label": part.line.label, "quantity": part.quantity, "mark": part.line.value.mark.price,
        "value": part.market_value, "unrealised_pnl": part.unrealised_pnl, "day_pnl": part.day_pnl,
        "days": part.line.days,
    }[key]  # fmt: skip
