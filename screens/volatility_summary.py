"""The two lines of words on the volatility screen: the surface as a whole, and the quote under the cursor. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optionix_core.market.units import volatility_points
from widgets import figures
from widgets.info_line import Piece

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.errors import OptionixError
    from optionix_core.services.surface_smile import SmileQuote
    from optionix_core.services.surface_view import SurfaceView
    from optionix_core.volatility.surface.smiles import SurfaceSlice
    from screens.volatility_refit import Wanted


def _fact(label: str, value: str, rank: int, tone: str = "plain") -> list[Piece]:
    return [Piece(label, "muted", rank), Piece(value, tone, rank, joined=True)]


def surface_pieces(
    view: SurfaceView, now: datetime, problem: OptionixError | None, *, held: bool, wanted: str, step: str = ""
) -> tuple[Piece, ...]:
    """Model, quality, age, the three answers, standing; `wanted` is the model asked for, `step` what else runs."""
    found, answers = view.found, view.answers
    pieces = [Piece(view.underlying, "strong", 0), Piece(f" {view.model} ", "chip", 0, joined=True)]
    if problem is not None:
        return (*pieces, Piece("✗", "alert", 0), Piece(str(problem), "alert", 0, joined=True))
    if wanted != view.model:
        pieces.append(Piece(f"◌ fitting {wanted}", "accent", 0))
    if step:
        pieces.append(Piece(f"◌ {step}", "accent", 0))
    if held:
        pieces.append(Piece(" HELD ", "chip", 0))
    pieces += _fact("rmse", f"{found.rmse_vol_points:.2f}vp", 2)
    pieces += _fact("inside", f"{found.inside_bid_ask:.0%}", 1)
    if found.seconds is not None:
        pieces += _fact("fit", f"{found.seconds:.2f}s", 4)
    age = figures.age(view.age(now))
    pieces += _fact("age", f"{age} STALE" if view.is_stale(now) else age, 3, "warn" if view.is_stale(now) else "plain")
    pieces.append(Piece("│", "rule", 2))
    pieces += _fact("arbitrage: fit", _count(len(answers.fit)), 1, "alert" if answers.fit else "plain")
    sure = answers.quote_count or 0
    pieces += _fact("quotes net of spread", _count(sure), 1, "warn" if sure else "plain")
    values = answers.mispricings or ()
    rich = sum(one.kind == "rich" for one in values)
    pieces += _fact("rich, cheap", f"{rich}, {len(values) - rich}", 5)
    if view.past.standing is not None:
        pieces += _fact("IVR", f"{100 * view.past.standing.rank:.0f}", 6)
        pieces += _fact("IVP", f"{100 * view.past.standing.percentile:.0f}", 7)
    if found.surface.skipped:
        pieces += _fact("skipped", str(len(found.surface.skipped)), 6)
    return tuple(pieces)


def _count(number: int) -> str:
    return "none" if not number else str(number)


def quote_pieces(view: SurfaceView, place: int, quote: SmileQuote | None) -> tuple[Piece, ...]:
    """The quote under the cursor beside the smile, and the expiry's figures."""
    item, told = view.found.surface.slices[place], view.summaries[place]
    expiry = f"{item.root} {item.expiry:%d %b %y}"
    if quote is None:
        return (Piece(expiry, "title", 0), Piece("no quotes beside the smile", "muted", 0))
    letter = "C" if quote.option_type == "call" else "P"
    pieces = [Piece(item.root, "title", 3)]
    pieces.append(Piece(f"{item.expiry:%d %b %y} {figures.strike(quote.strike)} {letter}", "title", 0))
    pieces += _fact("IV", figures.points(volatility_points(quote.iv)), 1)
    low = "·" if quote.bid_iv is None else f"{volatility_points(quote.bid_iv):.1f}"
    pieces.append(Piece(f"[{low} {volatility_points(quote.ask_iv):.1f}]", "muted", 1, joined=True))
    pieces += _fact("fit", f"{volatility_points(quote.fit_iv):.2f}", 1)
    if quote.beyond:
        word, tone = ("rich", "up") if quote.beyond > 0 else ("cheap", "down")
        pieces.append(Piece(f"{word} {abs(quote.beyond):.3f}", tone, 1))
    else:
        pieces.append(Piece("inside", "muted", 4))
    pieces += _fact("bid", figures.price(quote.bid), 2)
    pieces += _fact("ask", figures.price(quote.ask), 2)
    pieces += _fact("fair", f"{quote.fair:.3f}", 2)
    pieces += _fact("Δ", figures.fraction(quote.delta), 3)
    pieces += _fact("ATM", f"{volatility_points(told.at_the_money):.2f}", 5)
    if told.risk_reversal_25 is not None and told.butterfly_25 is not None:
        pieces += _fact("RR25", f"{volatility_points(told.risk_reversal_25):+.2f}", 5)
        pieces += _fact("BF25", f"{volatility_points(told.butterfly_25):+.2f}", 6)
    return tuple(pieces)


_PLOTS = {"smile": "smile", "term": "term", "heat": "variance", "density": "density"}
"""What `optionix surface plot` calls a pane."""


def pane_command(feed: str, wanted: Wanted | None, item: SurfaceSlice | None, marked: str, family: str = "") -> str:
    """The command that gives the pane `marked`.

    `item` is the chosen expiry, None where there is no surface; `family` the model that is calibrated.
    """
    root = "optionix" if feed == "sim" else f"optionix --feed {feed}"
    if wanted is None:
        return f"{root} screen volatility --print"
    if marked == "models":
        return f"{root} calibrate {family} {wanted.underlying}"
    what = f"--feed {wanted.underlying} --model {wanted.model}"
    if marked not in _PLOTS:
        return f"{root} surface {'check' if marked == 'findings' else 'show'} {what}"
    line = f"{root} surface plot {what} --plot {_PLOTS[marked]}"
    if item is None or marked not in {"smile", "density"}:
        return line
    return f"{line} --expiry {item.expiry} --root {item.root}"
