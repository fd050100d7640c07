"""The terms of an algorithm as they are typed: stretches of time, volume curves, and what belongs to which kind."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from optionix_core.errors import UsageError
from optionix_tui.cli.order_terms import moment

if TYPE_CHECKING:
    from optionix_core.services.workspace import Workspace
    from optionix_core.trading.algorithms.almgren_chriss import Impact

_UNITS: Final[Mapping[str, str]] = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
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
    if not re.fullmatch(r"(?:\d{1,6}[dhms])+", text):
        raise UsageError(f"--duration must be a stretch of time such as 90s, 30m, 1h30m or 2d (got {text!r})")
    parts = [(int(count), _UNITS[unit]) for count, unit in re.findall(r"(\d+)([dhms])", text)]
    return sum((timedelta(**{unit: count}) for count, unit in parts), timedelta())


def curve(
    workspace: Workspace, text: str, symbol: str, start: datetime, until: datetime, slices: int
) -> tuple[float, ...]:
    """One weight a slice. Raises UsageError for a text that names no curve."""
    from optionix_core.services import volume_history
    from optionix_core.trading.algorithms.volume_curve import u_shape

    name, _, number = text.partition(":")
    try:
        if name == "u-shape" and number:
            return u_shape(float(number), slices)
        if name == "history" and number:
            return volume_history.past_curve(workspace, symbol, start, until, slices, int(number))
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        from optionix_core.errors import OptionixError

        if isinstance(error, OptionixError):
            raise
        bound = "u-shape:DEPTH, history:DAYS or one weight for each slice, such as 3,2,2,3"
        raise UsageError(f"--curve must be {bound} (got {text!r})") from None


def impact(values: Mapping[str, float | None]) -> Impact | None:
    """The parameters of Almgren and Chriss, where they are given."""
    from optionix_core.trading.algorithms.almgren_chriss import Impact

    numbers = [value for value in values.values() if value is not None]
    if len(numbers) != len(_OWN["is"]):
        return None
    risk_aversion, volatility, temporary, permanent = numbers
    return Impact(risk_aversion, volatility, temporary, permanent)
