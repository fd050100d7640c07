"""Getting the compiled kernels ready without holding up the interface.

A cold cache is compiled in a process of its own, which leaves the kernels on disk and says how far it
is; the interface keeps both its thread and its interpreter lock. A warm cache is only loaded.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event

from optionix_core.errors import OptionixError

_COMMAND = (sys.executable, "-P", "-m", "optionix_tui.warmup")
_FIRST_ALONE = "--first"
Progress = Callable[[str, float | None], None]


class WarmupError(OptionixError):
    """The kernels could not be compiled; the message carries the last line of what the compiler said."""


def load_kernels(progress: Progress, stopping: Event) -> None:
    """Compile what the first screen needs and is not compiled yet, then load it into this process."""
    from optionix_core.services.warm import FIRST, is_warm

    if not is_warm(FIRST):
        compile_apart(progress, stopping)
    if stopping.is_set():
        return
    progress("loading the kernels", None)
    from optionix_core.pricing import black_scholes, implied_volatility

    del black_scholes, implied_volatility


@contextmanager
def compiling_the_rest() -> Iterator[None]:
    """Meanwhile another process compiles the kernels that no screen waits for; it ends with the block at the latest.

    One on a machine: where another terminal's is at work already, this one leaves it to that. Whether it succeeds is
    not asked: whoever needs such a kernel compiles it then, and hears of what goes wrong.
    """
    from filelock import FileLock, Timeout
    from platformdirs import user_cache_path

    from optionix_core.services.warm import is_warm

    if is_warm():
        yield
        return
    try:
        lock = FileLock(user_cache_path("optionix", ensure_exists=True) / "compiling.lock", timeout=0.0)
        lock.acquire()
    except (Timeout, OSError):
        yield
        return
    quiet = subprocess.DEVNULL
    with subprocess.Popen(_COMMAND, stdin=quiet, stdout=quiet, stderr=quiet) as child:  # noqa: S603 - our own module
        try:
            yield
        finally:
            child.terminate()
            lock.release()


def compile_apart(progress: Progress, stopping: Event) -> None:
    """Compile the first screen's kernels in another process. Raises WarmupError where that fails."""
    progress("compiling the kernels, once on this machine", 0.0)
    with subprocess.Popen(  # noqa: S603 - our own module under our own interpreter
        [*_COMMAND, _FIRST_ALONE],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as child:
        if child.stdout is None or child.stderr is None:
            raise WarmupError("the compiling process has no output")
        for line in child.stdout:
            if stopping.is_set():
                child.terminate()
                return
            step, share = json.loads(line)
            progress(f"compiling the kernels, once on this machine: {step} done", share)
        told = child.stderr.read().strip().splitlines()
    if child.returncode != 0 and not stopping.is_set():
        raise WarmupError(f"kernels did not compile: {told[-1] if told else f'exit {child.returncode}'}")


def main() -> None:
    """In the compiling process: one JSON line, [what is done, share of all], for each kernel."""
    from optionix_core.services.warm import FIRST, LIBRARIES, warm

    libraries = FIRST if _FIRST_ALONE in sys.argv else LIBRARIES
    steps = 1 + sum(len(library.names) for library in libraries)
    done = 0

    def tell(step: str, seconds: float) -> None:
        nonlocal done
        del seconds
        done += 1
        sys.stdout.write(json.dumps([step, done / steps]) + "\n")
        sys.stdout.flush()

    warm(tell, libraries)


if __name__ == "__main__":
    main()
