"""Textual's driver for pages, made to end with its server, however that ended."""

from __future__ import annotations

import os
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any

from textual import messages
from textual.drivers.web_driver import WebDriver

if TYPE_CHECKING:
    from textual.app import App


class PageDriver(WebDriver):
    """Reads keys from the server and writes the screen to it; the end of either is the end of the page."""

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._server_gone = False
        self._sending = Lock()
        self._write = partial(self._send)

    def _send(self, packet: bytes) -> int:
        """All of a packet; to a server that is gone nothing, so that leaving goes its usual way.

        Files are handed over by the thread that reads: its packets must not fall into those of the screen, and a pipe
        keeps only short writes together.
        """
        rest = memoryview(packet)
        with self._sending:
            while rest and not self._server_gone:
                try:
                    rest = rest[os.write(self.fileno, rest) :]
                except OSError:
                    self._server_gone = True
        return len(packet)

    def run_input_thread(self) -> None:
        """Take in what the server sends; where it sends no more, leave."""
        super().run_input_thread()
        if not self.exit_event.is_set():
            self._app.post_message(messages.ExitApp())
