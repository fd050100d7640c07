"""A connection that sends no request is hung up on, and one whose request has no end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import uvicorn
from uvicorn.server import ServerState

from server import bounded_http
from server.bounded_http import HEAD_BYTES, BoundedHttp


async def app(scope, receive, send) -> None:
    del scope, receive
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
async def port(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    monkeypatch.setattr(bounded_http, "HEAD_SECONDS", 0.3)
    config = uvicorn.Config(app, log_config=None, lifespan="off", timeout_keep_alive=30)
    config.load()
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(
        lambda: BoundedHttp(config=config, server_state=ServerState(), app_state={}), "127.0.0.1", 0
    )
    yield listening.sockets[0].getsockname()[1]
    listening.close()
    await listening.wait_closed()


async def _answer(port: int, *pieces: bytes) -> bytes:
    """What comes until the server hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
    async with asyncio.timeout(10):
        found = await reader.read()
    writer.close()
    return found


@pytest.mark.parametrize("pieces", [(), (b"GET / HTTP/1.1\r\n",), (b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ",)])
async def test_a_head_that_does_not_come_is_not_waited_for(port: int, pieces: tuple[bytes, ...]) -> None:
    assert await _answer(port, *pieces) == b""


async def test_the_next_request_of_a_connection_is_bounded_too(port: int) -> None:
    found = await _answer(port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1\r\nHost:")
    assert found.count(b"200 OK") == 1


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"x" * HEAD_BYTES + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"x" * HEAD_BYTES + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: 1\r\n" * 101 + b"\r\n",
    ],
    ids=["address", "header", "headers"],
)
async def test_a_head_that_is_too_large_is_refused(port: int, head: bytes) -> None:
    assert (await _answer(port, head)).startswith(b"HTTP/1.1 400")
    assert (await _answer(port, head[:40], head[40:])).startswith(b"HTTP/1.1 400")


async def test_requests_one_after_the_other_are_answered(port: int) -> None:
    one = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    found = await _answer(port, one * 3, one.replace(b"Host: x", b"Host: x\r\nConnection: close"))
    assert found.count(b"200 OK") == 4
