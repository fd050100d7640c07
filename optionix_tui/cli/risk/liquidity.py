"""`optionix risk liquidity`: what closing the book would cost and take, how concentrated it is, who owes it what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from optionix_core.errors import MissingDataError
from optionix_tui.cli.face import face_of
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit
from optionix_tui.cli.risk.source import AllAccountsOption, PartialOption, TakesOption, account_book

if TYPE_CHECKING:
    from collections.abc import Sequence

EPILOG = (
    "optionix risk liquidity",
    "optionix risk liquidity --takes-per-day 26 --spread 3",
    "optionix risk liquidity --all-accounts --json | jq .concentration",
)


def liquidity(
    context: typer.Context,
    *,
    takes_per_day: TakesOption = 13.0,
    spread: Annotated[
        float, typer.Option("--spread", help="Multiplies every quoted spread, as in a stress.", metavar="FACTOR")
    ] = 1.0,
    every: AllAccountsOption = False,
    partial: PartialOption = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Cost to close at the touch and days to close by displayed size; concentration; exposure to the venue.

    How often a displayed size comes back in a day is an assumption, stated in the answer.
    """
    from config.scenarios import STRESS_LIBRARY
    from optionix_core.risk import stress_library
    from optionix_core.services import risk_json, risk_liquidity

    with face_of(context).workspace() as workspace:
        built = account_book(workspace, partial=partial, every=every)
        if not built.book.positions:
            raise MissingDataError("nothing is held: there is nothing to close")
        report = risk_liquidity.report(workspace, built, stress_library.read(STRESS_LIBRARY), takes_per_day, spread)
    document = risk_json.liquidity(built, report)
    emit(chosen(format_, as_json), document, document["closing"], _table(document))


def _table(document: dict[str, Any]) -> Table:
    slowest = document["days"]
    lines = [
        f"closing {document['positions']} positions costs {document['cost']:,.2f} {document['currency']}"
        + ("" if slowest is None else f" and takes {slowest:,.2f} days at {document['takes_per_day']:g} takes a day")
    ]
    lines += [
        f"{100.0 * one['share']:.0f}% of the gross value is {one['name']}"
        for one in document["concentration"]["shares"]
    ]
    lines += [
        f"{name} owes {one['net']:,.2f} net, {one['gross']:,.2f} gross; at worst {one['worst']:,.2f}"
        f" ({one['scenario'] or 'now'})"
        for name, one in document["counterparties"].items()
    ]
    rows: Sequence[tuple[str, ...]] = [
        (
            one["id"].strip(),
            f"{one['quantity']:g}",
            "" if one["price"] is None else f"{one['price']:,.2f}",
            one["reason"] if one["cost"] is None else f"{one['cost']:,.2f}",
            "" if one["displayed"] is None else f"{100.0 * one['displayed']:.0f}%",
            "" if one["days"] is None else f"{one['days']:,.3f}",
        )
        for one in document["closing"]
    ]
    return Table(("position", "quantity", "closed at", "cost", "displayed", "days"), rows, "\n".join(lines))
