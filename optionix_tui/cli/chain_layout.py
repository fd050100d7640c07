"""How a chain is laid out for eyes: rows around the money, one-line titles, the smile as a picture."""

from __future__ import annotations

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
    digits = max(2, decimals(document))

    def side(quote: dict[str, Any]) -> tuple[str, ...]:
        return (
            figure(quote["delta"], 2),
            figure(quote["iv"], 2, 100),
            figure(quote["bid"], digits),
            figure(quote["ask"], digits),
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
        days = f"{part.days} {'day' if part.days == 1 else 'days'}"
        heading += f"\n{part.source.root} {part.source.expiry}, {days}, forward {forward}, discount factor {factor}"
    headings = ("Δ", "IV", "bid", "ask", "strike", "ask", "bid", "IV", "Δ", "not used because")
    return Table(headings, rows, title=heading, left=frozenset({9}))


def smile(part: SolvedSlice) -> str:
    """The smile of the out-of-the-money quotes as a picture, in points against strike, the forward marked."""
    import numpy as np

    from optionix_tui.cli.plot import picture

    points = part.smile * 100
    known = np.isfinite(points)
    if not known.any():
        raise MissingDataError(f"{part.source.root} {part.source.expiry} has no implied volatility to draw")
    title = f"{part.source.root} {part.source.expiry}: implied volatility in points by strike"
    if part.forward is not None:
        title += f", forward {part.forward:,.2f} marked"
    return picture(title, part.source.strikes[known].tolist(), points[known].tolist(), marked=part.forward)


def term_structure(solved: SolvedChain) -> str:
    """At-the-money volatilities as a picture, in points against days."""
    from optionix_tui.cli.plot import picture

    known = [part for part in solved.slices if part.at_the_money_volatility is not None]
    if not known:
        raise MissingDataError(f"{solved.chain.underlying} has no at-the-money volatility to draw")
    title = f"{solved.chain.underlying}: at-the-money volatility in points by days to expiry"
    volatilities = [(part.at_the_money_volatility or 0.0) * 100 for part in known]
    return picture(title, [float(part.days) for part in known], volatilities)


def decimals(document: dict[str, Any]) -> int:
    """Digits behind the point that the quotes shown have; prices in coin have many."""
    shown = [
        row[kind][side]
        for expiry in document["expiries"]
        for row in expiry["rows"]
        for kind in ("call", "put")
        for side in ("bid", "ask")
        if row[kind][side] is not None
    ]
    return max((len(f"{value:.6f}".rstrip("0").partition(".")[2]) for value in shown), default=0)
