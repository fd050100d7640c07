"""The command tree. A command's module is imported when the command is named, its heavy imports when it runs."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, MutableMapping
from importlib import import_module
from typing import Annotated, Any

import typer
import typer.main

from optionix_core.errors import UsageError
from optionix_tui.cli.arguments import Group
from optionix_tui.cli.face import Face
from optionix_tui.cli.usage import examples

COMMANDS: Mapping[str, tuple[str, str]] = {
    "chain": ("chain", "app"),
    "surface": ("surface", "app"),
    "calibrate": ("calibrate", "app"),
    "strategy": ("strategy", "app"),
    "price": ("pricing", "price_command"),
    "greeks": ("pricing", "greeks_command"),
    "iv": ("pricing", "iv_command"),
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
    "risk": ("risk", "app"),
    "report": ("report", "app"),
    "import": ("import_trades", "app"),
    "alert": ("alert", "app"),
    "watchlist": ("watchlist", "app"),
    "journal": ("journal", "app"),
    "log": ("log", "app"),
    "screen": ("screen", "screen_command"),
    "config": ("config", "app"),
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
    theme: Annotated[str | None, typer.Option("--theme", help="Theme of the terminal.", metavar="NAME")] = None,
    keymap: Annotated[str | None, typer.Option("--keymap", help="Key map: default or vim.", metavar="NAME")] = None,
    _version_flag: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Options workstation for the terminal: chains, prices, paper trading and an audited ledger.

    Without a command it opens the full-screen terminal.
    """
    flags = {
        "feed.name": feed_name,
        "account.name": account,
        "feed.seed": seed,
        "terminal.theme": theme,
        "terminal.keymap": keymap,
    }
    face = context.ensure_object(Face)
    face.flags = {key: value for key, value in flags.items() if value is not None}
    if context.invoked_subcommand is not None:
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        sys.stderr.write(context.get_help() + "\n\n")
        raise UsageError("there is no terminal here: name a command, or use `optionix screen chain --print`")
    from optionix_tui.app import run

    raise typer.Exit(run(face.settings, face.paths))
