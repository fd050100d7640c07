"""`make audit`: known weaknesses of every package that a lock file names, by pip-audit.

pip-audit passes over what its source of advisories does not know, and says that nothing was found. Here a package that
was not looked at is a failure, as one with a weakness is.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("runtime.lock", "dev.lock")
PATIENCE = 600.0
"""Seconds."""


def pinned(lock: str) -> set[str]:
    """Names of the packages of a lock file that a system like this one installs."""
    lines = re.findall(r"^([A-Za-z0-9].*?) ?\\\\?$", lock, re.MULTILINE)
    asked = [Requirement(line) for line in lines]
    return {_plain(one.name) for one in asked if one.marker is None or one.marker.evaluate()}


def findings(document: Mapping[str, Any], wanted: set[str]) -> list[str]:
    """What is wrong, a line each: weaknesses, what was passed over, what pip-audit never named."""
    found: list[str] = []
    seen: set[str] = set()
    for one in document["dependencies"]:
        seen.add(_plain(one["name"]))
        if "skip_reason" in one:
            found.append(f"{one['name']}: not looked at: {one['skip_reason']}")
        for weakness in one.get("vulns", ()):
            mended = ", ".join(weakness["fix_versions"]) or "no release"
            found.append(f"{one['name']} {one['version']}: {weakness['id']}, mended in {mended}")
    return found + [f"{name}: not looked at" for name in sorted(wanted - seen)]


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _asked(lock: str) -> Mapping[str, Any]:
    command = (sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--progress-spinner", "off")
    ran = subprocess.run(
        (*command, "--format", "json", "-r", lock),
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=PATIENCE,
        check=False,
    )
    try:
        answer: Mapping[str, Any] = json.loads(ran.stdout)
    except ValueError:
        raise SystemExit(f"pip-audit did not answer for {lock}: {ran.stderr.strip()[-500:]}") from None
    return answer


def main(locks: Sequence[str] = LOCKS) -> int:
    """Ask for all of them; the exit status is 1 where anything was found or passed over."""
    wrong = 0
    for lock in locks:
        wanted = pinned((ROOT / lock).read_text("utf-8"))
        found = findings(_asked(lock), wanted)
        print(f"{lock}: {len(wanted)} packages, {len(found)} to look at")
        for line in found:
            print(f"  {line}")
        wrong += len(found)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
