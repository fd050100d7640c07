"""`optionix buy` and `optionix sell`: one order through gate, venue and ledger."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optionix_core.errors import InvalidValueError, UsageError
from optionix_tui.cli import order_terms, order_text
from optionix_tui.cli.arguments import command
from optionix_tui.cli.face import face_of
from optionix_tui.cli.order_options import ClientId, Dollars, Expires, LotsOption
from optionix_tui.cli.output import Format, FormatOption, JsonOption, chosen, emit, say

if TYPE_CHECKING:
    from optionix_core.trading.orders import Side
    from optionix_core.trading.terms import OrderTerms


QuantityWord = Annotated[str, typer.Argument(help="Contracts or shares; left out with --dollars.", metavar="QUANTITY")]
Words = Annotated[
    list[str] | None,
    typer.Argument(help="OSI symbol, words (ORBIT 15JAN27 230 C), or the symbol of a share.", metavar="SYMBOL..."),
]
LimitOption = Annotated[
    Decimal | None, typer.Option("--limit", help="Worst price per unit; without it, the touch.", metavar="PRICE")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show price, cost, fees and checks; write nothing.")]


def buy(
    context: typer.Context,
    quantity: QuantityWord,
    symbol: Words = None,
    limit: LimitOption = None,
    dollars: Dollars = None,
    lots: LotsOption = None,
    client_id: ClientId = None,
    expires: Expires = None,
    dry_run: DryRunOption = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Buy contracts or shares at the touch, or up to a limit; what is not filled at once is cancelled.

    Exits 5 where the pre-trade gate refuses, 1 where nothing is filled, 3 where the server of the account's venue is
    out of reach: the order is then kept for `optionix sync intents`.
    """
    from optionix_core.trading.orders import Side

    terms = _terms(Side.BUY, [quantity, *(symbol or ())], limit, dollars, lots)
    _order(context, terms, client_id, expires, dry_run, chosen(format_, as_json))


def sell(
    context: typer.Context,
    quantity: QuantityWord,
    symbol: Words = None,
    limit: LimitOption = None,
    dollars: Dollars = None,
    lots: LotsOption = None,
    client_id: ClientId = None,
    expires: Expires = None,
    dry_run: DryRunOption = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Sell contracts or shares that the account holds, at the touch or down to a limit.

    Exits 5 where the pre-trade gate refuses, 1 where nothing is filled, 3 where the server of the account's venue is
    out of reach: the order is then kept for `optionix sync intents`.
    """
    from optionix_core.trading.orders import Side

    terms = _terms(Side.SELL, [quantity, *(symbol or ())], limit, dollars, lots)
    _order(context, terms, client_id, expires, dry_run, chosen(format_, as_json))


def _terms(
    side: Side, words: list[str], limit: Decimal | None, dollars: Decimal | None, lots: str | None
) -> OrderTerms:
    """The terms; the first word is the quantity, but where money stands for it."""
    from optionix_core.trading.terms import UNSIZED, OrderTerms

    if limit is not None and limit <= 0:
        raise InvalidValueError("--limit", limit, "above 0")
    quantity = UNSIZED if dollars is not None else _whole(words.pop(0))
    if not words:
        raise UsageError("SYMBOL is missing: what to trade")
    return OrderTerms(side, quantity, " ".join(words), limit, amount=dollars, lots=order_terms.lots_of(lots))


def _whole(word: str) -> int:
    try:
        return int(word)
    except ValueError:
        raise UsageError(f"QUANTITY must be a whole number (got {word!r})") from None


def _order(
    context: typer.Context,
    terms: OrderTerms,
    client_id: str | None,
    expires: str | None,
    dry_run: bool,
    format_: Format,
) -> None:
    from optionix_core.services import sending, trading

    with face_of(context).workspace() as workspace:
        if dry_run:
            preview = trading.preview_terms(workspace, terms)
            _emit(format_, trading.to_json(preview))
            trading.raise_for_checks(preview)
            return
        until = None if expires is None else order_terms.moment(expires, "--expires")
        result = sending.send(workspace, terms, client_id, expires=until)
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
    "optionix buy 100 ORBIT --limit 220",
    "optionix buy --dollars 5000 ORBIT --dry-run",
)
sell_command = command(
    "sell",
    sell,
    "optionix sell 1 ORBIT 15JAN27 230 C",
    'optionix sell 1 "ORBIT 15JAN27 230 C" --limit 1.20 --dry-run',
    "optionix sell 1 ORBIT 15JAN27 230 C --lots lifo",
)
