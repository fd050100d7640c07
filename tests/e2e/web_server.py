"""`optionix web` as a process, and what a browser would say to it."""

from __future__ import annotations

import http.client
import json
import queue
import signal
import subprocess
import threading
from http.client import HTTPResponse
from types import TracebackType
from typing import TYPE_CHECKING, Self

import psutil

if TYPE_CHECKING:
    from real_home import RealHome

PATIENCE = 60.0


class WebServer:
    """A server on a free port of a home, ended with the test."""

    def __init__(self, home: RealHome, *arguments: str, before: tuple[str, ...] = ()) -> None:
        self.home = home
        self.process = home.start(*before, "web", "--port", "0", "--json", *arguments)
        self._said: queue.Queue[str] = queue.Queue()
        self._remarks: list[str] = []
        self._readers = [
            threading.Thread(target=self._read_out, daemon=True),
            threading.Thread(target=self._read_remarks, daemon=True),
        ]
        for reader in self._readers:
            reader.start()
        line = self._said.get(timeout=PATIENCE)
        assert line, f"the server ended: {self.remarks()}"
        told = json.loads(line)
        self.address: str = told["address"]
        self.links: list[str] = told["links"]
        self.trading: bool = told["trading"]

    def _read_out(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._said.put(line)
        self._said.put("")

    def _read_remarks(self) -> None:
        assert self.process.stderr is not None
        self._remarks.extend(self.process.stderr)

    def remarks(self) -> str:
        """Everything on stderr, once the server has ended."""
        self._readers[1].join(timeout=PATIENCE)
        return "".join(self._remarks)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(timeout=PATIENCE)
        for reader, pipe in zip(self._readers, (self.process.stdout, self.process.stderr), strict=True):
            reader.join(timeout=PATIENCE)
            if pipe is not None:
                pipe.close()

    @property
    def host(self) -> str:
        """Name and port, as Host carries them."""
        return self.address.removeprefix("http://")

    @property
    def token(self) -> str:
        """Of the first one-time address."""
        return self.links[0].partition("#")[2]

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, HTTPResponse, bytes]:
        """Status, response and body; underscores in the names of headers are hyphens, Host is ours unless given."""
        sent = {"Host": self.host, **{name.replace("_", "-"): value for name, value in headers.items()}}
        connection = http.client.HTTPConnection(self.host, timeout=PATIENCE)
        try:
            connection.putrequest(method, path, skip_host=True)
            for name, value in sent.items():
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            return response.status, response, response.read()
        finally:
            connection.close()

    def enter(self) -> str:
        """Hand the token in; the cookie as it is sent back."""
        status, response, _ = self.ask("POST", "/enter", self.token.encode(), Origin=self.address)
        assert status == 204
        return response.headers["Set-Cookie"].partition(";")[0]

    def children(self) -> list[psutil.Process]:
        """Applications of its pages."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def interrupt(self) -> int:
        """Ctrl+c; the exit status."""
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
