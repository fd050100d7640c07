"""Values of the market: instruments, calendars, quotes, chains, curves and the Market snapshot."""
