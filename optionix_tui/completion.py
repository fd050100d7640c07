"""What a command line could become: pure, from what is shown and what works now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from config.actions import Action
from config.screens import NAMES, OF_UNDERLYING
from config.themes import THEMES
from optionix_core.errors import OptionixError
from optionix_tui import order_line, order_words
from optionix_tui.command_line import MEASURES
from optionix_tui.order_line import SIDES
from screens.host import Completion

_LEVELS = [(level, "percent") for level in ("99", "97.5", "95")]
_HORIZONS = [(f"{days}d", "horizon, by the square root of the days") for days in (1, 5, 10, 20)]


@dataclass(frozen=True, slots=True)
class Known:
    """What completion may offer besides words that are always there."""

    underlyings: tuple[tuple[str, str], ...] = ()
    """(symbol, name) of what the feed quotes."""
    expiries: tuple[str, ...] = ()
    """As typed, such as `16JAN26`, of the underlying that is shown."""
    shown: str = ""
    """The underlying that is shown."""
    strikes: tuple[str, ...] = ()
    """Of the expiry that is shown, nearest to the money first."""
    themes: tuple[str, ...] = THEMES
    """Shipped ones and the user's."""
    workspaces: tuple[tuple[str, str], ...] = ()
    """Saved ones by name, each with what it shows; only looked for where the line is about them."""
    replaying: bool = False
    """Whether a recording is played."""
    layouts: tuple[str, ...] = ()
    """Column layouts of the chain."""
    actions: tuple[tuple[Action, str], ...] = ()
    """Actions that work now, each with its first key."""


def complete(line: str, known: Known, limit: int = 200) -> tuple[Completion, ...]:
    """Ways to go on, the most likely first."""
    text = line.lstrip()
    words = text.split()
    typing = "" if text.endswith(" ") or not words else words[-1]
    before = words[: len(words) - bool(typing)]
    offers = _next_words(before, typing, known)
    stem = " ".join(before) + " " if before else ""
    found = [Completion(f"{stem}{word}", hint) for word, hint in offers if word.lower().startswith(typing.lower())]
    if not before:
        wanted = typing.lower()
        for action, key in known.actions:
            if wanted in action.label.lower() or wanted in action.id or _initials(action.label) == wanted:
                found.append(Completion(action.id, action.description, key))
    return tuple(found[:limit])


def _initials(label: str) -> str:
    return "".join(word[0] for word in label.lower().split())


def _next_words(before: Sequence[str], typing: str, known: Known) -> list[tuple[str, str]]:
    if not before:
        return [
            *((symbol, f"chain of {name}") for symbol, name in known.underlyings),
            ("buy ", "QUANTITY SYMBOL [LIMIT or terms]"),
            ("sell ", "QUANTITY SYMBOL [LIMIT or terms]"),
            ("ticket", "the ticket that was closed unsent"),
            *((name, "screen") for name in NAMES),
            ("var ", "LEVEL HORIZON: value at risk, such as var 99 10d"),
            ("es ", "LEVEL HORIZON: expected shortfall"),
            ("stage ", "STRATEGY [STRIKE/STRIKE/...]"),
            ("layout ", "columns of the chain"),
            ("filter ", "strikes and expiries of the chain"),
            ("theme ", ", ".join(known.themes)),
            *([("replay ", "14:35, 50%, +5m, -90s, start, end; speed NUMBER")] if known.replaying else []),
            ("workspace ", "open, save, rename or delete a workspace"),
        ]
    first, rest = before[0].lower(), before[1:]
    alone = _ALONE.get(first)
    if alone is not None:
        return [] if rest else alone(known)
    if first == "workspace":
        return _workspace_words(rest, known)
    if first in MEASURES:
        return _LEVELS if not rest else _HORIZONS if len(rest) == 1 else []
    if first in SIDES:
        return _order_words(rest, typing, known)
    if first in OF_UNDERLYING:
        return [] if rest else list(known.underlyings)
    return _symbol_words(before, known)


def _workspace_words(rest: Sequence[str], known: Known) -> list[tuple[str, str]]:
    if not rest:
        verbs = [("save ", "NAME"), ("rename ", "NAME NEW_NAME"), ("delete ", "NAME"), ("list", "which there are")]
        return [*known.workspaces, *verbs]
    return list(known.workspaces) if len(rest) == 1 and rest[0] in {"save", "rename", "delete"} else []


def _strategies() -> list[tuple[str, str]]:
    from optionix_core.portfolio.strategies.catalogue import SHAPES

    return [(shape.name, shape.outlook) for shape in SHAPES.values() if shape.expiries]


_ALONE: dict[str, Callable[[Known], list[tuple[str, str]]]] = {
    "theme": lambda known: [(name, "theme") for name in known.themes],
    "replay": lambda _: [("start", "the first moment"), ("end", "the last one"), ("speed ", "NUMBER")],
    "layout": lambda known: [(name, "columns") for name in known.layouts],
    "stage": lambda _: _strategies(),
}
"""Words that one other word follows."""


def _order_words(rest: Sequence[str], typing: str, known: Known) -> list[tuple[str, str]]:
    """Behind `buy` or `sell`: how many, of what, and on which terms."""
    if not rest:
        return [*((str(n), "contracts") for n in (1, 2, 5, 10)), ("$", "money, such as $5000")]
    try:
        found = order_line.split(rest[1:], tuple(name for name, _ in known.underlyings))
    except OptionixError:
        return []
    if found is None:
        return _leg_words(rest[1:], typing, known)
    _, terms = found
    before = terms[-1].lower() if terms else ""
    if before in order_words.FOLLOWED:
        return order_words.FOLLOWED[before]
    first = _leg_words(rest[1:], typing, known) if len(rest) == 2 and not terms else []
    return [*first, *order_words.left(terms)]


def _leg_words(before: Sequence[str], typing: str, known: Known) -> list[tuple[str, str]]:
    """As of an option's symbol, and what makes a combination: strikes with strokes between them, and names."""
    offers = _symbol_words(before, known)
    if len(before) == 2 and "/" in typing:
        stem = typing[: typing.rindex("/") + 1]
        return [(f"{stem}{strike}", "strikes of a combination") for strike in known.strikes]
    if len(before) == 3 and offers:
        offers += list(order_line.SHAPES.items())
    return offers


def _symbol_words(before: Sequence[str], known: Known) -> list[tuple[str, str]]:
    """Words of an option's symbol; expiries and strikes are known of the chain that is shown."""
    if not before:
        return list(known.underlyings)
    if before[0].upper() != known.shown:
        return []
    offers = {
        1: [(expiry, "expiry") for expiry in known.expiries],
        2: [(strike, "strike") for strike in known.strikes],
        3: [("C", "call"), ("P", "put")],
    }
    return offers.get(len(before), [])
