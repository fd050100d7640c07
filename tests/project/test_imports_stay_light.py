"""Start-up is a feature: what each entrance may and may not load."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"numba", "scipy", "pandas", "sqlalchemy", "alembic", "textual", "exchange_calendars", "pyarrow", "plotext"}


def modules_after(code: str) -> set[str]:
    """Top-level modules that a fresh interpreter holds after `code`."""
    report = "import sys\nfor name in sys.modules: print('loaded', name.partition('.')[0], file=sys.stderr)"
    program = [sys.executable, "-c", f"{code}\n{report}"]
    done = subprocess.run(program, check=True, capture_output=True, text=True, encoding="utf-8")
    return {line.split()[1] for line in done.stderr.splitlines() if line.startswith("loaded ")}


def test_importing_the_engine_loads_none_of_its_rooms_dependencies() -> None:
    loaded = modules_after("import optionix_core")
    assert not loaded & (HEAVY | {"numpy", "typer", "httpx", "web3", "sklearn", "pydantic", "rich"})


def test_help_loads_no_numpy_pydantic_or_textual() -> None:
    code = "import sys\nfrom optionix_tui.cli.boundary import run\nassert run(['--help']) == 0"
    assert not modules_after(code) & (HEAVY | {"numpy", "pydantic", "httpx", "web3"})


@pytest.mark.parametrize(
    "command",
    [
        "price --type call --spot 100 --strike 105 --expiry 0.5 --rate 0.05 --volatility 0.25 --json",
        "iv --type call --price 6 --spot 100 --strike 105 --expiry 0.5 --rate 0.05 --json",
    ],
)
def test_a_single_price_compiles_nothing(command: str) -> None:
    code = f"from optionix_tui.cli.boundary import run\nassert run({command.split()!r}) == 0"
    assert not modules_after(code) & (HEAVY | {"numpy", "rich.table"})


def test_a_buy_loads_neither_compiler_nor_calendars(tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("home")
    code = (
        f"import os; os.environ['OPTIONIX_HOME'] = {str(home)!r}\n"
        "from optionix_tui.cli.boundary import run\n"
        "run(['buy', '1', 'NOSUCH 18DEC26 100 C'])"
    )
    allowed = {"sqlalchemy", "alembic"}  # the store; migrations only on a fresh home
    assert not modules_after(code) & (HEAVY - allowed)
