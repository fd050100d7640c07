"""What a desk looks at while orders work: orders, fills, algorithms and their costs, halts, alerts, the kill switch.

A board is read from the log as it stands. It takes no lock and writes nothing: whoever shows it has the venue brought
up to now elsewhere. Orders and algorithms that have ended are read once and kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from optionix_core.errors import OptionixError
from optionix_core.services import alerts, algorithm_story, halts, kill
from optionix_core.services.algorithm_costs import costs_of_story
from optionix_core.services.order_history import all_orders

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.services.alerts import AlertReport
    from optionix_core.services.algorithm_costs import AlgoCosts
    from optionix_core.services.algorithm_story import AlgoStory
    from optionix_core.services.halts import HaltReport
    from optionix_core.services.kill import KillReport
    from optionix_core.services.workspace import Workspace
    from optionix_core.trading.orders import OrderResult


@dataclass(frozen=True, slots=True)
class AlgoLine:
    """An algorithm and what it has cost so far."""

    story: AlgoStory
    costs: AlgoCosts | None
    reason: str | None = None
    """Why there are no costs."""


@dataclass(frozen=True, slots=True)
class OrderBoard:
    """The desk at one moment."""

    moment: datetime
    events: int
    """Length of the log that it was read from."""
    orders: tuple[OrderResult, ...]
    """All orders of the account that were answered, the newest first."""
    algorithms: tuple[AlgoLine, ...]
    """All algorithms of the account, the newest first; costs against arrival, without the market's own trades."""
    halts: HaltReport
    alerts: tuple[AlertReport, ...]
    """Those that are neither dismissed nor expired."""
    kill: KillReport

    def order(self, client_order_id: str) -> OrderResult | None:
        """One of the orders by its id."""
        return next((one for one in self.orders if one.intent.client_order_id == client_order_id), None)

    def algorithm(self, algo_id: str) -> AlgoLine | None:
        """One of the algorithms by its id."""
        return next((one for one in self.algorithms if one.story.parent.algo_id == algo_id), None)

    def alert(self, alert_id: str) -> AlertReport | None:
        """One of the alerts by its id."""
        return next((one for one in self.alerts if one.opened.alert.alert_id == alert_id), None)


class OrderBoardViewer:
    """Builds boards of one workspace and reads of the log only what is new. For one thread at a time."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._done: dict[int, AlgoLine] = {}

    def view(self) -> OrderBoard:
        """The board now. Raises what reading the log raises."""
        workspace = self._workspace
        workspace.desk.follow(workspace.store)
        events = workspace.desk.book.head.seq
        found = all_orders(workspace)
        with workspace.desk.lock:
            algorithms = self._algorithms()
        return OrderBoard(
            moment=workspace.clock.now(),
            events=events,
            orders=found,
            algorithms=algorithms,
            halts=halts.standing(workspace),
            alerts=alerts.standing(workspace),
            kill=kill.standing(workspace),
        )

    def _algorithms(self) -> tuple[AlgoLine, ...]:
        store, desk = self._workspace.store, self._workspace.desk
        lines = []
        for number in range(algorithm_story.count(store), 0, -1):
            line = self._done.get(number)
            if line is None:
                story = algorithm_story.read(store, desk, number)
                line = self._line(story)
                if story.end is not None and all(item.ended_at is not None for item in story.slices):
                    self._done[number] = line
            if line.story.parent.account == self._workspace.account:
                lines.append(line)
        return tuple(lines)

    def _line(self, story: AlgoStory) -> AlgoLine:
        try:
            return AlgoLine(story, costs_of_story(self._workspace, story, market=False))
        except OptionixError as error:
            return AlgoLine(story, None, str(error))
