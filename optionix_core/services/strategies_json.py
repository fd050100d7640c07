"""Legs out of JSON, and strategies into it: exact on the way in, plain numbers on the way out.

A number in a leg is read as the decimal that was written. An unknown field is refused: it would be a misspelt one that
goes unnoticed. What `strategy build` writes can be read again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, NamedTuple

from optionix_core.errors import DomainError, InvalidValueError, MalformedFileError, MissingDataError
from optionix_core.portfolio.strategies.catalogue import FAMILIES, SHAPES
from optionix_core.portfolio.strategies.model import MODEL
from optionix_core.portfolio.strategies.payoff import cost
from optionix_core.portfolio.strategies.prices import net_price, payment
from optionix_core.portfolio.strategies.values import CUSTOM, LEG_TYPES, Leg

if TYPE_CHECKING:
    from optionix_core.portfolio.strategies.model import LegTerms
    from optionix_core.portfolio.strategies.values import Strategy
    from optionix_core.services.strategies import Report

SCHEMA_VERSION = 1
FIELDS = ("type", "quantity", "strike", "expiry", "root", "price", "multiplier", "iv", "years", "symbol", "bid", "ask")
"""Of a leg; `bid` and `ask` are of the quote that the price came from, and are not read."""
EXACT = "exact at expiry"


class LegInput(NamedTuple):
    """A leg and what the user says about it beside."""

    leg: Leg
    volatility: float | None
    years: float | None


def legs_of(text: str, multiplier: Decimal, source: str = "--legs") -> tuple[LegInput, ...]:
    """Legs out of JSON: an array of objects, or an object whose `legs` is one. `multiplier` is of legs without one.

    Raises MalformedFileError, naming `source` and place, for what is not such JSON, MissingDataError where there are
    no legs, InvalidValueError naming field, value and row (from 0).
    """
    try:
        document = json.loads(text, parse_float=Decimal, parse_int=Decimal, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise MalformedFileError(source, f"is not JSON: {error.msg}", error.lineno, error.colno) from None
    except RecursionError:
        raise MalformedFileError(source, "is not JSON of legs: it is nested too deeply", 1) from None
    rows = document.get("legs") if isinstance(document, dict) else document
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise MalformedFileError(source, "must be a JSON array of legs, or an object with one under `legs`", 1)
    if not rows:
        raise MissingDataError(f"{source} holds no legs")
    return tuple(_leg(row, number, multiplier) for number, row in enumerate(rows))


def to_json(report: Report, at: Sequence[Decimal] = ()) -> dict[str, Any]:
    """A report as plain values, natural units, money times multiplier and quantity; null where unbounded or unknown.

    `at` are prices of the underlying whose profit is told.
    """
    strategy, exact, modelled = report.strategy, report.expiry_payoff, report.model_payoff
    payoff = exact or modelled
    shape = SHAPES.get(strategy.name)
    greeks, terms, price = report.greeks, report.terms, report.price
    return {
        "max_gain": None if payoff is None else _number(payoff.max_gain),
        "max_loss": None if payoff is None else _number(payoff.max_loss),
        "breakevens": list(report.breakevens),
        "schema_version": SCHEMA_VERSION,
        "name": strategy.name,
        "family": CUSTOM if shape is None else shape.family,
        "outlook": None if shape is None else shape.outlook,
        "units": _count(strategy.units),
        "ratio": list(strategy.ratio),
        "payment": payment(strategy),
        "cost": _number(cost(strategy)),
        "net_price": _net_price(strategy),
        "gain_is_bounded": payoff is not None and payoff.max_gain is not None,
        "loss_is_bounded": payoff is not None and payoff.max_loss is not None,
        "profitable": [list(stretch) for stretch in report.profitable],
        "level": [] if exact is None else [[float(low), _number(high)] for low, high in exact.level],
        "bounds_between": None if modelled is None else list(modelled.between),
        "payoff_by": EXACT if modelled is None else f"{MODEL}, at the nearest expiry",
        "profits": [{"underlying": float(one), "profit": report.profit(one)} for one in at],
        "probability_of_profit": None if report.probability is None else report.probability.value,
        "probability_method": None if report.probability is None else report.probability.method,
        "no_probability": report.no_probability,
        "spot": None if terms is None else terms.spot,
        "volatility_source": None if terms is None else terms.volatility_source,
        "value": None if greeks is None else greeks.value,
        "delta": None if greeks is None else greeks.delta,
        "gamma": None if greeks is None else greeks.gamma,
        "vega": None if greeks is None else greeks.vega,
        "theta": None if greeks is None else greeks.theta,
        "rho": None if greeks is None else greeks.rho,
        "natural": None if price is None else _number(price.natural),
        "mid": None if price is None else _number(price.mid),
        "opposite": None if price is None else _number(price.opposite),
        "assumptions": list(report.assumptions),
        "legs": leg_records(report),
    }


def leg_records(report: Report) -> list[dict[str, Any]]:
    """The legs, as `legs_of` reads them."""
    count = len(report.strategy.legs)
    terms = (None,) * count if report.terms is None else report.terms.legs
    quotes = report.quotes or (None,) * count
    return [
        leg_record(leg, one)
        | {
            "years": years,
            "bid": None if quote is None else _number(quote.bid),
            "ask": None if quote is None else _number(quote.ask),
        }
        for leg, one, years, quote in zip(report.strategy.legs, terms, report.years, quotes, strict=True)
    ]


def leg_record(leg: Leg, terms: LegTerms | None) -> dict[str, Any]:
    """One leg with its terms, as `legs_of` reads it."""
    return {
        "type": leg.type,
        "quantity": _count(leg.quantity),
        "strike": _number(leg.strike),
        "expiry": None if leg.expiry is None else leg.expiry.isoformat(),
        "root": leg.root,
        "price": _number(leg.price),
        "multiplier": _count(leg.multiplier),
        "iv": None if terms is None else terms.volatility,
        "years": None if terms is None else terms.years,
        "symbol": leg.symbol,
    }


def catalogue() -> list[dict[str, Any]]:
    """Every named strategy."""
    return [
        {
            "name": shape.name,
            "family": shape.family,
            "legs": shape.legs_text,
            "strikes": shape.strikes,
            "expiries": shape.expiries,
            "outlook": shape.outlook,
        }
        for family in FAMILIES
        for shape in SHAPES.values()
        if shape.family == family
    ]


def _net_price(strategy: Strategy) -> float | None:
    try:
        return _number(net_price(strategy))
    except DomainError:
        return None  # of several multipliers, or no exact decimal


def _leg(row: Mapping[str, object], number: int, multiplier: Decimal) -> LegInput:
    for field in row:
        if field not in FIELDS:
            raise InvalidValueError("field", repr(field), f"one of {', '.join(FIELDS)}", number)
    kind = row.get("type")
    if kind not in LEG_TYPES:
        raise InvalidValueError("type", repr(kind), f"one of {', '.join(LEG_TYPES)}", number)
    quantity = _decimal(row, "quantity", number)
    if quantity is None:
        raise InvalidValueError("quantity", "nothing", "told", number)
    own = _decimal(row, "multiplier", number)
    volatility, years = _decimal(row, "iv", number), _decimal(row, "years", number)
    for field, value in (("iv", volatility), ("years", years)):
        if value is not None and value <= 0:
            raise InvalidValueError(field, value, "positive", number)
    try:
        leg = Leg(
            type=kind,  # type: ignore[arg-type] # one of LEG_TYPES
            quantity=quantity,
            multiplier=multiplier if own is None else own,
            strike=_decimal(row, "strike", number),
            expiry=_date(row, number),
            price=_decimal(row, "price", number),
            root=_text(row, "root", number),
            symbol=_text(row, "symbol", number),
        )
    except InvalidValueError as error:
        raise InvalidValueError(error.field, error.value, error.bound, number) from None
    return LegInput(leg, None if volatility is None else float(volatility), None if years is None else float(years))


def _decimal(row: Mapping[str, object], field: str, number: int) -> Decimal | None:
    value = row.get(field)
    if value is None or isinstance(value, Decimal):
        return value
    if isinstance(value, str):
        with suppress(InvalidOperation):
            return Decimal(value)
    raise InvalidValueError(field, repr(value), "a number", number)


def _date(row: Mapping[str, object], number: int) -> date | None:
    value = _text(row, "expiry", number)
    try:
        return None if value is None else date.fromisoformat(value)
    except ValueError:
        raise InvalidValueError("expiry", repr(value), "a date such as 2027-01-15", number) from None


def _text(row: Mapping[str, object], field: str, number: int) -> str | None:
    value = row.get(field)
    if value is None or isinstance(value, str):
        return value
    raise InvalidValueError(field, value, "text", number)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _count(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _refuse(constant: str) -> None:
    raise InvalidValueError("number", constant, "finite")
