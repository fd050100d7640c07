"""Why the account gained or lost since the last close, over the last session, or over five of them.

The figures are those of `risk_explain`; here are only the stretches a book is looked at by, and the few names under
which their parts are told in one line. A position without a quote at one end is left out and named, never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from optionix_core.market import sessions
from optionix_core.services.marking import SHARES_CALENDAR

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.services.risk_explain import ExplainedPeriod
    from optionix_core.services.workspace import Workspace

SESSIONS: Final = 5
"""Of a week."""
TOLD: Final[Mapping[str, tuple[str, ...]]] = {
    "Δ": ("delta",),
    "Γ": ("gamma",),
    "Θ": ("theta",),
    "V": ("vega_level", "vega_skew", "vega_curvature", "vega_other"),
    "vanna": ("vanna",),
    "vomma": ("volga",),
    "other": ("carry", "rho", "dividend", "cross", "currency"),
    "trades": ("new_trades",),
    "fees": ("fees",),
    "resid": ("residual",),
}
"""Short names and the parts that each of them sums; every part is in one of them."""


class Span(StrEnum):
    """What is explained."""

    TODAY = "today"
    """From the last close to now."""
    SESSION = "session"
    """The last session that has closed."""
    WEEK = "week"
    """The last five sessions that have closed, each by itself."""

    def after(self) -> Span:
        """The next one, the first after the last."""
        names = tuple(Span)
        return names[(names.index(self) + 1) % len(names)]


class Part(NamedTuple):
    """One part under its short name."""

    name: str
    amount: float


@dataclass(frozen=True, slots=True)
class SpanExplained:
    """A stretch explained, one period or one a session."""

    span: Span
    start: datetime
    end: datetime
    currency: str
    periods: tuple[ExplainedPeriod, ...]
    total: dict[str, float]
    """By the names of `risk.explained.TERMS`, then `residual` and `actual`."""
    by_position: dict[str, dict[str, float]]
    """The same by the instrument's key; `account` for cash of no position."""

    @property
    def parts(self) -> tuple[Part, ...]:
        """Under their short names, in a fixed order; they sum to what the account gained."""
        return short(self.total)

    @property
    def left_out(self) -> dict[str, str]:
        """By instrument: why it is in no figure."""
        return {one.id: one.reason for period in self.periods for one in period.left_out}


def explain_span(workspace: Workspace, span: Span) -> SpanExplained:
    """The workspace's account. Raises what `risk_explain.explain_period` raises."""
    from optionix_core.services.risk_explain import explain_days

    moments = moments_of(span, workspace.clock.now())
    periods = explain_days(workspace, moments, partial=True)
    total: dict[str, float] = {}
    by_position: dict[str, dict[str, float]] = {}
    for period in periods:
        _add(total, period.explained.total())
        for name, parts in period.explained.by_position().items():
            _add(by_position.setdefault(name, {}), parts)
    currency = periods[0].explained.reporting_currency
    return SpanExplained(span, moments[0], moments[-1], currency, periods, total, by_position)


def moments_of(span: Span, now: datetime) -> tuple[datetime, ...]:
    """Where the periods of a stretch begin and end, in order of time."""
    session = sessions.last_closed_session(now, SHARES_CALENDAR)
    if span is Span.TODAY:
        return (session.close, now)
    points = [session.close]
    while len(points) <= (1 if span is Span.SESSION else SESSIONS):
        session = sessions.previous_session(session.day, SHARES_CALENDAR)
        points.append(session.close)
    return tuple(reversed(points))


def short(total: Mapping[str, float]) -> tuple[Part, ...]:
    """Parts under their short names."""
    return tuple(Part(name, sum(total[term] for term in terms)) for name, terms in TOLD.items())


def _add(sums: dict[str, float], parts: Mapping[str, float]) -> None:
    for name, value in parts.items():
        sums[name] = sums.get(name, 0.0) + value
