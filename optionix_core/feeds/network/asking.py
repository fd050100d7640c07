"""What stands before every answer of a feed over a network: it is connected, and the first quotes have had their time.

Answers come from memory. Only where nothing has come yet does a question wait, and only once in a feed's life, so that
a command that asks at once is answered with quotes, or with the reason why there are none.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from threading import Condition
from typing import NamedTuple

from optionix_core.errors import MissingDataError, VenueError
from optionix_core.feeds.network.background import Background


class ConnectionStatus(NamedTuple):
    """How a connection stands."""

    connected: bool
    since: datetime
    reason: str | None
    """Why it is not connected, or why the last answer did not come; None where nothing is wrong."""


class Asking:
    """`ready` says whether there is something to answer from, `reason` why the last request failed."""

    def __init__(
        self,
        name: str,
        background: Background,
        changed: Condition,
        ready: Callable[[], bool],
        reason: Callable[[], str | None],
        first_wait: float,
    ) -> None:
        """`first_wait`: seconds that the first question may wait."""
        self._name = name
        self._background = background
        self._changed = changed
        self._ready = ready
        self._reason = reason
        self._first_wait = first_wait
        self._waited = False
        background.wake_when_ended(changed)

    def begin(self) -> None:
        """Called before an answer. VenueError where the connection's own code has failed."""
        self._raise_failure()
        self._background.start()
        if not self._waited and not self._ready() and self._background.running:
            with self._changed:
                self._changed.wait_for(self._settled, self._first_wait)
            self._waited = True
            self._raise_failure()

    def missing(self, what: str) -> MissingDataError | VenueError:
        """The error for what has not come: why nothing could be had at all, or else that this is not there."""
        reason = self._reason()
        if reason is not None and not self._ready():
            return VenueError(f"{self._name}: no quotes yet, and {reason}")
        return MissingDataError(f"{self._name} has not got {what}")

    def _settled(self) -> bool:
        return self._ready() or self._reason() is not None or not self._background.running

    def _raise_failure(self) -> None:
        failure = self._background.failure
        if failure is not None:
            raise VenueError(f"{self._name} has ended: {failure}") from failure
