"""What the application does for its screens: selection, tickets, the command line, and the actions of scope `app`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding

from config.actions import ACTIONS
from config.chain_layouts import SHIPPED_ALONE
from config.screens import NAMES
from optionix_core.errors import OptionixError
from optionix_tui import collecting, command_line
from optionix_tui.completion import Known, complete
from optionix_tui.keeping import WorkspaceKeeper, proposed
from optionix_tui.playing import ReplayPlayer
from optionix_tui.tickets import TicketHost
from screens.frame import FrameScreen, shown_key
from screens.host import Completion, Hint
from screens.session import Selection, Session
from widgets.figures import strike as strike_text

if TYPE_CHECKING:
    from pathlib import Path

    from textual.binding import BindingType

    from config.keymaps import KeyMap
    from optionix_core.feeds.replay import ReplayState
    from optionix_core.services.fill_news import FillNews
    from optionix_core.services.lifecycle import VenueUpdate
    from screens.chain import ChainScreen
    from screens.stage import Stage, StagedLeg


def _typed_nowhere(key: str) -> bool:
    """Whether a key may come before entry lines: one stroke that writes no character."""
    return " " not in key and (key.startswith(("ctrl+", "alt+")) or re.fullmatch(r"f[0-9]+", key) is not None)


class HostApp(TicketHost):
    """The application as screens see it (`screens.host.Host`)."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+k", "kill", show=False, priority=True, id="app.kill")]
    """Before everything else, entry lines and dialogs too; all other keys are looked up in the key map."""

    def __init__(
        self,
        session: Session,
        keymap: KeyMap,
        *,
        confirm: bool,
        in_ascii: bool = False,
        in_colour: bool = True,
        own_themes: Path | None = None,
    ) -> None:
        """`confirm`: show the ticket also of an order that was typed with its price; the rest as `Appearance`."""
        super().__init__(session, confirm=confirm, in_ascii=in_ascii, in_colour=in_colour, own_themes=own_themes)
        self.urgent_keys = frozenset(key for key in keymap.of("app.kill") if _typed_nowhere(key))
        self.set_keymap({"app.kill": ",".join(self.urgent_keys)})
        self.keeper = WorkspaceKeeper(self, session)
        self.player = ReplayPlayer(self)
        self._key_map = keymap
        self._opened_at = session.now
        self._last_view: tuple[str, Selection] | None = None

    @property
    def frame(self) -> FrameScreen | None:
        """The full screen that is shown, under any dialog."""
        return next((screen for screen in reversed(self.screen_stack) if isinstance(screen, FrameScreen)), None)

    def loaded(self) -> None:
        """Every module is there. Called in the stream's thread; what is drawn without a terminal is soon done."""
        if not self.is_headless:
            collecting.everything_is_loaded()

    def selection_changed(self, selection: Selection) -> None:
        """The screens shall show something else."""
        raise NotImplementedError

    def replay_changed(self, state: ReplayState) -> None:
        """The recording that is played stands elsewhere."""
        raise NotImplementedError

    def hints(self, scopes: Sequence[str], *, all_actions: bool = False) -> tuple[Hint, ...]:
        """Keys of `scopes` from the live key map, the nearest scope first."""
        return tuple(
            Hint(self._key_map.of(action.id), action.label, action.description, action.scope, action.id)
            for scope in scopes
            for action in ACTIONS
            if action.scope == scope and (all_actions or action.footer) and self._key_map.of(action.id)
        )

    def key_of(self, action_id: str) -> str:
        """The first key of an action as it is shown, empty where it has none."""
        keys = self._key_map.of(action_id)
        return shown_key(keys[0], in_words=self._in_ascii) if keys else ""

    def selection_shown(self) -> Selection:
        """What the chain shows or has been asked to show, without open choices where a view has arrived."""
        wanted, view = self._session.selection, self._session.chain
        if view is None or (wanted.underlying not in {None, view.underlying}):
            return wanted
        return Selection(view.underlying, wanted.expiry or view.expiry, wanted.root or view.root)

    def select(self, underlying: str | None = None, expiry: date | None = None, root: str | None = None) -> None:
        """Show another underlying or expiry."""
        here = self.selection_shown()
        name = underlying or here.underlying
        if expiry is None and (name != here.underlying or not self._session.answered):
            wanted = Selection(name, None, root)
        elif name != here.underlying:
            wanted = Selection(name, expiry, root)
        else:
            wanted = replace(here, expiry=expiry or here.expiry, root=root or (None if expiry else here.root))
        if wanted != here:
            self._last_view = (self.current_mode, here)
            self._session.selection = wanted
            self.selection_changed(wanted)

    def open_screen(self, name: str) -> None:
        """Show another screen."""
        if name != self.current_mode:
            self._last_view = (self.current_mode, self.selection_shown())
            self.switch_mode(name)

    def show_option(self, symbol: str) -> None:
        """Show an option in its chain."""
        from optionix_core.market.products import product
        from optionix_core.market.symbols import terms

        option = terms(symbol)
        self.select(product(option.root).underlying, option.expiry, option.root)
        self.call_later(self._show_in_chain, option.key)

    async def _show_in_chain(self, symbol: str) -> None:
        """Put the chain's cursor on an option."""
        await self._with_chain(lambda chain: chain.show_option(symbol))

    async def _with_chain(self, act: Callable[[ChainScreen], None]) -> None:
        """Do something with the chain, once its screen is there: it may never have been shown before."""
        if self.current_mode != "chain":
            self._last_view = (self.current_mode, self.selection_shown())
            await self.switch_mode("chain")
        from screens.chain import ChainScreen

        def acting() -> None:
            if isinstance(self.frame, ChainScreen):
                act(self.frame)

        self.call_after_refresh(acting)

    async def _show_risk(self, wanted: command_line.ShowRisk) -> None:
        """Ask the risk screen for a level and a horizon, once it is there."""
        if self.current_mode != "risk":
            self._last_view = (self.current_mode, self.selection_shown())
            await self.switch_mode("risk")
        from screens.risk import RiskScreen

        def ask() -> None:
            if isinstance(self.frame, RiskScreen):
                self.frame.show_figure(wanted.measure, wanted.confidence, wanted.horizon_days)

        self.call_after_refresh(ask)

    def tell_venue(self, update: VenueUpdate) -> None:
        """Notify of what time alone has done to the book."""
        from screens.venue_text import update_notices

        for notice in update_notices(update, self._session.account):
            self.notify(notice.text, title=notice.title, severity=notice.loudness, timeout=12, markup=False)

    def tell_fills(self, news: tuple[FillNews, ...]) -> None:
        """Notify of fills of orders that rest."""
        from screens.venue_text import fill_notices

        for notice in fill_notices(news, self._session.account, self._opened_at):
            self.notify(notice.text, title=notice.title, severity=notice.loudness, timeout=12, markup=False)

    def complete(self, line: str) -> tuple[Completion, ...]:
        """Ways to go on from a command line."""
        view, frame = self._session.chain, self.frame
        money = None if view is None else view.at_the_money
        strikes = [] if view is None or money is None else [row.strike for row in view.rows]
        scopes = () if frame is None else frame.scopes
        known = Known(
            underlyings=tuple((item.symbol, item.name) for item in self._session.underlyings),
            expiries=() if view is None else tuple(f"{tab.expiry:%d%b%y}".upper() for tab in view.expiries),
            shown="" if view is None else view.underlying,
            themes=self.theme_names,
            replaying=self._session.replay is not None,
            workspaces=self.keeper.offers() if line.split()[:1] == ["workspace"] else (),
            strikes=tuple(strike_text(one) for one in sorted(strikes, key=lambda one: abs(one - (money or 0.0)))),
            layouts=tuple(getattr(frame, "layouts", SHIPPED_ALONE).layouts),
            actions=tuple(
                (action, shown_key(self._key_map.of(action.id)[0], in_words=self._in_ascii))
                for action in ACTIONS
                if action.scope in scopes and action.scope != "grid" and self._key_map.of(action.id)
            ),
        )
        return complete(line, known)

    async def run_line(self, line: str) -> None:
        """Do what a command line says; a mistake is told in place."""
        names = tuple(item.symbol for item in self._session.underlyings)
        try:
            command = command_line.parse(line, names)
        except OptionixError as error:
            self.notify(str(error), title="Command line", severity="error", markup=False)
            return
        if isinstance(command, command_line.OnChain):
            await self._with_chain(lambda chain: chain.use_words(command.what, command.text))
        else:
            await self._obey(command)

    async def _obey(self, command: command_line.Command) -> None:
        match command:
            case command_line.ShowOption(symbol) | command_line.PriceOption(symbol):
                show = self.show_option if isinstance(command, command_line.ShowOption) else self._price_option
                show(symbol)
            case command_line.ShowUnderlying(underlying):
                self.select(underlying)
                self.open_screen("chain")
            case command_line.OpenTicket() | command_line.OpenKeptTicket():
                self.run_order(command)
            case command_line.OpenScreen(name, underlying):
                if underlying is not None:
                    self.select(underlying)
                self.open_screen(name)
            case command_line.ShowRisk():
                self.call_later(self._show_risk, command)
            case command_line.Perform(action):
                await self.perform(action.id)
            case _:
                self._set_up(command)

    def _set_up(self, command: command_line.Command) -> None:
        """What is about the terminal itself."""
        match command:
            case command_line.UseTheme(name):
                self.try_theme(name)
            case command_line.SteerReplay(words):
                self.player.use(words)
            case command_line.UseWorkspace():
                self.keeper.use(command)

    async def perform(self, action_id: str) -> None:
        """Do an action of the registry: `scope.name` is `action_name` of the app, the screen or the focused table."""
        scope, _, name = action_id.partition(".")
        if self._refused(action_id):
            return
        if scope == "app" and name in NAMES:
            self.open_screen(name)
            return
        target = {"app": self, "grid": self.focused, "replay": self.player}.get(scope, self.screen)
        method = getattr(target, f"action_{name}", None)
        if method is None:
            self.notify(f"{action_id} does nothing here.", severity="warning")
            return
        answer = method()
        if inspect.isawaitable(answer):
            await answer

    def _refused(self, action_id: str) -> bool:
        """Whether a read-only terminal does not do that; it is told."""
        if not self._session.read_only:
            return False
        action = next((one for one in ACTIONS if one.id == action_id and one.acts), None)
        if action is not None:
            how = "`optionix web --allow-trading` lets pages act" if self.is_web else "start without --read-only to act"
            self.notify(
                f"{action.label}: nothing is written and nothing is sent; {how}.",
                title="Read-only",
                severity="warning",
                markup=False,
            )
        return action is not None

    def action_workspace(self) -> None:
        """Save under the name that it has; ask for one first where it has none."""
        if self.keeper.name is None:
            self.open_command(proposed(None))
        else:
            self.keeper.save(self.keeper.name)

    def frame_opened(self, frame: FrameScreen) -> None:
        """A screen is there for the first time."""
        self.keeper.frame_opened(frame)

    def action_last_view(self) -> None:
        """The view before this one."""
        if self._last_view is None:
            return
        mode, selection = self._last_view
        self._last_view = (self.current_mode, self.selection_shown())
        if selection != self.selection_shown():
            self._session.selection = selection
            self.selection_changed(selection)
        if mode != self.current_mode:
            self.switch_mode(mode)

    async def action_back(self) -> None:
        """Take back what the screen has narrowed, such as a filter."""
        take_back = getattr(self.screen, "take_back", None)
        if take_back is not None:
            take_back()

    def action_copy(self) -> None:
        """Copy the command that gives this view (OSC 52), and show it."""
        line = getattr(self.screen, "command_line", None)
        if line is not None:
            text = str(line())
            self.copy_to_clipboard(text)
            self.notify(text, title="Copied", markup=False)

    def action_export(self) -> None:
        """Write what the screen shows to a file."""
        from screens.export import ExportDialog

        frame = self.frame
        if frame is None:
            return
        session = self._session
        stem = f"{frame.SCOPE}-{session.account}-{session.now:%Y%m%d-%H%M%S}"
        kinds: dict[str, Callable[[], str]] = dict(frame.exports())
        kinds |= {kind: partial(self._drawn, frame, kind) for kind in ("svg", "txt")}

        def wrote(path: str | None) -> None:
            if path is not None:
                self.notify(path, title="Written", timeout=8, markup=False)

        self.push_screen(ExportDialog(frame.TITLE_TEXT, stem, kinds), wrote)

    def _drawn(self, frame: FrameScreen, kind: str) -> str:
        """Asked for in another thread: the screen under the dialog, drawn in its own."""
        from optionix_tui.drawing import screen_svg, screen_text

        return self.call_from_thread(screen_svg if kind == "svg" else screen_text, self, frame)

    def set_stage(self, stage: Stage) -> None:
        """Put other legs together and show it."""
        self._session.stage = stage
        frame = self.frame
        if frame is not None:
            frame.session_changed()

    def open_pricer(self, legs: Sequence[StagedLeg]) -> None:
        """Show what legs are worth and what would change it."""
        self._session.priced = tuple(legs)
        self.open_screen("pricer")

    def _price_option(self, symbol: str) -> None:
        from screens.stage import StagedLeg

        self.open_pricer([StagedLeg(symbol, 1)])

    def action_command(self) -> None:
        """Open the command line."""
        self.open_command()

    def open_command(self, line: str = "") -> None:
        """Open the command line, with a beginning."""
        from screens.command import CommandDialog

        async def run(written: str | None) -> None:
            if written is not None:
                await self.run_line(written)

        self.push_screen(CommandDialog(line), run)

    def action_kill(self) -> None:
        """The kill switch, over whatever is shown."""
        from screens.kill import KillDialog

        if not isinstance(self.screen, KillDialog):
            self.push_screen(KillDialog())

    def action_palette(self) -> None:
        """The command line lists everything that can be done."""
        self.action_command()

    def action_help(self) -> None:
        """Every key that works here."""
        from screens.help import HelpDialog

        def chosen(action: str | None) -> None:
            if action is not None:
                self.call_later(self.perform, action)

        frame = self.frame
        if frame is not None:
            self.push_screen(HelpDialog(frame.TITLE_TEXT, self.hints(frame.scopes, all_actions=True)), chosen)

    def action_redraw(self) -> None:
        """Draw everything anew."""
        self.refresh(layout=True)
