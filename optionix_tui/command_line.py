"""What a command line means. Pure: text in, a command out; nothing here acts.

ORBIT 16JAN26 230 C            show that option in its chain
ORBIT                          show that underlying
buy 2 ORBIT 16JAN26 230 C 3.10 open a ticket (see `order_line` for all that an order may say)
ticket                         open the ticket that was closed unsent
pricer ORBIT 16JAN26 230 C     show what that option is worth, and what would change it
chain [UNDERLYING], book ...   show a screen, of an underlying where it is about one
var 99 10d, es 97.5            show the risk at that level, over that horizon
iron-condor 220/225/245/250    stage a named strategy on the chain; `stage ...` says the same
layout NAME, filter TEXT       columns and filter of the chain
theme NAME                     change the colours
replay PLACE                   play the recording from 14:35, 50%, +5m, start ...; also: speed NUMBER
workspace NAME                 open a saved workspace; also: save NAME, rename NAME NEW, delete NAME, list
help, quit, or the name of any action
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from functools import partial

from config.actions import ACTIONS, Action
from config.screens import NAMES, OF_UNDERLYING
from config.themes import THEMES
from optionix_core.errors import InvalidValueError, UsageError
from optionix_tui import order_line
from optionix_tui.order_line import SIDES
from screens.host import Draft

MEASURES = {"var": "value_at_risk", "es": "expected_shortfall"}
ON_CHAIN = ("stage", "layout", "filter")
"""Words that begin what is written for the chain."""
_TAKEN = {"stage": "a strategy, such as iron-condor 220/225/245/250", "layout": "the name of a layout, such as greeks"}


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

    draft: Draft


@dataclass(frozen=True, slots=True)
class OpenKeptTicket:
    """Open the ticket that was closed unsent."""


@dataclass(frozen=True, slots=True)
class OpenScreen:
    """Show a screen, of an underlying where one is named."""

    name: str
    underlying: str | None = None


@dataclass(frozen=True, slots=True)
class ShowRisk:
    """Show the risk at a level and over a horizon; None leaves either as it is."""

    measure: str
    """`value_at_risk` or `expected_shortfall`."""
    confidence: float | None = None
    horizon_days: int | None = None


@dataclass(frozen=True, slots=True)
class PriceOption:
    """Show what an option is worth and what would change it."""

    symbol: str


@dataclass(frozen=True, slots=True)
class UseTheme:
    """Change the colours."""

    name: str


@dataclass(frozen=True, slots=True)
class SteerReplay:
    """Play the recording from another place, or at another speed."""

    words: str


@dataclass(frozen=True, slots=True)
class UseWorkspace:
    """Open, save, rename or delete a workspace, or list them."""

    act: str
    """`open`, `save`, `rename`, `delete` or `list`."""
    name: str = ""
    other: str = ""
    """The new name."""


@dataclass(frozen=True, slots=True)
class Perform:
    """Do an action of the registry."""

    action: Action


@dataclass(frozen=True, slots=True)
class OnChain:
    """Something written for the chain."""

    what: str
    """`stage`, `layout` or `filter`."""
    text: str


Command = (
    OnChain
    | ShowOption
    | ShowUnderlying
    | OpenTicket
    | OpenKeptTicket
    | OpenScreen
    | PriceOption
    | ShowRisk
    | UseTheme
    | SteerReplay
    | UseWorkspace
    | Perform
)


def parse(line: str, underlyings: Sequence[str] = ()) -> Command:
    """What `line` means. Raises InvalidValueError for a bad field and UsageError for an unknown word."""
    words = line.split()
    if not words:
        raise UsageError("the command line is empty")
    first, rest = words[0].lower(), words[1:]
    told = _by_first_word(first, rest, underlyings)
    if told is not None:
        return told
    for action in ACTIONS:
        if line.strip().lower() in {action.id, action.label.lower()}:
            return Perform(action)
    if len(words) == 1 and words[0].upper() in underlyings:
        return ShowUnderlying(words[0].upper())
    found = _option(line) or _strategy(line)
    if found is not None:
        return found
    known = [*NAMES, *SIDES, *ON_CHAIN, *_WORDS, *_strategies(), *(name.lower() for name in underlyings)]
    near = get_close_matches(first, known, n=1)
    raise UsageError(f"{line.strip()!r} is no symbol, order, screen or action{f'; nearest: {near[0]}' if near else ''}")


def _by_first_word(first: str, rest: Sequence[str], underlyings: Sequence[str]) -> Command | None:
    """Where a line begins with a word that says what the rest is."""
    if first in SIDES:
        return OpenTicket(order_line.order(first, rest, underlyings))
    if first in NAMES:
        return _screen(first, rest)
    if first in _WORDS:
        return _WORDS[first](rest)
    if first in ON_CHAIN and (rest or first in _TAKEN):
        return _on_chain(first, rest)
    return None


def _screen(name: str, rest: Sequence[str]) -> Command:
    if not rest:
        return OpenScreen(name)
    if name == "chain":
        return _option(" ".join(rest)) or ShowUnderlying(" ".join(rest).upper())
    if name == "pricer" and (option := _option(" ".join(rest))) is not None:
        return PriceOption(option.symbol)
    if name in OF_UNDERLYING and len(rest) == 1:
        return OpenScreen(name, rest[0].upper())
    raise UsageError(f"{name} takes no {' '.join(rest)!r}")


def _risk(word: str, rest: Sequence[str]) -> ShowRisk:
    """A level in percent or as a fraction, a horizon as `10d`; either may be left out."""
    confidence: float | None = None
    horizon: int | None = None
    for text in rest:
        days = text.lower().removesuffix("d")
        if days != text.lower() and days.isdecimal() and horizon is None:
            horizon = int(days)
        elif confidence is None:
            confidence = _confidence(text)
        else:
            raise UsageError(f"{word} LEVEL HORIZON, such as: {word} 99 10d")
    return ShowRisk(MEASURES[word], confidence, horizon)


def _confidence(text: str) -> float:
    try:
        level = Decimal(text.removesuffix("%"))
    except InvalidOperation:
        raise InvalidValueError("level", repr(text), "percent such as 99, or a horizon such as 10d") from None
    if not level.is_finite():
        raise InvalidValueError("level", text, "above 50 and below 100 percent")
    fraction = level if Decimal(0) < level < 1 and not text.endswith("%") else level / 100
    if not Decimal("0.5") < fraction < 1:
        raise InvalidValueError("level", text, "above 50 and below 100 percent")
    return float(fraction)


def _on_chain(what: str, rest: Sequence[str]) -> OnChain:
    if not rest:
        raise UsageError(f"{what} takes {_TAKEN[what]}")
    return OnChain(what, " ".join(rest))


def _strategy(line: str) -> OnChain | None:
    """Where the first word that says more than a side is the name of a strategy."""
    from optionix_core.services.stage_words import is_strategy

    named = next((word for word in line.lower().split() if word not in {"long", "short"}), "")
    return OnChain("stage", line.strip()) if is_strategy(named) else None


def _strategies() -> tuple[str, ...]:
    from optionix_core.services.stage_words import names

    return names()


def _theme(rest: Sequence[str]) -> UseTheme:
    if len(rest) != 1:
        raise UsageError(f"theme takes one name, such as {', '.join(THEMES)}")
    return UseTheme(rest[0])


def _replay(rest: Sequence[str]) -> SteerReplay:
    if len(rest) == 1 or (len(rest) == 2 and rest[0] == "speed"):
        return SteerReplay(" ".join(rest))
    raise UsageError("replay PLACE (14:35, 50%, +5m, -90s, start, end), or replay speed NUMBER")


_ARGUMENTS = {"save": 1, "rename": 2, "delete": 1, "list": 0}


def _workspace(rest: Sequence[str]) -> UseWorkspace:
    if rest and rest[0] in _ARGUMENTS and len(rest) == 1 + _ARGUMENTS[rest[0]]:
        return UseWorkspace(*rest)
    if len(rest) == 1 and rest[0] not in _ARGUMENTS:
        return UseWorkspace("open", rest[0])
    raise UsageError("workspace NAME, workspace save NAME, rename NAME NEW_NAME, delete NAME, or list")


def _option(text: str) -> ShowOption | None:
    from optionix_core.market import symbols

    return ShowOption(symbols.resolve(text)) if symbols.is_option(text) else None


def _kept(rest: Sequence[str]) -> OpenKeptTicket:
    if rest:
        raise UsageError(f"ticket takes no {' '.join(rest)!r}")
    return OpenKeptTicket()


_WORDS: dict[str, Callable[[Sequence[str]], Command]] = {
    "theme": _theme,
    "ticket": _kept,
    "replay": _replay,
    "workspace": _workspace,
    "var": partial(_risk, "var"),
    "es": partial(_risk, "es"),
}
"""What else a line may begin with, and what reads the rest of it."""
