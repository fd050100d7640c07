"""A log whose process dies at a chosen moment, before or after what it writes is durable."""

from __future__ import annotations


class Killed(BaseException):
    """Stands for SIGKILL: nothing may catch it."""


class Dying:
    """A log whose n-th append from now dies, before or after it is durable."""

    def __init__(self, store, appends: int = 0, *, durable: bool, at: str | None = None) -> None:
        """Dies at the append number `appends`, or at the first that holds an event of type `at`."""
        self._store, self._left, self._durable, self._at = store, appends, durable, at

    def __getattr__(self, name):
        return getattr(self._store, name)

    def writing(self, purpose, timeout=10.0):
        outer = self

        class Held:
            def __enter__(self):
                self.held = outer._store.writing(purpose, timeout)
                return outer._wrap(self.held.__enter__())

            def __exit__(self, *error):
                return self.held.__exit__(*error)

        return Held()

    def _wrap(self, log):
        outer = self

        class Log:
            def __getattr__(self, name):
                return getattr(log, name)

            def append(self, events):
                outer._left -= 1
                if outer._left if outer._at is None else outer._at not in {event.type for event in events}:
                    return log.append(events)
                if outer._durable:
                    log.append(events)
                raise Killed

        return Log()
