"""Double-entry ledger, positions and P&L, all folds of the log."""
