"""`make bench`: every figure beside its budget. Name sections to run those alone.

Each section has a process of its own, in which ours and the peers that are installed run beside each other.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import tempfile

from benchmarks.measure import show

SECTIONS = {
    "start": "Start of commands (CPU)",
    "terminal": "Terminal (CPU, bytes)",
    "terminal_load": "Terminal under load and at rest",
    "kernels": "Compiled kernels (CPU)",
    "first_calls": "First calls ever, cold caches (CPU)",
    "engine_european": "European options",
    "engine_american": "American options",
    "engine_fourier": "Heston and other models by Fourier",
    "engine_surface": "Surfaces of implied volatility",
    "engine_calibration": "Calibrations",
    "engine_local_volatility": "Local and stochastic local volatility",
    "engine_finite_difference": "Finite differences",
    "engine_monte_carlo": "Simulation",
    "engine_lsm": "American options by simulation",
    "engine_matching": "Matching of orders",
    "engine_trading": "The whole path of an order",
    "engine_revaluation": "Revaluation of a book",
    "engine_risk_statistics": "Statistics of risk (CPU)",
    "engine_margin": "Margin",
    "chains": "Real chains: import and solve (CPU)",
    "store": "Log, ledger and orders",
    "server_audit": "The server's audit log (CPU)",
    "server_websocket": "WebSockets of the server",
    "server_edge": "What the server's middleware costs a request (CPU)",
    "server_sync": "What sync costs a server (CPU)",
    "server_requests": "Requests of a server on SQLite (CPU)",
}


def main() -> int:
    """Run the sections; exit 2 for an unknown name."""
    wanted = sys.argv[1:] or list(SECTIONS)
    unknown = [name for name in wanted if name not in SECTIONS]
    if unknown:
        print(f"section must be one of {', '.join(SECTIONS)} (got {', '.join(unknown)})", file=sys.stderr)
        return 2
    if len(wanted) > 1:
        runs = [subprocess.run([sys.executable, "-m", "benchmarks", name], check=False) for name in wanted]
        return int(any(run.returncode for run in runs))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        environment = {**os.environ, "OPTIONIX_HOME": home}
        os.environ["OPTIONIX_HOME"] = home
        section = importlib.import_module(f"benchmarks.{wanted[0]}")
        show(SECTIONS[wanted[0]], section.figures(environment))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
