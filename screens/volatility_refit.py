"""Surfaces for the volatility screen, fitted in a thread of their own as often as a fit's own cost allows.

What is chosen anew is fitted at once. A fit that takes long is repeated seldom, so that it never takes more than a
fifth of one processor; quotes that stand still are fitted once. The screen is told by messages and never waits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from textual.message import Message

from optionix_core.errors import OptionixError

if TYPE_CHECKING:
    from optionix_core.services.surface_view import SurfaceView, SurfaceViewer
    from optionix_core.services.surfaces import ModelName
    from screens.session import Session

LEAST = timedelta(seconds=1)
"""Between the end of a fit and the beginning of the next."""
REST = 4.0
"""Rest after a fit, in times that it took."""


class Wanted(NamedTuple):
    """What a surface is to be fitted to, and how."""

    underlying: str
    model: ModelName


@dataclass(slots=True)
class Pace:
    """Which fit runs, which was the last, and when the next is due. Pure."""

    running: Wanted | None = None
    done: Wanted | None = None
    _began: datetime | None = None
    _next: datetime | None = None

    def is_due(self, wanted: Wanted, now: datetime, *, still: bool, held: bool) -> bool:
        """Whether a fit shall begin; `still`: the quotes do not move, `held`: the user holds the picture."""
        if self.running is not None:
            return False
        if wanted != self.done:
            return True
        if still or held or self._next is None or self._began is None:
            return False
        return now >= self._next or now < self._began  # a clock that was set back must not hold it up

    def begin(self, wanted: Wanted, now: datetime) -> None:
        """A fit has begun."""
        self.running, self._began = wanted, now

    def end(self, now: datetime, seconds: float) -> None:
        """It has ended, well or not, after so long."""
        self.done, self.running = self.running, None
        self._next = now + max(LEAST, timedelta(seconds=REST * seconds))

    def again(self) -> None:
        """Nothing that was fitted counts any more."""
        self.done = None


class SurfaceFits:
    """What was fitted last, and what runs. Used from the interface's own thread, but for `_fit`."""

    class Fitted(Message):
        """A fit has ended: a view, or what went wrong."""

        def __init__(
            self, wanted: Wanted, view: SurfaceView | None, problem: OptionixError | None, seconds: float
        ) -> None:
            self.wanted, self.view, self.problem, self.seconds = wanted, view, problem, seconds
            super().__init__()

    class Preparing(Message):
        """What a fit waits for, in words."""

        def __init__(self, step: str) -> None:
            self.step = step
            super().__init__()

    def __init__(self, model: ModelName) -> None:
        self.model = model
        self.view: SurfaceView | None = None
        self.problem: OptionixError | None = None
        """Of the last fit of what is wanted."""
        self.step = "waiting for quotes"
        self.held = False
        self._pace = Pace()
        self._viewer: SurfaceViewer | None = None

    def wanted(self, session: Session) -> Wanted | None:
        """What is chosen; None while it cannot be told."""
        if session.warming is not None and session.chain is None:
            return None
        known = None if session.chain is None else session.chain.underlying
        first = session.underlyings[0].symbol if session.underlyings else None
        name = session.selection.underlying or known or first
        return None if name is None else Wanted(name, self.model)

    def is_answered(self, session: Session) -> bool:
        """Whether what is wanted has been fitted, well or not, and nothing runs."""
        return self._pace.running is None and self._pace.done == self.wanted(session)

    def answer(self, session: Session) -> SurfaceView | None:
        """The view, where it is of the underlying that is chosen."""
        wanted = self.wanted(session)
        if self.view is None or wanted is None or wanted.underlying != self.view.underlying:
            return None
        return self.view

    def again(self) -> None:
        """Fit at the next question, whatever the pace."""
        self._pace.again()

    def follow(
        self,
        session: Session,
        *,
        still: bool,
        run: Callable[[Callable[[], None]], object],
        post: Callable[[Message], object],
    ) -> None:
        """Begin a fit where one is due: `run` takes it to a thread of its own, from which `post` may be called."""
        wanted, now = self.wanted(session), session.now
        if wanted is not None and self._pace.is_due(wanted, now, still=still, held=self.held):
            self._pace.begin(wanted, now)
            run(partial(self._fit, session, wanted, post))

    def take(self, message: Fitted, session: Session) -> None:
        """A fit has ended; its outcome counts where it is still wanted."""
        self._pace.end(session.now, message.seconds)
        if message.wanted == self.wanted(session):
            self.problem = message.problem
            if message.view is not None:
                self.view = message.view

    def _fit(self, session: Session, wanted: Wanted, post: Callable[[Message], object]) -> None:
        clock = session.clock

        def seconds() -> float:
            return clock.now().timestamp()

        began, view, problem = seconds(), None, None
        try:
            from optionix_core.services import surfaces
            from optionix_core.services.surface_view import SurfaceViewer

            if not surfaces.is_prepared(wanted.model):
                post(self.Preparing("compiling the kernels, once on this machine"))
            surfaces.prepare(wanted.model)
            post(self.Preparing(f"fitting {wanted.model} to {wanted.underlying}"))
            if self._viewer is None:
                self._viewer = SurfaceViewer(session.workspace.feed, seconds)
            began = seconds()
            view = self._viewer.view(wanted.underlying, clock.now(), wanted.model)
        except OptionixError as error:
            problem = error
        post(self.Fitted(wanted, view, problem, max(seconds() - began, 0.0)))
