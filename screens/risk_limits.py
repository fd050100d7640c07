"""Limits on the risk screen: set, removed and acknowledged, after a line or a question, in a thread of their own."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from optionix_core.errors import OptionixError
from screens import risk_acts
from screens.risk_board import RiskBoard
from screens.risk_entry import LIMIT_HINT, NOTE_HINT, limit_text, read_limit
from screens.risk_rows import LimitRow, limit_name

if TYPE_CHECKING:
    from optionix_core.services.limit_watch import Standing
    from optionix_core.trading.limit_board import Breach


class LimitsBoard(RiskBoard):
    """What keys do with limits; everything else that they do is the subclass's."""

    def action_set_limit(self) -> None:
        """Write a limit; one question follows."""
        known = self._limit_under_cursor()
        self.write("" if known is None else limit_text(known.limit), LIMIT_HINT, self._set_limit)

    def _set_limit(self, text: str) -> None:
        key, bound = read_limit(text, self.session.account)
        name = limit_name(key.text, self.session.account)
        now = next((one for one in self._limits() if one.limit.key == key), None)
        facts = [
            "The gate refuses every order that would break it." if key.grade == "hard" else "It warns; orders pass.",
            f"It binds {key.level} {key.name}.",
        ]
        if now is not None:
            facts.append(f"Now it is at {now.limit.bound:,}.")
            if now.figure is not None:
                facts.append(f"The figure is {now.figure:,.2f}.")
        act = partial(risk_acts.set_limit, self.session.workspace, key, bound)
        self.ask("Set limit", f"Set {name} at {bound:,}?", tuple(facts), f"set {name}", act)

    def action_remove_limit(self) -> None:
        """Take the limit under the cursor away, after one question."""
        known = self._limit_under_cursor()
        if known is None:
            self.tell(f"Move the cursor of the limits to a limit first ({self.host.key_of('risk.next_pane')}).", "warn")
            return
        key = known.limit.key
        name = limit_name(key.text, self.session.account)
        facts = (f"It is at {known.limit.bound:,}, set by {known.limit.by}.", "A breach of it is cleared by that.")
        act = partial(risk_acts.remove_limit, self.session.workspace, key)
        self.ask("Remove limit", f"Remove {name}?", facts, f"remove {name}", act)

    def action_acknowledge(self) -> None:
        """Write the note with which a breach was seen."""
        breach = self._breach_under_cursor()
        if breach is None:
            self.tell("There is no breach under the cursor of the limits.", "warn")
            return
        if breach.acknowledged_at is not None:
            self.tell(f"{breach.by} has acknowledged it: {breach.note}", "warn")
            return
        name = f"breach {breach.number} of {limit_name(breach.key.text, self.session.account)}"

        def seen(text: str) -> None:
            from optionix_core.trading.limit_board import check_note

            note = text.strip()
            check_note(note)
            self.do(f"acknowledge {name}", partial(risk_acts.acknowledge, self.session.workspace, breach.id, note))

        self.write("", NOTE_HINT, seen)

    def _limits(self) -> tuple[Standing, ...]:
        view = self.view
        return () if view is None or view.limits.answer is None else view.limits.answer.limits

    def _limit_row(self) -> LimitRow | None:
        row = self.panes.grid("limits").cursor_row
        return row.key if row is not None and isinstance(row.key, LimitRow) else None

    def _limit_under_cursor(self) -> Standing | None:
        row = self._limit_row()
        return None if row is None else next((one for one in self._limits() if one.limit.key.text == row.limit), None)

    def _breach_under_cursor(self) -> Breach | None:
        row, view = self._limit_row(), self.view
        if row is None or view is None or view.limits.answer is None:
            return None
        breaches = view.limits.answer.breaches
        if row.breach:
            return next((one for one in breaches if one.id == row.breach), None)
        return next((one for one in breaches if one.key.text == row.limit), None)

    def told(self, error: OptionixError) -> None:
        """A mistake on the entry line."""
        self.tell(str(error), "alert")
