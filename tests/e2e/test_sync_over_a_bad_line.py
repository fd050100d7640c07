"""Two devices and a server, all real processes, over a line that is cut; devices and server are killed meanwhile."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from optionix_core.market.clock import SystemClock
from optionix_core.services.desk import Desk
from optionix_core.storage import open_store
from server import assembly
from server.settings import ServerSettings
from server.store.tables import streams
from tests.e2e.cutting_proxy import CuttingProxy
from tests.server.serving import Serving

WORKER = Path(__file__).with_name("sync_worker.py")
TURNS = 6
PATIENCE = 120.0
WIDE = {"RATE_STANDARD": "100000", "RATE_LOGIN": "100000"}


class Device:
    """One home, and the process that works on it now."""

    def __init__(self, home: Path, name: str, address: str, token: str, user: str) -> None:
        self.home, self.name = home, name
        self._arguments = [str(home), address, token, user, name]
        self.wrote: set[str] = set()
        self.synced = 0
        self.process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    def start(self, turns: int = TURNS) -> None:
        """Begin, or begin again after a death."""
        self.process = subprocess.Popen(
            [sys.executable, str(WORKER), *self._arguments, str(turns)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        self._reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self._reader.start()

    def kill(self) -> None:
        """End it at once."""
        assert self.process is not None
        self.process.kill()
        self.wait(dies=True)

    def wait(self, *, dies: bool = False) -> None:
        """Until it has ended; by itself it ends well."""
        if self.process is None:
            return
        assert self.process.stderr is not None
        code = self.process.wait(PATIENCE)
        remarks = self.process.stderr.read()
        self.process.stderr.close()
        if self._reader is not None:
            self._reader.join(PATIENCE)
        self.process = None
        assert dies or code == 0, remarks

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                word, _, rest = line.strip().partition(" ")
                if word == "wrote":
                    self.wrote.add(rest)
                self.synced += word == "synced"


@pytest.mark.fault
@pytest.mark.timeout(600)
def test_every_event_is_there_once_whatever_was_cut_and_killed(tmp_path: Path) -> None:
    _run(tmp_path, seed=7, deaths=1)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(10))
def test_so_it_is_after_many_deaths(tmp_path: Path, seed: int) -> None:
    _run(tmp_path, seed, deaths=5)


def _run(folder: Path, seed: int, deaths: int) -> None:
    rng = random.Random(seed)
    data = folder / "server"
    server = Serving(data, environment=WIDE).ready()
    try:
        server.sign_in()
        token = str(server.client.headers["Authorization"]).removeprefix("Bearer ")
        user = server.client.get("/users/me").json()["user_id"]
        with CuttingProxy(_place(server), seed) as proxy:
            devices = [Device(folder / name, name, proxy.address, token, user) for name in ("one", "two")]
            for device in devices:
                device.start()
            for _ in range(deaths):
                _until(devices, sum(len(device.wrote) for device in devices) + rng.randint(2, 4))
                victim = rng.choice([one for one in devices if one.process is not None])
                victim.kill()
                server.kill()
                server.__exit__(None, None, None)
                server = Serving(data, environment=WIDE).ready()
                proxy.target = _place(server)
                for device in devices:
                    if device.process is None or device.process.poll() is not None:
                        device.wait()
                        device.start()
            for device in devices:
                device.wait()
            proxy.good = True
            for device in (*devices, devices[0]):  # the first one last again: it lacks what the second one sent
                device.start(TURNS + 1)
                device.wait()
            assert proxy.cut > 2
            assert all(device.synced for device in devices)
        assert server.end() == 0
    finally:
        server.__exit__(None, None, None)
    _check(data, devices)


def _check(data: Path, devices: list[Device]) -> None:
    """All agree to the byte, and everything that was written is there once."""
    parts = assembly.assemble(ServerSettings(data_folder=data / "data" / "server"), SystemClock())
    try:
        with parts.database.reading() as connection:
            stream = connection.execute(streams.select()).one().id
        store = parts.books.store(stream)
        assert store.verify().events == store.head().seq
        told = [(row.seq, row.id, row.data, row.status) for row in store.rows()]  # type: ignore[attr-defined] # the server's own
    finally:
        parts.close()
    ids = [row[1] for row in told]
    assert len(set(ids)) == len(ids)
    states = []
    for device in devices:
        assert device.wrote <= set(ids)
        with sqlite3.connect(device.home / "data" / "optionix.db") as opened:
            pulled = opened.execute("SELECT seq, id, data, status FROM remote_events ORDER BY seq").fetchall()
        opened.close()
        assert pulled == told
        home = open_store(device.home / "data")
        home.verify()
        desk = Desk()
        desk.follow(home)
        states.append(desk.to_bytes())
        home.close()
    assert states[0] == states[1]
    assert all(status == "accepted" for *_, status in told)


def _place(server: Serving) -> tuple[str, int]:
    found = urlsplit(server.told["address"])
    assert found.hostname is not None
    assert found.port is not None
    return found.hostname, found.port


def _until(devices: list[Device], count: int) -> None:
    """Wait until so many events were written, or everybody has ended."""
    waiting = threading.Event()
    for _ in range(int(PATIENCE * 50)):
        running = [one for one in devices if one.process is not None and one.process.poll() is None]
        if not running or sum(len(device.wrote) for device in devices) >= count:
            return
        waiting.wait(0.02)
