"""The full-screen terminal: modes, keys, and what the stream brings. What screens ask for is in `hosting`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import partial
from importlib import import_module
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.message import Message

import screens
from config import keymaps
from config.screens import DIALOGS, NAMES, SCREENS
from config.themes import THEMES
from optionix_tui.appearance import styled_now
from optionix_tui.hosting import HostApp
from optionix_tui.keys import KeyReader, written
from optionix_tui.mailbox import Mailbox
from optionix_tui.playing import Recorder
from optionix_tui.stream import Stream
from screens.frame import Dialog, FrameScreen
from screens.session import Selection, Session

if TYPE_CHECKING:
    from textual import events
    from textual.screen import Screen

    from optionix_core.errors import MalformedFileError
    from optionix_core.feeds.replay import ReplayState
    from optionix_core.services.book_view import BookView
    from optionix_core.services.saved_workspaces import SavedWorkspace
    from optionix_core.services.workspace import Workspace
    from optionix_tui.playing import RecordingWish
    from screens.session import Recording
    from screens.team import TeamLink
    from widgets.info_line import InfoLine

AGE_SECONDS = 1.0
SLOW_LINE_HZ = 5.0
"""Rounds a second at most over SSH."""

STYLE_SHEETS = ("frame", *NAMES, *DIALOGS)
_SCREENS = Path(screens.__file__).parent


def _made(place: str) -> Screen[None]:
    module, _, name = place.partition(":")
    return styled_now(cast("Screen[None]", getattr(import_module(module), name)()))


class OptionixApp(HostApp):
    """Shows one home's workspace. A screen's module is loaded when it is first shown."""

    TITLE = "Optionix"
    ENABLE_COMMAND_PALETTE = False
    DEFAULT_MODE = "chain"
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        entry.name: partial(_made, entry.place) for entry in SCREENS
    }
    CSS_PATH: ClassVar[list[str | PurePath]] = ["app.tcss", *(_SCREENS / f"{name}.tcss" for name in STYLE_SHEETS)]
    """All style sheets at once: one that came with a later screen would parse every other one again."""

    class Arrived(Message):
        """The stream has left something in the mailbox."""

    def __init__(
        self,
        workspace: Workspace,
        *,
        theme: str = THEMES[0],
        keymap: keymaps.KeyMap | None = None,
        rate: float = SLOW_LINE_HZ,
        mode: str = "chain",
        selection: Selection | None = None,
        confirm: bool = True,
        keeps_venue: bool = True,
        in_ascii: bool = False,
        in_colour: bool = True,
        own_themes: Path | None = None,
        saved: SavedWorkspace | None = None,
        unsaved: MalformedFileError | None = None,
        keep_theme: bool = False,
        wish: RecordingWish | None = None,
        team: TeamLink | None = None,
    ) -> None:
        """`rate`: how often a second, at most, quotes are asked for; `keeps_venue`: settle what expires.

        `in_ascii`, `in_colour`: what the terminal can and shall show; `own_themes`: where the user's themes lie.
        `saved`: a workspace to begin with, in place of `mode` and, but for `keep_theme`, of `theme`; `unsaved`: why the
        one that was asked for cannot be; `wish`: what is to be recorded meanwhile; `team`: the home's side of a server.
        """
        keys = keymaps.load() if keymap is None else keymap
        session = Session(workspace, selection or Selection(), team=team)
        super().__init__(session, keys, confirm=confirm, in_ascii=in_ascii, in_colour=in_colour, own_themes=own_themes)
        self.use_theme(theme)
        self._first_mode = mode if saved is None else self.keeper.begin_with(saved, keep_theme=keep_theme)
        self._unsaved = unsaved
        self._keys = KeyReader(keys)
        self._mailbox = Mailbox(lambda: self.post_message(self.Arrived()))
        keeps = keeps_venue and not workspace.home.read_only
        chosen = self._session.selection
        self._stream = Stream(workspace, self._mailbox, rate, chosen, keeps_venue=keeps, loaded=self.loaded)
        self.recorder = None if wish is None else Recorder(workspace, wish, self._mailbox)

    async def on_mount(self) -> None:
        """Paint first, load afterwards."""
        if self._first_mode != self.current_mode:
            await self.switch_mode(self._first_mode)
        self.tell_doubts()
        self.keeper.tell_at_start(self._unsaved)
        self.call_after_refresh(self._stream.start)
        self.call_after_refresh(self._keep_in_step)
        self.set_interval(AGE_SECONDS, self._tick_age)

    def _keep_in_step(self) -> None:
        """Push and pull in the background, where somebody is signed in."""
        if self._session.team is not None:
            box = self._mailbox
            self._session.team.start(
                lambda news: box.put(sync=news), self._stream.wake, lambda error: box.put(crash=error)
            )

    def on_unmount(self) -> None:
        """Let the recording and the stream end before their files are closed."""
        if self.recorder is not None and self.recorder.is_alive():
            self.recorder.stop()
            self.recorder.join(timeout=10.0)
        if self._session.team is not None:
            self._session.team.stop()
        self._stream.stop()
        if self._stream.is_alive():
            self._stream.join(timeout=5.0)
        self._session.workspace.close()

    def selection_changed(self, selection: Selection) -> None:
        """Ask the stream for something else; what went wrong with the last choice is no answer to this one."""
        if self._stream.is_alive():
            self._session.problem = None
        self._stream.select(selection)

    def replay_changed(self, state: ReplayState) -> None:
        """Show at once where it stands, and its quotes when they are there."""
        self._session.replay = state
        self._tick_age()
        self.log_changed()

    def log_changed(self) -> None:
        """Show the book anew at once."""
        self._stream.wake()

    def _tick_age(self) -> None:
        frame = self.frame
        if self.is_running and frame is not None and frame.is_mounted:
            frame.refresh_header(self._session.now)

    def on_optionix_app_arrived(self) -> None:
        """Take what the stream left and show it; what went wrong in it unexpectedly goes wrong here."""
        if not self.is_running:
            return  # on the way out: the screens are being taken apart
        arrived = self._mailbox.take()
        if "crash" in arrived:
            raise cast(Exception, arrived["crash"])
        for update in arrived.pop("venue", ()):
            self.tell_venue(update)
        for news in arrived.pop("fills", ()):
            self.tell_fills(news)
        view = arrived.get("chain")
        if view is not None and not self._session.selection.answered_by(view):
            del arrived["chain"]  # it was under way when the choice changed
        self._record(arrived.get("recording"))
        self._push_what_is_new(arrived.get("book"))
        begins = self._session.replay is None and "replay" in arrived
        for field in fields(self._session):
            if field.name in arrived:
                setattr(self._session, field.name, arrived[field.name])
        frame = self.frame
        if frame is not None and frame.is_mounted:
            frame.session_changed()
            frame.refresh_header(self._session.now)
            if begins:
                frame.refresh_footer()

    def _push_what_is_new(self, book: BookView | None) -> None:
        """The home's log has grown: the server shall have it soon."""
        team, before = self._session.team, self._session.book
        if team is not None and book is not None and before is not None and book.events != before.events:
            team.wake()

    def _record(self, recording: Recording | None) -> None:
        """Begin with the recording once there are quotes; say why one has ended."""
        recorder = self.recorder
        if recorder is not None and self._session.chain is not None and not recorder.begun:
            recorder.begun = True
            recorder.start()
        if recording is not None and recording.problem is not None:
            self.notify(recording.problem, title="Recording", severity="error", timeout=20, markup=False)

    async def on_key(self, event: events.Key) -> None:
        """Every key that no entry took: look it up in the key map and do its action."""
        screen = self.screen
        if not isinstance(screen, FrameScreen | Dialog):
            return
        before = self._keys.pending
        found = self._keys.press(written(event), screen.scopes)
        if isinstance(screen, FrameScreen) and before != self._keys.pending:
            screen.refresh_footer(self._keys.pending)
        if found is None:
            return
        event.prevent_default().stop()
        if not isinstance(found, str):
            await self.perform(found.id)

    async def on_info_line_chosen(self, event: InfoLine.Chosen) -> None:
        """A hint was clicked: do what its key does."""
        if self._keys.drop() and self.frame is not None:
            self.frame.refresh_footer()
        await self.perform(event.action)
