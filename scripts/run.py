"""`make run`: the workstation in a terminal; its first screen as text where there is none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

program = Path(sys.executable).with_name("optionix.exe" if os.name == "nt" else "optionix")
at_terminal = sys.stdin.isatty() and sys.stdout.isatty()
arguments = [str(program)] if at_terminal else [str(program), "screen", "chain", "--print"]
raise SystemExit(subprocess.run(arguments, check=False).returncode)
