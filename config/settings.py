"""Settings: where each value comes from, and what it is.

Order: flags, environment (`OPTIONIX_FEED_NAME` sets `feed.name`), the project's `optionix.toml`, the user's
`settings.toml`, the shipped defaults. A file or variable with an unknown name or a value out of bounds is
an error that names place, key, value and bound; nothing is skipped and nothing is replaced by a default.

The project's file is looked for in the current folder and, inside a repository, in the folders up to
its root. Outside a repository parents are not searched: anybody could have left a file there.
`OPTIONIX_HOME` is no setting; it says where settings are (see config.paths).
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple, cast

from config.errors import SettingsError
from config.paths import Paths
from config.schema import BY_KEY, SECTIONS, SETTINGS, Kind, Setting, Value
from config.toml_text import lines_of, parse, read

PROJECT_FILE = "optionix.toml"
_DEFAULTS = Path(__file__).parent / "defaults" / "settings.toml"
_KEY_LINE = re.compile(r"^\s*([\w.\-]+)\s*=")


@dataclass(frozen=True, slots=True)
class FeedSettings:
    """Where quotes come from."""

    name: str
    seed: int
    session: Literal["continuous", "exchange"]
    deribit_address: str
    deribit_stream: str
    deribit_poll_seconds: float
    cboe_address: str
    cboe_poll_seconds: float


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """For whom orders act."""

    name: str


@dataclass(frozen=True, slots=True)
class TerminalSettings:
    """How the workstation looks and is driven."""

    theme: str
    keymap: str
    glyphs: Literal["auto", "unicode", "ascii"]
    restore: bool
    refresh_hz: float
    """Screen updates a second at most."""


@dataclass(frozen=True, slots=True)
class TradingSettings:
    """How orders are sent."""

    confirm: bool
    lock_timeout_seconds: float
    latency_ms: float
    """On the way to the paper venue, which acts on the market that it then sees."""
    read_only: bool
    """Whether nothing is written to the log and the home."""
    fees: str
    """Name of the fee plan that the paper venue charges by."""


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """What the pre-trade gate refuses; zero stands for no bound. Money is in the account's currency."""

    maximum_quantity: int
    maximum_shares: int
    maximum_value: float
    collar_percent: float
    duplicate_seconds: float
    maximum_orders: int
    rate_seconds: float
    delta: float
    gamma: float
    vega: float
    theta: float
    value_at_risk: float
    expected_shortfall: float
    stress_loss: float
    concentration_percent: float
    margin_use_percent: float
    daily_loss: float


@dataclass(frozen=True, slots=True)
class HaltSettings:
    """By what the paper venue halts and an account is bound; zero stands for no bound."""

    luld: bool
    market_wide: bool
    volatility_percent: float
    volatility_minutes: int
    volume: float
    volume_minutes: int
    spread_percent: float
    spread_minutes: int
    pause_minutes: int
    daily_loss: float
    drawdown_percent: float
    drawdown_minutes: int
    account_action: Literal["close-only", "cancel"]


@dataclass(frozen=True, slots=True)
class SyncSettings:
    """How this home keeps in step with a team server."""

    server: str
    """For jobs with an API key; a sign-in remembers its own. Empty: none."""
    background: bool
    """Whether the terminal does it by itself."""
    poll_seconds: float
    timeout_seconds: float
    tokens: Literal["auto", "keyring", "file"]
    """Where the tokens of the next sign-in are kept; `auto`: the system's keyring where there is one."""


