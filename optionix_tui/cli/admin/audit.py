"""`optionix admin audit`: the server's audit log checked, taken away, and its head written outside the database."""

from __future__ import annotations

import base64
import sys
from typing import Any

import typer  # noqa: TC002 - it reads annotations when a command is built

from optionix_core.errors import MissingDataError
from optionix_tui.cli.admin.store import host_of
from optionix_tui.cli.arguments import Command, group
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit
from optionix_tui.cli.usage import examples

app = group("audit", "The server's audit log: verify, export, head.", "optionix admin audit verify")


@app.command(cls=Command, epilog=examples("optionix admin audit verify", "optionix admin audit verify --json"))
def verify(context: typer.Context, *, format_: FormatOption = Format.TABLE, as_json: JsonOption = False) -> None:
    """Check every entry, every signed root and every head outside the database; exit 7 names the first bad sequence."""
    with host_of(context) as host:
        found = host.verify()
    one = {
        "entries": found.entries,
        "root": base64.b64encode(found.root).decode("ascii"),
        "roots": found.roots,
        "heads": found.heads,
        "erased": found.erased,
    }
    _show(chosen(format_, as_json), one)


@app.command(cls=Command, epilog=examples("optionix admin audit export > audit.jsonl"))
def export(context: typer.Context) -> None:
    """Every entry as a line of JSON, and the signed head as the last line."""
    with host_of(context) as host:
        for line in host.audit_lines():
            sys.stdout.write(line.decode("utf-8"))


@app.command(cls=Command, epilog=examples("optionix admin audit head", "optionix admin audit head --json"))
def head(context: typer.Context, *, format_: FormatOption = Format.TABLE, as_json: JsonOption = False) -> None:
    """Sign the log's head and write it into the folder `audit_heads` beside the database; keep a copy elsewhere."""
    with host_of(context) as host:
        found = host.export_head()
    if found is None:
        raise MissingDataError("the audit log has no entry yet")
    _show(chosen(format_, as_json), found.document())


def _show(format_: Format, one: dict[str, Any]) -> None:
    table = Table(("", ""), [(name, str(value)) for name, value in one.items()], left=frozenset({0, 1}))
    emit(format_, {"schema_version": 1, **one}, [one], table)
