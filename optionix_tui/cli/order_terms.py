"""The terms of an order as they are typed: which options belong to which type, and moments in words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from optionix_core.errors import InvalidValueError, UnknownNameError, UsageError
from optionix_tui.cli.files import DASH, as_file

if TYPE_CHECKING:
    from optionix_core.trading.orders import LotsWanted, OrderLeg
    from optionix_core.trading.terms import OrderTerms


class Prices(NamedTuple):
    """The prices of an order, those that were given."""

    limit: Decimal | None = None
    trigger: Decimal | None = None
    trail: Decimal | None = None
    trail_percent: Decimal | None = None


class HowMuch(NamedTuple):
    """A quantity, or money to make one of; and the lots that are closed with it."""

    quantity: int | None
    dollars: Decimal | None = None
    lots: str | None = None


class What(NamedTuple):
    """What is traded: a symbol, or the legs of a combination."""

    symbol: str | None
    legs: str | None


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
    type_: str | None,
    side: str,
    much: HowMuch,
    what: What,
    prices: Prices,
    tif: str | None,
    until: str | None,
) -> OrderTerms:
    """The terms. Raises UsageError for an option that the type needs and lacks, or has no use for."""
    from optionix_core.trading.orders import TimeInForce
    from optionix_core.trading.terms import OrderTerms

    type_ = _type(type_, what, prices)
    _check(type_, prices)
    usual = TimeInForce.usual(market=type_ == "market")
    return OrderTerms(
        side=side,
        quantity=quantity_of(much),
        amount=much.dollars,
        lots=lots_of(much.lots),
        symbol=what.symbol or "",
        legs=() if what.legs is None else _legs(what.legs),
        limit_price=prices.limit,
        time_in_force=usual if tif is None else TimeInForce(str(tif).upper()),
        good_until=None if until is None else moment(until),
        trigger=_trigger(type_, prices),
    )


def quantity_of(much: HowMuch) -> int:
    """The quantity, or what stands for it beside an amount. UsageError unless exactly one of the two is given."""
    from optionix_core.trading.terms import UNSIZED

    if (much.quantity is None) == (much.dollars is None):
        given = "has no say beside --dollars" if much.dollars is not None else "is missing: give it, or --dollars"
        raise UsageError(f"--quantity {given}")
    return UNSIZED if much.quantity is None else much.quantity


def lots_of(text: str | None) -> LotsWanted | None:
    """Lots out of what follows `--lots`: a method, or entries with how much of each."""
    from optionix_core.trading.lots_wanted import lots_of_text

    if text is None:
        return None
    try:
        return lots_of_text(text)
    except InvalidValueError as error:
        raise UsageError(f"--{error}") from None


def with_flags(terms: OrderTerms, **flags: Any) -> OrderTerms:
    """The terms with what else was asked for."""
    return replace(terms, **flags)


def moment(text: str, option: str = "--until") -> datetime:
    """A moment in ISO 8601 with its offset, UTC where it ends in Z. Raises UsageError for anything else."""
    try:
        found = datetime.fromisoformat(text)
        found = found.astimezone(UTC) if found.tzinfo is not None else found
    except (ValueError, OverflowError):
        raise UsageError(f"{option} must be a moment such as 2027-01-08T20:00Z (got {text!r})") from None
    if found.tzinfo is None:
        raise UsageError(f"{option} must say its offset from UTC, or end in Z (got {text!r})")
    return found


def _type(type_: str | None, what: What, prices: Prices) -> str:
    if (what.symbol is None) == (what.legs is None):
        given = "--symbol is missing: give it, or --legs" if what.legs is None else "--symbol has no say beside --legs"
        raise UsageError(given)
    if type_ is not None and (what.legs is None or type_ in {"market", "limit"}):
        return str(type_)
    if what.legs is None:
        raise UsageError("--type is missing: market, limit, stop, ...")
    if type_ is not None:
        raise UsageError(f"--type must be market or limit for a combination (got {type_})")
    return "market" if prices.limit is None else "limit"


def _legs(text: str) -> tuple[OrderLeg, ...]:
    """Legs out of what follows `--legs`: symbol and ratio, or symbol and quantity as `strategy build` gives them."""
    from optionix_core.trading.orders import OrderLeg

    if text == DASH or text.startswith("@"):
        with as_file(text.removeprefix("@")) as path:
            text = _text(path)
    try:
        found = json.loads(text)
    except ValueError as error:
        raise UsageError(f"--legs must be JSON: {error}") from None
    if isinstance(found, dict) and "legs" in found:
        found = found["legs"]
    if not isinstance(found, list):
        raise UsageError('--legs must be a list such as [{"symbol": OSI, "ratio": 1}, ...]')
    legs = []
    for row, item in enumerate(found):
        ratio = item.get("ratio") if isinstance(item, dict) else None
        if not isinstance(ratio, int) or isinstance(ratio, bool) or not isinstance(item.get("symbol"), str):
            raise UsageError(f"--legs must give a symbol and a whole ratio in row {row} (got {json.dumps(item)})")
        legs.append(OrderLeg(item["symbol"], ratio))
    return tuple(legs)


def _text(path: Path) -> str:
    if not path.is_file():
        raise UnknownNameError("file", str(path))
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"--legs is not UTF-8: {error.reason}") from error


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
