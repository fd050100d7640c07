"""The lock files name every package that another one needs: nothing else is installed."""

from __future__ import annotations

import subprocess
import sys


def test_every_package_of_the_environment_finds_what_it_needs() -> None:
    checked = subprocess.run(
        (sys.executable, "-m", "pip", "check", "--disable-pip-version-check"),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (checked.returncode, checked.stdout) == (0, "No broken requirements found.\n")
