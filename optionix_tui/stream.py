"""The one loop that asks the feed and follows the log, in a thread of its own.

Everything heavy (arrays, kernels, store) is loaded here, after the first frame was painted. A view is
built whole and handed over; where the interface is slower than the feed, views in between are dropped.
Another process's fill is seen because the log's head is asked in every round.
"""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from importlib import import_module
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

from config.screens import SCREENS
from optionix_core.errors import HomeLockedError, OptionixError
from optionix_core.market.protocols import FeedState
from optionix_core.services.chain_smile import COMPILING, MODEL
from screens.session import Selection, Warming

if TYPE_CHECKING:
    from collections.abc import Callable

    from optionix_core.services.book_view import BookViewer
    from optionix_core.services.chain_view import ChainViewer
    from optionix_core.services.fill_news import FillFollower
    from optionix_core.services.workspace import Workspace
    from optionix_core.sync.event import Head
    from optionix_tui.mailbox import Mailbox

BOOK_EVERY = timedelta(seconds=1)
"""How often the book is marked anew while nothing happens in the log."""
SETTLE_EVERY = timedelta(seconds=3)
"""How often what has expired is settled."""
UNSETTLED_AGAIN = timedelta(minutes=1)
"""How often it is tried again with what could not be settled."""
STILL_INTERVAL = 1.0
"""Seconds between two rounds while no quote can come by itself."""
LOCK_PATIENCE = 0.25
"""Seconds that quotes may wait for another process that writes; whoever writes settles what is due anyway."""


