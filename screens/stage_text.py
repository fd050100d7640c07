"""What the chain's stage says: its legs as rows, and lines with price, bounds, odds, needs and Greeks. Pure."""

from __future__ import annotations

from decimal import Decimal
from math import gcd
from typing import TYPE_CHECKING, NamedTuple

from optionix_core.market.units import theta_per_day, vega_per_point, volatility_points
from optionix_core.portfolio.deliverables import label_of
from widgets import figures
from widgets.grid_columns import Column, GridRow
from widgets.info_line import Piece

if TYPE_CHECKING:
    from optionix_core.errors import OptionixError
    from optionix_core.services.chain_view import ChainView, SideRow
    from optionix_core.services.staging import StagedReport
    from screens.stage import Stage


class LivePrice(NamedTuple):
    """Net prices of the whole stage per unit of its ratio, from the quotes that are shown; None where one is absent."""

    natural: float | None
    """Every leg at its far side: what sending it now would cost; negative is received."""
    opposite: float | None
    """Every leg at its near side."""

    @property
    def mid(self) -> float | None:
        """Half way between the two."""
        if self.natural is None or self.opposite is None:
            return None
        return 0.5 * (self.natural + self.opposite)


def sides_of(view: ChainView | None, stage: Stage) -> dict[str, SideRow]:
    """The legs' quotes, as far as the expiry that is shown has them."""
    found = {}
    for leg in stage.legs if view is not None else ():
        told = view.side(leg.symbol) if view is not None else None
        if told is not None:
            found[leg.symbol] = told[1]
    return found


def live_price(view: ChainView | None, stage: Stage, units: int) -> LivePrice | None:
    """Net prices of a unit out of what is shown; None where a leg is of another expiry."""
    sides = sides_of(view, stage)
    if not stage or len(sides) < len(stage.legs):
        return None

    def net(*, far: bool) -> float | None:
        total = 0.0
        for leg in stage.legs:
            side = sides[leg.symbol]
            price = side.ask if (leg.quantity > 0) == far else side.bid
            if price is None:
                return None
            total += leg.quantity * price
        return total / units

    return LivePrice(net(far=True), net(far=False))


def reported_price(found: StagedReport | None) -> LivePrice | None:
    """The same out of the last report."""
    price = None if found is None else found.report.price
    if price is None:
        return None
    return LivePrice(*(None if one is None else float(one) for one in (price.natural, price.opposite)))


def _quantity(value: int) -> str:
    return f"{value:+d}"


def _points(value: float | None) -> str:
    return figures.ABSENT if value is None else figures.points(volatility_points(value))


LEG_COLUMNS: tuple[Column, ...] = (
    Column("quantity", "Qty", 4, _quantity, tone="strong"),
    Column("leg", "Leg", 22, str, align="left", words=True, grow=True),
    Column("bid", "Bid", 7, figures.quote, tone="bid", rank=1),
    Column("ask", "Ask", 7, figures.quote, tone="ask", rank=1),
    Column("iv", "IV", 5, _points, rank=3),
    Column("delta", "Δ", 5, figures.fraction, rank=2),
)


def leg_rows(stage: Stage, view: ChainView | None, found: StagedReport | None) -> list[GridRow]:
    """A row for each leg; quotes of another expiry than the one that is shown come from the last report."""
    sides = sides_of(view, stage)
    reported = {} if found is None else _reported(found)
    rows = []
    for leg in stage.legs:
        side = sides.get(leg.symbol)
        if side is not None:
            cells: tuple[float | None, ...] = (side.bid, side.ask, side.iv, side.delta)
        else:
            cells = reported.get(leg.symbol, (None, None, None, None))
        rows.append(GridRow(leg.symbol, (leg.quantity, label_of(leg.symbol), *cells)))
    return rows


def _reported(found: StagedReport) -> dict[str, tuple[float | None, ...]]:
    report = found.report
    terms = (None,) * len(report.strategy.legs) if report.terms is None else report.terms.legs
    told: dict[str, tuple[float | None, ...]] = {}
    for leg, quote, one in zip(report.strategy.legs, report.quotes, terms, strict=True):
        if leg.symbol is not None:
            bid, ask = (None if price is None else float(price) for price in (quote.bid, quote.ask))
            told[leg.symbol] = (bid, ask, None if one is None else one.volatility, None)
    return told


def leg_style(column: Column, row: GridRow) -> tuple[str, str]:
    """Bought and sold legs in the colours of gain and loss; the sign says it too."""
    if column.key == "quantity":
        return "cell", "up" if row.cells[0] > 0 else "down"
    return "cell", column.tone


def _fact(label: str, value: str, rank: int, tone: str = "plain") -> list[Piece]:
    return [Piece(label, "muted", rank), Piece(value, tone, rank, joined=True)]


