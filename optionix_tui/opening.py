"""The full-screen terminal on a home, as settings and the terminal's own abilities say."""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import TYPE_CHECKING

from config import keymaps, terminal_kind
from optionix_core.errors import MalformedFileError, UsageError
from optionix_tui import leaving
from optionix_tui.app import SLOW_LINE_HZ, OptionixApp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from config.paths import Paths
    from config.settings import Settings
    from optionix_core.market.clock import Clock
    from optionix_core.services.home import HomeFolders
    from optionix_core.services.saved_workspaces import SavedWorkspace
    from optionix_core.services.workspace import Workspace
    from optionix_tui.playing import Recorder, RecordingWish
    from optionix_tui.remote.team import Team
    from screens.session import Selection

PLAIN_THEME = "ansi"
"""Instead of the default theme where the terminal has sixteen colours."""


def build(
    settings: Settings,
    paths: Paths,
    *,
    mode: str = "chain",
    selection: Selection | None = None,
    clock: Clock | None = None,
    keeps_venue: bool = True,
    theme: str | None = None,
    in_ascii: bool = False,
    in_colour: bool = True,
    saved: SavedWorkspace | None = None,
    unsaved: MalformedFileError | None = None,
    wish: RecordingWish | None = None,
    speed: float = 1.0,
) -> OptionixApp:
    """The application on a home, as settings say; without `keeps_venue` it writes nothing of its own accord.

    `theme`: in place of the one that is set; `saved`, `unsaved`: a workspace to begin with, or why there is none;
    `wish`: what to record meanwhile; `speed`: how fast a recording is played. Raises SettingsError for a bad key map or
    theme, UnknownNameError for a feed of no known form.
    """
    from optionix_core.services import feeds
    from optionix_core.services.workspace import Workspace
    from optionix_tui.network import network_feeds
    from optionix_tui.remote.link import HomeLink
    from optionix_tui.rules import limit_engine, trading_rules

    feeds.check_form(settings.feed.name)
    workspace = Workspace.open(
        _home(settings, paths),
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
        speed=speed,
    )
    link = HomeLink(
        partial(_team, workspace, settings),
        workspace,
        background=settings.sync.background and keeps_venue,
        interval=settings.sync.poll_seconds,
    )
    workspace.lay_way = link.venue
    slow = "SSH_CONNECTION" in os.environ or "SSH_TTY" in os.environ
    rate = min(settings.terminal.refresh_hz, SLOW_LINE_HZ) if slow else settings.terminal.refresh_hz
    return OptionixApp(
        workspace,
        theme=theme or settings.terminal.theme,
        keymap=keymaps.load(settings.terminal.keymap, paths.keymap_file, paths.keymaps_folder),
        rate=rate,
        mode=mode,
        selection=selection,
        confirm=settings.trading.confirm,
        keeps_venue=keeps_venue,
        in_ascii=in_ascii,
        in_colour=in_colour,
        own_themes=paths.themes_folder,
        saved=saved,
        unsaved=unsaved,
        wish=wish,
        team=link,
        keep_theme=settings.origins["terminal.theme"] == "flag",
    )


def _team(workspace: Workspace, settings: Settings) -> Team:
    from optionix_tui.remote.team import Team

    return Team.of(workspace.home, workspace.clock, settings.sync)


def run(
    settings: Settings,
    paths: Paths,
    *,
    workspace: str | None = None,
    wish: RecordingWish | None = None,
    speed: float = 1.0,
    environ: Mapping[str, str] | None = None,
) -> int:
    """Open the terminal on a home, with a saved workspace where one is named; the exit status once the user leaves.

    Raises UnknownNameError for a workspace that there is not, UsageError for a terminal that cannot place signs on its
    screen, and what `build` raises.
    """
    environ = os.environ if environ is None else environ
    if terminal_kind.is_dumb(environ):
        raise UsageError(
            f"TERM={environ['TERM']} is a terminal without a screen to draw on: "
            "set TERM to what it is, or use `optionix screen chain --print`"
        )
    saved, unsaved = _saved(settings, paths, workspace)
    encoding = getattr(sys.__stderr__, "encoding", None) or "unknown"
    app = build(
        settings,
        paths,
        theme=_theme(settings, environ),
        in_ascii=terminal_kind.draws_ascii(settings.terminal.glyphs, environ, encoding),
        in_colour=not terminal_kind.without_colour(environ),
        saved=saved,
        unsaved=unsaved,
        wish=wish,
        speed=speed,
    )
    status = leaving.run(app)
    if app.recorder is not None:
        _tell_recording(app.recorder)
    return status


def _tell_recording(recorder: Recorder) -> None:
    """What came of a recording, once the terminal is given back."""
    report = recorder.report
    if report is not None:
        sys.stderr.write(f"recorded {report.snapshots} snapshots to {report.path}: optionix --replay {report.path}\n")
    elif recorder.problem is not None:
        sys.stderr.write(f"{recorder.problem}\n")
    else:
        sys.stderr.write("nothing was recorded: there were no quotes yet\n")


def _home(settings: Settings, paths: Paths) -> HomeFolders:
    from optionix_core.services.home import HomeFolders

    return HomeFolders(
        data=paths.data,
        state=paths.state,
        cache=paths.cache,
        config=paths.config,
        read_only=settings.trading.read_only,
    )


def _saved(
    settings: Settings, paths: Paths, name: str | None
) -> tuple[SavedWorkspace | None, MalformedFileError | None]:
    """The workspace that is named, else where that is set the one that was saved last; or why it cannot be used."""
    from optionix_core.services import saved_workspaces

    home = _home(settings, paths)
    try:
        if name is not None:
            return saved_workspaces.load(home, name), None
        return (saved_workspaces.latest(home) if settings.terminal.restore else None), None
    except MalformedFileError as error:
        return None, error


def _theme(settings: Settings, environ: Mapping[str, str]) -> str:
    """The one that is set; where none is, and the terminal has sixteen colours, the one made of them."""
    chosen = settings.origins["terminal.theme"] != "default"
    return settings.terminal.theme if chosen or not terminal_kind.has_few_colours(environ) else PLAIN_THEME
