"""What a request counts for against the caller's rate, where that is more than one: long computations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

COSTS: Final[Mapping[str, int]] = {
    "/api/v2/options/monte-carlo": 5,
    "/api/v2/risk/var": 5,
    "/api/v2/risk/stress-test": 3,
    "/api/v2/risk/greeks": 2,
    "/api/v2/risk/limits": 2,
    "/api/v2/portfolio/margin": 2,
    "/api/v2/portfolio/overview": 5,
    "/api/v2/sync/proofs/inclusion": 5,
    "/api/v2/sync/proofs/consistency": 5,
    "/api/v2/market/volatility-surface": 2,
}
"""By path, about as many times as long as another request."""