class Stream(Thread):
    """Runs until `stop`; `select` and `wake` may be called from any thread."""

    def __init__(
        self,
        workspace: Workspace,
        mailbox: Mailbox,
        rate: float,
        selection: Selection,
        *,
        keeps_venue: bool,
        loaded: Callable[[], None],
    ) -> None:
        """`rate`: rounds a second at most; `keeps_venue`: settle what expires, end what was interrupted.

        `loaded`: is called once, in this thread, when every module is there.
        """
        super().__init__(name="optionix-stream", daemon=True)
        self._workspace = workspace
        self._mailbox = mailbox
        self._interval = 1.0 / rate
        self._loaded = loaded
        self._lock = Lock()
        self._selection = selection
        self._wake = Event()
        self._stopping = Event()
        self._still: Selection | None = None
        self._compiler: Thread | None = None
        self._head: Head | None = None
        self._marked_at: datetime | None = None
        self._broken_at: datetime | None = None
        self._keeps_venue = keeps_venue
        self._settled_at: datetime | None = None
        self._settle_after = SETTLE_EVERY
        self._unsettled: frozenset[tuple[str, str]] = frozenset()
        self._fills: FillFollower | None = None
        self._told: Head | None = None

    def select(self, selection: Selection) -> None:
        """Show something else from the next round on, which begins now."""
        with self._lock:
            self._selection = selection
        self._wake.set()

    def wake(self) -> None:
        """Begin the next round now."""
        self._marked_at = None
        self._wake.set()

    def stop(self) -> None:
        """End after the round that is going on."""
        self._stopping.set()
        self._wake.set()

    def run(self) -> None:
        """Load, then poll."""
        try:
            viewers = self._prepare()
            if viewers is not None and not self._stopping.is_set():
                from optionix_tui.warmup import compiling_the_rest

                with compiling_the_rest() if self._keeps_venue else nullcontext():
                    self._load_screens()
                    self._loaded()
                    self._poll(*viewers)
                if self._fills is not None:
                    self._fills.keep()
        except Exception as error:  # noqa: BLE001 - raised again in the interface's own thread
            self._mailbox.put(crash=error)

    def _load_screens(self) -> None:
        """Load the modules of all screens, so that the first switch to one is as quick as a later one."""
        for entry in SCREENS:
            if not self._stopping.is_set():
                import_module(entry.place.partition(":")[0])

    def _poll(self, chains: ChainViewer, books: BookViewer) -> None:
        while not self._stopping.is_set():
            began = time.monotonic()
            self._round(chains, books)
            took = time.monotonic() - began
            interval = STILL_INTERVAL if self._stands_still(chains) else self._interval
            self._wake.wait(max(interval - took, min(took, 0.25), 0.005))
            self._wake.clear()

    def _stands_still(self, chains: ChainViewer) -> bool:
        """Whether no quote can come by itself: a file, or a recording that is held."""
        if chains.feed.state is FeedState.REPLAY:
            from optionix_core.services import replaying

            return bool(replaying.of(self._workspace).state.held)
        return chains.feed.state is FeedState.FILE

    def _prepare(self) -> tuple[ChainViewer, BookViewer] | None:
        from optionix_tui.warmup import load_kernels

        try:
            self._mailbox.put(warming=Warming("loading the feed"))
            feed = self._workspace.feed
            from optionix_core.services.chain_view import ChainViewer

            self._mailbox.put(underlyings=feed.underlyings())
            load_kernels(lambda step, share: self._mailbox.put(warming=Warming(step, share)), self._stopping)
            if self._stopping.is_set():
                return None
            chains = ChainViewer(feed)
            self._mailbox.put(warming=Warming("solving the first chain"))
            self._look(chains, self._workspace.clock.now())
        except OptionixError as error:
            self._mailbox.put(problem=error, book_problem=error, warming=None)
            return None
        self._mailbox.put(warming=Warming("opening the log"))
        from optionix_core.services.book_view import BookViewer

        books = BookViewer(self._workspace, chains)
        self._follow(books, self._workspace.clock.now())
        self._mailbox.put(warming=None)
        return chains, books

    def _round(self, chains: ChainViewer, books: BookViewer) -> None:
        moment = self._workspace.clock.now()
        self._look(chains, moment)
        self._follow(books, moment)

    def _look(self, chains: ChainViewer, moment: datetime) -> None:
        with self._lock:
            wanted = self._selection
        if chains.feed.state is FeedState.FILE and wanted == self._still:
            return
        self._still = None
        try:
            underlying = wanted.underlying or chains.feed.underlyings()[0].symbol
            view = chains.view(underlying, moment, wanted.expiry, wanted.root, fitted=True)
        except OptionixError as error:
            self._still = wanted
            self._mailbox.put(problem=error)
            return
        if view.state is FeedState.REPLAY:
            from optionix_core.services import replaying

            self._mailbox.put(replay=replaying.state_of(self._workspace))
        self._mailbox.put(chain=view, problem=None)
        if not view.smile_is_coming:
            self._still = wanted
        elif not self._keeps_venue and view.no_smile == COMPILING:
            self._compile_smiles()

    def _compile_smiles(self) -> None:
        """Where no other process compiles the rest: once, beside the quotes, which go on."""
        if self._compiler is None:
            from optionix_core.services.surfaces import prepare

            self._compiler = Thread(target=prepare, args=(MODEL,), name="optionix-smiles", daemon=True)
            self._compiler.start()

    def _follow(self, books: BookViewer, moment: datetime) -> None:
        if self._waits(self._broken_at, moment, BOOK_EVERY):
            return
        try:
            if self._keeps_venue and self._fills is None:
                from optionix_core.services.fill_news import FillFollower

                self._fills = FillFollower(self._workspace)
            self._settle(moment)
            head = self._workspace.store.head()
            self._tell_fills(head)
            if head == self._head and self._waits(self._marked_at, moment, BOOK_EVERY):
                return
            view = books.view(moment)
        except OptionixError as error:
            self._broken_at = moment
            self._mailbox.put(book_problem=error)
            return
        self._broken_at = None
        self._head, self._marked_at = head, moment
        orders = self._workspace.desk.orders
        self._mailbox.put(book=view, book_problem=None, kill=orders.kill, breaches=orders.limits.breaches)

    def _settle(self, moment: datetime) -> None:
        """Settle what has expired and end what a killed process left open; tell what was done, once."""
        if not self._keeps_venue or self._waits(self._settled_at, moment, self._settle_after):
            return
        from optionix_core.services.trading import bring_up_to_date

        self._settled_at = moment
        try:
            update = bring_up_to_date(self._workspace, LOCK_PATIENCE)
        except HomeLockedError:
            return
        known, self._unsettled = self._unsettled, frozenset((one.account, one.symbol) for one in update.unsettled)
        self._settle_after = UNSETTLED_AGAIN if update.unsettled else SETTLE_EVERY
        fresh = tuple(one for one in update.unsettled if (one.account, one.symbol) not in known)
        told = replace(update, unsettled=fresh)
        if told.settled or told.interrupted or told.unsettled:
            self._mailbox.add("venue", told)

    def _tell_fills(self, head: Head) -> None:
        """Tell fills of orders that rest, whoever found them, each once."""
        if self._fills is not None and head != self._told:
            news = self._fills.news()
            self._told = head
            if news:
                self._mailbox.add("fills", news)

    @staticmethod
    def _waits(since: datetime | None, moment: datetime, time_between: timedelta) -> bool:
        """Whether what was last done at `since` need not be done again yet; a clock set back does not hold it up."""
        return since is not None and timedelta(0) <= moment - since < time_between
