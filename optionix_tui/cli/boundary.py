"""Turns whatever a command raises into words on stderr and an exit code, in one place."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import typer

from config.errors import SettingsError
from optionix_core.errors import InterruptedByUserError, OptionixError, UsageError


def run(arguments: Sequence[str]) -> int:
    """Run one command line; data goes to stdout, everything else to stderr."""
    from optionix_tui.cli.app import app

    try:
        status = app(list(arguments), standalone_mode=False, prog_name="optionix")
        sys.stdout.flush()
    except typer.BadParameter as error:
        return _refused(_bad_parameter(error), UsageError.exit_code)
    except typer.TyperException as error:
        return _refused(error.format_message(), UsageError.exit_code)
    except (OptionixError, SettingsError) as error:
        return _refused(str(error), error.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        return _refused("interrupted", InterruptedByUserError.exit_code)
    except BrokenPipeError:
        # The reader left (`| head`). Python would complain again when it flushes stdout at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status if isinstance(status, int) else 0


def _refused(words: str, status: int) -> int:
    sys.stderr.write(f"error: {words}\n")
    return status


def _bad_parameter(error: typer.BadParameter) -> str:
    """Field, bound and, where the parser tells it, the value."""
    causes: list[dict[str, object]] = getattr(error.__cause__, "errors", list)()
    value = f" (got {causes[0]['input']!r})" if causes else ""
    return f"{error.format_message()}{value}"
