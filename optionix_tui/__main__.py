"""`optionix` and `python -m optionix_tui`: where every face starts."""

from __future__ import annotations

import codecs
import gc
import os
import sys
from typing import Any

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
            _settle_terminal(stdout)
        else:
            stdout.reconfigure(encoding="utf-8", errors="surrogateescape", newline="\n")
    if hasattr(stderr, "reconfigure"):
        stderr.reconfigure(errors="backslashreplace")


def _settle_terminal(stdout: Any) -> None:
    """Signs that the terminal does not show are written by their likenesses in ASCII, cell for cell."""
    from config.terminal_kind import GLYPHS, draws_ascii

    asked = os.environ.get("OPTIONIX_TERMINAL_GLYPHS", "auto")
    if asked in GLYPHS and draws_ascii(asked, os.environ, stdout.encoding):
        codecs.register_error("in-ascii", _in_ascii)
        stdout.reconfigure(encoding="ascii", errors="in-ascii")
    else:
        stdout.reconfigure(errors="replace")


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    from widgets.glyphs import to_ascii

    if not isinstance(error, UnicodeEncodeError):
        raise error
    return to_ascii(error.object[error.start : error.end]), error.end


if __name__ == "__main__":
    main()
