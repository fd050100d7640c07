"""All regimes side by side on one book: what each asks for, its worst scenario, and why one has no answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from optionix_core.errors import DomainError, InvalidValueError, MissingDataError
from optionix_core.risk.margin.book import MarginBook, MarginClass
from optionix_core.risk.margin.deribit import DeribitMargin, deribit_style
from optionix_core.risk.margin.parameters import MarginParameters, shipped
from optionix_core.risk.margin.portfolio import PortfolioMargin, portfolio_margin
from optionix_core.risk.margin.revalued import Rows, rows_of
from optionix_core.risk.margin.rules import classified
from optionix_core.risk.margin.span import SpanMargin, span_style
from optionix_core.risk.margin.strategy import StrategyMargin, strategy_based

Regime = Literal["strategy", "portfolio", "span", "deribit"]
REGIMES: tuple[Regime, ...] = get_args(Regime)
RegimeMargin = StrategyMargin | PortfolioMargin | SpanMargin | DeribitMargin


@dataclass(frozen=True, slots=True)
class Comparison:
    """Answers of the regimes; the least first in `ordered`."""

    answers: tuple[RegimeMargin, ...]
    absent: tuple[tuple[str, str], ...]
    """Regimes without an answer, and why."""

    def get(self, regime: Regime) -> RegimeMargin | None:
        """The answer of a regime; None where it has none."""
        return next((answer for answer in self.answers if answer.regime == regime), None)

    @property
    def ordered(self) -> tuple[RegimeMargin, ...]:
        """By what the net liquidation value must reach, the least first."""
        return tuple(sorted(self.answers, key=lambda answer: answer.against_equity))


def requirement(
    book: MarginBook,
    regime: Regime,
    *,
    maintenance: bool = False,
    parameters: MarginParameters | None = None,
    rows: Rows | None = None,
) -> RegimeMargin:
    """By one regime. Portfolio and SPAN style margin are the same initially and later."""
    known = shipped() if parameters is None and regime in ("portfolio", "span") else parameters
    if regime == "strategy":
        return strategy_based(book, maintenance=maintenance)
    if regime == "deribit":
        return deribit_style(book, maintenance=maintenance)
    if known is None or regime not in REGIMES:
        raise InvalidValueError("regime", regime, f"one of {', '.join(REGIMES)}")
    if regime == "portfolio":
        return portfolio_margin(book, known.portfolio, rows)
    return span_style(book, known.span, rows)


def compare(book: MarginBook, *, maintenance: bool = False, parameters: MarginParameters | None = None) -> Comparison:
    """Every regime; one that cannot answer for this book stands in `absent` with its reason.

    The Deribit style is asked where a coin option is held. Raises what all regimes raise: the first reason, where none
    has an answer.
    """
    known = classified(book)
    coins = any(one.inverse or known.classes[one.underlying] is MarginClass.COIN for one in book.positions)
    rows: Rows | None = None
    reason = ""
    try:
        rows = rows_of(book, known.classes)
    except (MissingDataError, DomainError) as error:
        reason = str(error)
    answers: list[RegimeMargin] = []
    absent: list[tuple[str, str]] = []
    first: MissingDataError | DomainError | None = None
    for regime in REGIMES:
        if regime == "deribit" and not coins:
            absent.append((regime, "no option on a coin is held"))
            continue
        if rows is None and regime in ("portfolio", "span"):
            absent.append((regime, reason))
            continue
        try:
            answers.append(requirement(book, regime, maintenance=maintenance, parameters=parameters, rows=rows))
        except (MissingDataError, DomainError) as error:
            first = error if first is None else first
            absent.append((regime, str(error)))
    if not answers and first is not None:
        raise first
    return Comparison(tuple(answers), tuple(absent))
