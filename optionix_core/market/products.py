"""What each trading class (root) of options is: exercise, settlement, multiplier, currency, ticks.

The root decides, not the underlying: SPX settles on the opening of its last morning, SPXW on the
close. A root that is not named here counts as an ordinary US equity option, which is what nearly
all of the six thousand roots are; feeds `register` theirs. Adjusted roots (AAPL1) are marked,
because their deliverable is not 100 shares and no price may pretend so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import time
from decimal import Decimal
from enum import StrEnum

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.market.chain import ExerciseStyle, Settlement


class ExpiryCycle(StrEnum):
    """By which rule the expiries of a root fall."""

    STANDARD = "standard"
    """The third Friday of each month."""
    WEEKLY = "weekly"
    """Fridays (and more days where `weekdays` says so), with month ends and quarter ends."""
    VOLATILITY = "volatility"
    """Thirty days before the third Friday of the following month."""
    VOLATILITY_WEEKLY = "volatility-weekly"
    """Thirty days before each Friday that is no third one."""
    DAILY = "daily"
    """Every calendar day may be one, at a fixed hour."""


class Symbology(StrEnum):
    """How the keys of a root's options are written."""

    OSI = "osi"
    DERIBIT = "deribit"


@dataclass(frozen=True, slots=True)
class TickRule:
    """Smallest price step: `below` under `threshold`, `above` from it on."""

    below: Decimal
    above: Decimal
    threshold: Decimal

    def at(self, price: Decimal) -> Decimal:
        """The step that applies at `price`."""
        return self.below if price < self.threshold else self.above


PENNY = TickRule(Decimal("0.01"), Decimal("0.01"), Decimal(0))
"""One cent everywhere: the smallest step that any US exchange quotes."""
NICKEL_DIME = TickRule(Decimal("0.05"), Decimal("0.10"), Decimal(3))
"""0.05 below 3.00 and 0.10 from there on: Cboe's contract specifications of SPX, VIX and others."""
SHARE = TickRule(Decimal("0.0001"), Decimal("0.01"), Decimal(1))
"""Shares: 0.01 from 1.00 on, 0.0001 below: Rule 612 of Regulation NMS (17 CFR 242.612). The half cent that its
amendment of 2024 gives to shares of a measured spread up to a cent and a half is not in it: no spread is measured."""
COIN = TickRule(Decimal("0.0001"), Decimal("0.0005"), Decimal("0.005"))
"""Deribit's inverse options: 0.0001 coins below 0.005, 0.0005 from there on."""


@dataclass(frozen=True, slots=True)
class Product:
    """A trading class of options."""

    root: str
    underlying: str
    exercise: ExerciseStyle = "american"
    settlement: Settlement = "PM"
    """AM: on the opening of the settlement day; PM: on its close, or at `settles_utc`."""
    multiplier: Decimal = Decimal(100)
    """Units of the underlying per contract."""
    calendar: str = "XNYS"
    """Exchange code of its sessions, `24/7` where it never closes."""
    currency: str = "USD"
    """What prices are in; the coin for inverse options."""
    tick: TickRule = PENNY
    inverse: bool = False
    cycle: ExpiryCycle = ExpiryCycle.STANDARD
    weekdays: tuple[int, ...] = (4,)
    """Weekdays of weekly expiries, Monday 0."""
    cash_settled: bool = False
    settles_utc: time | None = None
    """Hour of settlement on the expiry date where no exchange session decides it."""
    symbology: Symbology = Symbology.OSI
    adjusted: bool = False
    """The deliverable was changed by a corporate action; `multiplier` alone does not describe it."""


def _index(root: str, underlying: str, settlement: Settlement, cycle: ExpiryCycle, **more: object) -> Product:
    base = Product(
        root, underlying, exercise="european", settlement=settlement, cycle=cycle, cash_settled=True, tick=NICKEL_DIME
    )
    return replace(base, **more)  # type: ignore[arg-type] # the callers below name fields of Product


_STANDARD, _WEEKLY = ExpiryCycle.STANDARD, ExpiryCycle.WEEKLY
_VOLATILITY, _VOLATILITY_WEEKLY = ExpiryCycle.VOLATILITY, ExpiryCycle.VOLATILITY_WEEKLY
_EVERY_WEEKDAY = (0, 1, 2, 3, 4)
_EIGHT = time(8)


