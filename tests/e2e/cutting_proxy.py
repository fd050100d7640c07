"""A TCP proxy that cuts: connections end after some bytes, are refused, or go half open, by a seed."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
from types import TracebackType
from typing import Final, Self

_PART: Final = 4096
_LONGEST: Final = 10.0
"""Seconds for which a half-open connection stays so."""


class CuttingProxy:
    """Listens on loopback and hands on to `target`, which may be changed; `good` once nothing is to be cut."""

    def __init__(self, target: tuple[str, int], seed: int) -> None:
        self.target = target
        self.good = False
        self.cut = 0
        self._random = random.Random(seed)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._accepting.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join(_LONGEST)
        for thread in self._threads:
            thread.join(_LONGEST)

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(near,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, near: socket.socket) -> None:
        luck = 1.0 if self.good else self._random.random()
        with near:
            if luck < 0.1:
                self.cut += 1
                return
            try:
                far = socket.create_connection(self.target, timeout=_LONGEST)
            except OSError:
                return
            with far:
                bounds = [None, None]
                if luck < 0.25:
                    bounds = [self._random.randrange(600), None]
                elif luck < 0.45:
                    bounds = [None, self._random.randrange(400)]
                silent = 0.45 <= luck < 0.5
                up = threading.Thread(target=self._hand_on, args=(near, far, bounds[0], False), daemon=True)
                up.start()
                self._hand_on(far, near, bounds[1], silent)
                for end in (near, far):
                    with contextlib.suppress(OSError):
                        end.shutdown(socket.SHUT_RDWR)
                up.join(_LONGEST)

    def _hand_on(self, source: socket.socket, sink: socket.socket, bound: int | None, silent: bool) -> None:
        """`bound` bytes at most; `silent`: read and say nothing, as a half-open connection does."""
        source.settimeout(_LONGEST)
        left = bound
        with contextlib.suppress(OSError):
            while part := source.recv(_PART):
                if silent:
                    self.cut += 1
                    self._ended.wait(_LONGEST / 2)
                    return
                if left is not None and len(part) >= left:
                    sink.sendall(part[:left])
                    self.cut += 1
                    for end in (source, sink):
                        end.shutdown(socket.SHUT_RDWR)
                    return
                sink.sendall(part)
                left = None if left is None else left - len(part)
            sink.shutdown(socket.SHUT_WR)
