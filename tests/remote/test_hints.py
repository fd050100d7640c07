"""Hints over the real WebSocket: heard while one is signed in, and missed by nobody where there are none."""

from __future__ import annotations

import http
from queue import Queue
from threading import Event, Thread
from types import SimpleNamespace
from typing import Any

import pytest
from websockets.sync.server import serve

from optionix_core.feeds.network.pace import RetryPolicy
from optionix_tui.remote.hints import HintListener
from tests.remote.conftest import PASSWORD, Live


def _raise(error: Exception) -> None:
    raise error


def test_the_end_of_the_stream_is_heard_at_once_and_again_after_each_sign_in(live: Live) -> None:
    user = live.add()
    team = live.team()
    heard: Queue[int] = Queue()
    listener = HintListener(team.client, heard.put, _raise)
    listener.start()  # nobody is signed in: it waits
    try:
        with live.workspace() as workspace:
            team.sign_in(workspace, live.url, "ann@example.com", PASSWORD)
        listener.again()
        assert heard.get(timeout=30.0) == 0
        store = live.server.books.store(live.server.books.own_stream(user.id))
        from optionix_core.sync.event import Event

        with store.writing("a test") as writer:
            writer.append([Event("note-1", "note.written", live.clock.now(), {"text": "x"})])
        assert heard.get(timeout=30.0) == 1
    finally:
        listener.stop()
        listener.join(30.0)
    assert not listener.is_alive()


def test_a_server_without_websockets_is_left_alone_and_the_end_comes_at_once(live: Live) -> None:
    live.add()
    team = live.team()
    with live.workspace() as workspace:
        team.sign_in(workspace, live.url, "ann@example.com", PASSWORD)
    asked: Queue[str] = Queue()
    client = team.client()
    client.line.server = "http://127.0.0.1:9"

    def clients():  # type: ignore[no-untyped-def] # the client
        asked.put("asked")
        return client

    listener = HintListener(clients, lambda _: None, _raise)
    listener.start()
    assert asked.get(timeout=30.0) == "asked"
    listener.stop()
    listener.join(30.0)
    assert not listener.is_alive()


@pytest.mark.parametrize("status", [429, 502, 503])
def test_a_server_that_starts_anew_is_asked_again_soon(status: int) -> None:
    """As the proxy before it answers meanwhile; a server that says no is left alone for ten minutes."""
    asked: Queue[int] = Queue()

    def busy(connection: Any, _: Any) -> Any:
        asked.put(status)
        return connection.respond(http.HTTPStatus(status), "not now")

    with serve(lambda _: None, "127.0.0.1", 0, process_request=busy) as server:
        serving = Thread(target=server.serve_forever)
        serving.start()
        listener = HintListener(
            _clients(server), lambda _: None, _raise, policy=RetryPolicy(first=0.001, longest=0.001)
        )
        listener.start()
        try:
            assert [asked.get(timeout=30.0) for _ in range(3)] == [status] * 3
        finally:
            listener.stop()
            listener.join(30.0)
            server.shutdown()
            serving.join()


def test_whoever_signs_in_while_a_connection_opens_is_listened_to() -> None:
    """The connection of whoever was signed in before is given up."""
    opened: Queue[str] = Queue()
    opening, go = Event(), Event()

    def slow(_: Any, request: Any) -> None:
        opened.put(request.headers["Authorization"])
        opening.set()
        assert go.wait(30.0)

    bearers = iter(["Bearer ann", "Bearer bob"])
    with serve(lambda socket: [None for _ in socket], "127.0.0.1", 0, process_request=slow) as server:
        serving = Thread(target=server.serve_forever)
        serving.start()
        listener = HintListener(_clients(server, lambda: next(bearers).removeprefix("Bearer ")), lambda _: None, _raise)
        listener.start()
        try:
            assert opening.wait(30.0)
            listener.again()
            go.set()
            assert [opened.get(timeout=30.0) for _ in range(2)] == ["Bearer ann", "Bearer bob"]
        finally:
            listener.stop()
            listener.join(30.0)
            server.shutdown()
            serving.join()
    assert not listener.is_alive()


def _clients(server: Any, bearer: Any = lambda: "token") -> Any:
    address = f"http://127.0.0.1:{server.socket.getsockname()[1]}"
    return lambda: SimpleNamespace(line=SimpleNamespace(server=address), bearer=bearer)
