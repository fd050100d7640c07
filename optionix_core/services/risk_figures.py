"""The figures of a risk view, one function each: of a book that was built, what the screen shows of it.

They choose what is asked of the engine (which grid, which scenarios, which loss) and compute nothing themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from optionix_core.errors import InvalidValueError, MissingDataError, OptionixError, RefusedError
from optionix_core.services.risk_view import (
    DAYS,
    SPOTS,
    VOLATILITIES,
    Gridded,
    Margins,
    Part,
    Reversed,
    RiskSide,
    Stressed,
    WhatIf,
)

if TYPE_CHECKING:
    from optionix_core.portfolio.values import AccountState
    from optionix_core.risk.executors import Executor
    from optionix_core.risk.stress_library import StressScenario
    from optionix_core.services.limit_watch import LimitReport
    from optionix_core.services.risk_book import BuiltBook, Chains
    from optionix_core.services.risk_history import HistorySource
    from optionix_core.services.risk_view import RiskAsked
    from optionix_core.services.workspace import Workspace


def grid(built: BuiltBook, executor: Executor | None = None) -> Gridded:
    """The book on the grid of `risk_view`. A fall of volatility that would leave an option none is left out, and told.

    Raises what `stress_grid` raises for every other reason.
    """
    from optionix_core.risk.stress import stress_grid

    moves = list(VOLATILITIES)
    left_out: list[tuple[float, str]] = []
    while True:
        try:
            found = stress_grid(built.book, SPOTS, moves, DAYS, executor=executor)
        except InvalidValueError as error:
            if moves[0] >= 0.0:
                raise
            left_out.append((moves.pop(0), str(error)))
        else:
            return Gridded(found=found, left_out=tuple(left_out))


def stressed(built: BuiltBook, scenarios: Sequence[StressScenario], executor: Executor | None = None) -> Stressed:
    """The book in named scenarios; every underlying moves as the market does, since no betas are given."""
    from optionix_core.risk.stress import stress
    from optionix_core.services.risk_liquidity import closing_of

    return Stressed(
        found=stress(built.book, scenarios, executor=executor),
        closing={one.id: closing_of(built, 1.0, one.spread) for one in scenarios},
    )


def margin(built: BuiltBook, state: AccountState) -> Margins:
    """By all regimes, at first and to be kept. Raises what `margins.margin` raises."""
    from optionix_core.services import margins

    source = margins.source_of(built, state)
    return Margins(
        initial=margins.margin(source, margins.MarginTerms("all")),
        maintenance=margins.margin(source, margins.MarginTerms("all", maintenance=True)),
    )


def loss_looked_for(
    asked: Decimal | None, limits: Part[LimitReport], account: str, nlv: Part[Decimal]
) -> tuple[Decimal, str]:
    """The loss that reverse stress looks for, and whose it is.

    The one that was asked for, else that of the account's nearest limit on a loss, else all that the account is worth.
    Raises RefusedError where a limit is broken already, MissingDataError where nothing tells a loss.
    """
    from optionix_core.services.limits import nearest_loss

    if asked is not None:
        return asked, "the loss that was asked for"
    if limits.answer is None:
        raise limits.problem or MissingDataError("the limits are not known")
    try:
        loss, of = nearest_loss(limits.answer, account)
    except MissingDataError as error:
        if nlv.answer is None:
            raise nlv.problem or error from error
        if not nlv.answer > 0:
            raise MissingDataError(f"{error}; the net liquidation value is {nlv.answer:,.2f}") from error
        return nlv.answer, "all of the net liquidation value, since no limit on a loss is set"
    if loss <= 0:
        raise RefusedError(of.rule, f"{of.key.text} is broken already")
    return loss, f"what breaks {of.key.text} of {of.bound:,}"


def reverse(
    built: BuiltBook,
    histories: HistorySource,
    loss: Decimal,
    of: str,
    horizon_days: int,
    executor: Executor | None = None,
) -> Reversed:
    """The nearest move of spots and volatilities that loses `loss`. Raises as `history_factors` and the search do."""
    from optionix_core.risk.reverse_stress import reverse_stress
    from optionix_core.services.risk_factors import history_factors

    told = history_factors(histories, built.book.underlyings, built.moment, horizon_days)
    found = reverse_stress(built.book, float(loss), told.factors, told.correlations, executor=executor)
    return Reversed(found=found, of=of, days=told.days, notes=told.notes)


def what_if(
    workspace: Workspace,
    before: BuiltBook,
    chains: Chains,
    asked: RiskAsked,
    histories: HistorySource,
    scenarios: Sequence[StressScenario],
    executor: Executor | None = None,
) -> WhatIf:
    """The account's book `before` and after the legs of `asked.stage`, from the quotes that `chains` has solved.

    Raises MissingDataError for a leg that has no quote, and for a history too short.
    """
    from optionix_core.services import risk_book
    from optionix_core.services.trading import unopened_account

    legs = tuple(risk_book.Holding(symbol, symbol, float(quantity)) for symbol, quantity in asked.stage)
    after = risk_book.of_account(workspace, before.moment, chains=chains, more=legs, partial=True)
    lacking = [one for one in after.left_out if one.id in {leg.id for leg in legs}]
    if lacking:
        raise MissingDataError("; ".join(f"{one.id.strip()}: {one.reason}" for one in lacking))
    with workspace.desk.lock:
        state = workspace.desk.book.account(workspace.account)
    state = unopened_account(workspace.account, workspace.venue) if state is None else state

    def side(built: BuiltBook) -> RiskSide:
        return _side(built, asked, histories, scenarios, state, executor)

    return WhatIf(legs=asked.stage, before=side(before), after=side(after))


def _side(
    built: BuiltBook,
    asked: RiskAsked,
    histories: HistorySource,
    scenarios: Sequence[StressScenario],
    state: AccountState,
    executor: Executor | None,
) -> RiskSide:
    from optionix_core.risk.greeks import book_greeks
    from optionix_core.services import risk_tails

    past = risk_tails.revalued(built, histories, executor=executor)
    told = risk_tails.told(built, past, confidences=(asked.confidence,), horizons=(asked.horizon_days,))
    title, pnl = "", 0.0
    if built.book.positions:
        worst, pnl = stressed(built, scenarios, executor).found.worst()
        title = worst.title
    return RiskSide(
        tail=told.estimates[0],
        worst_scenario=title,
        worst_pnl=pnl,
        greeks=book_greeks(built.book).total(),
        margin=_strategy_margin(built, state),
    )


def _strategy_margin(built: BuiltBook, state: AccountState) -> Part[float]:
    from optionix_core.services import margins

    if not built.book.positions:
        return Part(0.0)
    try:
        source = margins.source_of(built, state)
        found = margins.margin(source, margins.MarginTerms("strategy"))
    except OptionixError as error:
        return Part(problem=error)
    return Part(found.regimes[0].answer.against_equity)
