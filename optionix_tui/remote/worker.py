"""Keeping in step while the terminal runs: push and pull in a thread of its own, woken by a hint or by time.

A hint (a WebSocket's, an entry of this home's own) only wakes; what there is to do is asked. Waits are spread, so that
terminals that lost their server at one moment do not come back at one moment. It ends with the sign-in.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread
from typing import TYPE_CHECKING

from optionix_core.errors import IntegrityError, OptionixError, RefusedError
from optionix_core.feeds.network.pace import RetryPolicy, Uniform, jitter
from screens.team import SyncNews

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.market.clock import Clock
    from screens.team import InStep, Member, SyncDone

IDLE_SECONDS = 3600.0
"""Between two tries of what time cannot mend, where nothing wakes it."""
PASSING = frozenset({"rate-limited"})
"""Rules of refusals that time does mend."""


class SyncWorker(Thread):
    """Runs until `stop`; `wake` may be called from any thread."""

    def __init__(
        self,
        *,
        member: Callable[[], Member | None],
        in_step: Callable[[], InStep],
        sync: Callable[[], SyncDone] | None,
        tell: Callable[[SyncNews], None],
        changed: Callable[[], None],
        crashed: Callable[[Exception], None],
        clock: Clock,
        interval: float,
        uniform: Uniform = jitter,
    ) -> None:
        """`sync` None: only tell how things stand; `interval`: seconds between two tries where nothing wakes it."""
        super().__init__(name="optionix-sync", daemon=True)
        self._member = member
        self._in_step = in_step
        self._sync = sync
        self._tell = tell
        self._changed = changed
        self._crashed = crashed
        self._clock = clock
        self._interval = interval
        self._uniform = uniform
        self._policy = RetryPolicy(first=max(1.0, interval / 8), longest=max(60.0, interval))
        self._woken = Event()
        self._stopping = Event()
        self._failures = 0
        self._failing_since: datetime | None = None

    def wake(self) -> None:
        """Look now."""
        self._woken.set()

    def stop(self) -> None:
        """End after what is going on."""
        self._stopping.set()
        self._woken.set()

    def run(self) -> None:
        """One round after the other."""
        try:
            while not self._stopping.is_set():
                wait = self._round()
                self._woken.wait(wait)
                self._woken.clear()
        except Exception as error:  # noqa: BLE001 - raised again in the interface's own thread
            self._crashed(error)

    def _round(self) -> float:
        """Push and pull, tell how it stands; seconds until the next."""
        try:
            member = self._member()
            standing = None if member is None else self._in_step()
        except OptionixError as error:
            self._tell(SyncNews(None, problem=error))
            return IDLE_SECONDS
        if member is None:
            self._failures, self._failing_since = 0, None
            self._tell(SyncNews(None))
            return self._interval  # a sign-in in another process is noticed
        if self._sync is None:
            self._tell(SyncNews(member, standing))
            return self._interval
        self._tell(SyncNews(member, standing, running=True))
        try:
            done = self._sync()
            after = self._in_step()
        except OptionixError as error:
            return self._failed(member, error)
        self._failures, self._failing_since = 0, None
        self._tell(SyncNews(member, after))
        if done.pulled:
            self._changed()
        return self._interval * (0.75 + 0.5 * self._uniform())

    def _failed(self, member: Member, error: OptionixError) -> float:
        """Tell why; what time cannot mend waits for somebody."""
        self._failures += 1
        self._failing_since = self._failing_since or self._clock.now()
        try:
            standing = self._in_step()
        except OptionixError:  # what is told is why the run failed
            standing = None
        self._tell(SyncNews(member, standing, error, self._failing_since))
        passing = isinstance(error, RefusedError) and error.rule in PASSING
        if isinstance(error, RefusedError | IntegrityError) and not passing:
            return IDLE_SECONDS
        return self._policy.delay(self._failures, self._uniform)
