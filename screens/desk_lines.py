"""Alerts and halts as they are written on the entry line of the orders screen. Pure: words in, what is wanted out.

ORBIT last above 220 hysteresis 1          also below, crosses; bid, ask, mid, last, iv, delta, gamma, vega, theta
ORBIT 16JAN26 230 C iv below 0.22 repeat   volatilities are fractions
day-pnl below -500 until 2027-01-08T20:00Z note too much for a day
ORBIT 16JAN26 230 C expiry 7               days before its end
fill ORDER-ID        halt ORBIT

ORBIT 5m news pending                      halts an underlying for five minutes; an option, or `market`, likewise
ORBIT                                      until it is lifted by hand
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final, NamedTuple

from optionix_core.errors import InvalidValueError

if TYPE_CHECKING:
    from optionix_core.trading.alerts.alert import Alert
    from optionix_core.trading.alerts.conditions import Condition
    from optionix_core.trading.halts import HaltScope

ALERT_FORMS: Final = (
    "like ORBIT last above 220, day-pnl below -500, ORBIT 16JAN26 230 C expiry 7, fill ID or halt ORBIT"
)
_MOST_DIGITS: Final = 5
"""Of a number of days."""
_MOST_WORDS: Final = 6
"""Of an option's symbol as it is typed."""
HALT_REASON: Final = "halted on request"


class AlertWanted(NamedTuple):
    """What an alert shall be."""

    condition: Condition
    repeats: bool = False
    expires_at: datetime | None = None
    note: str = ""


class HaltWanted(NamedTuple):
    """What shall be halted."""

    scope: HaltScope
    name: str
    lasts: timedelta | None
    """None: until it is lifted."""
    reason: str


def read_alert(text: str) -> AlertWanted:
    """The alert that a line asks for. Raises InvalidValueError for what cannot be read."""
    words, options = _options(text.split())
    condition = _condition(words, options, text)
    return AlertWanted(condition, "repeat" in options, _moment(options.get("until")), options.get("note", ""))


def alert_text(alert: Alert) -> str:
    """The line that asks for an alert again."""
    from optionix_core.portfolio.deliverables import label_of
    from optionix_core.portfolio.exact import decimal_text
    from optionix_core.trading.alerts.conditions import ExpiryWithin, Level, OrderFilled
    from optionix_core.trading.alerts.named import name_of

    condition = alert.condition
    if isinstance(condition, OrderFilled):
        parts = ["fill", condition.client_order_id]
    elif isinstance(condition, ExpiryWithin):
        parts = [label_of(condition.symbol), "expiry", str(condition.days)]
    elif isinstance(condition, Level):
        name, symbol = name_of(condition.measure)
        parts = [*([label_of(symbol)] if symbol else []), name, str(condition.comparison)]
        parts.append(decimal_text(condition.bound))
        parts += ["hysteresis", decimal_text(condition.hysteresis)] if condition.hysteresis else []
    else:
        parts = ["halt", label_of(condition.symbol)]
    parts += ["repeat"] if alert.repeats else []
    parts += ["until", alert.expires_at.isoformat()] if alert.expires_at is not None else []
    return " ".join([*parts, *(["note", alert.note] if alert.note else [])])


def read_halt(text: str) -> HaltWanted:
    """The halt that a line asks for. Raises InvalidValueError for what cannot be read."""
    from optionix_core.services.algorithm_terms import stretch
    from optionix_core.trading.halts import HaltScope

    words = text.split()
    if not words:
        raise InvalidValueError("halt", "nothing", "like ORBIT 5m news pending, or market 10m")
    symbol, rest = _symbol(words)
    if words[0].lower() == "market":
        scope, name, rest = HaltScope.MARKET, "", words[1:]
    elif symbol is not None and len(words) - len(rest) > 1:
        scope, name = HaltScope.INSTRUMENT, symbol
    else:
        scope, name, rest = HaltScope.UNDERLYING, words[0].upper(), words[1:]
    lasts = None
    if rest and rest[0][:1].isdigit():
        lasts = stretch(rest[0], "length")
        rest = rest[1:]
    return HaltWanted(scope, name, lasts, " ".join(rest) or HALT_REASON)


def _options(words: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The words before `hysteresis`, `repeat`, `until` and `note`, and what these say; a note goes on to the end."""
    rest, found = list(words), dict[str, str]()
    kept: list[str] = []
    while rest:
        word = rest.pop(0)
        name = word.lower()
        if name == "note":
            found[name] = " ".join(rest)
            break
        if name == "repeat":
            found[name] = name
        elif name in {"until", "hysteresis"}:
            if not rest:
                raise InvalidValueError(name, "nothing", "followed by a moment" if name == "until" else "a number")
            found[name] = rest.pop(0)
        else:
            kept.append(word)
    return kept, found


def _condition(words: list[str], options: dict[str, str], text: str) -> Condition:
    from optionix_core.trading.alerts.conditions import Comparison, ExpiryWithin, Halted, Level, OrderFilled
    from optionix_core.trading.alerts.named import NAMES, measure

    wrong = InvalidValueError("alert", repr(text), ALERT_FORMS)
    first = words[0].lower() if words else ""
    if first in {"fill", "halt"}:
        if "hysteresis" in options or len(words) < 2 or (first == "fill" and len(words) > 2):
            raise wrong
        return OrderFilled(words[1]) if first == "fill" else Halted(_known(" ".join(words[1:]), wrong))
    symbol, rest = (None, words) if first in NAMES else _symbol(words)
    days = rest[1] if len(rest) == 2 and rest[0].lower() == "expiry" else ""
    if symbol is not None and days.isdecimal() and len(days) <= _MOST_DIGITS:
        return ExpiryWithin(symbol, int(days))
    if len(rest) != 3 or rest[0].lower() not in NAMES or rest[1].lower() not in tuple(Comparison):
        raise wrong
    bound, back = _number("bound", rest[2]), _number("hysteresis", options.get("hysteresis", "0"))
    return Level(measure(rest[0].lower(), symbol), Comparison(rest[1].lower()), bound, back)


def _symbol(words: Sequence[str]) -> tuple[str | None, list[str]]:
    """The key that the words begin with, and what follows it."""
    from optionix_core.market import symbols

    for count in range(min(_MOST_WORDS, len(words)), 0, -1):
        text = " ".join(words[:count])
        if symbols.is_option(text):
            return symbols.resolve(text), list(words[count:])
    if words and symbols.is_share(words[0].upper()):
        return words[0].upper(), list(words[1:])
    return None, list(words)


def _known(text: str, wrong: InvalidValueError) -> str:
    symbol, rest = _symbol(text.split())
    if symbol is None or rest:
        raise wrong
    return symbol


def _number(name: str, text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise InvalidValueError(name, repr(text), "a number") from None


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    bound = "a moment with its offset, such as 2027-01-08T20:00Z"
    try:
        found = datetime.fromisoformat(text)
        found = found.astimezone(UTC) if found.tzinfo is not None else found
    except (ValueError, OverflowError):
        raise InvalidValueError("until", repr(text), bound) from None
    if found.tzinfo is None:
        raise InvalidValueError("until", repr(text), bound)
    return found
