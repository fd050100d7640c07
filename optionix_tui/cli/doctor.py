"""`optionix doctor` and `optionix warm`: what state things are in, and the compiled kernels."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from optionix_tui.cli.face import face_of
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit, say

if TYPE_CHECKING:
    from optionix_core.services.doctor import Finding


def _terminal() -> Finding:
    import os
    import shutil

    from optionix_core.services.doctor import Finding, State

    if not sys.stdout.isatty():
        return Finding("terminal", State.NOT_CONFIGURED, "output goes to a pipe or file")
    size = shutil.get_terminal_size()
    encoding = sys.stdout.encoding or "unknown"
    detail = f"{size.columns}x{size.lines}, TERM={os.environ.get('TERM', 'unset')}, {encoding}"
    if "utf" not in encoding.lower():
        return Finding("terminal", State.ATTENTION, detail, "charts need UTF-8: set LANG or PYTHONUTF8=1")
    if size.columns < 44 or size.lines < 24:
        return Finding("terminal", State.ATTENTION, detail, "the smallest size that is drawn well is 44x24")
    return Finding("terminal", State.OK, detail)


def doctor(context: typer.Context, format_: FormatOption = Format.TABLE, as_json: JsonOption = False) -> None:
    """Examine terminal, kernels, home, database, chain, server and clock; changes nothing.

    Example: optionix doctor --json | jq .state
    """
    from optionix_core.market.clock import SystemClock
    from optionix_core.services import doctor as service

    findings = (_terminal(), *service.examine(face_of(context).home, SystemClock().now()))
    document = service.to_json(findings)
    rows = [(item.subject, str(item.state), item.detail, item.remedy) for item in findings]
    table = Table(("subject", "state", "detail", "what to do"), rows, left=frozenset({0, 1, 2, 3}))
    emit(chosen(format_, as_json), document, document["findings"], table)
    if service.worst(findings) is service.State.FAILED:
        raise typer.Exit(1)


def warm(format_: FormatOption = Format.TABLE, as_json: JsonOption = False) -> None:
    """Compile all kernels now, a line each; later starts load them from the cache.

    Example: optionix warm
    """
    from optionix_core.services import warm as service

    timings = service.warm(lambda name, seconds: say(f"{name}  {seconds:.2f} s"))
    records = [{"kernel": item.name, "seconds": item.seconds} for item in timings]
    rows = [(item.name, f"{item.seconds:.3f}") for item in timings]
    document = {"schema_version": 1, "kernels": records}
    emit(chosen(format_, as_json), document, records, Table(("kernel", "seconds"), rows))
