"""Turns whatever a command raises into words on stderr and an exit code, in one place."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from config.errors import SettingsError
from optionix_core.errors import InterruptedByUserError, OptionixError, StorageError, UsageError

if TYPE_CHECKING:
    from optionix_core.market.clock import Clock


def run(arguments: Sequence[str], clock: Clock | None = None) -> int:
    """Run one command line; data goes to stdout, everything else to stderr. Returns the exit code.

    `clock` tells the time where the machine's own shall not. A reader of stdout that leaves early
    (`| head`) is no failure: the code says what became of the command, not of its reader.
    """
    from optionix_tui.cli.app import app
    from optionix_tui.cli.arguments import ReaderGoneError
    from optionix_tui.cli.face import Face

    try:
        status = app(list(arguments), standalone_mode=False, prog_name="optionix", obj=Face(clock))
        sys.stdout.flush()
    except typer.TyperException as error:
        return _refused(_usage(error), UsageError.exit_code)
    except (OptionixError, SettingsError) as error:
        return _refused(str(error), error.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        return _refused("interrupted", InterruptedByUserError.exit_code)
    except (BrokenPipeError, ReaderGoneError):
        _hush()
        return 0
    except OSError as error:
        return _refused(f"{error.filename or 'input or output'}: {error.strerror or error}", StorageError.exit_code)
    if status == InterruptedByUserError.exit_code:  # Typer has caught ctrl+c itself
        return _refused("interrupted", InterruptedByUserError.exit_code)
    return status if isinstance(status, int) else 0


def _refused(words: str, status: int) -> int:
    sys.stderr.write(f"error: {words}\n")
    return status


def _usage(error: typer.TyperException) -> str:
    """What was written wrongly, and the help that tells how it is written."""
    words = error.format_message()
    words = words[:1].lower() + words[1:].rstrip(".")
    option = str(getattr(error, "option_name", ""))
    if option[1:2].isdigit():
        words = f"a number below zero has no place here (got {option})"
    context = getattr(error, "ctx", None)
    if context is None:
        return words
    if words.startswith("usage:"):  # a group of commands without a command: its help, and it is an error
        return f"name a command of `{context.command_path}`\n\n{context.get_help()}"
    return f"{words}\n`{context.command_path} --help` shows how it is used"


def _hush() -> None:
    """Python would complain about the closed pipe once more when it flushes stdout at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
