"""Double-entry ledger, positions and P&L, all folds of the log."""

from __future__ import annotations

from optionix_core._lazy import lazy_names

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "AccountState": "optionix_core.portfolio.values",
        "BookFold": "optionix_core.portfolio.fold",
        "LedgerEntry": "optionix_core.portfolio.values",
        "Lot": "optionix_core.portfolio.values",
        "Position": "optionix_core.portfolio.values",
        "Posting": "optionix_core.portfolio.values",
        "exact": "optionix_core.portfolio.exact",
        "exercise": "optionix_core.portfolio.exercise",
        "ledger": "optionix_core.portfolio.ledger",
        "valuation": "optionix_core.portfolio.valuation",
    },
)
