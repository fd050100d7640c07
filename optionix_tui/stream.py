"""The one loop that asks the feed and follows the log, in a thread of its own.

Everything heavy (arrays, kernels, store) is loaded here, after the first frame was painted. A view is
built whole and handed over; where the interface is slower than the feed, views in between are dropped.
Another process's fill is seen because the log's head is asked in every round.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

from optionix_core.errors import OptionixError
from optionix_core.market.protocols import FeedState
from screens.session import Selection, Warming

if TYPE_CHECKING:
    from optionix_core.services.book_view import BookViewer
    from optionix_core.services.chain_view import ChainViewer
    from optionix_core.services.workspace import Workspace
    from optionix_core.sync.event import Head
    from optionix_tui.mailbox import Mailbox

BOOK_EVERY = timedelta(seconds=1)
"""How often the book is marked anew while nothing happens in the log."""


class Stream(Thread):
    """Runs until `stop`; `select` and `wake` may be called from any thread."""

    def __init__(self, workspace: Workspace, mailbox: Mailbox, rate: float, selection: Selection) -> None:
        """`rate`: rounds a second at most."""
        super().__init__(name="optionix-stream", daemon=True)
        self._workspace = workspace
        self._mailbox = mailbox
        self._interval = 1.0 / rate
        self._lock = Lock()
        self._selection = selection
        self._wake = Event()
        self._stopping = Event()
        self._still: Selection | None = None
        self._head: Head | None = None
        self._marked_at: datetime | None = None

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
            while viewers is not None and not self._stopping.is_set():
                began = time.monotonic()
                self._round(*viewers)
                took = time.monotonic() - began
                self._wake.wait(max(self._interval - took, min(took, 0.25), 0.005))
                self._wake.clear()
        except Exception as error:  # noqa: BLE001 - raised again in the interface's own thread
            self._mailbox.put(crash=error)

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
            self._mailbox.put(warming=Warming("opening the log"))
            self._workspace.store.head()
            from optionix_core.services.book_view import BookViewer

            books = BookViewer(self._workspace, chains)
        except OptionixError as error:
            self._mailbox.put(problem=error, book_problem=error, warming=None)
            return None
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
        try:
            underlying = wanted.underlying or chains.feed.underlyings()[0].symbol
            view = chains.view(underlying, moment, wanted.expiry, wanted.root)
        except OptionixError as error:
            self._mailbox.put(problem=error)
            return
        self._still = wanted
        self._mailbox.put(chain=view, problem=None)

    def _follow(self, books: BookViewer, moment: datetime) -> None:
        try:
            head = self._workspace.store.head()
            due = self._marked_at is None or not timedelta(0) <= moment - self._marked_at < BOOK_EVERY
            if head == self._head and not due:
                return
            view = books.view(moment)
        except OptionixError as error:
            self._mailbox.put(book_problem=error)
            return
        self._head, self._marked_at = head, moment
        self._mailbox.put(book=view, book_problem=None)
