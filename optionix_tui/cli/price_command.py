"""`optionix price` as a command with terms of any contract and model, and with `history` below it.

The terms are read by `price_terms`, and the help shows them in sections of their own. `optionix price history` is told
from a file by its name; a file of that name is `./history`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

import typer.main

from optionix_tui.cli.arguments import Command
from optionix_tui.cli.usage import write_commands

GIVEN = "optionix.terms"
"""Where the texts of the terms are put in the context."""
BELOW = "optionix.below"
"""Where the arguments of a command below are put."""


class TermCommand(Command):
    """A command that also takes terms of contracts and parameters of models."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take the terms out, then read the rest."""
        own = frozenset(name for item in self.get_params(ctx) for name in (*item.opts, *item.secondary_opts))
        foreign = [item for item in args if item.startswith("--") and item.partition("=")[0] not in own]
        if foreign:
            from optionix_core.services.price_terms import split

            args, ctx.meta[GIVEN] = split(args, own)
        return super().parse_args(ctx, args)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """The command's own options, then the terms."""
        super().format_options(ctx, formatter)
        for heading, rows in term_sections():
            with formatter.section(heading):
                formatter.write_dl(rows)


class PriceCommand(TermCommand):
    """With `history` below it."""

    @property
    def commands(self) -> Mapping[str, Any]:
        """What can be named in the place of a file."""
        return _Below(_built())

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """A command below takes all that follows its name."""
        if args and args[0] in _NAMES:
            ctx.meta[BELOW] = args
            return super().parse_args(ctx, [])
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Price, or run the command below."""
        arguments = ctx.meta.get(BELOW)
        if arguments is None:
            return super().invoke(ctx)
        name, *rest = arguments
        command = self.commands[name]
        # Its parent is this command's, or the usage line would hold the file that has no place there.
        with command.make_context(f"{ctx.info_name} {name}", rest, parent=ctx.parent) as below:
            return command.invoke(below)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Options, terms, then the commands below."""
        super().format_options(ctx, formatter)
        write_commands(self.commands.values(), formatter)


_NAMES = ("history",)
_MADE: dict[str, Any] = {}


def _built() -> MutableMapping[str, Any]:
    if not _MADE:
        from optionix_tui.cli.price_history import app

        _MADE["history"] = typer.main.get_command(app)
    return _MADE


class _Below(Mapping[str, Any]):
    """Commands that may be read and not changed."""

    def __init__(self, commands: Mapping[str, Any]) -> None:
        self._commands = commands

    def __getitem__(self, name: str) -> Any:
        return self._commands[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._commands)

    def __len__(self) -> int:
        return len(self._commands)


def term_sections() -> tuple[tuple[str, list[tuple[str, str]]], ...]:
    """Headings with rows of option and meaning, for the help and for docs/cli.md."""
    from optionix_core.pricing.contracts import BY_KIND
    from optionix_core.pricing.engine.model_terms import MODELS, model_class
    from optionix_core.services import price_terms

    models = {kind: model_class(kind) for kind in MODELS}
    return (
        ("Terms of contracts", price_terms.described(price_terms.all_contract_terms(), BY_KIND)),
        ("Parameters of models", price_terms.described(price_terms.all_model_terms(), models)),
    )
