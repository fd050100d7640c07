"""The dashboard's lines and curves: the account, its risk, and what it has gained. Pure."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from optionix_core.market.units import theta_per_day, vega_per_point
from optionix_core.trading.alerts.alert import AlertStatus
from widgets import figures
from widgets.braille_chart import Plot, Series
from widgets.info_line import Piece
from widgets.sparkline import sparkline

if TYPE_CHECKING:
    from optionix_core.services.account_curve import AccountCurve, CurvePoint
    from optionix_core.services.book_view import BookView
    from optionix_core.services.dashboard_risk import RiskGlance
    from optionix_core.services.order_board import OrderBoard

SPARK = 12


def _signed(value: Decimal | None) -> str:
    return figures.ABSENT if value is None else figures.signed(value)


def _tone(value: Decimal | float | None) -> str:
    return "muted" if not value else "up" if value > 0 else "down"


def account_pieces(book: BookView, curve: AccountCurve | None) -> tuple[Piece, ...]:
    """What the account is worth, and what the day, the month and all its time have brought."""
    report = book.report
    pieces = [Piece("NLV", "muted", 0), Piece(figures.money(report.nlv), "strong", 0, joined=True)]
    known = [] if curve is None else [float(one.gain) for one in curve.closes if one.gain is not None]
    if len(known) > 1:
        pieces.append(Piece(sparkline(known, SPARK), "accent", 3, joined=True))
    day = report.day_pnl
    pieces += [Piece("day", "muted", 0), Piece(_signed(day), _tone(day), 0, joined=True)]
    if day is not None and report.nlv - day > 0:
        pieces.append(Piece(f"({figures.percent(float(day / (report.nlv - day)), 2)})", _tone(day), 2, joined=True))
    if curve is not None:
        told = None if report.unmarked else report.nlv
        month = None if told is None else curve.since(curve.moment.date().replace(day=1), told)
        total = None if told is None else curve.total_at(told)
        for label, value, rank in (("month", month, 2), ("total", total, 1)):
            pieces += [Piece(label, "muted", rank), Piece(_signed(value), _tone(value), rank, joined=True)]
    pieces += [
        Piece("cash", "muted", 3), Piece(figures.money(report.state.cash), "plain", 3, joined=True),
        Piece("BP", "muted", 4), Piece(figures.money(report.buying_power), "plain", 4, joined=True),
    ]  # fmt: skip
    if not report.opened:
        pieces.append(Piece("opens with its first order", "muted", 3))
    if report.unmarked:
        pieces.append(Piece(f"{len(report.unmarked)} without a mark", "warn", 0))
    elif report.day_reason is not None:
        pieces.append(Piece(f"day: {report.day_reason}", "warn", 5))
    return tuple(pieces)


def risk_pieces(
    book: BookView, risk: RiskGlance | None, board: OrderBoard | None, *, waiting: str, failed: str | None = None
) -> tuple[Piece, ...]:
    """Greeks of the whole book, margin, value at risk of its limit, alerts and halts.

    `waiting` stands where there is no figure yet, `failed` is why there is none.
    """
    greeks = [line.greeks for line in book.lines if line.greeks is not None]
    pieces: list[Piece] = []
    if book.without_greeks:
        pieces.append(Piece(f"Greeks leave out {book.without_greeks} of {len(book.lines)}", "warn", 2))
    for label, value, rank in (
        ("Δ$", figures.signed_count(sum(one.dollar_delta for one in greeks)), 0),
        ("Γ$1%", figures.signed_count(sum(one.dollar_gamma for one in greeks)), 3),
        ("Θ/day", figures.signed(theta_per_day(sum(one.theta for one in greeks))), 2),
        ("V/pt", figures.signed(vega_per_point(sum(one.vega for one in greeks))), 2),
    ):
        pieces += [Piece(label, "muted", rank), Piece(value, "plain", rank, joined=True)]
    pieces += _tails(risk, waiting, failed)
    if board is not None:
        halts = len(board.halts.halts)
        pieces.append(Piece(f"{halts} halted" if halts else "halts none", "warn" if halts else "muted", 1))
        fired = sum(one.status is AlertStatus.FIRED for one in board.alerts)
        if fired:
            pieces.append(Piece(f"{fired} alert{'' if fired == 1 else 's'} fired", "warn", 0))
    return tuple(pieces)


def _tails(risk: RiskGlance | None, waiting: str, failed: str | None) -> list[Piece]:
    if failed is not None:
        return [Piece(f"✗ risk: {failed}", "alert", 1)]
    if risk is None:
        return [Piece(waiting, "muted", 1)]
    pieces: list[Piece] = []
    use = risk.margin_use
    if use is not None:
        pieces += [Piece("margin", "muted", 1), Piece(f"{use:.0%}", "warn" if use > 0.8 else "plain", 1, joined=True)]
    elif risk.margin_reason is not None:
        pieces.append(Piece(f"no margin: {risk.margin_reason}", "warn", 6))
    name = f"VaR{100 * risk.confidence:.0f}"
    if risk.value_at_risk is None:
        return [*pieces, Piece(f"no {name}: {risk.tail_reason}", "warn", 5)]
    beyond = risk.limit_use is not None and risk.limit_use > 1.0
    shown = f"{risk.value_at_risk:,.0f}"
    if risk.bound is not None:
        shown += f" of {risk.bound.bound:,.0f}{' BEYOND' if beyond else ''}"
    pieces += [Piece(name, "muted", 0), Piece(shown, "alert" if beyond else "plain", 0, joined=True)]
    if risk.breaches:
        pieces.append(Piece(f"{risk.breaches} limit{'' if risk.breaches == 1 else 's'} broken", "alert", 0))
    return pieces


def curve_plot(curve: AccountCurve | None, *, day: bool, waiting: str) -> Plot:
    """The gain of the account: of the day, or since it was opened; gaps where a position had no mark."""
    title = "Day P&L" if day else "Total P&L"
    if curve is None:
        return Plot(title, note=waiting)
    points = curve.day if day else curve.closes
    if not points:
        return Plot(title, note="the account opens with its first order")
    start = points[0].gain if day else Decimal(0)
    if start is None:
        return Plot(title, note=f"the last close cannot be told: {points[0].reason}")
    if len(points) < 2:
        return Plot(title, note="no session has closed since the account was opened: m shows the day")
    known = [(_place(one, points[0]), float(one.gain - start)) for one in points if one.gain is not None]
    absent = len(points) - len(known)
    note = f"{curve.currency}, {points[0].at:%d %b %H:%M} to {points[-1].at:%d %b %H:%M} UTC"
    if absent:
        reason = next(one.reason for one in points if one.gain is None)
        note += f"; {absent} moments cannot be told: {reason}"
    if not known:
        return Plot(title, note=note)
    first = points[0].at

    def write_x(place: float) -> str:
        at = first + timedelta(days=place)
        return f"{at:%H:%M}" if day else f"{at:%d %b}"

    return Plot(
        title,
        (Series("", tuple(known), "up", "line"),),
        note,
        write_x=write_x,
        write_y=_gain,
        zero_line=True,
        split_at_zero=True,
    )


def _gain(value: float) -> str:
    """As precise as its size asks for."""
    return figures.signed(value) if abs(value) < 100.0 else figures.signed_count(value)


def _place(point: CurvePoint, first: CurvePoint) -> float:
    """Days since the first point."""
    return (point.at - first.at).total_seconds() / 86_400.0
