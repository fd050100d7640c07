"""Parts of a long computation in other processes of this machine.

Processes are spawned afresh, as on every platform, and read the work once from a file of a temporary folder. The main
module of a script that asks for them needs the usual guard (`if __name__ == "__main__"`), since they import it. A
process that dies takes its pool with it: what it had not finished runs in a new one.
"""

from __future__ import annotations

import multiprocessing
import pickle
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from optionix_core.errors import DomainError
from optionix_core.pricing._threads import processors
from optionix_core.risk.executors import Answer, Cancel, Chunk, Executor, Progress, check_workers, run_in_pool

MOST_POOLS = 3
"""Pools that may break before work is given up."""

_WORK: dict[str, Callable[[Any], Any]] = {}
"""Of this process, where it is a worker: the last work that it was given, by its file."""


@dataclass(frozen=True, slots=True)
class ProcessExecutor:
    """Processes of this machine; work and chunks are pickled."""

    workers: int | None = None
    """None: as many as there are processors."""

    def __post_init__(self) -> None:
        check_workers(self.workers)

    @property
    def is_local(self) -> bool:
        """Never: memory is not shared."""
        return False

    @contextmanager
    def session(self) -> Iterator[Executor]:
        """Processes that stay for several runs."""
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            pool = _Processes(self.workers or processors(), Path(folder))
            try:
                yield pool
            finally:
                pool.close()

    def run(
        self,
        work: Callable[[Chunk], Answer],
        chunks: Sequence[Chunk],
        receive: Callable[[int, Answer], None],
        progress: Progress | None = None,
        cancel: Cancel | None = None,
    ) -> None:
        """As `Executor.run`. DomainError where processes die again and again."""
        with self.session() as pool:
            pool.run(work, chunks, receive, progress, cancel)


class _Processes:
    """A pool that is made with the first chunk, and anew where it broke."""

    def __init__(self, workers: int, folder: Path) -> None:
        self._workers = workers
        self._folder = folder
        self._runs = 0
        self._pool: ProcessPoolExecutor | None = None

    @property
    def is_local(self) -> bool:
        return False

    @contextmanager
    def session(self) -> Iterator[Executor]:
        yield self

    def close(self) -> None:
        """Wait for processes to end."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def run(
        self,
        work: Callable[[Chunk], Answer],
        chunks: Sequence[Chunk],
        receive: Callable[[int, Answer], None],
        progress: Progress | None = None,
        cancel: Cancel | None = None,
    ) -> None:
        if not chunks:
            return
        self._runs += 1
        file = self._folder / f"work-{self._runs}"
        file.write_bytes(pickle.dumps(work))
        left = dict(enumerate(chunks))
        for _ in range(MOST_POOLS):
            if self._emptied(partial(_worked, str(file)), left, len(chunks), receive, progress, cancel):
                file.unlink()
                return
        raise DomainError(f"worker processes died {MOST_POOLS} times with {len(left)} of {len(chunks)} parts to do")

    def _emptied(
        self,
        work: Callable[[Chunk], Answer],
        left: dict[int, Chunk],
        count: int,
        receive: Callable[[int, Answer], None],
        progress: Progress | None,
        cancel: Cancel | None,
    ) -> bool:
        """Whether the pool has done all that was left; what it did is taken out either way."""
        places = list(left)

        def take(place: int, answer: Answer) -> None:
            receive(places[place], answer)
            del left[places[place]]

        def hear(done: int, _: int) -> None:
            if progress is not None:
                progress(count - len(places) + done, count)

        if self._pool is None:
            self._pool = ProcessPoolExecutor(self._workers, mp_context=multiprocessing.get_context("spawn"))
        try:
            chunks = [left[place] for place in places]
            run_in_pool(self._pool, self._workers, work, chunks, take, hear, cancel)
        except BrokenProcessPool:
            self.close()
            return False
        return True


def _worked(file: str, chunk: Any) -> Any:
    work = _WORK.get(file)
    if work is None:
        _WORK.clear()
        work = _WORK[file] = pickle.loads(Path(file).read_bytes())  # noqa: S301 - written by our own process
    return work(chunk)
