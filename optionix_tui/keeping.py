"""Saved workspaces in the running terminal: saving what is set up, and setting it up again.

What of a workspace cannot be used any more (a screen that there is not, an option that has expired, another feed) is
told in place, and the rest is used.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from config.screens import NAMES
from optionix_core.errors import InvalidValueError, MalformedFileError, OptionixError
from optionix_core.services.saved_workspaces import DEFAULT_NAME, SavedWorkspace
from screens.session import Selection
from screens.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from optionix_tui.command_line import UseWorkspace
    from optionix_tui.hosting import HostApp
    from screens.frame import FrameScreen
    from screens.session import Session

VERBS = ("save", "rename", "delete", "list")
"""Words of the command line after `workspace`; no workspace is called so."""


class WorkspaceKeeper:
    """Belongs to one application; all methods are for the interface's thread."""

    def __init__(self, app: HostApp, session: Session) -> None:
        self._app = app
        self._session = session
        self._frames: dict[str, FrameScreen] = {}
        """Screens that were opened, by name."""
        self._kept: dict[str, Mapping[str, Any]] = {}
        """How screens that are not open yet are to be arranged."""
        self._untold: list[str] = []
        self.name: str | None = None
        """Under which this was saved, or from which it was opened."""

    def begin_with(self, saved: SavedWorkspace, *, keep_theme: bool) -> str:
        """Set up before anything is shown; the screen to begin with. `keep_theme`: use the one that is in force."""
        self.name = saved.name
        self._session.selection = self._selection(saved, at_start=True) or self._session.selection
        self._session.stage = self._stage(saved) or self._session.stage
        self._kept = self._arrangements(saved)
        if not keep_theme:
            self._app.try_theme(saved.theme)
        return self._screen(saved) or NAMES[0]

    def tell_at_start(self, problem: MalformedFileError | None) -> None:
        """Say what of the beginning could not be used: a damaged file, or parts of a whole one."""
        if problem is not None:
            self._app.notify(
                f"{problem}\nThe file is kept as it is; `optionix workspace delete` takes it away.",
                title="Workspace not opened",
                severity="error",
                timeout=15,
                markup=False,
            )
        self._tell()

    def frame_opened(self, frame: FrameScreen) -> None:
        """A screen is there: arrange it as the workspace has it."""
        self._frames[frame.SCOPE] = frame
        kept = self._kept.pop(frame.SCOPE, None)
        if kept is not None:
            self._arrange(frame, kept)
            if self._app.is_running:
                self._tell()

    def use(self, asked: UseWorkspace) -> None:
        """Open, save, rename, delete or list; a mistake is told in place."""
        try:
            if asked.act == "save":
                self.save(asked.name)
            elif asked.act == "rename":
                self.rename(asked.name, asked.other)
            elif asked.act == "delete":
                self.delete(asked.name)
            elif asked.act == "list":
                self.tell_list()
            else:
                self.open(asked.name)
        except OptionixError as error:
            self._app.notify(str(error), title="Workspace", severity="error", timeout=12, markup=False)

    def open(self, name: str) -> None:
        """Set everything up as a saved workspace has it. Raises what loading it raises."""
        from optionix_core.services import saved_workspaces

        saved = saved_workspaces.load(self._session.workspace.home, name)
        self.name = saved.name
        self._app.try_theme(saved.theme)
        stage, selection, screen = self._stage(saved), self._selection(saved), self._screen(saved)
        if stage is not None:
            self._app.set_stage(stage)
        for scope, kept in self._arrangements(saved).items():
            if scope in self._frames:
                self._arrange(self._frames[scope], kept)
            else:
                self._kept[scope] = kept
        if selection is not None:
            self._session.selection = selection
            self._app.selection_changed(selection)
        if screen is not None:
            self._app.open_screen(screen)
        self._tell()
        self._app.notify(f"workspace {saved.name}", timeout=3, markup=False)

    def save(self, name: str) -> None:
        """Save under a name, in a thread of its own; told when it is done, or why it is not."""
        _check_free(name)
        self._app.run_worker(partial(self._save, self._present(name)), thread=True, group="workspace")

    def rename(self, name: str, other: str) -> None:
        """Give a saved one another name. Raises what `saved_workspaces.rename` raises."""
        from optionix_core.services import saved_workspaces

        _check_free(other)
        saved_workspaces.rename(self._session.workspace.home, name, other)
        if self.name == name:
            self.name = other
        self._app.notify(f"workspace {name} is called {other} now", markup=False)

    def delete(self, name: str) -> None:
        """Take a saved one away. Raises what `saved_workspaces.delete` raises."""
        from optionix_core.services import saved_workspaces

        saved_workspaces.delete(self._session.workspace.home, name)
        if self.name == name:
            self.name = None
        self._app.notify(f"deleted the workspace {name}", markup=False)

    def tell_list(self) -> None:
        """Say which there are."""
        found = self.offers()
        text = "\n".join(f"{name}: {hint}" for name, hint in found)
        self._app.notify(text or "none is saved yet", title="Workspaces", timeout=12, markup=False)

    def offers(self) -> tuple[tuple[str, str], ...]:
        """Name and what it shows of each that is saved."""
        from optionix_core.services import saved_workspaces

        return tuple((entry.name, _hint(entry)) for entry in saved_workspaces.listing(self._session.workspace.home))

    def _present(self, name: str) -> SavedWorkspace:
        selection = self._app.selection_shown()
        arrangements = dict(self._kept)
        for scope, frame in self._frames.items():
            kept = dict(frame.arrangement())
            if kept:
                arrangements[scope] = kept
        return SavedWorkspace(
            name=name,
            saved_at=self._session.now,
            feed=self._session.workspace.feed_name,
            screen=self._app.current_mode,
            underlying=selection.underlying,
            expiry=selection.expiry,
            root=selection.root,
            theme=self._app.theme_name,
            stage=tuple((leg.symbol, leg.quantity) for leg in self._session.stage.legs),
            arrangements=arrangements,
        )

    def _save(self, saved: SavedWorkspace) -> None:
        from optionix_core.services import saved_workspaces

        try:
            saved_workspaces.save(self._session.workspace.home, saved)
        except OptionixError as error:
            self._app.call_from_thread(
                self._app.notify, str(error), title="Workspace not saved", severity="error", timeout=12, markup=False
            )
            return
        self._app.call_from_thread(self._saved, saved.name)

    def _saved(self, name: str) -> None:
        self.name = name
        self._app.notify(f"workspace {name} is saved", timeout=4, markup=False)

    def _selection(self, saved: SavedWorkspace, *, at_start: bool = False) -> Selection | None:
        if saved.feed != self._session.workspace.feed_name:
            if saved.underlying is not None and not at_start:
                self._untold.append(
                    f"{saved.underlying} was of the feed {saved.feed}: it is not looked for in this one"
                )
            return None
        if saved.expiry is not None and saved.expiry < self._session.now.date():
            self._untold.append(f"{saved.expiry:%d %b %y} has expired: the nearest expiry is shown")
            return Selection(saved.underlying)
        return Selection(saved.underlying, saved.expiry, saved.root)

    def _stage(self, saved: SavedWorkspace) -> Stage | None:
        try:
            stage = Stage()
            for symbol, quantity in saved.stage:
                stage = stage.add(symbol, quantity)
        except InvalidValueError as error:
            self._untold.append(f"staged legs: {error}")
            return None
        return stage

    def _screen(self, saved: SavedWorkspace) -> str | None:
        if saved.screen in NAMES:
            return saved.screen
        self._untold.append(f"there is no screen {saved.screen!r}")
        return None

    def _arrangements(self, saved: SavedWorkspace) -> dict[str, Mapping[str, Any]]:
        unknown = [name for name in saved.arrangements if name not in NAMES]
        self._untold += [f"there is no screen {name!r} to arrange" for name in unknown]
        return {name: kept for name, kept in saved.arrangements.items() if name in NAMES}

    def _arrange(self, frame: FrameScreen, kept: Mapping[str, Any]) -> None:
        try:
            frame.use_arrangement(kept)
        except InvalidValueError as error:
            self._untold.append(f"{frame.SCOPE}: {error}")

    def _tell(self) -> None:
        told, self._untold = self._untold, []
        if told:
            text = "\n".join(told)
            self._app.notify(text, title=f"Of the workspace {self.name}", severity="warning", timeout=12, markup=False)


def proposed(name: str | None) -> str:
    """The command line that saves under another name."""
    return f"workspace save {name or DEFAULT_NAME}"


def _check_free(name: str) -> None:
    if name in VERBS:
        raise InvalidValueError("name", repr(name), f"none of {', '.join(VERBS)}")


def _hint(entry: Any) -> str:
    saved: SavedWorkspace | None = entry.saved
    if saved is None:
        return f"cannot be used: {entry.problem}"
    shown = " ".join(
        part
        for part in (saved.screen, saved.underlying, None if saved.expiry is None else f"{saved.expiry:%d %b %y}")
        if part
    )
    return f"{shown}, saved {saved.saved_at:%d %b %H:%M} UTC"
