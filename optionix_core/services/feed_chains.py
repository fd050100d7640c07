"""Chains of a feed: found by the name of their underlying, and narrowed to what somebody wants to see."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from optionix_core.errors import InvalidValueError, MissingDataError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from optionix_core.market.chain import OptionChain
    from optionix_core.market.protocols import QuoteSource
    from optionix_core.volatility.solved import SolvedChain


def chain_of(feed: QuoteSource, symbol: str, moment: datetime) -> OptionChain:
    """The chain of an underlying, whatever the case of its name. UnknownNameError where the feed does not quote it."""
    quoted = {info.symbol.casefold(): info.symbol for info in feed.underlyings()}
    if symbol.casefold() not in quoted:
        raise UnknownNameError("underlying", symbol, tuple(quoted.values()))
    return feed.chain(quoted[symbol.casefold()], moment)


def narrowed(solved: SolvedChain, expiry: date | None = None, root: str | None = None) -> SolvedChain:
    """The expiries of that date and root. MissingDataError where none is left, naming those that are listed."""
    kept = tuple(
        part
        for part in solved.slices
        if expiry in (None, part.source.expiry) and (root is None or part.source.root == root.upper())
    )
    if not kept:
        asked = " ".join(str(item) for item in (root, expiry) if item is not None)
        listed = ", ".join(dict.fromkeys(f"{part.source.root} {part.source.expiry}" for part in solved.slices))
        raise MissingDataError(f"{solved.chain.underlying} has no expiry {asked} (listed: {listed})")
    return replace(solved, slices=kept)


def between(document: Mapping[str, Any], lowest: float | None, highest: float | None) -> dict[str, Any]:
    """The document of `chains_json` with the strikes from `lowest` to `highest`, both in; None: no end.

    Raises InvalidValueError where the ends are the wrong way round.
    """
    low, high = float("-inf") if lowest is None else lowest, float("inf") if highest is None else highest
    if low > high:
        raise InvalidValueError("min_strike", lowest, f"at most max_strike, {highest}")
    expiries = [
        {**part, "rows": [row for row in part["rows"] if low <= row["strike"] <= high]} for part in document["expiries"]
    ]
    return {**document, "expiries": expiries}
