"""The command tree. A command's module is imported when the command is named, its heavy imports when it runs."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, MutableMapping
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import typer.main

from optionix_core.errors import InvalidValueError, UsageError
from optionix_tui.cli.arguments import Group
from optionix_tui.cli.face import Face
from optionix_tui.cli.usage import examples
from optionix_tui.web import is_page

if TYPE_CHECKING:
    from optionix_tui.playing import RecordingWish

COMMANDS: Mapping[str, tuple[str, str]] = {
    "chain": ("chain", "app"),
    "chart": ("chart", "app"),
    "surface": ("surface", "app"),
    "calibrate": ("calibrate", "app"),
    "strategy": ("strategy", "app"),
    "price": ("pricing", "price_command"),
    "greeks": ("pricing", "greeks_command"),
    "iv": ("pricing", "iv_command"),
    "what-if": ("what_if", "what_if_command"),
    "feed": ("feed", "app"),
    "buy": ("trade", "buy_command"),
    "sell": ("trade", "sell_command"),
    "order": ("order", "app"),
    "algo": ("algo", "app"),
    "halt": ("halt", "app"),
    "kill": ("kill", "app"),
    "venue": ("venue", "app"),
    "roll": ("roll", "roll_command"),
    "exercise": ("expiry", "exercise_command"),
    "expire": ("expiry", "expire_command"),
    "expiry": ("expiry", "app"),
    "positions": ("book", "positions_command"),
    "account": ("account", "app"),
    "ledger": ("ledger", "app"),
    "dashboard": ("dashboard", "dashboard_command"),
    "risk": ("risk", "app"),
    "report": ("report", "app"),
    "import": ("import_trades", "app"),
    "alert": ("alert", "app"),
    "watchlist": ("watchlist", "app"),
    "journal": ("journal", "app"),
    "log": ("log", "app"),
    "login": ("login", "login_command"),
    "logout": ("login", "logout_command"),
    "password": ("password", "password_command"),
    "mfa": ("mfa", "app"),
    "sessions": ("sessions", "sessions_app"),
    "devices": ("sessions", "devices_app"),
    "keys": ("keys", "app"),
    "sync": ("sync", "app"),
    "screen": ("screen", "screen_command"),
    "web": ("web", "web_command"),
    "serve": ("serve", "serve_command"),
    "admin": ("admin", "app"),
    "workspace": ("workspaces", "app"),
    "config": ("config", "app"),
    "spec": ("spec", "spec_command"),
    "doctor": ("doctor", "doctor_command"),
    "warm": ("doctor", "warm_command"),
}
"""Name, then module and what in it is the command; in the order of help: the market, the book, the program."""


class CommandsOnDemand(MutableMapping[str, Any]):
    """The commands by name; each is built when it is asked for."""

    def __init__(self, places: Mapping[str, tuple[str, str]]) -> None:
        self._places = dict(places)
        self._built: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._built:
            module, attribute = self._places[name]
            definition = getattr(import_module(f"optionix_tui.cli.{module}"), attribute)
            self._built[name] = typer.main.get_command(definition)
        return self._built[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._places.setdefault(name, ("", ""))
        self._built[name] = command

    def __delitem__(self, name: str) -> None:
        del self._places[name]
        self._built.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


class Root(Group):
    """`optionix` itself."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = CommandsOnDemand(COMMANDS)


app = typer.Typer(
    name="optionix",
    cls=Root,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples(
        "optionix",
        "optionix chain show ORBIT",
        "optionix buy 2 ORBIT 15JAN27 230 C --limit 3.00",
        "optionix positions --json",
        "optionix screen chain --print",
    ),
)


def _version(wanted: bool) -> None:
    if wanted:
        from optionix_core import __version__

        sys.stdout.write(f"optionix {__version__}\n")
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    feed_name: Annotated[
        str | None,
        typer.Option(
            "--feed", help="Feed: sim, file:NAME_OR_PATH, replay:FILE, deribit:ROOT, cboe:NAME.", metavar="NAME"
        ),
    ] = None,
    account: Annotated[str | None, typer.Option("--account", help="Account to act for.", metavar="NAME")] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Seed of the simulated venue.", metavar="N")] = None,
    theme: Annotated[
        str | None, typer.Option("--theme", help="Theme of the terminal, or a .toml file.", metavar="NAME")
    ] = None,
    keymap: Annotated[
        str | None, typer.Option("--keymap", help="Key map: default, vim, your own, or a .toml file.", metavar="NAME")
    ] = None,
    workspace: Annotated[
        str | None, typer.Option("--workspace", help="Saved workspace to begin the terminal with.", metavar="NAME")
    ] = None,
    record: Annotated[
        Path | None,
        typer.Option("--record", help="File to record the market into while the terminal runs.", metavar="FILE"),
    ] = None,
    record_every: Annotated[
        float | None, typer.Option("--record-every", help="Seconds between two recorded moments; 5.", metavar="SECONDS")
    ] = None,
    replay: Annotated[
        str | None, typer.Option("--replay", help="Recording to open the terminal on.", metavar="NAME_OR_FILE")
    ] = None,
    speed: Annotated[
        float | None, typer.Option("--speed", help="Times as fast as it was recorded; 1.", metavar="NUMBER")
    ] = None,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Write nothing to the log and the home, send no order.")
    ] = False,
    _version_flag: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Options workstation for the terminal: chains, prices, paper trading and an audited ledger.

    Without a command it opens the full-screen terminal.
    """
    if replay is not None and feed_name is not None:
        raise UsageError("--replay and --feed exclude each other: give one")
    flags = {
        "feed.name": feed_name if replay is None else f"replay:{replay}",
        "account.name": account,
        "feed.seed": seed,
        "terminal.theme": theme,
        "terminal.keymap": keymap,
        "trading.read_only": True if read_only else None,
    }
    face = context.ensure_object(Face)
    face.flags = {key: value for key, value in flags.items() if value is not None}
    if context.invoked_subcommand is not None:
        _refuse_terminal_options(
            {"--workspace": workspace, "--record": record, "--record-every": record_every, "--speed": speed}
        )
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()) and not is_page():
        sys.stderr.write(context.get_help() + "\n\n")
        raise UsageError("there is no terminal here: name a command, or use `optionix screen chain --print`")
    from optionix_tui.opening import run

    wish = _recording_wish(record, record_every)
    if speed is not None and not face.settings.feed.name.startswith("replay:"):
        raise UsageError("--speed is for a recording: give --replay FILE")
    played = 1.0 if speed is None else speed
    raise typer.Exit(run(face.settings, face.paths, workspace=workspace, wish=wish, speed=played))


def _refuse_terminal_options(given: Mapping[str, object]) -> None:
    for option, value in given.items():
        if value is not None:
            raise UsageError(f"{option} is for the terminal, which opens without a command")


def _recording_wish(record: Path | None, every: float | None) -> RecordingWish | None:
    """What is to be recorded; refused before the terminal opens where it can never be."""
    if record is None:
        if every is not None:
            raise UsageError("--record-every is for a recording: give --record FILE")
        return None
    from optionix_tui.playing import RECORD_EVERY, RecordingWish

    seconds = RECORD_EVERY if every is None else every
    if not 0.1 <= seconds <= 3600:
        raise InvalidValueError("--record-every", seconds, "from 0.1 to 3600 seconds")
    for taken in (record, record.with_name(f"{record.name}.part")):
        if taken.exists():
            raise UsageError(f"{taken} exists already: give the recording another name")
    return RecordingWish(record, timedelta(seconds=seconds))
