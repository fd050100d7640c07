"""What `optionix price` or the pricer was asked, as contract, model, market and settings of the engine.

Wrong combinations of options are UsageError and name the option; values outside their bound are the engine's own
InvalidValueError.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from optionix_core.errors import UnknownNameError, UsageError

if TYPE_CHECKING:
    from optionix_core.services.contract_pricing import Asked

STYLES = ("european", "american")
BARRIERS = frozenset({"barrier", "barrier_type", "rebate", "monitoring_times"})
"""Terms that mean a barrier option where no contract is named."""


class PriceOptions(NamedTuple):
    """The command's own options by the names of a file's columns; None where one was not given."""

    type: str | None = None
    spot: float | None = None
    strike: float | None = None
    expiry: float | None = None
    rate: float | None = None
    dividend_yield: float | None = None
    volatility: float | None = None
    style: str | None = None
    contract: str | None = None
    model: str | None = None
    spots: str | None = None
    dividend_yields: str | None = None
    foreign_rate: float | None = None
    dividends: Sequence[str] = ()
    proportional_dividends: Sequence[str] = ()
    method: str | None = None
    methods: str | None = None
    greeks: str | None = None
    accuracy: str | None = None
    paths: int | None = None
    steps: int | None = None
    space_steps: int | None = None
    seed: int | None = None
    terms: Mapping[str, Any] = MappingProxyType({})
    """Terms and parameters by name, as text or plain values."""

    @property
    def kind(self) -> str:
        """The contract's: named, or meant by a style or by a barrier. UsageError where these contradict each other."""
        if self.style not in (None, *STYLES):
            raise UsageError(f"--style must be one of {', '.join(STYLES)} (got {self.style!r})")
        if self.contract is None:
            if self.style in (None, "european") and BARRIERS & self.terms.keys():
                return "barrier"
            return self.style or "european"
        from optionix_core.pricing.contracts import BY_KIND

        if self.contract not in BY_KIND:
            raise UnknownNameError("contract", self.contract, tuple(BY_KIND))
        if self.style == "american" and self.contract != "american":
            raise UsageError(f"--style american has no place with --contract {self.contract}")
        if self.style == "european" and self.contract == "american":
            raise UsageError("--style european has no place with --contract american")
        return self.contract

    @property
    def is_plain(self) -> bool:
        """Whether it is a European option under one volatility, and no word is said of how to price it."""
        beyond = (name for name in self._fields if name not in PLAIN)
        if any(getattr(self, name) for name in beyond) or self.foreign_rate is not None or self.seed is not None:
            return False
        return self.kind == "european" and self.model in (None, "black-scholes") and not self.terms


PLAIN = frozenset(
    {"type", "spot", "strike", "expiry", "rate", "dividend_yield", "volatility", "style", "contract", "model"}
)
"""Options of the plain request; `contract` and `model` are looked at apart."""


def asked(options: PriceOptions) -> Asked:
    """The request of the options. Raises UsageError, UnknownNameError and InvalidValueError; see the module."""
    from optionix_core.pricing.engine.result import FIRST_GREEKS
    from optionix_core.services.contract_pricing import Asked

    contract, model = contract_and_model(options)
    greeks: Any = FIRST_GREEKS if options.methods is None else ()
    if options.greeks is not None:
        greeks = {"all": "all", "none": ()}.get(options.greeks, options.greeks.split(","))
    return Asked(contract, model, market(options), options.method, greeks, settings(options))


def contract_and_model(options: PriceOptions) -> tuple[Any, Any]:
    """Both, checked against each other's terms."""
    from optionix_core.pricing import contracts
    from optionix_core.pricing.engine import model_terms as models
    from optionix_core.services import price_terms

    kind, name = options.kind, model_kind(options)
    if name not in models.MODELS:
        raise UnknownNameError("model", name, tuple(models.MODELS))
    price_terms.check_owned(options.terms, kind, name)
    terms = price_terms.values(price_terms.contract_terms(kind), options.terms, f"--contract {kind}")
    parameters = price_terms.values(price_terms.model_terms(name), options.terms, f"--model {name}")
    common = {"option_type": options.type, "strike": options.strike, "expiry": options.expiry}
    _take(common, terms, contracts.BY_KIND[kind], f"--contract {kind}")
    _take({"volatility": options.volatility}, parameters, models.model_class(name), f"--model {name}")
    return contracts.of_terms({"kind": kind, **terms}), models.of_terms({"kind": name, **parameters})


