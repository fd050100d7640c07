"""What each entrance costs before it answers."""

from __future__ import annotations

from benchmarks.measure import Figure, cpu_of_command, cpu_of_python

EMPTY_TYPER = """
import sys, typer
app = typer.Typer()
@app.command()
def nothing() -> None:
    "Nothing."
try:
    app(["--help"])
except SystemExit:
    pass
"""
PRICE = [
    "price",
    "--json",
    "--type",
    "call",
    "--spot",
    "100",
    "--strike",
    "105",
    "--expiry",
    "0.5",
    "--rate",
    "0.05",
    "--volatility",
    "0.25",
]


def figures(environment: dict[str, str]) -> list[Figure]:
    """CPU seconds of the light commands."""
    bare = cpu_of_python("pass", environment)
    empty = cpu_of_python(EMPTY_TYPER, environment)
    helped = cpu_of_command(["--help"], environment)
    return [
        Figure("bare Python", bare * 1e3, "ms"),
        Figure("empty Typer app --help", empty * 1e3, "ms"),
        Figure("optionix --help, over the empty Typer app", (helped - empty) * 1e3, "ms", 150),
        Figure("optionix price", cpu_of_command(PRICE, environment) * 1e3, "ms", 1600),
        Figure(
            "import optionix_core, over bare Python",
            (cpu_of_python("import optionix_core", environment) - bare) * 1e3,
            "ms",
            100,
        ),
    ]
