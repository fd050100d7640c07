"""`optionix algo`: one order worked over time, and what it cost."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optionix_core.errors import UsageError
from optionix_tui.cli import algo_terms, algo_text
from optionix_tui.cli.algo_options import (
    AlgoId,
    CatchUpOption,
    ClientId,
    Curve,
    Duration,
    Kind,
    KindName,
    Participation,
    Permanent,
    Plot,
    RiskAversion,
    Seed,
    SizeJitter,
    Slices,
    StyleName,
    StyleOption,
    Temporary,
    TimeJitter,
    Until,
    Volatility,
)
from optionix_tui.cli.arguments import Command, group
from optionix_tui.cli.listings import emit_listing
from optionix_tui.cli.order_options import (
    Account,
    DryRun,
    Ended,
    Every,
    Limit,
    Quantity,
    SideOption,
    Symbol,
    acting_for,
)
from optionix_tui.cli.output import Format, FormatOption, JsonOption, chosen, emit, say
from optionix_tui.cli.usage import examples

if TYPE_CHECKING:
    from optionix_core.services.algorithm_story import AlgoStory
    from optionix_core.services.workspace import Workspace
    from optionix_core.trading.algorithms.parent import ParentOrder

_OPTION = "ORBIT270115C00230000"
_WHAT = f"--symbol {_OPTION} --side buy --quantity 20"

app = group(
    "algo",
    "Orders worked over time: TWAP, VWAP, POV, implementation shortfall; and what they cost.",
    f"optionix algo start twap {_WHAT} --duration 30m --slices 6 --dry-run",
    "optionix algo list",
)


@app.command(
    cls=Command,
    epilog=examples(
        f"optionix algo start twap {_WHAT} --duration 30m --slices 6 --client-id morning",
        f"optionix algo start vwap {_WHAT} --duration 2h --curve u-shape:3 --dry-run --plot",
        f"optionix algo start pov {_WHAT} --duration 1h --participation 0.1 --json",
        f"optionix algo start is {_WHAT} --duration 2h --risk-aversion 0.05 --volatility 30 --temporary 0.1"
        " --permanent 0.01 --dry-run",
    ),
)
def start(
    context: typer.Context,
    kind: Kind,
    *,
    symbol: Symbol,
    side: SideOption,
    quantity: Quantity,
    until: Until = None,
    duration: Duration = None,
    slices: Slices = 10,
    limit: Limit = None,
    style: StyleOption = StyleName.TAKE,
    catch_up: CatchUpOption = None,
    curve: Curve = None,
    participation: Participation = None,
    risk_aversion: RiskAversion = None,
    volatility: Volatility = None,
    temporary: Temporary = None,
    permanent: Permanent = None,
    jitter_seed: Seed = 0,
    time_jitter: TimeJitter = Decimal(0),
    size_jitter: SizeJitter = Decimal(0),
    client_id: ClientId = None,
    account: Account = None,
    dry_run: DryRun = False,
    plot: Plot = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Start an algorithm and send what is due now; the open terminal and later commands send what comes due.

    Slices missed while nothing ran are sent late, by the catch-up rule, and never back-dated.
    """
    from optionix_core.services import algorithm_json, algorithms

    impact = {
        "--risk-aversion": risk_aversion,
        "--volatility": volatility,
        "--temporary": temporary,
        "--permanent": permanent,
    }
    _check_plot(plot, chosen(format_, as_json))
    algo_terms.check_own(str(kind), {"--curve": curve, "--participation": participation, **impact})
    with acting_for(context, account).workspace() as workspace:
        parent = _parent(
            workspace,
            kind,
            (symbol, side, quantity, limit),
            (until, duration, slices),
            curve,
            algo_id=workspace.new_order_id() if client_id is None else client_id,
            style=str(style),
            catch_up=str(catch_up or ("at-once" if kind is KindName.POV else "spread")),
            seed=jitter_seed,
            time_jitter=time_jitter,
            size_jitter=size_jitter,
            participation=participation,
            impact=algo_terms.impact(impact),
        )
        if dry_run:
            document = algorithm_json.preview(algorithms.preview(workspace, parent))
            picture = _picture(document) if plot else None
            if picture is not None:
                typer.echo(picture, nl=False)
                return
            emit(chosen(format_, as_json), document, document["schedule"], algo_text.schedule(document))
            return
        story = algorithms.start(workspace, parent)
    _emit(story, chosen(format_, as_json), plot=plot)


