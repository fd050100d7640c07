"""HTTP/1.1 as uvicorn reads it, with a bound on what comes before a body: its size, and how long it may take.

uvicorn bounds neither in the parser that is written in C, so that one connection could fill the memory, and many that
send nothing could take all descriptors.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES: Final = 32 << 10
"""Of request line and headers."""
HEADERS: Final = 100
HEAD_SECONDS: Final = 15.0
FAREWELL_SECONDS: Final = 0.25
"""Between two looks at whether a connection of an ending server has nothing more to send."""


class HeadTooLargeError(Exception):
    """The parser turns it into 400."""


class BoundedHttp(HttpToolsProtocol):
    """Answers 400 to a head that is too long and hangs up on one that does not come."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._head_bytes = 0
        self._waiting: asyncio.TimerHandle | None = None
        self._letting_go: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A head must come soon."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._head_came()
        if self._letting_go is not None:
            self._letting_go.cancel()
            self._letting_go = None
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """The server ends: nothing more is taken, and a client that is idle is not waited for.

        Under TLS a connection counts as open until both ends have said that it is over, and an idle client does not
        read what it is told.
        """
        super().shutdown()
        self._letting_go = self.loop.call_later(FAREWELL_SECONDS, self._let_go)

    def _let_go(self) -> None:
        self._letting_go = None
        if self.transport.is_closing() and not self.transport.get_write_buffer_size():
            self.transport.abort()
        else:  # a request is being answered, or its answer sent
            self._letting_go = self.loop.call_later(FAREWELL_SECONDS, self._let_go)

    def on_message_begin(self) -> None:
        """The next request of the connection."""
        super().on_message_begin()
        self._head_bytes = 0
        self._await_head()

    def on_url(self, url: bytes) -> None:
        """A piece of the request line."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header, or one behind a chunked body, which counts too."""
        self._count(len(name) + len(value))
        if len(self.headers) >= HEADERS:
            raise HeadTooLargeError
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The request can begin."""
        self._head_came()
        super().on_headers_complete()

    def _count(self, more: int) -> None:
        self._head_bytes += more
        if self._head_bytes > HEAD_BYTES:
            raise HeadTooLargeError

    def _await_head(self) -> None:
        self._head_came()
        self._waiting = self.loop.call_later(HEAD_SECONDS, self._hang_up)

    def _head_came(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _hang_up(self) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.close()
