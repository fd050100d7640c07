"""An algorithm for a person: how it stands, what its slices did, and what it cost."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from optionix_tui.cli.listings import Column
from optionix_tui.cli.order_text import price
from optionix_tui.cli.output import Table


def schedule(found: dict[str, Any]) -> Table:
    """What it would do."""
    rows = [
        (str(row["number"]), _clock(row["due_at"]), _count(row["quantity"]), _count(row["target"]), _count(row["left"]))
        for row in found["schedule"]
    ]
    title = f"would {_what(found)}; nothing was started"
    if found["participation"] is not None:
        title += f"\nsizes follow the volume seen: {found['participation']:g} of it"
    return Table(("slice", "due", "contracts", "done", "left"), rows, title=title, left=frozenset({1}))


def story(found: dict[str, Any]) -> Table:
    """How it stands, a slice a line."""
    rows = [
        (
            str(row["number"]),
            _clock(row["due_at"]),
            _clock(row["decided_at"]),
            str(row["quantity"]),
            str(row["filled"]),
            "" if row["limit_price"] is None else price(row["limit_price"]),
            row["state"],
            row["order"],
            row["reason"] or "",
        )
        for row in found["slices"]
    ]
    headings = ("slice", "due", "sent", "contracts", "filled", "limit", "state", "order", "reason")
    return Table(headings if rows else (), rows, title=standing(found), left=frozenset({1, 2, 6, 7, 8}))


def standing(found: dict[str, Any]) -> str:
    """One line."""
    reason = f", {found['reason']}" if found["reason"] else ""
    working = f", {found['working']} working" if found["working"] else ""
    done = f"{found['filled']} filled{working}, {found['remaining']} left"
    return f"{found['state']}: {_what(found)}: {done}{reason}\nalgorithm {found['algo_id']}, account {found['account']}"


COLUMNS: Final = (
    Column("algorithm", "algo_id"),
    Column("state", "state"),
    Column("kind", "kind"),
    Column("side", "side"),
    Column("quantity", "quantity", number=True),
    Column("filled", "filled", number=True),
    Column("working", "working", number=True),
    Column("symbol", "label"),
    Column("until", lambda row: _clock(row["until"])),
)
"""Of `algo list`."""


def costs(found: dict[str, Any]) -> Table:
    """What it cost, in all and slice by slice."""
    headings = (
        "slice", "contracts", "filled", "arrival", "average", "slippage", "against VWAP", "spread", "opportunity",
        "fees", "shortfall",
    )  # fmt: skip
    rows = [_cost_row(str(row["number"]), row) for row in found["slices"]]
    heading = f"costs of {found['algo_id']}, {found['state']}: positive is cost"
    title = f"{heading}\nslippage and VWAP per unit, the rest in money"
    return Table(headings, [*rows, _cost_row("all", found)], title=title)


def _cost_row(name: str, row: dict[str, Any]) -> tuple[str, ...]:
    prices = [_price(row[field]) for field in ("arrival_price", "average_price", "slippage", "vwap_slippage")]
    money = [_money(row[field]) for field in ("spread_cost", "opportunity_cost", "fees", "shortfall")]
    return (name, str(row["quantity"]), str(row["filled"]), *prices, *money)


def _what(found: dict[str, Any]) -> str:
    limit = "" if found["limit_price"] is None else f" limit {price(found['limit_price'])}"
    order = f"{found['kind']} {found['side']} {found['quantity']} {found['label']}{limit}"
    return f"{order}, {_clock(found['start'])} to {_clock(found['until'])} UTC, {found['style']}, {found['catch_up']}"


def _clock(text: str) -> str:
    return datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M:%S")


def _count(value: int | None) -> str:
    return "by volume" if value is None else str(value)


def _price(value: float | None) -> str:
    return "no data" if value is None else price(value)


def _money(value: float | None) -> str:
    return "no data" if value is None else f"{value:,.2f}"
