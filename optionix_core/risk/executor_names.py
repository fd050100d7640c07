"""Executors by the names that a command line gives them. Imports one only once it is chosen."""

from __future__ import annotations

from typing import Final

from optionix_core.errors import InvalidValueError, UnknownNameError
from optionix_core.risk.executors import Executor, ThreadExecutor

NAMES: Final = ("threads", "processes", "dask")


def executor_of(name: str, workers: int | None = None, address: str | None = None) -> Executor:
    """`"threads"` or `"processes"` of this machine, or `"dask"`, at the address of a scheduler where one is given.

    `workers`: None is as many as there are processors; the cluster at an address has its own. Raises UnknownNameError
    for another name, InvalidValueError for an address or a number of workers that the executor has no use for.
    """
    if name not in NAMES:
        raise UnknownNameError("executor", name, NAMES)
    if address is not None and name != "dask":
        raise InvalidValueError("address", address, f"absent: {name} run on this machine")
    if address is not None and workers is not None:
        raise InvalidValueError("workers", workers, "absent: the cluster at an address has its own")
    if name == "threads":
        return ThreadExecutor(workers)
    if name == "processes":
        from optionix_core.risk.process_executor import ProcessExecutor

        return ProcessExecutor(workers)
    from optionix_core.risk.dask_executor import DaskExecutor

    return DaskExecutor(address, workers)
