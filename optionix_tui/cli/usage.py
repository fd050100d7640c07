"""What `--help` says below the usage line: arguments, options, commands, and examples that can be typed.

The same rows make docs/cli.md. Plain text: help is read in pipes, in logs and over slow lines as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any


def examples(*lines: str) -> str:
    """The text below a command's options: one example a line, as it can be typed."""
    return "\n".join(lines)


def name(parameter: Any) -> str:
    """As it is typed: `--spot`, or the word that stands for it in the usage line."""
    if parameter.param_type_name == "argument":
        return str(parameter.metavar or parameter.name.upper()).removesuffix("...")
    return str(max(parameter.opts, key=len))


def meaning(parameter: Any) -> str:
    """Its help as part of a sentence."""
    words = str(parameter.help or "no description")
    return words[:1].lower() + words[1:].rstrip(".")


def signature(parameter: Any) -> str:
    """`-o, --output FILE`, with what is to be put in the place of the capitals."""
    if parameter.param_type_name == "argument":
        return str(parameter.metavar or parameter.name.upper())
    spelled = ", ".join(sorted((*parameter.opts, *parameter.secondary_opts), key=len))
    return spelled if parameter.is_flag else f"{spelled} {parameter.metavar or 'TEXT'}"


def pieces(parameters: Iterable[Any]) -> list[str]:
    """The usage line: `[OPTIONS]`, then the arguments, in brackets where they may be left out."""
    arguments = [item for item in parameters if item.param_type_name == "argument"]
    return ["[OPTIONS]", *(signature(item) if item.required else f"[{signature(item)}]" for item in arguments)]


def note(parameter: Any) -> str:
    """`needed`, its default, or nothing."""
    default = parameter.default
    if parameter.required:
        return "needed"
    if default in (None, False, ()) or callable(default) or parameter.param_type_name == "argument":
        return ""
    shown = default.value if isinstance(default, Enum) else f"{default:g}" if isinstance(default, float) else default
    return f"default {shown}"


def write_parameters(parameters: Iterable[Any], formatter: Any) -> None:
    """Two sections: arguments, options."""
    for heading, kind in (("Arguments", "argument"), ("Options", "option")):
        rows = [(signature(item), _told(item)) for item in parameters if item.param_type_name == kind]
        if rows:
            with formatter.section(heading):
                formatter.write_dl(rows)


def write_commands(commands: Iterable[Any], formatter: Any) -> None:
    """One line a command."""
    with formatter.section("Commands"):
        formatter.write_dl([(str(item.name), first_sentence(item.help)) for item in commands])


def write_examples(lines: str | None, formatter: Any) -> None:
    """Never wrapped: a line is to be copied."""
    if lines:
        with formatter.section("Examples"):
            for line in lines.splitlines():
                formatter.write(f"  {line}\n")


def first_sentence(text: str | None) -> str:
    """What a command is for, without its details."""
    return " ".join((text or "").split("\n\n")[0].split())


def _told(parameter: Any) -> str:
    remark = note(parameter)
    words = str(parameter.help or "")
    return f"{words} [{remark}]" if remark else words
