"""Calibrations on the volatility screen: run in a thread of their own, cancelled by the key that began them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from threading import Event
from typing import TYPE_CHECKING

from textual.message import Message

from optionix_core.errors import InterruptedByUserError, OptionixError
from optionix_core.market.units import volatility_points
from widgets.grid_columns import Column, GridRow

if TYPE_CHECKING:
    from datetime import date

    from optionix_core.services.calibration_view import CalibrationView, Earlier
    from screens.session import Session

FAMILIES = ("heston", "bates", "merton", "double-heston", "sabr")
PARAMETER, NOTE, PAST = 1, 2, 4
"""Marks of a row."""


def _text(value: str | None) -> str:
    return value or ""


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


CALIBRATION_COLUMNS: tuple[Column, ...] = (
    Column("name", "Model", 14, _text, "left", tone="strong", home=True),
    Column("value", "value", 8, _number),
    Column("error", "± s.e.", 8, _number, tone="muted"),
    Column("note", "", 26, _text, "left", rank=2, tone="muted", grow=True),
)


def calibration_style(column: Column, row: GridRow) -> tuple[str, str]:
    """Parameters plain, remarks in the colour of warnings, what is past dim."""
    if row.flags & NOTE:
        return "cell", "warn"
    return "cell", "muted" if row.flags & PAST else column.tone


def calibration_rows(view: CalibrationView | None, past: tuple[Earlier, ...], expiry: date, root: str) -> list[GridRow]:
    """Parameters of the model of that expiry, its remarks, then earlier calibrations."""
    rows = []
    fit = None if view is None else view.fit_of(expiry, root)
    if view is not None and fit is None:
        rows.append(GridRow("none", (f"no {view.model}", None, None, "of this expiry"), NOTE))
    if view is not None and fit is not None:
        error = f"{volatility_points(fit.rmse):.2f}vp rmse, {view.seconds:.2f}s"
        rows.append(GridRow("model", (view.model, None, None, error), PARAMETER))
        rows += [
            GridRow(
                ("parameter", one.name),
                (
                    f"  {one.name}",
                    one.value,
                    one.standard_error,
                    f"at its {one.at_bound} bound" if one.at_bound else "",
                ),
                PARAMETER,
            )
            for one in fit.parameters
        ]
        if fit.notes:
            count = f"! {len(fit.notes)} remark{'' if len(fit.notes) == 1 else 's'}"
            rows.append(GridRow("notes", (count, None, None, fit.notes[0]), NOTE))
    rows += [
        GridRow(
            ("earlier", one.id),
            (f"  {one.time:%d%b %H:%M}", volatility_points(one.rmse), None, f"{one.model}, rmse in points"),
            PAST,
        )
        for one in past
    ]
    return rows


class CalibrationRuns:
    """What was calibrated last, and what runs. Used from the interface's own thread, but for `_calibrate`."""

    class Progress(Message):
        """So many of all steps are done; none of none: kernels are being compiled."""

        def __init__(self, done: int, total: int) -> None:
            self.done, self.total = done, total
            super().__init__()

    class Calibrated(Message):
        """A calibration has ended, and the history as it is now."""

        def __init__(
            self,
            underlying: str,
            view: CalibrationView | None,
            problem: OptionixError | None,
            past: tuple[Earlier, ...],
        ) -> None:
            self.underlying, self.view, self.problem, self.past = underlying, view, problem, past
            super().__init__()

    def __init__(self) -> None:
        self.family = FAMILIES[0]
        self.step = ""
        """What runs, in words; empty where nothing does."""
        self._views: dict[str, CalibrationView] = {}
        self._past: dict[str, tuple[Earlier, ...]] = {}
        self._cancel = Event()
        self._running = False

    def view(self, underlying: str) -> CalibrationView | None:
        """The last calibration of `underlying` in this terminal."""
        return self._views.get(underlying)

    def past(self, underlying: str) -> tuple[Earlier, ...]:
        """Earlier ones, as far as they were asked for."""
        return self._past.get(underlying, ())

    @property
    def running(self) -> bool:
        """Whether one runs."""
        return self._running

    def next_family(self) -> None:
        """Choose the model after this one."""
        self.family = FAMILIES[(FAMILIES.index(self.family) + 1) % len(FAMILIES)]

    def cancel(self) -> None:
        """Ask the one that runs to end."""
        self._cancel.set()
        self.step = "ending"

    def start(
        self,
        session: Session,
        underlying: str,
        run: Callable[[Callable[[], None]], object],
        post: Callable[[Message], object],
    ) -> None:
        """Calibrate the chosen model to the present chain: `run` takes it to a thread of its own."""
        self._cancel.clear()
        self._running = True
        self.step = f"calibrating {self.family}"
        run(partial(self._calibrate, session, underlying, self.family, post))

    def take(self, message: Calibrated) -> None:
        """One has ended."""
        self._running, self.step = False, ""
        self._past[message.underlying] = message.past
        if message.view is not None:
            self._views[message.underlying] = message.view

    def follow(self, message: Progress) -> None:
        """How far it is."""
        if not self._cancel.is_set():
            share = "compiling kernels" if not message.total else f"{message.done} of {message.total}"
            self.step = f"calibrating {self.family}: {share}"

    def _calibrate(self, session: Session, underlying: str, family: str, post: Callable[[Message], object]) -> None:
        home, clock = session.workspace.home, session.clock
        view: CalibrationView | None = None
        problem: OptionixError | None = None
        past: tuple[Earlier, ...] = ()

        def tell(done: int, total: int) -> None:
            post(self.Progress(done, total))

        try:
            from optionix_core.services import calibration_view, calibrations

            if not calibrations.is_prepared(family):
                tell(0, 0)
            calibration_view.prepare(family)
            view = calibration_view.calibrate(
                home,
                clock,
                session.workspace.feed.chain(underlying, clock.now()),
                family,
                progress=tell,
                cancel=self._cancel.is_set,
            )
        except InterruptedByUserError:
            pass
        except OptionixError as error:
            problem = error
        try:
            from optionix_core.services import calibration_view

            past = calibration_view.earlier(home, clock, underlying)
        except OptionixError as error:
            problem = problem or error
        post(self.Calibrated(underlying, view, problem, past))
