"""What the desk could lose and what stands behind it, at a glance: value at risk of its limit, and margin.

Both are full revaluations of the account's book, so they are asked for seldom and away from the interface. What cannot
be told has its reason; the other figure stands all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from optionix_core.errors import OptionixError
from optionix_core.services.limit_figures import CONFIDENCE
from optionix_core.trading.limit_board import LimitGrade, LimitLevel
from optionix_core.trading.limits import LimitKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from optionix_core.services.risk_book import BuiltBook
    from optionix_core.services.workspace import Workspace
    from optionix_core.trading.limit_board import SetLimit


@dataclass(frozen=True, slots=True)
class RiskGlance:
    """Figures of the account's book at one moment; money in its currency, losses positive."""

    moment: datetime
    confidence: float
    value_at_risk: float | None
    """Of a day, by plain historical simulation."""
    expected_shortfall: float | None
    scenarios: int
    """Past days that they are taken from."""
    tail_reason: str | None
    """Why there are none."""
    bound: SetLimit | None
    """The limit on value at risk that binds the account, the hard one where there are two."""
    margin: float | None
    """What the strategy-based regime asks for, of the net liquidation value."""
    equity: float | None
    margin_reason: str | None
    breaches: int
    """Of limits of the account, that are not over."""
    notes: tuple[str, ...]

    @property
    def margin_use(self) -> float | None:
        """Share of the net liquidation value that the requirement takes."""
        if self.margin is None or self.equity is None or self.equity <= 0.0:
            return None
        return self.margin / self.equity

    @property
    def limit_use(self) -> float | None:
        """Share of the bound that value at risk takes."""
        if self.value_at_risk is None or self.bound is None:
            return None
        return self.value_at_risk / float(self.bound.bound)


def glance(
    workspace: Workspace,
    progress: Callable[[int, int], None] | None = None,
    cancel: Callable[[], bool] | None = None,
) -> RiskGlance:
    """The figures now. Ends by InterruptedByUserError once `cancel` holds; raises what reading the log raises."""
    from optionix_core.errors import InterruptedByUserError
    from optionix_core.services import risk_book
    from optionix_core.services.book import account

    def stop() -> None:
        if cancel is not None and cancel():
            raise InterruptedByUserError

    report = account(workspace)
    with workspace.desk.lock:
        board = workspace.desk.orders.limits
        limits = tuple(board.limits.values())
        breaches = sum(one.key.name == workspace.account for one in board.breaches)
    bound = _bound(limits, workspace.account)
    tail: tuple[float | None, float | None, int] = (None, None, 0)
    tail_reason = margin_reason = None
    margin = equity = None
    notes: tuple[str, ...] = ()
    try:
        built = risk_book.of_account(workspace, report.moment)
        notes = built.notes
    except OptionixError as error:
        tail_reason = margin_reason = str(error)
    else:
        stop()
        if progress is not None:
            progress(1, 3)
        try:
            tail = _tail(workspace, built)
        except OptionixError as error:
            tail_reason = str(error)
        stop()
        if progress is not None:
            progress(2, 3)
        try:
            margin, equity = _margin(workspace, built)
        except OptionixError as error:
            margin_reason = str(error)
    return RiskGlance(
        moment=report.moment,
        confidence=CONFIDENCE,
        value_at_risk=tail[0],
        expected_shortfall=tail[1],
        scenarios=tail[2],
        tail_reason=tail_reason,
        bound=bound,
        margin=margin,
        equity=equity,
        margin_reason=margin_reason,
        breaches=breaches,
        notes=notes,
    )


def _bound(limits: tuple[SetLimit, ...], account: str) -> SetLimit | None:
    mine = [
        one
        for one in limits
        if (one.key.level, one.key.name, one.key.kind) == (LimitLevel.ACCOUNT, account, LimitKind.VALUE_AT_RISK)
    ]
    return min(mine, key=lambda one: one.key.grade is not LimitGrade.HARD, default=None)


def _tail(workspace: Workspace, built: BuiltBook) -> tuple[float, float, int]:
    from optionix_core.services.risk_tails import tails

    (found,) = tails(built, workspace.venue_feed, confidences=(CONFIDENCE,)).estimates
    return found.value_at_risk, found.expected_shortfall, found.scenarios


def _margin(workspace: Workspace, built: BuiltBook) -> tuple[float, float | None]:
    from optionix_core.services.book import account
    from optionix_core.services.margins import MarginTerms, margin, source_of

    state = account(workspace, built.moment).state
    if not built.book.positions:
        return 0.0, float(state.cash)
    report = margin(source_of(built, state), MarginTerms("strategy"))
    (found,) = report.regimes
    health = found.health
    return float(found.answer.against_equity), None if health is None else health.net_liquidation_value
