"""The server of the pages: who may ask, what is answered, and a process for each page.

Nothing is answered to a request that names another host or comes from another origin (`address`), nothing but the door
to one without a session (`admission`). No request is logged. What a page sends is checked before it is passed on.
"""

from __future__ import annotations

from asyncio import gather
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import quote

from aiohttp import WSCloseCode, WSMsgType, web
from textual_serve.download_manager import DownloadManager

from optionix_tui.web.address import Address
from optionix_tui.web.admission import Admission
from optionix_tui.web.pages import asset, door, terminal_asset
from optionix_tui.web.process import PageProcess

MAXIMUM_PAGES = 16
"""Open at a time; each is a process."""
MAXIMUM_MESSAGE = 1 << 18
"""Bytes of one message of a page; what is pasted is the longest."""
MAXIMUM_CELLS = 1000
"""Columns or lines."""
HEARTBEAT_SECONDS = 15.0
"""After which a page that does not answer is given up."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_OPEN = frozenset({"/", "/enter", "/assets/door.js", "/assets/door.css", "/assets/icon.svg"})
"""What is answered without a session."""
_OWN = {
    "door.js": "text/javascript", "door.css": "text/css", "page.js": "text/javascript", "page.css": "text/css",
    "icon.svg": "image/svg+xml",
}  # fmt: skip
_TERMINAL = {
    "textual.js": ("js/textual.js", "text/javascript"),
    "xterm.css": ("css/xterm.css", "text/css"),
    "RobotoMono.ttf": ("fonts/RobotoMono-VariableFont_wght.ttf", "font/ttf"),
    "RobotoMono-Italic.ttf": ("fonts/RobotoMono-Italic-VariableFont_wght.ttf", "font/ttf"),
}
_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class MalformedMessageError(ValueError):
    """A page sent something that pages do not send."""


class PageServer:
    """Answers browsers on one address."""

    def __init__(self, address: Address, admission: Admission, page: str, command: Sequence[str]) -> None:
        """`page`: the terminal's page; `command`: arguments of `optionix` that each page runs."""
        self._address = address
        self._admission = admission
        self._page = page
        self._command = tuple(command)
        self._downloads = DownloadManager()
        self._open: dict[web.WebSocketResponse, PageProcess] = {}

    def application(self) -> web.Application:
        """The routes, behind the door."""
        made = web.Application(middlewares=[self._guarded], client_max_size=4096)
        made.add_routes(
            [
                web.get("/", self._index),
                web.post("/enter", self._enter),
                web.get("/ws", self._terminal),
                web.get("/download/{key}", self._download),
                web.get("/assets/{name}", self._asset),
            ]
        )
        made.on_shutdown.append(self._close_pages)
        return made

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse what does not belong here, and say to browsers what a page may do."""
        try:
            refusal = self._refusal(request)
            response = await handler(request) if refusal is None else refusal
        except web.HTTPException as error:
            response = web.Response(status=error.status, text=f"{error.reason}\n")
        if not response.prepared:
            response.headers.update(_HEADERS)
            response.headers["Content-Security-Policy"] = self._policy(request.host)
        return response

    def _refusal(self, request: web.Request) -> web.Response | None:
        if request.headers.get("Host", "").lower() not in self._address.hosts:
            return web.Response(status=421, text="this name is not served here\n")
        origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
        asks_from_a_page = request.method != "GET" or request.path == "/ws"
        if origin not in self._address.origins and (origin is not None or asks_from_a_page):
            return web.Response(status=403, text="another site's page may not ask here\n")
        if request.path != "/" and site not in (None, "same-origin", "none"):
            return web.Response(status=403, text="another site's page may not ask here\n")
        if request.path not in _OPEN and not self._has_session(request):
            return web.Response(status=403, text="no session: open the address that `optionix web` printed\n")
        return None

    def _policy(self, host: str) -> str:
        """Scripts, letters and connections of our own, and nothing else; styles are also written by the terminal."""
        socket = f"{'wss' if self._address.secure else 'ws'}://{host}"
        return (
            "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; img-src 'self'; "
            f"connect-src 'self' {socket}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )

    def _has_session(self, request: web.Request) -> bool:
        return self._admission.admits(request.cookies.get(self._address.cookie))

    async def _index(self, request: web.Request) -> web.Response:
        """The terminal for a session, the door for everybody else."""
        if self._has_session(request):
            return web.Response(text=self._page, content_type="text/html")
        return web.Response(text=door(), content_type="text/html", status=403)

    async def _enter(self, request: web.Request) -> web.Response:
        """Exchange a token for a session."""
        session = self._admission.exchange((await request.read()).decode("utf-8", "replace"))
        if session is None:
            return web.Response(status=403, text="this address has been used, or never was one\n")
        response = web.Response(status=204)
        response.set_cookie(
            self._address.cookie, session, httponly=True, samesite="Strict", secure=self._address.secure, path="/"
        )
        return response

    async def _asset(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name in _OWN:
            return web.Response(body=asset(name), content_type=_OWN[name])
        if name in _TERMINAL:
            path, kind = _TERMINAL[name]
            return web.Response(body=terminal_asset(path), content_type=kind)
        raise web.HTTPNotFound

    async def _download(self, request: web.Request) -> web.StreamResponse:
        """A file that an application hands to its page."""
        key = request.match_info["key"]
        try:
            about = await self._downloads.get_download_metadata(key)
        except KeyError:
            raise web.HTTPNotFound from None
        response = web.StreamResponse(headers=_HEADERS)
        response.content_type = "application/octet-stream"
        response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(about.file_name, safe='')}"
        await response.prepare(request)
        async for chunk in self._downloads.download(key):
            await response.write(chunk)
        await response.write_eof()
        return response

    async def _terminal(self, request: web.Request) -> web.StreamResponse:
        """Run an application for a page until one of the two ends."""
        try:
            size = _cells(request.query.get("width")), _cells(request.query.get("height"))
        except MalformedMessageError as error:
            return web.Response(status=400, text=f"{error}\n")
        socket = web.WebSocketResponse(
            heartbeat=HEARTBEAT_SECONDS, max_msg_size=MAXIMUM_MESSAGE, compress=self._address.secure
        )
        await socket.prepare(request)
        if len(self._open) >= MAXIMUM_PAGES:
            words = f"{MAXIMUM_PAGES} pages are open: close one of them"
            await socket.send_json(["ended", {"status": 0, "words": words}])
            await socket.close(code=WSCloseCode.TRY_AGAIN_LATER)
            return socket
        process = PageProcess(
            self._command,
            write_bytes=socket.send_bytes,
            write_str=socket.send_str,
            close=socket.close,
            downloads=self._downloads,
        )
        self._open[socket] = process
        try:
            await process.start(*size)
            await _pass_on(socket, process)
        finally:
            await process.stop()
            del self._open[socket]
        return socket

    async def _close_pages(self, _: web.Application) -> None:
        """End every page at once, so that none waits for another."""
        await gather(*(process.stop() for process in self._open.values()))
        await gather(*(socket.close(code=WSCloseCode.GOING_AWAY) for socket in list(self._open)))


async def _pass_on(socket: web.WebSocketResponse, process: PageProcess) -> None:
    """What the page sends, to its application; a malformed message ends the page."""
    async for message in socket:
        if message.type is not WSMsgType.TEXT:
            await socket.close(code=WSCloseCode.UNSUPPORTED_DATA)
            return
        try:
            await _act(message.json(), socket, process)
        except ValueError:
            await socket.close(code=WSCloseCode.POLICY_VIOLATION)
            return


async def _act(message: Any, socket: web.WebSocketResponse, process: PageProcess) -> None:
    match message:
        case ["stdin", str(keys)]:
            await process.send_bytes(keys.encode("utf-8"))
        case ["resize", {"width": width, "height": height}]:
            await process.set_terminal_size(_cells(width), _cells(height))
        case ["ping", str(sent)]:
            await socket.send_json(["pong", sent])
        case ["focus"]:
            await process.focus()
        case ["blur"]:
            await process.blur()
        case _:
            raise MalformedMessageError("no message that a page sends")


def _cells(given: object) -> int:
    """A number of columns or lines. Raises MalformedMessageError."""
    text = str(given)
    if isinstance(given, bool) or not (text.isascii() and text.isdecimal() and 1 <= int(text[:6]) <= MAXIMUM_CELLS):
        raise MalformedMessageError(f"columns and lines must be whole numbers from 1 to {MAXIMUM_CELLS}")
    return int(text)
