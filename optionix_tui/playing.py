"""The keys of a recording that is played, and the thread that records what is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from threading import Event, Thread
from typing import TYPE_CHECKING

from optionix_core.errors import InterruptedByUserError, OptionixError
from screens.session import Recording

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from optionix_core.feeds.recording import RecordingReport
    from optionix_core.feeds.replay import ReplayState
    from optionix_core.services.replaying import Replay
    from optionix_core.services.workspace import Workspace
    from optionix_tui.hosting import HostApp
    from optionix_tui.mailbox import Mailbox

RECORD_EVERY = 5.0
"""Seconds between two moments that are recorded, unless told otherwise: a whole simulated market takes a few hundredths
of a processor's time."""


class ReplayPlayer:
    """Does the actions of scope `replay`."""

    def __init__(self, app: HostApp) -> None:
        self._app = app

    def action_turn(self) -> None:
        """Hold, or go on."""
        self._do(lambda replay: replay.turn())

    def action_slower(self) -> None:
        """The next lower speed."""
        self._do(lambda replay: replay.change_speed(-1))

    def action_faster(self) -> None:
        """The next higher speed."""
        self._do(lambda replay: replay.change_speed(1))

    def action_back(self) -> None:
        """The recorded moment before."""
        self._do(lambda replay: replay.step(-1))

    def action_forward(self) -> None:
        """The recorded moment after."""
        self._do(lambda replay: replay.step(1))

    def action_seek(self) -> None:
        """Ask for a place."""
        self._app.open_command("replay ")

    def use(self, words: str) -> None:
        """What the command line says after `replay`: a place, or `speed NUMBER`."""
        from optionix_core.errors import InvalidValueError

        verb, _, rest = words.partition(" ")
        if verb != "speed":
            self._do(lambda replay: replay.seek(words))
            return
        try:
            speed = float(rest)
        except ValueError:
            self._told(InvalidValueError("speed", repr(rest), "a number, such as 10"))
            return
        self._do(lambda replay: replay.play_at(speed))

    def _do(self, act: Callable[[Replay], ReplayState]) -> None:
        from optionix_core.services import replaying

        try:
            state = act(replaying.of(self._app.session.workspace))
        except OptionixError as error:
            self._told(error)
            return
        self._app.replay_changed(state)

    def _told(self, error: OptionixError) -> None:
        self._app.notify(str(error), title="Replay", severity="error", timeout=10, markup=False)


@dataclass(frozen=True, slots=True)
class RecordingWish:
    """What is to be recorded while the terminal runs."""

    path: Path
    every: timedelta


class Recorder(Thread):
    """Records the workspace's feed into a file until `stop`; how far it is goes to the mailbox."""

    def __init__(self, workspace: Workspace, wish: RecordingWish, mailbox: Mailbox) -> None:
        super().__init__(name="optionix-recorder", daemon=True)
        self._workspace = workspace
        self._wish = wish
        self._mailbox = mailbox
        self._stopping = Event()
        self._moments = 0
        self.begun = False
        self.report: RecordingReport | None = None
        """What it came to, once it ended as it was meant to."""
        self.problem: str | None = None
        """Why it ended before."""

    def stop(self) -> None:
        """End after the moment that is being recorded; what there is gets its end and its name."""
        self._stopping.set()

    def run(self) -> None:
        """Record."""
        try:
            self._record()
        except InterruptedByUserError as error:
            self.problem = str(error)
        except OptionixError as error:
            self.problem = str(error)
            self._mailbox.put(recording=Recording(self._wish.path, self._moments, self.problem))
        except Exception as error:  # noqa: BLE001 - raised again in the interface's own thread
            self.problem = str(error)
            self._mailbox.put(crash=error)

    def _record(self) -> None:
        from optionix_core.feeds import recording

        workspace = self._workspace
        self._mailbox.put(recording=Recording(self._wish.path, 0))
        self.report = recording.record(
            workspace.feed,
            self._wish.path,
            clock=workspace.clock,
            interval=self._wish.every,
            count=recording.LONGEST,
            wait=self._wait,
            longest_wait=1.0,
            cancelled=self._stopping.is_set,
            progress=self._told,
        )

    def _wait(self, seconds: float) -> None:
        self._stopping.wait(seconds)

    def _told(self, done: int, of: int) -> None:
        del of
        self._moments = done
        self._mailbox.put(recording=Recording(self._wish.path, done))
