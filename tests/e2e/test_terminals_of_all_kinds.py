"""The workstation on terminals that show less than most: few colours, none, no sign beyond ASCII, no screen at all."""

from __future__ import annotations

import os
import random
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

if os.name == "nt":
    pytest.skip("a pseudo-terminal is POSIX's", allow_module_level=True)

from real_home import PROGRAM
from terminal import ESCAPE, Terminal

if TYPE_CHECKING:
    from real_home import RealHome

pytestmark = pytest.mark.e2e

_SGR = re.compile(rb"\x1b\[([0-9;]*)m")
"""A sequence that sets colours and weights."""
_TRUE, _INDEXED = re.compile(rb"(?:^|;)[34]8;2;"), re.compile(rb"(?:^|;)[34]8;5;")
_SIXTEEN = re.compile(rb"(?:^|;)(?:3[0-79]|4[0-79]|9[0-7]|10[0-7])(?:;|$)")
UTF_8 = {"LC_ALL": "C.UTF-8", "NO_COLOR": None}


Sights = tuple[tuple[str, str], ...]
SIGHTS: Sights = (
    ("v", "Term structure"), ("p", "F3 Pricer"), ("b", "F5 Book"), ("r", "F6 Risk"), ("o", "F7 Orders"),
    ("y", "System"), ("h", "Chart"), ("w", "Watchlist"), ("d", "Dashboard"), ("c", "F2 Chain"),
)  # fmt: skip
"""The letter behind `g`, and what the screen shows."""


def walk(terminal: Terminal, *, kill: str = "Kill switch", sights: Sights = SIGHTS[::3]) -> None:
    """Screens, help and kill switch, then leave."""
    terminal.wait_for("ORBIT", "Strike", "NLV 100,000.00", seconds=120)
    for keys, sight in sights:
        terminal.send("g", keys)
        terminal.wait_for(sight, "NLV")
    terminal.send("?")
    terminal.wait_for("Keys that work in")
    terminal.send(ESCAPE)
    terminal.wait_until(lambda shown: "Keys that work in" not in shown, "the end of the help")
    terminal.send("\x0b")
    terminal.wait_for(kill)
    terminal.send(ESCAPE)
    terminal.wait_until(lambda shown: kill not in shown, "the end of the dialog")
    terminal.send("q")
    assert terminal.wait_for_end() == 0


def styles(written: bytes) -> list[bytes]:
    """What every SGR sequence asked for."""
    return _SGR.findall(written)


