"""`optionix price`, `greeks` and `iv`: one option, or a file of them.

A European option under one volatility goes the short way, which loads neither numpy nor the engine; every other
contract, model and method goes through the engine (`price_engine`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

import typer

from optionix_core.errors import UsageError
from optionix_core.services.price_options import PriceOptions
from optionix_tui.cli import price_plain
from optionix_tui.cli.arguments import Command
from optionix_tui.cli.output import Format, FormatOption, JsonOption, chosen
from optionix_tui.cli.price_command import GIVEN, PriceCommand, TermCommand
from optionix_tui.cli.usage import examples

ONE = "--type call --spot 100 --strike 105 --expiry 0.5 --rate 0.05"


def _number(name: str, words: str, metavar: str = "NUMBER") -> Any:
    return typer.Option(name, help=words, metavar=metavar)


def _word(name: str, words: str, metavar: str = "NAME") -> Any:
    return typer.Option(name, help=words, metavar=metavar)


RowsArgument = Annotated[
    str | None,
    typer.Argument(
        help="CSV, JSON Lines or Parquet of options, - for standard input; its columns are named as the options below.",
        metavar="FILE",
    ),
]
TypeOption = Annotated[str | None, _word("--type", "call or put.", "TYPE")]
SpotOption = Annotated[float | None, _number("--spot", "Price of the underlying.")]
StrikeOption = Annotated[float | None, _number("--strike", "Strike.")]
ExpiryOption = Annotated[float | None, _number("--expiry", "Time to expiry in years.", "YEARS")]
RateOption = Annotated[
    float | None, _number("--rate", "Interest rate, continuously compounded (0.05 is 5%).", "FRACTION")
]
YieldOption = Annotated[
    float | None, _number("--dividend-yield", "Dividend yield, continuously compounded.", "FRACTION")
]
VolatilityOption = Annotated[float | None, _number("--volatility", "Volatility (0.25 is 25%).", "FRACTION")]
PriceOption = Annotated[float | None, _number("--price", "Price of the option.")]
StyleOption = Annotated[str | None, _word("--style", "european or american.", "STYLE")]
DividendsOption = Annotated[
    list[str] | None,
    _word("--dividend", "Cash dividend: years from now and amount; may be repeated.", "TIME:AMOUNT"),
]
ProportionalOption = Annotated[
    list[str] | None,
    _word("--proportional-dividend", "Dividend as a fraction of the spot; may be repeated.", "TIME:FRACTION"),
]
AccuracyOption = Annotated[
    str | None, _word("--accuracy", "fast, standard or high, of methods that have accuracies.", "WORD")
]
RecordOption = Annotated[bool, typer.Option("--no-record", help="Do not keep this request in the history.")]


def price(
    context: typer.Context,
    file: RowsArgument = None,
    *,
    type_: TypeOption = None,
    spot: SpotOption = None,
    strike: StrikeOption = None,
    expiry: ExpiryOption = None,
    rate: RateOption = None,
    volatility: VolatilityOption = None,
    dividend_yield: YieldOption = None,
    dividend: DividendsOption = None,
    proportional_dividend: ProportionalOption = None,
    style: StyleOption = None,
    contract: Annotated[str | None, _word("--contract", "Kind of contract; its terms are options below.")] = None,
    model: Annotated[str | None, _word("--model", "Model; its parameters are options below.")] = None,
    spots: Annotated[
        str | None, _word("--spots", "Prices of several underlyings, commas between them.", "NUMBER,...")
    ] = None,
    dividend_yields: Annotated[
        str | None, _word("--dividend-yields", "Dividend yields of several underlyings.", "FRACTION,...")
    ] = None,
    foreign_rate: Annotated[
        float | None, _number("--foreign-rate", "Rate of the underlying's currency (quanto).", "FRACTION")
    ] = None,
    method: Annotated[str | None, _word("--method", "Price by this method rather than the preferred one.")] = None,
    methods: Annotated[str | None, _word("--methods", "all: every method that fits, beside each other.", "all")] = None,
    greeks_: Annotated[
        str | None, _word("--greeks", "Greeks to give: all, none, or names with commas between them.", "NAMES")
    ] = None,
    accuracy: AccuracyOption = None,
    paths: Annotated[int | None, _number("--paths", "Paths of a simulation.", "N")] = None,
    steps: Annotated[int | None, _number("--steps", "Time steps of a simulation or a grid.", "N")] = None,
    space_steps: Annotated[int | None, _number("--space-steps", "Points of a grid in the price.", "N")] = None,
    seed: Annotated[
        int | None, _number("--seed", "Seed of a simulation; the same one gives the same bits.", "N")
    ] = None,
    no_record: RecordOption = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Price and Greeks of any contract under any model; a European option by Black-Scholes-Merton without more words.

    One contract from the command's own options, or many from a file, to which these options then give what its rows
    leave out. Greeks are in market units: vega per volatility point, theta per calendar day.
    """
    options = PriceOptions(
        type=type_,
        spot=spot,
        strike=strike,
        expiry=expiry,
        rate=rate,
        dividend_yield=dividend_yield,
        volatility=volatility,
        style=style,
        contract=contract,
        model=model,
        spots=spots,
        dividend_yields=dividend_yields,
        foreign_rate=foreign_rate,
        dividends=tuple(dividend or ()),
        proportional_dividends=tuple(proportional_dividend or ()),
        method=method,
        methods=methods,
        greeks=greeks_,
        accuracy=accuracy,
        paths=paths,
        steps=steps,
        space_steps=space_steps,
        seed=seed,
        terms=context.meta.get(GIVEN, {}),
    )
    only_greeks = context.command.name == "greeks"
    _priced(context, file, options, chosen(format_, as_json), only_greeks=only_greeks, recorded=not no_record)


