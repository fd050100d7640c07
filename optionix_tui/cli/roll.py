"""`optionix roll`: a position to another expiry or strike, as one combination order."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

import typer

from optionix_core.errors import UsageError
from optionix_tui.cli import order_text
from optionix_tui.cli.arguments import command
from optionix_tui.cli.face import face_of
from optionix_tui.cli.output import Format, FormatOption, JsonOption, chosen, emit, say

_OPTION = "'ORBIT 15JAN27 230 C'"


class RollTime(StrEnum):
    """How long it may work."""

    IOC = "ioc"
    FOK = "fok"
    DAY = "day"
    GTC = "gtc"


def roll(
    context: typer.Context,
    symbol: Annotated[
        str, typer.Argument(help="The option that is held, in any spelling, in quotes.", metavar="SYMBOL")
    ],
    *,
    to: Annotated[date | None, typer.Option("--to", help="Expiry to roll to.", metavar="DATE")] = None,
    strike: Annotated[Decimal | None, typer.Option("--strike", help="Strike to roll to.", metavar="STRIKE")] = None,
    quantity: Annotated[
        int | None, typer.Option("--quantity", help="Contracts; without it all that are held.", metavar="N")
    ] = None,
    limit: Annotated[
        Decimal | None,
        typer.Option(
            "--limit", help="What the roll may cost at most, net; negative where it must bring money.", metavar="PRICE"
        ),
    ] = None,
    tif: Annotated[
        RollTime, typer.Option("--tif", help="IOC, FOK, DAY or GTC; the last two need --limit.", metavar="TIME")
    ] = RollTime.IOC,
    client_id: Annotated[
        str | None,
        typer.Option("--client-id", help="Your own order id: sent again it is the same order.", metavar="ID"),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what the gate says; write nothing.")] = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Roll a position: both legs as one order, filled together in whole contracts or not at all.

    Exits 5 where the pre-trade gate refuses, 1 where nothing is filled and nothing rests.
    """
    from optionix_core.services import order_json, rolls, sending, trading
    from optionix_core.trading.orders import TimeInForce

    force = TimeInForce(tif.value.upper())
    if force.rests and limit is None:
        raise UsageError(f"--limit is missing: a roll that rests ({force}) needs it")
    with face_of(context).workspace() as workspace:
        before = None if client_id is None else rolls.answered(workspace, symbol, client_id)
        if before is not None:
            _emit(chosen(format_, as_json), order_json.standing(before))
            return
        terms = rolls.terms_of(
            workspace, symbol, expiry=to, strike=strike, quantity=quantity, limit_price=limit, time_in_force=force
        )
        if dry_run:
            tried = trading.preview_terms(workspace, terms)
            _emit(chosen(format_, as_json), order_json.standing(tried))
            trading.raise_for_checks(tried)
            return
        result = sending.send(workspace, terms, client_id)
    trading.raise_for_state(result)
    if result.reason:
        say(f"note: {result.reason}")
    _emit(chosen(format_, as_json), order_json.standing(result))


def _emit(format_: Format, document: dict[str, Any]) -> None:
    record = {key: value for key, value in document.items() if not isinstance(value, (list, dict))}
    record.pop("schema_version")
    emit(format_, document, [record], order_text.table(document))


roll_command = command(
    "roll",
    roll,
    f"optionix roll {_OPTION} --to 2027-03-19 --dry-run",
    f"optionix roll {_OPTION} --strike 235 --quantity 1 --client-id rolled --json",
)
