"""How far this home is in step with its server, as pieces for the header and for the sync screen. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from widgets.info_line import Piece

if TYPE_CHECKING:
    from datetime import datetime

    from screens.team import SyncNews


def chip_pieces(news: SyncNews, rank: int = 6) -> list[Piece]:
    """`✓ synced 12:04:31`, `↑ 3 pending`, `! 2 conflicts`, `○ offline since 12:01`, `✗ sync stopped`."""
    words, tone = _standing(news)
    step = news.in_step
    pieces = [Piece(words, tone, rank, joined=True, action="app.sync")]
    if step is not None and step.pending and not words.startswith("↑"):
        pieces.append(Piece(f"· {step.pending:,} pending", "muted", rank, joined=True))
    return pieces


def _standing(news: SyncNews) -> tuple[str, str]:
    step = news.in_step
    if step is not None and step.stopped:
        return "✗ sync stopped", "alert"
    if news.problem is not None:
        from optionix_core.errors import DeadlineError, VenueError

        if isinstance(news.problem, DeadlineError | VenueError):
            return f"○ offline{_since(news.since)}", "warn"
        return "✗ sync failed", "alert"
    if step is None:
        return "○ not synced yet", "muted"
    if step.conflicts:
        return f"! {step.conflicts:,} conflict{'' if step.conflicts == 1 else 's'}", "alert"
    if step.pending:
        return f"↑ {step.pending:,} pending", "warn"
    if step.last_sync is None:
        return "○ not synced yet", "muted"
    return f"✓ synced {step.last_sync:%H:%M:%S}", "up"


def _since(moment: datetime | None) -> str:
    return "" if moment is None else f" since {moment:%H:%M}"


def state_pieces(news: SyncNews, sign_in_key: str, sync_key: str, kept: int = 0) -> list[Piece]:
    """Server, user, role, chip, orders that are kept."""
    member = news.member
    waiting = [Piece(f"! {kept:,} order{'' if kept == 1 else 's'} kept", "warn", 0)] if kept else []
    if member is None:
        return [Piece("no server:", "muted"), Piece(f"{sign_in_key} signs in", "plain", 0, joined=True), *waiting]
    pieces = [
        Piece(member.server.partition("://")[2], "strong"),
        Piece(member.email, "plain", 3, joined=True),
        Piece(f"({member.role})", "muted", 2, joined=True),
        Piece("│", "rule", 1),
        *chip_pieces(news, 0),
        *waiting,
    ]
    if news.in_step is not None:
        pieces += [Piece("seq", "muted", 4), Piece(f"{news.in_step.cursor:,}", "plain", 4, joined=True)]
    if news.running:
        pieces.append(Piece("◌ syncing", "chip", 1))
    elif news.problem is not None:
        pieces.append(Piece(f"{news.problem} ({sync_key} tries again)", "warn", 1))
    return pieces
