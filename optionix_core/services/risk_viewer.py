"""Makes views of an account's risk, one book at a time: what was valued once serves every level, horizon and grouping.

Feeds take longer to tell a history than a book takes to be revalued, so histories are kept for an hour, and a book for
as long as the caller says. Everything can be stopped between two runs of scenarios.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from optionix_core.errors import InterruptedByUserError, OptionixError
from optionix_core.services import risk_book, risk_figures, risk_liquidity, risk_tails
from optionix_core.services.limit_watch import standing
from optionix_core.services.risk_history import Histories
from optionix_core.services.risk_view import BACKTEST_DAYS, TAKES_PER_DAY, WINDOW, Part, RiskAsked, RiskView, WhatIf

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from optionix_core.portfolio.values import AccountState
    from optionix_core.risk.executors import Executor
    from optionix_core.risk.greeks import BookGreeks
    from optionix_core.risk.stress_library import StressScenario
    from optionix_core.services.risk_book import BuiltBook, Chains
    from optionix_core.services.risk_tails import Method, Revalued, TailReport
    from optionix_core.services.risk_view import Reversed
    from optionix_core.services.workspace import Workspace

Answer = TypeVar("Answer")

STEPS: Final = (
    "book", "limits", "Greeks and stress", "margin and liquidity", "past days", "drawn days", "backtest",
    "reverse stress", "what-if",
)  # fmt: skip
"""In the order in which a view is made."""
PAST: Final[tuple[Method, ...]] = ("plain", "age", "filtered")
"""Methods that are told of the same past days."""


@dataclass(slots=True)
class _Book:
    """One book, and what is known of it so far."""

    built: BuiltBook
    chains: Chains
    state: AccountState | None
    known: dict[Hashable, Part[Any]] = field(default_factory=dict)

    def part(self, key: Hashable, make: Callable[[], Answer]) -> Part[Answer]:
        """What `make` answers, or what it raises; made once."""
        found = self.known.get(key)
        if found is None:
            try:
                found = Part(make())
            except InterruptedByUserError:
                raise
            except OptionixError as error:
                found = Part(problem=error)
            self.known[key] = found
        return cast("Part[Answer]", found)


class RiskViewer:
    """Of one workspace's account. `look` belongs to one thread at a time; `made` and `step` may be read from any."""

    def __init__(self, workspace: Workspace, scenarios: Callable[[], Sequence[StressScenario]]) -> None:
        """`scenarios`: the library of the stress test, read when it is first wanted."""
        self._workspace = workspace
        self._read = scenarios
        self._scenarios: Sequence[StressScenario] = ()
        self._histories = Histories(workspace.venue_feed)
        self._hour: datetime | None = None
        self._renewed: Hashable = None
        self._book: _Book | None = None
        self.made: RiskView | None = None
        """The newest view as far as it is made."""
        self.step = ""
        """What is being made."""

    def look(
        self,
        asked: RiskAsked,
        renew: Hashable,
        progress: Callable[[int, int], None] | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> RiskView:
        """The view of `asked`. The book is built anew when `renew` differs from the last one's.

        Raises InterruptedByUserError once `cancel()` holds, IntegrityError for a damaged log, and what the feed raises
        that has no quotes at all; what a part lacks stands in its place.
        """
        from optionix_core.pricing._threads import processors
        from optionix_core.risk.executors import StoppableExecutor, ThreadExecutor

        def begin(step: str) -> None:
            if cancel is not None and cancel():
                raise InterruptedByUserError(f"stopped before {step}")
            self.step = step
            if progress is not None:
                progress(STEPS.index(step), len(STEPS))

        # One processor is left to whoever waits for the answer.
        threads = ThreadExecutor(max(processors() - 1, 1))
        executor = threads if cancel is None else StoppableExecutor(threads, cancel)
        begin("book")
        book = self._book
        if book is None or renew != self._renewed:
            book = self._book = self._build()
            self._renewed = renew
        view = self._standing(book, asked, begin, executor)
        if not view.empty:
            view = self._tails(book, view, begin, executor)
        if asked.stage:
            begin("what-if")
            key = ("what-if", asked.stage, asked.confidence, asked.horizon_days)
            view = self._keep(view, what_if=book.part(key, partial(self._what_if, book, asked, executor)))
        return view

    def _build(self) -> _Book:
        workspace = self._workspace
        now = workspace.clock.now()
        hour = now.replace(minute=0, second=0, microsecond=0)
        if self._hour != hour:  # a close that is told within it is seen in the next
            self._hour = hour
            self._histories.forget()
        if not self._scenarios:
            self._scenarios = self._read()
        chains = risk_book.Chains()
        built = risk_book.of_account(workspace, now, partial=True, chains=chains)
        with workspace.desk.lock:
            state = workspace.desk.book.account(workspace.account)
        return _Book(built, chains, state)

    def _keep(self, view: RiskView, **parts: Any) -> RiskView:
        self.made = replace(view, **parts)
        return self.made

    def _standing(self, book: _Book, asked: RiskAsked, begin: Callable[[str], None], executor: Executor) -> RiskView:
        """What needs no history."""
        workspace, built, part = self._workspace, book.built, book.part
        begin("limits")
        view = self._keep(
            RiskView(
                asked=asked,
                account=workspace.account,
                state=book.state,
                built=built,
                nlv=part("nlv", partial(_nlv, workspace, built.moment)),
                limits=part("limits", partial(standing, workspace)),
            )
        )
        if view.empty or book.state is None:
            return view
        begin("Greeks and stress")
        view = self._keep(
            view,
            greeks=part("greeks", partial(_greeks, built)),
            grid=part("grid", partial(risk_figures.grid, built, executor)),
            stressed=part("stressed", partial(risk_figures.stressed, built, self._scenarios, executor)),
        )
        begin("margin and liquidity")
        report = partial(risk_liquidity.report, workspace, built, self._scenarios, TAKES_PER_DAY)
        return self._keep(
            view,
            margin=part("margin", partial(risk_figures.margin, built, book.state)),
            liquidity=part("liquidity", report),
        )

    def _tails(self, book: _Book, view: RiskView, begin: Callable[[str], None], executor: Executor) -> RiskView:
        """What is told of past days."""
        asked, part = view.asked, book.part
        begin("past days")
        view = self._keep(view, tails={one: self._tail(book, asked, one, executor) for one in PAST})
        begin("drawn days")
        view = self._keep(view, tails={**view.tails, "copula": self._tail(book, asked, "copula", executor)})
        begin("backtest")
        tested = partial(
            risk_tails.backtest,
            book.built,
            self._histories,
            confidence=asked.confidence,
            window=WINDOW,
            days=BACKTEST_DAYS,
            executor=executor,
        )
        view = self._keep(view, backtest=part(("backtest", asked.confidence), tested))
        begin("reverse stress")
        reverse = partial(self._reverse, view, executor)
        return self._keep(view, reverse=part(("reverse", asked.loss, asked.horizon_days), reverse))

    def _tail(self, book: _Book, asked: RiskAsked, method: Method, executor: Executor) -> Part[TailReport]:
        by = asked.by if method == asked.method else "position"
        drawn = method == "copula"

        def revalued() -> Revalued:
            return risk_tails.revalued(book.built, self._histories, drawn=drawn, seed=asked.seed, executor=executor)

        def told() -> TailReport:
            found = book.part(("revalued", drawn, asked.seed), revalued)
            if found.answer is None:
                raise cast("OptionixError", found.problem)
            return risk_tails.told(
                book.built,
                found.answer,
                confidences=(asked.confidence,),
                horizons=(asked.horizon_days,),
                method=method,
                by=by,
                executor=executor,
            )

        return book.part(("tails", method, asked.confidence, asked.horizon_days, by, asked.seed), told)

    def _reverse(self, view: RiskView, executor: Executor) -> Reversed:
        asked = view.asked
        loss, of = risk_figures.loss_looked_for(asked.loss, view.limits, view.account, view.nlv)
        return risk_figures.reverse(view.built, self._histories, loss, of, asked.horizon_days, executor)

    def _what_if(self, book: _Book, asked: RiskAsked, executor: Executor) -> WhatIf:
        return risk_figures.what_if(
            self._workspace, book.built, book.chains, asked, self._histories, self._scenarios, executor
        )


def _greeks(built: BuiltBook) -> BookGreeks:
    from optionix_core.risk.greeks import book_greeks

    return book_greeks(built.book)


def _nlv(workspace: Workspace, moment: datetime) -> Decimal:
    from optionix_core.services.book import account

    return account(workspace, moment).nlv
