"""Who may come in at the door of `optionix web`, and that nothing stays behind when it closes. No browser is needed."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from real_home import RealHome
from web_server import PATIENCE, WebServer
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import ClientConnection, connect

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    with WebServer(RealHome(tmp_path_factory.mktemp("web") / "home")) as made:
        yield made


@pytest.fixture(scope="module")
def cookie(server: WebServer) -> str:
    """A session; tests of the token itself have servers of their own."""
    return server.enter()


def open_page(server: WebServer, cookie: str | None, origin: str | None = None, host: str = "") -> ClientConnection:
    """The socket of a page of 80x24."""
    headers = {} if cookie is None else {"Cookie": cookie}
    address = server.address if origin is None else origin
    return connect(
        f"ws://{host or server.host}/ws?width=80&height=24",
        additional_headers=headers,
        origin=address or None,  # type: ignore[arg-type] # a NewType of str
        proxy=None,
        max_size=None,
    )


@pytest.mark.parametrize(
    "path", ["/", "/ws?width=80&height=24", "/assets/textual.js", "/assets/page.js", "/download/x"]
)
def test_without_a_session_there_is_nothing_but_the_door(server: WebServer, path: str) -> None:
    status, _, body = server.ask("GET", path, Origin=server.address)
    assert status == 403
    assert b"xterm" not in body
    assert b"data-columns" not in body  # the terminal's page has it
    with_another = server.ask("GET", path, Origin=server.address, Cookie=f"optionix-{server.host.partition(':')[2]}=no")
    assert with_another[0] == 403


def test_a_token_is_good_once_and_its_session_is_kept_from_scripts_and_other_sites(tmp_path: Path) -> None:
    with WebServer(RealHome(tmp_path / "home"), "--links", "2") as server:
        assert len(set(server.links)) == 2
        assert all(len(link.partition("#")[2]) >= 43 for link in server.links)  # 256 bits in base 64
        status, response, _ = server.ask("POST", "/enter", server.token.encode(), Origin=server.address)
        assert status == 204
        set_cookie = response.headers["Set-Cookie"]
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= {part.strip() for part in set_cookie.split(";")}
        cookie = set_cookie.partition(";")[0]
        assert server.token not in cookie
        page, response, body = server.ask("GET", "/", Cookie=cookie)
        assert (page, b"data-columns" in body) == (200, True)
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'; script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        again = server.ask("POST", "/enter", server.token.encode(), Origin=server.address)
        assert again[0] == 403
        assert again[1].headers["Set-Cookie"] is None
        for wrong in (b"", b"x", server.token[:-1].encode(), "é".encode(), b"\xff"):
            assert server.ask("POST", "/enter", wrong, Origin=server.address)[0] == 403
        second = server.links[1].partition("#")[2]
        assert server.ask("POST", "/enter", second.encode(), Origin=server.address)[0] == 204
        server.process.terminate()
        remarks = server.remarks()
        assert server.token not in remarks
        assert second not in remarks


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "localhost", "127.0.0.1", "127.0.0.1:1", ""])
def test_a_name_that_is_not_ours_is_refused_whatever_else_is_right(server: WebServer, cookie: str, host: str) -> None:
    for path in ("/", "/assets/textual.js", "/assets/door.js", "/ws?width=80&height=24"):
        status, _, body = server.ask("GET", path, Host=host, Cookie=cookie, Origin=server.address)
        assert status in (400, 421), path
        assert b"data-columns" not in body


def test_this_machines_own_names_are_served(server: WebServer, cookie: str) -> None:
    port = server.host.partition(":")[2]
    assert server.ask("GET", "/", Host=f"localhost:{port}", Cookie=cookie)[0] == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1"])
def test_another_sites_page_can_ask_for_nothing(server: WebServer, cookie: str, origin: str) -> None:
    for method, path in (("GET", "/"), ("POST", "/enter"), ("GET", "/ws?width=80&height=24"), ("GET", "/download/x")):
        assert server.ask(method, path, Origin=origin, Cookie=cookie)[0] == 403, path
    assert server.ask("GET", "/assets/page.js", Cookie=cookie, Sec_Fetch_Site="cross-site")[0] == 403
    with pytest.raises(InvalidStatus) as refused:
        open_page(server, cookie, origin)
    assert refused.value.response.status_code == 403
    assert not server.children()


def test_a_socket_needs_session_and_origin(server: WebServer, cookie: str) -> None:
    for session, origin in ((None, None), ("optionix-1=x", None), (cookie, "")):
        with pytest.raises(InvalidStatus) as refused:
            open_page(server, session, origin)
        assert refused.value.response.status_code == 403
    assert not server.children()


@pytest.mark.parametrize("size", ["", "?width=80", "?width=0&height=24", "?width=80&height=1001", "?width=x&height=1"])
def test_a_page_of_an_impossible_size_is_refused(server: WebServer, cookie: str, size: str) -> None:
    status, _, body = server.ask(
        "GET", f"/ws{size}", Origin=server.address, Cookie=cookie, Connection="Upgrade", Upgrade="websocket",
        Sec_WebSocket_Version="13", Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ==",
    )  # fmt: skip
    assert (status, b"whole numbers from 1 to 1000" in body) == (400, True)


@pytest.mark.parametrize(
    "message",
    [
        "no JSON", "{}", "[]", '["stdin", 5]', '["resize", {"width": 80}]', '["resize", {"width": true, "height": 2}]',
        '["stdin", "\\ud800"]', b"x",
    ],
)  # fmt: skip
def test_a_message_that_no_page_sends_ends_that_page_alone(
    server: WebServer, cookie: str, message: str | bytes
) -> None:
    with open_page(server, cookie) as page:
        page.send(message)
        with pytest.raises(ConnectionClosedError):
            list(page)  # what the application drew before it was ended
    assert page.close_code in (1003, 1008)
    assert server.process.poll() is None


def test_a_page_that_ends_takes_its_application_with_it_and_ctrl_c_takes_all(tmp_path: Path) -> None:
    with WebServer(RealHome(tmp_path / "home")) as server:
        cookie = server.enter()
        with open_page(server, cookie) as first, open_page(server, cookie) as second:
            for page in (first, second):
                assert isinstance(page.recv(timeout=PATIENCE), bytes)  # it draws
            both = server.children()
            assert len(both) == 2
            first.close()
            gone, alive = one_leaves(both)
            assert (len(gone), len(alive)) == (1, 1)
            if os.name != "nt":
                assert server.interrupt() == 130
            else:
                server.process.terminate()
            assert not psutil.wait_procs(alive, timeout=PATIENCE)[1]
    socket.create_server(("127.0.0.1", int(server.host.partition(":")[2]))).close()  # the port is free again


def one_leaves(processes: list[psutil.Process]) -> tuple[list[psutil.Process], list[psutil.Process]]:
    """Which have gone once the first one has, and which have not."""
    gone: list[psutil.Process] = []
    alive = processes
    while not gone:
        gone, alive = psutil.wait_procs(alive, timeout=0.05)
    return gone, alive


def test_a_server_that_is_killed_leaves_no_application_behind(tmp_path: Path) -> None:
    with WebServer(RealHome(tmp_path / "home")) as server, open_page(server, server.enter()) as page:
        assert isinstance(page.recv(timeout=PATIENCE), bytes)
        applications = server.children()
        assert len(applications) == 1
        server.process.kill()
        assert not psutil.wait_procs(applications, timeout=PATIENCE)[1]


@pytest.mark.parametrize(
    ("before", "after", "why"), [(("--account", "-"), (), "account"), ((), ("--workspace", "nowhere"), "'nowhere'")]
)
def test_an_application_that_cannot_start_says_why_on_its_page(
    tmp_path: Path, before: tuple[str, ...], after: tuple[str, ...], why: str
) -> None:
    with WebServer(RealHome(tmp_path / "home"), *after, before=before) as server:
        with open_page(server, server.enter()) as page:
            told = next(json.loads(message) for message in page if isinstance(message, str))
        assert told[0] == "ended"
        assert told[1]["status"] != 0
        assert why in told[1]["words"]
