"""`optionix order`: every kind of order, and what may be done with it afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer  # noqa: TC002 - typer reads the annotations when the command runs

from optionix_core.errors import UsageError
from optionix_tui.cli import order_batch, order_terms, order_text
from optionix_tui.cli.arguments import Command, group
from optionix_tui.cli.listings import emit_listing
from optionix_tui.cli.order_options import (
    Account,
    AllOrNone,
    AmendedLimit,
    AmendedQuantity,
    AmendedTrigger,
    AmendmentId,
    AnyQuantity,
    AnySide,
    AnySymbol,
    BatchOption,
    ClientId,
    Dollars,
    DryRun,
    Effect,
    Ended,
    Every,
    Expires,
    Legs,
    Limit,
    LotsOption,
    OneCancels,
    OrderId,
    Parent,
    PostOnly,
    ReduceOnly,
    SideOption,
    TimeOption,
    Trail,
    TrailPercent,
    TriggerOption,
    TypeOption,
    Until,
    acting_for,
)
from optionix_tui.cli.output import Format, FormatOption, JsonOption, chosen, emit, say
from optionix_tui.cli.usage import examples

if TYPE_CHECKING:
    from optionix_core.trading.terms import OrderTerms

_OPTION = "ORBIT270115C00230000"
_VERTICAL = '[{"symbol":"ORBIT270115C00220000","ratio":1},{"symbol":"ORBIT270115C00230000","ratio":-1}]'
_COVERED = '[{"symbol":"ORBIT","ratio":100},{"symbol":"ORBIT270115C00220000","ratio":-1}]'

app = group(
    "order",
    "Orders of every kind: submit, preview, amend, cancel, list, show.",
    f"optionix order submit --symbol {_OPTION} --side buy --quantity 2 --type limit --limit 2.50 --tif GTC",
    "optionix order list",
)


@app.command(
    cls=Command,
    epilog=examples(
        f"optionix order submit --symbol {_OPTION} --side buy --quantity 2 --type limit --limit 2.50 --tif GTC",
        f"optionix order submit --symbol {_OPTION} --side sell --quantity 1 --type trailing-stop --trail 0.50",
        "optionix order submit --symbol 'ORBIT 15JAN27 230 C' --side buy --quantity 1 --type market --json",
        f"optionix order submit --legs '{_VERTICAL}' --side buy --quantity 1 --limit 3.20",
        "optionix order submit --symbol ORBIT --side buy --dollars 5000 --type limit --limit 210 --tif GTC",
        f"optionix order submit --legs '{_COVERED}' --side buy --quantity 1 --limit 206",
        "optionix order submit --batch orders.csv --all-or-none --json",
    ),
)
def submit(
    context: typer.Context,
    *,
    symbol: AnySymbol = None,
    legs: Legs = None,
    side: AnySide = None,
    quantity: AnyQuantity = None,
    dollars: Dollars = None,
    lots: LotsOption = None,
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
    batch: BatchOption = None,
    all_or_none: AllOrNone = False,
    client_id: ClientId = None,
    expires: Expires = None,
    account: Account = None,
    dry_run: DryRun = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Submit an order: what the market meets is filled at once, what rests works until it is filled or ends.

    With --batch many immediate orders out of a file, written as one: JSON lines or CSV with symbol, side, quantity and,
    where wanted, limit, tif, client_id and reduce_only; --client-id is then the batch's own.
    Exits 5 where the pre-trade gate refuses, 1 where nothing is filled and nothing rests, 3 where the server of the
    account's venue is out of reach: the order is then kept for `optionix sync intents`.
    """
    flags = {"post_only": post_only, "reduce_only": reduce_only, "parent": parent, "one_cancels": one_cancels}
    if batch is not None:
        given = dict(zip(order_batch.TERMS, (symbol, legs, side, quantity, dollars, lots, type_), strict=True))
        prices = (limit, trigger, trail, trail_percent, tif, until, *flags.values(), expires)
        given |= dict(zip(order_batch.MORE_TERMS, prices, strict=True))
        wanted = order_batch.Wanted(batch, client_id, all_or_none, dry_run)
        order_batch.submit(context, wanted, account, chosen(format_, as_json), given)
        return
    if side is None:
        raise UsageError("--side is missing: buy or sell")
    if all_or_none:
        raise UsageError("--all-or-none has no say without --batch")
    terms = order_terms.read(
        type_,
        str(side),
        order_terms.HowMuch(quantity, dollars, lots),
        order_terms.What(symbol, legs),
        order_terms.Prices(limit, trigger, trail, trail_percent),
        tif,
        until,
    )
    terms = order_terms.with_flags(terms, **flags)
    _submit(context, terms, client_id, expires, account, dry_run, chosen(format_, as_json))


