"""Legs that are put together before they are an order: the chain stages, the pricer prices, the ticket sends them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from optionix_core.errors import InvalidValueError

MOST_LEGS = 8


@dataclass(frozen=True, slots=True)
class StagedLeg:
    """One leg."""

    symbol: str
    """The instrument's key."""
    quantity: int
    """Contracts of one unit of the combination: bought above zero, sold below."""

    def __post_init__(self) -> None:
        if self.quantity == 0:
            raise InvalidValueError("leg quantity", 0, "a whole number other than 0")


@dataclass(frozen=True, slots=True)
class Stage:
    """Legs in the order in which they were put there, each instrument once."""

    legs: tuple[StagedLeg, ...] = ()

    def __post_init__(self) -> None:
        if len(self.legs) > MOST_LEGS:
            raise InvalidValueError("legs", len(self.legs), f"at most {MOST_LEGS}")

    def __bool__(self) -> bool:
        return bool(self.legs)

    def of(self, symbol: str) -> StagedLeg | None:
        """The leg of an instrument."""
        return next((leg for leg in self.legs if leg.symbol == symbol), None)

    def add(self, symbol: str, quantity: int) -> Stage:
        """With so many more of an instrument; a leg that comes to nothing is gone. Raises beyond MOST_LEGS."""
        here = self.of(symbol)
        if here is None:
            return Stage((*self.legs, StagedLeg(symbol, quantity)))
        left = here.quantity + quantity
        if left == 0:
            return self.without(symbol)
        return Stage(tuple(replace(leg, quantity=left) if leg is here else leg for leg in self.legs))

    def without(self, symbol: str) -> Stage:
        """Without the leg of an instrument."""
        return Stage(tuple(leg for leg in self.legs if leg.symbol != symbol))

    def turned(self, symbol: str) -> Stage:
        """With the leg of an instrument on its other side."""
        return self._with(symbol, lambda quantity: -quantity)

    def sized(self, symbol: str, step: int) -> Stage:
        """With so many more contracts of a leg on its side; one at least stays."""
        return self._with(symbol, lambda quantity: max(abs(quantity) + step, 1) * (1 if quantity > 0 else -1))

    def reversed(self) -> Stage:
        """With every leg on its other side."""
        return Stage(tuple(replace(leg, quantity=-leg.quantity) for leg in self.legs))

    def _with(self, symbol: str, change: Callable[[int], int]) -> Stage:
        return Stage(
            tuple(replace(leg, quantity=change(leg.quantity)) if leg.symbol == symbol else leg for leg in self.legs)
        )

    def after_order_of(self, symbols: Iterable[str]) -> Stage:
        """Empty once its very instruments were ordered; as it is after any other order."""
        return Stage() if {leg.symbol for leg in self.legs} == set(symbols) else self

    @property
    def pairs(self) -> tuple[tuple[str, int], ...]:
        """Keys and signed quantities."""
        return tuple((leg.symbol, leg.quantity) for leg in self.legs)

    @classmethod
    def of_pairs(cls, pairs: Iterable[tuple[str, int]]) -> Stage:
        """Legs out of keys and signed quantities; those of one instrument are added up."""
        stage = cls()
        for symbol, quantity in pairs:
            stage = stage.add(symbol, quantity)
        return stage
