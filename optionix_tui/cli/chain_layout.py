"""How a chain is laid out for eyes: rows around the money, one-line titles, the smile as a picture."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from optionix_core.errors import MissingDataError
from optionix_tui.cli.output import Table

if TYPE_CHECKING:
    from optionix_core.volatility.solved import SolvedChain, SolvedSlice


def figure(value: float | None, digits: int, scale: float = 1.0) -> str:
    """A number with its digits and thousands; empty where there is none."""
    return "" if value is None else f"{value * scale:,.{digits}f}"


def around_the_forward(document: dict[str, Any], count: int) -> dict[str, Any]:
    """The document with `count` strikes on either side of each forward (of the middle where there is none)."""
    narrowed = []
    for expiry in document["expiries"]:
        rows = expiry["rows"]
        forward = expiry["forward"]
        below = len(rows) // 2 if forward is None else sum(row["strike"] < forward for row in rows)
        narrowed.append({**expiry, "rows": rows[max(0, below - count) : below + count]})
    return {**document, "expiries": narrowed}


def records(document: dict[str, Any]) -> list[dict[str, Any]]:
    """One flat row for each quote, in natural units."""
    return [
        {"expiry": expiry["expiry"], "root": expiry["root"], "strike": row["strike"], "type": side, **row[side]}
        for expiry in document["expiries"]
        for row in expiry["rows"]
        for side in ("call", "put")
        if row[side]["symbol"] is not None
    ]


def title(solved: SolvedChain) -> str:
    """Underlying, spot, source and moment on one line."""
    spot = "" if solved.chain.spot is None else f" {solved.chain.spot:,.2f}"
    return f"{solved.chain.underlying}{spot}, {solved.chain.source}, as of {solved.chain.as_of:%Y-%m-%d %H:%M:%S} UTC"


def table(solved: SolvedChain, document: dict[str, Any]) -> Table:
    """Calls, strike, puts, and why a quote has no volatility; volatilities in points."""

    def side(quote: dict[str, Any]) -> tuple[str, ...]:
        return (
            figure(quote["delta"], 2),
            figure(quote["iv"], 2, 100),
            figure(quote["bid"], 2),
            figure(quote["ask"], 2),
        )

    rows = []
    for expiry in document["expiries"]:
        for row in expiry["rows"]:
            reasons = "; ".join(
                f"{kind}: {row[kind]['rejected']}" for kind in ("call", "put") if row[kind]["rejected"] is not None
            )
            rows.append((*side(row["call"]), f"{row['strike']:g}", *reversed(side(row["put"])), reasons))
    (part, *rest) = solved.slices
    heading = title(solved)
    if not rest:
        forward, factor = figure(part.forward, 2) or "unknown", figure(part.discount_factor, 5) or "unknown"
        heading += f"\n{part.source.root} {part.source.expiry}, {part.days} days, forward {forward}"
        heading += f", discount factor {factor}"
    headings = ("Δ", "IV", "bid", "ask", "strike", "ask", "bid", "IV", "Δ", "not used because")
    return Table(headings, rows, title=heading, left=frozenset({9}))


def plot_smile(part: SolvedSlice) -> None:
    """The smile of the out-of-the-money quotes, in points against strike."""
    import numpy as np
    import plotext

    smile = part.smile * 100
    known = np.isfinite(smile)
    if not known.any():
        raise MissingDataError(f"{part.source.root} {part.source.expiry} has no implied volatility to draw")
    canvas = plotext.figure
    canvas.clear()
    canvas.plot_size(100, 24)
    curve = canvas.signal(part.source.strikes[known].tolist(), smile[known].tolist(), marker="braille")
    canvas.draw(curve.lines())
    if part.forward is not None:
        canvas.line(part.forward, orientation=1, relative=False)
    canvas.title(f"{part.source.root} {part.source.expiry}: implied volatility in points by strike")
    sys.stdout.write(plotext.uncolorize(str(canvas.build())) + "\n")
