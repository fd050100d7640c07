"""The settings of the server as a table, read from `server/settings.py` itself, for the documents."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import SecretStr

from server.settings import FILE_SUFFIX, PREFIX, ServerSettings

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

_SOURCE: Final = Path(__file__).with_name("settings.py")

_OPENING: Final = f"""\
# Settings of the server

Generated from the settings by `make docs`. Each is a variable; its value may lie in the file that the variable with
`{FILE_SUFFIX}` at its end names, which is the way for secrets. Giving both is refused, and so is a variable that begins
like these and is none of them. `--host`, `--port` and `--workers` of `optionix serve` win over variables.

"""


def settings_reference() -> str:
    """docs/server/settings.md."""
    words = _words()
    parts = [_OPENING, "| variable | default | meaning |\n|---|---|---|\n"]
    for name, field in ServerSettings.model_fields.items():
        cells = (f"`{PREFIX}{name.upper()}`", _default(name, field), words[name])
        parts.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n")
    return "".join(parts)


def _default(name: str, field: FieldInfo) -> str:
    if name == "data_folder":
        return "`server` in the home's data"
    value = field.default
    if value is None:
        return "none (secret)" if SecretStr in getattr(field.annotation, "__args__", ()) else "none"
    return f"`{_plain(value)}`" if _plain(value) else "none"


def _plain(value: Any) -> str:
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _words() -> dict[str, str]:
    """What is written under each field, or under the last of several that belong together."""
    found: dict[str, str] = {}
    waiting: list[str] = []
    for statement in _body():
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            waiting.append(statement.target.id)
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant) and waiting:
            found.update(dict.fromkeys(waiting, " ".join(str(statement.value.value).split())))
            waiting = []
    return found


def _body() -> list[ast.stmt]:
    tree = ast.parse(_SOURCE.read_text("utf-8"))
    classes = (one for one in tree.body if isinstance(one, ast.ClassDef))
    return next(one.body for one in classes if one.name == ServerSettings.__name__)