class SettingRow(NamedTuple):
    """One setting as `optionix config show` lists it."""

    key: str
    value: Value
    origin: str
    """`flag`, `environment OPTIONIX_...`, `project file PATH, line N`, `user file PATH, line N` or `default`."""
    description: str


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting in force."""

    feed: FeedSettings
    account: AccountSettings
    terminal: TerminalSettings
    trading: TradingSettings
    limits: LimitSettings
    halts: HaltSettings
    sync: SyncSettings
    origins: Mapping[str, str]
    """Where each value came from, by dotted key."""

    def value(self, key: str) -> Value:
        """One setting by its dotted key; KeyError for one that does not exist."""
        item = BY_KEY[key]
        return cast(Value, getattr(getattr(self, item.section), item.name))

    def describe(self) -> tuple[SettingRow, ...]:
        """Every setting with value, origin and meaning, in the order of the settings file."""
        return tuple(
            SettingRow(item.key, self.value(item.key), self.origins[item.key], item.description) for item in SETTINGS
        )


class _Given(NamedTuple):
    value: Value
    origin: str


def load(
    flags: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    paths: Paths | None = None,
) -> Settings:
    """The settings in force; `flags` maps dotted keys to values. Raises SettingsError.

    What is not handed in is the process's own: its environment, its current folder, its home.
    """
    environ = os.environ if environ is None else environ
    paths = Paths.from_environment(environ) if paths is None else paths
    project = project_file(Path.cwd() if cwd is None else cwd)
    given = _defaults()
    for kind, path in (("user file", paths.settings_file), ("project file", project)):
        if path is not None and path.is_file():
            for key, (value, line) in _read(path).items():
                given[key] = _Given(value, f"{kind} {path}" + ("" if line is None else f", line {line}"))
    given.update(_from_environment(environ))
    for key, flag in (flags or {}).items():
        given[key] = _Given(_checked(_known(key, "flag", None), flag, "flag", None), "flag")
    return _assembled(given)


def validate(path: Path) -> None:
    """Check a settings file; SettingsError for the first thing that is wrong with it."""
    _read(path)


def initial_text() -> str:
    """A settings file with every default written as a comment, so that later defaults still apply."""
    lines = _DEFAULTS.read_text(encoding="utf-8").splitlines()
    return "\n".join(f"# {line}" if _KEY_LINE.match(line) else line for line in lines) + "\n"


def project_file(folder: Path) -> Path | None:
    """The `optionix.toml` that applies in a folder: its own, or inside a repository the nearest one above."""
    folder = folder.absolute()
    searched = [folder]
    for parent in (folder, *folder.parents):
        if parent != folder:
            searched.append(parent)
        if (parent / ".git").exists():
            break
    else:
        searched = [folder]
    return next((found for place in searched if (found := place / PROJECT_FILE).is_file()), None)


def _assembled(given: Mapping[str, _Given]) -> Settings:
    def section(name: str) -> dict[str, Value]:
        return {item.name: given[item.key].value for item in SETTINGS if item.section == name}

    return Settings(
        feed=FeedSettings(**section("feed")),  # type: ignore[arg-type] # checked against the schema
        account=AccountSettings(**section("account")),  # type: ignore[arg-type] # checked against the schema
        terminal=TerminalSettings(**section("terminal")),  # type: ignore[arg-type] # checked against the schema
        trading=TradingSettings(**section("trading")),  # type: ignore[arg-type] # checked against the schema
        limits=LimitSettings(**section("limits")),  # type: ignore[arg-type] # checked against the schema
        halts=HaltSettings(**section("halts")),  # type: ignore[arg-type] # checked against the schema
        sync=SyncSettings(**section("sync")),  # type: ignore[arg-type] # checked against the schema
        origins=MappingProxyType({item.key: given[item.key].origin for item in SETTINGS}),
    )


def _defaults() -> dict[str, _Given]:
    """The shipped defaults, unchecked: checking choices would load the themes and key maps of every command."""
    document = tomllib.loads(_DEFAULTS.read_text(encoding="utf-8"))
    return {item.key: _Given(document[item.section][item.name], "default") for item in SETTINGS}


def _read(path: Path) -> dict[str, tuple[Value, int | None]]:
    """Values and lines of one file, all of them known and within bounds."""
    source = str(path)
    text = read(path)
    document = parse(text, source)
    lines = lines_of(text)
    found: dict[str, tuple[Value, int | None]] = {}
    for section, table in document.items():
        if section not in SECTIONS:
            raise _unknown("section", section, SECTIONS, source, lines.get(section))
        if not isinstance(table, dict):
            reason = f"{section} must be a section, [{section}] (got {table!r})"
            raise SettingsError(source, reason, line=lines.get(section), key=section, value=table, bound="a section")
        for name, value in table.items():
            key = f"{section}.{name}"
            line = lines.get(key, lines.get(section))
            found[key] = (_checked(_known(key, source, line), value, source, line), line)
    return found


def _from_environment(environ: Mapping[str, str]) -> dict[str, _Given]:
    """Variables of known sections; `OPTIONIX_FEED__NAME` is understood like `OPTIONIX_FEED_NAME`."""
    variables = {setting.variable: setting for setting in SETTINGS}
    sections = tuple(f"OPTIONIX_{section.upper()}_" for section in SECTIONS)
    found: dict[str, _Given] = {}
    for name in sorted(environ):
        if not name.startswith(sections):
            continue
        setting = variables.get(re.sub(r"_+", "_", name))
        if setting is None:
            raise _unknown("variable", name, variables, name, None)
        if setting.key in found:
            reason = f"sets {setting.key}, which {setting.variable} sets too"
            raise SettingsError(name, reason, key=setting.key, value=environ[name])
        value = _checked(setting, setting.from_text(environ[name]), name, None)
        found[setting.key] = _Given(value, f"environment {name}")
    return found


def _known(key: str, source: str, line: int | None) -> Setting:
    setting = BY_KEY.get(key)
    if setting is None:
        raise _unknown("setting", key, BY_KEY, source, line)
    return setting


def _checked(setting: Setting, value: object, source: str, line: int | None) -> Value:
    if not setting.accepts(value):
        reason = f"{setting.key} must be {setting.bound} (got {value!r}){_near(setting, value)}"
        raise SettingsError(source, reason, line=line, key=setting.key, value=value, bound=setting.bound)
    return float(cast(float, value)) if setting.kind is Kind.NUMBER else cast(Value, value)


def _near(setting: Setting, value: object) -> str:
    if setting.choices is None or not isinstance(value, str):
        return ""
    from difflib import get_close_matches

    near = get_close_matches(value, setting.choices(), n=1, cutoff=0.5)
    return f"; nearest: {near[0]}" if near else ""


def _unknown(kind: str, name: str, known: Iterable[str], source: str, line: int | None) -> SettingsError:
    from difflib import get_close_matches

    names = tuple(known)
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"nearest: {near[0]}" if near else f"known: {', '.join(names)}"
    return SettingsError(source, f"unknown {kind} {name!r}; {hint}", line=line, key=name)
