"""`optionix spec`: every command, its options, and the JSON Schema of what it prints, for programs that call it."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from enum import Enum
from importlib import resources
from typing import Annotated, Any

import typer

from optionix_core.errors import UnknownNameError
from optionix_tui.cli import usage
from optionix_tui.cli.arguments import command
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit

NOT_OURS = frozenset({"install_completion", "show_completion"})
"""Typer's own options, whose words change with its version."""


def spec(
    context: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(help="Only this command or group: order submit.", metavar="COMMAND..."),
    ] = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """List commands, options and, in JSON, the schema of what each prints."""
    name = " ".join(words or ())
    tree = dict(leaves(context.find_root().command))
    found = {path: leaf for path, leaf in tree.items() if not name or path == name or path.startswith(f"{name} ")}
    if not found:
        raise UnknownNameError("command", name, tuple(tree))
    commands = [described(path, leaf) for path, leaf in found.items()]
    document = {"schema_version": 1, "exit_codes": exit_codes(), "commands": commands}
    records = [
        {
            "command": one["command"],
            "about": one["about"],
            "arguments": " ".join(item["name"] for item in one["arguments"]),
            "options": " ".join(item["names"][-1] for item in one["options"]),
            "prints_json": one["output"] is not None,
        }
        for one in commands
    ]
    rows = [(one["command"], one["about"]) for one in commands]
    table = Table(("command", "what it does"), rows, left=frozenset({0, 1}))
    emit(chosen(format_, as_json), document, records, table)


def leaves(root: Any) -> Iterator[tuple[str, Any]]:
    """Every command that does something, with the words that reach it."""

    def below(path: tuple[str, ...], here: Any) -> Iterator[tuple[str, Any]]:
        inner = getattr(here, "commands", None)
        if inner is None or getattr(here, "invoke_without_command", True):
            yield " ".join(path), here
        for name, one in (inner or {}).items():
            yield from below((*path, name), one)

    for name, one in root.commands.items():
        yield from below((name,), one)


def described(path: str, leaf: Any) -> dict[str, Any]:
    """One command."""
    from optionix_tui.cli.price_command import PriceCommand, term_sections

    shown = [item for item in leaf.params if item.name not in NOT_OURS]
    sections = term_sections() if isinstance(leaf, PriceCommand) else ()
    terms = [
        {"name": option.partition(" ")[0], "about": about, "value": option.partition(" ")[2]}
        for _, rows in sections
        for option, about in rows
    ]
    return {
        "command": path,
        "about": " ".join(inspect.cleandoc(leaf.help or "").split("\n\n")[0].split()),
        "arguments": [_parameter(item) for item in shown if item.param_type_name == "argument"],
        "options": [_parameter(item) for item in shown if item.param_type_name == "option"],
        "terms": terms,
        "examples": (leaf.epilog or "").splitlines(),
        "output": schema_of(path),
    }


def _parameter(item: Any) -> dict[str, Any]:
    default = item.default
    if isinstance(default, Enum):
        default = default.value
    plain = isinstance(default, (str, int, float)) and not isinstance(default, bool)
    spelled = sorted((*item.opts, *item.secondary_opts), key=len)
    named = {"name": usage.name(item)} if item.param_type_name == "argument" else {"names": spelled}
    return {
        **named,
        "about": str(item.help or ""),
        "value": None if getattr(item, "is_flag", False) else str(item.metavar or "TEXT"),
        "required": bool(item.required),
        "repeatable": bool(item.multiple) if item.param_type_name == "option" else item.nargs == -1,
        "default": default if plain else None,
    }


def schema_of(path: str) -> Any:
    """The JSON Schema of what a command prints with `--json`; None where it prints none."""
    file = resources.files("optionix_tui.cli") / "schemas" / f"{path.replace(' ', '-')}.json"
    return json.loads(file.read_text("utf-8")) if file.is_file() else None


def exit_codes() -> list[dict[str, Any]]:
    """What each exit code means, from the error tree."""
    from optionix_core import errors

    meanings: dict[int, list[str]] = {0: ["Done."]}
    for error in errors.OptionixError.__subclasses__():
        first, _, _ = (inspect.getdoc(error) or "").partition(".")
        meanings.setdefault(error.exit_code, []).append(f"{first}.")
    return [{"code": code, "meaning": " ".join(words)} for code, words in sorted(meanings.items())]


spec_command = command(
    "spec",
    spec,
    "optionix spec",
    "optionix spec order submit --json | jq '.commands[0].output.properties | keys'",
    "optionix spec risk --json | jq -r '.commands[] | .command, (.options[] | .names[-1])'",
)
