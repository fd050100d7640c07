"""What a ticket asks of the engine, each in a thread of its own; screens know no service by another way."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from optionix_core.errors import MissingDataError
from screens.ticket_preview import Study

if TYPE_CHECKING:
    from decimal import Decimal

    from optionix_core.services.algorithm_story import AlgoStory
    from optionix_core.services.order_effect import OrderEffect, OrderRisk, TailEffect
    from optionix_core.services.order_outlook import OrderOutlook
    from optionix_core.services.order_touch import OrderTouch
    from optionix_core.services.workspace import Workspace
    from optionix_core.trading.orders import OrderIntent, OrderResult
    from screens.ticket_form import TicketForm


class TicketDesk:
    """Asks on behalf of one ticket, and sends for it."""

    def __init__(self, workspace: Workspace, order_id: str) -> None:
        self._workspace = workspace
        self.order_id = order_id
        """The client order id of what is sent, or the id of the algorithm."""
        self._risk: OrderRisk | None = None

    def touch(self, form: TicketForm, progress: object, cancel: object) -> OrderTouch:
        """Where its instruments trade now. Raises what `touch_of` raises."""
        del progress, cancel
        from optionix_core.services.order_touch import touch_of

        return touch_of(self._workspace, form.symbol, form.legs)

    def study(self, form: TicketForm, progress: object, cancel: object) -> Study:
        """What the order would do now. Raises what the previews raise."""
        del progress, cancel
        from optionix_core.services import algorithms, trading
        from optionix_core.services.algorithm_terms import parent_of

        workspace = self._workspace
        if form.is_algorithm:
            parent = parent_of(workspace, form.algorithm(), self.order_id)
            return Study(None, algorithms.preview(workspace, parent))
        return Study(trading.preview_terms(workspace, form.terms()))

    def outlook(self, intent: OrderIntent, price: Decimal, progress: object, cancel: object) -> OrderOutlook:
        """What may become of the order, filled whole."""
        del progress, cancel
        from optionix_core.services.order_outlook import outlook

        return outlook(self._workspace, intent, price)

    def effect(self, intent: OrderIntent, progress: object, cancel: object) -> OrderEffect:
        """What it does to margin and Greeks."""
        del progress, cancel
        from optionix_core.services.order_effect import effect

        return effect(self._workspace, intent)

    def tail(self, intent: OrderIntent, progress: object, cancel: object) -> TailEffect:
        """What it does to value at risk."""
        del progress, cancel
        from optionix_core.services.order_effect import OrderRisk

        if self._risk is None:
            self._risk = OrderRisk(self._workspace)
        return self._risk.tail(intent)

    def send(self, form: TicketForm) -> OrderResult | AlgoStory:
        """Send it, or start it. Raises what `sending.send` and `algorithms.start` raise."""
        from optionix_core.services import algorithms, sending
        from optionix_core.services.algorithm_terms import parent_of

        workspace = self._workspace
        if form.is_algorithm:
            return algorithms.start(workspace, parent_of(workspace, form.algorithm(), self.order_id))
        return sending.send(workspace, form.terms(), self.order_id)

    def another(self) -> None:
        """What was sent has its answer: what is sent next is another order."""
        self.order_id = self._workspace.new_order_id()


def intent_of(study: Study, workspace: Workspace) -> OrderIntent:
    """The order whole, for what it would lead to; of an algorithm one order of all its quantity."""
    from optionix_core.trading.terms import OrderTerms, intent_of_terms

    if study.preview is not None:
        return replace(study.preview.intent, created_at=workspace.clock.now())
    if study.algorithm is None:
        raise MissingDataError("nothing was previewed")
    parent = study.algorithm.parent
    terms = OrderTerms(parent.side, parent.quantity, parent.symbol, parent.limit_price)
    return intent_of_terms(terms, workspace.account, "preview", workspace.clock.now())
