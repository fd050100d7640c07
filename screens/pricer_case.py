"""What the pricer prices: one contract or several legs, where the market has them, and what the user has moved. Pure.

A moved input stays where it was put while the market goes on; all others follow the market. A contract that was typed
has no market to follow: its inputs go back to what was typed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from optionix_core.services import what_if_inputs
from optionix_core.services.price_options import PriceOptions

if TYPE_CHECKING:
    from optionix_core.services.what_if_inputs import Input, Reach
    from optionix_core.services.what_if_legs import Moves
    from optionix_core.services.what_if_legs_market import LegsMarket
    from optionix_core.services.what_if_market import OptionMarket

OF_THE_MARKET = ("spot", "expiry", "rate", "dividend_yield", "volatility")


@dataclass(frozen=True, slots=True)
class ContractCase:
    """One contract under one model."""

    origin: PriceOptions
    """Where the market has it, or as it was typed."""
    link: OptionMarket | None = None
    """The listed option that it is; None where it was typed."""
    chosen: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the request that were chosen over the origin's: contract, model, method, terms ..."""
    moved: Mapping[str, float] = field(default_factory=dict)
    anchors: Mapping[str, float] = field(default_factory=dict)
    """Where inputs stood when the contract was chosen: sliders reach around them."""

    @property
    def options(self) -> PriceOptions:
        """The request as it stands. Raises UnknownNameError for a contract or model that there is not."""
        made = what_if_inputs.fitting(self._base())
        for name, value in self.moved.items():
            made = what_if_inputs.put(made, name, value)
        return made

    @property
    def inputs(self) -> tuple[Input, ...]:
        """What can be moved."""
        return what_if_inputs.inputs(self.options)

    @property
    def lacking(self) -> tuple[str, ...]:
        """Options that are needed and not there."""
        return what_if_inputs.lacking(self.options, strict=self.link is not None)

    def market(self, name: str) -> float | None:
        """Where an input stands unmoved."""
        return what_if_inputs.get(what_if_inputs.fitting(self._base()), name)

    def why_missing(self, name: str) -> str:
        """Why the market does not tell an input; empty where it does, or was never asked."""
        return "" if self.link is None else self.link.reasons.get(name, "")

    def reach(self, name: str) -> Reach:
        """Of an input's slider."""
        item = next(one for one in self.inputs if one.name == name)
        return what_if_inputs.reach(item, self.anchors.get(name))

    def put(self, name: str, value: float) -> ContractCase:
        """With an input elsewhere. InvalidValueError names what it cannot be."""
        what_if_inputs.put(self.options, name, value)
        moved = {key: at for key, at in self.moved.items() if key != name}
        if value != self.market(name):
            moved[name] = value
        return self._anchored(replace(self, moved=moved))

    def reset(self, name: str | None = None) -> ContractCase:
        """With one input, or all, where the market has them."""
        return replace(self, moved={} if name is None else {k: v for k, v in self.moved.items() if k != name})

    def following(self, link: OptionMarket) -> ContractCase:
        """At the market's present state of the same option."""
        return self._anchored(replace(self, link=link, origin=link.options))

    def choose(self, **fields: Any) -> ContractCase:
        """With another contract, model or method; what they do not have is left out."""
        made = replace(self, chosen={**self.chosen, **fields})
        known = {item.name for item in made.inputs}
        return self._anchored(replace(made, moved={name: at for name, at in made.moved.items() if name in known}))

    def written(self, options: PriceOptions) -> ContractCase:
        """As a whole request says; it stays linked while it is the same option, else it is a contract of its own."""
        given = what_if_inputs.fitting(options)
        same = self.link is not None and (options.type, options.strike) == (self.origin.type, self.origin.strike)
        if not same:
            return typed(options)
        moved = {
            name: value
            for name in OF_THE_MARKET
            if (value := what_if_inputs.get(given, name)) is not None and value != getattr(self.origin, name)
        }
        chosen = {name: getattr(options, name) for name in options._fields if name not in (*OF_THE_MARKET, *_OPTION)}
        return self._anchored(replace(self, chosen=chosen, moved=moved))

    def _base(self) -> PriceOptions:
        return self.origin._replace(**self.chosen)

    def _anchored(self, made: ContractCase) -> ContractCase:
        """Sliders keep their reach; those that are new have it around where they stand."""
        found = {item.name: item.value for item in made.inputs if item.value is not None}
        return replace(made, anchors={**found, **made.anchors})


_OPTION = ("type", "strike")


def linked(link: OptionMarket) -> ContractCase:
    """A listed option at the market."""
    made = ContractCase(link.options, link)
    return replace(made, anchors={item.name: item.value for item in made.inputs if item.value is not None})


def typed(options: PriceOptions) -> ContractCase:
    """A contract out of its words. A yield that was left out is none, as on the command line."""
    if options.spots is None and options.dividend_yield is None:
        options = options._replace(dividend_yield=0.0)
    made = ContractCase(options)
    return replace(made, anchors={item.name: item.value for item in made.inputs if item.value is not None})


@dataclass(frozen=True, slots=True)
class LegsCase:
    """Several legs together."""

    link: LegsMarket
    moves: Moves

    @property
    def inputs(self) -> tuple[Input, ...]:
        """What can be moved."""
        from optionix_core.services import what_if_legs

        return what_if_legs.inputs(self.link, self.moves)

    @property
    def moved(self) -> tuple[str, ...]:
        """Inputs that are not where the market has them."""
        return tuple(item.name for item in self.inputs if item.value != self.market(item.name))

    @property
    def lacking(self) -> tuple[str, ...]:
        """Nothing: legs without what they need are refused when they are read."""
        return ()

    def market(self, name: str) -> float | None:
        """Where an input stands unmoved."""
        from optionix_core.services import what_if_legs

        still = what_if_legs.inputs(self.link, what_if_legs.STILL)
        return next(item.value for item in still if item.name == name)

    def why_missing(self, name: str) -> str:
        """Nothing is missing."""
        del name
        return ""

    def reach(self, name: str) -> Reach:
        """Of an input's slider."""
        from optionix_core.services import what_if_legs

        return what_if_legs.reach_of(self.link, name)

    def put(self, name: str, value: float) -> LegsCase:
        """With an input elsewhere. InvalidValueError names what it cannot be."""
        from optionix_core.services import what_if_legs

        return replace(self, moves=what_if_legs.moved(self.link, self.moves, name, value))

    def reset(self, name: str | None = None) -> LegsCase:
        """With one input, or all, where the market has them."""
        from optionix_core.services import what_if_legs

        if name is None:
            return replace(self, moves=what_if_legs.STILL)
        return replace(self, moves=what_if_legs.moved(self.link, self.moves, name, None))

    def following(self, link: LegsMarket) -> LegsCase:
        """At the market's present state of the same legs. Time that has passed is less where none is left."""
        elapsed = min(self.moves.elapsed, link.terms.nearest)
        return LegsCase(link, self.moves._replace(elapsed=elapsed))


Case = ContractCase | LegsCase
