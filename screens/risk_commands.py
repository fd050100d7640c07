"""The command that gives a pane of the risk screen. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optionix_core.services.risk_view import RiskAsked, RiskView
    from screens.risk_rows import LimitRow


def pane_command(root: str, view: RiskView | None, asked: RiskAsked, pane: str, *, measure: str, row: object) -> str:
    """`root` is `optionix` with its options; `row` the key of the row under the cursor of the pane."""
    partial = " --partial" if view is not None and view.built.left_out else ""
    level = f"--confidence {asked.confidence:g} --horizon {asked.horizon_days}"
    if pane == "components":
        word = "var" if measure == "value_at_risk" else "es"
        return f"{root} risk {word} {level} --method {asked.method} --by {asked.by}{partial}"
    if pane == "methods" and row == "staged" and asked.stage:
        legs = " ".join(_leg(symbol, quantity) for symbol, quantity in asked.stage)
        return f"{root} risk what-if {legs} {level}{partial}"
    if pane == "methods":
        method = row if row in {"plain", "age", "filtered", "copula"} else "plain"
        return f"{root} risk var {level} --method {method}{partial}"
    if pane == "stress":
        return f"{root} risk stress {_axes(view)}{partial}"
    if pane == "reverse":
        limit = "" if view is None or view.reverse.answer is None else f" --limit {view.reverse.answer.found.limit:.2f}"
        return f"{root} risk reverse-stress{limit} --horizon {asked.horizon_days}{partial}"
    if pane == "backtest":
        return f"{root} risk backtest --confidence {asked.confidence:g}{partial}"
    return f"{root} risk {_PLAIN[pane]}{'' if pane in {'limits', 'margin'} else partial}"


_PLAIN = {
    "scenarios": "stress",
    "limits": "limits list",
    "margin": "margin --regime all",
    "greeks": "greeks --by underlying",
    "liquidity": "liquidity",
}


def _leg(symbol: str, quantity: int) -> str:
    from optionix_core.portfolio.deliverables import label_of

    return f"{'buy' if quantity > 0 else 'sell'} {abs(quantity)} {label_of(symbol)}"


def _axes(view: RiskView | None) -> str:
    from optionix_core.services.risk_view import DAYS, SPOTS, VOLATILITIES

    found = None if view is None or view.grid.answer is None else view.grid.answer.found
    axes = (
        ("--spots", SPOTS if found is None else found.spot_returns, 100.0),
        ("--volatilities", VOLATILITIES if found is None else found.volatility_moves, 100.0),
        ("--days", DAYS if found is None else found.days, 1.0),
    )
    # An axis that begins with a minus would be taken for an option.
    return " ".join(f"{name}={','.join(f'{scale * value:g}' for value in values)}" for name, values, scale in axes)


def acknowledge_command(root: str, row: LimitRow) -> str:
    """The command that says a breach was seen."""
    return f"{root} risk limits acknowledge {row.limit} {row.breach.rpartition('/')[2]} --note TEXT"
