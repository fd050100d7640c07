"""`optionix web` before it serves: what it refuses, by which names it may be asked for, and what its keys type."""

from __future__ import annotations

import json
import re
import socket

import pytest

from config import keymaps, themes
from config.screens import NAMES
from optionix_core.errors import InvalidValueError, UsageError
from optionix_tui.web.address import address_of, checked_host, checked_public
from optionix_tui.web.admission import Admission
from optionix_tui.web.pages import page, plain_keys, screen_keys, typed

EVERYWHERE = "0.0.0.0"  # noqa: S104 - told apart, not bound
REFUSED = [
    # command, exit code, what stderr must hold
    ("web --port 65536", 1, ["--port must be between 0 and 65535", "(got 65536)"]),
    ("web --port x", 2, ["--port must be a whole number", "'x'"]),
    ("web --links 0", 1, ["--links must be between 1 and 16", "(got 0)"]),
    ("web --font-size 5", 1, ["--font-size must be between 6 and 48", "(got 5)"]),
    ("web --theme none", 2, ["terminal.theme", "dark", "'none'"]),
    ("web --host example.com", 1, ["--host must be localhost or an IP address", "'example.com'"]),
    ("web --host 0.0.0.0", 2, ["--host 0.0.0.0 can be reached from other machines", "TLS", "--public-url"]),
    ("web --host 0.0.0.0 --public-url http://desk.example.com", 2, ["--host 0.0.0.0", "TLS"]),
    ("web --public-url http://desk.example.com", 1, ["--public-url must be https://NAME"]),
    ("web --public-url https://desk.example.com/x", 1, ["--public-url", "with nothing behind it"]),
    ("--feed nonsense web", 2, ["unknown feed 'nonsense'"]),
    ("--read-only web --allow-trading", 2, ["--allow-trading", "trading.read_only is true (flag)"]),
]


@pytest.mark.parametrize(("command", "code", "told"), REFUSED, ids=[command for command, _, _ in REFUSED])
def test_what_cannot_be_served_is_named_and_no_port_is_opened(optionix, command, code, told):
    answer = optionix(*command.split())
    assert (answer.code, answer.out) == (code, "")
    assert [words for words in told if words not in answer.words] == []


def test_a_port_that_is_taken_is_named(optionix):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        answer = optionix("web", "--port", str(port))
    assert (answer.code, answer.out) == (2, "")
    assert f"--port {port} of 127.0.0.1 cannot be had" in answer.words


def test_on_loopback_this_machines_names_are_served_with_the_port() -> None:
    address = address_of("127.0.0.1", 8765, None)
    assert address.public == "http://127.0.0.1:8765"
    assert address.hosts == {"127.0.0.1:8765", "localhost:8765", "[::1]:8765"}
    assert address.origins == {f"http://{host}" for host in address.hosts}
    assert (address.secure, address.cookie) == (False, "optionix-8765")
    assert address_of("::1", 80, None).public == "http://[::1]"
    assert "localhost" in address_of("::1", 80, None).hosts  # browsers leave the usual port out


def test_behind_a_proxy_only_its_own_pages_may_ask() -> None:
    address = address_of(EVERYWHERE, 8765, "https://Desk.Example.com:443/")
    assert address.public == "https://desk.example.com"
    assert address.origins == {"https://desk.example.com"}
    assert address.hosts == {"desk.example.com", "127.0.0.1:8765", "localhost:8765", "[::1]:8765"}
    assert address.cookie == "__Host-optionix-8765"  # browsers take it with Secure, Path=/ and no Domain alone
    tunnel = address_of("127.0.0.1", 8765, "http://localhost:9000")
    assert "localhost:9000" in tunnel.hosts
    assert "http://localhost:9000" in tunnel.origins
    assert not tunnel.secure


@pytest.mark.parametrize("url", ["desk.example.com", "ftp://desk", "https://", "https://u:p@desk", "https://a:x", "//"])
def test_an_address_that_browsers_cannot_use_is_refused(url: str) -> None:
    with pytest.raises(InvalidValueError, match="--public-url"):
        checked_public(url)


def test_only_loopback_is_open_without_a_proxy() -> None:
    for host in ("127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "LOCALHOST"):
        assert checked_host(host, None) in {"127.0.0.1", "127.9.9.9", "::1"}
    for host in (EVERYWHERE, "::", "192.168.1.5", "10.0.0.1"):
        with pytest.raises(UsageError, match="TLS"):
            checked_host(host, None)
        assert checked_host(host, "https://desk.example.com") == host


def test_a_token_becomes_one_session_and_nothing_else_does() -> None:
    admission = Admission()
    first, second = admission.new_token(), admission.new_token()
    assert not admission.admits(first)  # a token is no session
    session = admission.exchange(first)
    assert session is not None
    assert admission.admits(session)
    assert admission.exchange(first) is None
    assert admission.exchange(session) is None
    other = admission.exchange(second)
    assert other not in (None, session)
    assert admission.admits(session)
    for wrong in (None, "", session[:-1], session + "x", "\ud800"):
        assert not admission.admits(wrong)
    assert first not in repr(vars(admission))
    assert session not in repr(vars(admission))


def test_keys_of_the_bar_type_what_a_terminal_sends() -> None:
    assert typed("f2") == "\x1bOQ"
    assert typed("f5") == "\x1b[15~"
    assert typed("g c") == "gc"
    assert typed("ctrl+k") == "\x0b"
    assert typed("alt+x") == "\x1bx"
    assert typed("ctrl+up") is None  # no bar key is made of what a terminal may send in several ways
    keys = screen_keys(keymaps.load())
    assert [key.label.split()[-1] for key in keys] == [*NAMES, "help"]
    assert len({key.typed for key in keys}) == len(keys)
    assert all(key.typed for key in plain_keys())


@pytest.mark.parametrize("theme", ["dark", "light", "ansi"])
def test_the_page_has_its_keys_and_no_address_of_anybody_else(theme: str) -> None:
    text = page(themes.load(theme), 18, keymaps.load(), read_only=True)
    assert 'data-font-size="18"' in text
    assert "Optionix (read-only)" in text
    assert "$" not in text
    buttons = re.findall(r'data-typed="([^"]*)"', text)
    assert json.loads(buttons[0].replace("&quot;", '"')) == "\x1bOQ"
    assert not re.search(r"(?:https?:)?//\w", text)
