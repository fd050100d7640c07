"""`optionix serve` as a process: started, asked, ended with the test."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import httpx
import psutil

PATIENCE: Final = 60.0
PASSWORD: Final = "seventeen green parrots"  # noqa: S105 - of people of tests


class Serving:
    """A server of its own on a free port; `environment` adds OPTIONIX_SERVER_ variables, without that beginning."""

    def __init__(
        self, home: Path, *arguments: str, environment: dict[str, str] | None = None, verify: Any = True
    ) -> None:
        variables = {f"OPTIONIX_SERVER_{name}": value for name, value in (environment or {}).items()}
        fault = variables.pop("OPTIONIX_SERVER_FAULT_POINT", None)
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("OPTIONIX_")}
        more = {} if fault is None else {"OPTIONIX_FAULT_POINT": fault}
        self._verify = verify
        self.process = subprocess.Popen(
            [sys.executable, "-m", "optionix_tui", "serve", "--port", "0", "--json", *arguments],
            env={**inherited, **variables, **more, "OPTIONIX_HOME": str(home)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        self._said: queue.Queue[str] = queue.Queue()
        self._lines: list[str] = []
        self._readers = [threading.Thread(target=reader, daemon=True) for reader in (self._read_out, self._read_err)]
        for reader in self._readers:
            reader.start()
        self.told: dict[str, Any] = {}
        self.client = httpx.Client()

    def ready(self) -> Self:
        """Wait for the line that says where it is."""
        line = self._said.get(timeout=PATIENCE)
        assert line, f"the server ended with {self.process.wait(PATIENCE)}:\n{self.remarks()}"
        self.told = json.loads(line)
        self.client = httpx.Client(base_url=f"{self.told['address']}/api/v2", verify=self._verify, timeout=PATIENCE)
        return self

    def sign_in(self, email: str = "trader@example.com") -> None:
        """Register where it is new, sign in, and send the token from now on."""
        shown = {"email": email, "password": PASSWORD}
        self.client.post("/auth/register", json={**shown, "full_name": "A Trader"})
        answer = self.client.post("/auth/login", json=shown)
        assert answer.status_code == 200, answer.text
        self.client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def remarks(self) -> str:
        """What it wrote to stderr, once it has ended."""
        self._readers[1].join(PATIENCE)
        return "".join(self._lines)

    @property
    def log(self) -> list[dict[str, Any]]:
        """Lines of its log until now."""
        return [json.loads(line) for line in tuple(self._lines) if line.startswith("{")]

    def signal(self, number: int) -> None:
        """Send a signal to it."""
        self.process.send_signal(number)

    def kill(self) -> None:
        """End it at once, its workers too."""
        if self.process.poll() is None:
            parent = psutil.Process(self.process.pid)
            for one in (*parent.children(recursive=True), parent):
                one.kill()
        self.process.wait(PATIENCE)

    def end(self) -> int:
        """Tell it to end; its exit code."""
        self.signal(signal.SIGTERM if sys.platform != "win32" else signal.CTRL_BREAK_EVENT)
        return self.process.wait(PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()
        self.kill()
        for reader, pipe in zip(self._readers, (self.process.stdout, self.process.stderr), strict=True):
            reader.join(PATIENCE)
            if pipe is not None:
                pipe.close()

    def _read_out(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._said.put(line)
        self._said.put("")

    def _read_err(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._lines.append(line)
