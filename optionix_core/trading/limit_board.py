"""Limits that somebody set, whom they bind, and their breaches; `limit_records` keeps them in the log.

A limit of an account binds it alone; one of a user or of a desk binds the sum over the accounts that belong to it. A
hard one refuses orders, a soft one warns. A breach stands until it is cleared and acknowledged, in either order; while
it is not cleared no other of the same limit begins.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final, NamedTuple

from optionix_core.errors import InvalidValueError
from optionix_core.trading.limits import BookLimit, LimitKind

LONGEST_NOTE: Final = 200
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}", re.ASCII)


class LimitLevel(StrEnum):
    """Whom a limit binds, the narrowest first."""

    ACCOUNT = "account"
    USER = "user"
    DESK = "desk"


class LimitGrade(StrEnum):
    """What a limit does."""

    HARD = "hard"
    """Refuses the order that would break it."""
    SOFT = "soft"
    """Warns."""


class LimitKey(NamedTuple):
    """What there is one limit of."""

    level: LimitLevel
    name: str
    """Of the account, user or desk."""
    kind: LimitKind
    grade: LimitGrade

    @property
    def text(self) -> str:
        """`account/paper-1/limit-delta/hard`, as ids and commands write it."""
        return "/".join(str(part) for part in self)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetLimit:
    """A limit in force."""

    key: LimitKey
    bound: Decimal
    by: str
    since: datetime
    number: int = 1
    """How many times this key was set or removed, this one in it."""

    def __post_init__(self) -> None:
        check_name(str(self.key.level), self.key.name)
        BookLimit(self.key.kind, self.bound)

    @property
    def limit(self) -> BookLimit:
        """As the gate judges it."""
        return BookLimit(self.key.kind, self.bound)

    @property
    def rule(self) -> str:
        """Name in the gate's answers: `limit-delta`, `limit-delta of desk vol`."""
        of = "" if self.key.level is LimitLevel.ACCOUNT else f" of {self.key.level} {self.key.name}"
        return f"{self.key.kind}{of}"


@dataclass(frozen=True, slots=True)
class Groups:
    """What an account belongs to; None: to nothing."""

    user: str | None = None
    desk: str | None = None
    number: int = 1
    """How many times it was said."""

    def __post_init__(self) -> None:
        for level, name in (("user", self.user), ("desk", self.desk)):
            if name is not None:
                check_name(level, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A figure that was found beyond its bound."""

    key: LimitKey
    number: int
    """Of the breaches of its limit, from 1."""
    figure: Decimal
    bound: Decimal
    since: datetime
    cause: str
    """What was looked at: `fill`, or `market`."""
    cleared_at: datetime | None = None
    acknowledged_at: datetime | None = None
    by: str | None = None
    """Who acknowledged it."""
    note: str | None = None

    @property
    def id(self) -> str:
        """Of the event that tells it."""
        return breach_id(self.key, self.number)

    @property
    def over(self) -> bool:
        """Cleared and acknowledged."""
        return self.cleared_at is not None and self.acknowledged_at is not None


@dataclass(frozen=True, slots=True)
class LimitBoard:
    """Limits, groups and breaches that are not over. Replaced as a whole."""

    limits: Mapping[LimitKey, SetLimit] = field(default_factory=dict)
    groups: Mapping[str, Groups] = field(default_factory=dict)
    """By account."""
    breaches: tuple[Breach, ...] = ()
    """In order of time."""
    numbers: Mapping[str, int] = field(default_factory=dict)
    """How many events there were of each key's limit, and of its breaches under `KEY/breach`."""

    def of_account(self, account: str) -> tuple[SetLimit, ...]:
        """The limits that bind an account, its own first, then those of its user and its desk."""
        if not self.limits:
            return ()
        belongs = self.groups.get(account, Groups())
        names = {LimitLevel.ACCOUNT: account, LimitLevel.USER: belongs.user, LimitLevel.DESK: belongs.desk}
        found = (one for one in self.limits.values() if names[one.key.level] == one.key.name)
        return tuple(sorted(found, key=_order))

    def members(self, level: LimitLevel, name: str, accounts: tuple[str, ...]) -> tuple[str, ...]:
        """Those of `accounts` that a level's name stands for."""
        if level is LimitLevel.ACCOUNT:
            return tuple(account for account in accounts if account == name)
        return tuple(account for account in accounts if getattr(self.groups.get(account, Groups()), level) == name)

    def standing(self, key: LimitKey) -> Breach | None:
        """The breach of a limit that is not cleared."""
        return next((one for one in self.breaches if one.key == key and one.cleared_at is None), None)

    def breach(self, breach_id: str) -> Breach | None:
        """One that is not over, by its id."""
        return next((one for one in self.breaches if one.id == breach_id), None)

    def next_number(self, key: LimitKey, *, breach: bool = False) -> int:
        """For the next event of a limit, or the next breach of it."""
        return self.numbers.get(counted(key, breach=breach), 0) + 1


EMPTY_BOARD: Final = LimitBoard()


def breach_id(key: LimitKey, number: int) -> str:
    """Id of the n-th breach of a limit, from 1."""
    return f"limit/{key.text}/breach/{number}"


def check_name(level: str, name: str) -> None:
    """InvalidValueError for a name that no account, user or desk can have."""
    if not _NAME.fullmatch(name):
        bound = "1 to 32 letters, digits, '.', '-' or '_', beginning with a letter or digit"
        raise InvalidValueError(level, repr(name), bound)


def check_note(note: str) -> None:
    """InvalidValueError for a note that is not one line of 1 to 200 printable characters."""
    if not 1 <= len(note) <= LONGEST_NOTE or not note.isprintable() or note != note.strip():
        raise InvalidValueError("note", repr(note), f"1 to {LONGEST_NOTE} printable characters")


def key_of_text(text: str) -> LimitKey:
    """The key that `LimitKey.text` writes. InvalidValueError for a text that is none."""
    parts = text.split("/")
    try:
        level, name, kind, grade = parts
        return LimitKey(LimitLevel(level), name, LimitKind(kind), LimitGrade(grade))
    except ValueError as error:
        raise InvalidValueError("limit", repr(text), "LEVEL/NAME/KIND/GRADE, as the list shows it") from error


def counted(key: LimitKey, *, breach: bool) -> str:
    """Under which name a board counts a key's events, or its breaches."""
    return f"{key.text}/breach" if breach else key.text


def _order(limit: SetLimit) -> tuple[int, int, str]:
    kinds, levels = tuple(LimitKind), tuple(LimitLevel)
    return levels.index(limit.key.level), kinds.index(limit.key.kind), str(limit.key.grade)
