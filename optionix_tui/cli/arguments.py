"""How a command reads what was typed: plain readers and one wording of errors.

Typer hands every argument to pydantic, which costs more than pricing an option does and words its errors
for programmers. Here each annotation has a reader; a text that it cannot read is named with its argument
and what it should have been. An annotation without a reader is refused when the command first runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import partial
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import typer
from typer.core import TyperCommand, TyperGroup

from optionix_core.errors import UsageError
from optionix_tui.cli import usage


class Command(TyperCommand):
    """A command whose arguments are read here."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments; UsageError names the one that is missing or cannot be read."""
        _read_plainly(self, ctx)
        return super().parse_args(ctx, args)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """What follows the command's name in its usage line."""
        return usage.pieces(self.get_params(ctx))

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Arguments and options with their meaning and default."""
        usage.write_parameters(self.get_params(ctx), formatter)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - Typer's signature
        """The examples."""
        usage.write_examples(self.epilog, formatter)

    def invoke(self, ctx: Any) -> Any:
        """Run it. A reader that went away (`| head`) is told from other failures."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise ReaderGoneError from error


class Group(TyperGroup):
    """A group of commands whose own arguments are read here."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As `Command.parse_args`."""
        _read_plainly(self, ctx)
        return super().parse_args(ctx, args)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Options, then the commands."""
        usage.write_parameters(self.get_params(ctx), formatter)
        usage.write_commands((self.commands[name] for name in self.list_commands(ctx)), formatter)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - Typer's signature
        """The examples."""
        usage.write_examples(self.epilog, formatter)


class ReaderGoneError(Exception):
    """Whoever read stdout has left; there is nobody to tell anything."""


def group(name: str, about: str, *examples: str) -> typer.Typer:
    """An empty group of commands; alone it shows its help."""
    return typer.Typer(
        name=name,
        help=about,
        epilog=usage.examples(*examples),
        cls=Group,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
    )


def command(name: str, function: Callable[..., None], *examples: str) -> typer.Typer:
    """A command that stands alone."""
    alone = typer.Typer(add_completion=False, rich_markup_mode=None)
    alone.command(name, cls=Command, epilog=usage.examples(*examples))(function)
    return alone


def _number(text: str) -> float:
    return float(text.replace("_", "x"))


def _whole(text: str) -> int:
    return int(text.replace("_", "x"))


def _decimal(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError(text) from None
    if not value.is_finite():
        raise ValueError(text)
    return value


def _date(text: str) -> date:
    return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a calendar date has no zone


_READERS: Mapping[object, tuple[Callable[[str], Any], str]] = {
    str: (str, "text"),
    Path: (Path, "a path"),
    float: (_number, "a number"),
    int: (_whole, "a whole number"),
    Decimal: (_decimal, "a decimal number"),
    date: (_date, "a date such as 2027-01-15"),
}


def _read_plainly(command: TyperCommand | TyperGroup, context: Any) -> None:
    """Put our reading in the place of Typer's, for each parameter of a command's function and for `--help`."""
    hints = {} if command.callback is None else get_type_hints(command.callback)
    for parameter in command.get_params(context):
        # Typer does not let one choose the class of a parameter, so the one method is replaced on the object.
        hint = hints.get(parameter.name, str)
        parameter.process_value = partial(_value, parameter, hint)  # type: ignore[method-assign]
        parameter.shell_complete = partial(_completed, parameter, hint)  # type: ignore[method-assign]


def _completed(parameter: Any, hint: Any, context: Any, incomplete: str) -> list[Any]:
    """What a shell may offer for a parameter."""
    from typer._click.shell_completion import CompletionItem

    from optionix_tui.cli.completing import offered

    found = offered(context, parameter, _kind(hint), incomplete)
    return [CompletionItem(text, help=meaning or None) for text, meaning in found]


def _value(parameter: Any, hint: Any, context: Any, given: Any) -> Any:
    several = parameter.multiple or parameter.nargs == -1
    if several:
        read: Any = tuple(_read(parameter, hint, text) for text in given or ())
    else:
        read = None if given is None else _read(parameter, hint, given)
    if parameter.required and read in (None, ()):
        raise UsageError(f"{usage.name(parameter)} is missing ({usage.meaning(parameter)})")
    return read if parameter.callback is None else parameter.callback(context, parameter, read)


def _read(parameter: Any, hint: Any, given: Any) -> Any:
    """One value. What is no text is a default or a flag, and is what it shall be."""
    if not isinstance(given, str):
        return given
    kind = _kind(hint)
    if isinstance(kind, type) and issubclass(kind, Enum):
        names = [str(item.value) for item in kind]
        if given.lower() not in names:
            raise UsageError(f"{usage.name(parameter)} must be one of {', '.join(names)} (got {given!r})")
        return kind(given.lower())
    reader, bound = _READERS[kind]
    try:
        return reader(given)
    except ValueError:
        raise UsageError(f"{usage.name(parameter)} must be {bound} (got {given!r})") from None


def _kind(hint: Any) -> Any:
    """The type within `X | None` and `list[X]`."""
    if get_origin(hint) in (Union, UnionType):
        (hint,) = (item for item in get_args(hint) if item is not type(None))
    return get_args(hint)[0] if get_origin(hint) is list else hint
