"""What a request must be before a route reads it: JSON of bounded size, bytes that mean one thing.

The size is counted on the stream, before and after its compression is undone; Content-Length is only a hint. A caller
who would be refused for who he is hears that, not what is wrong with what he sent: his request goes on without its
body, so that the route refuses it, which is audited.
"""

from __future__ import annotations

import asyncio
import zlib
from email.message import Message as MediaType
from typing import Final
from urllib.parse import unquote_to_bytes

from server.auth.identity import Identity
from server.middleware.asgi import App, Message, Receive, Scope, Send, header, refuse, state_of
from server.middleware.routes import RouteTable
from server.middleware.strict_json import UnreadableError, check
from server.problems import Problem

WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
LARGEST_RATIO: Final = 200
RATIO_FROM: Final = 64 << 10
"""Bytes from which on a body may not be more than `LARGEST_RATIO` times its compressed size."""
BODY_SECONDS: Final = 30.0
"""Within which a body has to be there."""
IN_THREAD_FROM: Final = 256 << 10
"""Bytes from which on a body is checked beside the event loop."""


class _GoneError(Exception):
    """The client left while it sent."""


class RequestValidation:
    """Refuses 400, 408, 413 and 415."""

    def __init__(self, app: App, routes: RouteTable, body_bytes: int) -> None:
        self._app = app
        self._routes = routes
        self._most = body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; of a WebSocket its address alone."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        try:
            _check_address(scope)
            if scope["type"] == "http" and scope["method"] in WITH_BODY and _has_body(scope):
                receive = await self._read(scope, receive)
        except Problem as problem:
            if not self._refuses_him_anyway(scope):
                await refuse(scope, send, problem)
                return
            receive = _again(b"", receive)
        except _GoneError:
            return
        await self._app(scope, receive, send)

    def _refuses_him_anyway(self, scope: Scope) -> bool:
        """Whether the route wants to know who asks, and does not."""
        if scope["type"] != "http" or isinstance(state_of(scope).get("identity"), Identity):
            return False
        facts = self._routes.that_would_answer(scope)
        return facts is not None and not facts.public

    async def _read(self, scope: Scope, receive: Receive) -> Receive:
        coding = (header(scope, b"content-encoding") or b"identity").strip().lower()
        if coding not in {b"identity", b"gzip"}:
            raise Problem(415, "encoding", "the body may be compressed with gzip alone")
        length = header(scope, b"content-length")
        if length is not None and length.isdigit() and int(length) > self._most:
            raise self._too_large()
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await self._gathered(receive, zipped=coding == b"gzip")
        except TimeoutError:
            raise Problem(408, "slow-body", f"the body was not there within {BODY_SECONDS:g} s") from None
        if body:
            if not _is_json(header(scope, b"content-type")):
                raise Problem(415, "content-type", "send `Content-Type: application/json` in UTF-8")
            try:
                if len(body) < IN_THREAD_FROM:
                    check(body)
                else:
                    await asyncio.to_thread(check, body)
            except UnreadableError as error:
                raise Problem(400, "unreadable", f"the body cannot be read: {error}") from None
        if coding == b"gzip":
            others = [pair for pair in scope["headers"] if pair[0] not in {b"content-encoding", b"content-length"}]
            scope["headers"] = [*others, (b"content-length", b"%d" % len(body))]
        return _again(body, receive)

    async def _gathered(self, receive: Receive, *, zipped: bool) -> bytes:
        unzip = zlib.decompressobj(wbits=31) if zipped else None
        parts: list[bytes] = []
        came = size = 0
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _GoneError
            part: bytes = message.get("body", b"")
            more = message.get("more_body", False)
            came += len(part)
            if came > self._most:
                raise self._too_large()
            if unzip is not None:
                part = self._unzipped(unzip, part, size)
            size += len(part)
            if size > self._most or (zipped and size > max(RATIO_FROM, LARGEST_RATIO * came)):
                raise self._too_large()
            parts.append(part)
        if unzip is not None and came and (not unzip.eof or unzip.unused_data):
            raise Problem(400, "unreadable", "the body cannot be read: its gzip is cut short or has more behind it")
        return b"".join(parts)

    def _unzipped(self, unzip: zlib._Decompress, part: bytes, size: int) -> bytes:
        try:
            return unzip.decompress(part, self._most + 1 - size) if part else b""
        except zlib.error:
            raise Problem(400, "unreadable", "the body cannot be read: it is not gzip") from None

    def _too_large(self) -> Problem:
        return Problem(413, "too-large", f"a body may have {self._most} bytes, also once its compression is undone")


def _check_address(scope: Scope) -> None:
    query: bytes = scope.get("query_string", b"")
    if "\0" in scope["path"] or b"%00" in query:
        raise Problem(400, "unreadable", "the address holds U+0000")
    raw: bytes = scope.get("raw_path") or b""
    if b"%" in raw or b"%" in query or not query.isascii():
        try:
            unquote_to_bytes(raw).decode("utf-8")
            unquote_to_bytes(query).decode("utf-8")
        except UnicodeDecodeError:
            raise Problem(400, "unreadable", "the address is not UTF-8") from None


def _has_body(scope: Scope) -> bool:
    length = header(scope, b"content-length")
    return length not in {None, b"0"} or header(scope, b"transfer-encoding") is not None


def _is_json(given: bytes | None) -> bool:
    if given == b"application/json":
        return True
    if given is None:
        return False
    media = MediaType()
    media["content-type"] = given.decode("latin-1")
    charset = media.get_content_charset("utf-8")
    return media.get_content_type() == "application/json" and charset in {"utf-8", "utf8"}


def _again(body: bytes, receive: Receive) -> Receive:
    """The body in one piece, then whatever else the client tells."""
    given = False

    async def once() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return once
