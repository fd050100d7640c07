"""Makes `.venv` what the lock files say, and only when they changed. Standard library only.

`python scripts/environment.py runtime|dev|bench` creates the environment, installs the pins with their
hashes, then the project itself as an editable install. A stamp holds the hash of what was installed,
so that a second call does nothing.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
LOCKS = {
    "runtime": ("runtime.lock",),
    "dev": ("runtime.lock", "dev.lock"),
    "bench": ("runtime.lock", "dev.lock", "bench.lock"),
}

WHOLE = ("--no-deps", "--no-compile")
"""The locks name every package, so that none is looked for, and Python compiles what is imported when it is."""


def fingerprint(kind: str) -> str:
    """Hash of all that decides what the environment holds."""
    parts = [sys.version, str(ROOT)]
    parts += [(ROOT / name).read_text("utf-8") for name in (*LOCKS[kind], "pyproject.toml")]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def is_current(kind: str) -> bool:
    """Whether `.venv` already holds `kind` (an environment with more in it serves as well)."""
    for name in list(LOCKS)[list(LOCKS).index(kind) :]:
        stamp = VENV / f"optionix-{name}.stamp"
        if PYTHON.exists() and stamp.exists() and stamp.read_text("utf-8") == fingerprint(name):
            return True
    return False


def install(*arguments: str) -> None:
    """Run pip of the environment, its words on stderr."""
    subprocess.run(
        [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments],
        check=True,
        cwd=ROOT,
        stdout=sys.stderr,
    )


def main() -> int:
    """Bring the environment up to date."""
    kind = sys.argv[1] if len(sys.argv) > 1 else "runtime"
    if kind not in LOCKS:
        print(f"environment must be one of {', '.join(LOCKS)} (got {kind})", file=sys.stderr)
        return 2
    if sys.version_info < (3, 11):  # noqa: UP036 - this file is what an older Python meets first
        found = ".".join(map(str, sys.version_info[:3]))
        print(f"Python must be 3.11 or newer (got {found} from {sys.executable})", file=sys.stderr)
        return 2
    if is_current(kind):
        return 0
    stamps = [VENV / f"optionix-{name}.stamp" for name in LOCKS]
    for stamp in stamps:
        stamp.unlink(missing_ok=True)
    if not PYTHON.exists():
        print("creating .venv", file=sys.stderr)
        venv.create(VENV, with_pip=True, clear=VENV.exists())
    print(f"installing the {kind} pins (once; later runs start at once)", file=sys.stderr)
    locks = [part for lock in LOCKS[kind] for part in ("--requirement", lock)]
    install("--require-hashes", *WHOLE, *locks)
    install("--no-deps", "--no-build-isolation", "--editable", ".")
    (VENV / f"optionix-{kind}.stamp").write_text(fingerprint(kind), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
