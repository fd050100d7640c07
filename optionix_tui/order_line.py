"""What an order on the command line means. Pure: words in, the draft of a ticket out.

buy 2 ORBIT 16JAN26 230 C 3.10             a limit; without the price at the touch
buy $5000 ORBIT 207.50                     as many as the money pays for
buy 100 ORBIT stop 190 gtc                 stop N, stop N LIMIT, touch N, touch N LIMIT, trail N or N%
buy 2 ORBIT 16JAN26 230/240 C 3.10         a vertical: the first strike is bought, the second sold
buy 1 ORBIT 16JAN26 220/230/240 C 1.80     a butterfly; four strikes are a condor
buy 1 ORBIT 16JAN26/20FEB26 230 C 2.40     a calendar: the later expiry is bought; two strikes make a diagonal
sell 1 ORBIT 16JAN26 220/225/245/250 IC 1.20   an iron condor: sold, the inner strikes are sold; IB with three strikes
buy 1 ORBIT 16JAN26 230 STRADDLE 12.10     and 220/240 STRANGLE; 220/240 RR buys the call and sells the put
buy 40 ORBIT 16JAN26 230 C twap 30m slices 6   vwap 2h curve u-shape:3, pov 1h share 0.1, is 2h
... day gtc ioc fok, gtd 2026-01-08T20:00Z, post-only, reduce-only, lots lifo, after ID, group NAME
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final, NamedTuple

from optionix_core.errors import InvalidValueError, UsageError
from screens.host import Draft

if TYPE_CHECKING:
    from optionix_core.trading.orders import OrderLeg

SIDES: Final = ("buy", "sell")
TIMES: Final = ("day", "gtc", "gtd", "ioc", "fok")
ALGORITHMS: Final = ("twap", "vwap", "pov", "is")
SHAPES: Final = {
    "IC": "iron condor, four strikes", "IB": "iron butterfly, three strikes", "STRADDLE": "one strike",
    "STRANGLE": "two strikes", "RR": "risk reversal, two strikes",
}  # fmt: skip
_FLAGS: Final = {"post-only": "post_only", "reduce-only": "reduce_only"}
_WORDED: Final = {
    "lots": "lots", "after": "parent", "group": "group", "slices": "slices", "curve": "curve",
    "share": "participation", "aversion": "risk_aversion", "deviation": "volatility", "temporary": "temporary",
    "permanent": "permanent", "style": "style",
}  # fmt: skip
"""Words that are followed by what belongs into a field."""
_TYPES: Final = {
    "market": ("market", ""), "limit": ("limit", ""), "stop": ("stop", "trigger"),
    "touch": ("market-if-touched", "trigger"), "trail": ("trailing-stop", "trail"),
    **{name: (name, "ends") for name in ALGORITHMS},
}  # fmt: skip
"""Words that say the type, and the field of what follows them."""
_DATED: Final = re.compile(r"\d{1,2}[A-Za-z]{3}\d.*|\d{4}-\d\d-.*")
_MOST_DIGITS: Final = 15
_MOST_WORDS: Final = 6
"""Of an option's symbol as it is typed."""


class What(NamedTuple):
    """What is traded."""

    symbol: str = ""
    legs: tuple[OrderLeg, ...] = ()


@dataclass(slots=True)
class _Terms:
    kind: str = ""
    limit: Decimal | None = None
    time: str = ""
    entries: dict[str, str] = field(default_factory=dict)


def usage(side: str) -> str:
    """How an order is written."""
    return f"{side} QUANTITY SYMBOL [LIMIT or terms], such as: {side} 2 ORBIT 16JAN26 230 C 3.10"


def order(side: str, words: Sequence[str], shares: Sequence[str]) -> Draft:
    """The draft of `side QUANTITY WHAT TERMS`; `shares` are the names that are quoted.

    Raises UsageError for words that are no order and InvalidValueError for a bad field.
    """
    if len(words) < 2:
        raise UsageError(usage(side))
    terms = _Terms()
    quantity = _quantity(words[0], terms)
    found = split(words[1:], shares)
    if found is None:
        raise UsageError(usage(side))
    what, rest = found
    _read_terms(terms, rest, side)
    if terms.limit is not None and terms.limit <= 0 and not what.legs:
        raise InvalidValueError("limit", f"{terms.limit:f}", "positive")
    return Draft(
        side, what.symbol, quantity, terms.limit, what.legs, terms.kind, terms.time, tuple(terms.entries.items())
    )


def split(words: Sequence[str], shares: Sequence[str]) -> tuple[What, tuple[str, ...]] | None:
    """What the words begin with that can be traded, and those behind it; None where they begin with nothing such.

    Raises InvalidValueError for a combination whose strikes or expiries do not fit its name.
    """
    from optionix_core.market import symbols

    for count in range(min(_MOST_WORDS, len(words)), 0, -1):
        text = " ".join(words[:count])
        if symbols.is_option(text):
            return What(symbols.resolve(text)), tuple(words[count:])
    if len(words) >= 4:
        legs = _combination(*words[:4])
        if legs:
            return What(legs=legs), tuple(words[4:])
    if words and words[0].upper() in shares and not (len(words) > 1 and _DATED.fullmatch(words[1])):
        return What(words[0].upper()), tuple(words[1:])
    return None


