"""Double-entry ledger, positions and P&L, all folds of the log."""

from __future__ import annotations

from optionix_core._lazy import lazy_names

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "AccountState": "optionix_core.portfolio.values",
        "BookFold": "optionix_core.portfolio.fold",
        "ClosedLot": "optionix_core.portfolio.values",
        "FeeSchedule": "optionix_core.portfolio.fee_schedule",
        "LedgerEntry": "optionix_core.portfolio.values",
        "Lot": "optionix_core.portfolio.values",
        "LotPick": "optionix_core.portfolio.values",
        "Move": "optionix_core.portfolio.values",
        "Position": "optionix_core.portfolio.values",
        "Posting": "optionix_core.portfolio.values",
        "TradeLeg": "optionix_core.portfolio.combination",
        "cash_flows": "optionix_core.portfolio.cash_flows",
        "combination": "optionix_core.portfolio.combination",
        "corporate_actions": "optionix_core.portfolio.corporate_actions",
        "corporate_entries": "optionix_core.portfolio.corporate_entries",
        "deliverables": "optionix_core.portfolio.deliverables",
        "deliveries": "optionix_core.portfolio.deliveries",
        "dividends": "optionix_core.portfolio.dividends",
        "exact": "optionix_core.portfolio.exact",
        "exchange_rates": "optionix_core.portfolio.exchange_rates",
        "exercise": "optionix_core.portfolio.exercise",
        "interest": "optionix_core.portfolio.interest",
        "ledger": "optionix_core.portfolio.ledger",
        "transfers": "optionix_core.portfolio.transfers",
        "valuation": "optionix_core.portfolio.valuation",
    },
)
