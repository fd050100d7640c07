"""From settings to a server that answers, and to its end: uvicorn, one process or several.

The port is bound before anything else is done, so that one that is taken is told at once, and so that workers share
it. A server that is told to end takes no new requests, finishes those in flight, tells WebSockets to come back (1012),
and closes its database last.
"""

from __future__ import annotations

import errno
import multiprocessing.connection
import os
import signal
import socket
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import uvicorn
from uvicorn.supervisors import Multiprocess

from optionix_core.errors import StorageError, UsageError
from optionix_core.market.clock import SystemClock
from server import assembly, crowding, surroundings
from server.bounded_http import BoundedHttp
from server.observing import set_up_logs
from server.settings import FILE_SUFFIX, PREFIX, ServerSettings, load_settings

if TYPE_CHECKING:
    from server.context import Server
    from server.middleware.asgi import App, Receive, Scope, Send

FACTORY: Final = "server.serving:application"
_LOOK_SECONDS: Final = 0.5
_WORKER_SECONDS: Final = 30
"""For a worker to answer its supervisor, or to start."""
_METRICS_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
_SOCKET_REFUSALS: Final = (errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL, getattr(errno, "WSAEACCES", -1))

Tell = Callable[[str], None]
"""Hears the address once requests are answered."""


class Ending:
    """An application whose server is closed when the application ends."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._open = True
        self._app: App = assembly.application(server)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on; at the end of the lifespan everything is released."""
        try:
            await self._app(scope, receive, send)
        finally:
            if scope["type"] == "lifespan":
                self.close()

    def close(self) -> None:
        """Release everything, once."""
        if self._open:
            self._open = False
            self._server.close()


def application() -> Ending:
    """The application of one of several workers, with settings from the environment."""
    settings = load_settings()
    set_up_logs(settings.log_level)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    return Ending(assembly.assemble(settings, SystemClock()))


def serve(settings: ServerSettings, tell: Tell) -> None:
    """Serve until SIGTERM, or until ctrl+c, which raises KeyboardInterrupt once everything has ended.

    Raises ConfigurationError where the server may not be started so, UsageError where the port cannot be had, and what
    opening the database raises.
    """
    surroundings.check(settings)
    listening = bind(settings.host, settings.port)
    try:
        address = address_of(settings, listening)
        set_up_logs(settings.log_level)
        if settings.workers == 1:
            _serve_here(settings, listening, lambda: tell(address))
        else:
            _serve_with_workers(settings, listening, lambda: tell(address))
    finally:
        listening.close()


def bind(host: str, port: int) -> socket.socket:
    """A listening socket. Raises UsageError where the port or the address cannot be had."""
    name = surroundings.bare(host)
    family = socket.AF_INET6 if ":" in name else socket.AF_INET
    try:
        bound = socket.create_server((name, port), family=family, backlog=2048)
    except OSError as error:
        if error.errno not in _SOCKET_REFUSALS:
            raise
        raise UsageError(
            f"--port {port} of {host} cannot be had ({error.strerror}): give another one, or --port 0 for any"
        ) from None
    bound.set_inheritable(True)
    return bound


def address_of(settings: ServerSettings, listening: socket.socket) -> str:
    """Where it is found: `http://127.0.0.1:8000`."""
    host, port = listening.getsockname()[:2]
    scheme = "http" if settings.tls_certificate is None else "https"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def modern_tls(_: uvicorn.Config, default: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    """TLS 1.3 and nothing older."""
    context = default()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


class _Telling(uvicorn.Server):
    """A uvicorn that says when it answers."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, then tell."""
        await super().startup(sockets)
        self._ready()


class _Workers(Multiprocess):
    """Worker processes; says when all of them answer, and remembers which signal ended them."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket], ready: Callable[[], None]) -> None:
        super().__init__(config, sockets)
        self._ready = ready
        self.all_answered = False
        self.interrupted = False

    def init_processes(self) -> None:
        """Start them and wait; a signal ends the waiting."""
        super().init_processes()
        left = list(self.processes)
        while left and not self.should_exit.is_set():
            self.handle_signals()
            left = [one for one in left if not one.wait_until_ready(_LOOK_SECONDS, self.should_exit)]
            if any(not one.process.is_alive() for one in left):
                self.should_exit.set()
        if not left:
            self.all_answered = True
            self._ready()

    def handle_int(self) -> None:
        """Ctrl+c."""
        self.interrupted = True
        super().handle_int()


def _config(settings: ServerSettings, app: Any, **more: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        workers=settings.workers,
        lifespan="on",
        http=BoundedHttp,
        ws="websockets-sansio",
        ws_max_size=1 << 16,  # clients send little, see `server.realtime.messages`
        ws_per_message_deflate=False,  # costs more than it saves on events of a few hundred bytes
        log_config=None,
        access_log=False,
        proxy_headers=False,  # ours believes named networks alone
        server_header=False,
        timeout_graceful_shutdown=settings.shutdown_seconds,
        timeout_worker_healthcheck=_WORKER_SECONDS,
        ssl_certfile=settings.tls_certificate,
        ssl_keyfile=settings.tls_key,
        ssl_context_factory=None if settings.tls_certificate is None else modern_tls,
        **more,
    )


def _serve_here(settings: ServerSettings, listening: socket.socket, ready: Callable[[], None]) -> None:
    server = assembly.assemble(settings, SystemClock())
    app = Ending(server)
    try:
        crowding.tell(settings, server.database)
        config = _config(settings, app)
        with _terminated_quietly():
            _Telling(config, ready).run(sockets=[listening])
    finally:
        app.close()


def _serve_with_workers(settings: ServerSettings, listening: socket.socket, ready: Callable[[], None]) -> None:
    once = assembly.assemble(settings, SystemClock())  # the database is brought up to date, keys are made
    try:
        crowding.tell(settings, once.database)
    finally:
        once.close()
    with tempfile.TemporaryDirectory(prefix="optionix-metrics-", ignore_cleanup_errors=True) as metrics:
        tell_workers(settings)
        os.environ[_METRICS_FOLDER] = metrics
        config = _config(settings, FACTORY, factory=True)
        workers = _Workers(config, [listening], ready)
        workers.run()
    if workers.interrupted:
        raise KeyboardInterrupt
    if not workers.all_answered:
        raise StorageError("a worker could not start; what it said is above")


def tell_workers(settings: ServerSettings) -> None:
    """Put what flags of the command changed into the environment; all else workers read as this process did."""
    for field in ("data_folder", "host", "workers", "feed", "seed"):
        name = f"{PREFIX}{field.upper()}"
        os.environ.pop(name + FILE_SUFFIX, None)
        os.environ[name] = str(getattr(settings, field))


@contextmanager
def _terminated_quietly() -> Iterator[None]:
    """Once everything has ended uvicorn raises the signal that ended it again: SIGTERM is then no failure."""
    names = [name for name in ("SIGTERM", "SIGBREAK") if hasattr(signal, name)]
    before = {name: signal.signal(getattr(signal, name), lambda *_: None) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)


def _end_with_parent() -> None:
    """Workers whose supervisor was killed end as if they were told to."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        signal.raise_signal(signal.SIGTERM)
