"""Where the parts of a long computation run: threads here, processes here, or a Dask cluster.

A part is a call `work(chunk)`; a set of chunks and the answer of each do not depend on who runs it, so that the same
bits come back from any executor with any number of workers. A worker that dies loses its chunk, which is run again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from concurrent.futures import Executor as Pool
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from optionix_core.errors import InterruptedByUserError, InvalidValueError
from optionix_core.pricing._threads import processors

Chunk = TypeVar("Chunk")
Answer = TypeVar("Answer")
Progress = Callable[[int, int], None]
"""Hears how many chunks are done, and of how many."""
Cancel = Callable[[], bool]
"""Asked between chunks; true ends the work with InterruptedByUserError."""

PENDING_PER_WORKER = 2
"""Chunks handed out ahead of the answers, so that memory does not grow with their number."""


class Executor(Protocol):
    """Runs chunks. `work` and chunks can be pickled where `is_local` is false."""

    @property
    def is_local(self) -> bool:
        """Whether chunks run in this process and share its memory."""
        ...

    def session(self) -> AbstractContextManager[Executor]:
        """An executor whose workers stay for several runs."""
        ...

    def run(
        self,
        work: Callable[[Chunk], Answer],
        chunks: Sequence[Chunk],
        receive: Callable[[int, Answer], None],
        progress: Progress | None = None,
        cancel: Cancel | None = None,
    ) -> None:
        """`work` of each chunk; `receive` hears the chunk's place and its answer, in any order, in the caller's thread.

        The first error of a chunk is raised; chunks that have not begun are then left out.
        """
        ...


@dataclass(frozen=True, slots=True)
class ThreadExecutor:
    """Threads of this process: compiled kernels release the interpreter's lock."""

    workers: int | None = None
    """None: as many as there are processors."""

    def __post_init__(self) -> None:
        check_workers(self.workers)

    @property
    def is_local(self) -> bool:
        """Always."""
        return True

    @contextmanager
    def session(self) -> Iterator[Executor]:
        """Threads start fast enough to be started for each run."""
        yield self

    def run(
        self,
        work: Callable[[Chunk], Answer],
        chunks: Sequence[Chunk],
        receive: Callable[[int, Answer], None],
        progress: Progress | None = None,
        cancel: Cancel | None = None,
    ) -> None:
        """As `Executor.run`; one chunk, or one worker, runs in the caller's own thread."""
        workers = min(self.workers or processors(), len(chunks))
        if workers <= 1:
            _in_turn(work, chunks, receive, progress, cancel)
            return
        with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="risk") as pool:
            run_in_pool(pool, workers, work, chunks, receive, progress, cancel)


@dataclass(frozen=True, slots=True)
class StoppableExecutor:
    """Another executor whose every run ends once `stop` holds: for what offers no `cancel` of its own."""

    inner: Executor
    stop: Cancel

    @property
    def is_local(self) -> bool:
        """As the other."""
        return self.inner.is_local

    @contextmanager
    def session(self) -> Iterator[Executor]:
        """Of the other."""
        with self.inner.session() as where:
            yield StoppableExecutor(where, self.stop)

    def run(
        self,
        work: Callable[[Chunk], Answer],
        chunks: Sequence[Chunk],
        receive: Callable[[int, Answer], None],
        progress: Progress | None = None,
        cancel: Cancel | None = None,
    ) -> None:
        """As `Executor.run`."""
        self.inner.run(work, chunks, receive, progress, lambda: self.stop() or (cancel is not None and cancel()))


def map_chunks(
    executor: Executor,
    work: Callable[[Chunk], Answer],
    chunks: Sequence[Chunk],
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> list[Answer]:
    """All answers, in the order of the chunks."""
    answers: dict[int, Answer] = {}
    executor.run(work, chunks, answers.__setitem__, progress, cancel)
    return [answers[place] for place in range(len(chunks))]


def check_workers(workers: int | None) -> None:
    """InvalidValueError for less than one."""
    if workers is not None and workers < 1:
        raise InvalidValueError("workers", workers, "at least 1")


def raise_if(cancel: Cancel | None, done: int, count: int) -> None:
    """InterruptedByUserError where the user has asked for the end."""
    if cancel is not None and cancel():
        raise InterruptedByUserError(f"stopped after {done} of {count} parts")


def run_in_pool(
    pool: Pool,
    workers: int,
    work: Callable[[Chunk], Answer],
    chunks: Sequence[Chunk],
    receive: Callable[[int, Answer], None],
    progress: Progress | None,
    cancel: Cancel | None,
) -> None:
    """`work` of each chunk in a pool, few of them handed out at a time."""
    running: dict[Future[Answer], int] = {}
    following, done = 0, 0
    try:
        while done < len(chunks):
            raise_if(cancel, done, len(chunks))
            while following < len(chunks) and len(running) < PENDING_PER_WORKER * workers:
                running[pool.submit(work, chunks[following])] = following
                following += 1
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                receive(running.pop(future), future.result())
                done += 1
                if progress is not None:
                    progress(done, len(chunks))
    finally:
        for future in running:
            future.cancel()


def _in_turn(
    work: Callable[[Chunk], Answer],
    chunks: Sequence[Chunk],
    receive: Callable[[int, Answer], None],
    progress: Progress | None,
    cancel: Cancel | None,
) -> None:
    for place, chunk in enumerate(chunks):
        raise_if(cancel, place, len(chunks))
        receive(place, work(chunk))
        if progress is not None:
            progress(place + 1, len(chunks))