@app.command(cls=Command, epilog=examples("optionix algo pause morning", "optionix algo pause morning --dry-run"))
def pause(
    context: typer.Context,
    algo_id: AlgoId,
    *,
    account: Account = None,
    dry_run: DryRun = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Send nothing more, and take what works from the market, until it is resumed. Its end does not move."""
    _turn(context, "pause", algo_id, account, chosen(format_, as_json), dry_run=dry_run)


@app.command(cls=Command, epilog=examples("optionix algo resume morning", "optionix algo resume morning --json"))
def resume(
    context: typer.Context,
    algo_id: AlgoId,
    *,
    account: Account = None,
    dry_run: DryRun = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Go on; what was missed meanwhile follows the catch-up rule."""
    _turn(context, "resume", algo_id, account, chosen(format_, as_json), dry_run=dry_run)


@app.command(cls=Command, epilog=examples("optionix algo cancel morning", "optionix algo cancel morning --json"))
def cancel(
    context: typer.Context,
    algo_id: AlgoId,
    *,
    account: Account = None,
    dry_run: DryRun = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """End it and take what works from the market. What is filled stays; exits 1 where it has ended."""
    _turn(context, "cancel", algo_id, account, chosen(format_, as_json), dry_run=dry_run)


@app.command(
    "list",
    cls=Command,
    epilog=examples("optionix algo list", "optionix algo list --all --json | jq '.algorithms[].state'"),
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
    """Algorithms that run or pause, after sending what has come due."""
    from optionix_core.services import algorithm_json, algorithms

    with acting_for(context, account).workspace() as workspace:
        found = algorithms.listing(workspace, all_accounts=every, ended=ended)
        _say_where_idle(workspace, found)
    documents = [algorithm_json.summary(story) for story in found]
    emit_listing(chosen(format_, as_json), "algorithms", documents, algo_text.COLUMNS, "no algorithms")


@app.command(cls=Command, epilog=examples("optionix algo show morning", "optionix algo show morning --plot"))
def show(
    context: typer.Context,
    algo_id: AlgoId,
    *,
    account: Account = None,
    plot: Plot = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """One algorithm as it stands, with its schedule and its slices."""
    from optionix_core.services import algorithms

    _check_plot(plot, chosen(format_, as_json))
    with acting_for(context, account).workspace() as workspace:
        story = algorithms.show(workspace, algo_id)
        _say_where_idle(workspace, (story,))
    _emit(story, chosen(format_, as_json), plot=plot)


@app.command(cls=Command, epilog=examples("optionix algo costs morning", "optionix algo costs morning --json"))
def costs(
    context: typer.Context,
    algo_id: AlgoId,
    *,
    market: Annotated[
        bool, typer.Option("--market/--no-market", help="Compare with the market's own trades, quote by quote.")
    ] = True,
    account: Account = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """What it cost against arrival, the market's trades and the spread; fees; what was not traded. Positive is cost."""
    from optionix_core.services import algorithm_costs, algorithm_json

    with acting_for(context, account).workspace() as workspace:
        document = algorithm_json.costs(algorithm_costs.costs(workspace, algo_id, market=market))
    emit(chosen(format_, as_json), document, document["slices"], algo_text.costs(document))


def _parent(
    workspace: Workspace,
    kind: KindName,
    order: tuple[str, Any, int, Decimal | None],
    times: tuple[str | None, str | None, int],
    curve: str | None,
    **terms: Any,
) -> ParentOrder:
    from optionix_core.market import symbols
    from optionix_core.trading.algorithms.parent import AlgoKind, CatchUp, ParentOrder, Style
    from optionix_core.trading.algorithms.volume_curve import check_slices
    from optionix_core.trading.orders import Side

    symbol, side, quantity, limit = order
    begin, slices = workspace.clock.now(), times[2]
    end = algo_terms.end_of(begin, times[0], times[1])
    check_slices(slices)
    weights = () if curve is None else algo_terms.curve(workspace, curve, symbol, begin, end, slices)
    return ParentOrder(
        account=workspace.account,
        kind=AlgoKind(str(kind)),
        side=Side(str(side)),
        quantity=quantity,
        symbol=symbols.security(symbol),
        start=begin,
        until=end,
        slices=slices,
        limit_price=limit,
        curve=weights,
        curve_source=curve,
        **{**terms, "style": Style(terms["style"]), "catch_up": CatchUp(terms["catch_up"])},
    )


def _turn(
    context: typer.Context, act: str, algo_id: str, account: str | None, format_: Format, *, dry_run: bool
) -> None:
    from optionix_core.services import algorithms

    acts = {"pause": algorithms.pause, "resume": algorithms.resume, "cancel": algorithms.cancel}
    with acting_for(context, account).workspace() as workspace:
        story = acts[act](workspace, algo_id, dry_run=dry_run)
        _say_where_idle(workspace, (story,))
    if dry_run:
        say(f"note: {act} would be done; nothing was written")
    _emit(story, format_, plot=False)


def _emit(story: AlgoStory, format_: Format, *, plot: bool) -> None:
    from optionix_core.services import algorithm_json

    document = algorithm_json.story(story)
    picture = _picture(document) if plot else None
    if picture is not None:
        typer.echo(picture, nl=False)
        return
    emit(format_, document, document["slices"], algo_text.story(document))


def _check_plot(plot: bool, format_: Format) -> None:
    if plot and format_ is not Format.TABLE:
        raise UsageError(f"--plot draws a picture, and --format {format_} is none")


def _picture(document: dict[str, Any]) -> str | None:
    """Contracts to be done over minutes, and those that were; None where nothing of it is known beforehand."""
    from datetime import datetime

    from optionix_tui.cli import plot

    if document["participation"] is not None:
        say("note: pov follows the volume seen, so that there is no schedule to draw")
        return None
    begin = datetime.fromisoformat(document["start"])

    def minutes(text: str) -> float:
        return (datetime.fromisoformat(text) - begin).total_seconds() / 60.0

    curves = [_stairs([(minutes(row["due_at"]), row["quantity"]) for row in document["schedule"]])]
    if document.get("slices"):
        curves.append(_stairs([(minutes(row["decided_at"]), row["filled"]) for row in document["slices"]]))
    return plot.layers(f"{document['algo_id']}: contracts by minutes from the start", curves)


def _stairs(steps: Sequence[tuple[float, int]]) -> tuple[list[float], list[float]]:
    across, up, done = [0.0], [0.0], 0
    for at, count in steps:
        across += [at, at]
        up += [float(done), float(done + count)]
        done += count
    return across, up


def _say_where_idle(workspace: Workspace, stories: Sequence[AlgoStory]) -> None:
    from optionix_core.services import algorithms

    if any(story.end is None for story in stories) and not algorithms.trades_here(workspace):
        say(f"note: nothing is sent while the {workspace.feed.state} feed is looked at; the venue trades the simulated")
