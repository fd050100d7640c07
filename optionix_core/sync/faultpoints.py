"""Named places at which a process can be made to die, so that tests prove what a crash leaves behind.

`OPTIONIX_FAULT_POINT=after-commit` kills the process the first time that it reaches that point,
`after-commit:3` the third time; without the variable `reach` does nothing. Death is SIGKILL: no handler, no clean-up,
no flush (on Windows `os.kill` with that number is TerminateProcess).
"""

from __future__ import annotations

import os
from typing import Final

from optionix_core.errors import ConfigurationError

VARIABLE: Final = "OPTIONIX_FAULT_POINT"
POINTS: Final = ("before-gate", "after-intent", "inside-transaction", "after-commit")
"""In the order of a buy: before the pre-trade gate, after the intent is durable, between insert and
commit, between commit and acknowledgement (the head outside is not written yet)."""
SERVER_POINTS: Final = ("server-before-commit", "server-after-commit")
"""Of every transaction of a server: before it is durable, and after it while nobody has heard so."""

_KILL: Final = 9
_WANTED: Final = os.environ.get(VARIABLE)
_reached: dict[str, int] = {}


def reach(point: str) -> None:
    """Die here if the environment says so. ConfigurationError where it names a point that does not exist."""
    if _WANTED is None:
        return
    name, turn = _wanted(_WANTED)
    _reached[point] = _reached.get(point, 0) + 1
    if point == name and _reached[point] == turn:
        os.kill(os.getpid(), _KILL)


def _wanted(text: str) -> tuple[str, int]:
    name, _, turn = text.partition(":")
    known = (*POINTS, *SERVER_POINTS)
    if name not in known or (turn and not turn.isdecimal()):
        raise ConfigurationError(f"{VARIABLE} must be one of {', '.join(known)}, or POINT:TIMES (got {text!r})")
    return name, int(turn or "1")
