"""Until when a holder may say what is to become of an expiring option.

Three hours follow one another on the last business day: a broker's own, as early as it likes; the exchanges',
17:30 in New York, after which no decision may be taken any more; and 19:30, by which the broker must have
passed a contrary instruction on. Where the exchange closes early, the decision ends an hour and a half after
the close. Refuses cash-settled options, which these rules do not cover, and a broker's hour that is later than
the exchanges'.

Source: FINRA Rule 2360(b)(23)(A), its items (vi) on the broker's hour and (viii) on early closes; Release
34-62711 (75 FR 51124), SR-FINRA-2010-041; for a close at 13:00 FINRA's notice of 17 November 2025 gives 14:30.
On a day with an early close the hour of submission is left where it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from optionix_core.errors import InvalidValueError, MissingDataError, RefusedError
from optionix_core.market import sessions
from optionix_core.market.products import Symbology, product

NEW_YORK: Final = ZoneInfo("America/New_York")
DECISION: Final = time(17, 30)
SUBMISSION: Final = time(19, 30)
AFTER_EARLY_CLOSE: Final = timedelta(hours=1, minutes=30)


@dataclass(frozen=True, slots=True)
class ExerciseCutoffs:
    """Moments (New York) by which each must be done; the moment itself is still in time."""

    broker: datetime
    """The holder's instruction at its broker."""
    decision: datetime
    """Any decision at all."""
    submission: datetime
    """The broker's contrary exercise advice at the exchange or the clearing house."""


def cutoffs(root: str, expiry: date, broker_cutoff: time | None = None) -> ExerciseCutoffs:
    """The hours of an expiry. `broker_cutoff`: the broker's own, New York; None where it has none of its own.

    Raises MissingDataError for cash-settled roots and InvalidValueError for a broker's hour past the decision.
    """
    item = product(root, Symbology.OSI)
    if item.cash_settled:
        raise MissingDataError(f"no exercise cut-off is known for {item.root}, which settles in cash")
    session = sessions.session_on_or_before(expiry, item.calendar)
    decision = _at(session.day, DECISION)
    if session.early_close:
        decision = session.close.astimezone(NEW_YORK) + AFTER_EARLY_CLOSE
    broker = decision if broker_cutoff is None else _at(session.day, broker_cutoff)
    if broker > decision:
        raise InvalidValueError("broker_cutoff", broker_cutoff, f"at most {decision:%H:%M}, the last decision")
    return ExerciseCutoffs(broker, decision, _at(session.day, SUBMISSION))


def instruction_in_force(
    instruction: Literal["exercise", "expire"], given_at: datetime, hours: ExerciseCutoffs
) -> Literal["exercise", "expire"]:
    """The instruction itself, if it came in time. Raises RefusedError (`exercise-cut-off`) where it came late."""
    if given_at.tzinfo is None:
        raise InvalidValueError("given_at", given_at, "aware of its time zone")
    if given_at > hours.broker:
        when = f"{given_at.astimezone(NEW_YORK):%Y-%m-%d %H:%M:%S}"
        raise RefusedError("exercise-cut-off", f"given {when}, the cut-off was {hours.broker:%Y-%m-%d %H:%M} New York")
    return instruction


def _at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, NEW_YORK)
