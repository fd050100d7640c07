"""The command tree. Commands live one subject a module; their heavy imports wait until they run."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from optionix_core.errors import UsageError
from optionix_tui.cli import book, chain, config, doctor, feed, log, pricing, screen, trade
from optionix_tui.cli.arguments import Command, Group
from optionix_tui.cli.face import Face
from optionix_tui.cli.usage import examples

ORDER = (
    *("chain", "price", "greeks", "iv", "feed", "buy", "sell", "positions", "account", "log"),
    *("screen", "config", "doctor", "warm"),
)
"""As `optionix --help` lists them: the market, the book, the program itself."""


class Root(Group):
    """`optionix` itself."""

    def list_commands(self, ctx: Any) -> list[str]:
        """In an order that tells what belongs together."""
        return sorted(super().list_commands(ctx), key=ORDER.index)


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
        "optionix buy 2 ORBIT 15JAN27 230 C --limit 2.50",
        "optionix positions --json",
        "optionix screen chain --print",
    ),
)


def _add(name: str, function: Callable[..., None], epilog: str) -> None:
    app.command(name, cls=Command, epilog=epilog)(function)


_add("price", pricing.price, pricing.PRICE_EXAMPLES)
_add("greeks", pricing.greeks, pricing.GREEKS_EXAMPLES)
_add("iv", pricing.implied_volatility, pricing.IV_EXAMPLES)
app.add_typer(chain.app)
app.add_typer(feed.app)
_add("buy", trade.buy, trade.BUY_EXAMPLES)
_add("sell", trade.sell, trade.SELL_EXAMPLES)
_add("positions", book.positions, book.POSITIONS_EXAMPLES)
_add("account", book.account, book.ACCOUNT_EXAMPLES)
app.add_typer(log.app)
_add("screen", screen.screen, screen.EXAMPLES)
app.add_typer(config.app)
_add("doctor", doctor.doctor, doctor.DOCTOR_EXAMPLES)
_add("warm", doctor.warm, doctor.WARM_EXAMPLES)


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

    run(face.settings, face.paths)
