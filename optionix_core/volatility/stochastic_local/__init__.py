"""Stochastic local volatility: Heston's variance under a leverage that meets a local volatility's vanillas."""
