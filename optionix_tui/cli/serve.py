"""`optionix serve`: the team server, over the same engine as this workstation."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optionix_core.errors import ConfigurationError, InvalidValueError, UsageError
from optionix_tui.cli.arguments import command
from optionix_tui.cli.face import face_of
from optionix_tui.cli.output import JsonOption, say, write_json

if TYPE_CHECKING:
    from optionix_tui.cli.face import Face
    from server.settings import ServerSettings

LARGEST_PORT = 65535
MOST_WORKERS = 64
FLAGS = {"feed.name": "feed", "feed.seed": "seed"}
"""Settings of the server that flags of `optionix` itself set."""
FOLDER = "server"
"""Of a home's data: the server's database and keys, apart from the workstation's own log."""


def serve(
    context: typer.Context,
    host: Annotated[
        str | None, typer.Option("--host", help="Address to listen on; 127.0.0.1 unless set.", metavar="IP")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", help="Port to listen on, 8000 unless set; 0: any free one.", metavar="N")
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", help="Processes, 1 unless set; several need PostgreSQL.", metavar="N")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Serve accounts, orders, risk and sync to a team over HTTP; ends by ctrl+c or SIGTERM.

    Everything else is set by OPTIONIX_SERVER_... variables, secrets by files that OPTIONIX_SERVER_..._FILE name. Unless
    OPTIONIX_SERVER_ENVIRONMENT is `production` it listens on this machine alone and makes its keys in the home.
    """
    face = face_of(context)
    _within("--port", port, 0, LARGEST_PORT)
    _within("--workers", workers, 1, MOST_WORKERS)
    try:
        from server import serving
        from server.settings import load_settings
    except ModuleNotFoundError as error:
        if (error.name or "").startswith(("server", "optionix_core", "config")):
            raise
        missing = f"the server needs {error.name}, which is not installed: install optionix[server]"
        raise ConfigurationError(missing) from None
    given = {"host": host, "port": port, "workers": workers, **_of_root(face)}
    settings = load_settings(
        given={key: value for key, value in given.items() if value is not None},
        defaults={"data_folder": face.paths.data / FOLDER},
    )
    serving.serve(settings, lambda address: _tell(address, settings, as_json=as_json))


def _of_root(face: Face) -> dict[str, Any]:
    """Flags of `optionix` itself that a server takes. UsageError for one that it cannot be given."""
    unfit = sorted(set(face.flags) - set(FLAGS))
    if unfit:
        raise UsageError(f"the flag of {unfit[0]} is for a workstation: a server cannot be given it")
    return {FLAGS[key]: value for key, value in face.flags.items()}


def _within(option: str, value: int | None, lowest: int, highest: int) -> None:
    if value is not None and not lowest <= value <= highest:
        raise InvalidValueError(option, value, f"between {lowest} and {highest}")


def _tell(address: str, settings: ServerSettings, *, as_json: bool) -> None:
    if as_json:
        write_json(
            {
                "schema_version": 1,
                "address": address,
                "port": int(address.rpartition(":")[2]),
                "environment": settings.environment.value,
                "workers": settings.workers,
            }
        )
    else:
        sys.stdout.write(f"{address}\n")
    sys.stdout.flush()
    say(f"serving on {address} ({settings.environment}): ctrl+c ends it")


serve_command = command(
    "serve",
    serve,
    "optionix serve",
    "optionix serve --port 0 --json",
    "OPTIONIX_SERVER_DATABASE_URL_FILE=/run/secrets/database optionix serve --workers 2",
)