def price_text(value: float | None) -> str:
    """`4.85 db`, `1.20 cr`: paid or received per unit."""
    if value is None:
        return figures.ABSENT
    way = "even" if abs(value) < 0.00005 else "db" if value > 0 else "cr"
    return f"{figures.price(abs(value))} {way}"


def price_pieces(
    stage: Stage, found: StagedReport | None, price: LivePrice | None, units: int, problem: OptionixError | None
) -> tuple[Piece, ...]:
    """Name and net price."""
    name = "staged" if found is None else found.report.strategy.name
    pieces = [Piece(name, "title", 0)]
    if units > 1:
        pieces.append(Piece(f"×{units}", "strong", 0, joined=True))
    if problem is not None:
        return (*pieces, Piece("✗", "alert", 0), Piece(str(problem), "alert", 0, joined=True))
    if price is None:
        return (*pieces, Piece("being priced …", "muted", 0))
    pieces += _fact("net", price_text(price.natural), 0, "strong")
    pieces += _fact("mid", price_text(price.mid), 1)
    pieces += _fact("back", price_text(price.opposite), 3)
    if found is not None and found.asked.fees is not None:
        pieces += _fact("fees", figures.money(found.asked.fees), 4)
    pieces.append(Piece(f"{len(stage.legs)} legs" if len(stage.legs) > 1 else "1 leg", "muted", 5))
    return tuple(pieces)


def bounds_pieces(found: StagedReport | None) -> tuple[Piece, ...]:
    """Most gain and loss, and breakevens."""
    if found is None:
        return ()
    report = found.report
    payoff = report.expiry_payoff or report.model_payoff
    pieces: list[Piece] = []
    if payoff is not None:
        pieces += _fact("max", _bound(payoff.max_gain, +1), 0, "up")
        pieces += _fact("max", _bound(payoff.max_loss, -1), 0, "down")
    edges = " ".join(figures.price(one) for one in report.breakevens) or "none"
    pieces += _fact("BE", edges, 1)
    return tuple(pieces)


def odds_pieces(found: StagedReport | None) -> tuple[Piece, ...]:
    """Probability of profit, what the account needs behind it, and what the gate says."""
    if found is None:
        return ()
    report = found.report
    pieces: list[Piece] = []
    chance = "no data" if report.probability is None else f"{report.probability.value:.0%}"
    pieces += _fact("PoP", chance, 0)
    asked = found.asked
    if asked.need is not None:
        before, after = (_needed(one) for one in asked.need)
        pieces += _fact("needs", after if before == after else f"{before} → {after}", 3)
    if asked.margin is not None:
        pieces += _fact("margin", f"{asked.margin.before:,.0f} → {asked.margin.after:,.0f}", 2)
    failed = [check for check in asked.checks if not check.passed]
    if failed:
        pieces += _fact("✗ gate", failed[0].rule, 1, "warn")
    elif asked.checks:
        pieces += _fact("✓ gate", f"{len(asked.checks)} of {len(asked.checks)}", 4)
    elif asked.trouble:
        pieces += _fact("gate", asked.trouble, 3, "warn")
    return tuple(pieces)


def _bound(amount: Decimal | float | None, sign: int) -> str:
    """Signed: what is gained above zero, what is lost below."""
    if amount is None:
        return "unbounded" if sign > 0 else "-unbounded"
    return figures.signed(float(amount) * sign)


def _needed(amount: Decimal | None) -> str:
    return "unbounded" if amount is None else figures.money(amount)


def greek_pieces(found: StagedReport | None) -> tuple[Piece, ...]:
    """Net Greeks of everything, in money and units."""
    if found is None:
        return ()
    greeks = found.report.greeks
    if greeks is None:
        return (Piece("Greeks", "muted"), Piece("no data: no volatility for a leg", "warn", joined=True))
    return (
        *_fact("Δ", figures.signed(greeks.delta, 1), 0),
        *_fact("Γ", figures.signed(greeks.gamma, 2), 2),
        *_fact("Θ", f"{figures.signed(theta_per_day(greeks.theta))}/day", 0),
        *_fact("V", f"{figures.signed(vega_per_point(greeks.vega))}/pt", 1),
        *_fact("ρ", f"{figures.signed(greeks.rho / 100)}/pt", 3),
        *_fact("worth", figures.signed(greeks.value), 4),
    )


def line_pieces(
    stage: Stage, found: StagedReport | None, price: LivePrice | None, units: int, problem: OptionixError | None
) -> tuple[Piece, ...]:
    """Everything in one line, for terminals without room for a pane."""
    legs = "  ".join(f"{leg.quantity:+d} {label_of(leg.symbol).split(' ', 2)[-1]}" for leg in stage.legs)
    head, *rest = price_pieces(stage, found, price, units, problem)
    return (head, Piece(legs, "plain", 4), *rest, *bounds_pieces(found), *odds_pieces(found), *greek_pieces(found))


def units_of(stage: Stage) -> int:
    """How many units of the smallest ratio the legs are."""
    return gcd(*(leg.quantity for leg in stage.legs)) or 1
