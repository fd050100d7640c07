"""Margin as a use case: of a book from a file, or of the account's own positions at the prices of its venue's feed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypedDict, get_args

from optionix_core.errors import InvalidValueError, MissingDataError, UnknownNameError
from optionix_core.risk import book_csv
from optionix_core.risk.margin.account import (
    Health,
    LiquidationPrices,
    Room,
    WhatIf,
    health,
    liquidation_prices,
    room,
    what_if,
)
from optionix_core.risk.margin.book import MarginBook, MarginClass, from_risk_book
from optionix_core.risk.margin.comparison import REGIMES, Regime, RegimeMargin, compare, requirement
from optionix_core.risk.margin.expiring import ExpiryExposure, exposure_after_expiry
from optionix_core.risk.margin.from_rows import from_rows
from optionix_core.risk.margin.parameters import MarginParameters, read
from optionix_core.risk.margin.rules import AccountType
from optionix_core.risk.margin.strategy import strategy_based

if TYPE_CHECKING:
    from optionix_core.portfolio.values import AccountState
    from optionix_core.services.risk_book import BuiltBook
    from optionix_core.services.workspace import Workspace

Asked = Literal["strategy", "portfolio", "span", "deribit", "all"]
ASKED: Final[tuple[Asked, ...]] = get_args(Asked)


@dataclass(frozen=True, slots=True)
class SourceBook:
    """A book and where it came from."""

    book: MarginBook
    source: str
    """A file's name, or the account and its feed."""
    notes: tuple[str, ...]
    """What was taken for granted when it was built."""
    cash: Decimal | None
    """Of the account; None where nobody told it."""


@dataclass(frozen=True, slots=True)
class MarginTerms:
    """What is asked for."""

    regime: Asked
    maintenance: bool = False
    account_type: AccountType = "margin"
    parameters: MarginParameters | None = None
    """None: those that are shipped, an example."""
    liquidation: bool = False
    """Whether the prices at which the account ends are looked for."""
    order: MarginBook | None = None
    """Legs of an order whose effect is asked for."""
    expiry: date | None = None
    """An expiry beyond which the book is asked for."""

    def __post_init__(self) -> None:
        if self.regime not in ASKED:
            raise UnknownNameError("regime", self.regime, ASKED)
        if self.account_type == "cash" and self.regime != "strategy":
            raise InvalidValueError("account type", "cash", "margin for every regime but strategy")
        if self.account_type == "cash" and (self.order or self.expiry or self.liquidation):
            raise InvalidValueError("account type", "cash", "margin for orders, expiries and liquidation prices")


class _How(TypedDict):
    maintenance: bool
    parameters: MarginParameters | None


@dataclass(frozen=True, slots=True)
class RegimeReport:
    """Of one regime."""

    answer: RegimeMargin
    health: Health | None
    """None where no cash is known."""
    liquidation: tuple[LiquidationPrices, ...]
    order: WhatIf | None = None
    room: Room | None = None
    """How many of the order fit; None without cash."""
    expiry: ExpiryExposure | None = None


@dataclass(frozen=True, slots=True)
class MarginReport:
    """What a book needs."""

    source: SourceBook
    terms: MarginTerms
    regimes: tuple[RegimeReport, ...]
    absent: tuple[tuple[str, str], ...]
    """Regimes without an answer, and why."""

    @property
    def least(self) -> RegimeReport | None:
        """The regime that asks for the least equity; None where none has an answer."""
        return min(self.regimes, key=lambda report: report.answer.against_equity, default=None)


def book_of_csv(
    text: str,
    shown: str,
    as_of: datetime,
    cash: Decimal | None = None,
    classes: Mapping[str, MarginClass] | None = None,
) -> SourceBook:
    """A book from CSV; `classes` by underlying stand for rows that tell none. Errors: those of `parse_book`."""
    rows = book_csv.parse_book(text, shown)
    if not rows:
        raise MissingDataError(f"{shown} holds no positions")
    found = from_rows(rows, as_of)
    return SourceBook(_classed(found.book, classes or {}), shown, found.notes, cash)


