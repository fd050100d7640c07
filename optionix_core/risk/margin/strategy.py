"""Strategy based margin: what a book needs by Regulation T and FINRA Rule 4210, its legs paired at least cost.

`requirement` is the initial requirement: stock 50%, long options in full (75% beyond nine months), short options by
4210(f)(2) with their market value. A spread gets relief only where the long expires with or after the short, and such
a set needs the lesser of its naked margin and its worst loss at expiry. Prices of the book are the proceeds: what a
short was sold for is taken to be what it is worth now. Rates, sources and choices: docs/risk/margin.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from optionix_core.errors import DomainError, InvalidValueError, MissingDataError
from optionix_core.risk.margin.book import MarginBook, MarginClass, MarginPosition
from optionix_core.risk.margin.lines import Block, Line
from optionix_core.risk.margin.pairing import NODE_LIMIT, Pairing, pair
from optionix_core.risk.margin.rules import (
    AccountType,
    StrategyRules,
    Terms,
    classified,
    option_terms,
    stock_base,
)
from optionix_core.risk.margin.sets import MarginSet, told


@dataclass(frozen=True, slots=True)
class StrategyMargin:
    """Of a book; money in its currency."""

    maintenance: bool
    requirement: float
    """Short options with their market value, short stock with the value sold, long options once."""
    requirement_net_of_premium: float
    """That less the market value of the short options."""
    against_equity: float
    """What the net liquidation value must reach: `requirement` less the value of all that is sold, and with the value
    of long options that counts as no equity."""
    equity_excluded: float
    """The latter: long options of up to nine months, in maintenance."""
    sets: tuple[MarginSet, ...]
    """The pairing; their requirements add up to `requirement`."""
    by_underlying: tuple[tuple[str, float], ...]
    exact: bool
    """Whether no pairing needs less."""
    lower_bound: float
    """No pairing needs less than this; `requirement` itself where exact."""
    assumptions: tuple[str, ...]
    currency: str

    @property
    def regime(self) -> str:
        """`strategy`."""
        return "strategy"

    @property
    def worst(self) -> str:
        """The underlying that needs most."""
        return _worst(self)


def strategy_based(
    book: MarginBook,
    *,
    maintenance: bool = False,
    account_type: AccountType = "margin",
    rules: StrategyRules | None = None,
    node_limit: int = NODE_LIMIT,
) -> StrategyMargin:
    """The least that the rules ask for, whatever the order of the positions.

    Raises MissingDataError for an option without a price, InvalidValueError for a coin option, both naming the
    position; DomainError for a cash account that holds what such an account may not.
    """
    rules = StrategyRules() if rules is None else rules
    known = classified(book, rules.unknown_leverage)
    notes = list(known.assumptions)
    blocks, extras = [], []
    for underlying in book.underlyings:
        held = [position for position in book.positions if position.underlying == underlying]
        block, extra = _block(
            book, held, known.classes[underlying], known.leverages[underlying], rules,
            maintenance=maintenance, cash_account=account_type == "cash",
        )  # fmt: skip
        blocks.append(block)
        extras.append(extra)
    if any(not position.is_option for position in book.positions):
        notes.append("prices of the book are taken as what its shorts were sold for and its stock was bought for")
    elif any(position.quantity < 0 for position in book.positions):
        notes.append("prices of the book are taken as what its shorts were sold for")
    pairings = [_allowed(block, found) for block, found in zip(blocks, pair(blocks, node_limit), strict=True)]
    sets: list[MarginSet] = []
    per_underlying = []
    for block, pairing, excluded in zip(blocks, pairings, extras, strict=True):
        own = told(block, pairing, lambda line, found=excluded: found[line])  # type: ignore[misc]
        per_underlying.append((block.underlying, sum(one.requirement for one in own)))
        sets += own
    requirement = sum(amount for _, amount in per_underlying)
    short_options = sum(line.count * line.value for block in blocks for line in block.shorts)
    short_stock = sum(max(0.0, -block.shares) * block.spot for block in blocks)
    boxed = [
        count * excluded[block.longs[at]]
        for block, pairing, excluded in zip(blocks, pairings, extras, strict=True)
        for box, count in pairing.boxed.items()
        for at in box.longs
    ]
    kept_out = sum(line.count * amount for excluded in extras for line, amount in excluded.items()) - sum(boxed)
    slack = sum(pairing.slack for pairing in pairings)
    exact = all(pairing.exact for pairing in pairings)
    if not exact:
        notes.append("the best pairing found within the limit of the search; none needs less than lower_bound")
    return StrategyMargin(
        maintenance=maintenance,
        requirement=requirement,
        requirement_net_of_premium=requirement - short_options,
        against_equity=requirement - short_options - short_stock + kept_out,
        equity_excluded=kept_out,
        sets=tuple(sets),
        by_underlying=tuple(per_underlying),
        exact=exact,
        lower_bound=requirement if exact else requirement - slack,
        assumptions=tuple(notes),
        currency=book.currency,
    )


def _block(
    book: MarginBook, held: list[MarginPosition], margin_class: MarginClass, leverage: float, rules: StrategyRules, *,
    maintenance: bool, cash_account: bool,
) -> tuple[Block, dict[Line, float]]:  # fmt: skip
    """The lines of one underlying, and the value per contract that counts as no equity by long line."""
    spot = held[0].underlying_price
    shorts: list[Line] = []
    longs: list[Line] = []
    excluded: dict[Line, float] = {}
    shares = 0.0
    for position in held:
        if not position.is_option:
            if margin_class is MarginClass.COIN:
                raise InvalidValueError(f"margin class of position {position.id}", "coin", "one of strategy margin")
            shares += position.units
            continue
        if not position.quantity:
            continue
        terms = option_terms(position, margin_class, leverage, book.as_of, rules, maintenance=maintenance)
        if cash_account:
            terms = _in_cash(position, terms)
        line = _line(position, terms)
        (shorts if line.short else longs).append(line)
        if not line.short:
            excluded[line] = terms.long_excluded
    if cash_account and shares < 0:
        raise DomainError(f"{held[0].underlying}: stock is sold short, which needs a margin account")
    base = stock_base(spot, leverage, rules, long=shares > 0, maintenance=maintenance)
    ids = tuple(position.id for position in held if not position.is_option)
    block = Block(
        held[0].underlying, spot, shares, ids, tuple(shorts), tuple(longs), spot if cash_account else base,
        leverage, rules, maintenance, cash_account,
    )  # fmt: skip
    return block, excluded


def _in_cash(position: MarginPosition, terms: Terms) -> Terms:
    """12 CFR 220.8: longs in full, behind a short put its strike."""
    strike = (position.strike or 0.0) * position.multiplier
    return Terms(terms.value, strike - terms.value, terms.value, 0.0)


def _line(position: MarginPosition, terms: Terms) -> Line:
    if position.strike is None or position.expiry is None:
        raise MissingDataError(f"position {position.id} is an option and has no strike or expiry")
    return Line(
        id=position.id,
        sign=position.sign,
        strike=position.strike,
        expires_at=position.expiry,
        style=position.style or "",
        multiplier=position.multiplier,
        count=round(abs(position.quantity)),
        short=position.quantity < 0,
        value=terms.value,
        margin=terms.margin,
        due=terms.long_due + terms.long_excluded,
    )


def _allowed(block: Block, pairing: Pairing | None) -> Pairing:
    if pairing is None:
        raise DomainError(f"{block.underlying}: calls are sold that nothing covers, which needs a margin account")
    return pairing


def _worst(found: StrategyMargin) -> str:
    if not found.by_underlying:
        return "nothing is held"
    name, amount = max(found.by_underlying, key=lambda row: row[1])
    return f"{name} needs most: {amount:.2f}"
