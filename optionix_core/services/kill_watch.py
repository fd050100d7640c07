"""A loss that fires the kill switch by itself: judged when asked, by what the account lost since the last close.

It fires only what is armed, and never on an empty book. Where the loss cannot be told the answer is "no data", and
nothing is fired: whoever asked hears of it. Refuses a bound that is not positive.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from optionix_core.errors import InvalidValueError
from optionix_core.portfolio.exact import exact_arithmetic
from optionix_core.services import book, kill
from optionix_core.services.lifecycle import bring_up_to_date
from optionix_core.trading.breakers import DailyLossBreaker, Judgement, Verdict
from optionix_core.trading.kill_switch import KillPhase

if TYPE_CHECKING:
    from optionix_core.services.kill import KillReport
    from optionix_core.services.workspace import Workspace

BREAKER: Final = "breaker"
"""Who fires."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What a look found and did."""

    judgement: Judgement
    kill: KillReport | None
    """The kill that it fired; None where it fired none."""
    held_back: str | None
    """Why it fired none although the bound is reached."""


def watch(workspace: Workspace, daily_loss: Decimal, *, flatten: bool = False, dry_run: bool = False) -> Watched:
    """Bring the venue up to now, judge the account's loss of the day, and fire where `daily_loss` is reached.

    Raises InvalidValueError for a bound that is not positive.
    """
    if not (daily_loss.is_finite() and daily_loss > 0):
        raise InvalidValueError("daily_loss", daily_loss, "above 0")
    bring_up_to_date(workspace)
    report = book.account(workspace)
    start = None
    if report.day_pnl is not None:
        with exact_arithmetic():
            start = report.nlv - report.day_pnl
    found = DailyLossBreaker(daily_loss).judge(start, report.nlv)
    if found.verdict is not Verdict.TRIPPED:
        return Watched(found, None, None)
    desk = workspace.desk
    with desk.lock:
        switch, nothing = desk.orders.kill, kill.empty(desk)
    if switch.phase is not KillPhase.ARMED:
        return Watched(found, None, f"the kill switch is {switch.phase}")
    if nothing:
        return Watched(found, None, "nothing works and nothing is held")
    if dry_run:
        return Watched(found, None, "a dry run")
    reason = f"{found.rule}: {found.value} of {workspace.account}, at most {found.bound}"
    return Watched(found, kill.fire(workspace, BREAKER, reason, flatten=flatten), None)
