"""Keeps what compiled libraries print away from the answer.

The solver of integer programmes prints a line of its own where it repairs a solution, past every setting that silences
it. On a command's stdout that would stand among the data.
"""

from __future__ import annotations

import io
import os
import sys

STDOUT, STDERR = 1, 2


def keep_stdout_for_data() -> None:
    """From here to the end of the process, what a library prints goes to stderr; ours goes to stdout as before.

    Does nothing where stdout is not the process's own (tests, the terminal's command line).
    """
    stream = sys.stdout
    if stream is not sys.__stdout__ or not isinstance(stream, io.TextIOWrapper) or stream.fileno() != STDOUT:
        return
    stream.flush()
    at_terminal = stream.isatty()
    own = io.TextIOWrapper(
        io.BufferedWriter(io.FileIO(os.dup(STDOUT), "w")),
        encoding=stream.encoding,
        errors=stream.errors,
        newline=None if at_terminal else "\n",
        line_buffering=stream.line_buffering or stream.write_through,  # the latter under PYTHONUNBUFFERED
    )
    os.dup2(STDERR, STDOUT)
    sys.stdout = own
    sys.__stdout__ = own  # type: ignore[misc] # the size of the terminal is asked of it
