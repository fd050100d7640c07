"""The terms of an algorithm as they are typed: stretches of time, volume curves, and what belongs to which kind."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from optionix_core.errors import InvalidValueError, UsageError
from optionix_tui.cli.order_terms import moment

if TYPE_CHECKING:
    from optionix_core.services.workspace import Workspace
    from optionix_core.trading.algorithms.almgren_chriss import Impact

_OWN: Final[Mapping[str, tuple[str, ...]]] = {
    "twap": (),
    "vwap": ("--curve",),
    "pov": ("--participation",),
    "is": ("--risk-aversion", "--volatility", "--temporary", "--permanent"),
}
"""Options that a kind needs; no other kind may have them."""


def check_own(kind: str, given: Mapping[str, Any]) -> None:
    """Raise UsageError for an option that the kind needs and lacks, or has no use for."""
    for name, value in given.items():
        if value is None and name in _OWN[kind]:
            raise UsageError(f"{name} is missing: {kind} needs it, and none is assumed")
        if value is not None and name not in _OWN[kind]:
            raise UsageError(f"{name} has no meaning for {kind} (got {value})")


def end_of(start: datetime, until: str | None, duration: str | None) -> datetime:
    """The end. Raises UsageError unless exactly one of the two is given."""
    if (until is None) == (duration is None):
        raise UsageError("give --until or --duration, exactly one of them")
    return moment(until) if until is not None else start + stretch(str(duration))


def stretch(text: str) -> timedelta:
    """A stretch of time such as 90s, 30m, 1h30m or 2d. Raises UsageError for anything else."""
    from optionix_core.services import algorithm_terms

    try:
        return algorithm_terms.stretch(text)
    except InvalidValueError as error:
        raise UsageError(f"--{error}") from None


def curve(
    workspace: Workspace, text: str, symbol: str, start: datetime, until: datetime, slices: int
) -> tuple[float, ...]:
    """One weight a slice. Raises UsageError for a text that names no curve."""
    from optionix_core.services import algorithm_terms

    try:
        return algorithm_terms.curve_of(workspace, text, symbol, start, until, slices)
    except InvalidValueError as error:
        if error.field != "curve":
            raise
        raise UsageError(f"--{error}") from None


def impact(values: Mapping[str, float | None]) -> Impact | None:
    """The parameters of Almgren and Chriss, where they are given."""
    from optionix_core.services.algorithm_terms import impact_of

    return impact_of(*(values[name] for name in _OWN["is"]))
