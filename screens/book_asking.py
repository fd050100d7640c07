"""What the book asks for in threads of their own: strategies, margin and P&L, what lies ahead, stories, closed lots."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeAlias

from screens.acting import ActScreen
from screens.book_filter import BookFilter
from screens.book_panes import BookPanes
from widgets.info_line import Piece

if TYPE_CHECKING:
    from optionix_core.portfolio.values import ClosedLot
    from optionix_core.services.book_groups import BookGroup, BookPart, BookTree, Found
    from optionix_core.services.book_life import LifeCycle
    from optionix_core.services.book_standing import BookStanding
    from optionix_core.services.book_view import BookView
    from optionix_core.services.chain_view import ChainViewer
    from optionix_core.services.ledger_lots import ClosedLots
    from optionix_core.services.position_story import Stories, StoryLine
    from screens.background import Background

Progress: TypeAlias = Callable[[int, int], None]
Cancel: TypeAlias = Callable[[], bool]
STANDING_EVERY = timedelta(seconds=30)
"""How often margin and the parts of the P&L are told anew while nothing happens in the log."""
LIFE_EVERY = timedelta(minutes=1)


class Order(NamedTuple):
    """How the tree is sorted."""

    key: str
    descending: bool


class BookAsking(ActScreen):
    """The state of the book and its questions; what is shown of the answers is the subclass's."""

    CSS_PATH = ["frame.tcss", "book.tcss"]  # noqa: RUF012 - Textual declares it as a plain list
    SCOPE: ClassVar[str] = "book"

    def __init__(self) -> None:
        super().__init__()
        self.by = "strategy"
        """A name of `services.book_groups.GroupBy`."""
        self.span = "today"
        """A name of `services.day_explained.Span`."""
        self.filter = BookFilter()
        self.order: Order | None = None
        self.folded: set[str] = set()
        """Keys of groups, also of those that are not there now."""
        self.columns = "default"
        """Layout of the positions' columns."""
        self.positions: BookTree | None = None
        self.groups: dict[str, BookGroup] = {}
        """Of the tree, by key."""
        self.view: BookView | None = None
        """That the tree is of."""
        self._strategies: Background[tuple[Found, ...]] = self.background("strategies")
        self._standing: Background[BookStanding] = self.background("standing")
        self._life: Background[LifeCycle] = self.background("life")
        self._stories: Background[tuple[StoryLine, ...]] = self.background("story")
        self._closed_lots: Background[tuple[ClosedLot, ...]] = self.background("closed")
        self._chains: ChainViewer | None = None
        self._told_stories: Stories | None = None
        self._told_lots: ClosedLots | None = None
        self._holdings: tuple[BookView, Hashable] | None = None
        self._drawn: tuple[object, ...] = ()
        self._tables_drawn: tuple[object, ...] = ()
        self._told: Piece | None = None

    # What there is

    @property
    def panes(self) -> BookPanes:
        """The tables."""
        return self.query_one(BookPanes)

    @property
    def standing(self) -> BookStanding | None:
        """Margin and parts of the P&L, as last told; of another stretch than the one asked for they are none."""
        found = self._standing.answer
        return found if found is not None and found.span == self.span else None

    @property
    def life(self) -> LifeCycle | None:
        """What lies ahead, as last told."""
        return self._life.answer

    @property
    def story(self) -> tuple[StoryLine, ...] | None:
        """Of what is under the cursor; None while it is being read."""
        answered = self._stories.key is not None and self._stories.key == self._story_key()
        return self._stories.answer if answered else None

    @property
    def closed(self) -> tuple[ClosedLot, ...]:
        """Closed lots, as last read."""
        return self._closed_lots.answer or ()

    @property
    def notes(self) -> dict[str, str]:
        """By symbol, what there is to say of a position."""
        return {} if self.life is None else self.life.notes

    @property
    def settled(self) -> bool:
        """Whether everything that is shown is of the log as the session knows it."""
        book = self.session.book
        if book is None or self.view is not book or self.positions is None or self.positions.by != self.by:
            return False
        wanted: list[tuple[Background[Any], Hashable]] = [
            (self._standing, (book.events, self.span)),
            (self._life, book.events),
        ]
        if self._sees("detail") and self._story_key() is not None:
            wanted.append((self._stories, self._story_key()))
        if self._sees("lots"):
            wanted.append((self._closed_lots, book.events))
        return all(background.key == key and not background.running for background, key in wanted)

    def parts_under_cursor(self) -> tuple[BookPart, ...]:
        """The position, or all of the group, or all that is shown."""
        raise NotImplementedError

    # Asking

    def _ask(self, view: BookView) -> None:
        if self.by == "strategy":
            self._strategies.ask(self._holdings_of(view), partial(self._find_strategies, view))
        self._standing.ask((view.events, self.span), partial(self._find_standing, self.span), every=STANDING_EVERY)
        self._life.ask(view.events, self._find_life, every=LIFE_EVERY)
        if self._sees("detail") and (key := self._story_key()) is not None:
            self._stories.ask(key, partial(self._read_story, key[1]))
        if self._sees("lots"):
            self._closed_lots.ask(view.events, self._read_closed)

    def _holdings_of(self, view: BookView) -> Hashable:
        """What strategies depend on; told once for each view, as quotes come many times in its life."""
        from optionix_core.services.book_groups import holdings_of

        if self._holdings is None or self._holdings[0] is not view:
            known = None if self._holdings is None else self._holdings[1]
            key = holdings_of(view)
            self._holdings = view, known if known == key else key
        return self._holdings[1]

    def _sees(self, name: str) -> bool:
        return self.is_mounted and bool(self.query_one(f"#{name}-pane").display)

    def _story_key(self) -> tuple[int, tuple[str, ...]] | None:
        """What a story depends on: the log, and the positions under the cursor."""
        parts = self.parts_under_cursor()
        if not parts or self.view is None:
            return None
        return self.view.events, tuple(dict.fromkeys(part.line.symbol for part in parts))

    @staticmethod
    def _find_strategies(view: BookView, progress: Progress, cancel: Cancel) -> tuple[Found, ...]:
        del progress, cancel
        from optionix_core.services.book_groups import strategies_of

        return strategies_of(view)

    def _find_standing(self, span: str, progress: Progress, cancel: Cancel) -> BookStanding:
        from optionix_core.services.book_standing import standing
        from optionix_core.services.day_explained import Span

        return standing(self.session.workspace, Span(span), progress, cancel)

    def _find_life(self, progress: Progress, cancel: Cancel) -> LifeCycle:
        del progress, cancel
        from optionix_core.services.book_life import life_cycle
        from optionix_core.services.chain_view import ChainViewer

        if self._chains is None:
            self._chains = ChainViewer(self.session.workspace.venue_feed)
        return life_cycle(self.session.workspace, self._chains)

    def _read_story(self, symbols: tuple[str, ...], progress: Progress, cancel: Cancel) -> tuple[StoryLine, ...]:
        del progress, cancel
        from optionix_core.services.position_story import Stories

        if self._told_stories is None:
            self._told_stories = Stories(self.session.account)
        self._told_stories.follow(self.session.workspace.store)
        return self._told_stories.of(symbols)

    def _read_closed(self, progress: Progress, cancel: Cancel) -> tuple[ClosedLot, ...]:
        del progress, cancel
        from optionix_core.services.ledger_lots import ClosedLots

        if self._told_lots is None:
            self._told_lots = ClosedLots(self.session.account)
        return self._told_lots.follow(self.session.workspace.store)
