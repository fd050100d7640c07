"""The command tree. Commands live one subject a module; their heavy imports wait until they run."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from optionix_tui.cli import book, chain, config, doctor, feed, log, pricing, screen, trade
from optionix_tui.cli.face import Face
from optionix_tui.cli.output import say

app = typer.Typer(
    name="optionix",
    help="Options workstation for the terminal. Without a command it opens the full-screen terminal.",
    invoke_without_command=True,
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Examples:  optionix  |  optionix chain show ORBIT  |  optionix buy 2 ORBIT 16JAN26 230 C --limit 11.50",
)

app.command("price")(pricing.price)
app.command("greeks")(pricing.greeks)
app.command("iv")(pricing.implied_volatility)
app.add_typer(chain.app, name="chain")
app.add_typer(feed.app, name="feed")
app.command("buy")(trade.buy)
app.command("sell")(trade.sell)
app.command("positions")(book.positions)
app.command("account")(book.account)
app.add_typer(log.app, name="log")
app.command("screen")(screen.screen)
app.add_typer(config.app, name="config")
app.command("doctor")(doctor.doctor)
app.command("warm")(doctor.warm)


def _version(wanted: bool) -> None:
    if wanted:
        from optionix_core import __version__

        sys.stdout.write(f"optionix {__version__}\n")
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    feed_name: Annotated[
        str | None, typer.Option("--feed", help="Feed: sim, file:NAME_OR_PATH, replay:FILE.", metavar="NAME")
    ] = None,
    account: Annotated[str | None, typer.Option("--account", help="Account to act for.", metavar="NAME")] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Seed of the simulated venue.")] = None,
    theme: Annotated[str | None, typer.Option("--theme", help="Theme of the terminal.", metavar="NAME")] = None,
    keymap: Annotated[str | None, typer.Option("--keymap", help="Key map: default or vim.", metavar="NAME")] = None,
    _version_flag: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Take the flags that every command shares; without a command, open the terminal."""
    flags = {
        "feed.name": feed_name,
        "account.name": account,
        "feed.seed": seed,
        "terminal.theme": theme,
        "terminal.keymap": keymap,
    }
    face = Face(flags={key: value for key, value in flags.items() if value is not None})
    context.obj = face
    if context.invoked_subcommand is not None:
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        sys.stderr.write(context.get_help() + "\n")
        say("There is no terminal here: name a command, or use `optionix screen chain --print`.")
        raise typer.Exit(2)
    from optionix_tui.app import run

    run(face.settings, face.paths)
