"""The line over the system screen: head of the log, whether it was checked, and the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from screens.sync_summary import chip_pieces
from widgets import figures
from widgets.info_line import Piece

if TYPE_CHECKING:
    from optionix_core.services.log import LogPage, LogVerification
    from screens.background import Background
    from screens.session import Session


def state_pieces(
    session: Session, pages: Background[LogPage], checks: Background[LogVerification], verify_key: str
) -> list[Piece]:
    """Head and check of the log; the server last."""
    page, problem = pages.answer, pages.problem
    if problem is not None:
        pieces = [Piece("✗ log", "alert"), Piece(str(problem), "alert", 0, joined=True)]
    elif page is None:
        warming = session.warming
        return [Piece("◌ warming", "chip"), Piece(warming.step if warming else "reading the log", "plain")]
    else:
        pieces = [Piece("log", "muted"), Piece(f"seq {page.head.seq:,}", "strong", 0, joined=True)]
        if page.head.seq:
            pieces += [Piece("head", "muted", 3), Piece(f"{page.head.hash.hex()[:12]}…", "plain", 3, joined=True)]
    pieces += _check(checks, page, verify_key)
    news = session.sync
    if news is not None and news.member is not None:
        server = Piece(news.member.server.partition("://")[2], "plain", 2, joined=True, action="app.sync")
        return [*pieces, Piece("│", "rule", 2), server, *chip_pieces(news, 2)]
    return [
        *pieces,
        Piece("│", "rule", 2),
        Piece("server none set: this home works by itself", "muted", 2, joined=True),
    ]


def _check(checks: Background[LogVerification], page: LogPage | None, verify_key: str) -> list[Piece]:
    if checks.running:
        share = f"{checks.done / checks.total:4.0%}" if checks.total else ""
        return [Piece("◌ checking the whole log", "chip", 1), Piece(f"{share} (esc ends it)", "plain", 1, joined=True)]
    if checks.problem is not None:
        return [Piece("✗ not whole", "alert", 1), Piece(str(checks.problem), "alert", 1, joined=True)]
    found = checks.answer
    if found is None:
        return [Piece(f"not checked in this session: {verify_key} checks it", "muted", 1)]
    later = 0 if page is None else page.head.seq - found.head.seq
    since = f", {later:,} written since" if later > 0 else ""
    return [Piece("✓", "up", 1), Piece(f"{found.sentence}{since}", "plain", 1, joined=True)]


def log_title(page: LogPage, chosen: str) -> str:
    """`Log / order: 12 of 48,211, newest first`."""
    which = f" / {chosen}" if chosen else ""
    return f"Log{which}: {len(page.rows):,} of {page.head.seq:,}, newest first"


def age_text(seconds: float) -> str:
    """How long ago, for explanations."""
    return f"{figures.age(max(seconds, 0.0))} ago"
