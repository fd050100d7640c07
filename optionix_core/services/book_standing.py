"""How an account stands beyond its marks: why it gained or lost, and what margin its positions would need.

Each figure has its own reason where it cannot be told, so that one that lacks data does not take the other with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from optionix_core.errors import DomainError, MissingDataError, UnknownNameError, VenueError
from optionix_core.services.day_explained import Span, SpanExplained, explain_span

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from optionix_core.services.workspace import Workspace

_NO_DATA = (MissingDataError, DomainError, UnknownNameError, VenueError)
"""What takes one figure away; anything else is an error of the whole."""


@dataclass(frozen=True, slots=True)
class BookStanding:
    """At one moment."""

    moment: datetime
    span: Span
    explained: SpanExplained | None
    explained_reason: str | None
    """Why nothing is explained."""
    margin: float | None
    """Initial margin by strategies (Regulation T, FINRA 4210), against the account's equity; in its currency."""
    margin_reason: str | None
    """Why there is none."""


def standing(
    workspace: Workspace, span: Span, progress: Callable[[int, int], None], cancel: Callable[[], bool]
) -> BookStanding:
    """The workspace's account. `progress(done, of)`; where `cancel()` holds in between the margin is left out."""
    moment = workspace.clock.now()
    explained, margin, why = None, None, None
    reason: str | None = None
    progress(0, 2)
    try:
        explained = explain_span(workspace, span)
    except _NO_DATA as error:
        reason = str(error)
    progress(1, 2)
    if cancel():
        return BookStanding(moment, span, explained, reason, None, "cancelled")
    try:
        margin = margin_of(workspace)
    except _NO_DATA as error:
        why = str(error)
    return BookStanding(moment, span, explained, reason, margin, why)


def margin_of(workspace: Workspace) -> float | None:
    """Initial margin by strategies of what the workspace's account holds; zero where it holds nothing."""
    from optionix_core.services.margins import MarginTerms, book_of_account, margin

    source = book_of_account(workspace)
    if not source.book.positions:
        return 0.0
    return margin(source, MarginTerms("strategy")).regimes[0].answer.against_equity
