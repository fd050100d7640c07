"""What others set in somebody's book and his devices may not undo: limits, halts and kills of those who oversee him.

Limits and halts flow from the server: a home sets its own, on accounts that it matches, and takes those back; what a
risk manager set stands until it is changed on the server, and he alone acknowledges its breaches. That a figure is back
within its bound is said by the home that matches the account, with a figure that is. The server judges by this what a
device sends, and a home asks it before it writes (`services.overseen`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from optionix_core.errors import OptionixError
from optionix_core.portfolio.exact import decimal_of, decimal_text
from optionix_core.trading.account_kinds import LOCAL_SIM
from optionix_core.trading.halt_records import ENDED, STARTED
from optionix_core.trading.kill_switch import DISARMED, REARMED
from optionix_core.trading.limit_board import LimitLevel, key_of_text
from optionix_core.trading.limit_records import ACKNOWLEDGED, CLEARED, GROUPED, REMOVED, SET
from optionix_core.trading.limits import SIGNED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from optionix_core.sync.event import Event
    from optionix_core.trading.fold import OrderFold
    from optionix_core.trading.limit_board import SetLimit


def undone(
    event: Event, orders: OrderFold, user: str, kinds: Mapping[str, str], halted_by: Callable[[str], str | None]
) -> str | None:
    """What of others an event of a device of `user` would undo, in words; None where it undoes nothing.

    `kinds`: venues by account. `halted_by`: who set the last halt whose event's id begins so.
    """
    if event.type in (SET, REMOVED, GROUPED, ACKNOWLEDGED, CLEARED):
        return _limit(event, orders, user, kinds)
    if event.type in (REARMED, DISARMED):
        by = orders.kill.by
        return f"the kill switch was moved by {by}" if _is_another(by, user) else None
    if event.type in (STARTED, ENDED):
        return _halt(event, orders, user, halted_by)
    return None


def _limit(event: Event, orders: OrderFold, user: str, kinds: Mapping[str, str]) -> str | None:
    grouped = event.type == GROUPED
    name = event.payload.get("account" if grouped else "name")
    of_account = grouped or event.payload.get("level") == LimitLevel.ACCOUNT
    if of_account and isinstance(name, str) and kinds.get(name, LOCAL_SIM) != LOCAL_SIM:
        return f"{name} is bound to {kinds[name]}: its limits are set there"
    if grouped:
        return None
    try:
        key = key_of_text("/".join(str(event.payload.get(part)) for part in ("level", "name", "kind", "grade")))
    except OptionixError:
        return None  # the folds say what is wrong with it
    there = orders.limits.limits.get(key)
    if there is None or not _is_another(there.by, user):
        return None
    if event.type == ACKNOWLEDGED:
        return f"{key.text} was set by {there.by}, who acknowledges its breaches"
    return _cleared(event, there) if event.type == CLEARED else f"{key.text} was set by {there.by}"


def _cleared(event: Event, limit: SetLimit) -> str | None:
    """Why an event does not tell that a figure is within the bound of a limit again."""
    text = event.payload.get("figure")
    try:
        figure = decimal_of(text, "figure") if isinstance(text, str) else None
    except OptionixError:
        figure = None
    if figure is None:
        return f"a breach of {limit.key.text} is cleared by a figure"
    if (abs(figure) if limit.key.kind in SIGNED else figure) > limit.bound:
        return f"{limit.key.text}: {decimal_text(figure)} is beyond {decimal_text(limit.bound)}, set by {limit.by}"
    return None


def _halt(event: Event, orders: OrderFold, user: str, halted_by: Callable[[str], str | None]) -> str | None:
    scope, name, rule = (event.payload.get(part) for part in ("scope", "name", "rule"))
    venue = event.payload.get("venue", LOCAL_SIM)
    if venue != LOCAL_SIM:
        return f"{venue} alone tells its own halts"
    if (scope, name, rule) not in {(str(halt.scope), halt.name, halt.rule) for halt in orders.halts.halts}:
        return None
    by = halted_by(f"halt/{scope}/{name or 'all'}/{rule}/")
    return f"{name or 'the market'} was halted by {by}" if _is_another(by, user) else None


def _is_another(by: str | None, user: str) -> bool:
    """Whether somebody else of this server did it: the server names people by their ids, homes by other names."""
    try:
        return by is not None and str(UUID(by)) != user
    except ValueError:
        return False
