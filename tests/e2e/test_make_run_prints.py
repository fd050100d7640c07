"""What `make run` does where there is no terminal: the first screen as text, exit status 0, nothing asked."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

RUN = Path(__file__).resolve().parents[2] / "scripts" / "run.py"

pytestmark = pytest.mark.e2e


def test_without_a_terminal_the_first_screen_is_printed(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OPTIONIX_")}
    done = subprocess.run(
        [sys.executable, str(RUN)],
        check=False,
        cwd=tmp_path,
        env={**environment, "OPTIONIX_HOME": str(tmp_path / "home")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert len(lines) == 36
    assert max(map(len, lines)) <= 120
    for sight in ("F2 Chain", "ORBIT", "SIM", "Strike", "NLV 100,000.00", "b buy"):
        assert sight in done.stdout
    assert "\x1b" not in done.stdout
    assert not (tmp_path / "home" / "data").exists()  # looking writes nothing
