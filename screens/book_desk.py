"""Orders, rolls, exercises, instructions and notes from the book: what is asked first, and what is told afterwards."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from optionix_core.errors import InvalidValueError, OptionixError
from screens import book_acts
from screens.book_board import BookBoard
from screens.book_roll import INSTRUCT_HINT, ROLL_HINT, read_instruction, read_roll
from screens.host import Draft
from screens.stage import StagedLeg

if TYPE_CHECKING:
    from collections.abc import Callable

    from optionix_core.services.book_groups import BookPart
    from optionix_core.services.book_view import BookLine


class BookDesk(BookBoard):
    """What is done with what is under the cursor."""

    def action_fold(self) -> None:
        """Fold the group under the cursor, or open it."""
        raise NotImplementedError

    # Orders

    def _line(self) -> BookLine | None:
        """The one position under the cursor; where there is none, that is told."""
        key, parts = self.key_under_cursor(), self.parts_under_cursor()
        if key is None or key.kind != "part" or not parts:
            self.tell("Move the cursor to a position first.", "warn")
            return None
        return parts[0].line

    def _parts(self) -> tuple[BookPart, ...]:
        parts = self.parts_under_cursor()
        if not parts:
            self.tell("Move the cursor to a position or a group first.", "warn")
        return parts

    def _trade(self, side: str) -> None:
        line = self._line()
        if line is not None:
            self.host.open_ticket(book_acts.priced(Draft(side, line.symbol), self.parts_under_cursor()))

    def action_buy(self) -> None:
        """A ticket to buy one more."""
        self._trade("buy")

    def action_sell(self) -> None:
        """A ticket to sell one."""
        self._trade("sell")

    def action_close(self) -> None:
        """A ticket that closes the position, or the whole group as one order."""
        parts = self._parts()
        if parts:
            try:
                draft = book_acts.closing_draft(parts)
            except InvalidValueError as error:
                self.tell(str(error), "alert")
                return
            self.host.open_ticket(draft)

    def action_roll(self) -> None:
        """Write where to roll the position or the group, then see its ticket."""
        parts = self._parts()
        if not parts:
            return
        workspace = self.session.workspace

        def roll(text: str) -> None:
            wish = read_roll(text)
            self._find("roll", partial(book_acts.roll_draft, workspace, parts, wish), self.host.open_ticket)

        self.write("next", ROLL_HINT, roll)

    def action_what_if(self) -> None:
        """The position or the group in the pricer."""
        parts = self._parts()
        if not parts:
            return
        try:
            legs = [StagedLeg(symbol, count) for symbol, count in book_acts.counts_of(parts)]
        except InvalidValueError as error:
            self.tell(str(error), "alert")
            return
        self.host.open_pricer(legs)

    def action_open(self) -> None:
        """The position in its chain; a group is folded or opened."""
        from optionix_core.market.symbols import is_share

        key = self.key_under_cursor()
        if key is not None and key.kind == "group":
            self.action_fold()
            return
        line = self._line()
        if line is None:
            return
        if line.expiry is None:
            if is_share(line.symbol):
                self.host.select(underlying=line.underlying)
                self.host.open_screen("chain")
            return
        self.host.show_option(line.symbol)

    # Life cycle and notes

    def action_exercise(self) -> None:
        """Exercise the whole position now, after one question that says what it moves."""
        line = self._line()
        if line is None:
            return
        workspace, symbol = self.session.workspace, line.symbol
        act = partial(book_acts.exercise, workspace, symbol, workspace.new_order_id())
        words = f"Exercise all of {line.label} now? It is for good."

        def ask(facts: tuple[str, ...]) -> None:
            self.ask("Exercise", words, facts, f"exercise {line.label}", act)

        self._find(f"exercise {line.label}", partial(book_acts.exercise_facts, workspace, symbol), ask)

    def action_instruct(self) -> None:
        """Write what is to be done with the position at its expiry."""
        line = self._line()
        if line is None:
            return
        held = line.value.position.quantity
        if line.expiry is None or held <= 0:
            self.tell("Only the holder of an option instructs: move the cursor to a long one.", "warn")
            return
        workspace = self.session.workspace

        def instruct(text: str) -> None:
            wish, count = read_instruction(text, int(held))
            act = partial(book_acts.instruct, workspace, line.symbol, wish, count)
            words = f"At expiry {wish} {count} of {held:f} {line.label}, whatever it is worth then?"
            rest = "The last instruction counts; the rest goes by the rule: exercised in the money, else expired."
            self.ask("Instruction at expiry", words, (rest,), f"instruct on {line.label}", act)

        self.write(f"expire {int(held)}", INSTRUCT_HINT, instruct)

    def action_note(self) -> None:
        """Write a note on the position into the journal."""
        line = self._line()
        if line is None:
            return
        workspace = self.session.workspace
        note_id = workspace.new_order_id()

        def note(text: str) -> None:
            if not text.strip():
                raise InvalidValueError("note", repr(text), "some words")
            self.do("note", partial(book_acts.note, workspace, line.symbol, text, note_id))

        self.write("", f"a note on {line.label}", note)

    # Looking something up, in a thread of its own

    def _find(self, words: str, find: Callable[[], Any], then: Callable[[Any], object]) -> None:
        """What has to be looked up before something else is shown."""
        self.tell(f"{words} ...", "accent")
        self.run_worker(partial(self._found, words, find, then), thread=True, group="find")

    def _found(self, words: str, find: Callable[[], Any], then: Callable[[Any], object]) -> None:
        try:
            found = find()
        except (OptionixError, OSError) as error:
            self.app.call_from_thread(self.tell, f"✗ {words}: {error}", "alert")
            return
        self.app.call_from_thread(self._go_on, found, then)

    def _go_on(self, found: Any, then: Callable[[Any], object]) -> None:
        self.tell("")
        then(found)
