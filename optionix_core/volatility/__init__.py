"""From quotes to volatility: judged quotes, forwards by parity, implied and realised volatility, arbitrage."""

from optionix_core._lazy import lazy_names

_ROOM = "optionix_core.volatility"

__getattr__, __dir__ = lazy_names(
    _ROOM,
    {
        "Rejection": f"{_ROOM}.quality",
        "ParityFit": f"{_ROOM}.parity",
        "ParityRules": f"{_ROOM}.parity",
        "implied_forward": f"{_ROOM}.parity",
        "SliceForward": f"{_ROOM}.forwards",
        "solve": f"{_ROOM}.solve",
        "SolvedChain": f"{_ROOM}.solved",
        "SolvedColumns": f"{_ROOM}.solved",
        "SolvedSlice": f"{_ROOM}.solved",
        "Violation": f"{_ROOM}.arbitrage",
        "arbitrage": f"{_ROOM}.arbitrage",
        "smile_arbitrage": f"{_ROOM}.smile_arbitrage",
        "lint": f"{_ROOM}.lint",
        "realised": f"{_ROOM}.realised",
    },
)
