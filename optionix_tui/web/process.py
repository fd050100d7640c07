"""One page's application: a process of its own that draws into the page and ends with it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from textual_serve.app_service import AppService

import optionix_tui
from optionix_tui.cli.output import say
from optionix_tui.web import DRIVER

if TYPE_CHECKING:
    from textual_serve.download_manager import DownloadManager

PRELUDE = b"__GANGLION__\n"
"""What Textual's driver for pages says first."""
PATIENCE_SECONDS = 5.0
"""For an application to leave once it is told to; then it is ended."""
LAST_WORDS = 4000
"""Characters of what a failed application said that its page shows."""


class PageProcess(AppService):
    """textual-serve's service for one page; its process needs no shell, tells why it failed, and never stays."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        write_bytes: Callable[[bytes], Awaitable[None]],
        write_str: Callable[[str], Awaitable[None]],
        close: Callable[[], Awaitable[object]],
        downloads: DownloadManager,
    ) -> None:
        """`command`: arguments of `optionix` that open the workstation."""

        async def closed() -> None:
            await close()

        super().__init__(
            "optionix", write_bytes=write_bytes, write_str=write_str, close=closed, download_manager=downloads
        )
        self._arguments = tuple(command)
        self._page_gone = False

    def _build_environment(self, width: int = 80, height: int = 24) -> dict[str, str]:
        """Our driver, and our packages wherever the current folder is."""
        root = str(Path(optionix_tui.__file__).resolve().parent.parent)
        paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
        return {
            **super()._build_environment(width, height),
            "TEXTUAL_DRIVER": DRIVER,
            "TERM": "xterm-256color",  # what a page can do, whatever terminal the server was started in
            "COLORTERM": "truecolor",
            "PYTHONIOENCODING": "utf-8",
            "PYTHONPATH": os.pathsep.join(paths),
        }

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        """The workstation as a process apart from our terminal, whose ctrl+c is ours alone."""
        apart = {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "optionix_tui",
            *self._arguments,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=self._build_environment(width, height),
            **(apart if sys.platform == "win32" else {"start_new_session": True}),
        )
        self._process, self._stdin = process, process.stdin
        return process

    async def run(self) -> None:
        """Carry what the application says to the page until it ends, then say how it ended and close the page."""
        process = cast(Process, self._process)
        words = asyncio.create_task(cast(asyncio.StreamReader, process.stderr).read())
        stdout = cast(asyncio.StreamReader, process.stdout)
        try:
            while line := await stdout.readline():
                if line == PRELUDE:
                    break
            while kind := await stdout.read(1):
                size = int.from_bytes(await stdout.readexactly(4), "big")
                await self._carry(kind, await stdout.readexactly(size))
        except asyncio.IncompleteReadError:
            pass  # it ended in the middle of a packet
        if process.stdin is not None:
            process.stdin.close()
        last = (await words).decode("utf-8", "replace").strip()
        status = await process.wait()
        if status and not self._page_gone:
            say(f"a page's workstation ended with status {status}{f': {last}' if last else ''}")
            await self._tell(["ended", {"status": status, "words": last[-LAST_WORDS:]}])
        if not self._page_gone:
            await self.remote_close()

    async def _carry(self, kind: bytes, payload: bytes) -> None:
        """One packet to the page; what comes for a page that has gone is read all the same, else nothing could end."""
        if self._page_gone:
            return
        try:
            if kind == b"D":
                await self.on_data(payload)
            elif kind == b"P":
                await self.on_packed(payload)
            elif kind == b"M" and json.loads(payload).get("type") != "exit":  # its end is the end of its output
                await self.on_meta(payload)
        except (ConnectionError, RuntimeError):
            self._page_gone = True

    async def _tell(self, message: list[object]) -> None:
        if not self._page_gone:
            try:
                await self.remote_write_str(json.dumps(message))
            except (ConnectionError, RuntimeError):
                self._page_gone = True

    async def stop(self) -> None:
        """End the application, kindly first; returns when it has ended."""
        task, process = self._task, self._process
        if task is None or process is None:
            return
        self._task, self._page_gone = None, True
        await self._download_manager.cancel_app_downloads(app_service_id=self.app_service_id)
        if process.returncode is None:
            await self.send_meta({"type": "quit"})
        for end in (process.terminate, process.kill):
            done, _ = await asyncio.wait({task}, timeout=PATIENCE_SECONDS)
            if done:
                break
            end()
        await task
