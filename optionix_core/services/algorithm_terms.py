"""The terms of an algorithm as a user writes them: stretches of time, volume curves, and what belongs to which kind.

Refuses what a kind needs and lacks, and what it has no use for: a curve, a rate of participation and the parameters of
an impact are never made up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from optionix_core.errors import InvalidValueError
from optionix_core.market import symbols
from optionix_core.trading.algorithms.almgren_chriss import Impact
from optionix_core.trading.algorithms.parent import AlgoKind, CatchUp, ParentOrder, Style
from optionix_core.trading.algorithms.volume_curve import check_slices, u_shape
from optionix_core.trading.orders import Side

if TYPE_CHECKING:
    from optionix_core.services.workspace import Workspace

_UNITS: Final[Mapping[str, int]] = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
LONGEST: Final = timedelta(days=3660)
"""Of a stretch of time: beyond the longest option."""
OWN: Final[Mapping[AlgoKind, tuple[str, ...]]] = {
    AlgoKind.TWAP: (),
    AlgoKind.VWAP: ("curve",),
    AlgoKind.POV: ("participation",),
    AlgoKind.IS: ("risk_aversion", "volatility", "temporary", "permanent"),
}
"""Fields that a kind needs; no other kind may have them."""


@dataclass(frozen=True, slots=True)
class AlgoTerms:
    """What is wanted of an algorithm; see `ParentOrder` for the fields."""

    kind: AlgoKind
    side: Side
    quantity: int
    symbol: str
    lasts: timedelta | None = None
    """From the start; exactly one of this and `until`."""
    until: datetime | None = None
    slices: int = 10
    limit_price: Decimal | None = None
    style: Style = Style.TAKE
    catch_up: CatchUp | None = None
    """None: spread, and at once for POV."""
    curve: str | None = None
    participation: Decimal | None = None
    risk_aversion: float | None = None
    volatility: float | None = None
    temporary: float | None = None
    permanent: float | None = None
    seed: int = 0
    time_jitter: Decimal = Decimal(0)
    size_jitter: Decimal = Decimal(0)


def parent_of(workspace: Workspace, terms: AlgoTerms, algo_id: str) -> ParentOrder:
    """The parent order that begins now. Raises InvalidValueError naming the field that is wrong or missing."""
    for kind, names in OWN.items():
        for name in names:
            given = getattr(terms, name) is not None
            if given != (kind is terms.kind):
                bound = f"given for {kind}: none is assumed" if not given else f"absent for {terms.kind}"
                raise InvalidValueError(name, "none" if not given else getattr(terms, name), bound)
    if (terms.lasts is None) == (terms.until is None):
        raise InvalidValueError("until", "both" if terms.until else "neither", "a length or an end, exactly one")
    check_slices(terms.slices)
    start = workspace.clock.now()
    until = start + terms.lasts if terms.lasts is not None else terms.until
    if until is None:
        raise InvalidValueError("until", "none", "a moment")
    weights = () if terms.curve is None else curve_of(workspace, terms.curve, terms.symbol, start, until, terms.slices)
    pov = terms.kind is AlgoKind.POV
    return ParentOrder(
        algo_id=algo_id,
        account=workspace.account,
        kind=terms.kind,
        side=terms.side,
        quantity=terms.quantity,
        symbol=symbols.security(terms.symbol),
        start=start,
        until=until,
        slices=terms.slices,
        limit_price=terms.limit_price,
        style=terms.style,
        catch_up=terms.catch_up or (CatchUp.AT_ONCE if pov else CatchUp.SPREAD),
        seed=terms.seed,
        time_jitter=terms.time_jitter,
        size_jitter=terms.size_jitter,
        curve=weights,
        curve_source=terms.curve,
        participation=terms.participation,
        impact=impact_of(terms.risk_aversion, terms.volatility, terms.temporary, terms.permanent),
    )


def stretch(text: str, field: str = "duration") -> timedelta:
    """A stretch of time such as 90s, 30m, 1h30m or 2d. Raises InvalidValueError for anything else."""
    if not re.fullmatch(r"(?:\d{1,6}[dhms])+", text):
        raise InvalidValueError(field, repr(text), "a stretch of time such as 90s, 30m, 1h30m or 2d")
    seconds = sum(int(count) * _UNITS[unit] for count, unit in re.findall(r"(\d+)([dhms])", text))
    if seconds > LONGEST.total_seconds():
        raise InvalidValueError(field, repr(text), f"at most {LONGEST.days} days")
    return timedelta(seconds=seconds)


def curve_of(
    workspace: Workspace, text: str, symbol: str, start: datetime, until: datetime, slices: int
) -> tuple[float, ...]:
    """One weight a slice: `u-shape:DEPTH`, `history:DAYS`, or the weights. InvalidValueError for any other text."""
    from optionix_core.services import volume_history

    name, _, number = text.partition(":")
    if name == "u-shape" and number:
        return u_shape(_number(number, text), slices)
    if name == "history" and number:
        days = _number(number, text)
        if not days.is_integer():
            raise _no_curve(text)
        return volume_history.past_curve(workspace, symbol, start, until, slices, int(days))
    return tuple(_number(part, text) for part in text.split(","))


def impact_of(
    risk_aversion: float | None, volatility: float | None, temporary: float | None, permanent: float | None
) -> Impact | None:
    """The parameters of Almgren and Chriss; None unless all are given."""
    if risk_aversion is None or volatility is None or temporary is None or permanent is None:
        return None
    return Impact(risk_aversion, volatility, temporary, permanent)


def _number(part: str, text: str) -> float:
    try:
        return float(part)
    except ValueError:
        raise _no_curve(text) from None


def _no_curve(text: str) -> InvalidValueError:
    bound = "u-shape:DEPTH, history:DAYS or one weight for each slice, such as 3,2,2,3"
    return InvalidValueError("curve", repr(text), bound)
