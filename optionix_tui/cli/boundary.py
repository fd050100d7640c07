"""Turns whatever a command raises into words on stderr and an exit code, in one place."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from config.errors import SettingsError
from optionix_core.errors import InterruptedByUserError, OptionixError


def run(arguments: Sequence[str]) -> int:
    """Run one command line; data goes to stdout, everything else to stderr."""
    from optionix_tui.cli.app import app

    try:
        result = app(list(arguments), standalone_mode=False, prog_name="optionix")
        sys.stdout.flush()
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        print("interrupted", file=sys.stderr)
        return InterruptedByUserError.exit_code
    except (OptionixError, SettingsError) as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        # The reader left (`| head`). Python would complain again when it flushes stdout at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return result if isinstance(result, int) else 0
