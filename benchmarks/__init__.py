"""Speed and memory beside their budgets: `python -m benchmarks`."""
