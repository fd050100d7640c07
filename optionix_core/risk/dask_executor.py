"""Parts of a long computation on a Dask cluster: one of this machine, or the one at an address.

The work is sent once to each worker, chunks one by one, few of them ahead of the answers. A worker that dies loses what
it was at and what it was sent, and the scheduler has it done again, so that the answers stay the same. Workers need the
same version of this program and of the compiler; processors of another kind may round the last bits otherwise. Needs
the extra `cluster`; nothing of it is imported before it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from optionix_core.errors import ConfigurationError, DomainError, VenueError
from optionix_core.pricing._threads import processors
from optionix_core.risk.executors import (
    PENDING_PER_WORKER,
    Answer,
    Cancel,
    Chunk,
    Executor,
    Progress,
    check_workers,
    raise_if,
)

if TYPE_CHECKING:
    from types import ModuleType

MISSING: Final = "a Dask cluster needs the extra `cluster`: pip install 'optionix[cluster]'"
MOST_SENDINGS: Final = 3
"""Of the work, where the workers that held it died."""
PATIENCE: Final = 20
"""Seconds to wait for a scheduler, and for its workers, to answer."""


@dataclass(frozen=True, slots=True)
class DaskExecutor:
    """A cluster; work and chunks are pickled."""

    address: str | None = None
    """Of a scheduler, `tcp://host:8786`; None: a cluster of processes of this machine, for as long as a call runs."""
    workers: int | None = None
    """Of a cluster of this machine; None: as many as there are processors."""
    memory: str | None = None
    """Of each worker of a cluster of this machine, `"1GB"`: one that needs more is restarted. None: no limit."""

    def __post_init__(self) -> None:
        check_workers(self.workers)

    @property
    def is_local(self) -> bool:
        """Never: memory is not shared."""
        return False

    def run(
        self,
        work: Callable[[Chunk], Answer],
        chunks: Sequence[Chunk],
        receive: Callable[[int, Answer], None],
        progress: Progress | None = None,
        cancel: Cancel | None = None,
    ) -> None:
        """As `Executor.run`; errors are those of `session`, and DomainError where workers die again and again."""
        if chunks:
            with self.session() as cluster:
                cluster.run(work, chunks, receive, progress, cancel)

    @contextmanager
    def session(self) -> Iterator[Executor]:
        """A client that stays connected, and a cluster of this machine that stays, for several runs.

        Raises ConfigurationError where the extra is not installed, VenueError where no scheduler or worker answers.
        """
        distributed = imported()
        with self._client(distributed) as client:
            yield _Connected(distributed, client)

    @contextmanager
    def _client(self, distributed: ModuleType) -> Iterator[Any]:
        if self.address is None:
            with (
                distributed.LocalCluster(
                    n_workers=self.workers or processors(),
                    threads_per_worker=1,
                    processes=True,
                    host="127.0.0.1",
                    dashboard_address="127.0.0.1:0",
                    memory_limit=self.memory or 0,
                ) as cluster,
                distributed.Client(cluster) as client,
            ):
                yield client
            return
        try:
            client = distributed.Client(self.address, timeout=PATIENCE)
        except (OSError, ValueError) as error:
            raise VenueError(f"no Dask scheduler answers at {self.address}: {error}") from error
        with client:
            yield client


@dataclass(frozen=True, slots=True)
class _Connected:
    """A client that is connected."""

    distributed: ModuleType
    client: Any

    @property
    def is_local(self) -> bool:
        return False

    @contextmanager
    def session(self) -> Iterator[Executor]:
        yield self

    def run(
        self,
        work: Callable[[Chunk], Answer],
        chunks: Sequence[Chunk],
        receive: Callable[[int, Answer], None],
        progress: Progress | None = None,
        cancel: Cancel | None = None,
    ) -> None:
        if chunks:
            run_on_client(self.distributed, self.client, work, chunks, receive, progress, cancel)


def imported() -> ModuleType:
    """The library; ConfigurationError where it is not installed."""
    try:
        import distributed
    except ImportError as error:
        raise ConfigurationError(MISSING) from error
    library: ModuleType = distributed
    return library


def run_on_client(
    distributed: ModuleType,
    client: Any,
    work: Callable[[Chunk], Answer],
    chunks: Sequence[Chunk],
    receive: Callable[[int, Answer], None],
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> None:
    """`work` of each chunk by the workers of a client that is connected.

    Where the last worker that held the work has died with it, the work is sent again.
    """
    left = dict(enumerate(chunks))

    def take(place: int, answer: Answer) -> None:
        receive(place, answer)
        del left[place]
        if progress is not None:
            progress(len(chunks) - len(left), len(chunks))

    raise_if(cancel, 0, len(chunks))
    for _ in range(MOST_SENDINGS):
        try:
            _empty(distributed, client, work, left, len(chunks), take, cancel)
        except CancelledError:
            continue
        except distributed.scheduler.KilledWorker as error:
            raise DomainError(_died(len(left), len(chunks))) from error
        return
    raise DomainError(_died(len(left), len(chunks)))


def _empty(
    distributed: ModuleType,
    client: Any,
    work: Callable[[Chunk], Answer],
    left: dict[int, Chunk],
    count: int,
    take: Callable[[int, Answer], None],
    cancel: Cancel | None,
) -> None:
    """Do what is left; `take` takes each out."""
    try:
        held = client.scatter(work, broadcast=True, hash=False, timeout=PATIENCE)
    except TimeoutError as error:
        raise VenueError(f"no worker of the Dask cluster answers within {PATIENCE} s") from error
    ahead = PENDING_PER_WORKER * max(len(client.scheduler_info(n_workers=-1)["workers"]), 1)
    waiting = iter(list(left.items()))
    places: dict[str, int] = {}
    arriving = distributed.as_completed(with_results=False)

    def hand_out(most: int) -> None:
        for _, (place, chunk) in zip(range(most), waiting, strict=False):
            future = client.submit(_call, held, chunk, pure=False)
            places[future.key] = place
            arriving.add(future)

    hand_out(ahead)
    while left:
        future = next(arriving)
        take(places.pop(future.key), future.result())
        future.release()
        raise_if(cancel if left else None, count - len(left), count)
        hand_out(1)


def _died(left: int, count: int) -> str:
    return f"workers of the Dask cluster died again and again with {left} of {count} parts to do"


def _call(work: Callable[[Chunk], Answer], chunk: Chunk) -> Answer:
    return work(chunk)
