"""`optionix` and `python -m optionix_tui`: where every face starts."""

from __future__ import annotations

import gc
import sys

from optionix_tui import _origin

OBJECTS_BETWEEN_COLLECTIONS = 50_000
"""Imports make a hundred thousand objects that all stay; looking through them at Python's usual 700 takes a
tenth of the time of a short command."""


def main() -> None:
    """Run the command line; the exit code is the error tree's (`optionix_core/errors.py`)."""
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, 10, 10)
    _origin.install()
    try:
        from optionix_tui.cli.boundary import run

        _settle_encoding()
        status = run(sys.argv[1:])
    except KeyboardInterrupt:  # while modules were loading
        status = 130
    sys.exit(status)


def _settle_encoding() -> None:
    """Pipes and files get UTF-8 with plain line ends on every platform; a terminal what it can show."""
    stdout, stderr = sys.stdout, sys.stderr
    if hasattr(stdout, "reconfigure"):
        if stdout.isatty():
            stdout.reconfigure(errors="replace")
        else:
            stdout.reconfigure(encoding="utf-8", errors="surrogateescape", newline="\n")
    if hasattr(stderr, "reconfigure"):
        stderr.reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    main()
