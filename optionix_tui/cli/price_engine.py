"""The long way: any contract, model and method, through the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from optionix_core.errors import InvalidValueError, OptionixError, UsageError
from optionix_core.services import contract_pricing, price_terms
from optionix_core.services.price_options import PriceOptions, asked
from optionix_tui.cli import price_output
from optionix_tui.cli.output import Format
from optionix_tui.cli.price_progress import ProgressLine, interruptible

if TYPE_CHECKING:
    import typer

    from optionix_core.services.contract_pricing import Asked

LISTS = frozenset({"dividends", "proportional_dividends", "terms"})
SETTINGS = frozenset({"methods", "greeks", "accuracy", "paths", "steps", "space_steps", "seed", "contract", "style"})
"""Options that hold for a whole file."""


def emit_one(
    context: typer.Context, options: PriceOptions, format_: Format, *, only_greeks: bool, recorded: bool
) -> None:
    """One contract by one method."""
    request = asked(options)
    line = ProgressLine("pricing")
    try:
        with interruptible() as stopped:
            result = contract_pricing.price(request, line, stopped)
    finally:
        line.clear()
    kept = _keep(context, [_request(request, result)]) if recorded else ()
    document = contract_pricing.to_json(request, result, kept[0] if kept else None)
    price_output.emit_result(document, format_, only_greeks=only_greeks)


def emit_methods(context: typer.Context, options: PriceOptions, format_: Format, *, recorded: bool) -> None:
    """One contract by every method that fits."""
    if options.methods != "all":
        raise UsageError(f"--methods must be all (got {options.methods!r}); --method names one")
    if options.method is not None:
        raise UsageError("--methods all has no place with --method")
    request = asked(options)
    line = ProgressLine("pricing by all methods")
    try:
        with interruptible() as stopped:
            found = contract_pricing.compare(request, line, stopped)
    finally:
        line.clear()
    priced = [(method.id, result) for method, result, _ in found if result is not None]
    kept = _keep(context, [_request(request, result) for _, result in priced]) if recorded else ()
    ids = dict(zip((name for name, _ in priced), kept, strict=False))
    price_output.emit_comparison(contract_pricing.comparison_to_json(request, found, ids), format_)


def emit_file(
    context: typer.Context, file: str, options: PriceOptions, format_: Format, *, only_greeks: bool, recorded: bool
) -> None:
    """A file of contracts of one kind under one kind of model, each row with terms of its own."""
    if _is_table(options):
        from optionix_tui.cli import price_plain

        price_plain.emit_file(context, file, options, format_, only_greeks=only_greeks, recorded=recorded)
        return
    from optionix_tui.cli.option_rows import RowsFile

    kind, model = options.kind, options.model or "black-scholes"
    terms = {**price_terms.contract_terms(kind), **price_terms.model_terms(model)}
    given = {name: getattr(options, name) for name in options._fields if name not in LISTS | SETTINGS}
    given |= {name: options.terms.get(name) for name in terms}
    source = RowsFile(file, given)
    rows, kept = [], []
    line = ProgressLine(f"pricing {len(source.cells)} rows")
    try:
        for place, cells in enumerate(source.cells):
            request = _of_row(source, place, cells, options, given, terms)
            try:
                result = contract_pricing.price(request)
            except OptionixError as error:
                raise _located(source, place, error) from error
            line(place + 1, len(source.cells))
            rows.append(_row(cells, request, result, only_greeks=only_greeks))
            kept.append(_request(request, result))
    finally:
        line.clear()
    if recorded:
        _keep(context, kept)
    names = tuple(dict.fromkeys(name for row in rows for name in row))
    rows = [{name: row.get(name) for name in names} for row in rows]
    greeks = [name for name in ("delta", "gamma", "vega", "theta", "rho") if name in names]
    document = {"schema_version": contract_pricing.SCHEMA_VERSION, "rows": rows, "units": _units(names)}
    document["method"] = f"{kind}, {model}"
    answers = (*(() if only_greeks else ("price",)), *greeks, "method")
    price_output.emit_rows(document, answers, format_)


def _is_table(options: PriceOptions) -> bool:
    """Whether the compiled pricer of tables takes the file: American options under one volatility."""
    beyond = (name for name in options._fields if name not in TABLE_OPTIONS)
    return (
        options.kind == "american"
        and options.model in (None, "black-scholes")
        and not any(getattr(options, name) for name in beyond)
    )


TABLE_OPTIONS = frozenset(
    {
        *("type", "spot", "strike", "expiry", "rate", "dividend_yield", "volatility", "style", "contract", "model"),
        *("dividends", "proportional_dividends", "accuracy"),
    }
)


def _of_row(
    source: Any, place: int, cells: Any, options: PriceOptions, given: dict[str, Any], terms: dict[str, Any]
) -> Asked:
    """The row's request: its own cells, and the command's options where they are empty."""
    own = {name: value for name, value in cells.items() if name != "id" and value not in (None, "")}
    found: dict[str, Any] = {}
    try:
        for name, common in given.items():
            if name not in terms:
                found[name] = _number(name, own.get(name, common))
        row_terms = {name: own.get(name, given[name]) for name in terms}
        row_terms = {name: value for name, value in row_terms.items() if value is not None}
        return asked(options._replace(**found, terms=row_terms))
    except OptionixError as error:
        raise _located(source, place, error) from error


NUMBERS = frozenset(
    {"spot", "strike", "expiry", "rate", "dividend_yield", "volatility", "foreign_rate"},
)


def _number(name: str, value: Any) -> Any:
    if value is None or name not in NUMBERS:
        return value
    if not isinstance(value, bool):
        try:
            return float(value)
        except (TypeError, ValueError):
            pass
    raise InvalidValueError(name, repr(value), "a number")


def _located(source: Any, place: int, error: OptionixError) -> Exception:
    """An error of one row, told by line and column."""
    if isinstance(error, InvalidValueError):
        located: Exception = source.refused(place, f"must be {error.bound} (got {error.value})", error.field)
        return located
    refused: Exception = source.refused(place, str(error))
    return refused


def _row(cells: Any, request: Asked, result: Any, *, only_greeks: bool) -> dict[str, Any]:
    """Flat: the row's own name, terms, and answer in market units."""
    told = contract_pricing.to_json(request, result)
    contract = {("type" if name == "option_type" else name): value for name, value in told["contract"].items()}
    contract.pop("kind")
    named = {"id": str(cells["id"])} if cells.get("id") not in (None, "") else {}
    price = {} if only_greeks else {"price": told["price"]}
    errors = {name: told[name] for name in ("standard_error", "error_bound")}
    return {**named, **contract, **price, **told["greeks"], **errors, "method": told["method_id"]}


def _units(names: tuple[str, ...]) -> dict[str, str]:
    from optionix_core.market import units
    from optionix_core.pricing.engine.result import GREEK_NAMES

    return {name: units.unit(name).label for name in names if name in (*GREEK_NAMES, "price")}


def _request(request: Asked, result: Any) -> dict[str, Any]:
    return {**contract_pricing.request_terms(request), "result": contract_pricing.record(result)}


def _keep(context: typer.Context, requests: list[dict[str, Any]]) -> tuple[str, ...]:
    from optionix_tui.cli.price_record import keep

    return keep(context, requests)
