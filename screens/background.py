"""What a screen asks for in a thread of its own: one question at a time, the newest wins, what takes long rests long.

A screen makes one `Background` for each kind of answer, asks it whenever it draws, and shows what there is. Asking
costs nothing where the question was answered already or runs. All methods belong to the interface's thread.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from textual.message import Message

from optionix_core.errors import InterruptedByUserError, OptionixError

if TYPE_CHECKING:
    from optionix_core.market.clock import Clock

Answer = TypeVar("Answer")
Answer_co = TypeVar("Answer_co", covariant=True)

REST = 4.0
"""Rest after an answer before the same question is asked again, in times that it took."""


class Work(Protocol[Answer_co]):
    """A use case: tells `progress(done, total)`, and ends by InterruptedByUserError once `cancel()` holds."""

    def __call__(self, progress: Callable[[int, int], None], cancel: Callable[[], bool]) -> Answer_co:
        """The answer; raises OptionixError where there is none."""
        ...


class Background(Generic[Answer]):
    """The last answer to one kind of question, and what runs."""

    class Changed(Message):
        """There is another answer, problem or step to show."""

        def __init__(self, background: Background[Any]) -> None:
            self.background = background
            super().__init__()

    class Ended(Message):
        """A question was answered; for the background itself, which the screen hands it to by `take`."""

        def __init__(
            self, background: Background[Any], key: Hashable, answer: Any, problem: OptionixError | None, seconds: float
        ) -> None:
            self.background, self.key, self.answer, self.problem = background, key, answer, problem
            self.seconds = seconds
            super().__init__()

    def __init__(
        self,
        clock: Clock,
        run: Callable[[Callable[[], None]], object],
        post: Callable[[Message], object],
    ) -> None:
        """`run` takes a function to a thread, from which `post` may be called."""
        self.answer: Answer | None = None
        """The last that there was, of `key`."""
        self.problem: OptionixError | None = None
        """Why the last question had no answer."""
        self.key: Hashable = None
        """The question of `answer`, or of `problem` where that came later."""
        self.done, self.total = 0, 0
        """How far what runs is; a total of 0 where it does not say."""
        self._clock, self._run, self._post = clock, run, post
        self._running: Hashable = None
        self._next: tuple[Hashable, Work[Answer]] | None = None
        self._cancel = Event()
        self._answered: datetime | None = None
        """When the last question began to be answered."""
        self._due: datetime | None = None

    @property
    def running(self) -> bool:
        """Whether a question is being answered."""
        return self._running is not None

    def ask(self, key: Hashable, work: Work[Answer], *, every: timedelta | None = None) -> None:
        """Have `key`, which says all that the answer depends on, answered by `work`, unless it was or is being.

        `every`: ask again when the answer is that old, or four times as old as it took to make.
        """
        if key is None:
            raise ValueError("a question needs a key")
        if self._running is not None:
            if key != self._running:
                self._next = (key, work)
                self._cancel.set()
            return
        if key == self.key and not self._is_due(every):
            return
        self._begin(key, work)

    def again(self) -> None:
        """Let the next question be asked whatever was answered."""
        self.key = None

    def cancel(self) -> None:
        """End what runs; nothing else begins by itself."""
        self._next = None
        self._cancel.set()

    def take(self, ended: Ended) -> None:
        """A question was answered: keep it, and begin the next that waits."""
        self._running = None
        self.done = self.total = 0
        self._due = self._clock.now() + timedelta(seconds=REST * ended.seconds)
        if ended.problem is not None:
            self.key, self.problem = ended.key, ended.problem
        elif ended.answer is not None:
            self.key, self.answer, self.problem = ended.key, ended.answer, None
        waiting, self._next = self._next, None
        if waiting is not None and waiting[0] != self.key:
            self._begin(*waiting)

    def _is_due(self, every: timedelta | None) -> bool:
        now = self._clock.now()
        if every is None or self._due is None or self._answered is None:
            return False
        rest = max(self._due, self._answered + every)
        return now >= rest or now < self._answered  # a clock that was set back must not hold it up

    def _begin(self, key: Hashable, work: Work[Answer]) -> None:
        self._running = key
        self._cancel = Event()
        self.done = self.total = 0
        self._answered = self._clock.now()
        self._run(partial(self._work, key, work, self._cancel))

    def _work(self, key: Hashable, work: Work[Answer], cancel: Event) -> None:
        began = self._clock.now()
        answer: Answer | None = None
        problem: OptionixError | None = None

        def progress(done: int, total: int) -> None:
            self.done, self.total = done, total
            self._post(self.Changed(self))

        try:
            answer = work(progress, cancel.is_set)
        except InterruptedByUserError:
            pass
        except OptionixError as error:
            problem = error
        seconds = max((self._clock.now() - began).total_seconds(), 0.0)
        self._post(self.Ended(self, key, answer, problem, seconds))
