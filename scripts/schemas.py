"""The JSON Schemas of `optionix spec`, learnt from documents that the tests had the commands print.

    LEARN_SCHEMAS=build/learnt pytest tests/cli
    python scripts/schemas.py build/learnt

A field is required where every document has it; what every test of the command line prints is then checked against
the schema, so that a field that is new, lost or of another type is noticed.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parent.parent / "optionix_tui" / "cli" / "schemas"
FIELD = re.compile(r"[a-z][a-z0-9_]*")
BY_NAME = frozenset(
    {
        "cash_by_currency", "cost_by_currency", "rejections", "realised", "by_position", "by_underlying", "by_account",
        "counterparties", "betas", "payload", "parameters", "terms", "values",
    }
)  # fmt: skip
"""Objects whose keys are data: symbols, currencies, names."""
BY_HAND = frozenset(
    {
        "account-share", "account-shares", "admin-desk-add", "admin-desk-move", "admin-keys-list", "admin-user-add",
        "admin-user-disable", "admin-user-enable", "admin-user-list", "admin-user-role", "chain-show", "chart-show",
        "config-keymaps", "config-themes", "dashboard", "devices-list", "keys-create", "keys-list", "serve",
        "sessions-list", "spec", "sync-conflicts", "sync-desk", "sync-intents", "sync-now", "sync-status",
        "watchlist-show", "web", "what-if", "workspace-list",
    }
)  # fmt: skip
"""Schemas that are written, not learnt: of a document with schemas in it, of those whose fields are chosen, of lists of
files that may be damaged, and of people and keys, whose moments are null at first."""
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")
DAY = re.compile(r"\d{4}-\d\d-\d\d")


def learn(documents: list[Any], name: str = "") -> dict[str, Any]:
    """The narrowest schema that all `documents` satisfy."""
    kinds: dict[str, Any] = {}
    objects = [one for one in documents if isinstance(one, dict)]
    arrays = [one for one in documents if isinstance(one, list)]
    texts = [one for one in documents if isinstance(one, str)]
    numbers = [one for one in documents if isinstance(one, (int, float)) and not isinstance(one, bool)]
    types = []
    if objects:
        types.append("object")
        kinds |= _object(objects, name)
    if arrays:
        types.append("array")
        items = [item for one in arrays for item in one]
        if items:
            kinds["items"] = learn(items, name)
    if texts:
        types.append("string")
        for pattern, known in ((MOMENT, "date-time"), (DAY, "date")):
            if all(pattern.fullmatch(text) for text in texts):
                kinds["format"] = known
    if numbers:
        types.append("integer" if all(isinstance(one, int) for one in numbers) else "number")
    if any(isinstance(one, bool) for one in documents):
        types.append("boolean")
    if any(one is None for one in documents):
        types.append("null")
    return {"type": types[0] if len(types) == 1 else types, **kinds}


def _object(objects: list[dict[str, Any]], name: str) -> dict[str, Any]:
    keys = list(dict.fromkeys(key for one in objects for key in one))
    if name in BY_NAME or any(not FIELD.fullmatch(key) for key in keys):
        values = [value for one in objects for value in one.values()]
        return {"additionalProperties": learn(values, "")} if values else {}
    return {
        "properties": {key: learn([one[key] for one in objects if key in one], key) for key in keys},
        "required": [key for key in keys if all(key in one for one in objects)],
        "additionalProperties": False,
    }


def main() -> None:
    """Write a schema for each folder of documents."""
    source = Path(sys.argv[1])
    TARGET.mkdir(exist_ok=True)
    for folder in sorted(one for one in source.iterdir() if one.name not in BY_HAND):
        documents = [json.loads(file.read_text("utf-8")) for file in sorted(folder.iterdir())]
        schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **learn(documents)}
        text = json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
        (TARGET / f"{folder.name}.json").write_text(text, "utf-8", newline="\n")
        print(f"{folder.name}: {len(documents)} documents", file=sys.stderr)


if __name__ == "__main__":
    main()
