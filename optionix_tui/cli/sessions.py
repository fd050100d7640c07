"""`optionix sessions` and `optionix devices`: where one is signed in, and which homes push and pull."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optionix_core.errors import UsageError
from optionix_tui.cli.arguments import Command, group
from optionix_tui.cli.asking import Secrets
from optionix_tui.cli.face import face_of
from optionix_tui.cli.mfa import CodeStdin, PasswordStdin
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit
from optionix_tui.cli.usage import examples

if TYPE_CHECKING:
    from optionix_tui.remote.answers import RemoteDevice, RemoteSession

sessions_app = group(
    "sessions",
    "Where you are signed in: list, revoke.",
    "optionix sessions list",
    "optionix sessions revoke 0b9f6c1e-7d1e-4d0e-9a55-0c5b6c1f2a3b --yes",
)
devices_app = group(
    "devices",
    "Homes that push and pull: list, release, revoke.",
    "optionix devices list",
    "optionix devices revoke 4f1c2a --yes",
)

Yes = Annotated[bool, typer.Option("--yes", help="Do it; without it nothing is done.")]


@sessions_app.command(
    "list", cls=Command, epilog=examples("optionix sessions list", "optionix sessions list --json | jq '.sessions[]'")
)
def list_sessions(context: typer.Context, *, format_: FormatOption = Format.TABLE, as_json: JsonOption = False) -> None:
    """Every place where your account is signed in."""
    with face_of(context).team() as team:
        found = team.client().sessions.list()
    records = [_session(one) for one in found]
    rows = [
        (
            ("* " if one.current else "") + one.session_id,
            one.device_id,
            moment_shown(one.created_at),
            moment_shown(one.last_used_at),
            one.ip_address,
            one.user_agent,
        )
        for one in found
    ]
    headings = ("session", "device", "since (UTC)", "last used (UTC)", "address", "program")
    table = Table(headings, rows, left=frozenset(range(6)))
    emit(chosen(format_, as_json), {"schema_version": 1, "sessions": records}, records, table)


@sessions_app.command(
    "revoke",
    cls=Command,
    epilog=examples("optionix sessions revoke SESSION --yes", "optionix sessions revoke SESSION --yes --json"),
)
def revoke_session(
    context: typer.Context,
    session_id: Annotated[str, typer.Argument(help="A session, as `sessions list` tells it.", metavar="SESSION")],
    *,
    yes: Yes = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """End a session: its tokens are refused from then on."""
    _check(yes, f"ends session {session_id}")
    with face_of(context).team() as team:
        team.client().sessions.revoke(session_id)
    record = {"session_id": session_id, "revoked": True}
    emit(chosen(format_, as_json), {"schema_version": 1, **record}, [record], Table(title=f"ended: {session_id}"))


@devices_app.command(
    "list", cls=Command, epilog=examples("optionix devices list", "optionix devices list --json | jq '.devices[]'")
)
def list_devices(context: typer.Context, *, format_: FormatOption = Format.TABLE, as_json: JsonOption = False) -> None:
    """Homes of your account that have pushed or pulled."""
    with face_of(context).team() as team:
        found = team.client().devices.list()
        here = team.signed_in().device_id
    records = [_device(one, here) for one in found]
    rows = [
        (
            ("* " if one.device_id == here else "") + one.device_id,
            one.name,
            one.state + (f": {one.stopped_why}" if one.stopped_why else ""),
            moment_shown(one.created_at),
            moment_shown(one.last_seen_at),
        )
        for one in found
    ]
    headings = ("device", "name", "state", "since (UTC)", "last seen (UTC)")
    table = Table(headings, rows, left=frozenset(range(5)))
    emit(chosen(format_, as_json), {"schema_version": 1, "devices": records}, records, table)


@devices_app.command(
    "revoke",
    cls=Command,
    epilog=examples("optionix devices revoke DEVICE --yes", "optionix devices revoke DEVICE --yes --json"),
)
def revoke_device(
    context: typer.Context,
    device_id: Annotated[str, typer.Argument(help="A device, as `devices list` tells it.", metavar="DEVICE")],
    *,
    yes: Yes = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Shut a home out for good: it can neither push nor pull, and its sessions end."""
    _check(yes, f"shuts device {device_id} out for good")
    with face_of(context).team() as team:
        team.client().devices.revoke(device_id)
    record = {"device_id": device_id, "revoked": True}
    emit(chosen(format_, as_json), {"schema_version": 1, **record}, [record], Table(title=f"shut out: {device_id}"))


@devices_app.command(
    "release",
    cls=Command,
    epilog=examples("optionix devices release DEVICE --yes", "optionix devices release DEVICE --yes --json"),
)
def release_device(
    context: typer.Context,
    device_id: Annotated[str, typer.Argument(help="A device, as `devices list` tells it.", metavar="DEVICE")],
    *,
    yes: Yes = False,
    password_stdin: PasswordStdin = False,
    code_stdin: CodeStdin = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Let a home push again that the server stopped with an alarm, once you have looked why.

    The password is asked for where the sign-in was more than five minutes ago. On that home `optionix sync resume`
    comes after it.
    """
    _check(yes, f"lets device {device_id} push again; `optionix devices list` says why it was stopped")
    with face_of(context).team() as team:
        client = team.client()
        Secrets().stepped_up(
            client, lambda: client.devices.release(device_id), piped=password_stdin, code_piped=code_stdin
        )
    record = {"device_id": device_id, "released": True}
    emit(chosen(format_, as_json), {"schema_version": 1, **record}, [record], Table(title=f"may push: {device_id}"))


def _check(yes: bool, what: str) -> None:
    if not yes:
        raise UsageError(f"--yes is missing: this {what}")


def _session(one: RemoteSession) -> dict[str, Any]:
    return {
        "session_id": one.session_id,
        "device_id": one.device_id or None,
        "current": one.current,
        "created_at": moment_text(one.created_at),
        "last_used_at": moment_text(one.last_used_at),
        "expires_at": moment_text(one.expires_at),
        "ip_address": one.ip_address or None,
        "user_agent": one.user_agent or None,
    }


def _device(one: RemoteDevice, here: str) -> dict[str, Any]:
    return {
        "device_id": one.device_id,
        "name": one.name,
        "state": one.state,
        "current": one.device_id == here,
        "created_at": moment_text(one.created_at),
        "last_seen_at": moment_text(one.last_seen_at),
        "revoked_at": moment_text(one.revoked_at),
        "stopped_why": one.stopped_why or None,
    }


def moment_text(moment: datetime | None) -> str | None:
    """As JSON carries it."""
    return None if moment is None else moment.isoformat()


def moment_shown(moment: datetime | None) -> str:
    """As tables carry it, in UTC; empty for none."""
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S}"
