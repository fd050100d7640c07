"""Getting the compiled kernels ready without holding up the interface.

A cold cache is compiled in a process of its own, which leaves the kernels on disk and says how far it
is; the interface keeps both its thread and its interpreter lock. A warm cache is only loaded.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from threading import Event

from optionix_core.errors import OptionixError

Progress = Callable[[str, float | None], None]


class WarmupError(OptionixError):
    """The kernels could not be compiled; the message carries the last line of what the compiler said."""


def load_kernels(progress: Progress, stopping: Event) -> None:
    """Compile what is not compiled yet, then load the kernels into this process."""
    from optionix_core.services.warm import is_warm

    if not is_warm():
        compile_apart(progress, stopping)
    if stopping.is_set():
        return
    progress("loading the kernels", None)
    from optionix_core.pricing import black_scholes, implied_volatility

    del black_scholes, implied_volatility


def compile_apart(progress: Progress, stopping: Event) -> None:
    """Compile all kernels in another process. Raises WarmupError where that fails."""
    progress("compiling the kernels, once on this machine", 0.0)
    command = [sys.executable, "-P", "-m", "optionix_tui.warmup"]
    with subprocess.Popen(  # noqa: S603 - our own module under our own interpreter
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
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
    from optionix_core.services.warm import LIBRARIES, warm

    steps = 1 + sum(len(library.names) for library in LIBRARIES)
    done = 0

    def tell(step: str, seconds: float) -> None:
        nonlocal done
        del seconds
        done += 1
        sys.stdout.write(json.dumps([step, done / steps]) + "\n")
        sys.stdout.flush()

    warm(tell)


if __name__ == "__main__":
    main()
