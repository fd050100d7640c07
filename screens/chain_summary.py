"""The two lines of words on the chain screen: the expiry as a whole, and the option under the cursor."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from optionix_core.market.units import theta_per_day, vega_per_point, volatility_points
from widgets import figures
from widgets.info_line import Piece

if TYPE_CHECKING:
    from optionix_core.errors import OptionixError
    from optionix_core.services.chain_filter import ChainFilter
    from optionix_core.services.chain_view import ChainRow, ChainView, SideRow

CARRY_FROM_DAYS = 7
"""Over fewer days a tick of the spot moves the implied yield by whole percents a year."""


def _fact(label: str, value: str, rank: int, tone: str = "plain") -> list[Piece]:
    return [Piece(label, "muted", rank), Piece(value, tone, rank, joined=True)]


def summary_pieces(
    view: ChainView, chosen: ChainFilter, problem: OptionixError | None, layout: str = ""
) -> tuple[Piece, ...]:
    """Underlying, expiry, forward, expected move, volatilities, rates; what has no answer is left out."""
    pieces = [Piece(view.underlying, "strong", 0), Piece(f"{view.expiry:%d %b %y}", "accent", 0)]
    pieces.append(Piece(f"{view.days}d", "plain", 0, joined=True))
    if problem is not None:
        return (*pieces, Piece("✗", "alert", 0), Piece(str(problem), "alert", 0, joined=True))
    pieces.append(Piece(f"{view.settlement}", "muted", 6, joined=True))
    pieces += [*_level(view), *_volatilities(view), *_yields(view), *_oddities(view)]
    if layout:
        pieces.append(Piece(f" {layout} ", "chip", 5, action="chain.next_layout"))
    if chosen.text:
        pieces.append(Piece(f" / {chosen.text} ", "chip", 0, action="chain.filter"))
    return tuple(pieces)


def _level(view: ChainView) -> list[Piece]:
    """Forward and expected move; the spot too where the header's is not the one that was used."""
    pieces = []
    if view.spot_source == "implied":
        pieces += [*_fact("spot", figures.price(view.spot), 2), Piece("implied", "warn", 2, joined=True)]
    pieces += _fact("fwd", figures.price(view.forward), 1)
    if view.expected_move is not None:
        pieces += [Piece(f"±{view.expected_move:.1f}", "plain", 1), Piece("1σ", "muted", 1, joined=True)]
    return pieces


def _volatilities(view: ChainView) -> list[Piece]:
    pieces = []
    if view.at_the_money_volatility is not None:
        pieces += _fact("ATM", figures.points(volatility_points(view.at_the_money_volatility)), 2)
    realised = view.history.historical_volatility
    told = "no data" if realised is None else figures.points(volatility_points(realised))
    pieces += _fact("HV20", told, 3)
    if view.history.implied_volatility is not None:
        pieces += _fact("IV30", figures.points(volatility_points(view.history.implied_volatility)), 4)
    rank = "no data" if view.history.iv_rank is None else f"{100 * view.history.iv_rank:.0f}"
    pieces += _fact("IVR", rank, 3)
    return pieces


def _yields(view: ChainView) -> list[Piece]:
    pieces = []
    if view.rate is not None:
        pieces += _fact("r", f"{view.rate:.2%}", 4)
    if view.carry is not None and view.days >= CARRY_FROM_DAYS:
        pieces += _fact("q", f"{view.carry:.2%}", 4)
    return pieces


def _oddities(view: ChainView) -> list[Piece]:
    pieces = []
    rejected = sum(side.rejected not in {None, "no instrument"} for row in view.rows for side in row.sides)
    if rejected:
        pieces += _fact("rejected", str(rejected), 5)
    odd = sum(bool(row.lint) for row in view.rows)
    if odd:
        pieces += _fact("lint", str(odd), 5)
    return pieces


def option_pieces(view: ChainView, row: ChainRow, side: SideRow, held: Decimal | None) -> tuple[Piece, ...]:
    """The option under the cursor: quote with sizes, volatility with its band, Greeks, position."""
    letter = "C" if side is row.call else "P"
    name = f"{view.root} {view.expiry:%d %b %y} {figures.strike(row.strike)} {letter}"
    pieces = [Piece(name, "title", 0)]
    if side.symbol is None:
        return (*pieces, Piece("not listed", "muted", 0))
    pieces += _fact("bid", figures.price(side.bid) + _size(side.bid_size), 1)
    pieces += _fact("ask", figures.price(side.ask) + _size(side.ask_size), 1)
    if held is not None and held != 0:
        pieces.append(Piece(f" holding {held:+.0f} ", "chip", 1))
    if side.rejected is not None:
        return (*pieces, Piece("rejected:", "warn", 0), Piece(side.rejected, "warn", 0, joined=True))
    if side.iv is not None:
        pieces += _fact("IV", figures.points(volatility_points(side.iv)), 2)
        if side.bid_iv is not None and side.ask_iv is not None:
            band = f"[{volatility_points(side.bid_iv):.1f} {volatility_points(side.ask_iv):.1f}]"
            pieces.append(Piece(band, "muted", 2, joined=True))
    pieces += _fact("Δ", figures.fraction(side.delta), 3)
    pieces += _fact("Γ", figures.gamma(side.gamma), 5)
    if side.theta is not None:
        pieces += _fact("Θ", f"{figures.fraction(theta_per_day(side.theta))}/day", 4)
    if side.vega is not None:
        pieces += _fact("V", f"{figures.fraction(vega_per_point(side.vega))}/pt", 5)
    if side.mid is not None and side.bid is not None and side.ask is not None and side.mid > 0:
        pieces += _fact("spread", f"{(side.ask - side.bid) / side.mid:.1%}", 6)
    if row.lint:
        pieces += _fact("lint", row.lint, 4, "warn")
    return tuple(pieces)


def _size(size: float | None) -> str:
    return "" if size is None else f"×{size:.0f}"
