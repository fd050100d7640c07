"""What a user writes on the risk screen: a limit, a loss, a level with its horizon. Pure.

`value-at-risk 5000`, `delta 2000 soft`, `stress-loss 20000 soft desk vol`: kind, bound, then grade and whom it binds.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from optionix_core.errors import InvalidValueError
from optionix_core.trading.limit_board import LimitGrade, LimitKey, LimitLevel, check_name
from optionix_core.trading.limits import BookLimit, LimitKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from optionix_core.trading.limit_board import SetLimit

KINDS: Final = {str(kind).removeprefix("limit-"): kind for kind in LimitKind}
LIMIT_HINT: Final = "value-at-risk 5000   delta 2000 soft   stress-loss 20000 soft desk vol"
LOSS_HINT: Final = "an amount, such as 5000; nothing: the nearest limit on a loss"
NOTE_HINT: Final = "what was seen or done"
_FORM: Final = "KIND BOUND [hard|soft] [user NAME|desk NAME], such as value-at-risk 5000 soft"


def limit_text(limit: SetLimit) -> str:
    """A limit as it would be written."""
    key = limit.key
    of = "" if key.level is LimitLevel.ACCOUNT else f" {key.level} {key.name}"
    return f"{str(key.kind).removeprefix('limit-')} {limit.bound:f} {key.grade}{of}"


def read_limit(text: str, account: str) -> tuple[LimitKey, Decimal]:
    """The limit that is written; the account's own and hard unless it says otherwise. Raises InvalidValueError."""
    words = text.lower().split()
    if len(words) < 2:
        raise InvalidValueError("limit", repr(text), _FORM)
    kind = KINDS.get(words[0])
    if kind is None:
        near = get_close_matches(words[0], KINDS, n=1)
        raise InvalidValueError("kind", repr(words[0]), f"one of {', '.join(KINDS)}{_nearest(near)}")
    bound = _amount("bound", words[1])
    BookLimit(kind, bound)
    grade, level, name = LimitGrade.HARD, LimitLevel.ACCOUNT, account
    rest = text.split()[2:]
    if rest and rest[0].lower() in set(LimitGrade):
        grade, rest = LimitGrade(rest[0].lower()), rest[1:]
    if rest:
        if len(rest) != 2 or rest[0].lower() not in {LimitLevel.USER, LimitLevel.DESK}:
            raise InvalidValueError("limit", repr(" ".join(rest)), _FORM)
        level, name = LimitLevel(rest[0].lower()), rest[1]
        check_name(str(level), name)
    return LimitKey(level, name, kind, grade), bound


def _nearest(near: Sequence[str]) -> str:
    return f"; nearest: {near[0]}" if near else ""


def read_loss(text: str) -> Decimal | None:
    """A loss to look for; None where nothing is written. Raises InvalidValueError."""
    if not text.strip():
        return None
    found = _amount("loss", text.strip())
    if found <= 0:
        raise InvalidValueError("loss", text.strip(), "positive")
    return found


def _amount(field: str, text: str) -> Decimal:
    try:
        found = Decimal(text.replace(",", ""))
    except InvalidOperation:
        raise InvalidValueError(field, repr(text), "a number") from None
    if not found.is_finite():
        raise InvalidValueError(field, text, "finite")
    return found
