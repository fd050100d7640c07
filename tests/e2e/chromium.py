"""A real Chromium for tests, spoken to by its own protocol (CDP) over a WebSocket.

No driver library: the few commands needed here are the same in every Chromium, so that the browser of the system
serves whatever its version, and nothing of 45 MB is pinned to one. What the page shows is read twice: as bytes on its
socket, drawn into a terminal of ours, and as pictures.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyte
from websockets.sync.client import ClientConnection, connect

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PATIENCE = 60.0
SWITCHES = (
    "--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-extensions",
    "--remote-debugging-port=0", "--hide-scrollbars", "--no-proxy-server", "--password-store=basic",
)  # fmt: skip
_KEYS = {
    "Enter": (13, "\r"), "Escape": (27, ""), "Tab": (9, ""), "ArrowLeft": (37, ""), "ArrowUp": (38, ""),
    "ArrowRight": (39, ""), "ArrowDown": (40, ""), "Backspace": (8, ""),
    **{f"F{number}": (111 + number, "") for number in range(1, 13)},
}  # fmt: skip


def program() -> str | None:
    """Chromium, or a browser that is one; None where there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Chromium:
    """A browser with a profile of its own, gone with it."""

    def __init__(self, place: Path) -> None:
        self._profile = place
        found = program()
        assert found is not None, "no Chromium"
        as_root = ("--no-sandbox",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()
        words = [found, *SWITCHES, *as_root, f"--user-data-dir={place}", "about:blank"]
        self._process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        told = self._port_file()
        self._over = ExitStack()
        self._connection: ClientConnection = self._over.enter_context(
            connect(f"ws://127.0.0.1:{told[0]}{told[1]}", max_size=None, proxy=None)
        )
        self._numbers = count(1)
        self._pages: dict[str, Page] = {}

    def _port_file(self) -> list[str]:
        place, deadline = self._profile / "DevToolsActivePort", time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            assert self._process.poll() is None, f"Chromium ended at once ({self._process.returncode})"
            if place.exists() and len(lines := place.read_text("utf-8").split()) == 2:
                return lines
            time.sleep(0.02)
        raise AssertionError(f"Chromium did not open its protocol within {PATIENCE:.0f} s")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.ask("Browser.close")
            self._over.close()
        finally:
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def ask(self, method: str, session: str | None = None, **parameters: Any) -> Any:
        """Give a command and wait for its answer."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        self._connection.send(json.dumps(message if session is None else {**message, "sessionId": session}))
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            answer = self.receive(deadline - time.monotonic())
            if answer is not None and answer.get("id") == number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
        raise AssertionError(f"{method} was not answered within {PATIENCE:.0f} s")

    def receive(self, seconds: float) -> dict[str, Any] | None:
        """One message, events being handed to their page; None where none comes."""
        try:
            message: dict[str, Any] = json.loads(self._connection.recv(timeout=max(seconds, 0)))
        except TimeoutError:
            return None
        page = self._pages.get(message.get("sessionId", ""))
        if page is not None and "method" in message:
            page.happened(message["method"], message["params"])
        return message

    @contextmanager
    def page(
        self, url: str, size: tuple[int, int] = (1200, 800), *, phone: bool = False, apart: bool = False
    ) -> Iterator[Page]:
        """A new page of `size` pixels; `phone`: with fingers, no pointer; `apart`: sharing no cookies with others."""
        context = self.ask("Target.createBrowserContext")["browserContextId"] if apart else None
        shared = {} if context is None else {"browserContextId": context}
        target = self.ask("Target.createTarget", url="about:blank", **shared)["targetId"]
        session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self._pages[session] = Page(self, session, context)
        page.open(url, size, phone=phone)
        try:
            yield page
        finally:
            self.ask("Target.closeTarget", targetId=target)
            del self._pages[session]
            if context is not None:
                self.ask("Target.disposeBrowserContext", browserContextId=context)


class Page:
    """One page, and the terminal on it as its socket tells it."""

    def __init__(self, browser: Chromium, session: str, context: str | None) -> None:
        self._browser, self._session, self._context = browser, session, context
        self._screen = pyte.Screen(80, 24)
        self._stream = pyte.ByteStream(self._screen)
        self.requested: list[str] = []
        """Every address that was asked for."""
        self.complaints: list[str] = []
        """Errors on the page's console."""

    def ask(self, method: str, **parameters: Any) -> Any:
        """A command for this page."""
        return self._browser.ask(method, self._session, **parameters)

    def open(self, url: str, size: tuple[int, int], *, phone: bool) -> None:
        """Load an address."""
        for domain in ("Network", "Page", "Runtime", "Log"):
            self.ask(f"{domain}.enable")
        scale = {"deviceScaleFactor": 0}  # the browser's own: canvases are measured in its pixels, not in emulated ones
        self.ask("Emulation.setDeviceMetricsOverride", width=size[0], height=size[1], mobile=phone, **scale)
        if phone:
            self.ask("Emulation.setTouchEmulationEnabled", enabled=True, maxTouchPoints=1)
        self.ask("Emulation.setFocusEmulationEnabled", enabled=True)
        self.ask("Page.navigate", url=url)

    def happened(self, method: str, told: dict[str, Any]) -> None:
        """An event of the protocol."""
        if method == "Network.webSocketFrameReceived" and told["response"]["opcode"] == 2:
            self._stream.feed(base64.b64decode(told["response"]["payloadData"]))
        elif method == "Network.webSocketFrameSent":
            self._resized(told["response"]["payloadData"])
        elif method == "Network.requestWillBeSent":
            self.requested.append(told["request"]["url"])
        elif method == "Network.webSocketCreated":
            self.requested.append(told["url"])
            self._screen.reset()
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(str(told["exceptionDetails"]))
        elif method == "Log.entryAdded" and told["entry"]["level"] == "error":
            self.complaints.append(f"{told['entry']['text']} {told['entry'].get('url', '')}")

    def _resized(self, sent: str) -> None:
        message = json.loads(sent)
        if message[0] == "resize":
            self._screen.resize(lines=message[1]["height"], columns=message[1]["width"])

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines of the terminal."""
        return self._screen.columns, self._screen.lines

    @property
    def text(self) -> str:
        """What the terminal shows, as lines."""
        return "\n".join(self._screen.display)

    def run(self, script: str) -> Any:
        """The value of a script's expression."""
        answer = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait_until(self, seen: Callable[[str], bool], what: str, seconds: float = PATIENCE) -> str:
        """The terminal's text once `seen` holds of it."""
        deadline = time.monotonic() + seconds
        while not seen(self.text):
            assert time.monotonic() < deadline, f"never saw {what} within {seconds:.0f} s; the page shows:\n{self.text}"
            self._browser.receive(0.05)
        return self.text

    def wait_for(self, *sights: str, seconds: float = PATIENCE) -> str:
        """The terminal's text once it shows every one of `sights`."""
        return self.wait_until(lambda shown: all(sight in shown for sight in sights), repr(sights), seconds)

    def wait_for_words(self, words: str, seconds: float = PATIENCE) -> None:
        """Until the page itself, not its terminal, says `words` where it can be seen."""
        deadline = time.monotonic() + seconds
        while words not in (shown := str(self.run("document.body ? document.body.innerText : ''"))):
            assert time.monotonic() < deadline, f"the page never said {words!r} but: {shown}"
            self._browser.receive(0.05)

    def download_into(self, folder: Path) -> None:
        """Keep what is downloaded in a folder."""
        where = {} if self._context is None else {"browserContextId": self._context}
        self._browser.ask("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder), **where)

    def press(self, *keys: str) -> None:
        """Press keys: names of the DOM such as `F5` or `ArrowUp`, or single characters; `ctrl+` before one."""
        for key in keys:
            name = key.removeprefix("ctrl+")
            code, typed = _KEYS.get(name, (ord(name.upper()) if len(name) == 1 else 0, name))
            text = {"text": typed} if typed and name == key else {}
            about = {
                "key": name,
                "windowsVirtualKeyCode": code if name in _KEYS or name.isalnum() else 0,
                "modifiers": 0 if name == key else 2,
            }
            self.ask("Input.dispatchKeyEvent", type="keyDown", **about, **text)
            self.ask("Input.dispatchKeyEvent", type="keyUp", **about)

    def place(self, words: str, nth: int = 0) -> tuple[int, int]:
        """Column and line where `words` begin on the terminal."""
        found = [(line.index(words), number) for number, line in enumerate(self._screen.display) if words in line]
        assert len(found) > nth, f"{words!r} is not on the page:\n{self.text}"
        return found[nth]

    def pixels(self, column: int, line: int) -> tuple[float, float]:
        """The middle of a cell on the page."""
        left, top, width, height = self.run(
            "(r => [r.left, r.top, r.width, r.height])(document.querySelector('.xterm-screen').getBoundingClientRect())"
        )
        columns, lines = self.size
        return left + (column + 0.5) * width / columns, top + (line + 0.5) * height / lines

    def click(self, words: str, nth: int = 0) -> None:
        """Click where `words` begin on the terminal."""
        x, y = self.pixels(*self.place(words, nth))
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            buttons = {} if kind == "mouseMoved" else {"button": "left", "clickCount": 1}
            self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, **buttons)

    def tap(self, words: str, nth: int = 0) -> None:
        """Tap with a finger where `words` begin on the terminal."""
        self._tap(*self.pixels(*self.place(words, nth)))

    def tap_button(self, label: str) -> None:
        """Tap a button of the page's bar, scrolled into view."""
        x, y = self.run(
            "(b => {b.scrollIntoView({inline: 'center'}); const r = b.getBoundingClientRect();"
            f"return [r.left + r.width / 2, r.top + r.height / 2]}})([...document.querySelectorAll('button')]"
            f".find(b => b.textContent === {json.dumps(label)}))"
        )
        self._tap(x, y)

    def _tap(self, x: float, y: float) -> None:
        self.ask("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": x, "y": y}])
        self.ask("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    def drag(self, start: tuple[float, float], by: float) -> None:
        """Draw a finger down by some pixels, up where they are negative."""
        x, y = start
        self.ask("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": x, "y": y}])
        for step in range(1, 11):
            self.ask("Input.dispatchTouchEvent", type="touchMove", touchPoints=[{"x": x, "y": y + by * step / 10}])
        self.ask("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    def picture(self, place: Path) -> bytes:
        """The page as PNG, kept at `place`."""
        png = base64.b64decode(self.ask("Page.captureScreenshot", format="png")["data"])
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(png)
        return png
