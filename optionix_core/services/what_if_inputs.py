"""What can be moved of a request: spot, volatility or a model's parameters, days, rate and yield, each with its reach.

A request is `PriceOptions`, as `optionix price` takes it, so that whatever a slider does is a line that can be typed.
What is not known stays None and is asked for. Moving the days moves every date of the contract and its dividends.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

from optionix_core.errors import InvalidValueError
from optionix_core.market.units import DAYS_PER_YEAR, POINT

if TYPE_CHECKING:
    from optionix_core.services.price_options import PriceOptions

Measure = Literal["price", "volatility", "time", "rate", "number"]
"""How a face writes it: a price, points, days, percent, a plain number."""

MARKET = ("spot", "expiry", "rate", "dividend_yield")
DATES = (
    *("monitoring_times", "fixing_times", "observation_times", "reset_times", "barrier_time", "choice_time"),
    *("call_expiry", "put_expiry", "start", "underlying_expiry"),
)
"""Terms of contracts that are times, which move with the expiry."""
_LABELS = {"spot": "spot", "volatility": "vol", "expiry": "days", "rate": "rate", "dividend_yield": "div"}
_SHARES = frozenset({"rho", "correlation", "first_rho", "second_rho"})
"""Parameters from -1 to 1."""


class Input(NamedTuple):
    """One number that can be moved, in natural units."""

    name: str
    """A field of `PriceOptions`, or one of its terms."""
    label: str
    measure: Measure
    value: float | None
    """None where it is not known: it is asked for."""


class Reach(NamedTuple):
    """How far a slider goes, and by how much a key moves it; natural units. A typed value may lie beyond."""

    low: float
    high: float
    fine: float
    coarse: float


def inputs(options: PriceOptions) -> tuple[Input, ...]:
    """All that can be moved, in the order in which they are shown. UnknownNameError for a model that there is not."""
    from optionix_core.services import price_terms
    from optionix_core.services.price_options import model_kind

    if options.spots is not None:
        found = [_input(options, "expiry"), _input(options, "rate")]
    else:
        found = [_input(options, name) for name in MARKET]
    kind = model_kind(options)
    parameters = price_terms.model_terms(kind)
    numbers = [term.name for term in parameters.values() if term.form == "number"]
    if takes_volatility(kind):
        numbers.insert(0, "volatility")
    place = 0 if options.spots is not None else 1
    found[place:place] = [_input(options, name) for name in numbers[:1]]
    return (*found, *(_input(options, name) for name in numbers[1:]))


@cache
def takes_volatility(kind: str) -> bool:
    """Whether models of this kind have one constant volatility."""
    from dataclasses import fields

    from optionix_core.pricing.engine.model_terms import model_class

    return any(field.name == "volatility" for field in fields(model_class(kind)))


def get(options: PriceOptions, name: str) -> float | None:
    """The number called `name`; None where it is not known. InvalidValueError where a term's text is no number."""
    value = getattr(options, name) if name in options._fields else options.terms.get(name)
    if value in (None, ""):
        return None
    try:
        return float(str(value).replace("_", "x"))
    except ValueError:
        raise InvalidValueError(name, repr(value), "a number") from None


def put(options: PriceOptions, name: str, value: float | None) -> PriceOptions:
    """The request with another number. InvalidValueError, naming input and bound, for what it cannot be."""
    if value is not None:
        _check(name, value)
    if name == "expiry" and value is not None and options.expiry is not None:
        return _aged(options, value)
    if name in options._fields:
        return options._replace(**cast("Any", {name: value}))
    return options._replace(terms={**options.terms, name: value})


def reach(item: Input, anchor: float | None) -> Reach:
    """Of a slider that stood at `anchor` when the contract was chosen."""
    at = item.value if anchor is None else anchor
    if item.measure == "price":
        level = at or 1.0
        fine = _round_step(level * 0.001)
        return Reach(level * 0.5, level * 1.5, fine, 10.0 * fine)
    if item.measure == "volatility":
        return Reach(POINT, max(2.5 * (at or 0.0), 0.6), 0.1 * POINT, POINT)
    if item.measure == "time":
        day = 1.0 / DAYS_PER_YEAR
        return Reach(0.0, max(2.0 * (at or 0.0), 30.0 * day), day, 7.0 * day)
    if item.measure == "rate":
        return Reach((at or 0.0) - 0.05, (at or 0.0) + 0.05, 0.0005, 0.005)
    if item.name in _SHARES:
        return Reach(-1.0, 1.0, 0.01, 0.1)
    size = abs(at) if at else 1.0
    low, high = (0.0, 3.0 * size) if (at or 0.0) >= 0.0 else (-3.0 * size, size)
    step = _round_step((high - low) / 200.0)
    return Reach(low, high, step, 10.0 * step)