def _quantity(word: str, terms: _Terms) -> int:
    if word.startswith("$"):
        terms.entries["quantity"] = f"${_number('amount', word[1:])}"
        return 1
    if not (word.isascii() and word.isdecimal() and len(word) <= _MOST_DIGITS) or int(word) < 1:
        raise InvalidValueError("quantity", repr(word), "a whole number, at least 1, or money such as $5000")
    return int(word)


# Combinations


def _combination(root: str, expiries: str, strikes: str, shape: str) -> tuple[OrderLeg, ...]:
    """The legs of what has several strikes or expiries, or a name; none where it has neither."""
    from optionix_core.trading.orders import OrderLeg

    name, levels = shape.upper(), strikes.split("/")
    days = [day for word in expiries.split("/") if (day := _day(root, word)) is not None]
    if len(days) != len(expiries.split("/")) or not days:
        return ()
    name = {"CALL": "C", "PUT": "P"}.get(name, name)
    if name not in {"C", "P", *SHAPES}:
        return ()
    numbers = [_number("strike", level) for level in levels]
    parts = _one_expiry(name, len(levels)) if len(days) == 1 else _two_expiries(name, len(days), len(levels))
    bound = SHAPES.get(name, "two to four strikes, or two expiries with one or two strikes")
    if parts is None:
        raise InvalidValueError(f"{name} with strikes", strikes, bound)
    if len(days) == 1 and name not in {"C", "P"} and numbers != sorted(set(numbers)):
        raise InvalidValueError("strikes", strikes, "in rising order")
    days.sort()
    return tuple(
        OrderLeg(_key(root, days[part.expiry], numbers[part.strike], part.letter), part.ratio) for part in parts
    )


class _Part(NamedTuple):
    ratio: int
    letter: str
    strike: int
    expiry: int = 0


def _one_expiry(name: str, strikes: int) -> tuple[_Part, ...] | None:
    ratios = {2: (1, -1), 3: (1, -2, 1), 4: (1, -1, -1, 1)}
    if name in {"C", "P"}:
        return tuple(_Part(ratio, name, place) for place, ratio in enumerate(ratios.get(strikes, ()))) or None
    shapes = {
        ("IC", 4): (_Part(-1, "P", 0), _Part(1, "P", 1), _Part(1, "C", 2), _Part(-1, "C", 3)),
        ("IB", 3): (_Part(-1, "P", 0), _Part(1, "P", 1), _Part(1, "C", 1), _Part(-1, "C", 2)),
        ("STRADDLE", 1): (_Part(1, "C", 0), _Part(1, "P", 0)),
        ("STRANGLE", 2): (_Part(1, "P", 0), _Part(1, "C", 1)),
        ("RR", 2): (_Part(-1, "P", 0), _Part(1, "C", 1)),
    }
    return shapes.get((name, strikes))


def _two_expiries(name: str, expiries: int, strikes: int) -> tuple[_Part, ...] | None:
    """The nearer sold and the later bought, at the strikes in the order of the expiries."""
    if name not in {"C", "P"} or expiries != 2 or strikes > 2:
        return None
    return _Part(-1, name, 0), _Part(1, name, strikes - 1, 1)


def _key(root: str, day: date, strike: Decimal, letter: str) -> str:
    from optionix_core.market import osi

    return osi.format(root.upper(), day, letter, strike)


def _day(root: str, word: str) -> date | None:
    """The expiry that a word writes; None where it writes none."""
    from optionix_core.market import symbols

    text = f"{root} {word} 1 C"
    return symbols.terms(text).expiry if symbols.is_option(text) else None


# Terms


def _read_terms(terms: _Terms, words: Iterable[str], side: str) -> None:
    rest = list(words)
    while rest:
        word = rest.pop(0)
        name = word.lower()
        if name in _TYPES:
            _read_type(terms, name, word, rest)
        elif name in TIMES:
            terms.time = name.upper()
            if name == "gtd":
                terms.entries["until"] = _next(rest, word)
        elif name in _FLAGS:
            terms.entries[_FLAGS[name]] = "yes"
        elif name in _WORDED:
            terms.entries[_WORDED[name]] = _next(rest, word)
        elif terms.limit is None and word.lstrip("@").lstrip("-")[:1].isdigit():
            terms.limit = _number("limit", word.lstrip("@"))
        else:
            raise UsageError(f"{word!r} is no term of an order; {usage(side)}")
    if terms.limit is not None:
        with_limit = {"stop": "stop-limit", "market-if-touched": "limit-if-touched"}
        terms.kind = with_limit.get(terms.kind, terms.kind)
        if terms.kind in {"market", "trailing-stop"}:
            raise InvalidValueError("limit", f"{terms.limit:f}", f"absent for a {terms.kind} order")


def _read_type(terms: _Terms, name: str, word: str, rest: list[str]) -> None:
    if terms.kind:
        raise UsageError(f"{word!r} says another type of order than {terms.kind}")
    terms.kind, entry = _TYPES[name]
    if entry == "trigger":
        terms.entries[entry] = f"{_number(entry, _next(rest, word)):f}"
    elif entry:
        terms.entries[entry] = _next(rest, word)


def _next(rest: list[str], word: str) -> str:
    if not rest:
        raise UsageError(f"{word!r} needs a word behind it")
    return rest.pop(0)


def _number(name: str, text: str) -> Decimal:
    try:
        found = Decimal(text)
    except InvalidOperation:
        raise InvalidValueError(name, repr(text), "a number") from None
    if not found.is_finite():
        raise InvalidValueError(name, repr(text), "finite")
    return found
