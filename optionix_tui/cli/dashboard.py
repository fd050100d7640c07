"""`optionix dashboard`: the desk at a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from optionix_tui.cli.arguments import command
from optionix_tui.cli.face import face_of
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit, say

if TYPE_CHECKING:
    from decimal import Decimal

    from optionix_core.services.dashboard_risk import RiskGlance
    from optionix_core.services.dashboard_view import DeskView

AHEAD = 8


def dashboard(
    context: typer.Context,
    *,
    watchlist: Annotated[
        str | None, typer.Option("--watchlist", help="This one; the first by name without it.", metavar="NAME")
    ] = None,
    risk: Annotated[bool, typer.Option("--risk", help="Value at risk and margin too, by a revaluation.")] = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Account, profit and loss, working orders, alerts, halts, and what is ahead.

    JSON holds everything; CSV and JSON Lines hold the account at the close of each session.
    """
    from optionix_core.services import dashboard_json, watchlists
    from optionix_core.services.dashboard_risk import glance
    from optionix_core.services.dashboard_view import DashboardViewer
    from optionix_core.services.lifecycle import bring_up_to_date_where_free

    with face_of(context).workspace() as workspace:
        bring_up_to_date_where_free(workspace)
        if watchlist is not None:
            watchlists.watchlist(workspace, watchlist)
        view = DashboardViewer(workspace).view(watchlist)
        found = glance(workspace) if risk else None
    for reason in () if found is None else (found.tail_reason, found.margin_reason):
        if reason is not None:
            say(f"note: {reason}")
    document = dashboard_json.to_json(view, found)
    emit(chosen(format_, as_json), document, dashboard_json.points(view.curve.closes), _table(view, found))


def _table(view: DeskView, risk: RiskGlance | None) -> Table:
    curve, board = view.curve, view.board
    rows = [
        ("net liquidation value", _money(None if curve.now is None else curve.now.value)),
        ("day", _money(_day(view))),
        ("month", _money(curve.since(view.moment.date().replace(day=1)))),
        ("total", _money(curve.total)),
    ]
    if risk is not None:
        bound = "" if risk.bound is None else f" of {risk.bound.bound:,.0f}"
        told = "—" if risk.value_at_risk is None else f"{risk.value_at_risk:,.2f}{bound}"
        rows.append((f"value at risk, {risk.confidence:.0%}, one day", told))
        rows.append(
            (
                "margin",
                "—"
                if risk.margin is None or risk.margin_use is None
                else f"{risk.margin:,.2f} ({risk.margin_use:.0%})",
            )
        )
    rows += [
        ("working orders", str(sum(order.open for order in board.orders))),
        ("alerts", str(len(board.alerts))),
        ("halts", str(len(board.halts.halts)) if board.halts.halts else "none"),
    ]
    rows += [(f"{one.day} {one.kind}", f"{one.what} {one.note}".rstrip()) for one in view.ahead[:AHEAD]]
    title = f"{curve.account} ({curve.currency}), {view.moment:%Y-%m-%d %H:%M:%S} UTC"
    return Table(("desk", ""), rows, title=title)


def _day(view: DeskView) -> Decimal | None:
    points = view.curve.day
    if not points:
        return None
    start, end = points[0].gain, points[-1].gain
    return None if start is None or end is None else end - start


def _money(value: Decimal | None) -> str:
    return "—" if value is None else f"{value:,.2f}"


dashboard_command = command(
    "dashboard",
    dashboard,
    "optionix dashboard",
    "optionix dashboard --risk --json | jq '.risk.value_at_risk'",
    "optionix dashboard --format csv > closes.csv",
)
