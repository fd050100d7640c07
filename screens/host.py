"""What screens need of the application that shows them, so that no screen imports it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import gcd
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

from optionix_core.errors import InvalidValueError

if TYPE_CHECKING:
    from textual.screen import Screen

    from optionix_core.trading.orders import OrderLeg
    from screens.frame import FrameScreen
    from screens.session import Session
    from screens.stage import Stage, StagedLeg


class Hint(NamedTuple):
    """A key that works now, for the footer and the help."""

    keys: tuple[str, ...]
    label: str
    description: str
    scope: str
    action: str = ""
    """Its id in the registry."""

    @property
    def key(self) -> str:
        """The key to show where there is room for one."""
        return self.keys[0]


class Completion(NamedTuple):
    """A way to go on in the command line."""

    line: str
    """The whole line, were it taken."""
    hint: str
    """What it does, or what it is."""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """An order as a ticket opens with it: of one instrument, or of the legs of a combination."""

    side: str
    """`buy` or `sell`."""
    symbol: str = ""
    """The instrument's key; empty for a combination."""
    quantity: int = 1
    """Contracts or shares; units of a combination."""
    limit_price: Decimal | None = None
    """Per unit of the underlying, net of all legs for a combination; None: at the touch of the moment."""
    legs: tuple[OrderLeg, ...] = ()
    """Of a combination: keys and ratios without a common divisor, positive where buying it buys the leg."""
    kind: str = ""
    """Type of order, such as `stop-limit`, or an algorithm, such as `twap`; empty: limit where there is one, else
    market."""
    time_in_force: str = ""
    """`DAY`, `GTC`, `GTD`, `IOC` or `FOK`; empty: IOC for a market order, else DAY."""
    entries: tuple[tuple[str, str], ...] = ()
    """What else is written already, by the name of its field: `trigger`, `trail`, `until`, `amount`, `lots`, ..."""

    @classmethod
    def of_legs(cls, legs: Iterable[tuple[str, int]], limit_price: Decimal | None = None) -> Draft:
        """What trades signed quantities of instruments: contracts, or shares; negative sells.

        One instrument is an order of that, on its side. Several are as many units of a combination as they have in
        common, which is bought; `limit_price` is per unit, negative where buying it brings money. Quantities of the
        same instrument are summed. Raises InvalidValueError where nothing is left to trade.
        """
        summed: dict[str, int] = {}
        for symbol, quantity in legs:
            summed[symbol] = summed.get(symbol, 0) + quantity
        kept = {symbol: quantity for symbol, quantity in summed.items() if quantity}
        if not kept:
            raise InvalidValueError("legs", 0, "at least one with a quantity other than zero")
        if len(kept) == 1:
            symbol, quantity = next(iter(kept.items()))
            return cls("buy" if quantity > 0 else "sell", symbol, abs(quantity), limit_price)
        from optionix_core.trading.orders import LOT, OrderLeg

        # Shares count in lots as soon as they come whole in lots; else the terms will say what is wrong with them.
        whole = [
            abs(quantity) // LOT if OrderLeg(symbol, 1).is_share and quantity % LOT == 0 else abs(quantity)
            for symbol, quantity in kept.items()
        ]
        units = gcd(*whole)
        return cls(
            "buy", "", units, limit_price, tuple(OrderLeg(symbol, kept[symbol] // units) for symbol in sorted(kept))
        )


class Host(Protocol):
    """The application, as screens see it."""

    @property
    def session(self) -> Session:
        """What all screens share."""
        ...

    @property
    def pressed_at(self) -> float:
        """When the key or button was pressed that is being done, in seconds of Textual's messages."""
        ...

    @property
    def in_ascii(self) -> bool:
        """Whether the terminal is drawn in ASCII."""
        ...

    def hints(self, scopes: Sequence[str], *, all_actions: bool = False) -> tuple[Hint, ...]:
        """Keys of `scopes`: those for the footer, or all."""
        ...

    def key_of(self, action_id: str) -> str:
        """The first key of an action as it is shown, empty where it has none."""
        ...

    def frame_opened(self, frame: FrameScreen) -> None:
        """A screen is there for the first time: it is arranged as a saved workspace has it."""
        ...

    def select(self, underlying: str | None = None, expiry: date | None = None, root: str | None = None) -> None:
        """Show another underlying or expiry; what is not given stays, or is chosen anew."""
        ...

    def open_ticket(self, draft: Draft) -> None:
        """Show a ticket for an order."""
        ...

    def keep_ticket(self, draft: Draft | None) -> None:
        """Keep a ticket that was closed unsent, so that it can be opened again; None forgets it."""
        ...

    def open_kept_ticket(self) -> None:
        """Show the last ticket that was closed unsent, as it was written."""
        ...

    def open_command(self, line: str = "") -> None:
        """Show the command line, with a beginning."""
        ...

    def set_stage(self, stage: Stage) -> None:
        """Put other legs together."""
        ...

    def open_pricer(self, legs: Sequence[StagedLeg]) -> None:
        """Show what these legs are worth and what would change it."""
        ...

    def log_changed(self) -> None:
        """A screen has written to the log: show the book anew."""
        ...

    def show_option(self, symbol: str) -> None:
        """Show an option in its chain."""
        ...

    def open_screen(self, name: str) -> None:
        """Show another screen."""
        ...

    async def perform(self, action_id: str) -> None:
        """Do an action of the registry."""
        ...

    def complete(self, line: str) -> tuple[Completion, ...]:
        """Ways to go on from a command line."""
        ...


def host_of(screen: Screen[Any]) -> Host:
    """The application of a screen."""
    return cast(Host, screen.app)
