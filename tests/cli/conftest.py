"""The command line in this process: a home of its own, a clock that stands still, what was piped in."""

from __future__ import annotations

import io
import os
import shutil
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from optionix_core.market.clock import ManualClock
from optionix_tui.cli.boundary import run
from tests.cli.schema_learning import check_output

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "chains"
MOMENT = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
"""A Friday within New York's session; the market of seed 20 at this moment is the same in every process."""


@dataclass(frozen=True)
class Answer:
    """What a command left behind."""

    code: int
    data: bytes
    words: str
    """stderr."""

    @property
    def out(self) -> str:
        return self.data.decode("utf-8")


@dataclass
class CommandLine:
    """Runs `optionix` commands one after the other on one home."""

    folder: Path
    clock: ManualClock
    _capture: pytest.CaptureFixture[bytes]
    _patch: pytest.MonkeyPatch

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def __call__(self, *arguments: str, stdin: str | bytes = b"") -> Answer:
        piped = stdin.encode() if isinstance(stdin, str) else stdin
        self._patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(piped), encoding="utf-8"))
        self._capture.readouterr()
        code = run(list(arguments), self.clock)
        told = self._capture.readouterr()
        if code == 0 and ("--json" in arguments or ("json" in arguments and "--format" in arguments)):
            check_output(arguments, told.out.decode("utf-8"))
        return Answer(code, told.out, told.err.decode("utf-8"))


@pytest.fixture
def optionix(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> CommandLine:
    """In an empty folder with the fixture chains in it."""
    for name in list(os.environ):
        if name.startswith("OPTIONIX_"):
            monkeypatch.delenv(name)
    for file in FIXTURES.iterdir():
        shutil.copy(file, tmp_path)
    monkeypatch.setenv("OPTIONIX_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return CommandLine(tmp_path, ManualClock(MOMENT), capsysbinary, monkeypatch)
