"""A day's work in a real terminal: look, change expiry, buy, see the position, leave, come back to it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from optionix_core.services.feeds import open_feed

if os.name == "nt":
    pytest.skip("a pseudo-terminal is POSIX's", allow_module_level=True)

from real_home import PROGRAM
from terminal import LEFT, TAB, UP, Terminal, send_ticket

if TYPE_CHECKING:
    from real_home import RealHome

pytestmark = pytest.mark.e2e

SIZES = [pytest.param((120, 36), id="120x36"), pytest.param((80, 24), id="80x24")]
LEAVE_ALTERNATE_SCREEN, SHOW_CURSOR, MOUSE_OFF = b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1000l"


@pytest.fixture(scope="module")
def expiries() -> tuple[date, date]:
    """The first two of the underlying that the workstation opens on."""
    feed, now = open_feed("sim"), datetime.now(UTC)
    first, second = feed.expiries("ORBIT", now)[:2]
    return first[0], second[0]


@pytest.mark.parametrize("size", SIZES)
def test_two_contracts_bought_in_the_terminal_are_there_after_a_restart(
    home: RealHome, expiries: tuple[date, date], size: tuple[int, int]
) -> None:
    with Terminal(home.root, size=size) as terminal:
        terminal.wait_for(*chain_of(expiries[0]), "NLV 100,000.00")
        terminal.send("]")
        terminal.wait_for(*chain_of(expiries[1]))
        terminal.send("b")
        ticket = terminal.wait_for("BUY", "quantity  1", "fills")
        label = label_in(ticket)
        assert f"{expiries[1]:%d%b%y}".upper() in label
        terminal.send(UP)
        terminal.wait_for("quantity  2")
        terminal.send(TAB, LEFT)  # a market order: the touch may move while we look
        terminal.wait_until(lambda shown: bool(re.search(r"‹ market ›.*fills +2 at ", shown, re.DOTALL)), "2 fills")
        terminal.send_order(f"Filled: BUY 2 {label}")
        terminal.send("g", "b")
        terminal.wait_until(holding(label), f"2 of {label} in the book")
        terminal.send("q")
        assert terminal.wait_for_end() == 0
        assert_given_back(terminal)
    with Terminal(home.root, size=size) as terminal:
        terminal.wait_for(*chain_of(expiries[0]))
        terminal.send("g", "b")
        terminal.wait_until(holding(label), f"2 of {label} in the book")
        terminal.send("q")
        assert terminal.wait_for_end() == 0
    journal = home.check()
    assert list(journal.bought().values()) == [2]
    assert len(journal.intents) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_ends_the_workstation_leaves_the_terminal_as_it_was(
    home: RealHome, expiries: tuple[date, date], number: signal.Signals
) -> None:
    with Terminal(home.root) as terminal:
        terminal.wait_for(*chain_of(expiries[0]))
        terminal.process.kill(number)
        assert terminal.wait_for_end() == 128 + number
        assert_given_back(terminal)


def test_a_feed_that_there_is_not_is_told_before_the_terminal_opens(home: RealHome) -> None:
    with Terminal(home.root, "--feed", "nonsense") as terminal:
        assert terminal.wait_for_end() == 2
        assert terminal.written.decode().strip() == (
            "error: unknown feed 'nonsense'; known: sim, replay:FILE, file:NAME_OR_PATH, deribit:ROOT, cboe:NAME"
        )


def chain_of(expiry: date) -> tuple[str, ...]:
    """Sights of a chain with prices: the expiry beside its underlying, the marked strike, the option's quote."""
    return f"ORBIT  {expiry:%d %b %y}", "<", " bid ", " ask "


def label_in(ticket: str) -> str:
    """The option that a ticket is for."""
    found = re.search(r"BUY +(ORBIT \d\d[A-Z]{3}\d\d [\d.]+ [CP])", ticket)
    assert found is not None, ticket
    return found[1]


def holding(label: str) -> Callable[[str], bool]:
    """Whether the book on the screen holds two contracts of an option."""
    line = re.compile(rf"{re.escape(label)} +\+2 ")
    return lambda shown: "F5 Book" in shown and bool(line.search(shown))


def assert_given_back(terminal: Terminal) -> None:
    """The last word on screen buffer, cursor and mouse was the one that gives them back."""
    written = bytes(terminal.written)
    for back, taken in (
        (LEAVE_ALTERNATE_SCREEN, b"\x1b[?1049h"),
        (SHOW_CURSOR, b"\x1b[?25l"),
        (MOUSE_OFF, b"\x1b[?1000h"),
    ):
        assert written.rfind(back) > written.rfind(taken) >= 0, f"{taken!r} was not taken back"


class Tmux:
    """A tmux server of our own, with a shell in one window of 120x36."""

    def __init__(self, place: Path) -> None:
        self._socket = place / "tmux"
        ours = ("OPTIONIX_", "TMUX")
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        self.command("new-session", "-d", "-x", "120", "-y", "36", "sh")

    def command(self, *arguments: str) -> str:
        """One tmux command; its output."""
        done = subprocess.run(
            ["tmux", "-S", str(self._socket), "-f", os.devnull, *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
        return done.stdout

    def open(self, home: RealHome, turn: str) -> None:
        """Start the workstation from the shell, which tells its exit status when it has left: `first left 0`."""
        self.send(f"OPTIONIX_HOME='{home.root}' '{PROGRAM}'; echo {turn} left $?", "Enter")

    def wait_until(self, seen: Callable[[str], bool], what: str, seconds: float = 60) -> str:
        """The first screen for which `seen` is true."""
        deadline, shown = time.monotonic() + seconds, ""
        while time.monotonic() < deadline:
            shown = self.command("capture-pane", "-p")
            if seen(shown):
                return shown
            time.sleep(0.05)
        raise AssertionError(f"never saw {what} within {seconds} s; the screen is:\n{shown}")

    def wait_for(self, *sights: str) -> str:
        """The screen once it shows every one of `sights`."""
        return self.wait_until(lambda shown: all(sight in shown for sight in sights), repr(sights))

    def send(self, *keys: str) -> None:
        """Type keys, by tmux's names."""
        self.command("send-keys", *keys)


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Tmux]:
    """A server that ends with the test."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    server = Tmux(tmp_path)
    yield server
    server.command("kill-server")


def test_the_same_in_tmux(home: RealHome, expiries: tuple[date, date], tmux: Tmux) -> None:
    tmux.open(home, "first")
    tmux.wait_for(*chain_of(expiries[0]), "NLV 100,000.00")
    tmux.send("]")
    tmux.wait_for(*chain_of(expiries[1]))
    tmux.send("b")
    label = label_in(tmux.wait_for("BUY", "quantity  1", "fills"))
    tmux.send("Up")
    tmux.wait_for("quantity  2")
    tmux.send("Tab", "Left")  # a market order: the touch may move while we look
    tmux.wait_for("‹ market ›", "2 at ")
    send_ticket(lambda: tmux.send("Enter"), tmux.wait_until, f"Filled: BUY 2 {label}")
    tmux.send("g", "b")
    tmux.wait_until(holding(label), f"2 of {label} in the book")
    tmux.send("q")
    assert "F5 Book" not in tmux.wait_for("first left 0")
    tmux.open(home, "second")
    tmux.wait_for(*chain_of(expiries[0]))
    tmux.send("g", "b")
    tmux.wait_until(holding(label), f"2 of {label} in the book")
    tmux.send("q")
    assert "first left 0" in tmux.wait_for("second left 0")  # the shell's screen is back
    assert list(home.check().bought().values()) == [2]
