"""A thread with an event loop of its own: where a connection lives while everybody else asks from memory.

It is closed by `close`, by the garbage collector with its owner, or when the process ends, whichever comes
first. What breaks inside is kept in `failure` and never lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from threading import Condition, Event, RLock, Thread, current_thread
from typing import Any


class Background:
    """Runs one coroutine until it ends or `close` cancels it."""

    def __init__(self, name: str, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._main = main
        self._lock = RLock()
        self._thread: Thread | None = None
        self._name = name
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._closing = False
        self._waiting: Condition | None = None
        self.ended = Event()
        self.failure: BaseException | None = None

    @property
    def running(self) -> bool:
        """Whether the thread was started and has not ended."""
        return self._thread is not None and not self.ended.is_set()

    def start(self) -> None:
        """Start the thread; does nothing where it was started or closed before."""
        with self._lock:
            if self._thread is None and not self._closing:
                self._thread = Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()

    def wake_when_ended(self, changed: Condition) -> None:
        """Have `changed` notified at the end, for whoever waits for what will not come any more."""
        self._waiting = changed

    def call(self, function: Callable[[], object]) -> None:
        """Have the loop call `function` soon; does nothing before the start and after the end."""
        with self._lock:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(function)

    def close(self, patience: float = 5.0) -> None:
        """Cancel, and wait at most `patience` seconds for the thread. Closing twice changes nothing."""
        with self._lock:
            self._closing = True
            thread, task = self._thread, self._task
            if self._loop is not None and task is not None:
                self._loop.call_soon_threadsafe(task.cancel)
        if thread is not None and thread is not current_thread():
            thread.join(patience)

    def _run(self) -> None:
        try:
            asyncio.run(self._supervised())
        except BaseException as error:  # noqa: BLE001 - told to whoever asks next, in their own thread
            while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
                error = error.exceptions[0]
            self.failure = error
        finally:
            self.ended.set()
            if self._waiting is not None:
                with self._waiting:
                    self._waiting.notify_all()

    async def _supervised(self) -> None:
        task = asyncio.create_task(self._main())
        with self._lock:
            self._loop, self._task = asyncio.get_running_loop(), task
            if self._closing:
                task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            if not self._closing:
                raise
        finally:
            with self._lock:
                self._loop = None
