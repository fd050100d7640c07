"""What a row of the sync screen means, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from screens.explanations import Explanation
from screens.system_summary import age_text
from widgets import figures

if TYPE_CHECKING:
    from datetime import datetime

    from screens.sync import SyncScreen
    from screens.team import ConflictRow, DeskRow, KeptRow, SyncNews

_VENUES = {
    "server-paper": "the server's paper venue, whose feed marks it",
    "local-sim": "matched on its owner's machine; the server marks it on the simulated market that its opening told",
}
_GREEKS = (
    ("dollar_delta", "dollar delta", "delta times spot"),
    ("dollar_gamma", "dollar gamma", "change of dollar delta for one percent of the spot"),
    ("theta", "theta", "per calendar day"),
    ("vega", "vega", "per volatility point"),
)


def explain(screen: SyncScreen) -> Explanation:
    """Of the row under the cursor in the marked pane."""
    marked, now = screen.panes.marked, screen.session.now
    conflict, row = screen.conflict(), screen.desk_row()
    if marked == "conflicts" and conflict is not None:
        return explain_conflict(conflict)
    kept = screen.kept_order()
    if marked == "kept" and kept is not None:
        return explain_kept(kept)
    if marked == "desk" and row is not None:
        return explain_desk(row, screen.news)
    return explain_standing(screen.news, now)


def explain_conflict(found: ConflictRow) -> Explanation:
    """What happened, and what each decision does."""
    facts = (
        ("what", found.what),
        ("says", found.says),
        ("why", found.reason),
        ("rule", found.kind),
        ("place", f"{found.seq:,} in the server's stream: it is stored there and counts for nothing until you decide"),
        ("id", found.event_id),
        ("accept", "it counts from now on like any other entry"),
        ("reverse", "a new, compensating entry undoes it; nothing is ever deleted"),
        ("discard", "it stays in the log without effect"),
    )
    return Explanation("Conflict", found.kind, facts)


def explain_kept(found: KeptRow) -> Explanation:
    """What was wanted, why it was not sent, and what can be done with it."""
    sends = (
        "your key sends it once, under the same id, at the market as it is then; nothing sends it by itself"
        if found.state == "kept"
        else "no more: its end has passed; it can only be forgotten"
    )
    facts = (
        ("order", found.what),
        ("account", found.account),
        ("wanted", f"{found.kept_at:%Y-%m-%d %H:%M:%S} UTC"),
        ("until", f"{found.expires_at:%Y-%m-%d %H:%M:%S} UTC"),
        ("why not sent", found.reason),
        ("account may", f"{found.may}{f': {found.may_why}' if found.may_why else ''}"),
        ("sending", sends),
        ("id", found.order_id),
    )
    return Explanation("Kept order", found.state, facts)


def explain_desk(row: DeskRow, news: SyncNews) -> Explanation:
    """Where an account's figures come from."""
    greeks = [(label, f"{row.greeks[name]:+,.2f} {words}") for name, label, words in _GREEKS if name in row.greeks]
    server = "the server" if news.member is None else news.member.server
    facts = (
        ("owner", row.owner),
        ("venue", _VENUES.get(row.kind, row.kind)),
        ("you may", "trade it" if row.rights == "trade" else "look at it, and nothing else"),
        *((("shared with", ", ".join(row.shared_with)),) if row.shared_with else ()),
        ("day P&L", figures.ABSENT if row.day_pnl is None else figures.signed(row.day_pnl)),
        ("total P&L", figures.ABSENT if row.total_pnl is None else figures.signed(row.total_pnl)),
        *greeks,
        ("source", f"{server} marks each account on the feed of its own venue; this home only shows it"),
    )
    value = figures.ABSENT if row.total_value is None else f"{row.currency} {figures.money(row.total_value)}"
    return Explanation(f"Account {row.account}", value, facts)


def explain_standing(news: SyncNews, now: datetime) -> Explanation:
    """How push and pull work, and how far they are."""
    step, member = news.in_step, news.member
    if member is None:
        facts: tuple[tuple[str, str], ...] = (("sign in", "optionix login --server URL --email E, or the key below"),)
        return Explanation("Team server", "none", facts)
    last = "never" if step is None or step.last_sync is None else age_text((now - step.last_sync).total_seconds())
    facts = (
        ("signed in", f"{member.email} as {member.role}"),
        ("last sync", last),
        (
            "pending",
            "entries of this home that the server has not acknowledged; they are pushed in their order, each once",
        ),
        ("cursor", "the last entry of the server's stream that is here; pulling never waits for pushing"),
        ("money", "facts are added once and never merged; the server's order is the order"),
        ("tokens", "in the system's keyring" if member.tokens == "keyring" else "in a file that you alone may read"),
    )
    if news.problem is not None:
        facts = (("failed", str(news.problem)), *facts)
    return Explanation("Team server", member.server, facts)