def _coin(root: str, currency: str, multiplier: int, tick: TickRule, *, inverse: bool) -> Product:
    return Product(
        root,
        root.partition("_")[0],
        exercise="european",
        multiplier=Decimal(multiplier),
        calendar="24/7",
        currency=currency,
        tick=tick,
        inverse=inverse,
        cycle=ExpiryCycle.DAILY,
        weekdays=(0, 1, 2, 3, 4, 5, 6),
        cash_settled=True,
        settles_utc=_EIGHT,
        symbology=Symbology.DERIBIT,
    )


_KNOWN: dict[str, Product] = {
    item.root: item
    for item in (
        # Cboe's, Nasdaq's and the OCC's contract specifications of cash-settled index options.
        _index("SPX", "SPX", "AM", _STANDARD),
        _index("SPXW", "SPX", "PM", _WEEKLY, weekdays=_EVERY_WEEKDAY),
        _index("XSP", "XSP", "PM", _WEEKLY, weekdays=_EVERY_WEEKDAY, tick=PENNY),
        _index("NDX", "NDX", "AM", _STANDARD),
        _index("NDXP", "NDX", "PM", _WEEKLY, weekdays=_EVERY_WEEKDAY),
        _index("NQX", "NQX", "PM", _WEEKLY),
        _index("XND", "XND", "PM", _WEEKLY, weekdays=_EVERY_WEEKDAY),
        _index("RUT", "RUT", "AM", _STANDARD),
        _index("RUTW", "RUT", "PM", _WEEKLY, weekdays=_EVERY_WEEKDAY),
        _index("MRUT", "MRUT", "PM", _WEEKLY, weekdays=_EVERY_WEEKDAY),
        _index("DJX", "DJX", "AM", _STANDARD),
        _index("OEX", "OEX", "PM", _STANDARD, exercise="american"),
        _index("XEO", "OEX", "PM", _STANDARD),
        _index("VIX", "VIX", "AM", _VOLATILITY),
        _index("VIXW", "VIX", "AM", _VOLATILITY_WEEKLY),
        # Deribit's contract specifications; linear multipliers as published at their launch in March 2024.
        _coin("BTC", "BTC", 1, COIN, inverse=True),
        _coin("ETH", "ETH", 1, COIN, inverse=True),
    )
}
_registered: dict[str, Product] = {}

_LINEAR_MULTIPLIERS = {"SOL_USDC": 10, "XRP_USDC": 1000, "MATIC_USDC": 1000}
_LINEAR_TICK = TickRule(Decimal("0.0001"), Decimal("0.0001"), Decimal(0))
_ADJUSTED = re.compile(r"[A-Z]{1,5}\d")


def product(root: str, symbology: Symbology | None = None) -> Product:
    """The product of a root.

    `symbology` says how the key at hand is written, where known: BTC is a coin on Deribit and an
    exchange-traded fund among OSI symbols. Without it, names known here win. Raises
    MissingDataError for a linear Deribit pair whose contract size is not known.
    """
    name = root.strip().upper()
    found = _registered.get(name) or _KNOWN.get(name)
    if found is not None and symbology in (None, found.symbology):
        return found
    if "_" in name:
        multiplier = _LINEAR_MULTIPLIERS.get(name)
        if multiplier is None:
            raise MissingDataError(f"no contract size is known for {name}; read the exchange's instruments first")
        return _coin(name, name.partition("_")[2], multiplier, _LINEAR_TICK, inverse=False)
    if symbology is Symbology.DERIBIT:
        raise MissingDataError(f"no contract specification is known for {name} on Deribit")
    if not re.fullmatch(r"[A-Z0-9]{1,6}", name):
        raise InvalidValueError("root", repr(root), "1 to 6 letters and digits")
    adjusted = _ADJUSTED.fullmatch(name) is not None
    return Product(name, name[:-1] if adjusted else name, adjusted=adjusted)


def register(item: Product) -> None:
    """Make a feed's own product known under its root.

    Doing it twice with the same value changes nothing. Raises InvalidValueError where the root
    already means something else.
    """
    present = _registered.get(item.root) or _KNOWN.get(item.root)
    if present is not None and present != item:
        raise InvalidValueError("root", repr(item.root), f"free, or the same product as before ({present.underlying})")
    _registered[item.root] = item


def roots_of(underlying: str) -> tuple[str, ...]:
    """Known roots on an underlying, AM-settled ones first; the underlying's own name where none is known."""
    name = underlying.strip().upper()
    known = [item for item in (*_KNOWN.values(), *_registered.values()) if item.underlying == name]
    ordered = sorted(known, key=lambda item: (item.settlement, item.root))
    return tuple(dict.fromkeys(item.root for item in ordered)) or (name,)
