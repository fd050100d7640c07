"""What the shell offers for an argument or option: choices of its type, names of the registry, names of the home."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final

from optionix_core.errors import OptionixError

SUBJECTS: Final[Mapping[str, str]] = {
    "symbol": "symbol",
    "symbols": "symbol",
    "underlying": "underlying",
    "expiry": "expiry",
    "order_id": "order",
    "order": "order",
    "parent": "order",
    "algo_id": "algorithm",
    "alert_id": "alert",
    "account": "account",
    "feed_name": "feed",
    "position": "symbol",
}
"""Parameters whose name says what they are, wherever they stand."""
OF_COMMANDS: Final[Mapping[tuple[str, str], str]] = {
    ("watchlist", "name"): "watchlist",
    ("chain", "name"): "chain",
    ("surface", "file"): "chain",
    ("calibrate", "file"): "chain",
    ("feed replay", "name"): "recording",
    ("strategy build", "name"): "strategy",
}
"""Those whose name says it only together with the command; a group's name stands for its commands."""


def _screens() -> tuple[str, ...]:
    from config.screens import NAMES

    return NAMES


def _themes() -> tuple[str, ...]:
    from config.themes import THEMES

    return THEMES


def _keymaps() -> tuple[str, ...]:
    from config.keymaps import KEY_MAPS

    return KEY_MAPS


REGISTRY: Final[Mapping[tuple[str, str], Callable[[], tuple[str, ...]]]] = {
    ("screen", "name"): _screens,
    ("", "theme"): _themes,
    ("", "keymap"): _keymaps,
}


def offered(context: Any, parameter: Any, kind: Any, incomplete: str) -> list[tuple[str, str]]:
    """Texts that may stand for a parameter, with what they mean; nothing where the home cannot tell."""
    found = _found(context, parameter, kind)
    start = incomplete.lower()
    return [(text, meaning) for text, meaning in found if text.lower().startswith(start)]


def _found(context: Any, parameter: Any, kind: Any) -> list[tuple[str, str]]:
    if isinstance(kind, type) and issubclass(kind, Enum):
        return [(str(item.value), "") for item in kind]
    words = context.command_path.split()[1:]
    paths = [" ".join(words[:count]) for count in range(len(words), -1, -1)]
    for path in paths:
        if (path, parameter.name) in REGISTRY:
            return [(name, "") for name in REGISTRY[path, parameter.name]()]
    subject = next((OF_COMMANDS[path, parameter.name] for path in paths if (path, parameter.name) in OF_COMMANDS), None)
    subject = subject or SUBJECTS.get(parameter.name)
    return [] if subject is None else _of_home(context, parameter, subject)


def _of_home(context: Any, parameter: Any, subject: str) -> list[tuple[str, str]]:
    from config.errors import SettingsError
    from optionix_core.services.completion import offers
    from optionix_tui.cli.face import Face

    flags = context.find_root().params
    chosen = {"feed.name": flags.get("feed_name"), "account.name": flags.get("account"), "feed.seed": flags.get("seed")}
    face = Face(flags={key: value for key, value in chosen.items() if value is not None})
    several = parameter.multiple or parameter.nargs == -1
    given = context.params.get(parameter.name) or ()
    words = [str(word) for word in given] if several and not isinstance(given, str) else []
    underlying = context.params.get("underlying") or context.params.get("name") or context.params.get("symbol")
    try:
        with face.workspace() as workspace:
            return [(offer.text, offer.meaning) for offer in offers(workspace, subject, words, _name(underlying))]
    except (OptionixError, SettingsError, OSError):
        return []  # the command itself will say what is wrong; a shell has no place for it


def _name(given: Any) -> str | None:
    return given if isinstance(given, str) and given else None
