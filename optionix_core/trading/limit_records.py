"""Limits, groups and breaches as events, and the board as they leave it.

limit/LEVEL/NAME/KIND/GRADE/1/set          limit.set             a bound and who set it
limit/LEVEL/NAME/KIND/GRADE/2/removed      limit.removed
limit/group/ACCOUNT/1                      limit.grouped         the user and the desk of an account
limit/LEVEL/NAME/KIND/GRADE/breach/1       limit.breached        a figure beyond its bound, and what was looked at
limit/.../breach/1/acknowledged            limit.acknowledged    who has seen it, and a note
limit/.../breach/1/cleared                 limit.cleared         the figure is within its bound again
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from optionix_core.errors import IntegrityError, InvalidValueError
from optionix_core.portfolio import fields
from optionix_core.portfolio.exact import decimal_text
from optionix_core.sync.canonical import time_text
from optionix_core.sync.event import Event, Json
from optionix_core.trading.limit_board import (
    Breach,
    Groups,
    LimitBoard,
    LimitKey,
    SetLimit,
    check_name,
    counted,
    key_of_text,
)

SET: Final = "limit.set"
REMOVED: Final = "limit.removed"
GROUPED: Final = "limit.grouped"
BREACHED: Final = "limit.breached"
ACKNOWLEDGED: Final = "limit.acknowledged"
CLEARED: Final = "limit.cleared"
LIMIT_TYPES: Final = frozenset({SET, REMOVED, GROUPED, BREACHED, ACKNOWLEDGED, CLEARED})


def set_event(limit: SetLimit) -> Event:
    """The event that sets a limit."""
    payload: dict[str, Json] = {
        **_key_payload(limit.key),
        "bound": decimal_text(limit.bound),
        "by": limit.by,
        "number": limit.number,
    }
    return Event(f"limit/{limit.key.text}/{limit.number}/set", SET, limit.since, payload)


def removed_event(key: LimitKey, number: int, by: str, time: datetime) -> Event:
    """The event that takes a limit away."""
    payload: dict[str, Json] = {**_key_payload(key), "by": by, "number": number}
    return Event(f"limit/{key.text}/{number}/removed", REMOVED, time, payload)


def grouped_event(account: str, groups: Groups, by: str, time: datetime) -> Event:
    """The event that says what an account belongs to."""
    check_name("account", account)
    payload: dict[str, Json] = {
        "account": account,
        "by": by,
        "desk": groups.desk,
        "number": groups.number,
        "user": groups.user,
    }
    return Event(f"limit/group/{account}/{groups.number}", GROUPED, time, payload)


def breached_event(breach: Breach) -> Event:
    """The event that tells a breach."""
    return Event(breach.id, BREACHED, breach.since, _breach_payload(breach))


def cleared_event(breach: Breach, figure: Decimal, time: datetime) -> Event:
    """The event that tells that a figure is within its bound again."""
    payload: dict[str, Json] = {**_key_payload(breach.key), "figure": decimal_text(figure), "number": breach.number}
    return Event(f"{breach.id}/cleared", CLEARED, time, payload)


def acknowledged_event(breach: Breach, by: str, note: str, time: datetime) -> Event:
    """The event that tells who has seen a breach."""
    payload: dict[str, Json] = {**_key_payload(breach.key), "by": by, "note": note, "number": breach.number}
    return Event(f"{breach.id}/acknowledged", ACKNOWLEDGED, time, payload)


def limits_after(board: LimitBoard, event: Event) -> LimitBoard:
    """The board once an event of `LIMIT_TYPES` is in the log. Raises IntegrityError where it is malformed."""
    payload = event.payload
    if event.type == GROUPED:
        groups = _groups_of(payload)
        return replace(board, groups={**board.groups, fields.text(payload, "account"): groups})
    key, number = _key_of(payload), fields.integer(payload, "number")
    if event.type in (SET, REMOVED):
        kept = {name: one for name, one in board.limits.items() if name != key}
        if event.type == SET:
            kept[key] = _limit_of(payload, event.time)
        return replace(board, limits=kept, numbers={**board.numbers, counted(key, breach=False): number})
    if event.type == BREACHED:
        breach = _breach_of(payload, event.time)
        numbers = {**board.numbers, counted(key, breach=True): number}
        return replace(board, breaches=(*board.breaches, breach), numbers=numbers)
    known = next((one for one in board.breaches if (one.key, one.number) == (key, number)), None)
    if known is None:
        raise IntegrityError(f"{event.id} is of a breach that does not stand")
    if event.type == CLEARED:
        changed = replace(known, cleared_at=event.time)
    else:
        changed = replace(
            known, acknowledged_at=event.time, by=fields.text(payload, "by"), note=fields.text(payload, "note")
        )
    left = tuple(changed if one is known else one for one in board.breaches)
    return replace(board, breaches=tuple(one for one in left if not one.over))


def limit_board_state(board: LimitBoard) -> dict[str, Json]:
    """The board as plain JSON values."""
    return {
        "breaches": [_breach_state(one) for one in board.breaches],
        "groups": {
            account: {"desk": one.desk, "number": one.number, "user": one.user} for account, one in board.groups.items()
        },
        "limits": [{**set_event(one).payload, "since": time_text(one.since)} for one in board.limits.values()],
        "numbers": dict(board.numbers),
    }


def limit_board_of_state(state: Mapping[str, Json]) -> LimitBoard:
    """The board whose `limit_board_state` it is. Raises IntegrityError where it is malformed."""
    limits = (_limit_of(item, fields.moment(item, "since")) for item in fields.objects(state, "limits"))
    groups, numbers = fields.mapping(state, "groups"), fields.mapping(state, "numbers")
    return LimitBoard(
        limits={one.key: one for one in limits},
        groups={account: _groups_of(fields.mapping(groups, account)) for account in groups},
        breaches=tuple(_breach_of_state(item) for item in fields.objects(state, "breaches")),
        numbers={name: fields.integer(numbers, name) for name in numbers},
    )


def _key_payload(key: LimitKey) -> dict[str, Json]:
    return {"grade": str(key.grade), "kind": str(key.kind), "level": str(key.level), "name": key.name}


def _key_of(payload: Mapping[str, Json]) -> LimitKey:
    parts = [fields.text(payload, name) for name in ("level", "name", "kind", "grade")]
    try:
        return key_of_text("/".join(parts))
    except InvalidValueError as error:
        raise IntegrityError(f"a limit's event has no limit: {error}") from error


def _limit_of(payload: Mapping[str, Json], since: datetime) -> SetLimit:
    return SetLimit(
        key=_key_of(payload),
        bound=fields.decimal(payload, "bound"),
        by=fields.text(payload, "by"),
        since=since,
        number=fields.integer(payload, "number"),
    )


def _groups_of(payload: Mapping[str, Json]) -> Groups:
    user, desk = fields.optional_text(payload, "user"), fields.optional_text(payload, "desk")
    return Groups(user, desk, fields.integer(payload, "number"))


def _breach_payload(breach: Breach) -> dict[str, Json]:
    return {
        **_key_payload(breach.key),
        "bound": decimal_text(breach.bound),
        "cause": breach.cause,
        "figure": decimal_text(breach.figure),
        "number": breach.number,
    }


def _breach_of(payload: Mapping[str, Json], since: datetime) -> Breach:
    return Breach(
        key=_key_of(payload),
        number=fields.integer(payload, "number"),
        figure=fields.decimal(payload, "figure"),
        bound=fields.decimal(payload, "bound"),
        since=since,
        cause=fields.text(payload, "cause"),
    )


def _breach_state(breach: Breach) -> dict[str, Json]:
    return {
        **_breach_payload(breach),
        "acknowledged_at": None if breach.acknowledged_at is None else time_text(breach.acknowledged_at),
        "by": breach.by,
        "cleared_at": None if breach.cleared_at is None else time_text(breach.cleared_at),
        "note": breach.note,
        "since": time_text(breach.since),
    }


def _breach_of_state(item: Mapping[str, Json]) -> Breach:
    return replace(
        _breach_of(item, fields.moment(item, "since")),
        cleared_at=fields.optional_moment(item, "cleared_at"),
        acknowledged_at=fields.optional_moment(item, "acknowledged_at"),
        by=fields.optional_text(item, "by"),
        note=fields.optional_text(item, "note"),
    )