def book_of_account(workspace: Workspace, classes: Mapping[str, MarginClass] | None = None) -> SourceBook:
    """The workspace's account at the quotes of its venue's feed.

    Underlyings that are coins are of that class; others of the one in `classes`. Raises MissingDataError naming the
    positions that have no data.
    """
    from optionix_core.services import risk_book
    from optionix_core.services.book import account

    return source_of(risk_book.of_account(workspace), account(workspace).state, classes)


def source_of(built: BuiltBook, state: AccountState, classes: Mapping[str, MarginClass] | None = None) -> SourceBook:
    """A book that was built, with the account whose cash stands beside it; see `book_of_account`."""
    from optionix_core.market import symbols
    from optionix_core.market.products import product

    known: dict[str, MarginClass] = {}
    for position in built.book.positions:
        if not symbols.is_option(position.id):
            continue
        terms = symbols.terms(position.id)
        if product(terms.root, terms.symbology).settles_utc is not None:
            known[position.underlying] = MarginClass.COIN
    book = from_risk_book(built.book, {**known, **(classes or {})})
    _check_known(book, classes or {})
    source = f"account {state.account} at the quotes of {built.feed}"
    if book.positions and state.currency != book.currency:
        note = f"no health is told: the account's cash is in {state.currency}, its positions are in {book.currency}"
        return SourceBook(book, source, (*built.notes, note), None)
    return SourceBook(book, source, built.notes, state.cash)


def margin(source: SourceBook, terms: MarginTerms) -> MarginReport:
    """One regime, or all side by side. Raises what the regime raises, and MissingDataError for ends without cash."""
    book = source.book
    absent: tuple[tuple[str, str], ...] = ()
    if terms.liquidation and source.cash is None:
        raise MissingDataError("liquidation prices need the account's cash, and none is given")
    answers: tuple[RegimeMargin, ...]
    if terms.regime == "all":
        found = compare(book, maintenance=terms.maintenance, parameters=terms.parameters)
        answers, absent = found.answers, found.absent
    elif terms.regime == "strategy":
        answers = (strategy_based(book, maintenance=terms.maintenance, account_type=terms.account_type),)
    else:
        answers = (requirement(book, terms.regime, maintenance=terms.maintenance, parameters=terms.parameters),)
    return MarginReport(source, terms, tuple(_report(source, terms, answer) for answer in answers), absent)


def parameters_of(path: Path) -> MarginParameters:
    """From a file. ConfigurationError names file and key."""
    return read(path)


def _report(source: SourceBook, terms: MarginTerms, answer: RegimeMargin) -> RegimeReport:
    book, cash = source.book, None if source.cash is None else float(source.cash)
    regime: Regime = next(one for one in REGIMES if one == answer.regime)
    how = _How(maintenance=terms.maintenance, parameters=terms.parameters)
    ends: tuple[LiquidationPrices, ...] = ()
    if terms.liquidation and cash is not None:
        ends = tuple(liquidation_prices(book, name, cash, regime, **how) for name in book.underlyings)
    legs = () if terms.order is None else terms.order.positions
    return RegimeReport(
        answer,
        None if cash is None else health(answer, book, cash),
        ends,
        what_if(book, legs, regime, **how) if legs else None,
        room(book, legs, cash, regime, **how) if legs and cash is not None else None,
        None if terms.expiry is None else exposure_after_expiry(book, terms.expiry, regime, **how),
    )


def _classed(book: MarginBook, classes: Mapping[str, MarginClass]) -> MarginBook:
    _check_known(book, classes)
    return replace(
        book,
        positions=tuple(
            replace(one, margin_class=classes.get(one.underlying)) if one.margin_class is None else one
            for one in book.positions
        ),
    )


def _check_known(book: MarginBook, classes: Mapping[str, MarginClass]) -> None:
    for name in classes:
        if name not in book.underlyings:
            raise UnknownNameError("underlying of the book", name, book.underlyings)
