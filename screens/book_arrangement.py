"""How the book is set up, as a workspace keeps it: read strictly. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from optionix_core.errors import InvalidValueError
from screens.book_asking import Order
from screens.book_columns import LAYOUTS
from screens.book_filter import BookFilter
from screens.book_panes import NAMES


class Arrangement(NamedTuple):
    """What was kept; what was not named is as the book starts."""

    by: str
    order: Order | None
    filter: BookFilter
    columns: str
    span: str
    pane: str
    zoomed: bool
    folded: tuple[str, ...]


def read(kept: Mapping[str, Any]) -> Arrangement:
    """Raises InvalidValueError naming the field that cannot be used."""
    from optionix_core.services.book_groups import GroupBy
    from optionix_core.services.day_explained import Span

    known = ("group", "sort", "filter", "columns", "span", "pane", "zoomed", "folded")
    for name in kept:
        if name not in known:
            raise InvalidValueError("arrangement", repr(name), f"one of {', '.join(known)}")
    zoomed, folded = kept.get("zoomed", False), kept.get("folded", [])
    if not isinstance(zoomed, bool):
        raise InvalidValueError("zoomed", repr(zoomed), "true or false")
    if not isinstance(folded, list) or not all(isinstance(one, str) for one in folded):
        raise InvalidValueError("folded", repr(folded), "a list of groups")
    text = kept.get("filter", "")
    if not isinstance(text, str):
        raise InvalidValueError("filter", repr(text), "words")
    return Arrangement(
        by=_one(kept, "group", tuple(GroupBy), "strategy"),
        order=_order(kept.get("sort")),
        filter=BookFilter.parse(text),
        columns=_one(kept, "columns", tuple(LAYOUTS), "default"),
        span=_one(kept, "span", tuple(Span), "today"),
        pane=_one(kept, "pane", NAMES, NAMES[0]),
        zoomed=zoomed,
        folded=tuple(folded),
    )


def _one(kept: Mapping[str, Any], name: str, among: tuple[str, ...], usual: str) -> str:
    value = kept.get(name, usual)
    if value not in tuple(str(one) for one in among):
        raise InvalidValueError(name, repr(value), f"one of {', '.join(among)}")
    return str(value)


def _order(value: object) -> Order | None:
    from optionix_core.services.book_order import SORT_KEYS

    if value is None:
        return None
    match value:
        case [str(key), bool(descending)] if key in SORT_KEYS:
            return Order(key, descending)
    raise InvalidValueError("sort", repr(value), f"a column and whether descending, of {', '.join(SORT_KEYS)}")