def market(options: PriceOptions) -> Any:
    """Spots, rates and dividends. UsageError where one is missing or given in two ways."""
    from optionix_core.pricing.flat_market import FlatMarket

    if options.rate is None:
        raise UsageError("--rate is missing")
    if options.spot is None and options.spots is None:
        raise UsageError("--spot is missing (--spots where there are several underlyings)")
    for one, several in (("spot", "spots"), ("dividend_yield", "dividend_yields")):
        if getattr(options, one) is not None and getattr(options, several) is not None:
            raise UsageError(f"--{several.replace('_', '-')} is given, and so is --{one.replace('_', '-')}")
    from optionix_core.services.price_terms import numbers

    if options.spots is not None:
        spot: Any = numbers("--spots", options.spots)
        text = options.dividend_yields
        yields: Any = (0.0,) * len(spot) if text is None else numbers("--dividend-yields", text)
        if options.dividend_yield is not None:
            yields = (options.dividend_yield,) * len(spot)
    else:
        if options.dividend_yields is not None:
            raise UsageError("--dividend-yields goes with --spots")
        spot, yields = options.spot, options.dividend_yield or 0.0
    return FlatMarket(
        spot=spot,
        rate=options.rate,
        dividend_yield=yields,
        dividends=dividends(options.dividends, options.proportional_dividends),
        foreign_rate=options.foreign_rate,
    )


def dividends(cash: Sequence[str], proportional: Sequence[str]) -> Any:
    """The schedule of `TIME:AMOUNT` texts, None where there are none. UsageError names the option."""
    if cash and proportional:
        raise UsageError("--dividend and --proportional-dividend cannot be mixed")
    if not cash and not proportional:
        return None
    from optionix_core.pricing.dividends import CashDividends, ProportionalDividends

    if cash:
        return CashDividends(*_schedule("--dividend", cash))
    return ProportionalDividends(*_schedule("--proportional-dividend", proportional))


def settings(options: PriceOptions) -> Any:
    """How hard a method works."""
    from optionix_core.pricing.engine.result import EngineSettings

    names = ("accuracy", "paths", "steps", "space_steps", "seed")
    given = {name: getattr(options, name) for name in names}
    return EngineSettings(**{name: value for name, value in given.items() if value is not None})


def model_kind(options: PriceOptions) -> str:
    """The model's: named, or the usual one of the contract."""
    if options.model is not None:
        return options.model
    if options.kind == "quanto":
        return "quanto"
    return "black-scholes" if options.spots is None else "multi-asset"


def _take(common: Mapping[str, Any], terms: dict[str, Any], owner: type[Any], shown: str) -> None:
    """Put the common options among the terms of `owner`, and refuse those that it does not have."""
    from dataclasses import MISSING, fields

    known = {item.name: item for item in fields(owner)}
    for name, value in common.items():
        option = "--type" if name == "option_type" else f"--{name}"
        if name not in known:
            if value is not None:
                raise UsageError(f"{option} has no place with {shown}")
        elif value is not None:
            terms[name] = value
        elif known[name].default is MISSING:
            raise UsageError(f"{option} is missing")


def _schedule(option: str, texts: Sequence[str]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    times, amounts = [], []
    for text in texts:
        time, colon, amount = text.partition(":")
        try:
            times.append(float(time.replace("_", "x")))
            amounts.append(float(amount.replace("_", "x")))
        except ValueError:
            colon = ""
        if not colon:
            raise UsageError(f"{option} must be TIME:AMOUNT, such as 0.25:1.50 (got {text!r})")
    return tuple(times), tuple(amounts)
