"""From a bound port to the end: addresses given out, pages answered, everything ended on a signal."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
import sys
from collections.abc import Callable, Sequence

from aiohttp import web

from optionix_core.errors import UsageError
from optionix_tui.web.address import Address, address_of
from optionix_tui.web.admission import Admission
from optionix_tui.web.process import PATIENCE_SECONDS
from optionix_tui.web.server import PageServer


def bind(host: str, port: int) -> socket.socket:
    """A listening socket. Raises UsageError where the port or the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        if error.errno in (errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL, getattr(errno, "WSAEACCES", -1)):
            raise UsageError(
                f"--port {port} of {host} cannot be had ({error.strerror}): give another one, or --port 0 for any"
            ) from None
        raise


def serve(
    listening: socket.socket,
    public_url: str | None,
    page: str,
    command: Sequence[str],
    tell: Callable[[Address, tuple[str, ...]], None],
    links: int = 1,
) -> None:
    """Serve `page` until SIGTERM, or until ctrl+c, which raises KeyboardInterrupt once everything has ended.

    `tell` gets the address and the one-time addresses; `command` is what each page runs (arguments of `optionix`).
    """
    asyncio.run(_serve(listening, public_url, page, command, tell, links))


async def _serve(
    listening: socket.socket,
    public_url: str | None,
    page: str,
    command: Sequence[str],
    tell: Callable[[Address, tuple[str, ...]], None],
    links: int,
) -> None:
    host, port = listening.getsockname()[:2]
    address, admission = address_of(host, port, public_url), Admission()
    server = PageServer(address, admission, page, command)
    runner = web.AppRunner(server.application(), access_log=None, shutdown_timeout=2 * PATIENCE_SECONDS)
    over = asyncio.Event()
    if sys.platform != "win32":
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, over.set)
    await runner.setup()
    try:
        await web.SockSite(runner, listening).start()
        tell(address, tuple(f"{address.public}/#{admission.new_token()}" for _ in range(links)))
        await over.wait()
    finally:
        await runner.cleanup()
