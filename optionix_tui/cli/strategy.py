"""`optionix strategy`: name legs, show what may become of them, build them out of a chain."""

from __future__ import annotations

import sys
from decimal import Decimal
from typing import Annotated

import typer

from optionix_core.errors import InvalidValueError, UsageError
from optionix_tui.cli import strategy_layout, strategy_order, strategy_source
from optionix_tui.cli.arguments import Command, group
from optionix_tui.cli.chain_source import FileFormat, Mapped, On, Rate, load
from optionix_tui.cli.face import face_of
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit, say
from optionix_tui.cli.usage import examples

app = group(
    "strategy",
    "Named strategies: build from a chain, list, payoff.",
    "optionix strategy build iron-condor --underlying ORBIT --expiry 2027-01-15 --delta 0.1,0.3,0.3,0.1",
    "optionix strategy list",
)

VERTICAL = '[{"type":"call","strike":100,"quantity":1,"price":5},{"type":"call","strike":110,"quantity":-1,"price":2}]'

Plot = Annotated[bool, typer.Option("--plot", help="Draw the payoff.")]


@app.command(
    "list",
    cls=Command,
    epilog=examples("optionix strategy list", "optionix strategy list --json | jq -r '.strategies[].name'"),
)
def list_(format_: FormatOption = Format.TABLE, as_json: JsonOption = False) -> None:
    """Every named strategy with its legs and outlook. A family's name means the side that is bought."""
    from optionix_core.services import strategies_json

    records = strategies_json.catalogue()
    rows = [(item["name"], item["family"], item["legs"], item["outlook"]) for item in records]
    table = Table(("name", "family", "legs", "outlook"), rows, left=frozenset({0, 1, 2, 3}))
    emit(chosen(format_, as_json), {"schema_version": 1, "strategies": records}, records, table)


