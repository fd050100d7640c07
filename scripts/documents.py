"""`make docs`: what is generated from the code. `--check` writes nothing and fails where a file is stale.

docs/cli.md from the command tree, docs/keys.md from the action registry. Pictures are drawn by
`scripts/pictures.py`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click
import typer.main

from config.actions import ACTIONS

ROOT = Path(__file__).resolve().parent.parent


def command_tree(command: click.Command, context: click.Context) -> Iterator[tuple[click.Command, click.Context]]:
    """Every command with its context, depth first, in the order of registration."""
    yield command, context
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from command_tree(inner, click.Context(inner, info_name=name, parent=context))


def described(parameter: click.Parameter) -> str:
    """A row of a command's table of options."""
    names = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
    if isinstance(parameter, click.Argument):
        names = f"`{parameter.make_metavar(click.Context(click.Command('')))}`"
    needed = "needed" if parameter.required else ""
    default = parameter.default
    if not needed and default not in (None, False, ()) and not callable(default):
        needed = f"`{getattr(default, 'value', default)}`"
    words = " ".join((getattr(parameter, "help", None) or "").split())
    return f"| {names} | {needed} | {words} |"


def command_reference() -> str:
    """docs/cli.md."""
    from optionix_tui.cli.app import app

    root = typer.main.get_command(app)
    parts = ["# Command line\n", "Generated from the command tree by `make docs`.\n"]
    for command, context in command_tree(root, click.Context(root, info_name="optionix")):
        parts.append(f"\n## {context.command_path}\n")
        parts.append((command.help or "").strip() + "\n")
        hidden = {"install_completion", "show_completion", "help"}
        shown = [item for item in command.params if item.name not in hidden]
        if shown:
            parts.append("\n| option | default | meaning |\n|---|---|---|")
            parts.extend("\n" + described(item) for item in shown)
            parts.append("\n")
    return "".join(parts)


def key_reference() -> str:
    """docs/keys.md."""
    parts = ["# Keys\n\nGenerated from the action registry by `make docs`. A user's key map names the ids.\n"]
    for scope in dict.fromkeys(action.scope for action in ACTIONS):
        parts.append(f"\n## {scope}\n\n| id | keys | what it does | command |\n|---|---|---|---|\n")
        for action in ACTIONS:
            if action.scope == scope:
                keys = " ".join(f"`{key}`" for key in action.keys)
                twin = f"`{action.cli}`" if action.cli else ""
                parts.append(f"| `{action.id}` | {keys} | {action.description} | {twin} |\n")
    return "".join(parts)


TEXTS = {"docs/cli.md": command_reference, "docs/keys.md": key_reference}


def main() -> int:
    """Write, or check, every generated document."""
    only_check = "--check" in sys.argv[1:]
    stale = []
    for name, make in TEXTS.items():
        path = ROOT / name
        text = make()
        if path.exists() and path.read_text("utf-8") == text:
            continue
        stale.append(name)
        if not only_check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8", newline="\n")
    if stale and only_check:
        print(f"stale: {', '.join(stale)}; `make docs` writes them anew", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
