"""What only a real process shows: closed pipes, signals, encodings, and what was loaded by the end."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = str(Path(sys.executable).with_name("optionix.exe" if os.name == "nt" else "optionix"))
OPTION = ("ORBIT", "15JAN27", "200", "C")
CLOCK = "from datetime import UTC, datetime\nfrom optionix_core.market.clock import ManualClock\n"

pytestmark = pytest.mark.e2e


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPTIONIX_")}
    return {**kept, "OPTIONIX_HOME": str(tmp_path / "home")}


def optionix(
    environment: dict[str, str], *arguments: str, stdin: bytes = b"", **variables: str
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [PROGRAM, *arguments], input=stdin, env={**environment, **variables}, capture_output=True, check=False
    )


def loaded_by(environment: dict[str, str], *commands: tuple[str, ...]) -> set[str]:
    """Top-level modules that a process holds after some commands at a moment that stands still."""
    code = (
        f"{CLOCK}import sys\nfrom optionix_tui.cli.boundary import run\n"
        f"clock = ManualClock(datetime(2026, 11, 20, 15, 30, tzinfo=UTC))\n"
        f"for command in {commands!r}:\n    assert run(command, clock) == 0\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True)
    return set(done.stderr.decode().splitlines()[-1].split())


def has_a_snapshot(part: Path) -> bool:
    """Whether a recording that is being written holds a whole moment."""
    try:
        return b'"kind":"snapshot"' in gzip.decompress(part.read_bytes())
    except (FileNotFoundError, EOFError):
        return False


def test_a_warm_machine_never_loads_the_calendars(environment: dict[str, str]) -> None:
    warmed = optionix(environment, "warm", "--json")
    steps = json.loads(warmed.stdout)["steps"]
    assert (steps[0]["step"], steps[-1]["step"]) == ("compiler", "sessions XNYS")
    assert len(warmed.stderr.splitlines()) == len(steps)
    assert not Path(environment["OPTIONIX_HOME"]).exists()
    trading = loaded_by(environment, ("buy", "1", *OPTION), ("positions",), ("account",))
    looking = loaded_by(environment, ("chain", "show", "ORBIT"), ("chain", "expiries", "ORBIT"))
    for loaded in (trading, looking):
        assert not loaded & {"exchange_calendars", "pandas", "textual", "pydantic", "rich", "plotext"}
    assert not trading & {"numba", "scipy"}


def test_small_commands_load_little(environment: dict[str, str]) -> None:
    commands = ("positions", "account", "log verify", "log show", "config show", "feed list", "chain list", "doctor")
    loaded = loaded_by(environment, *(tuple(command.split()) for command in commands))
    assert not loaded & {"numba", "scipy", "pandas", "exchange_calendars", "alembic", "textual", "pydantic", "rich"}


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
def test_a_reader_that_leaves_early_is_no_failure(environment: dict[str, str]) -> None:
    line = f"'{PROGRAM}' chain show ORBIT --json | head -c 20; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], env=environment, capture_output=True, check=False)
    assert done.stdout.decode()[20:] == "0\n"
    assert b"Traceback" not in done.stderr
    assert b"Broken pipe" not in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="ctrl+c reaches other processes differently there")
def test_ctrl_c_ends_a_replay_with_130(environment: dict[str, str]) -> None:
    start = ("--start", "2026-03-02T14:30", "--interval", "3600", "--count", "2", "--underlying", "ORBIT")
    assert optionix(environment, "feed", "record", "long", *start, "--expiries", "1").returncode == 0
    command = [PROGRAM, "feed", "replay", "long"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["underlying"] == "ORBIT"
        process.send_signal(signal.SIGINT)
        _, words = process.communicate(timeout=20)
    assert (process.returncode, words) == (130, b"error: interrupted\n")


@pytest.mark.skipif(os.name == "nt", reason="ctrl+c reaches other processes differently there")
def test_ctrl_c_closes_a_recording_and_keeps_it(environment: dict[str, str], tmp_path: Path) -> None:
    command = [
        PROGRAM,
        "feed",
        "record",
        "cut",
        "--underlying",
        "ORBIT",
        "--expiries",
        "1",
        "--duration",
        "600",
        "--json",
    ]
    part = tmp_path / "home" / "data" / "recordings" / "cut.recording.gz.part"
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        while process.poll() is None and not has_a_snapshot(part):
            pass
        process.send_signal(signal.SIGINT)
        data, words = process.communicate(timeout=20)
    assert process.returncode == 0, words
    assert json.loads(data)["ending"] == "cancelled"
    assert not part.exists()
    assert optionix(environment, "feed", "replay", "cut", "--speed", "0").returncode == 0


@pytest.mark.parametrize("variables", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}])
def test_pipes_carry_utf_8_wherever_the_machine_stands(
    variables: dict[str, str], environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "résumé σ.csv").write_text("type,strike,volatility,id\ncall,100,0.2,日経\n", "utf-8")
    file = str(tmp_path / "résumé σ.csv")
    arguments = ("--spot", "100", "--expiry", "1", "--rate", "0", "--format", "csv")
    done = optionix(environment, "price", file, *arguments, **variables)
    assert done.returncode == 0, done.stderr
    assert "日経,call," in done.stdout.decode("utf-8")
    assert b"\r" not in done.stdout


def test_python_m_is_the_same_program(environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "optionix_tui", "--version"]
    done = subprocess.run(command, env=environment, capture_output=True, check=True)
    assert done.stdout == optionix(environment, "--version").stdout


def test_a_bare_optionix_without_a_terminal_helps_on_stderr(environment: dict[str, str]) -> None:
    done = optionix(environment)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"Usage: optionix ")


def test_warm_tells_every_step_where_no_data_is_asked_for(environment: dict[str, str]) -> None:
    done = optionix(environment, "warm")
    lines = done.stdout.decode().splitlines()
    assert done.stderr == b""
    assert lines[0].startswith("compiler ")
    assert lines[-1].startswith("sessions XNYS ")
    assert all(line.endswith(" s") for line in lines)
