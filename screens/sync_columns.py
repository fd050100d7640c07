"""Columns and rows of the sync screen. Pure."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from widgets import figures
from widgets.grid_columns import Column, GridRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from screens.team import ConflictRow, DeskRow, DeviceRow, KeptRow, Member, SessionRow, SyncNews

GOOD, BAD, HERE = 1, 2, 4
"""Flags of a row: as it should be; wants to be seen; of this home."""


def _text(value: str | None) -> str:
    return value or ""


def _count(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _money(value: Decimal | None) -> str:
    return figures.ABSENT if value is None else figures.money(value)


def _signed(value: Decimal | float | None) -> str:
    return figures.ABSENT if value is None else figures.signed(value)


def _moment(value: datetime | None) -> str:
    return "" if value is None else f"{value:%d %b %H:%M:%S}"


FACT_COLUMNS: tuple[Column, ...] = (
    Column("field", "Field", 14, _text, "left", tone="muted", words=True),
    Column("value", "Value", 20, _text, "left", words=True, grow=True, home=True),
)
CONFLICT_COLUMNS: tuple[Column, ...] = (
    Column("kind", "Kind", 14, _text, "left", tone="strong", words=True, home=True),
    Column("seq", "Seq", 8, _count, rank=2),
    Column("what", "Entry", 20, _text, "left", rank=1, words=True),
    Column("reason", "Why", 20, _text, "left", words=True, grow=True),
)
KEPT_COLUMNS: tuple[Column, ...] = (
    Column("order", "Order", 40, _text, "left", tone="strong", words=True, home=True),
    Column("account", "Account", 10, _text, "left", rank=2),
    Column("state", "State", 8, _text, "left"),
    Column("kept", "Kept (UTC)", 15, _moment, "left", rank=3, tone="muted"),
    Column("until", "Until (UTC)", 15, _moment, "left", rank=1),
    Column("may", "Account may", 11, _text, "left", rank=1),
    Column("reason", "Why not sent", 20, _text, "left", rank=4, words=True, grow=True, tone="muted"),
)
DESK_COLUMNS: tuple[Column, ...] = (
    Column("account", "Account", 12, _text, "left", tone="strong", words=True, home=True),
    Column("owner", "Owner", 18, _text, "left", rank=4, words=True, tone="muted"),
    Column("value", "Value", 12, _money, rank=2),
    Column("day", "Day P&L", 10, _signed),
    Column("total", "Total P&L", 11, _signed, rank=1),
    Column("delta", "Δ$", 10, figures.signed_count),
    Column("gamma", "Γ$", 10, figures.signed_count, rank=3),
    Column("theta", "Θ/day", 10, _signed, rank=3),
    Column("vega", "V/pt", 10, _signed, rank=1),
    Column("rights", "May", 6, _text, "left", rank=5, tone="muted"),
)
DEVICE_COLUMNS: tuple[Column, ...] = (
    Column("name", "Name", 14, _text, "left", tone="strong", words=True, home=True),
    Column("state", "State", 12, _text, "left"),
    Column("seen", "Last seen (UTC)", 15, _moment, "left", rank=1),
    Column("since", "Since (UTC)", 15, _moment, "left", rank=2, tone="muted"),
    Column("id", "Device", 12, _text, "left", rank=3, words=True, grow=True, tone="faint"),
)
SESSION_COLUMNS: tuple[Column, ...] = (
    Column("used", "Last used (UTC)", 15, _moment, "left", home=True),
    Column("program", "Program", 16, _text, "left", words=True, tone="strong"),
    Column("address", "Address", 15, _text, "left", rank=1),
    Column("since", "Since (UTC)", 15, _moment, "left", rank=2, tone="muted"),
    Column("id", "Session", 12, _text, "left", rank=3, words=True, grow=True, tone="faint"),
)


def fact_rows(news: SyncNews) -> list[GridRow]:
    """Who is signed in and how far this home is."""
    facts = _facts(news)
    return [GridRow(name, (name, value)) for name, value in facts]


def _facts(news: SyncNews) -> list[tuple[str, str]]:
    member, step = news.member, news.in_step
    if member is None:
        return [("server", "none: this home works by itself")]
    facts = [("server", member.server), ("signed in", f"{member.full_name} <{member.email}>"), ("role", member.role)]
    if news.problem is not None:
        facts.append(("failed", str(news.problem)))
    if step is not None:
        if step.stopped:
            facts.append(("stopped", step.stopped))
        last = "never" if step.last_sync is None else f"{step.last_sync:%Y-%m-%d %H:%M:%S} UTC"
        facts += [
            ("last sync", last),
            ("pending", f"{step.pending:,}"),
            ("conflicts", f"{step.conflicts:,}"),
            ("cursor", f"{step.cursor:,}"),
        ]
    return [
        *facts,
        ("second factor", _factor(member)),
        ("tokens", "system keyring" if member.tokens == "keyring" else "a file of yours alone"),
        ("since", f"{member.signed_in_at:%Y-%m-%d %H:%M:%S} UTC"),
        ("device", member.device_id),
        ("session", member.session_id),
    ]


def _factor(member: Member) -> str:
    if member.must_enrol:
        return "demanded by the server: m sets it up"
    return "on" if member.mfa_enabled else "off"


def conflict_rows(found: Sequence[ConflictRow]) -> list[GridRow]:
    """What wants a decision."""
    return [GridRow(one.event_id, (one.kind, one.seq, one.what, one.reason), BAD) for one in found]


def kept_rows(found: Sequence[KeptRow]) -> list[GridRow]:
    """Orders that did not reach their venue."""
    return [
        GridRow(
            one.order_id,
            (one.what, one.account, one.state, one.kept_at, one.expires_at, one.may, one.reason),
            0 if one.state == "kept" and one.may == "active" else BAD,
        )
        for one in found
    ]


def desk_rows(found: Sequence[DeskRow]) -> list[GridRow]:
    """Accounts of the desk."""
    return [
        GridRow(
            one.account_id,
            (
                one.account,
                one.owner,
                one.total_value,
                one.day_pnl,
                one.total_pnl,
                *(one.greeks.get(name) for name in ("dollar_delta", "dollar_gamma", "theta", "vega")),
                one.rights,
            ),
            GOOD if (one.day_pnl or 0) > 0 else BAD if (one.day_pnl or 0) < 0 else 0,
        )
        for one in found
    ]


def device_rows(found: Sequence[DeviceRow]) -> list[GridRow]:
    """Homes of the user, this one marked."""
    return [
        GridRow(
            one.device_id,
            (f"{'▸ ' if one.here else ''}{one.name}", one.state, one.last_seen_at, one.created_at, one.device_id),
            (HERE if one.here else 0) | (BAD if one.state != "active" else 0),
        )
        for one in found
    ]


def session_rows(found: Sequence[SessionRow]) -> list[GridRow]:
    """Sessions of the user, this one marked."""
    return [
        GridRow(
            one.session_id,
            (
                one.last_used_at,
                f"{'▸ ' if one.here else ''}{one.program or 'unknown'}",
                one.address,
                one.created_at,
                one.session_id,
            ),
            HERE if one.here else 0,
        )
        for one in found
    ]


def style(column: Column, row: GridRow) -> tuple[str, str]:
    """Tones by state; sign, word or mark says the same."""
    if column.key in {"state", "kind"}:
        return "cell", "warn" if row.flags & BAD else "up" if column.key == "state" else column.tone
    if column.key == "day":
        return "cell", "up" if row.flags & GOOD else "down" if row.flags & BAD else "cell"
    return "cell", column.tone
