"""The short way: European options under one volatility, and implied volatilities. One option loads no array library."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from optionix_core.errors import InvalidValueError, UsageError
from optionix_core.services.price_options import STYLES, PriceOptions
from optionix_tui.cli.output import Format, Table, emit

if TYPE_CHECKING:
    import typer

    from optionix_core.services.pricing import PriceReport
    from optionix_core.services.pricing_table import OptionRow, PricedTable

Solved = TypeVar("Solved")

COLUMNS = ("type", "spot", "strike", "expiry", "rate", "dividend_yield", "volatility")
SHOWN_GREEKS = ("delta", "gamma", "vega", "theta", "rho")


def emit_one(
    context: typer.Context, options: PriceOptions, format_: Format, *, only_greeks: bool, recorded: bool
) -> None:
    """One option from the command's own options."""
    from optionix_core.services import pricing

    given = _given(options)
    _check_complete(given)
    report = pricing.price_option(
        given["type"],
        given["spot"],
        given["strike"],
        given["expiry"],
        given["rate"],
        given["dividend_yield"],
        given["volatility"],
    )
    if recorded:
        from optionix_tui.cli.price_record import keep

        keep(context, [pricing.request_of(report, given)])
    _emit_report(report, format_, only_greeks=only_greeks)


def emit_file(
    context: typer.Context, file: str, options: PriceOptions, format_: Format, *, only_greeks: bool, recorded: bool
) -> None:
    """A file of them, European or American."""
    from optionix_core.services import pricing_table
    from optionix_core.services.price_options import dividends

    style = options.style or options.contract or "european"
    paid = dividends(options.dividends, options.proportional_dividends)
    accuracy = options.accuracy or "standard"

    def solve(rows: tuple[OptionRow, ...]) -> PricedTable:
        return pricing_table.price_rows(rows, style, paid, accuracy)

    table = _solved(file, _given(options), solve)
    if recorded:
        from optionix_tui.cli.price_record import keep

        keep(context, pricing_table.requests_of(table))
    document = pricing_table.to_json(table)
    if only_greeks:
        for row in document["rows"]:
            row.pop("price")
    from optionix_tui.cli.price_output import emit_rows

    emit_rows(document, SHOWN_GREEKS if only_greeks else ("price", *SHOWN_GREEKS), format_)


def emit_implied(file: str | None, options: PriceOptions, price: float | None, format_: Format) -> None:
    """Implied volatility of one price, or of a file of prices."""
    if options.style not in (None, *STYLES):
        raise UsageError(f"--style must be one of {', '.join(STYLES)} (got {options.style!r})")
    from optionix_core.services.price_options import dividends

    style, accuracy = options.style or "european", options.accuracy or "standard"
    paid = dividends(options.dividends, options.proportional_dividends)
    given = {**_given(options), "price": price}
    given.pop("volatility")
    if file is not None:
        from optionix_core.services import pricing_table
        from optionix_tui.cli.price_output import emit_rows

        table = _solved(file, given, lambda rows: pricing_table.implied_volatility_rows(rows, style, paid, accuracy))
        emit_rows(pricing_table.to_json(table), ("price", "implied_volatility", "status"), format_)
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
        style=style,
        dividends=paid,
        accuracy=accuracy,
    )
    document = pricing.to_json(report)
    value = document["implied_volatility"]
    record = {key: document[key] for key in ("implied_volatility", "status", "price")}
    table_ = Table(("", "value", "unit"), [("implied volatility", f"{value * 100:.10g}", "points")])
    emit(format_, document, [record], table_)


def _given(options: PriceOptions) -> dict[str, Any]:
    """The command's own options by the names of a file's columns."""
    given = {name: getattr(options, name) for name in COLUMNS}
    return {**given, "dividend_yield": options.dividend_yield or 0.0}


def _check_complete(given: Mapping[str, Any]) -> None:
    missing = [f"--{name}" for name, value in given.items() if value is None]
    if missing:
        raise UsageError(f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing, or a file of options")


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


def _solved(file: str, given: Mapping[str, Any], solve: Callable[[tuple[OptionRow, ...]], Solved]) -> Solved:
    """The file's rows solved; what the engine refuses is told by line."""
    from optionix_tui.cli.option_rows import RowsFile

    source = RowsFile(file, given)
    try:
        return solve(source.rows)
    except InvalidValueError as error:
        raise source.located(error) from error


def _shown(value: float | None) -> str:
    return "infinite" if value is None else f"{value:.10g}"