@app.command(
    cls=Command,
    epilog=examples(
        f"optionix order preview --symbol {_OPTION} --side buy --quantity 1 --type limit --limit 2.50",
        f"optionix order preview --symbol {_OPTION} --side buy --quantity 1 --type market --json",
        f"optionix order preview --legs '{_VERTICAL}' --side buy --quantity 2 --limit 3.20 --effect",
    ),
)
def preview(
    context: typer.Context,
    *,
    symbol: AnySymbol = None,
    legs: Legs = None,
    side: SideOption,
    quantity: AnyQuantity = None,
    dollars: Dollars = None,
    lots: LotsOption = None,
    type_: TypeOption = None,
    limit: Limit = None,
    trigger: TriggerOption = None,
    trail: Trail = None,
    trail_percent: TrailPercent = None,
    tif: TimeOption = None,
    until: Until = None,
    post_only: PostOnly = False,
    reduce_only: ReduceOnly = False,
    effect: Effect = False,
    account: Account = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Show what `order submit` would do now: price, cost, fees, cash kept, and every answer of the gate."""
    from optionix_core.services import order_json, trading

    terms = order_terms.read(
        type_,
        str(side),
        order_terms.HowMuch(quantity, dollars, lots),
        order_terms.What(symbol, legs),
        order_terms.Prices(limit, trigger, trail, trail_percent),
        tif,
        until,
    )
    flags = {"post_only": post_only, "reduce_only": reduce_only, "parent": None, "one_cancels": None}
    terms = order_terms.with_flags(terms, **flags)
    with acting_for(context, account).workspace() as workspace:
        tried = trading.preview_terms(workspace, terms)
        document = order_json.standing(tried)
        if effect:
            from optionix_core.services import order_study_json

            document |= order_study_json.study(workspace, terms, tried)
    _emit(chosen(format_, as_json), document)
    trading.raise_for_checks(tried)


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
    quantity: AmendedQuantity = None,
    limit: AmendedLimit = None,
    trigger: AmendedTrigger = None,
    amendment_id: AmendmentId = None,
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

    with acting_for(context, account).workspace() as workspace:
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
    from optionix_core.services import order_json, sending

    with acting_for(context, account).workspace() as workspace:
        done = sending.cancel(workspace, order_id, dry_run=dry_run)
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
    ended: Ended = False,
    every: Every = False,
    account: Account = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Orders that work or wait, after bringing the venue up to now."""
    from optionix_core.services import order_json, orders

    with acting_for(context, account).workspace() as workspace:
        found = orders.listing(workspace, all_accounts=every, ended=ended)
    documents = [order_json.standing(order) for order in found]
    for document in documents:
        for name in ("schema_version", "checks", "fills", "replayed"):
            document.pop(name)
    emit_listing(chosen(format_, as_json), "orders", documents, order_text.COLUMNS, "no orders")


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

    with acting_for(context, account).workspace() as workspace:
        story = orders.show(workspace, order_id)
    document = order_json.story(story)
    emit(chosen(format_, as_json), document, document["events"], order_text.story(document))


def _submit(
    context: typer.Context,
    terms: OrderTerms,
    client_id: str | None,
    expires: str | None,
    account: str | None,
    dry_run: bool,
    format_: Format,
) -> None:
    from optionix_core.services import order_json, sending, trading

    with acting_for(context, account).workspace() as workspace:
        if dry_run:
            tried = trading.preview_terms(workspace, terms)
            _emit(format_, order_json.standing(tried))
            trading.raise_for_checks(tried)
            return
        until = None if expires is None else order_terms.moment(expires, "--expires")
        result = sending.send(workspace, terms, client_id, expires=until)
    trading.raise_for_state(result)
    if result.reason:
        say(f"note: {result.reason}")
    _emit(format_, order_json.standing(result))


def _emit(format_: Format, document: dict[str, Any]) -> None:
    record = {key: value for key, value in document.items() if not isinstance(value, (list, dict))}
    record.pop("schema_version")
    emit(format_, document, [record], order_text.table(document))
