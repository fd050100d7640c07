"""What a command line could become: pure, from what is shown and what works now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from config.actions import Action
from config.screens import NAMES, OF_UNDERLYING
from config.themes import THEMES
from optionix_tui.command_line import SIDES
from screens.host import Completion


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
    actions: tuple[tuple[Action, str], ...] = ()
    """Actions that work now, each with its first key."""


def complete(line: str, known: Known, limit: int = 40) -> tuple[Completion, ...]:
    """Ways to go on, the most likely first."""
    text = line.lstrip()
    words = text.split()
    typing = "" if text.endswith(" ") or not words else words[-1]
    before = words[: len(words) - bool(typing)]
    offers = _next_words(before, known)
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


def _next_words(before: Sequence[str], known: Known) -> list[tuple[str, str]]:
    if not before:
        return [
            *((symbol, f"chain of {name}") for symbol, name in known.underlyings),
            ("buy ", "QUANTITY SYMBOL [LIMIT]"),
            ("sell ", "QUANTITY SYMBOL [LIMIT]"),
            *((name, "screen") for name in NAMES),
            ("theme ", ", ".join(THEMES)),
        ]
    first, rest = before[0].lower(), before[1:]
    if first == "theme":
        return [] if rest else [(name, "theme") for name in THEMES]
    if first in SIDES:
        return _symbol_words(rest[1:], known) if rest else [(str(n), "contracts") for n in (1, 2, 5, 10)]
    if first in OF_UNDERLYING:
        return [] if rest else list(known.underlyings)
    return _symbol_words(before, known)


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
