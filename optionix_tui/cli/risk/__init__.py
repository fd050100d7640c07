"""`optionix risk`: one command a file; each is imported with the group, its heavy imports when it runs."""

from __future__ import annotations

from optionix_tui.cli.arguments import Command, group
from optionix_tui.cli.risk.margin import EPILOG as MARGIN_EPILOG
from optionix_tui.cli.risk.margin import margin
from optionix_tui.cli.usage import examples

app = group(
    "risk",
    "Risk of a book: the account's own, or one from a CSV file.",
    "optionix risk margin",
    "optionix risk margin --book book.csv --regime all --json",
)

app.command("margin", cls=Command, epilog=examples(*MARGIN_EPILOG))(margin)


@app.callback()
def risk() -> None:
    """Risk of a book: the account's own, or one from a CSV file."""
