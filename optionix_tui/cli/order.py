"""`optionix order`: every kind of order, and what may be done with it afterwards."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optionix_tui.cli import order_terms, order_text
from optionix_tui.cli.arguments import Command, group
from optionix_tui.cli.face import face_of
from optionix_tui.cli.output import Format, FormatOption, JsonOption, chosen, emit, say
from optionix_tui.cli.usage import examples

if TYPE_CHECKING:
    from optionix_core.trading.terms import OrderTerms

_OPTION = "ORBIT270115C00230000"
_VERTICAL = '[{"symbol":"ORBIT270115C00220000","ratio":1},{"symbol":"ORBIT270115C00230000","ratio":-1}]'

app = group(
    "order",
    "Orders of every kind: submit, preview, amend, cancel, list, show.",
    f"optionix order submit --symbol {_OPTION} --side buy --quantity 2 --type limit --limit 2.50 --tif GTC",
    "optionix order list",
)


class SideName(StrEnum):
    """Which way."""

    BUY = "buy"
    SELL = "sell"


class TypeName(StrEnum):
    """The types of orders by the names that the engine gives them."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop-limit"
    TRAILING_STOP = "trailing-stop"
    MARKET_IF_TOUCHED = "market-if-touched"
    LIMIT_IF_TOUCHED = "limit-if-touched"


class TimeName(StrEnum):
    """How long it may work."""

    DAY = "day"
    GTC = "gtc"
    GTD = "gtd"
    IOC = "ioc"
    FOK = "fok"


