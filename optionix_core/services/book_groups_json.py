"""The grouped book as plain values: numbers are JSON numbers in natural units, what cannot be told is null."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any, Final

from optionix_core.services.book import position_json
from optionix_core.services.order_json import number
from optionix_core.sync.canonical import time_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from optionix_core.services.book_groups import BookGroup, BookPart, BookTree, Totals

SCHEMA_VERSION: Final = 1


def to_json(tree: BookTree, moment: datetime, account: str, notes: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What `positions --group ... --json` prints; positions are listed once for each group that they stand in.

    `notes` by symbol.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "account": account,
        "as_of": time_text(moment),
        "group": str(tree.by),
        "totals": _totals(tree.totals),
        "groups": [_group(one) for one in tree.groups],
        "positions": records(tree, moment, notes),
    }


def records(tree: BookTree, moment: datetime, notes: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    """The leaves, each with the titles of the groups above it."""
    told = notes or {}
    return [
        {"group": " / ".join(path), **_part(part, moment), "note": told.get(part.line.symbol)}
        for path, part in _leaves(tree)
    ]


def to_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Flat rows with a header; empty where there are none."""
    if not rows:
        return ""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow(
            {
                key: json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list, bool)) else value
                for key, value in row.items()
            }
        )
    return text.getvalue()


def _leaves(tree: BookTree) -> Iterator[tuple[tuple[str, ...], BookPart]]:
    if not tree.groups:
        yield from (((), part) for part in tree.parts)
    for top in tree.groups:
        for one in top.groups or (top,):
            path = (top.title,) if one is top else (top.title, one.title)
            yield from ((path, part) for part in one.parts)


def _group(one: BookGroup) -> dict[str, Any]:
    return {
        "key": one.key,
        "title": one.title,
        "kind": one.kind,
        "strategy": one.strategy,
        "units": number(one.units),
        "net_price": one.net_price,
        "expiry": None if one.expiry is None else one.expiry.isoformat(),
        "days": one.days,
        **_totals(one.totals),
        "symbols": [part.line.symbol for part in one.parts],
        "groups": [_group(below) for below in one.groups],
    }


def _totals(sums: Totals) -> dict[str, Any]:
    return {
        "positions": sums.parts,
        "currency": sums.currencies[0] if len(sums.currencies) == 1 else None,
        "market_value": number(sums.market_value),
        "unrealised_pnl": number(sums.unrealised_pnl),
        "day_pnl": number(sums.day_pnl),
        "dollar_delta": sums.dollar_delta,
        "dollar_gamma": sums.dollar_gamma,
        "theta": sums.theta,
        "vega": sums.vega,
        "without_mark": sums.without_mark,
        "without_greeks": sums.without_greeks,
    }


def _part(part: BookPart, moment: datetime) -> dict[str, Any]:
    greeks = part.greeks
    return {
        **position_json(part.line.value, moment),
        "quantity": number(part.quantity),
        "position_quantity": number(part.line.value.position.quantity),
        "market_value": number(part.market_value),
        "unrealised_pnl": number(part.unrealised_pnl),
        "day_pnl": number(part.day_pnl),
        "days": part.line.days,
        "iv": None if greeks is None else greeks.iv,
        "delta": None if greeks is None else greeks.delta,
        "gamma": None if greeks is None else greeks.gamma,
        "theta": None if greeks is None else greeks.theta,
        "vega": None if greeks is None else greeks.vega,
        "dollar_delta": None if greeks is None else greeks.dollar_delta,
        "dollar_gamma": None if greeks is None else greeks.dollar_gamma,
        "greeks_reason": part.line.greeks_reason,
    }
