"""What a start costs and how a cold one behaves."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from threading import Event

import pytest
from filelock import FileLock

from optionix_core.errors import Severity
from optionix_tui import warmup

HEAVY = ("numpy", "numba", "scipy", "pandas", "sqlalchemy", "alembic", "exchange_calendars", "pyarrow", "filelock")


def test_the_first_frame_needs_nothing_heavy() -> None:
    code = (
        "import sys; from optionix_tui.app import OptionixApp; import screens.chain, screens.volatility, screens.book;"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_screen_is_loaded_when_it_is_first_shown() -> None:
    names = ("screens.chain", "screens.volatility", "screens.book")
    code = f"import sys, optionix_tui.app; print([name for name in {names} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_compiling_apart_tells_its_progress_up_to_the_end() -> None:
    told: list[tuple[str, float | None]] = []
    warmup.compile_apart(lambda step, share: told.append((step, share)), Event())
    shares = [share for _, share in told if share is not None]
    assert shares == sorted(shares)
    assert shares[0] == 0.0
    assert shares[-1] == 1.0


def test_a_compiler_that_fails_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told: list[str] = []
    monkeypatch.setenv("PYTHONHOME", str(tmp_path))  # no standard library there: the process cannot even start
    with pytest.raises(warmup.WarmupError, match="kernels did not compile") as caught:
        warmup.compile_apart(lambda step, _: told.append(step), Event())
    assert told == ["compiling the kernels, once on this machine"]
    assert caught.value.severity is Severity.ERROR


def test_the_rest_is_compiled_meanwhile_and_no_longer_than_the_terminal_is_open(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    began, ended = tmp_path / "began", tmp_path / "ended"
    touch = "pathlib.Path({!r}).touch()".format
    waits = f"import pathlib, time; {touch(str(began))}; time.sleep(60); {touch(str(ended))}"
    monkeypatch.setattr(warmup, "_COMMAND", (sys.executable, "-c", waits))
    monkeypatch.setattr("optionix_core.services.warm.is_warm", lambda: False)
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *_, **__: tmp_path)
    started = time.monotonic()
    with warmup.compiling_the_rest():
        while not began.exists() and time.monotonic() - started < 30:
            pass
    assert began.exists()
    assert not ended.exists()
    assert time.monotonic() - started < 50


def test_nothing_is_compiled_where_everything_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warmup, "_COMMAND", ("no-such-program",))
    monkeypatch.setattr("optionix_core.services.warm.is_warm", lambda: True)
    with warmup.compiling_the_rest():
        pass


def test_two_terminals_do_not_compile_the_same_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(warmup, "_COMMAND", ("no-such-program",))
    monkeypatch.setattr("optionix_core.services.warm.is_warm", lambda: False)
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *_, **__: tmp_path)
    other = FileLock(tmp_path / "compiling.lock", thread_local=False)
    with other, warmup.compiling_the_rest():
        pass
    with pytest.raises(FileNotFoundError, match="no-such-program"), warmup.compiling_the_rest():
        pass
