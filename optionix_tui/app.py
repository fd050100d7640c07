"""The full-screen terminal: modes, keys, and what the stream brings. What screens ask for is in `hosting`."""

from __future__ import annotations

import os
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
from optionix_tui import leaving
from optionix_tui.hosting import HostApp
from optionix_tui.keys import KeyReader, written
from optionix_tui.mailbox import Mailbox
from optionix_tui.stream import Stream
from optionix_tui.themes import textual_theme
from screens.frame import Dialog, FrameScreen
from screens.session import Selection, Session

if TYPE_CHECKING:
    from textual import events
    from textual.screen import Screen

    from config.paths import Paths
    from config.settings import Settings
    from optionix_core.market.clock import Clock
    from optionix_core.services.workspace import Workspace

AGE_SECONDS = 0.5
SLOW_LINE_HZ = 5.0
"""Rounds a second at most over SSH."""

STYLE_SHEETS = ("frame", *NAMES, *DIALOGS)
_SCREENS = Path(screens.__file__).parent


def _made(place: str) -> Screen[None]:
    module, _, name = place.partition(":")
    return cast("Screen[None]", getattr(import_module(module), name)())


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
    ) -> None:
        """`rate`: how often a second, at most, quotes are asked for; `keeps_venue`: settle what expires."""
        keys = keymaps.load() if keymap is None else keymap
        super().__init__(Session(workspace, selection or Selection()), keys, confirm=confirm)
        self._keys = KeyReader(keys)
        self._mailbox = Mailbox(lambda: self.post_message(self.Arrived()))
        self._stream = Stream(workspace, self._mailbox, rate, self._session.selection, keeps_venue=keeps_venue)
        self._first_mode = mode
        self.use_theme(theme)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Style sheets may name our colours before a theme of ours is in force."""
        return textual_theme(THEMES[0]).variables

    async def on_mount(self) -> None:
        """Paint first, load afterwards."""
        if self._first_mode != self.current_mode:
            await self.switch_mode(self._first_mode)
        self.call_after_refresh(self._stream.start)
        self.set_interval(AGE_SECONDS, self._tick_age)

    def on_unmount(self) -> None:
        """Let the stream end before its files are closed."""
        self._stream.stop()
        if self._stream.is_alive():
            self._stream.join(timeout=5.0)
        self._session.workspace.close()

    def selection_changed(self, selection: Selection) -> None:
        """Ask the stream for something else; what went wrong with the last choice is no answer to this one."""
        if self._stream.is_alive():
            self._session.problem = None
        self._stream.select(selection)

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
        for field in fields(self._session):
            if field.name in arrived:
                setattr(self._session, field.name, arrived[field.name])
        frame = self.frame
        if frame is not None and frame.is_mounted:
            frame.session_changed()
            frame.refresh_header(self._session.now)

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


def build(
    settings: Settings,
    paths: Paths,
    *,
    mode: str = "chain",
    selection: Selection | None = None,
    clock: Clock | None = None,
    keeps_venue: bool = True,
) -> OptionixApp:
    """The application on a home, as settings say; without `keeps_venue` it writes nothing of its own accord.

    Raises SettingsError for a bad key map or theme, UnknownNameError for a feed of no known form.
    """
    from optionix_core.services import feeds
    from optionix_core.services.home import HomeFolders
    from optionix_core.services.workspace import Workspace
    from optionix_tui.network import network_feeds
    from optionix_tui.rules import limit_engine, trading_rules

    feeds.check_form(settings.feed.name)
    workspace = Workspace.open(
        HomeFolders(data=paths.data, state=paths.state, cache=paths.cache, config=paths.config),
        feed=settings.feed.name,
        account=settings.account.name,
        clock=clock,
        seed=settings.feed.seed,
        session=settings.feed.session,
        lock_timeout=settings.trading.lock_timeout_seconds,
        latency=settings.trading.latency_ms / 1000.0,
        network=network_feeds(settings.feed),
        rules=partial(trading_rules, settings),
        limit_engine=limit_engine(),
    )
    slow = "SSH_CONNECTION" in os.environ or "SSH_TTY" in os.environ
    rate = min(settings.terminal.refresh_hz, SLOW_LINE_HZ) if slow else settings.terminal.refresh_hz
    return OptionixApp(
        workspace,
        theme=settings.terminal.theme,
        keymap=keymaps.load(settings.terminal.keymap, paths.keymap_file),
        rate=rate,
        mode=mode,
        selection=selection,
        confirm=settings.trading.confirm,
        keeps_venue=keeps_venue,
    )


def run(settings: Settings, paths: Paths) -> int:
    """Open the terminal on a home; the exit status once the user leaves. Raises what `build` raises."""
    return leaving.run(build(settings, paths))
