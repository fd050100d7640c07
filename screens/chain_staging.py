"""Legs are put together on the chain: added at the cursor, turned, sized, moved, placed by name, and judged."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from optionix_core.errors import MissingDataError, OptionixError
from optionix_core.services.stage_words import EXAMPLE, parse
from screens.chain_board import ChainBoard
from screens.chain_columns import field_of, side_of
from screens.chain_panes import PAYOFF, QUOTES, STAGE
from screens.chain_plots import stage_plot
from screens.host import Draft
from screens.stage import Stage, StagedLeg
from screens.stage_text import (
    LivePrice,
    bounds_pieces,
    greek_pieces,
    leg_rows,
    line_pieces,
    live_price,
    odds_pieces,
    price_pieces,
    reported_price,
    units_of,
)
from widgets.info_line import InfoLine
from widgets.quote_grid import QuoteGrid

if TYPE_CHECKING:
    from collections.abc import Callable

    from optionix_core.services.chain_view import ChainView, SideRow
    from optionix_core.services.stage_words import StrategyWords
    from optionix_core.services.staging import Legs, StagedReport
    from screens.background import Background

EVALUATE_EVERY: Final = timedelta(seconds=2)
_SOLD_AT: Final = frozenset({"bid", "bid_size", "bid_iv"})
"""Cells of the chain that are traded by selling."""
PLACE_HINT: Final = f"{EXAMPLE}   short strangle delta .2   butterfly put width 5 x2   calendar"


class ChainStaging(ChainBoard):
    """Acts on the stage."""

    def __init__(self) -> None:
        super().__init__()
        self._evaluated: Background[StagedReport] | None = None

    def on_mount(self) -> None:
        """Ready to judge what is staged."""
        self._evaluated = self.background("stage")
        super().on_mount()

    @property
    def settled(self) -> bool:
        """Whether smile and stage are there, as far as they will be."""
        view, evaluated = self.session.chain, self._evaluated
        told = not self.session.stage or (
            evaluated is not None and not evaluated.running and evaluated.key == self.session.stage.pairs
        )
        return (view is None or not view.smile_is_coming) and told

    @property
    def staged(self) -> StagedReport | None:
        """What was found of the legs that are staged now; None where the last question had no answer."""
        evaluated = self._evaluated
        found = None if evaluated is None or self.stage_problem is not None else evaluated.answer
        return found if found is not None and found.legs == self.session.stage.pairs else None

    @property
    def stage_problem(self) -> OptionixError | None:
        """Why nothing was found of them."""
        evaluated = self._evaluated
        return None if evaluated is None or evaluated.key != self.session.stage.pairs else evaluated.problem

    def stage_price(self) -> LivePrice | None:
        """Net prices of a unit, from the quotes that are shown where they have all legs."""
        stage = self.session.stage
        return live_price(self.shown, stage, units_of(stage)) or reported_price(self.staged)

    def show_stage(self, view: ChainView) -> None:
        """The legs with what is known of them, in their pane or in a line."""
        stage = self.session.stage
        self.panes.use_stage(staged=bool(stage))
        line = self.query_one("#staged", InfoLine)
        line.display = bool(stage) and not self.panes.legs.size.height
        if not stage:
            return
        self.evaluate(stage)
        found, price, units = self.staged, self.stage_price(), units_of(stage)
        problem = self.stage_problem if found is None else None
        if line.display:
            line.show(line_pieces(stage, found, price, units, problem))
        self.panes.legs.show(leg_rows(stage, view, found))
        self.panes.tell_stage(
            price_pieces(stage, found, price, units, problem),
            bounds_pieces(found),
            odds_pieces(found),
            greek_pieces(found),
        )
        if self.pace(PAYOFF).due((stage, found is None, problem), self.session.now):
            level = view.forward if view.forward is not None else view.spot
            self.panes.chart(PAYOFF).show(stage_plot(found, problem, level))

    def evaluate(self, stage: Stage) -> None:
        """Have the stage judged anew where that is due, in a thread of its own."""
        if self._evaluated is None or self.session.warming is not None:
            return
        workspace, pairs, clock = self.session.workspace, stage.pairs, self.session.clock

        def work(progress: Callable[[int, int], None], cancel: Callable[[], bool]) -> StagedReport:
            del progress, cancel
            from optionix_core.services import staging

            return staging.evaluate(workspace, pairs, clock.now())

        self._evaluated.ask(pairs, work, every=EVALUATE_EVERY)

    def stage(self, stage: Stage) -> None:
        """Put other legs together; what was told is over."""
        self.tell("")
        self.host.set_stage(stage)

    # Legs

    def on_quote_grid_pressed(self, message: QuoteGrid.Pressed) -> None:
        """A press on a bid stages a sale, on an ask a purchase; a double one opens its ticket instead."""
        if message.grid is not self.panes.quotes or field_of(message.column) not in {"bid", "ask"}:
            return
        place = self.under_cursor()
        if place is None or place[2].symbol is None:
            return
        sign = -1 if field_of(message.column) == "bid" else 1
        if message.presses == 1:
            self._add(place[2].symbol, sign)
        elif message.presses == 2:
            self._add(place[2].symbol, -sign)
            self.trade("buy" if sign > 0 else "sell")

    def _add(self, symbol: str, quantity: int) -> None:
        try:
            self.stage(self.session.stage.add(symbol, quantity))
        except OptionixError as error:
            self.told(error)

    def action_leg(self) -> None:
        """Stage the option under the cursor, or take it off again; on a bid it is sold."""
        place = self.under_cursor()
        if self.panes.marked == STAGE:
            leg = self._leg()
            if leg is not None:
                self.stage(self.session.stage.without(leg.symbol))
            return
        if place is None or place[2].symbol is None:
            self.tell("There is no option under the cursor.", "warn")
            return
        _, _, side, field = place
        symbol = side.symbol or ""
        if self.session.stage.of(symbol) is not None:
            self.stage(self.session.stage.without(symbol))
        else:
            self._add(symbol, -1 if field in _SOLD_AT else 1)

    def _leg(self) -> StagedLeg | None:
        """The leg that keys are about: under the cursor of the stage, or of the table where that is marked."""
        stage = self.session.stage
        if self.panes.marked == STAGE:
            row = self.panes.legs.cursor_row
            return None if row is None else stage.of(str(row.key))
        grid = self.panes.quotes
        place, column = self.under_cursor(), grid.cursor_column
        if place is None or column is None:
            return None
        own = side_of(place[1], column).symbol
        return stage.of(own or "")

    def _change(self, change: Callable[[Stage, str], Stage]) -> None:
        leg, stage = self._leg(), self.session.stage
        if leg is None and len(stage.legs) == 1:
            leg = stage.legs[0]
        if leg is None:
            words = (
                "No legs are staged." if not stage else "The cursor is on no leg: mark the stage, or a staged option."
            )
            self.tell(words, "warn")
            return
        self.stage(change(stage, leg.symbol))

    def action_turn_leg(self) -> None:
        """Buy the leg that was sold, or sell the one that was bought."""
        self._change(Stage.turned)

    def action_more(self) -> None:
        """One contract more of the leg."""
        self._change(lambda stage, symbol: stage.sized(symbol, 1))

    def action_fewer(self) -> None:
        """One contract fewer of the leg."""
        self._change(lambda stage, symbol: stage.sized(symbol, -1))

    def action_reverse(self) -> None:
        """Every leg on its other side."""
        if self._has_legs():
            self.stage(self.session.stage.reversed())

    def action_clear_stage(self) -> None:
        """Take every leg off."""
        if self._has_legs():
            self.stage(Stage())

    def _has_legs(self) -> bool:
        if not self.session.stage:
            self.tell(
                f"No legs are staged: {self.host.key_of('chain.leg')} stages the option under the cursor.", "warn"
            )
        return bool(self.session.stage)

    # The whole stage

    def action_strikes_up(self) -> None:
        """Every leg a listed strike up."""
        self._roll("strikes", 1)

    def action_strikes_down(self) -> None:
        """Every leg a listed strike down."""
        self._roll("strikes", -1)

    def action_later(self) -> None:
        """Every leg to the next listed expiry."""
        self._roll("expiries", 1)

    def action_earlier(self) -> None:
        """Every leg to the listed expiry before."""
        self._roll("expiries", -1)

    def _roll(self, along: str, steps: int) -> None:
        if self._has_legs():
            self.make_stage(partial(_rolled, along, steps))

    def action_strategy(self) -> None:
        """Open the entry line for a named strategy."""
        self.write("", PLACE_HINT, self.place)

    def place(self, text: str) -> None:
        """Stage the named strategy that is written, around the strike under the cursor. Raises what `parse` raises."""
        words = parse(text)
        view, place = self.session.chain, self.under_cursor()
        if view is None or not self.session.answered:
            raise MissingDataError("there are no quotes yet: wait for the feed")
        centre = None if place is None else place[1].strike
        make = partial(_placed, words, view.underlying, (view.expiry, view.root), centre)
        self.make_stage(make, lambda: self.write(text, PLACE_HINT, self.place))

    def make_stage(self, make: Callable[[ChainStaging, Legs], Legs], again: Callable[[], None] | None = None) -> None:
        """Stage what `make`, in a thread of its own, makes of what is staged now; `again` where it cannot be made."""
        before = self.session.stage

        def work() -> None:
            try:
                found = Stage.of_pairs(make(self, before.pairs))
            except OptionixError as error:
                self.app.call_from_thread(self._not_made, error, again)
                return
            self.app.call_from_thread(self._made, before, found)

        self.run_worker(work, thread=True, group="stage-making", exclusive=True)

    def _not_made(self, error: OptionixError, again: Callable[[], None] | None) -> None:
        if again is not None:
            again()  # what was written is not lost
        self.told(error)

    def _made(self, before: Stage, found: Stage) -> None:
        if self.session.stage == before:  # else it was changed meanwhile, and that is what is wanted
            self.stage(found)

    # What becomes of it

    def trade(self, way: str) -> None:
        """A ticket for the option under the cursor."""
        raise NotImplementedError

    def action_ticket(self) -> None:
        """A ticket for what is staged, or else to buy the option under the cursor."""
        stage = self.session.stage
        if not stage:
            self.trade("buy")
            return
        try:
            self.host.open_ticket(Draft.of_legs(stage.pairs))
        except OptionixError as error:
            self.told(error)

    def action_pricer(self) -> None:
        """What is staged, or else the option under the cursor, in the pricer."""
        legs = self.session.stage.legs or self._single()
        if not legs:
            self.tell("There is no option under the cursor.", "warn")
            return
        self.host.open_pricer(legs)

    def _single(self) -> tuple[StagedLeg, ...]:
        place = self.under_cursor()
        side: SideRow | None = None if place is None else place[2]
        return () if side is None or side.symbol is None else (StagedLeg(side.symbol, 1),)

    def action_mark_stage(self) -> None:
        """Mark the stage, or the table where the stage is marked."""
        if self._has_legs():
            self.panes.mark(QUOTES if self.panes.marked == STAGE else STAGE)


def _rolled(along: str, steps: int, screen: ChainStaging, legs: Legs) -> Legs:
    from optionix_core.services import staging

    session = screen.session
    roll = staging.roll_strikes if along == "strikes" else staging.roll_expiries
    return roll(session.workspace.feed, legs, steps, session.now)


def _placed(
    words: StrategyWords,
    underlying: str,
    expiry: tuple[object, str],
    centre: float | None,
    screen: ChainStaging,
    legs: Legs,
) -> Legs:
    del legs
    from optionix_core.services import staging

    session = screen.session
    return staging.place(
        session.workspace.feed,
        words.name,
        underlying,
        expiry,  # type: ignore[arg-type] # a date and a root
        session.now,
        strikes=words.strikes,
        width=words.width,
        deltas=words.deltas,
        centre=centre,
        units=words.units,
        short=words.short,
        option_type=words.option_type,
    )
