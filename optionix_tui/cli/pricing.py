"""`optionix price`, `greeks` and `iv`: European options by Black-Scholes-Merton, one of them or a file of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from optionix_core.errors import InvalidValueError, UsageError
from optionix_tui.cli.arguments import command
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit

if TYPE_CHECKING:
    from optionix_core.services.pricing import PriceReport
    from optionix_core.services.pricing_table import OptionRow

Solved = TypeVar("Solved")

ONE = "--type call --spot 100 --strike 105 --expiry 0.5 --rate 0.05"

RowsArgument = Annotated[
    str | None,
    typer.Argument(
        help="CSV or JSON Lines of options, - for standard input; its columns are named as the options below.",
        metavar="FILE",
    ),
]
TypeOption = Annotated[str | None, typer.Option("--type", help="call or put.", metavar="TYPE")]
SpotOption = Annotated[float | None, typer.Option("--spot", help="Price of the underlying.", metavar="NUMBER")]
StrikeOption = Annotated[float | None, typer.Option("--strike", help="Strike.", metavar="NUMBER")]
ExpiryOption = Annotated[float | None, typer.Option("--expiry", help="Time to expiry in years.", metavar="YEARS")]
RateOption = Annotated[
    float | None,
    typer.Option("--rate", help="Interest rate, continuously compounded (0.05 is 5%).", metavar="FRACTION"),
]
DividendOption = Annotated[
    float, typer.Option("--dividend-yield", help="Dividend yield, continuously compounded.", metavar="FRACTION")
]
VolatilityOption = Annotated[
    float | None, typer.Option("--volatility", help="Volatility (0.25 is 25%).", metavar="FRACTION")
]
PriceOption = Annotated[float | None, typer.Option("--price", help="Price of the option.", metavar="NUMBER")]


def price(
    file: RowsArgument = None,
    type_: TypeOption = None,
    spot: SpotOption = None,
    strike: StrikeOption = None,
    expiry: ExpiryOption = None,
    rate: RateOption = None,
    volatility: VolatilityOption = None,
    dividend_yield: DividendOption = 0.0,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Price and Greeks of European options.

    One option from the command's own options, or many from a file, to which these options then give what its rows
    leave out. Greeks are in market units: vega per volatility point, theta per calendar day.
    """
    format_ = chosen(format_, as_json)
    given = _given(type_, spot, strike, expiry, rate, dividend_yield, volatility=volatility)
    if file is None:
        _emit_report(_report(given), format_, only_greeks=False)
    else:
        _emit_table(file, given, format_, only_greeks=False)


