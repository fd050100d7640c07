"""What the application does for its screens: selection, tickets, the command line, and the actions of scope `app`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, ClassVar

from textual.app import App
from textual.binding import Binding

from config.actions import ACTIONS
from config.screens import NAMES
from config.themes import THEMES
from optionix_core.errors import OptionixError
from optionix_tui import command_line
from optionix_tui.completion import Known, complete
from optionix_tui.themes import textual_theme
from screens.frame import FrameScreen, shown_key
from screens.host import Completion, Draft, Hint
from screens.session import Selection, Session
from widgets.figures import strike as strike_text

if TYPE_CHECKING:
    from textual.binding import BindingType

    from config.keymaps import KeyMap
    from optionix_core.services.fill_news import FillNews
    from optionix_core.services.lifecycle import VenueUpdate
    from optionix_core.trading.orders import OrderResult


def _typed_nowhere(key: str) -> bool:
    """Whether a key may come before entry lines: one stroke that writes no character."""
    return " " not in key and (key.startswith(("ctrl+", "alt+")) or re.fullmatch(r"f[0-9]+", key) is not None)


class HostApp(App[None]):
    """The application as screens see it (`screens.host.Host`)."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+k", "kill", show=False, priority=True, id="app.kill")]
    """Before everything else, entry lines and dialogs too; all other keys are looked up in the key map."""

    def __init__(self, session: Session, keymap: KeyMap, *, confirm: bool) -> None:
        """`confirm`: show the ticket also of an order that was typed with its price."""
        super().__init__()
        self.set_keymap({"app.kill": ",".join(key for key in keymap.of("app.kill") if _typed_nowhere(key))})
        self._session = session
        self._key_map = keymap
        self._confirm = confirm
        self._opened_at = session.now
        self._last_view: tuple[str, Selection] | None = None

    @property
    def session(self) -> Session:
        """What all screens share."""
        return self._session

    @property
    def frame(self) -> FrameScreen | None:
        """The full screen that is shown, under any dialog."""
        return next((screen for screen in reversed(self.screen_stack) if isinstance(screen, FrameScreen)), None)

    def selection_changed(self, selection: Selection) -> None:
        """The screens shall show something else."""
        raise NotImplementedError

    def log_changed(self) -> None:
        """We have written to the log ourselves."""
        raise NotImplementedError

    def use_theme(self, name: str) -> None:
        """Change the colours. Raises ThemeError for an unknown name."""
        chosen = textual_theme(name)
        self.register_theme(chosen)
        self.theme = chosen.name

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
        return shown_key(keys[0]) if keys else ""

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
        """Put the chain's cursor on an option, once its screen is there: it may never have been shown before."""
        if self.current_mode != "chain":
            self._last_view = (self.current_mode, self.selection_shown())
            await self.switch_mode("chain")
        from screens.chain import ChainScreen

        def place() -> None:
            if isinstance(self.frame, ChainScreen):
                self.frame.show_option(symbol)

        self.call_after_refresh(place)

    def open_ticket(self, draft: Draft) -> None:
        """Show a ticket, and its result as a notification."""
        from screens.ticket import TicketDialog

        if self._has_quotes():
            self.push_screen(TicketDialog(draft), self._tell_result)

    def _has_quotes(self) -> bool:
        if self._session.chain is None:
            self.notify("There are no quotes yet: wait for the feed.", severity="warning")
        return self._session.chain is not None

    def _send_as_typed(self, draft: Draft) -> None:
        """Send an order without a ticket. The line is one order: it has one client order id."""
        if not self._has_quotes():
            return
        workspace = self._session.workspace
        order_id = workspace.new_order_id()

        def send() -> None:
            from optionix_core.services import sending

            try:
                result = sending.send_at_once(
                    workspace, draft.side, draft.quantity, draft.symbol, draft.limit_price, order_id
                )
            except OptionixError as error:
                self.call_from_thread(self.notify, str(error), title="Not sent", severity="error", markup=False)
                return
            self.call_from_thread(self._tell_result, result)

        self.run_worker(send, thread=True, group="submit", exit_on_error=False)

    def _tell_result(self, result: OrderResult | None) -> None:
        if result is None:
            return
        from screens.ticket_text import result_title

        title, text, severity = result_title(result)
        self.notify(text, title=title, severity=severity, timeout=8, markup=False)
        self.log_changed()

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
            strikes=tuple(strike_text(one) for one in sorted(strikes, key=lambda one: abs(one - (money or 0.0)))),
            actions=tuple(
                (action, shown_key(self._key_map.of(action.id)[0]))
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
        match command:
            case command_line.ShowOption(symbol):
                self.show_option(symbol)
            case command_line.ShowUnderlying(underlying):
                self.select(underlying)
                self.open_screen("chain")
            case command_line.OpenTicket(side, quantity, symbol, limit):
                draft = Draft(side, symbol, quantity, limit)
                if limit is None or self._confirm:
                    self.open_ticket(draft)
                else:
                    self._send_as_typed(draft)
            case command_line.OpenScreen(name, underlying):
                if underlying is not None:
                    self.select(underlying)
                self.open_screen(name)
            case command_line.UseTheme(name):
                self.use_theme(name)
            case command_line.Perform(action):
                await self.perform(action.id)

    async def perform(self, action_id: str) -> None:
        """Do an action of the registry: `scope.name` is `action_name` of the app, the screen or the focused table."""
        scope, _, name = action_id.partition(".")
        if scope == "app" and name in NAMES:
            self.open_screen(name)
            return
        target = {"app": self, "grid": self.focused}.get(scope, self.screen)
        method = getattr(target, f"action_{name}", None)
        if method is None:
            self.notify(f"{action_id} does nothing here.", severity="warning")
            return
        answer = method()
        if inspect.isawaitable(answer):
            await answer

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

        frame = self.frame
        if frame is not None:
            self.push_screen(HelpDialog(frame.TITLE_TEXT, self.hints(frame.scopes, all_actions=True)))

    def action_next_theme(self) -> None:
        """The theme after this one."""
        names = [f"optionix-{name}" for name in THEMES]
        place = names.index(self.theme) + 1 if self.theme in names else 0
        self.use_theme(THEMES[place % len(THEMES)])
        self.notify(f"theme {THEMES[place % len(THEMES)]}", timeout=2)

    def action_redraw(self) -> None:
        """Draw everything anew."""
        self.refresh(layout=True)
