"""What a command line means. Pure: text in, a command out; nothing here acts.

ORBIT 16JAN26 230 C            show that option in its chain
ORBIT                          show that underlying
buy 2 ORBIT 16JAN26 230 C 3.10 open a ticket (the price is the limit; none: at the touch)
buy 100 ORBIT                  the same for shares
chain [UNDERLYING], book ...   show a screen, of an underlying where it is about one
theme NAME                     change the colours
help, quit, or the name of any action
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches

from config.actions import ACTIONS, Action
from config.screens import NAMES, OF_UNDERLYING
from config.themes import THEMES
from optionix_core.errors import InvalidValueError, UsageError

SIDES = ("buy", "sell")


@dataclass(frozen=True, slots=True)
class ShowOption:
    """Show an option in its chain."""

    symbol: str


@dataclass(frozen=True, slots=True)
class ShowUnderlying:
    """Show the chain of an underlying."""

    underlying: str


@dataclass(frozen=True, slots=True)
class OpenTicket:
    """Open a ticket; nothing is sent."""

    side: str
    quantity: int
    symbol: str
    limit_price: Decimal | None


@dataclass(frozen=True, slots=True)
class OpenScreen:
    """Show a screen, of an underlying where one is named."""

    name: str
    underlying: str | None = None


@dataclass(frozen=True, slots=True)
class UseTheme:
    """Change the colours."""

    name: str


@dataclass(frozen=True, slots=True)
class Perform:
    """Do an action of the registry."""

    action: Action


Command = ShowOption | ShowUnderlying | OpenTicket | OpenScreen | UseTheme | Perform


def parse(line: str, underlyings: Sequence[str] = ()) -> Command:
    """What `line` means. Raises InvalidValueError for a bad field and UsageError for an unknown word."""
    words = line.split()
    if not words:
        raise UsageError("the command line is empty")
    first, rest = words[0].lower(), words[1:]
    if first in SIDES:
        return _order(first, rest, underlyings)
    if first in NAMES:
        return _screen(first, rest)
    if first == "theme":
        return _theme(rest)
    for action in ACTIONS:
        if line.strip().lower() in {action.id, action.label.lower()}:
            return Perform(action)
    if len(words) == 1 and words[0].upper() in underlyings:
        return ShowUnderlying(words[0].upper())
    option = _option(line)
    if option is not None:
        return option
    near = get_close_matches(first, [*NAMES, *SIDES, "theme", *(name.lower() for name in underlyings)], n=1)
    raise UsageError(f"{line.strip()!r} is no symbol, order, screen or action{f'; nearest: {near[0]}' if near else ''}")


def _screen(name: str, rest: Sequence[str]) -> Command:
    if not rest:
        return OpenScreen(name)
    if name == "chain":
        return _option(" ".join(rest)) or ShowUnderlying(" ".join(rest).upper())
    if name in OF_UNDERLYING and len(rest) == 1:
        return OpenScreen(name, rest[0].upper())
    raise UsageError(f"{name} takes no {' '.join(rest)!r}")


def _theme(rest: Sequence[str]) -> UseTheme:
    if len(rest) != 1 or rest[0] not in THEMES:
        raise UsageError(f"theme takes one of {', '.join(THEMES)}")
    return UseTheme(rest[0])


def _option(text: str) -> ShowOption | None:
    from optionix_core.market import symbols

    return ShowOption(symbols.resolve(text)) if symbols.is_option(text) else None


def _order(side: str, words: Sequence[str], shares: Sequence[str]) -> OpenTicket:
    usage = f"{side} QUANTITY SYMBOL [LIMIT], such as: {side} 2 ORBIT 16JAN26 230 C 3.10"
    if len(words) < 2:
        raise UsageError(usage)
    if not words[0].isdecimal() or int(words[0]) < 1:
        raise InvalidValueError("quantity", repr(words[0]), "a whole number, at least 1")
    quantity, rest = int(words[0]), list(words[1:])
    whole = _traded(" ".join(rest), shares)
    if whole is not None:
        return OpenTicket(side, quantity, whole, None)
    symbol, limit = _traded(" ".join(rest[:-1]), shares), rest[-1].lstrip("@")
    if symbol is None:
        raise UsageError(usage)
    try:
        price = Decimal(limit)
    except InvalidOperation:
        raise InvalidValueError("limit", repr(limit), "a price") from None
    if not price.is_finite() or price <= 0:
        raise InvalidValueError("limit", limit, "positive")
    return OpenTicket(side, quantity, symbol, price)


def _traded(text: str, shares: Sequence[str]) -> str | None:
    """The key of an option, or of one of the names that are quoted; None for anything else."""
    from optionix_core.market import symbols

    if symbols.is_option(text):
        return symbols.resolve(text)
    return text.upper() if text.upper() in shares else None