def _priced(
    context: typer.Context,
    file: str | None,
    options: PriceOptions,
    format_: Format,
    *,
    only_greeks: bool,
    recorded: bool,
) -> None:
    if options.is_plain:
        if file is None:
            price_plain.emit_one(context, options, format_, only_greeks=only_greeks, recorded=recorded)
        else:
            price_plain.emit_file(context, file, options, format_, only_greeks=only_greeks, recorded=recorded)
        return
    from optionix_tui.cli import price_engine

    if options.methods is not None:
        if file is not None or only_greeks:
            raise UsageError("--methods goes with one contract of `optionix price`")
        price_engine.emit_methods(context, options, format_, recorded=recorded)
    elif file is None:
        price_engine.emit_one(context, options, format_, only_greeks=only_greeks, recorded=recorded)
    else:
        price_engine.emit_file(context, file, options, format_, only_greeks=only_greeks, recorded=recorded)


@wraps(price)
def greeks(**options: Any) -> None:
    """Greeks alone, in market units, each with its unit.

    Takes what `optionix price` takes.
    """
    price(**options)


greeks.__doc__ = "Greeks alone, in market units, each with its unit.\n\nTakes what `optionix price` takes."


def implied_volatility(
    file: RowsArgument = None,
    *,
    type_: TypeOption = None,
    price_: PriceOption = None,
    spot: SpotOption = None,
    strike: StrikeOption = None,
    expiry: ExpiryOption = None,
    rate: RateOption = None,
    dividend_yield: YieldOption = None,
    dividend: DividendsOption = None,
    proportional_dividend: ProportionalOption = None,
    style: StyleOption = None,
    accuracy: AccuracyOption = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Implied volatility of the prices of European or American options.

    One option from the command's own options, or many from a file. A price that no volatility gives is an error for
    one option; in a file it is a row without a volatility, with the reason.
    """
    options = PriceOptions(
        type=type_,
        spot=spot,
        strike=strike,
        expiry=expiry,
        rate=rate,
        dividend_yield=dividend_yield,
        style=style,
        accuracy=accuracy,
        dividends=tuple(dividend or ()),
        proportional_dividends=tuple(proportional_dividend or ()),
    )
    price_plain.emit_implied(file, options, price_, chosen(format_, as_json))


def _alone(name: str, function: Callable[..., None], kind: type[Command], *lines: str) -> typer.Typer:
    alone = typer.Typer(add_completion=False, rich_markup_mode=None)
    alone.command(name, cls=kind, epilog=examples(*lines))(function)
    return alone


price_command = _alone(
    "price",
    price,
    PriceCommand,
    f"optionix price {ONE} --volatility 0.25",
    f"optionix price {ONE} --volatility 0.25 --json | jq .greeks.delta",
    f"optionix price {ONE} --volatility 0.25 --style american --dividend 0.25:1.5",
    f"optionix price {ONE} --volatility 0.25 --barrier-type down-out --barrier 90",
    f"optionix price {ONE} --model heston --v0 0.04 --kappa 1.5 --theta 0.04 --sigma 0.3 --rho -0.7",
    f"optionix price {ONE} --volatility 0.25 --contract asian --fixing-times 0.25,0.5 --methods all",
    "optionix price options.csv --rate 0.05 --format csv",
    "jq -c '.options[]' book.json | optionix price - --format jsonl",
)
greeks_command = _alone(
    "greeks",
    greeks,
    TermCommand,
    "optionix greeks --type put --spot 100 --strike 95 --expiry 0.25 --rate 0.04 --volatility 0.3",
    "optionix greeks --type put --spot 100 --strike 95 --expiry 0.25 --rate 0.04 --volatility 0.3 --style american",
    "optionix greeks options.csv --rate 0.05 --json",
)
iv_command = _alone(
    "iv",
    implied_volatility,
    Command,
    f"optionix iv {ONE} --price 5.98849042",
    f"optionix iv {ONE} --price 5.98849042 --style american",
    "optionix iv quotes.csv --spot 100 --rate 0.05 --format csv",
)
