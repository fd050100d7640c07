"""`optionix price`, `greeks` and `iv`: one European option by Black-Scholes-Merton."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit

if TYPE_CHECKING:
    from optionix_core.services.pricing import PriceReport

TypeOption = Annotated[str, typer.Option("--type", help="call or put.")]
SpotOption = Annotated[float, typer.Option("--spot", help="Price of the underlying.")]
StrikeOption = Annotated[float, typer.Option("--strike", help="Strike.")]
ExpiryOption = Annotated[float, typer.Option("--expiry", help="Time to expiry in years.")]
RateOption = Annotated[float, typer.Option("--rate", help="Interest rate, continuously compounded (0.05 is 5%).")]
DividendOption = Annotated[float, typer.Option("--dividend-yield", help="Dividend yield, continuously compounded.")]
VolatilityOption = Annotated[float, typer.Option("--volatility", help="Volatility as a fraction (0.25 is 25%).")]


def _report(
    type_: str, spot: float, strike: float, expiry: float, rate: float, dividend_yield: float, volatility: float
) -> PriceReport:
    from optionix_core.services import pricing

    return pricing.price_option(type_, spot, strike, expiry, rate, dividend_yield, volatility)


def _shown(value: float | None) -> str:
    return "infinite" if value is None else f"{value:.10g}"


def _emit_report(report: PriceReport, format_: Format, *, only_greeks: bool) -> None:
    from optionix_core.services import pricing

    document: dict[str, Any] = pricing.to_json(report)
    greeks: dict[str, float | None] = document["greeks"]
    units: dict[str, str] = document["units"]
    lines = [] if only_greeks else [("price", f"{document['price']:.10g}", "")]
    lines += [(name, _shown(value), units.get(name, "")) for name, value in greeks.items()]
    if only_greeks:
        document = {key: value for key, value in document.items() if key != "price"}
        records = [dict(greeks)]
    else:
        records = [{"price": document["price"], **greeks}]
    table = Table(("", "value", "unit"), lines, title=str(document["method"]), left=frozenset({0, 2}))
    emit(format_, document, records, table)


def price(
    type_: TypeOption,
    spot: SpotOption,
    strike: StrikeOption,
    expiry: ExpiryOption,
    rate: RateOption,
    volatility: VolatilityOption,
    dividend_yield: DividendOption = 0.0,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Price and Greeks of a European option.

    Example: optionix price --type call --spot 100 --strike 105 --expiry 0.5 --rate 0.05 --volatility 0.25 --json
    """
    report = _report(type_, spot, strike, expiry, rate, dividend_yield, volatility)
    _emit_report(report, chosen(format_, as_json), only_greeks=False)


def greeks(
    type_: TypeOption,
    spot: SpotOption,
    strike: StrikeOption,
    expiry: ExpiryOption,
    rate: RateOption,
    volatility: VolatilityOption,
    dividend_yield: DividendOption = 0.0,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Greeks alone, in market units, each with its unit.

    Example: optionix greeks --type put --spot 100 --strike 95 --expiry 0.25 --rate 0.04 --volatility 0.3
    """
    report = _report(type_, spot, strike, expiry, rate, dividend_yield, volatility)
    _emit_report(report, chosen(format_, as_json), only_greeks=True)


def implied_volatility(
    type_: TypeOption,
    price_: Annotated[float, typer.Option("--price", help="Price of the option.")],
    spot: SpotOption,
    strike: StrikeOption,
    expiry: ExpiryOption,
    rate: RateOption,
    dividend_yield: DividendOption = 0.0,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Implied volatility of a European option's price.

    Example: optionix iv --type call --price 5.9885 --spot 100 --strike 105 --expiry 0.5 --rate 0.05 --json
    """
    from optionix_core.services import pricing

    report = pricing.implied_volatility(type_, price_, spot, strike, expiry, rate, dividend_yield)
    document = pricing.to_json(report)
    value = document["implied_volatility"]
    table = Table(("", "value", "unit"), [("implied volatility", f"{value * 100:.10g}", "points")])
    emit(chosen(format_, as_json), document, [document], table)
