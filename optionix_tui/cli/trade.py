"""`optionix buy` and `optionix sell`: one order through gate, venue and ledger."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optionix_core.errors import InvalidValueError
from optionix_tui.cli.face import face_of
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit, say

if TYPE_CHECKING:
    from optionix_core.trading.orders import Side

Quantity = Annotated[int, typer.Argument(help="Contracts.", metavar="QUANTITY")]
Words = Annotated[
    list[str],
    typer.Argument(help="OSI symbol or words: ORBIT 16JAN26 230 C.", metavar="SYMBOL..."),
]
LimitOption = Annotated[str | None, typer.Option("--limit", help="Worst price per unit; without it, the touch.")]
ClientIdOption = Annotated[
    str | None,
    typer.Option("--client-id", help="Your own order id: the same id sent again is the same order, never a second."),
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show price, cost, fees and checks; write nothing.")]


def _limit(text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or value <= 0:
        raise InvalidValueError("--limit", repr(text), "a positive decimal number")
    return value


def _order(
    context: typer.Context,
    side: Side,
    quantity: int,
    words: list[str],
    limit: str | None,
    client_id: str | None,
    dry_run: bool,
    format_: Format,
) -> None:
    from optionix_core.services import trading

    price = _limit(limit)
    symbol = " ".join(words)
    with face_of(context).workspace() as workspace:
        if dry_run:
            preview = trading.preview(workspace, side, quantity, symbol, price)
            _emit_order(format_, trading.to_json(preview), "nothing was sent")
            trading.raise_for_checks(preview)
            return
        result = trading.submit(workspace, side, quantity, symbol, price, client_order_id=client_id)
    trading.raise_for_state(result)
    if result.reason:
        say(f"note: {result.reason}")
    _emit_order(format_, trading.to_json(result), "")


def _emit_order(format_: Format, document: dict[str, Any], remark: str) -> None:
    shown = {key: value for key, value in document.items() if not isinstance(value, (list, dict))}
    rows = [(key.replace("_", " "), "" if value is None else str(value)) for key, value in shown.items()]
    rows = [row for row in rows if row[0] != "schema version"]
    emit(format_, document, [shown], Table(("order", ""), rows, title=remark, left=frozenset({0, 1})))


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

    Example: optionix buy 2 ORBIT 15JAN27 230 C --limit 11.50 --json
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

    Example: optionix sell 1 "ORBIT 15JAN27 230 C" --dry-run
    """
    from optionix_core.trading.orders import Side

    _order(context, Side.SELL, quantity, symbol, limit, client_id, dry_run, chosen(format_, as_json))
