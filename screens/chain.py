"""The chain screen: an expiry streaming as it is filtered and laid out; what is traded, explained and written of it."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from config import chain_layouts
from config.errors import SettingsError
from optionix_core.errors import ConfigurationError, OptionixError
from optionix_core.services.chain_filter import EXAMPLES
from screens.chain_panes import PAYOFF, QUOTES, SMILE
from screens.chain_staging import ChainStaging
from screens.host import Draft
from widgets.expiry_tabs import ExpiryTabs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from screens.explanations import Explanation

LAYOUT_HINT = "NAME: column column ...   from the edge to the strike   (NAME: alone takes it away)"
_ALIASES = {
    "oi": "open_interest",
    "vol": "volume",
    "pos": "held",
    "theo": "value",
    "sprd": "spread",
    "itm": "probability",
}


class ChainScreen(ChainStaging):
    """F2."""

    SCOPE: ClassVar[str] = "chain"
    TITLE_TEXT: ClassVar[str] = "F2 Chain"
    CSS_PATH = ["frame.tcss", "chain.tcss"]  # noqa: RUF012 - Textual declares it as a plain list

    # Panes, layout, filter

    def action_next_pane(self) -> None:
        """Mark the pane after this one."""
        self.panes.step(1)

    def action_previous_pane(self) -> None:
        """Mark the pane before this one."""
        self.panes.step(-1)

    def action_zoom(self) -> None:
        """The marked pane alone, or with the others."""
        self.panes.zoom()

    def on_panes_marked(self) -> None:
        """Other keys work; what was hidden is drawn."""
        self.refresh_footer()
        if self.is_mounted:
            self.session_changed()

    def take_back(self) -> None:
        """Bring the other panes back, else take the filter away."""
        if self.panes.zoomed:
            self.panes.zoom()
        elif self.filter.text:
            self.use_filter("")
        self.tell("")

    def action_filter(self) -> None:
        """Open the entry line for a filter."""
        self.write(self.filter.text, EXAMPLES, self.use_filter)

    def action_next_layout(self) -> None:
        """The columns of the next layout."""
        self.use_layout(self.layouts.after(self.columns_chosen.name))

    def action_previous_layout(self) -> None:
        """The columns of the layout before."""
        self.use_layout(self.layouts.after(self.columns_chosen.name, -1))

    def use_words(self, what: str, text: str) -> None:
        """Stage a strategy, use a layout or a filter as a command line says; a mistake is told in place."""
        acts = {"stage": self.place, "layout": self.use_layout, "filter": self.use_filter}
        try:
            acts[what](text)
        except OptionixError as error:
            self.told(error)

    def action_edit_layout(self) -> None:
        """Open the entry line for a layout of one's own, with the columns that are shown."""
        name = self.columns_chosen.name
        own = name if name in self.layouts.own else f"my-{name}"
        self.write(f"{own}: {' '.join(self.layouts.columns(name))}", LAYOUT_HINT, self.keep_layout)

    def keep_layout(self, text: str) -> None:
        """Write a layout into the user's file and show it; a name alone takes it away.

        Raises ConfigurationError for what cannot be a layout, ReadOnlyError in a home that may not be written.
        """
        from optionix_core.services.chains import write_whole

        name, colon, rest = text.partition(":")
        name = name.strip()
        if not colon:
            raise ConfigurationError(f"a layout is written as NAME: column column ... (got {text.strip()!r})")
        home = self.session.workspace.home
        home.check_writable("layouts")
        path = home.config / chain_layouts.FILE_NAME
        words = [_ALIASES.get(word.lower(), word.lower()) for word in rest.replace(",", " ").split()]
        try:
            before = path.read_text(encoding="utf-8") if path.is_file() else ""
            chain_layouts.read(before, str(path))  # a file that is wrong already is not written over
            if words:
                after = chain_layouts.with_layout(before, name, words)
            elif name in self.layouts.own:
                after = chain_layouts.without_layout(before, name)
            else:
                own = ", ".join(sorted(self.layouts.own)) or "none"
                raise ConfigurationError(f"{name!r} is no layout of yours (yours: {own})")
        except (SettingsError, OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(str(error)) from error
        write_whole(path, after.encode())
        self.layouts = chain_layouts.load(path)
        self.use_layout(name if name in self.layouts.layouts else chain_layouts.DEFAULT)

    # Choosing

    def on_expiry_tabs_chosen(self, event: ExpiryTabs.Chosen) -> None:
        """A tab was clicked."""
        view = self.session.chain
        for tab in view.expiries if view is not None else ():
            if f"{tab.expiry} {tab.root}" == event.key:
                self.host.select(expiry=tab.expiry, root=tab.root)

    def action_next_expiry(self) -> None:
        """The expiry after this one."""
        self._step_expiry(1)

    def action_previous_expiry(self) -> None:
        """The expiry before this one."""
        self._step_expiry(-1)

    def _step_expiry(self, step: int) -> None:
        view, wanted = self.session.chain, self.session.selection
        if view is None:
            return
        if wanted.underlying not in {None, view.underlying}:
            self.host.select(underlying=wanted.underlying)
            return
        here = (wanted.expiry or view.expiry, wanted.root or view.root)
        places = [(tab.expiry, tab.root) for tab in self.filter.expiries(view.expiries)]
        if here in places:
            place = places.index(here) + step
        else:  # one that is not among them: the nearest on that side of it
            place = sum(expiry < here[0] for expiry, _ in places) + min(step, 0)
        if 0 <= place < len(places):
            self.host.select(expiry=places[place][0], root=places[place][1])

    def action_next_underlying(self) -> None:
        """The underlying after this one."""
        self.step_underlying(1)

    def action_previous_underlying(self) -> None:
        """The underlying before this one."""
        self.step_underlying(-1)

    def action_at_the_money(self) -> None:
        """Cursor to the strike nearest the forward."""
        view = self.shown
        if view is not None and view.at_the_money is not None:
            self.panes.quotes.move_to_key(view.at_the_money, centre=True)

    # The option under the cursor

    def action_buy(self) -> None:
        """A ticket to buy at the ask."""
        self.trade("buy")

    def action_sell(self) -> None:
        """A ticket to sell at the bid."""
        self.trade("sell")

    def trade(self, way: str) -> None:
        """A ticket for the option under the cursor."""
        place = self.under_cursor()
        if place is None or place[2].symbol is None:
            there = "There is no option under the cursor." if self.session.chain else "There are no quotes yet."
            self.notify(there, severity="warning")
            return
        side = place[2]
        touch = side.ask if way == "buy" else side.bid
        limit = None if touch is None else Decimal(repr(touch))
        self.host.open_ticket(Draft(way, place[2].symbol, 1, limit))

    def action_explain(self) -> None:
        """Where the numbers of the marked pane, or the one under the cursor, come from."""
        told = self.explanation()
        if told is not None:
            from screens.explain import ExplainDialog

            self.app.push_screen(ExplainDialog(told))

    def explanation(self) -> Explanation | None:
        """Of the marked pane; of the table, of the cell under the cursor."""
        from screens.chain_explanations import explain_cell, explain_smile, explain_stage

        view, marked, now = self.shown, self.panes.marked, self.session.now
        if view is None:
            return None
        if marked == SMILE:
            return explain_smile(view, now)
        if marked != QUOTES and (self.session.stage or marked != PAYOFF):
            return explain_stage(self.session.stage, self.staged, self.stage_price(), self.stage_problem, now)
        place = self.under_cursor()
        return None if place is None else explain_cell(*place, now, payoff=marked == PAYOFF)

    # What is written

    def exports(self) -> Mapping[str, Callable[[], str]]:
        """The rows that are shown as CSV; rows, smile and stage as JSON."""
        from optionix_core.services import chain_export

        view, staged = self.shown, self.staged
        if view is None:
            return {}
        chosen, columns = self.filter, self.columns_chosen.fields
        held = {} if self.session.book is None else dict(self.session.book.held)
        return {
            "csv": partial(chain_export.csv_text, view, chosen, columns, held),
            "json": partial(chain_export.json_text, view, chosen, columns, held, staged),
        }

    def command_line(self) -> str:
        """The command that gives this view."""
        view = self.session.chain
        feed = self.session.workspace.feed_name
        root = "optionix" if feed == "sim" else f"optionix --feed {feed}"
        if view is None:
            return f"{root} screen chain --print"
        several = len([tab for tab in view.expiries if tab.expiry == view.expiry]) > 1
        which = f"--expiry {view.expiry}{f' --root {view.root}' if several else ''}"
        words = [f"{root} screen chain --underlying {view.underlying} {which}"]
        if self.columns_chosen.name != chain_layouts.DEFAULT:
            words.append(f"--with layout={self.columns_chosen.name}")
        if self.filter.text:
            words.append(f"--with 'filter={self.filter.text}'")
        return " ".join([*words, "--print"])
