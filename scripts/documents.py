"""`make docs`: what is generated from the code. `--check` writes nothing and fails where a file is stale.

docs/api.md from the server's routes, docs/cli.md from the command tree and the error tree, docs/keys.md from the action
registry, docs/settings.md from the settings, docs/mathematics/engine.md from the engine's table of methods,
docs/security/rights.md from the server's matrix of rights and its routes. Pictures are drawn by `scripts/pictures.py`.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

from config.actions import ACTIONS
from config.paths import Paths
from config.schema import SECTIONS, SETTINGS
from config.settings import load
from optionix_core import errors
from optionix_core.pricing.engine.reference import method_reference
from optionix_tui.cli import usage
from optionix_tui.cli.app import app
from optionix_tui.cli.price_command import PriceCommand, term_sections

ROOT = Path(__file__).resolve().parent.parent
NOT_OURS = frozenset({"install_completion", "show_completion"})
"""Typer's own options, whose words change with its version."""


def command_tree(command: Any, path: str) -> Iterator[tuple[Any, str]]:
    """Every command with what is typed to reach it, depth first, in the order of its group's help."""
    yield command, path
    for name, inner in getattr(command, "commands", {}).items():
        yield from command_tree(inner, f"{path} {name}")


def command_text(command: Any, path: str) -> str:
    """One command: usage, meaning, parameters, examples."""
    shown = [item for item in command.params if item.name not in NOT_OURS]
    is_group = hasattr(command, "commands") and not any(item.param_type_name == "argument" for item in shown)
    pieces = ["[OPTIONS]", "COMMAND", "[ARGS]..."] if is_group else usage.pieces(shown)
    parts = [f"\n## {path}\n\n`{' '.join((path, *pieces))}`\n\n{inspect.cleandoc(command.help or '')}\n"]
    if shown:
        parts.append("\n| | default | meaning |\n|---|---|---|\n")
        for item in shown:
            remark = usage.note(item).removeprefix("default ")
            cells = (f"`{usage.signature(item)}`", remark, " ".join(str(item.help or "").split()))
            parts.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n")
    for heading, rows in term_sections() if isinstance(command, PriceCommand) else ():
        parts.append(f"\n{heading}:\n\n| | meaning |\n|---|---|\n")
        parts.extend(f"| `{option}` | {words} |\n" for option, words in rows)
    if command.epilog:
        parts.append(f"\n```sh\n{command.epilog}\n```\n")
    return "".join(parts)


def command_reference() -> str:
    """docs/cli.md."""
    opening = (
        "# Command line\n\nGenerated from the command tree by `make docs`; `--help` of a command says the same.\n\n"
        "Data goes to stdout, words and progress to stderr. JSON, JSON Lines and CSV carry natural units (fractions, "
        "per year) and null or an empty cell where there is no number; tables carry market units. `-` reads standard "
        "input where a file is read. `NO_COLOR` is heeded.\n"
    )
    tree = command_tree(typer.main.get_command(app), "optionix")
    return "".join((opening, exit_codes(), *(command_text(command, path) for command, path in tree)))


def exit_codes() -> str:
    """The table of exit codes, from the error tree."""
    meanings: dict[int, list[str]] = {0: ["Done."]}
    for error in errors.OptionixError.__subclasses__():
        first, _, _ = (inspect.getdoc(error) or "").partition(".")
        meanings.setdefault(error.exit_code, []).append(f"{first}.")
    rows = "".join(f"| {code} | {' '.join(words)} |\n" for code, words in sorted(meanings.items()))
    return f"\n| exit code | meaning |\n|---|---|\n{rows}"


def key_reference() -> str:
    """docs/keys.md."""
    parts = ["# Keys\n\nGenerated from the action registry by `make docs`. A user's key map names the ids.\n"]
    for scope in dict.fromkeys(action.scope for action in ACTIONS):
        parts.append(f"\n## {scope}\n\n| id | keys | what it does | command |\n|---|---|---|---|\n")
        for action in ACTIONS:
            if action.scope == scope:
                keys = " ".join(f"`{key}`" for key in action.keys)
                twin = f"`{action.cli}`" if action.cli else ""
                cells = (f"`{action.id}`", keys, action.description, twin)
                parts.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n")
    return "".join(parts)


def settings_reference() -> str:
    """docs/settings.md."""
    opening = (
        "# Settings\n\nGenerated from the settings by `make docs`. A value comes from the first place that gives it: a "
        "flag of the command, the environment variable, the project's `optionix.toml`, the user's `settings.toml`, the "
        "default. `optionix config show --origin` tells which one it was, `optionix config init` writes a commented "
        "file.\n"
    )
    defaults = load(environ={}, cwd=Path(ROOT.anchor), paths=Paths.of(ROOT / "no-home"))
    parts = [opening]
    for section in SECTIONS:
        parts.append(f"\n## {section}\n\n| setting | default | may be | meaning |\n|---|---|---|---|\n")
        for item in SETTINGS:
            if item.section == section:
                value = defaults.value(item.key)
                shown = str(value).lower() if isinstance(value, bool) else f"{value}"
                cells = (f"`{item.name}`<br>`{item.variable}`", f"`{shown}`", item.bound, item.description)
                parts.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n")
    return "".join(parts)


def api_reference() -> str:
    """docs/api.md, from the description of the routes alone: no server is started for it."""
    from server.api.reference import markdown
    from server.app import create_app

    return markdown(create_app(None).openapi())


def rights() -> str:
    """docs/security/rights.md."""
    from server.app import create_app
    from server.auth.rights_table import rights_reference

    return rights_reference(create_app(None))


def server_settings() -> str:
    """docs/server/settings.md."""
    from server.settings_table import settings_reference

    return settings_reference()


TEXTS = {
    "docs/api.md": api_reference,
    "docs/cli.md": command_reference,
    "docs/keys.md": key_reference,
    "docs/settings.md": settings_reference,
    "docs/mathematics/engine.md": method_reference,
    "docs/security/rights.md": rights,
    "docs/server/settings.md": server_settings,
}


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