def greeks(
    file: RowsArgument = None,
    type_: TypeOption = None,
    spot: SpotOption = None,
    strike: StrikeOption = None,
    expiry: ExpiryOption = None,
    rate: RateOption = None,
    volatility: VolatilityOption = None,
    dividend_yield: DividendOption = 0.0,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Greeks alone, in market units, each with its unit.

    Takes what `optionix price` takes.
    """
    format_ = chosen(format_, as_json)
    given = _given(type_, spot, strike, expiry, rate, dividend_yield, volatility=volatility)
    if file is None:
        _emit_report(_report(given), format_, only_greeks=True)
    else:
        _emit_table(file, given, format_, only_greeks=True)


def implied_volatility(
    file: RowsArgument = None,
    type_: TypeOption = None,
    price_: PriceOption = None,
    spot: SpotOption = None,
    strike: StrikeOption = None,
    expiry: ExpiryOption = None,
    rate: RateOption = None,
    dividend_yield: DividendOption = 0.0,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Implied volatility of European options' prices.

    One option from the command's own options, or many from a file. A price that no volatility gives is an error for
    one option; in a file it is a row without a volatility, with the reason.
    """
    format_ = chosen(format_, as_json)
    given = _given(type_, spot, strike, expiry, rate, dividend_yield, price=price_)
    if file is not None:
        _emit_implied(file, given, format_)
        return
    from optionix_core.services import pricing

    _check_complete(given)
    report = pricing.implied_volatility(
        given["type"],
        given["price"],
        given["spot"],
        given["strike"],
        given["expiry"],
        given["rate"],
        given["dividend_yield"],
    )
    document = pricing.to_json(report)
    value = document["implied_volatility"]
    record = {key: document[key] for key in ("implied_volatility", "status", "price")}
    table = Table(("", "value", "unit"), [("implied volatility", f"{value * 100:.10g}", "points")])
    emit(format_, document, [record], table)


def _given(
    type_: str | None,
    spot: float | None,
    strike: float | None,
    expiry: float | None,
    rate: float | None,
    dividend_yield: float,
    **last: float | None,
) -> dict[str, Any]:
    """The command's own options by the names of a file's columns."""
    named = {"type": type_, "spot": spot, "strike": strike, "expiry": expiry, "rate": rate}
    return {**named, "dividend_yield": dividend_yield, **last}


def _check_complete(given: dict[str, Any]) -> None:
    missing = [f"--{name}" for name, value in given.items() if value is None]
    if missing:
        raise UsageError(f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing, or a file of options")


def _report(given: dict[str, Any]) -> PriceReport:
    from optionix_core.services import pricing

    _check_complete(given)
    return pricing.price_option(
        given["type"],
        given["spot"],
        given["strike"],
        given["expiry"],
        given["rate"],
        given["dividend_yield"],
        given["volatility"],
    )


def _emit_report(report: PriceReport, format_: Format, *, only_greeks: bool) -> None:
    from optionix_core.services import pricing

    document: dict[str, Any] = pricing.to_json(report)
    units: dict[str, str] = document["units"]
    record = {"price": document["price"], **document["greeks"]}
    if only_greeks:
        document = {key: value for key, value in document.items() if key != "price"}
        record.pop("price")
    lines = [(name, _shown(value), units.get(name, "")) for name, value in record.items()]
    table = Table(("", "value", "unit"), lines, title=str(document["method"]), left=frozenset({0, 2}))
    emit(format_, document, [record], table)


def _emit_table(file: str, given: dict[str, Any], format_: Format, *, only_greeks: bool) -> None:
    from optionix_core.services import pricing_table

    document = pricing_table.to_json(_solved(file, given, pricing_table.price_rows))
    names = ("delta", "gamma", "vega", "theta", "rho")
    shown = names if only_greeks else ("price", *names)
    if only_greeks:
        for row in document["rows"]:
            row.pop("price")
    _emit_rows(document, shown, format_)


def _emit_implied(file: str, given: dict[str, Any], format_: Format) -> None:
    from optionix_core.services import pricing_table

    document = pricing_table.to_json(_solved(file, given, pricing_table.implied_volatility_rows))
    _emit_rows(document, ("price", "implied_volatility", "status"), format_)


def _solved(file: str, given: dict[str, Any], solve: Callable[[tuple[OptionRow, ...]], Solved]) -> Solved:
    """The file's rows solved; what the engine refuses is told by line."""
    from optionix_tui.cli.option_rows import RowsFile

    source = RowsFile(file, given)
    try:
        return solve(source.rows)
    except InvalidValueError as error:
        raise source.located(error) from error


def _emit_rows(document: dict[str, Any], answers: tuple[str, ...], format_: Format) -> None:
    rows = document["rows"]
    named = ("id",) if "id" in rows[0] else ()
    headings = (*named, "type", "strike", "expiry", *answers)
    cells = [[_cell(row[name]) for name in headings] for row in rows]
    words = frozenset(index for index, name in enumerate(headings) if name in ("id", "type", "status"))
    table = Table(tuple(name.replace("_", " ") for name in headings), cells, str(document["method"]), words)
    emit(format_, document, rows, table)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, (int, float)) else str(value)


def _shown(value: float | None) -> str:
    return "infinite" if value is None else f"{value:.10g}"


price_command = command(
    "price",
    price,
    f"optionix price {ONE} --volatility 0.25",
    f"optionix price {ONE} --volatility 0.25 --json | jq .greeks.delta",
    "optionix price options.csv --rate 0.05 --format csv",
    "jq -c '.options[]' book.json | optionix price - --format jsonl",
)
greeks_command = command(
    "greeks",
    greeks,
    "optionix greeks --type put --spot 100 --strike 95 --expiry 0.25 --rate 0.04 --volatility 0.3",
    "optionix greeks options.csv --rate 0.05 --json",
)
iv_command = command(
    "iv",
    implied_volatility,
    f"optionix iv {ONE} --price 5.98849042",
    "optionix iv quotes.csv --spot 100 --rate 0.05 --format csv",
)
