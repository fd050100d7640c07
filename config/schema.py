"""Every setting that exists: its key, what it may be, and what it is for. There are no others."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

Value = str | int | float | bool


class Kind(StrEnum):
    """Type of a setting, in the words that errors use."""

    TEXT = "text"
    WHOLE = "a whole number"
    NUMBER = "a number"
    SWITCH = "true or false"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting."""

    key: str
    """Dotted: section, then name."""
    kind: Kind
    description: str
    choices: Callable[[], tuple[str, ...]] | None = None
    """Gives the only texts allowed; called when one has to be checked."""
    lowest: float | None = None
    highest: float | None = None

    @property
    def section(self) -> str:
        """First part of the key."""
        return self.key.partition(".")[0]

    @property
    def name(self) -> str:
        """The key within its section."""
        return self.key.partition(".")[2]

    @property
    def bound(self) -> str:
        """What a value must be, in words."""
        if self.choices is not None:
            return "one of " + ", ".join(self.choices())
        if self.kind is Kind.TEXT:
            return "text that is not empty"
        if self.lowest is not None and self.highest is not None:
            return f"{self.kind} from {self.lowest:g} to {self.highest:g}"
        if self.lowest is not None:
            return f"{self.kind} of at least {self.lowest:g}"
        return str(self.kind)

    @property
    def variable(self) -> str:
        """The environment variable that sets it: `OPTIONIX_FEED_NAME`."""
        return "OPTIONIX_" + self.key.replace(".", "_").upper()

    def accepts(self, value: object) -> bool:
        """Whether `value` has the type and lies within the bound."""
        if self.kind is Kind.TEXT:
            known = None if self.choices is None else self.choices()
            return isinstance(value, str) and (bool(value.strip()) if known is None else value in known)
        if self.kind is Kind.SWITCH:
            return isinstance(value, bool)
        numbers = int if self.kind is Kind.WHOLE else (int, float)
        if isinstance(value, bool) or not isinstance(value, numbers) or not math.isfinite(value):
            return False
        return (self.lowest is None or value >= self.lowest) and (self.highest is None or value <= self.highest)

    def from_text(self, text: str) -> object:
        """The value that an environment variable's text means; the text itself where it means none."""
        if self.kind is Kind.SWITCH:
            return _SWITCHES.get(text.strip().lower(), text)
        if self.kind is Kind.TEXT:
            return text
        try:
            return int(text) if self.kind is Kind.WHOLE else float(text)
        except ValueError:
            return text


_SWITCHES: Mapping[str, bool] = {
    "true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False,
}  # fmt: skip


def _themes() -> tuple[str, ...]:
    from config.themes import THEMES

    return THEMES


def _key_maps() -> tuple[str, ...]:
    from config.keymaps import KEY_MAPS

    return KEY_MAPS


def _sessions() -> tuple[str, ...]:
    return ("continuous", "exchange")


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "feed.name", Kind.TEXT, "where quotes come from: sim, file:NAME_OR_PATH, replay:FILE, deribit:ROOT, cboe:NAME"
    ),
    Setting("feed.seed", Kind.WHOLE, "seed of the simulated venue", lowest=0, highest=2**63 - 1),
    Setting("feed.session", Kind.TEXT, "hours of the simulated venue", choices=_sessions),
    Setting("feed.deribit_address", Kind.TEXT, "Deribit's public methods over HTTP"),
    Setting("feed.deribit_stream", Kind.TEXT, "Deribit's stream, a WebSocket"),
    Setting(
        "feed.deribit_poll_seconds",
        Kind.NUMBER,
        "seconds between two summaries of all options of Deribit",
        lowest=2,
        highest=3600,
    ),
    Setting("feed.cboe_address", Kind.TEXT, "folder of Cboe's delayed quotes"),
    Setting(
        "feed.cboe_poll_seconds",
        Kind.NUMBER,
        "seconds between two looks at Cboe's delayed quotes",
        lowest=15,
        highest=3600,
    ),
    Setting("account.name", Kind.TEXT, "account that orders act for"),
    Setting("terminal.theme", Kind.TEXT, "colours of the terminal", choices=_themes),
    Setting("terminal.keymap", Kind.TEXT, "keys of the terminal", choices=_key_maps),
    Setting("terminal.refresh_hz", Kind.NUMBER, "screen updates a second at most", lowest=1, highest=60),
    Setting("trading.confirm", Kind.SWITCH, "show the ticket of an order that was typed with its price"),
    Setting(
        "trading.lock_timeout_seconds",
        Kind.NUMBER,
        "seconds to wait for another process that writes to the home",
        lowest=0,
        highest=600,
    ),
)

BY_KEY: Mapping[str, Setting] = {setting.key: setting for setting in SETTINGS}
SECTIONS: tuple[str, ...] = tuple(dict.fromkeys(setting.section for setting in SETTINGS))
