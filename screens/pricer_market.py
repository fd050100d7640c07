"""What the pricer follows: a listed option in the chain that is shown, legs in their chains, and the smile.

Drawing is `pricer_desk`'s, acting is `pricer`'s. Legs' quotes and the smile are asked for in the background.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from optionix_core.errors import MissingDataError, OptionixError
from screens.entry import EntryScreen
from screens.pricer_case import Case, ContractCase, LegsCase, linked

if TYPE_CHECKING:
    from optionix_core.services.chain_view import ChainView
    from optionix_core.services.chain_view import ChainViewer as Viewer
    from optionix_core.services.what_if import ContractView
    from optionix_core.services.what_if_legs import LegsView
    from optionix_core.services.what_if_legs_market import LegsMarket
    from optionix_core.services.what_if_models import CalibratedModel
    from optionix_core.volatility.surface.surface import VolatilitySurface
    from screens.background import Background
    from screens.stage import StagedLeg

LEGS_EVERY = timedelta(seconds=1)
SMILE_EVERY = timedelta(seconds=30)


class Wish(NamedTuple):
    """A listed option that is looked for in the chain that is shown: by its key, or near a strike."""

    symbol: str | None = None
    strike: float | None = None
    option_type: str = "call"


class PricerMarket(EntryScreen):
    """What is priced, where the market has it."""

    def __init__(self) -> None:
        super().__init__()
        self._case: Case | None = None
        self._wish: Wish | None = Wish()
        """None where the contract was typed, or where legs are priced."""
        self._legs: tuple[StagedLeg, ...] = ()
        self._asked: tuple[StagedLeg, ...] = ()
        """What `session.priced` said last."""
        self._quantity: Decimal | None = None
        self._view: ContractView | LegsView | None = None
        self._trouble: OptionixError | None = None
        self._chains: Viewer | None = None
        self._smile: Background[VolatilitySurface]
        self._quotes: Background[LegsMarket]
        self._calibrated: Background[CalibratedModel | None]
        self._wants_calibrated = False
        """Whether a model was chosen whose parameters may have been calibrated."""

    def on_mount(self) -> None:
        """Have what is asked for in the background."""
        super().on_mount()
        self._smile = self.background("smile")
        self._quotes = self.background("legs")
        self._calibrated = self.background("calibrated")

    def _follow(self) -> None:
        """Quotes have moved, or something else was asked for."""
        if self.session.priced is not self._asked:
            self._take(self.session.priced)
        if self._legs:
            self._follow_legs()
        elif self._wish is not None:
            self._follow_chain(self._wish)
        self._follow_calibration()

    def _take(self, legs: tuple[StagedLeg, ...]) -> None:
        """Price what another screen handed over."""
        from optionix_core.market import symbols

        self._asked = legs
        self._view = self._case = self._trouble = None
        self._legs, self._quantity, self._wish = (), None, Wish()
        if len(legs) == 1 and not symbols.is_share(legs[0].symbol):
            from optionix_core.market.products import product

            option = symbols.terms(legs[0].symbol)
            self._quantity = Decimal(legs[0].quantity)
            self._wish = Wish(legs[0].symbol)
            self.host.select(product(option.root).underlying, option.expiry, option.root)
        elif legs:
            self._legs, self._wish = legs, None

    def _follow_chain(self, wish: Wish) -> None:
        """Where the chain that is shown has the option that is wanted."""
        from optionix_core.services.what_if_market import market_of

        view = self.session.chain
        if view is None or not self.session.answered:
            self._trouble = self.session.problem
            return
        symbol = wanted_symbol(view, wish)
        if symbol is None:
            where = f"{view.underlying} {view.expiry:%d %b %y}"
            self._trouble = MissingDataError(f"{where} does not list {(wish.symbol or 'an option').strip()}")
            return
        self._trouble = None
        case = self._case
        link = case.link if isinstance(case, ContractCase) else None
        if link is not None and link.symbol == symbol and link.as_of == view.as_of:
            return
        found = market_of(view, symbol)
        if isinstance(case, ContractCase) and link is not None and link.symbol == symbol:
            self._case = case.following(found)
        else:
            kept = {} if not isinstance(case, ContractCase) else dict(case.chosen)
            self._case = linked(found).choose(**kept) if kept else linked(found)

    def _follow_calibration(self) -> None:
        """Parameters of the last calibration to the underlying, for a model that was chosen and has none yet."""
        case = self._case
        if not self._wants_calibrated or not isinstance(case, ContractCase) or case.link is None:
            return
        link, model = case.link, str(case.chosen.get("model"))
        key = (link.underlying, link.expiry, model)
        if self._calibrated.key != key:
            self._calibrated.ask(key, partial(self._read_calibration, key))
            return
        self._wants_calibrated = False
        found = self._calibrated.answer
        if found is None or self._calibrated.problem is not None or not case.lacking:
            return
        self._case = case.choose(terms={**case.options.terms, **found.terms})
        if found.volatility is not None:
            self._case = self._case.put("volatility", found.volatility)
        when = f"{found.time:%Y-%m-%d %H:%M} UTC, rmse {100.0 * found.rmse:.2f} points"
        self.notify(f"parameters of the calibration {found.id} of {when}", title=model, markup=False)

    def _read_calibration(self, key: tuple[Any, ...], progress: object, cancel: object) -> CalibratedModel | None:
        """In a thread of its own."""
        del progress, cancel
        from optionix_core.services.what_if_models import last_calibrated

        underlying, expiry, model = key
        return last_calibrated(self.session.workspace.home, self.session.clock, underlying, model, expiry)

    def _follow_legs(self) -> None:
        """Where the chains have the legs."""
        legs = self._legs
        self._quotes.ask(legs, partial(self._read_legs, legs), every=LEGS_EVERY)
        self._trouble = self._quotes.problem if self._quotes.key == legs else None
        found = self._quotes.answer
        if found is None or self._quotes.key != legs or self._trouble is not None:
            return
        case = self._case
        if not isinstance(case, LegsCase):
            from optionix_core.services.what_if_legs import STILL

            self._case = LegsCase(found, STILL)
        elif case.link is not found:
            self._case = case.following(found)

    def _read_legs(self, legs: tuple[StagedLeg, ...], progress: object, cancel: object) -> LegsMarket:
        """In a thread of its own."""
        del progress, cancel
        from optionix_core.services.chain_view import ChainViewer
        from optionix_core.services.what_if_legs_market import Asked, read_legs

        if self._chains is None or self._chains.feed is not self.session.workspace.feed:
            self._chains = ChainViewer(self.session.workspace.feed)
        asked = [Asked(leg.symbol, Decimal(leg.quantity)) for leg in legs]
        return read_legs(self._chains, asked, self.session.now)

    def _ask_smile(self) -> VolatilitySurface | None:
        """The fitted smile of the (nearest) expiry, where there is one; asked for now and then."""
        case = self._case
        link = None if case is None else case.link
        if link is None:
            return None
        if isinstance(case, LegsCase):
            key = (case.link.underlying, *(case.link.nearest or ()))
        else:
            key = (link.underlying, link.expiry, link.root)  # type: ignore[union-attr] # of an option
        self._smile.ask(key, partial(self._fit_smile, key), every=SMILE_EVERY)
        return self._smile.answer if self._smile.key == key and self._smile.problem is None else None

    def _fit_smile(self, key: tuple[Any, ...], progress: object, cancel: object) -> VolatilitySurface:
        """In a thread of its own."""
        del progress, cancel
        from optionix_core.services import surfaces

        underlying, expiry, root = key
        surfaces.prepare("svi")
        return surfaces.fit(self.session.workspace.feed.chain(underlying, self.session.now, expiry, root)).surface


def wanted_symbol(view: ChainView, wish: Wish) -> str | None:
    """The key of the option that is wanted in a chain; None where it lists none."""
    if wish.symbol is not None:
        return wish.symbol if view.side(wish.symbol) is not None else None
    level = wish.strike if wish.strike is not None else view.at_the_money
    sides = [(row.strike, row.call if wish.option_type == "call" else row.put) for row in view.rows]
    listed = [(strike, side.symbol) for strike, side in sides if side.symbol is not None]
    if level is None or not listed:
        return None
    return min(listed, key=lambda one: abs(one[0] - level))[1]
