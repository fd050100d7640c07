"""Surfaces of implied volatility: quotes to fit, smiles of several kinds, and how each is fitted."""
