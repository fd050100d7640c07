"""What the frame's first line says, as pieces with ranks. Pure: values in, pieces out."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from optionix_core.errors import IntegrityError
from optionix_core.market.protocols import FeedState
from screens.sync_summary import chip_pieces
from widgets import figures
from widgets.info_line import Piece

if TYPE_CHECKING:
    from optionix_core.services.chain_view import ChainView
    from screens.session import Session

_SYMBOLS = {
    FeedState.LIVE: "●",
    FeedState.DELAYED: "◐",
    FeedState.SIMULATED: "●",
    FeedState.REPLAY: "▶",
    FeedState.FILE: "■",
}


def header_pieces(session: Session, title: str, now: datetime) -> tuple[Piece, ...]:
    """Screen, underlying, feed with age, account and book, sync; the last ones go first where it is narrow."""
    pieces = [Piece("OPTIONIX", "title", 7), Piece(title, "key", 2)]
    if session.kill is not None and session.kill.in_force is not None:
        pieces.append(Piece(" KILL ", "alert", 0))
    if session.recording is not None and session.recording.problem is None:
        pieces.append(Piece(f" ● REC {session.recording.moments} ", "alert", 1))
    if session.read_only:
        pieces.append(Piece("READ-ONLY", "warn", 0))
    unseen = sum(one.acknowledged_at is None for one in session.breaches)
    if unseen:
        pieces.append(Piece(f"! {unseen} breach{'' if unseen == 1 else 'es'}", "alert", 1, action="app.risk"))
    pieces += _market(session, now)
    pieces += _feed(session, now)
    pieces += _account(session)
    return tuple(pieces)


def _market(session: Session, now: datetime) -> list[Piece]:
    del now
    view = session.chain
    if view is None:
        return []
    if session.problem is not None and not session.answered:
        return [Piece(session.selection.underlying or view.underlying, "strong", 0)]
    pieces = [Piece(f"{view.underlying} {figures.price(view.spot if view.last is None else view.last)}", "strong", 0)]
    if view.change is not None:
        tone = "up" if view.change > 0 else "down" if view.change < 0 else "muted"
        pieces.append(
            Piece(f"{figures.arrow(view.change)}{figures.percent(view.change)}".strip(), tone, 0, joined=True)
        )
    return pieces


def _feed(session: Session, now: datetime) -> list[Piece]:
    view = session.chain
    if view is None:
        warming = session.warming
        return [Piece(f"◌ {warming.step}" if warming else "◌ no quotes yet", "chip", 0)]
    pieces = [Piece(f" {_SYMBOLS[view.state]} {_state_words(session, view)} ", "chip", 0)]
    age = f"age {figures.age(view.age(now))}"
    if view.state is FeedState.FILE:
        pieces += [
            Piece("as of", "muted", 5, joined=True),
            Piece(f"{view.as_of:%d %b %y %H:%M} UTC", "plain", 5, joined=True),
            Piece(age, "muted", 0),
        ]
    elif view.is_stale(now):
        pieces += [Piece("STALE", "warn", 0, joined=True), Piece(age, "warn", 0, joined=True)]
    else:
        crowded = session.read_only or (session.kill is not None and session.kill.in_force is not None)
        pieces.append(Piece(age, "muted", int(crowded), joined=not crowded))
    replayed = view.state is FeedState.REPLAY
    if not view.market_open:
        pieces.append(Piece("closed", "muted", 4, joined=True))
    if session.replay is not None:
        replay = session.replay
        pieces += [
            Piece(f"{replay.recorded:%d %b %y %H:%M:%S} UTC", "plain", 1),
            Piece(f"{replay.share:.0%}", "muted", 1, joined=True),
        ]
    elif replayed:
        pieces += [Piece("of", "muted", 5), Piece(f"{view.as_of:%d %b %y %H:%M:%S} UTC", "plain", 5, joined=True)]
    if session.problem is not None:
        pieces.append(Piece("!", "alert", 0, joined=True))
    return pieces


def _state_words(session: Session, view: ChainView) -> str:
    """`SIM`, `LIVE`, `REPLAY x10`, `REPLAY paused`."""
    name, replay = str(view.state).upper(), session.replay
    if replay is None:
        return name
    return f"{name} {'paused' if replay.held else 'ended' if replay.ended else f'x{replay.speed:g}'}"


def _account(session: Session) -> list[Piece]:
    book = session.book
    pieces = [Piece("│", "rule", 4), Piece(session.account, "plain", 4, joined=True)]
    problem = session.book_problem
    if problem is not None and problem is not session.problem:
        pieces.append(Piece("✗ log" if isinstance(problem, IntegrityError) else "✗ book", "alert", 0))
    if problem is not None and book is None:
        return pieces
    if book is None:
        return [*pieces, Piece("│", "rule", 6), *_sync(session, "local")]
    if book.net_liquidation_value is not None:
        pieces += [Piece("NLV", "muted", 3), Piece(figures.money(book.net_liquidation_value), "strong", 3, joined=True)]
    if book.dollar_delta is not None:
        pieces += [Piece("Δ$", "muted", 5), Piece(figures.signed_count(book.dollar_delta), "plain", 5, joined=True)]
    if book.day_pnl is not None:
        tone = "up" if book.day_pnl > 0 else "down" if book.day_pnl < 0 else "muted"
        pieces += [Piece("day", "muted", 3), Piece(figures.signed(book.day_pnl), tone, 3, joined=True)]
    events = f"local · {book.events:,} event{'' if book.events == 1 else 's'}"
    return [*pieces, Piece("│", "rule", 6), *_sync(session, events)]


def _sync(session: Session, alone: str) -> list[Piece]:
    """How far this home is in step with its server; `alone` where it has none."""
    if session.sync is None or session.sync.member is None:
        return [Piece(alone, "muted", 6, joined=True)]
    return chip_pieces(session.sync)