@pytest.mark.parametrize(
    ("environ", "most"),
    [
        pytest.param({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "true", id="truecolor"),
        pytest.param({"TERM": "tmux-256color", "COLORTERM": None}, "indexed", id="256"),
        pytest.param({"TERM": "xterm", "COLORTERM": None}, "sixteen", id="16"),
        pytest.param({"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"}, "none", id="no-color"),
        pytest.param({"TERM": "xterm", "COLORTERM": None, "NO_COLOR": "1"}, "none", id="16-no-color"),
    ],
)
def test_no_colour_is_written_that_the_terminal_does_not_have(
    home: RealHome, environ: dict[str, str | None], most: str
) -> None:
    with Terminal(home.root, environ=UTF_8 | environ, size=(100, 30)) as terminal:
        walk(terminal, sights=SIGHTS[::3] if most in ("true", "sixteen") else SIGHTS[:1])
        asked = styles(bytes(terminal.written))
    assert asked
    kinds = {
        name: [one for one in asked if pattern.search(one)]
        for name, pattern in (("true", _TRUE), ("indexed", _INDEXED), ("sixteen", _SIXTEEN))
    }
    assert bool(kinds["true"]) is (most == "true")
    assert bool(kinds["indexed"]) is (most == "indexed")
    if most == "sixteen":
        assert kinds["sixteen"]
    if most == "none":
        assert kinds["sixteen"] == []
        assert any(b"7" in one.split(b";") for one in asked)  # the cursor, reversed
    assert b"Traceback" not in terminal.written


@pytest.mark.parametrize(
    ("environ", "sights"),
    [
        pytest.param({"LC_ALL": "C"}, (*SIGHTS[1::3], *SIGHTS[2::3]), id="LC_ALL=C"),
        pytest.param({"LC_ALL": None, "LC_CTYPE": None, "LANG": "C"}, SIGHTS[:1], id="LANG=C"),
        pytest.param({"TERM": "linux", "COLORTERM": None}, SIGHTS[:1], id="linux-console"),
        pytest.param({"OPTIONIX_TERMINAL_GLYPHS": "ascii"}, SIGHTS[:1], id="setting"),
    ],
)
def test_a_terminal_without_unicode_gets_ascii_alone(
    home: RealHome, environ: dict[str, str | None], sights: Sights
) -> None:
    with Terminal(home.root, environ=UTF_8 | environ, size=(80, 24)) as terminal:
        walk(terminal, sights=sights)
        beyond = sorted({byte for byte in terminal.written if byte > 127})
    assert beyond == []
    assert b"Traceback" not in terminal.written


def test_a_terminal_without_a_screen_is_told_so_and_commands_go_on(home: RealHome) -> None:
    with Terminal(home.root, environ=UTF_8 | {"TERM": "dumb", "COLORTERM": None}) as terminal:
        assert terminal.wait_for_end() == 2
        written = terminal.written.decode()
        assert written.startswith("error: TERM=dumb is a terminal without a screen to draw on")
        assert "\x1b" not in written
    with Terminal(
        home.root, "screen", "chain", "--print", "--size", "80x24", environ=UTF_8 | {"TERM": "dumb"}
    ) as terminal:
        assert terminal.wait_for_end(120) == 0
        assert b"\x1b" not in terminal.written
        assert "Strike" in terminal.written.decode()


def test_a_command_writes_ascii_to_a_terminal_without_unicode_and_utf_8_to_a_pipe(home: RealHome) -> None:
    arguments = ("screen", "chain", "--print", "--size", "80x24")
    with Terminal(home.root, *arguments, environ=UTF_8 | {"LC_ALL": "C"}) as terminal:
        assert terminal.wait_for_end(120) == 0
        assert terminal.written.isascii()
        assert b"Strike" in terminal.written
    done = subprocess.run(
        [PROGRAM, *arguments],
        env={**os.environ, "OPTIONIX_HOME": str(home.root), "LC_ALL": "C"},
        capture_output=True,
        check=True,
        timeout=120,
    )
    assert "Δ" in done.stdout.decode("utf-8")


def test_a_storm_of_sizes_leaves_a_whole_screen(home: RealHome) -> None:
    chance = random.Random(7)
    with Terminal(home.root, environ=UTF_8, size=(120, 36)) as terminal:
        terminal.wait_for("ORBIT", "Strike", "NLV 100,000.00", seconds=120)
        for number in range(120):
            terminal.resize(chance.randint(20, 220), chance.randint(6, 60))
            if number % 3 == 0:
                terminal.send(chance.choice(("]", "[", "j", "k", "+")))
            if number % 20 == 19:
                terminal.send("g", chance.choice("cvbo"))
        terminal.send("g", "c")
        for size in ((44, 40), (80, 24), (200, 55), (100, 30)):
            terminal.resize(*size)
            shown = terminal.wait_for("ORBIT", "Strike", "F2" if size[0] > 60 else "ORBIT")
            assert "\x1b" not in shown
        terminal.wait_until(lambda shown: "quit" in shown.splitlines()[29], "the footer's last word on the last line")
        terminal.process.send("/b\r")  # at once, as a macro types; b alone buys
        terminal.wait_for("filter must be a known word")
        terminal.send(ESCAPE)
        terminal.wait_until(lambda shown: "Esc leave" not in shown, "the end of the filter")
        terminal.process.send(":book\r")
        terminal.wait_for("F5 Book")
        terminal.send("q")
        assert terminal.wait_for_end() == 0
    assert b"Traceback" not in terminal.written