Symbol = Annotated[
    str, typer.Option("--symbol", help="OSI symbol, or words in quotes: 'ORBIT 15JAN27 230 C'.", metavar="OSI")
]
AnySymbol = Annotated[
    str | None,
    typer.Option("--symbol", help="OSI symbol, or words in quotes: 'ORBIT 15JAN27 230 C'.", metavar="OSI"),
]
Legs = Annotated[
    str | None,
    typer.Option(
        "--legs",
        help='Legs of a combination instead: [{"symbol": OSI, "ratio": 1}, ...], @FILE or -; sold where negative.',
        metavar="JSON",
    ),
]
SideOption = Annotated[SideName, typer.Option("--side", help="buy or sell.", metavar="SIDE")]
Quantity = Annotated[int, typer.Option("--quantity", help="Contracts, or units of a combination.", metavar="N")]
TypeOption = Annotated[
    TypeName | None,
    typer.Option(
        "--type",
        help="market, limit, stop, stop-limit, trailing-stop, market-if-touched or limit-if-touched; "
        "of a combination limit or market, told by --limit.",
        metavar="TYPE",
    ),
]
Limit = Annotated[
    Decimal | None,
    typer.Option("--limit", help="Worst price per unit, for types with a limit; net of all legs.", metavar="PRICE"),
]
TriggerOption = Annotated[
    Decimal | None, typer.Option("--trigger", help="Level of a stop or an if-touched order.", metavar="PRICE")
]
Trail = Annotated[
    Decimal | None, typer.Option("--trail", help="Distance of a trailing stop from the best touch.", metavar="PRICE")
]
TrailPercent = Annotated[
    Decimal | None, typer.Option("--trail-percent", help="The same in percent of the touch.", metavar="PERCENT")
]
TimeOption = Annotated[
    TimeName | None,
    typer.Option(
        "--tif", help="DAY, GTC, GTD, IOC or FOK; without it DAY, and IOC for a market order.", metavar="TIME"
    ),
]
Until = Annotated[
    str | None, typer.Option("--until", help="End of a GTD order, such as 2027-01-08T20:00Z.", metavar="MOMENT")
]
PostOnly = Annotated[bool, typer.Option("--post-only", help="Refuse it where it would take at once.")]
ReduceOnly = Annotated[bool, typer.Option("--reduce-only", help="Never more than closes the position.")]
Parent = Annotated[
    str | None,
    typer.Option("--parent", help="Works as far as the order of this id has been filled.", metavar="ID"),
]
OneCancels = Annotated[
    str | None,
    typer.Option("--one-cancels", help="Group whose orders take from each other when one fills.", metavar="NAME"),
]
ClientId = Annotated[
    str | None,
    typer.Option(
        "--client-id", help="Your own order id: sent again it is the same order, never a second.", metavar="ID"
    ),
]
Account = Annotated[str | None, typer.Option("--account", help="Account to act for.", metavar="NAME")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what the gate says; write nothing.")]
OrderId = Annotated[str, typer.Argument(help="Client order id, as `order list` tells it.", metavar="ID")]


@app.command(
    cls=Command,
    epilog=examples(
        f"optionix order submit --symbol {_OPTION} --side buy --quantity 2 --type limit --limit 2.50 --tif GTC",
        f"optionix order submit --symbol {_OPTION} --side sell --quantity 1 --type trailing-stop --trail 0.50",
        "optionix order submit --symbol 'ORBIT 15JAN27 230 C' --side buy --quantity 1 --type market --json",
        f"optionix order submit --legs '{_VERTICAL}' --side buy --quantity 1 --limit 3.20",
    ),
)
def submit(
    context: typer.Context,
    *,
    symbol: AnySymbol = None,
    legs: Legs = None,
    side: SideOption,
    quantity: Quantity,
    type_: TypeOption = None,
    limit: Limit = None,
    trigger: TriggerOption = None,
    trail: Trail = None,
    trail_percent: TrailPercent = None,
    tif: TimeOption = None,
    until: Until = None,
    post_only: PostOnly = False,
    reduce_only: ReduceOnly = False,
    parent: Parent = None,
    one_cancels: OneCancels = None,
    client_id: ClientId = None,
    account: Account = None,
    dry_run: DryRun = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Submit an order: what the market meets is filled at once, what rests works until it is filled or ends.

    Exits 5 where the pre-trade gate refuses, 1 where nothing is filled and nothing rests.
    """
    terms = order_terms.read(
        type_,
        str(side),
        quantity,
        order_terms.What(symbol, legs),
        order_terms.Prices(limit, trigger, trail, trail_percent),
        tif,
        until,
    )
    flags = {"post_only": post_only, "reduce_only": reduce_only, "parent": parent, "one_cancels": one_cancels}
    _submit(context, order_terms.with_flags(terms, **flags), client_id, account, dry_run, chosen(format_, as_json))


@app.command(
    cls=Command,
    epilog=examples(
        f"optionix order preview --symbol {_OPTION} --side buy --quantity 1 --type limit --limit 2.50",
        f"optionix order preview --symbol {_OPTION} --side buy --quantity 1 --type market --json",
    ),
)
def preview(
    context: typer.Context,
    *,
    symbol: AnySymbol = None,
    legs: Legs = None,
    side: SideOption,
    quantity: Quantity,
    type_: TypeOption = None,
    limit: Limit = None,
    trigger: TriggerOption = None,
    trail: Trail = None,
    trail_percent: TrailPercent = None,
    tif: TimeOption = None,
    until: Until = None,
    post_only: PostOnly = False,
    reduce_only: ReduceOnly = False,
    account: Account = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Show what `order submit` would do now: price, cost, fees, cash kept, and every answer of the gate."""
    terms = order_terms.read(
        type_,
        str(side),
        quantity,
        order_terms.What(symbol, legs),
        order_terms.Prices(limit, trigger, trail, trail_percent),
        tif,
        until,
    )
    flags = {"post_only": post_only, "reduce_only": reduce_only, "parent": None, "one_cancels": None}
    _submit(context, order_terms.with_flags(terms, **flags), None, account, True, chosen(format_, as_json))


@app.command(
    cls=Command,
    epilog=examples(
        "optionix order amend entry-1 --limit 2.60",
        "optionix order amend entry-1 --quantity 1 --amendment-id smaller --json",
    ),
)
def amend(
    context: typer.Context,
    order_id: OrderId,
    *,
    quantity: Annotated[
        int | None, typer.Option("--quantity", help="Contracts in all, with what is filled already.", metavar="N")
    ] = None,
    limit: Annotated[Decimal | None, typer.Option("--limit", help="Other limit.", metavar="PRICE")] = None,
    trigger: Annotated[Decimal | None, typer.Option("--trigger", help="Other level.", metavar="PRICE")] = None,
    amendment_id: Annotated[
        str | None,
        typer.Option("--amendment-id", help="Your own id: sent again it is the same amendment.", metavar="ID"),
    ] = None,
    account: Account = None,
    dry_run: DryRun = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Give an order that works other terms. A smaller quantity alone keeps its place.

    Exits 5 where the gate refuses the amended order, which then stands as it stood.
    """
    from optionix_core.services import order_json, orders, trading
    from optionix_core.trading.orders import Amendment

    with _face(context, account).workspace() as workspace:
        name = workspace.new_order_id() if amendment_id is None else amendment_id
        done = orders.amend(workspace, order_id, Amendment(name, quantity, limit, trigger), dry_run=dry_run)
    trading.raise_for_refusal(done.checks)
    if dry_run:
        say("note: the gate would let it pass; nothing was sent")
    _emit(chosen(format_, as_json), {**order_json.standing(done.order), "amendment_id": done.amendment.amendment_id})


@app.command(
    cls=Command,
    epilog=examples("optionix order cancel entry-1", "optionix order cancel entry-1 --dry-run --json"),
)
def cancel(
    context: typer.Context,
    order_id: OrderId,
    *,
    account: Account = None,
    dry_run: DryRun = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """End an order that works. A fill that came before wins; then it exits 1."""
    from optionix_core.services import order_json, orders

    with _face(context, account).workspace() as workspace:
        done = orders.cancel(workspace, order_id, dry_run=dry_run)
    if dry_run:
        say("note: it would be cancelled; nothing was sent")
    _emit(chosen(format_, as_json), order_json.standing(done))


@app.command(
    "list",
    cls=Command,
    epilog=examples("optionix order list", "optionix order list --all --json | jq '.orders[].state'"),
)
def list_(
    context: typer.Context,
    *,
    ended: Annotated[bool, typer.Option("--all", help="Those that have ended too.")] = False,
    every: Annotated[bool, typer.Option("--all-accounts", help="Of every account of this home.")] = False,
    account: Account = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Orders that work or wait, after bringing the venue up to now."""
    from optionix_core.services import order_json, orders

    with _face(context, account).workspace() as workspace:
        found = orders.listing(workspace, all_accounts=every, ended=ended)
    documents = [order_json.standing(order) for order in found]
    for document in documents:
        for name in ("schema_version", "checks", "fills", "replayed"):
            document.pop(name)
    emit(chosen(format_, as_json), {"schema_version": 1, "orders": documents}, documents, order_text.listing(documents))


@app.command(
    cls=Command,
    epilog=examples("optionix order show entry-1", "optionix order show entry-1 --json | jq .events"),
)
def show(
    context: typer.Context,
    order_id: OrderId,
    *,
    account: Account = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """One order as it stands, its fills, the gate's answers and every event of its life."""
    from optionix_core.services import order_json, orders

    with _face(context, account).workspace() as workspace:
        story = orders.show(workspace, order_id)
    document = order_json.story(story)
    emit(chosen(format_, as_json), document, document["events"], order_text.story(document))


def _submit(
    context: typer.Context,
    terms: OrderTerms,
    client_id: str | None,
    account: str | None,
    dry_run: bool,
    format_: Format,
) -> None:
    from optionix_core.services import order_json, trading

    with _face(context, account).workspace() as workspace:
        if dry_run:
            tried = trading.preview_terms(workspace, terms)
            _emit(format_, order_json.standing(tried))
            trading.raise_for_checks(tried)
            return
        result = trading.place(workspace, terms, client_id)
    trading.raise_for_state(result)
    if result.reason:
        say(f"note: {result.reason}")
    _emit(format_, order_json.standing(result))


def _face(context: typer.Context, account: str | None) -> Any:
    face = face_of(context)
    if account is not None:
        face.flags["account.name"] = account
    return face


def _emit(format_: Format, document: dict[str, Any]) -> None:
    record = {key: value for key, value in document.items() if not isinstance(value, (list, dict))}
    record.pop("schema_version")
    emit(format_, document, [record], order_text.table(document))
