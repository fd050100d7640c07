"""200 WebSockets that hear ten events a second for a minute: gaps, delays, and what it costs the server.

The server is a process of its own; clients share one. The events are of one stream, which all of its desk hear.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import tempfile
import threading
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median, quantiles
from uuid import UUID

import psutil
import uvicorn
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.measure import Figure
from optionix_core.market.clock import SystemClock
from optionix_core.sync.event import Event
from server import assembly
from server.auth.identity import Role
from server.auth.origin import Origin
from server.auth.people import NewUser, add_user
from server.auth.sessions import open_session
from server.context import Server
from server.observing import set_up_logs
from server.settings import ServerSettings

CLIENTS = 200
HERTZ = 10
SECONDS = int(os.environ.get("WEBSOCKET_SECONDS", "60"))
OF_ONE = 20
"""Sockets of one user."""


def figures(environment: dict[str, str]) -> list[Figure]:
    """Gaps, delays and CPU."""
    del environment
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        spawn = multiprocessing.get_context("spawn")
        ours, theirs = spawn.Pipe()
        child = spawn.Process(target=_serve, args=(folder, theirs), daemon=True)
        child.start()
        try:
            port, stream, tokens = ours.recv()
            return asyncio.run(_measure(port, stream, tokens, ours, psutil.Process(child.pid)))
        finally:
            ours.send("end")
            child.join(60)


def _serve(folder: str, pipe: Connection) -> None:
    """A server, the people of one desk, and events on command."""
    set_up_logs("error")
    settings = ServerSettings(data_folder=Path(folder), port=0)
    server = assembly.assemble(settings, SystemClock())
    stream, tokens = _people(server)
    running = uvicorn.Server(
        uvicorn.Config(assembly.application(server), port=0, ws="websockets-sansio", log_config=None)
    )
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        time.sleep(0.01)
    pipe.send((running.servers[0].sockets[0].getsockname()[1], str(stream), tokens))
    store = server.books.store(stream)
    began = time.monotonic()
    for number in range(1, SECONDS * HERTZ + 1):
        if number == 1:
            pipe.recv()
            began = time.monotonic()
        time.sleep(max(0.0, began + number / HERTZ - time.monotonic()))
        payload = {"number": number, "sent_us": int(time.monotonic() * 1e6)}
        with store.writing("benchmark") as writer:
            writer.append([Event(f"e-{number}", "order.filled", server.clock.now(), payload)])
    pipe.recv()
    running.should_exit = True
    thread.join(30)
    server.close()


def _people(server: Server) -> tuple[UUID, list[str]]:
    accounts = server.accounts
    password = "seventeen green parrots"  # noqa: S105 - of people who exist for a benchmark
    owner = add_user(accounts.stores, NewUser("owner@example.com", "Owner", password), by=None)
    tokens = []
    for number in range(CLIENTS // OF_ONE + 1):
        new = NewUser(f"viewer-{number}@example.com", "Viewer", password, Role.VIEWER, desk_id=owner.desk_id)
        viewer = add_user(accounts.stores, new, by=None)
        pair = server.database.write(
            lambda connection, viewer=viewer: open_session(accounts, connection, viewer.id, None, Origin("127.0.0.1"))  # type: ignore[misc]
        )
        tokens.append(pair.access_token)
    return server.books.own_stream(owner.id), tokens


async def _measure(
    port: int, stream: str, tokens: Sequence[str], pipe: Connection, process: psutil.Process
) -> list[Figure]:
    url = f"ws://127.0.0.1:{port}/api/v2/ws"
    first = json.dumps({"type": "subscribe", "channels": ["log"], "stream_id": stream, "after": 0})
    total = SECONDS * HERTZ
    delays: list[float] = []

    async def opened(token: str) -> ClientConnection:
        socket = await connect(url, additional_headers={"Authorization": f"Bearer {token}"}, proxy=None, max_queue=None)
        await socket.send(first)
        await socket.recv()
        return socket

    async def hear(socket: ClientConnection) -> int:
        gaps = 0
        for expected in range(1, total + 1):
            message = json.loads(await asyncio.wait_for(socket.recv(), 30))
            delays.append(time.monotonic() * 1e6 - message["event"]["payload"]["sent_us"])
            gaps += message["seq"] != expected
        await socket.close()
        return gaps

    sockets = [await opened(tokens[number // OF_ONE]) for number in range(CLIENTS)]
    before, began = process.cpu_times(), time.monotonic()
    pipe.send("go")
    gaps = sum(await asyncio.gather(*map(hear, sockets)))
    after, taken = process.cpu_times(), time.monotonic() - began
    used = (after.user + after.system - before.user - before.system) / taken
    note = f"{CLIENTS} sockets, {HERTZ} events/s, {SECONDS} s: {len(delays):,} messages"
    return [
        Figure("events missed, doubled or out of order", gaps, "events", 0.0, note),
        Figure("delay of an event, median", median(delays) / 1e3, "ms", None, "from before its commit to the client"),
        Figure("delay of an event, 99 in 100", quantiles(delays, n=100)[98] / 1e3, "ms", 1000.0),
        Figure("CPU of the server", 100 * used, "% of a core", 100.0),
    ]
