"""Standard margin of a coin options exchange in the style of Deribit: each position by itself, in its coin.

Per contract of one coin, as fractions of a coin (Deribit, "Margin requirements", options):
short call: initial max(0.15 - out of the money / index, 0.1) + mark, maintenance 0.075 + mark;
short put: initial the same and at least its maintenance, maintenance max(0.075, 0.075 x mark) + mark.
Long options are paid for and need nothing; nothing offsets anything. Options that are priced in dollars (linear) need
the same fractions of the index, in dollars. The requirement has the mark of the shorts in it. Not in it: futures and
perpetuals, and the exchange's portfolio margin.
"""

from __future__ import annotations

from dataclasses import dataclass

from optionix_core.errors import InvalidValueError
from optionix_core.risk.margin.book import MarginBook, MarginClass, MarginPosition
from optionix_core.risk.margin.rules import classified


@dataclass(frozen=True, slots=True)
class DeribitRules:
    """Fractions of a coin."""

    initial: float = 0.15
    initial_minimum: float = 0.10
    maintenance: float = 0.075


@dataclass(frozen=True, slots=True)
class CoinMargin:
    """Of one position, in its coin or, where it is linear, in its currency."""

    position: str
    currency: str
    initial: float
    maintenance: float


@dataclass(frozen=True, slots=True)
class DeribitMargin:
    """Of a book; `requirement` in its currency at the index prices of the positions."""

    maintenance: bool
    requirement: float
    requirement_net_of_premium: float
    """Less the mark of the short options."""
    positions: tuple[CoinMargin, ...]
    by_currency: tuple[tuple[str, float, float], ...]
    """Coin, initial, maintenance."""
    worst: str
    """The position that needs most."""
    assumptions: tuple[str, ...]
    currency: str

    @property
    def regime(self) -> str:
        """`deribit`."""
        return "deribit"

    @property
    def against_equity(self) -> float:
        """What the net liquidation value must reach: the marks of shorts are taken off in it already."""
        return self.requirement_net_of_premium

    @property
    def by_underlying(self) -> tuple[tuple[str, float], ...]:
        """By position, rather: nothing offsets anything."""
        return tuple((row.position, row.maintenance if self.maintenance else row.initial) for row in self.positions)


def short_option(
    sign: int, strike: float, index: float, mark: float, rules: DeribitRules | None = None
) -> tuple[float, float]:
    """Initial and maintenance of one short contract of one coin, in coins; `mark` in coins, `sign` +1 for calls."""
    rules = DeribitRules() if rules is None else rules
    out_of_the_money = max(0.0, sign * (strike - index))
    initial = max(rules.initial - out_of_the_money / index, rules.initial_minimum) + mark
    maintenance = rules.maintenance + mark
    if sign < 0:
        maintenance = max(rules.maintenance, rules.maintenance * mark) + mark
        initial = max(initial, maintenance)
    return initial, maintenance


def deribit_style(book: MarginBook, *, maintenance: bool = False, rules: DeribitRules | None = None) -> DeribitMargin:
    """Raises InvalidValueError for a position that is no option on a coin, MissingDataError for one without a price."""
    known = classified(book)
    rows = []
    total = marks = 0.0
    by_currency: dict[str, tuple[float, float]] = {}
    for position in book.positions:
        if not position.inverse and known.classes[position.underlying] is not MarginClass.COIN:
            bound = "coin, or the option inverse"
            raise InvalidValueError(
                f"margin class of position {position.id}", known.classes[position.underlying], bound
            )
        row, mark = _row(position, book.currency, rules)
        rows.append(row)
        worth = position.underlying_price if position.inverse else 1.0
        total += (row.maintenance if maintenance else row.initial) * worth
        marks += mark * worth
        before = by_currency.get(row.currency, (0.0, 0.0))
        by_currency[row.currency] = (before[0] + row.initial, before[1] + row.maintenance)
    most = max(rows, key=lambda row: row.initial, default=None)
    return DeribitMargin(
        maintenance,
        total,
        total - marks,
        tuple(rows),
        tuple((name, initial, kept) for name, (initial, kept) in sorted(by_currency.items())),
        "nothing is held" if most is None else f"{most.position} needs most: {most.initial:.4g} {most.currency}",
        known.assumptions,
        book.currency,
    )


def _row(position: MarginPosition, currency: str, rules: DeribitRules | None) -> tuple[CoinMargin, float]:
    """Its margin, and the mark of what is short, both in its own currency."""
    own = position.underlying if position.inverse else currency
    if not position.is_option or position.quantity >= 0 or position.strike is None:
        return CoinMargin(position.id, own, 0.0, 0.0), 0.0
    index = position.underlying_price
    unit = 1.0 if position.inverse else index
    mark = position.market_price / unit
    initial, maintenance = short_option(position.sign, position.strike, index, mark, rules)
    scale = -position.units * unit
    return CoinMargin(position.id, own, initial * scale, maintenance * scale), mark * scale
