"""What stands before every answer of a feed over a network: it is connected, and the first quotes have had their time.

Answers come from memory. Only where nothing has come yet does a question wait, and only once in a feed's life, so that
a command that asks at once is answered with quotes, or with the reason why there are none.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
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


class Opening(NamedTuple):
    """From when on the first quotes answer."""

    since: datetime
    ready_at: datetime
    """When they had come."""


class Opener:
    """Tells when a feed began and when its first quotes had come."""

    def __init__(self, began_at: datetime, keeps: timedelta) -> None:
        self._since = began_at - keeps
        self._ready_at: datetime | None = None

    def ready(self, at: datetime) -> None:
        """There is something to answer from; the first time counts."""
        if self._ready_at is None:
            self._ready_at = at

    @property
    def opening(self) -> Opening | None:
        """None as long as nothing has come."""
        return None if self._ready_at is None else Opening(self._since, self._ready_at)


class Asking:
    """`opening` says since when there is something to answer from, `reason` why the last request failed."""

    def __init__(
        self,
        name: str,
        background: Background,
        changed: Condition,
        opening: Callable[[], Opening | None],
        reason: Callable[[], str | None],
        first_wait: float,
    ) -> None:
        """`first_wait`: seconds that the first question may wait."""
        self._name = name
        self._background = background
        self._changed = changed
        self._opening = opening
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

    def moment(self, asked: datetime) -> datetime:
        """As `begin`, and the moment to answer for.

        A command names its moment before it opens the feed: up to the first quotes, and from a little before the feed's
        beginning, they are the answer. Their own times say that they came later.
        """
        self.begin()
        opening = self._opening()
        return asked if opening is None or asked < opening.since else max(asked, opening.ready_at)

    def missing(self, what: str) -> MissingDataError | VenueError:
        """The error for what has not come: why nothing could be had at all, or else that this is not there."""
        reason = self._reason()
        if reason is not None and not self._ready():
            return VenueError(f"{self._name}: no quotes yet, and {reason}")
        return MissingDataError(f"{self._name} has not got {what}")

    def _ready(self) -> bool:
        return self._opening() is not None

    def _settled(self) -> bool:
        return self._ready() or self._reason() is not None or not self._background.running

    def _raise_failure(self) -> None:
        failure = self._background.failure
        if failure is not None:
            raise VenueError(f"{self._name} has ended: {failure}") from failure
