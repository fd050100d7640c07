"""The reference history of profits and losses beside the repository: 715 days with expected figures.

Open Source Risk Engine, historical simulation example: `ore_hist_pnl.csv` and `histsim_var_expected.csv`.
"""

from __future__ import annotations

import csv
from pathlib import Path

CLASSES = ("All", "InterestRate", "FX")


def ore_pnl(reference: Path, risk_class: str) -> list[float]:
    """Daily profits and losses in the order of time."""
    with (reference / "var" / "ore" / "ore_hist_pnl.csv").open(encoding="utf-8", newline="") as lines:
        return [float(row["pnl"]) for row in csv.DictReader(lines) if row["risk_class"] == risk_class]


def ore_expected(reference: Path, risk_class: str) -> list[float]:
    """Quantiles of profit and loss at 1%, 5%, 95%, 99%, then the means at or below them."""
    with (reference / "var" / "ore" / "histsim_var_expected.csv").open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.reader(lines) if row[1:3] == [risk_class, "All"]]
    return [float(value) for value in rows[0][3:]]
