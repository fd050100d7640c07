"""Doing something from a screen: after one question or at once, in a thread of its own, with the answer in place."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from optionix_core.errors import OptionixError
from screens.entry import EntryScreen

if TYPE_CHECKING:
    from collections.abc import Callable

    Act = Callable[[], str]
    """Does it, and answers with what was done. Raises OptionixError or OSError for what could not be."""


class ActScreen(EntryScreen):
    """A screen from which things are done. Subclasses say by `tell` where an answer stands."""

    def tell(self, text: str, tone: str = "plain") -> None:
        """Say something in place; `tone` is a word of the theme."""
        raise NotImplementedError

    def acted(self) -> None:
        """Something was done from here: what is shown is to be read anew. By default the log's followers see to it."""

    def ask(self, title: str, question: str, facts: tuple[str, ...], words: str, act: Act) -> None:
        """Do `act`, which is called `words`, once a dialog that tells `facts` was agreed to."""
        from screens.confirm import ConfirmDialog

        self.app.push_screen(ConfirmDialog(title, question, facts, partial(self.do, words, act)))

    def do(
        self,
        words: str,
        act: Act,
        *,
        done: Callable[[], None] | None = None,
        failed: Callable[[], None] | None = None,
    ) -> None:
        """Do `act` in a thread of its own, then `done`; `failed` where it went wrong and the screen is still seen."""
        self.tell(f"{words} ...", "accent")
        self.run_worker(partial(self._act, words, act, done, failed), thread=True, group="act")

    def _act(self, words: str, act: Act, done: Callable[[], None] | None, failed: Callable[[], None] | None) -> None:
        try:
            answer = act()
        except (OptionixError, OSError) as error:
            self.app.call_from_thread(self._failed, f"✗ {words}: {error}", failed)
            return
        self.app.call_from_thread(self._done, f"✓ {answer}", done)

    def _done(self, text: str, done: Callable[[], None] | None) -> None:
        if done is not None:
            done()
        self._answer(text, "strong")
        self.acted()
        self.host.log_changed()

    def _failed(self, text: str, failed: Callable[[], None] | None) -> None:
        self._answer(text, "alert")
        if failed is not None and self.is_active:
            failed()

    def _answer(self, text: str, tone: str) -> None:
        """In place, and where another screen or a dialog is seen meanwhile, over that."""
        self.tell(text, tone)
        if not self.is_active:
            self.notify(text, severity="error" if tone == "alert" else "information", markup=False)
