"""`optionix buy` and `optionix sell`: one order through gate, venue and ledger."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optionix_core.errors import InvalidValueError
from optionix_tui.cli import order_text
from optionix_tui.cli.arguments import command
from optionix_tui.cli.face import face_of
from optionix_tui.cli.output import Format, FormatOption, JsonOption, chosen, emit, say

if TYPE_CHECKING:
    from optionix_core.trading.orders import Side


Quantity = Annotated[int, typer.Argument(help="Contracts.", metavar="QUANTITY")]
Words = Annotated[
    list[str],
    typer.Argument(help="OSI symbol, or words: ORBIT 15JAN27 230 C.", metavar="SYMBOL..."),
]
LimitOption = Annotated[
    Decimal | None, typer.Option("--limit", help="Worst price per unit; without it, the touch.", metavar="PRICE")
]
ClientIdOption = Annotated[
    str | None,
    typer.Option(
        "--client-id", help="Your own order id: sent again it is the same order, never a second.", metavar="ID"
    ),
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show price, cost, fees and checks; write nothing.")]


def buy(
    context: typer.Context,
    quantity: Quantity,
    symbol: Words,
    limit: LimitOption = None,
    client_id: ClientIdOption = None,
    dry_run: DryRunOption = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Buy contracts at the touch, or up to a limit; what is not filled at once is cancelled.

    Exits 5 where the pre-trade gate refuses, 1 where nothing is filled.
    """
    from optionix_core.trading.orders import Side

    _order(context, Side.BUY, quantity, symbol, limit, client_id, dry_run, chosen(format_, as_json))


def sell(
    context: typer.Context,
    quantity: Quantity,
    symbol: Words,
    limit: LimitOption = None,
    client_id: ClientIdOption = None,
    dry_run: DryRunOption = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Sell contracts that the account holds, at the touch or down to a limit.

    Exits 5 where the pre-trade gate refuses, 1 where nothing is filled.
    """
    from optionix_core.trading.orders import Side

    _order(context, Side.SELL, quantity, symbol, limit, client_id, dry_run, chosen(format_, as_json))


def _order(
    context: typer.Context,
    side: Side,
    quantity: int,
    words: list[str],
    limit: Decimal | None,
    client_id: str | None,
    dry_run: bool,
    format_: Format,
) -> None:
    if limit is not None and limit <= 0:
        raise InvalidValueError("--limit", limit, "above 0")
    from optionix_core.services import trading

    symbol = " ".join(words)
    with face_of(context).workspace() as workspace:
        if dry_run:
            preview = trading.preview(workspace, side, quantity, symbol, limit)
            _emit(format_, trading.to_json(preview))
            trading.raise_for_checks(preview)
            return
        result = trading.submit(workspace, side, quantity, symbol, limit, client_order_id=client_id)
    trading.raise_for_state(result)
    if result.reason:
        say(f"note: {result.reason}")
    _emit(format_, trading.to_json(result))


def _emit(format_: Format, document: dict[str, Any]) -> None:
    record = {key: value for key, value in document.items() if not isinstance(value, (list, dict))}
    record.pop("schema_version")
    emit(format_, document, [record], order_text.table(document))


buy_command = command(
    "buy",
    buy,
    "optionix buy 2 ORBIT 15JAN27 230 C",
    'optionix buy 2 "ORBIT 15JAN27 230 C" --limit 3.00 --json | jq .average_price',
    "optionix buy 1 ORBIT270115C00230000 --dry-run",
    "optionix buy 1 ORBIT 15JAN27 230 C --client-id rebalance-7",
)
sell_command = command(
    "sell",
    sell,
    "optionix sell 1 ORBIT 15JAN27 230 C",
    'optionix sell 1 "ORBIT 15JAN27 230 C" --limit 1.20 --dry-run',
)
