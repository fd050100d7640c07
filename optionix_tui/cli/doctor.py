"""`optionix doctor` and `optionix warm`: what state things are in, and what is made ready ahead of use."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from optionix_tui.cli.arguments import command
from optionix_tui.cli.face import Face, face_of
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit, say

if TYPE_CHECKING:
    from optionix_core.services.doctor import Finding


def doctor(
    context: typer.Context,
    network: Annotated[bool, typer.Option("--network", help="Ask the feed's exchange too.")] = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Examine terminal, settings, kernels, home, database, chain, server and clock; changes nothing.

    Exits 1 where something has failed. What is not configured has not failed. Asks no network unless told to.
    """
    from optionix_core.services import doctor as service

    face = face_of(context)
    findings = (_terminal(), _settings(face), *service.examine(face.folders, face.clock.now()))
    if network:
        findings = (*findings, _feed(face))
    document = service.to_json(findings)
    rows = [(item.subject, str(item.state), item.detail, item.remedy) for item in findings]
    table = Table(("subject", "state", "detail", "what to do"), rows, left=frozenset({0, 1, 2, 3}))
    emit(chosen(format_, as_json), document, document["findings"], table)
    if service.worst(findings) is service.State.FAILED:
        raise typer.Exit(1)


def warm(format_: FormatOption = Format.TABLE, as_json: JsonOption = False) -> None:
    """Compile all kernels and store the exchanges' sessions now, a line each; later starts load them.

    Both belong to the installation, not to a home: once is enough until it is upgraded.
    """
    from optionix_core.services import warm as service

    format_ = chosen(format_, as_json)

    def tell(step: str, seconds: float) -> None:
        line = f"{step:<26}{seconds:8.2f} s"
        if format_ is not Format.TABLE:
            say(line)
            return
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    timings = (*service.warm(tell), *service.prepare_sessions(tell))
    if format_ is Format.TABLE:
        return
    records = [{"step": item.name, "seconds": item.seconds, "from_cache": item.from_cache} for item in timings]
    rows = [(item.name, f"{item.seconds:.3f}", "yes" if item.from_cache else "no") for item in timings]
    table = Table(("step", "seconds", "ready before"), rows)
    emit(format_, {"schema_version": 1, "steps": records}, records, table)


def _terminal() -> Finding:
    from config.terminal_kind import draws_ascii, is_dumb
    from optionix_core.services.doctor import Finding, State

    if not sys.stdout.isatty():
        return Finding("terminal", State.NOT_CONFIGURED, "output goes to a pipe or file")
    size = shutil.get_terminal_size()
    encoding = sys.stdout.encoding or "unknown"
    detail = f"{size.columns}x{size.lines}, TERM={os.environ.get('TERM', 'unset')}, {encoding}"
    if is_dumb(os.environ):
        return Finding("terminal", State.ATTENTION, detail, "it has no screen to draw on: set TERM to what it is")
    if draws_ascii("auto", os.environ, encoding):
        remedy = "drawn in ASCII: set LANG to a UTF-8 locale, or terminal.glyphs to unicode"
        return Finding("terminal", State.ATTENTION, detail, remedy)
    if size.columns < 44 or size.lines < 24:
        return Finding("terminal", State.ATTENTION, detail, "the smallest size that is drawn well is 44x24")
    return Finding("terminal", State.OK, detail)


def _feed(face: Face) -> Finding:
    from optionix_core.services.feed_reach import reach

    with face.workspace() as workspace:
        return reach(workspace)


def _settings(face: Face) -> Finding:
    from config.errors import SettingsError
    from optionix_core.services.doctor import Finding, State

    file = face.paths.settings_file
    try:
        changed = [key for key, origin in face.settings.origins.items() if origin != "default"]
    except SettingsError as error:
        return Finding("settings", State.FAILED, str(error), "optionix config validate; optionix config show --origin")
    if not changed and not file.exists():
        return Finding("settings", State.NOT_CONFIGURED, "the defaults are in force", "optionix config init")
    return Finding("settings", State.OK, f"{len(changed)} changed from the defaults; {file}")


doctor_command = command(
    "doctor",
    doctor,
    "optionix doctor",
    "optionix doctor --network",
    "optionix doctor --json | jq '.findings[] | select(.state != \"ok\")'",
)
warm_command = command(
    "warm",
    warm,
    "optionix warm",
    "optionix warm --json | jq '[.steps[].seconds] | add'",
)
