"""`make bench`: every figure beside its budget. Name sections to run those alone."""

from __future__ import annotations

import importlib
import os
import sys
import tempfile

from benchmarks.measure import show

SECTIONS = {
    "start": "Start of commands (CPU)",
    "terminal": "Terminal (CPU, bytes)",
    "engine": "Engine",
    "chains": "Real chains: import and solve (CPU)",
    "store": "Log, ledger and orders",
}


def main() -> int:
    """Run the sections; exit 2 for an unknown name."""
    wanted = sys.argv[1:] or list(SECTIONS)
    unknown = [name for name in wanted if name not in SECTIONS]
    if unknown:
        print(f"section must be one of {', '.join(SECTIONS)} (got {', '.join(unknown)})", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        environment = {**os.environ, "OPTIONIX_HOME": home}
        os.environ["OPTIONIX_HOME"] = home
        for name in wanted:
            section = importlib.import_module(f"benchmarks.{name}")
            show(SECTIONS[name], section.figures(environment))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
