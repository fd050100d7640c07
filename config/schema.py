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
    optional: bool = False
    """Whether the empty text is allowed, for none."""
    or_file: bool = False
    """Whether a file is understood as well: a text that ends in `.toml`."""
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
            return "one of " + ", ".join(self.choices()) + (", or a .toml file" if self.or_file else "")
        if self.kind is Kind.TEXT:
            return "text" if self.optional else "text that is not empty"
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
            if not isinstance(value, str) or (self.or_file and value.endswith(".toml")):
                return isinstance(value, str)
            return self.optional or bool(value.strip()) if known is None else value in known
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
    from config.paths import Paths
    from config.themes import names

    return names(Paths.from_environment().themes_folder)


def _key_maps() -> tuple[str, ...]:
    from config.keymaps import names
    from config.paths import Paths

    return names(Paths.from_environment().keymaps_folder)


def _glyphs() -> tuple[str, ...]:
    from config.terminal_kind import GLYPHS

    return GLYPHS


def _sessions() -> tuple[str, ...]:
    return ("continuous", "exchange")


def _fee_plans() -> tuple[str, ...]:
    return ("us-retail", "us-fixed")


def _account_actions() -> tuple[str, ...]:
    return ("close-only", "cancel")


def _token_places() -> tuple[str, ...]:
    return ("auto", "keyring", "file")


def _bound(key: str, description: str, *, highest: float = 1e12) -> Setting:
    """A bound of which zero means that there is none."""
    return Setting(key, Kind.NUMBER, f"{description}; 0: off", lowest=0, highest=highest)


def _minutes(key: str, description: str, *, highest: int = 1440) -> Setting:
    return Setting(key, Kind.WHOLE, f"{description}, in minutes", lowest=1, highest=highest)


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
    Setting("terminal.theme", Kind.TEXT, "colours of the terminal", choices=_themes, or_file=True),
    Setting("terminal.keymap", Kind.TEXT, "keys of the terminal", choices=_key_maps, or_file=True),
    Setting("terminal.glyphs", Kind.TEXT, "signs that the terminal is drawn with", choices=_glyphs),
    Setting("terminal.restore", Kind.SWITCH, "begin with the workspace that was saved last"),
    Setting("terminal.refresh_hz", Kind.NUMBER, "screen updates a second at most", lowest=1, highest=60),
    Setting("trading.confirm", Kind.SWITCH, "show the ticket of an order that was typed with its price"),
    Setting(
        "trading.lock_timeout_seconds",
        Kind.NUMBER,
        "seconds to wait for another process that writes to the home",
        lowest=0,
        highest=600,
    ),
    Setting(
        "trading.latency_ms",
        Kind.NUMBER,
        "milliseconds that orders, amendments and cancellations are on their way to the paper venue",
        lowest=0,
        highest=10_000,
    ),
    Setting("trading.read_only", Kind.SWITCH, "write nothing to the log and the home, send no order"),
    Setting("trading.fees", Kind.TEXT, "what the paper venue charges for options and shares", choices=_fee_plans),
)

SETTINGS += (
    Setting("limits.maximum_quantity", Kind.WHOLE, "largest order of options, in contracts", lowest=1, highest=10**9),
    Setting("limits.maximum_shares", Kind.WHOLE, "largest order of shares", lowest=1, highest=10**9),
    _bound("limits.maximum_value", "largest value of one order at its price"),
    _bound("limits.collar_percent", "how far a limit may lie beyond the touch that it would take, in percent"),
    _bound("limits.duplicate_seconds", "seconds in which an order with the same terms is refused", highest=86400),
    Setting(
        "limits.maximum_orders", Kind.WHOLE, "orders of an account within rate_seconds; 0: off", lowest=0, highest=10**6
    ),
    Setting("limits.rate_seconds", Kind.NUMBER, "over which maximum_orders counts", lowest=0.001, highest=3600),
    _bound("limits.delta", "delta of the account after an order: gain for a rise of 1% of every underlying"),
    _bound("limits.gamma", "gamma of the account after an order: growth of that delta over 1%"),
    _bound("limits.vega", "vega of the account after an order: gain for a point of volatility"),
    _bound("limits.theta", "theta of the account after an order: gain of a day"),
    _bound("limits.value_at_risk", "value at risk of the account after an order"),
    _bound("limits.expected_shortfall", "expected shortfall of the account after an order"),
    _bound("limits.stress_loss", "loss of the account in the worst scenario after an order"),
    _bound("limits.concentration_percent", "share of one underlying in the account after an order", highest=100),
    _bound("limits.margin_use_percent", "share of the account's value that the requirement takes", highest=100),
    _bound("limits.daily_loss", "loss since the last close past which orders must reduce"),
    Setting("halts.luld", Kind.SWITCH, "pause underlyings by Limit Up-Limit Down in the exchanges' hours"),
    Setting("halts.market_wide", Kind.SWITCH, "halt the market at 7, 13 and 20 % below the index's prior close"),
    _bound("halts.volatility_percent", "realised volatility of volatility_minutes that halts an underlying"),
    _minutes("halts.volatility_minutes", "window of the volatility breaker"),
    _bound("halts.volume", "units of an underlying traded in volume_minutes that halt it", highest=1e15),
    _minutes("halts.volume_minutes", "window of the volume breaker"),
    _bound("halts.spread_percent", "spread of an underlying, held for spread_minutes, that halts it", highest=200),
    _minutes("halts.spread_minutes", "window of the spread breaker"),
    _minutes("halts.pause_minutes", "how long the volatility, volume and spread breakers halt"),
    _bound("halts.daily_loss", "loss of an account since the last close that trips its breaker"),
    _bound("halts.drawdown_percent", "fall of an account's value from its peak that trips its breaker", highest=100),
    _minutes("halts.drawdown_minutes", "window of the drawdown breaker", highest=10080),
    Setting("halts.account_action", Kind.TEXT, "what an account's breaker does to it", choices=_account_actions),
    Setting(
        "sync.server", Kind.TEXT, "address of the team server where nobody is signed in: for API keys", optional=True
    ),
    Setting(
        "sync.background", Kind.SWITCH, "push and pull by itself while the terminal is open and somebody is signed in"
    ),
    Setting(
        "sync.poll_seconds",
        Kind.NUMBER,
        "seconds between two looks at the server where nothing wakes the terminal",
        lowest=2,
        highest=3600,
    ),
    Setting(
        "sync.timeout_seconds", Kind.NUMBER, "seconds for each step of a request to the server", lowest=1, highest=120
    ),
    Setting("sync.tokens", Kind.TEXT, "where tokens of a sign-in are kept", choices=_token_places),
)

BY_KEY: Mapping[str, Setting] = {setting.key: setting for setting in SETTINGS}
SECTIONS: tuple[str, ...] = tuple(dict.fromkeys(setting.section for setting in SETTINGS))
