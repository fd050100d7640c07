"""Ends a service that tests started, whatever ended the tests: waits until its standard input closes.

`python guardian.py FOLDER PIDFILE NAME [COMMAND...]`: then ends what PIDFILE names if it is called NAME (on Windows by
COMMAND, where signals cannot ask for it) and removes FOLDER.
"""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import psutil

PATIENCE = 20.0
"""Seconds that a service has to end."""


def main(folder: str, pidfile: str, name: str, *command: str) -> None:
    """Wait, then end the service."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt of the tests reaches their whole group
    sys.stdin.buffer.read()
    with contextlib.suppress(OSError, ValueError, IndexError, psutil.Error, subprocess.TimeoutExpired):
        process = psutil.Process(int(Path(pidfile).read_text("ascii").split()[0]))
        if name in process.name():
            end(process, command)
    shutil.rmtree(folder, ignore_errors=True)


def end(process: psutil.Process, command: tuple[str, ...]) -> None:
    """Have `process` end at once, its children with it; killed where it does not."""
    try:
        if sys.platform != "win32":
            process.resume()
            # PostgreSQL ends at once by this signal; whoever does not handle it may have been started with it ignored
            process.send_signal(signal.SIGQUIT if "postgres" in process.name() else signal.SIGKILL)
        elif command:
            subprocess.run(command, check=False, capture_output=True, timeout=PATIENCE)
        if not ended((process,)):
            process.kill()
    except subprocess.TimeoutExpired:
        process.kill()


def ended(processes: Iterable[psutil.Process]) -> bool:
    """Wait until all have ended, whether anybody has asked for their status or not; False where one goes on."""
    until = time.monotonic() + PATIENCE
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                if time.monotonic() > until:
                    return False
                time.sleep(0.005)
    return True


if __name__ == "__main__":
    main(*sys.argv[1:])
