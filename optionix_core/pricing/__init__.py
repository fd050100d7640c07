"""Contracts, formulas and implied volatility."""
