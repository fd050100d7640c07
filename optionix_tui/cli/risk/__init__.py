"""`optionix risk`: one command a file; each is imported with the group, its heavy imports when it runs."""

from __future__ import annotations

from optionix_tui.cli.arguments import Command, group
from optionix_tui.cli.risk.explain import EPILOG as EXPLAIN_EPILOG
from optionix_tui.cli.risk.explain import explain
from optionix_tui.cli.risk.greeks import EPILOG as GREEKS_EPILOG
from optionix_tui.cli.risk.greeks import greeks
from optionix_tui.cli.risk.limits import app as limits
from optionix_tui.cli.risk.liquidity import EPILOG as LIQUIDITY_EPILOG
from optionix_tui.cli.risk.liquidity import liquidity
from optionix_tui.cli.risk.margin import EPILOG as MARGIN_EPILOG
from optionix_tui.cli.risk.margin import margin
from optionix_tui.cli.risk.reverse_stress import EPILOG as REVERSE_EPILOG
from optionix_tui.cli.risk.reverse_stress import reverse_stress
from optionix_tui.cli.risk.stress import EPILOG as STRESS_EPILOG
from optionix_tui.cli.risk.stress import stress
from optionix_tui.cli.risk.tails import BACKTEST_EPILOG, ES_EPILOG, VAR_EPILOG, backtest, es, var
from optionix_tui.cli.risk.what_if import EPILOG as WHAT_IF_EPILOG
from optionix_tui.cli.risk.what_if import what_if
from optionix_tui.cli.usage import examples

app = group(
    "risk",
    "Risk of a book: the account's own, or one from a CSV file.",
    "optionix risk margin",
    "optionix risk margin --book book.csv --regime all --json",
)

app.command("var", cls=Command, epilog=examples(*VAR_EPILOG))(var)
app.command("es", cls=Command, epilog=examples(*ES_EPILOG))(es)
app.command("backtest", cls=Command, epilog=examples(*BACKTEST_EPILOG))(backtest)
app.command("what-if", cls=Command, epilog=examples(*WHAT_IF_EPILOG))(what_if)
app.command("stress", cls=Command, epilog=examples(*STRESS_EPILOG))(stress)
app.command("reverse-stress", cls=Command, epilog=examples(*REVERSE_EPILOG))(reverse_stress)
app.command("greeks", cls=Command, epilog=examples(*GREEKS_EPILOG))(greeks)
app.command("liquidity", cls=Command, epilog=examples(*LIQUIDITY_EPILOG))(liquidity)
app.command("explain", cls=Command, epilog=examples(*EXPLAIN_EPILOG))(explain)
app.command("margin", cls=Command, epilog=examples(*MARGIN_EPILOG))(margin)
app.add_typer(limits)


@app.callback()
def risk() -> None:
    """Risk of a book: the account's own, or one from a CSV file."""
