"""JSON Schemas of what commands print, learnt from what they printed, and checked on everything that tests print.

`LEARN_SCHEMAS=FOLDER pytest tests/cli` keeps every document that a test has a command print;
`scripts/schemas.py FOLDER` makes the schemas from them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import jsonschema


@cache
def _tree() -> dict[str, Any]:
    from typer.main import get_command

    from optionix_tui.cli.app import app
    from optionix_tui.cli.spec import leaves

    return dict(leaves(get_command(app)))


def path_of(arguments: Sequence[str]) -> str | None:
    """The command that a command line names; None where it names none."""
    found: str | None = None
    words: list[str] = []
    skip = False
    for argument in arguments:
        if skip:
            skip = False
        elif argument.startswith("-") and not words:
            skip = argument in {"--feed", "--account", "--seed", "--theme", "--keymap"}
        elif argument.startswith("-"):
            continue
        else:
            words.append(argument)
            if " ".join(words) in _tree():
                found = " ".join(words)
    return found


@cache
def _validator(path: str) -> Any:
    from optionix_tui.cli.spec import schema_of

    schema = schema_of(path)
    return None if schema is None else jsonschema.Draft202012Validator(schema)


def check_output(arguments: Sequence[str], text: str) -> None:
    """What a command printed as JSON is as its schema says."""
    path = path_of(arguments)
    if path is None:
        return
    folder = os.environ.get("LEARN_SCHEMAS")
    for line in text.splitlines():
        document = json.loads(line)
        if folder is not None:
            keep(Path(folder), path, document)
            continue
        validator = _validator(path)
        assert validator is not None, f"{path} has no schema: see tests/cli/schema_learning.py"
        wrong = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]
        assert wrong == [], f"{path} --json is not as its schema says"


def keep(folder: Path, path: str, document: Any) -> None:
    text = json.dumps(document)
    place = folder / path.replace(" ", "-")
    place.mkdir(parents=True, exist_ok=True)
    (place / f"{sha256(text.encode()).hexdigest()[:16]}.json").write_text(text)