def stepped(item: Input, at: Reach, step: float) -> float:
    """The value so many fine steps on, on the grid of fine steps and within reach. InvalidValueError without one."""
    if item.value is None:
        raise InvalidValueError(item.label, "nothing", "given first: type its value")
    wanted = round((item.value + step * at.fine) / at.fine) * at.fine
    if step > 0:
        return max(item.value, min(wanted, at.high))
    return min(item.value, max(wanted, at.low))


def snapped(value: float, at: Reach) -> float:
    """A place of the slider on the grid of fine steps, within reach."""
    return min(max(round(value / at.fine) * at.fine, at.low), at.high)


def lacking(options: PriceOptions, *, strict: bool = True) -> tuple[str, ...]:
    """Options that the request needs and does not have, as they are typed.

    `strict`: the dividend yield too, which the command line takes as none where it is left out.
    """
    from dataclasses import MISSING, fields

    from optionix_core.pricing.contracts import BY_KIND
    from optionix_core.services import price_terms
    from optionix_core.services.price_options import model_kind

    kind, model = options.kind, model_kind(options)
    common = {"option_type": "type", "strike": "strike", "expiry": "expiry"}
    known = {field.name: field for field in fields(BY_KIND[kind])}
    needed = [common[name] for name in common if name in known and known[name].default is MISSING]
    if options.spots is None:
        needed += ["spot", "rate", *(["dividend_yield"] if strict else [])]
    else:
        needed.append("rate")
    if takes_volatility(model):
        needed.append("volatility")
    missing = [name for name in needed if getattr(options, name) is None]
    terms = {**price_terms.contract_terms(kind), **price_terms.model_terms(model)}
    missing += [name for name, term in terms.items() if term.needed and options.terms.get(name) in (None, "")]
    return tuple(f"--{name.replace('_', '-')}" for name in missing)


def _input(options: PriceOptions, name: str) -> Input:
    measure: Measure = "number"
    if name == "spot":
        measure = "price"
    elif name == "volatility":
        measure = "volatility"
    elif name == "expiry":
        measure = "time"
    elif name in {"rate", "dividend_yield"}:
        measure = "rate"
    return Input(name, _LABELS.get(name, name.replace("_", "-")), measure, get(options, name))


def _check(name: str, value: float) -> None:
    label = _LABELS.get(name, name.replace("_", "-"))
    if not math.isfinite(value):
        raise InvalidValueError(label, value, "a finite number")
    if name == "spot" and not value > 0.0:
        raise InvalidValueError(label, value, "positive")
    if name in {"volatility", "expiry"} and value < 0.0:
        shown = value * DAYS_PER_YEAR if name == "expiry" else value / POINT
        raise InvalidValueError(label, f"{shown:g}", "0 or more")


def _aged(options: PriceOptions, expiry: float) -> PriceOptions:
    """The request with all its dates moved by as much as the expiry."""
    from optionix_core.services.price_terms import numbers

    shift = expiry - (options.expiry or 0.0)
    terms = dict(options.terms)
    for name in DATES:
        if terms.get(name) in (None, ""):
            continue
        moved = [time + shift for time in numbers(f"--{name.replace('_', '-')}", terms[name])]
        for time in moved:
            if time < 0.0:
                raise InvalidValueError(name, f"{time:g}", "not before now: what it saw would be unknown")
        terms[name] = ",".join(map(repr, moved))
    return options._replace(
        expiry=expiry,
        terms=terms,
        dividends=_later(options.dividends, shift),
        proportional_dividends=_later(options.proportional_dividends, shift),
    )


def _later(texts: object, shift: float) -> tuple[str, ...]:
    """Dividends moved in time; those whose moment has passed are paid."""
    found = []
    for text in texts if isinstance(texts, list | tuple) else ():
        time, _, amount = str(text).partition(":")
        moment = float(time) + shift
        if moment > 0.0:
            found.append(f"{moment!r}:{amount}")
    return tuple(found)


def _round_step(rough: float) -> float:
    """The nearest of 1, 2 and 5 times a power of ten, not above twice `rough`."""
    power = 10.0 ** math.floor(math.log10(rough))
    return min((1.0, 2.0, 5.0, 10.0), key=lambda size: abs(math.log(size * power / rough))) * power


def fitting(options: PriceOptions) -> PriceOptions:
    """The request without what its contract and model do not have, as when another one was chosen.

    Raises UnknownNameError for a contract or model that there is not.
    """
    from dataclasses import fields

    from optionix_core.pricing.contracts import BY_KIND
    from optionix_core.services import price_terms
    from optionix_core.services.price_options import model_kind

    kind, model = options.kind, model_kind(options)
    known = {field.name for field in fields(BY_KIND[kind])}
    owned = {**price_terms.contract_terms(kind), **price_terms.model_terms(model)}
    return options._replace(
        type=options.type if "option_type" in known else None,
        strike=options.strike if "strike" in known else None,
        expiry=options.expiry,
        volatility=options.volatility if takes_volatility(model) else None,
        terms={name: value for name, value in options.terms.items() if name in owned},
    )
