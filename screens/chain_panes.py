"""The panes of the chain screen: the table, the staged legs, the smile and the payoff; which of them are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.containers import Container

from screens.chain_columns import GROUPS, style
from screens.panes import Panes
from screens.stage_text import LEG_COLUMNS, leg_style
from widgets.braille_chart import BrailleChart
from widgets.info_line import InfoLine
from widgets.quote_grid import QuoteGrid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from widgets.grid_columns import Column
    from widgets.info_line import Piece

QUOTES, STAGE, SMILE, PAYOFF = "quotes", "stage", "smile", "payoff"
NAMES: Final = (QUOTES, STAGE, SMILE, PAYOFF)
BESIDE = 160
"""Columns from which the other panes stand beside the table."""
BELOW = 30
"""Lines from which there is room for them under it."""
PHONE = 70
LINES: Final = ("price", "bounds", "odds", "greeks")
"""Under the legs."""


def panes_shown(columns: int, lines: int, marked: str, *, staged: bool) -> tuple[str, ...]:
    """The panes that a terminal of that size has room for, the marked one always among them."""
    others: tuple[str, ...] = (STAGE, SMILE, PAYOFF) if staged else (SMILE, PAYOFF)
    if columns < BESIDE and lines < BELOW:
        others = ()
    elif columns < PHONE:
        others = others[:1]
    if marked not in (QUOTES, *others):
        others = (*others[:-1], marked) if others else (marked,)
    return (QUOTES, *(name for name in NAMES if name in others))


class ChainPanes(Panes):
    """Table and charts."""

    AROUND: ClassVar[tuple[str, ...]] = NAMES

    def __init__(self, columns: Sequence[Column], *, widget_id: str | None = None) -> None:
        """`columns` are those of the table."""
        super().__init__(widget_id=widget_id)
        self._columns = columns
        self._staged = False

    def compose(self) -> ComposeResult:
        """The table, and what stands beside or under it."""
        with Container(id="quotes-pane", classes="pane"):
            yield QuoteGrid(self._columns, styler=style, groups=GROUPS, widget_id=QUOTES)
        with Container(id="beside"):
            with Container(id="stage-pane", classes="pane"):
                yield QuoteGrid(LEG_COLUMNS, styler=leg_style, widget_id=STAGE)
                for name in LINES:
                    yield InfoLine(widget_id=f"stage-{name}")
            with Container(id="smile-pane", classes="pane"):
                yield BrailleChart("Smile", widget_id=SMILE)
            with Container(id="payoff-pane", classes="pane"):
                yield BrailleChart("Payoff", widget_id=PAYOFF)

    def shown(self, columns: int, lines: int) -> tuple[str, ...]:
        """What there is room for."""
        return panes_shown(columns, lines, self._marked, staged=self._staged)

    def fitted(self, seen: tuple[str, ...]) -> None:
        """The place for the other panes is there where one of them is."""
        self.query_one("#beside").display = any(name != QUOTES for name in seen)
        self.set_class(seen == (QUOTES,), "-alone")

    def step(self, step: int) -> None:
        """Mark the pane so many places on; an empty stage is passed over."""
        names = [name for name in self.AROUND if self._staged or name != STAGE]
        here = names.index(self._marked) if self._marked in names else 0
        self.mark(names[(here + step) % len(names)])

    def use_stage(self, *, staged: bool) -> None:
        """Whether there are legs; without any their pane goes, and the table has the keys again."""
        if staged == self._staged:
            return
        self._staged = staged
        if not staged and self._marked == STAGE:
            self.mark(QUOTES)
        self.fit_into(*self._room)

    @property
    def quotes(self) -> QuoteGrid:
        """The table."""
        return self.query_one("#quotes", QuoteGrid)

    @property
    def legs(self) -> QuoteGrid:
        """The staged legs."""
        return self.query_one("#stage", QuoteGrid)

    def chart(self, name: str) -> BrailleChart:
        """`smile` or `payoff`."""
        return self.query_one(f"#{name}", BrailleChart)

    def tell_stage(self, *lines: Sequence[Piece]) -> None:
        """The lines under the legs, along `LINES`."""
        for name, pieces in zip(LINES, lines, strict=True):
            self.query_one(f"#stage-{name}", InfoLine).show(pieces)
