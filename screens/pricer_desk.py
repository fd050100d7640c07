"""What the pricer shows: the contract or legs that were asked for, at the market or moved from it, and their panes.

What can be done with it is in `pricer`. Prompt contracts are computed where they are shown, once their kernels are
loaded; all else is asked for in the background: legs' quotes, the smile, slow prices, the comparison of methods.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, cast

from optionix_core.errors import OptionixError
from screens import pricer_text as words
from screens.chain_trouble import trouble_text
from screens.entry import EntryLine
from screens.pricer_case import ContractCase, LegsCase
from screens.pricer_columns import greek_rows, method_rows
from screens.pricer_market import PricerMarket
from screens.pricer_panes import PricerPanes
from screens.pricer_plots import grid_heat, payoff_plot
from screens.pricer_sliders import sliders
from widgets.info_line import InfoLine, Piece
from widgets.slider import Sliders

if TYPE_CHECKING:
    from textual.timer import Timer
    from textual.widget import Widget

    from optionix_core.services.price_options import PriceOptions
    from optionix_core.services.what_if import ContractView, Density, GridBy
    from optionix_core.services.what_if_legs import LegsView
    from optionix_core.services.what_if_methods import MethodRow
    from screens.background import Background


LEGEND_FROM = 110
"""Columns from which the picture has room to say what its density is."""
SLOW_EVERY = timedelta(seconds=1)
"""How often a slow price follows the market at most; less often the longer it takes."""
STANDING = 0.15
"""Seconds after its last move that an input counts as standing."""


class PricerDesk(PricerMarket):
    """The price as it is computed; nothing here listens to keys."""

    AUTO_FOCUS = ""
    CSS_PATH = ["frame.tcss", "pricer.tcss"]  # noqa: RUF012 - Textual declares it as a plain list

    def __init__(self) -> None:
        super().__init__()
        self._failure: OptionixError | None = None
        """Why the case as it stands has no price."""
        self._drawn: object = None
        self._input = "spot"
        self._slow: object = None
        """The slow price that was asked for last."""
        self._halted: object = None
        """The one that the user has cancelled: it is not asked for again by itself."""
        self._density_source = ""
        self._by: GridBy = "volatility"
        self._moving: Timer | None = None
        """Runs while an input is being moved: the grid waits until it stands."""
        self._days: tuple[float, ...] | None = None
        """Days from now of the curves between; None: thirds of the time."""
        self._loaded: set[tuple[str, ...]] = set()
        """Contracts, models and methods whose kernels have run once."""
        self._work: Background[ContractView]
        self._compared: Background[tuple[MethodRow, ...]]
        self._compared_for: object = None
        self._compared_options: PriceOptions | None = None

    def body(self) -> Iterable[Widget]:
        """What is priced, its inputs, what it is worth, the panes, and the entry line."""
        yield InfoLine(widget_id="case")
        yield Sliders(widget_id="sliders")
        yield InfoLine(widget_id="worth")
        yield PricerPanes(widget_id="panes")
        yield EntryLine()

    def on_mount(self) -> None:
        """Start with the picture."""
        super().on_mount()
        self._work = self.background("price")
        self._compared = self.background("methods")
        self._panes.fit_into(*self.app.size)
        self.session_changed()

    def on_resize(self) -> None:
        """Show as many panes as there is room for."""
        self._panes.fit_into(*self.app.size)
        self._drawn = None
        if self.is_mounted and hasattr(self, "_work") and self._panes.complete:
            self._show()

    def keys_back(self) -> Widget | None:
        """The marked pane's table, or the sliders."""
        return self._panes.widget_of(self._panes.marked) if self._panes.marked in {"greeks", "methods"} else None

    def leave_entry(self) -> None:
        """Close the entry line; other keys work."""
        super().leave_entry()
        self.refresh_footer()

    @property
    def _panes(self) -> PricerPanes:
        return self.query_one("#panes", PricerPanes)

    @property
    def settled(self) -> bool:
        """Whether everything that was asked for is there."""
        if not hasattr(self, "_work"):
            return False  # it is still being put together
        busy = (self._work, self._smile, self._quotes, self._compared, self._calibrated)
        asked = any(one.running for one in busy) or self._moving is not None
        return not asked and (self._view is not None or self._case is not None)

    @property
    def trouble(self) -> OptionixError | None:
        """Why there is no price."""
        return self._trouble or self._failure

    def session_changed(self) -> None:
        """Quotes have moved, or something else was asked for."""
        if not self._panes.complete:
            self.call_after_refresh(self.session_changed)
            return
        self._follow()
        self._show()

    # The price

    def _density(self) -> Density | str:
        """Where the price may end: of the smile at the market, else of the model as it was moved."""
        case, view = self._case, self._view
        if view is None or case is None:
            return "no price"
        surface = self._ask_smile()
        if isinstance(case, ContractCase) and surface is not None and not case.moved:
            from optionix_core.services.what_if_legs import smile_density

            return smile_density(surface, surface.slices[0].years)
        return view.density

    def _compute(self) -> None:
        """The view of the case as it stands: at once where that is prompt, else in the background."""
        case = self._case
        if case is None or case.lacking:
            self._view = self._failure = None
            return
        by = self._grid_by()
        dates = None if self._days is None else tuple(days / 365.0 for days in self._days)
        try:
            if isinstance(case, LegsCase):
                self._view = self._legs_view(case, dates, by)
            else:
                self._view = self._contract_view(case, dates, by) or self._view
            self._failure = None
        except OptionixError as error:
            self._view, self._failure = None, error

    def _grid_by(self) -> GridBy | None:
        """What the grid's lines are; None where it is not shown, or waits for an input to stand."""
        return self._by if self._panes.showing("moves") and self._moving is None else None

    def _move(self) -> None:
        """An input moves: picture and figures follow at once, the grid when it has stood for a moment."""
        if self._moving is not None:
            self._moving.stop()
        self._moving = self.set_timer(STANDING, self._stand)
        self._show()

    def _stand(self) -> None:
        self._moving = None
        self._show()

    def _legs_view(self, case: LegsCase, dates: tuple[float, ...] | None, by: GridBy | None) -> LegsView:
        from optionix_core.services.what_if_legs import legs_view

        surface = self._ask_smile() if not case.moved else None
        left = case.link.terms.nearest - case.moves.elapsed
        between = dates and tuple(one for one in dates if 0.0 < one < left)
        return legs_view(case.link, case.moves, dates=between, by=by, surface=surface)

    def _contract_view(
        self, case: ContractCase, dates: tuple[float, ...] | None, by: GridBy | None
    ) -> ContractView | None:
        """None while it is computed in the background for the first time."""
        from optionix_core.services import what_if
        from optionix_core.services.price_options import model_kind

        options = case.options
        centre = case.anchors.get("spot") if options.spots is None else None
        between = dates and tuple(one for one in dates if 0.0 < one < (options.expiry or 0.0))
        work = partial(what_if.contract_view, options, dates=between, by=by, centre=centre)
        family = (options.kind, model_kind(options), options.method or "")
        if family in self._loaded:
            return work()
        # What is slow follows the market at its own pace: a tick must not cancel what the user asked for.
        key = (case.origin if case.link is None else case.link.symbol, case.chosen, case.moved, self._days, by)
        if key == self._halted:
            return None
        self._slow = key
        self._work.ask(key, lambda progress, cancel: work(progress=progress, cancel=cancel), every=SLOW_EVERY)
        if self._work.key != key:
            return None
        if self._work.problem is not None:
            raise self._work.problem
        if what_if.is_prompt(options):
            self._loaded.add(family)
        return self._work.answer

    # What is shown

    def _state(self) -> tuple[object, ...]:
        """Everything that the picture depends on."""
        by = self._grid_by()
        work, smile = self._work, self._smile
        return (self._case, self._days, by, smile.answer, smile.key, work.answer, work.problem, self._trouble)

    def _show(self) -> None:
        state = self._state()
        if state != self._drawn:
            self._compute()
            self._draw()
            self._drawn = self._state()
        self._show_case()
        self._show_methods()

    def _draw(self) -> None:
        case, view = self._case, self._view
        if case is not None:
            self.query_one("#sliders", Sliders).show(sliders(case), self._marked_input())
        else:
            self.query_one("#sliders", Sliders).show((), "")
        if case is None or view is None:
            self._show_nothing()
            return
        density = self._density()
        self._density_source = "" if isinstance(density, str) else density.source
        if isinstance(case, LegsCase):
            self._draw_legs(cast("LegsView", view))
        else:
            self._draw_contract(case, cast("ContractView", view), density)
        if self._moving is None:
            self._panes.show_moves(grid_heat(view.grid, money=isinstance(case, LegsCase)))

    def _draw_contract(self, case: ContractCase, view: ContractView, density: Density | str) -> None:
        mid = None if case.link is None else case.link.mid
        pieces = words.worth_pieces(view, mid, unmoved=not case.moved and not case.chosen)
        self.query_one("#worth", InfoLine).show(pieces)
        spot = view.asked.market.spots[0]
        self._panes.show_payoff(payoff_plot(view.picture, density, spot, money=False))
        size = None
        if self._quantity is not None and case.link is not None:
            size = float(self._quantity) * case.link.multiplier
        from optionix_core.services.what_if import greek_rows as greeks_of

        self._panes.show_greeks(greek_rows(greeks_of(view.result), size), "no Greeks")

    def _draw_legs(self, view: LegsView) -> None:
        self.query_one("#worth", InfoLine).show(words.legs_worth_pieces(view))
        spot = view.market.terms.spot if view.moves.spot is None else view.moves.spot
        found = () if view.report is None else view.report.breakevens
        plot = payoff_plot(view.picture, view.density, spot, money=True, breakevens=found, title="Profit")
        self._panes.show_payoff(plot)
        self._panes.show_greeks(greek_rows(view.greeks, None), "no Greeks")

    def _show_case(self) -> None:
        case, line = self._case, self.query_one("#case", InfoLine)
        told = "" if self._trouble is None else f"✗ {self._trouble}"
        if isinstance(case, LegsCase):
            line.show(words.legs_pieces(case.link, case, told))
        elif case is not None:
            pieces = words.contract_pieces(case, self._quantity, told or self._progress())
            if self.app.size.width < LEGEND_FROM and self._density_source:
                pieces.append(Piece(f"density {self._density_source.partition(' (')[0]}", "muted", 2))
            line.show(pieces)
        elif self._trouble is not None:
            line.show([Piece("✗ no price", "alert"), Piece(str(self._trouble), "alert", 1)])
        else:
            warming = self.session.warming
            step = "reading the quotes of the legs" if self._legs else "waiting for quotes"
            line.show([Piece("◌", "chip"), Piece(step if warming is None else warming.step, "plain", joined=True)])

    def _progress(self) -> str:
        """How far a slow price is."""
        work = self._work
        if not work.running:
            stopped = self._halted is not None and self._halted == self._slow
            return f"cancelled: {self.host.key_of('pricer.compare')} prices again" if stopped else ""
        return f"◌ pricing {work.done}/{work.total}" if work.total else "◌ pricing"

    def _show_nothing(self) -> None:
        case, trouble = self._case, self.trouble
        if trouble is not None:
            why = str(trouble) if case is not None else trouble_text(trouble, self.session, self.host)
            pieces = [Piece("✗", "alert"), Piece(str(trouble), "alert", joined=True)]
        elif isinstance(case, ContractCase) and case.lacking:
            why = f"needs {', '.join(case.lacking)}"
            key = self.host.key_of("pricer.request")
            typing = self.host.key_of("pricer.type_value")
            pieces = words.lacking_pieces(case, f"{typing} types an input, {key} the rest")
        else:
            why = (self._progress() or "pricing") if case is not None else "nothing to price yet"
            pieces = [Piece(why, "muted")]
        self.query_one("#worth", InfoLine).show(pieces)
        self._panes.show_nothing(why)

    def _marked_input(self) -> str:
        """The input that keys move; the first where the one that was has gone."""
        names = [] if self._case is None else [item.name for item in self._case.inputs]
        if self._input not in names:
            self._input = names[0] if names else ""
        return self._input

    # Methods

    def _show_methods(self) -> None:
        case = self._case
        if isinstance(case, LegsCase):
            self._panes.show_methods((), "several legs are valued by Black-Scholes, each at its own volatility")
            self._panes.note_methods(())
            return
        if case is None or case.lacking or self._view is None:
            return
        self._compare(case, again=False)
        compared = self._compared
        key = self.host.key_of("pricer.compare")
        if compared.running:
            self._panes.show_methods((), f"◌ comparing {compared.done}/{compared.total}: {key} cancels")
        elif compared.problem is not None and compared.key == self._compared_for:
            self._panes.show_methods((), f"✗ {compared.problem}")
        elif compared.answer is not None and compared.key == self._compared_for:
            self._panes.show_methods(method_rows(compared.answer), "no method")
        else:
            self._panes.show_methods((), f"cancelled: {key} compares the methods")
        at = self._compared_options
        self._panes.note_methods(() if at is None else words.compared_pieces(at, case.options, key))

    def _compare(self, case: ContractCase, *, again: bool) -> None:
        """Ask for the methods of the case: by itself once for each contract and model, later when `again`."""
        from optionix_core.services import what_if_methods
        from optionix_core.services.price_options import model_kind

        options = case.options
        link = "" if case.link is None else case.link.symbol
        family = (link, options.kind, model_kind(options), options.type, options.strike, tuple(options.terms))
        if not again and isinstance(self._compared_for, tuple) and self._compared_for[0] == family:
            return
        self._compared_for, self._compared_options = (family, options), options
        clock = self.session.clock

        def seconds() -> float:
            """Of the workspace's clock."""
            return float(clock.now().timestamp())

        self._compared.again()
        self._compared.ask(
            self._compared_for,
            lambda progress, cancel: what_if_methods.methods(options, seconds, progress, cancel),
        )
