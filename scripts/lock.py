"""Compiles `runtime.lock`, `dev.lock` and `bench.lock` from pyproject.toml: every platform, every hash, no address."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMAND = (
    "uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes",
    "--no-emit-index-url", "--no-emit-find-links", "--no-header", "--no-annotate", "--upgrade",
)  # fmt: skip


def compile_lock(requirements: list[str], output: str, constraints: tuple[str, ...] = ()) -> None:
    """Write `output` with the pins of `requirements`, agreeing with `constraints`."""
    within = [word for name in constraints for word in ("--constraint", name)]
    subprocess.run(
        [sys.executable, "-m", *COMMAND, *within, "-", "--output-file", output],
        input="\n".join(requirements),
        text=True,
        check=True,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    path = ROOT / output
    text = path.read_text("utf-8")
    path.write_text("# Compiled from pyproject.toml by `make lock`.\n" + text, "utf-8")


def main() -> None:
    """Compile all three."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    extras = project["project"]["optional-dependencies"].values()
    runtime = project["project"]["dependencies"] + [line for extra in extras for line in extra]
    runtime += ["hatchling", "editables"]  # the editable install is built without isolation
    compile_lock(runtime, "runtime.lock")
    groups = project["dependency-groups"]
    compile_lock(runtime + groups["dev"], "dev.lock", ("runtime.lock",))
    compile_lock(runtime + groups["dev"] + groups["bench"], "bench.lock", ("dev.lock",))


if __name__ == "__main__":
    main()