@app.command(
    cls=Command,
    epilog=examples(
        f"optionix strategy payoff --legs '{VERTICAL}' --multiplier 100 --json",
        "optionix strategy payoff --legs @legs.json --spot 215 --rate 0.04 --volatility 0.22 --plot",
        "optionix strategy build straddle --underlying ORBIT --expiry 2027-01-15 --strikes 215 --json "
        "| optionix strategy payoff --legs - --at 200 --at 230",
    ),
)
def payoff(
    context: typer.Context,
    *,
    legs: Annotated[
        str,
        typer.Option("--legs", help="Legs as JSON: inline, @FILE, or - for standard input.", metavar="JSON"),
    ],
    multiplier: Annotated[
        Decimal,
        typer.Option("--multiplier", help="Units of the underlying per contract, and per lot of stock.", metavar="N"),
    ] = Decimal(100),
    at: Annotated[
        list[Decimal] | None,
        typer.Option("--at", help="Tell the profit at this price of the underlying; may be repeated.", metavar="PRICE"),
    ] = None,
    cash: Annotated[
        Decimal, typer.Option("--cash", help="Money set aside: a short put may be cash secured.", metavar="MONEY")
    ] = Decimal(0),
    surface: Annotated[
        str | None,
        typer.Option("--surface", help="A chain, or a surface that was saved, for value and odds.", metavar="SOURCE"),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", help="Smile to fit to a chain: svi (the default), ssvi, essvi, ...", metavar="MODEL"),
    ] = None,
    spot: Annotated[
        float | None, typer.Option("--spot", help="Price of the underlying, without a surface.", metavar="PRICE")
    ] = None,
    volatility: Annotated[
        float | None,
        typer.Option("--volatility", help="Flat volatility of legs without their own `iv`.", metavar="FRACTION"),
    ] = None,
    rate: Rate = None,
    dividend_yield: Annotated[
        float | None,
        typer.Option("--dividend-yield", help="Continuous, 0 where it is left out.", metavar="FRACTION"),
    ] = None,
    plot: Plot = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Name legs and tell maximum gain and loss, breakevens, probability of profit.

    A leg has type (call, put, stock), strike, quantity (negative: short) and price, and may have expiry, iv, years,
    multiplier, root. Stock counts in lots of the multiplier unless the leg has its own.
    """
    from optionix_core.portfolio.strategies.recognition import recognise
    from optionix_core.services import strategies, strategies_json

    format_ = chosen(format_, as_json)
    _check_plot(plot, format_)
    face = face_of(context)
    given = strategy_source.read(legs, multiplier)
    strategy = recognise([one.leg for one in given], cash)
    if any(one.leg.type == "stock" and one.leg.multiplier != 1 for one in given):
        say("stock is counted in lots of the multiplier; a multiplier of 1 in its leg counts shares")
    numbers = strategy_source.Numbers(spot, rate, dividend_yield, volatility)
    if surface is not None:
        strategy_source.refuse_beside_surface(numbers)
        report = strategies.of_surface(strategy, strategy_source.surface(face, surface, model, rate))
    else:
        if model is not None:
            raise UsageError("--model is of a smile, and --surface names none")
        ordered = strategy_source.along(strategy, given)
        report = strategies.of_flat_market(
            strategy,
            numbers.market(),
            face.clock.now().date(),
            [one.volatility for one in ordered],
            [one.years for one in ordered],
        )
    document = strategies_json.to_json(report, at or ())
    if plot:
        sys.stdout.write(strategy_layout.picture(report))
        return
    flat = {key: value for key, value in document.items() if key != "legs"}
    emit(format_, document, [flat], strategy_layout.payoff_table(document))


@app.command(
    cls=Command,
    epilog=examples(
        "optionix strategy build vertical --underlying ORBIT --expiry 2027-01-15 --strikes 215,225",
        "optionix strategy build strangle --short --underlying ORBIT --expiry 2027-01-15 --delta 0.2 --price natural",
        "optionix strategy build calendar --underlying ORBIT --expiry 2026-12-18,2027-01-15 --strikes 215 --json",
        "optionix strategy build butterfly --type put --underlying ORBIT --expiry 2027-01-15 --width 10 --plot",
    ),
)
def build(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A strategy or a family of `strategy list`.", metavar="NAME")],
    *,
    underlying: Annotated[
        str,
        typer.Option(
            "--underlying", help="An underlying of the feed, an imported chain, a file, or -.", metavar="NAME"
        ),
    ],
    expiry: Annotated[
        str, typer.Option("--expiry", help="The expiry; near and far with a comma between.", metavar="YYYY-MM-DD[,...]")
    ],
    strikes: Annotated[
        str | None,
        typer.Option("--strikes", help="Strikes ascending; of a diagonal near leg, far leg.", metavar="K[,K...]"),
    ] = None,
    width: Annotated[
        Decimal | None,
        typer.Option("--width", help="Strikes this far apart around the money, instead.", metavar="PRICE"),
    ] = None,
    delta: Annotated[
        str | None,
        typer.Option("--delta", help="Sizes of delta along the strikes, or one for all, instead.", metavar="D[,D...]"),
    ] = None,
    option_type: Annotated[
        str | None, typer.Option("--type", help="call or put, for a family of both.", metavar="TYPE")
    ] = None,
    short: Annotated[bool, typer.Option("--short", help="Every leg the other way round.")] = False,
    units: Annotated[Decimal, typer.Option("--units", help="How many.", metavar="N")] = Decimal(1),
    ratio: Annotated[
        str | None,
        typer.Option("--ratio", help="Of a ratio spread or backspread; 1:2 without it.", metavar="NEAR:FAR"),
    ] = None,
    root: Annotated[
        str | None, typer.Option("--root", help="Root, where several share the date.", metavar="ROOT")
    ] = None,
    price: Annotated[
        str, typer.Option("--price", help="Legs at their mid, or at the natural (far) side.", metavar="mid|natural")
    ] = "mid",
    at: Annotated[
        list[Decimal] | None,
        typer.Option("--at", help="Tell the profit at this price of the underlying; may be repeated.", metavar="PRICE"),
    ] = None,
    model: Annotated[
        str,
        typer.Option(
            "--model", help="Smile for the probability: svi, ssvi, essvi, spline, sabr, or none.", metavar="MODEL"
        ),
    ] = "svi",
    submit: Annotated[bool, typer.Option("--submit", help="Print the command that orders it instead.")] = False,
    plot: Plot = False,
    file_format: FileFormat = None,
    mapped: Mapped = None,
    on: On = None,
    rate: Rate = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Build a strategy out of listed options: legs with prices, name, payoff, probability of profit.

    Families of calls and puts mean calls unless --type says put.
    """
    from optionix_core.portfolio.strategies.selection import Choice
    from optionix_core.services import strategies, strategies_json

    format_ = chosen(format_, as_json)
    _check_plot(plot, format_)
    if option_type not in (None, "call", "put"):
        raise InvalidValueError("--type", repr(option_type), "call or put")
    choice = Choice(
        strategy_source.numbers("--strikes", strikes),
        width,
        tuple(float(one) for one in strategy_source.numbers("--delta", delta)),
    )
    chain = load(face_of(context), underlying, file_format, mapped, on)
    report = strategies.build(
        name,
        chain,
        strategy_source.dates(expiry),
        choice,
        rule=price,  # type: ignore[arg-type] # checked where prices are taken
        units=units,
        ratio=strategy_source.proportion(ratio),
        option_type=option_type,
        short=short,
        root=None if root is None else root.upper(),
        rate=rate,
        smile=strategy_source.prepared(model),
    )
    if plot:
        sys.stdout.write(strategy_layout.picture(report))
        return
    document = strategies_json.to_json(report, at or ())
    if submit:
        document["order"] = strategy_order.command(document)
        if format_ is Format.TABLE:
            sys.stdout.write(f"{document['order']}\n")
            return
    records = [{"name": document["name"], **leg} for leg in document["legs"]]
    emit(format_, document, records, strategy_layout.build_table(document, chain.underlying))


def _check_plot(plot: bool, format_: Format) -> None:
    if plot and format_ is not Format.TABLE:
        raise UsageError(f"--plot draws a picture, and --format {format_} is none")
