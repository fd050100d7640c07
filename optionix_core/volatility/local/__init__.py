"""Local volatility: Dupire's variance of a surface, its grid, its documents, and the forward equation as a check."""
