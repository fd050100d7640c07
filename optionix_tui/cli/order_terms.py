"""The terms of an order as they are typed: which options belong to which type, and moments in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from optionix_core.errors import UsageError

if TYPE_CHECKING:
    from optionix_core.trading.terms import OrderTerms


class Prices(NamedTuple):
    """The prices of an order, those that were given."""

    limit: Decimal | None = None
    trigger: Decimal | None = None
    trail: Decimal | None = None
    trail_percent: Decimal | None = None


_NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "market": (),
    "limit": ("--limit",),
    "stop": ("--trigger",),
    "stop-limit": ("--trigger", "--limit"),
    "trailing-stop": (),
    "market-if-touched": ("--trigger",),
    "limit-if-touched": ("--trigger", "--limit"),
}


def read(
    type_: str,
    side: str,
    quantity: int,
    symbol: str,
    prices: Prices,
    tif: str | None,
    until: str | None,
) -> OrderTerms:
    """The terms. Raises UsageError for an option that the type needs and lacks, or has no use for."""
    from optionix_core.trading.orders import TimeInForce
    from optionix_core.trading.terms import OrderTerms

    _check(type_, prices)
    default = "IOC" if type_ == "market" else "DAY"
    return OrderTerms(
        side=side,
        quantity=quantity,
        symbol=symbol,
        limit_price=prices.limit,
        time_in_force=TimeInForce(default if tif is None else str(tif).upper()),
        good_until=None if until is None else moment(until),
        trigger=_trigger(type_, prices),
    )


def with_flags(terms: OrderTerms, **flags: Any) -> OrderTerms:
    """The terms with what else was asked for."""
    return replace(terms, **flags)


def moment(text: str) -> datetime:
    """A moment in ISO 8601 with its offset, UTC where it ends in Z. Raises UsageError for anything else."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--until must be a moment such as 2027-01-08T20:00Z (got {text!r})") from None
    if found.tzinfo is None:
        raise UsageError(f"--until must say its offset from UTC, or end in Z (got {text!r})")
    return found.astimezone(UTC)


def _check(type_: str, prices: Prices) -> None:
    given = {
        "--limit": prices.limit,
        "--trigger": prices.trigger,
        "--trail": prices.trail,
        "--trail-percent": prices.trail_percent,
    }
    needed = _NEEDED[type_]
    allowed = (*needed, "--trail", "--trail-percent") if type_ == "trailing-stop" else needed
    for name, value in given.items():
        if value is None and name in needed:
            raise UsageError(f"{name} is missing: a {type_} order needs it")
        if value is not None and name not in allowed:
            raise UsageError(f"{name} has no meaning for a {type_} order (got {value})")


def _trigger(type_: str, prices: Prices) -> Any:
    from optionix_core.trading.orders import Trigger, TriggerKind

    if type_ in {"market", "limit"}:
        return None
    if type_ == "trailing-stop":
        return Trigger(TriggerKind.TRAILING, distance=prices.trail, distance_percent=prices.trail_percent)
    return Trigger(TriggerKind.STOP if type_.startswith("stop") else TriggerKind.TOUCHED, prices.trigger)
