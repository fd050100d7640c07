"""`optionix risk margin`: what a book needs by one regime or by all of them, its legs paired at least cost."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from optionix_core.errors import UsageError
from optionix_tui.cli.face import Face, face_of
from optionix_tui.cli.files import DASH
from optionix_tui.cli.native import keep_stdout_for_data
from optionix_tui.cli.output import Format, FormatOption, JsonOption, chosen, emit
from optionix_tui.cli.risk.book import BookOption, text_of

if TYPE_CHECKING:
    from optionix_core.risk.margin.book import MarginClass
    from optionix_core.services.margins import SourceBook

EPILOG = (
    "optionix risk margin",
    "optionix risk margin --book book.csv --regime strategy --json | jq .requirement",
    "optionix risk margin --book - --regime all --class SPX=broad_index < book.csv",
    "optionix risk margin --maintenance --liquidation",
    "optionix risk margin --book book.csv --order order.csv --cash 200000",
)


def margin(
    context: typer.Context,
    *,
    book: BookOption = None,
    regime: Annotated[
        str,
        typer.Option("--regime", help="By which rules.", metavar="strategy|portfolio|span|deribit|all"),
    ] = "strategy",
    maintenance: Annotated[
        bool, typer.Option("--maintenance", help="What must be kept, not what is asked for at first.")
    ] = False,
    cash_account: Annotated[
        bool, typer.Option("--cash-account", help="Of an account that borrows nothing, by the strategy regime.")
    ] = False,
    margin_class: Annotated[
        list[str] | None,
        typer.Option(
            "--class",
            help="Class of an underlying that tells none: equity, narrow_index, broad_index, small_cap_index, "
            "leveraged or coin; may be repeated.",
            metavar="NAME=CLASS",
        ),
    ] = None,
    cash: Annotated[
        Decimal | None,
        typer.Option("--cash", help="Cash beside the book, for its health.", metavar="AMOUNT"),
    ] = None,
    liquidation: Annotated[
        bool, typer.Option("--liquidation", help="Tell the prices of each underlying at which the account ends.")
    ] = False,
    order: Annotated[
        str | None,
        typer.Option("--order", help="Legs of an order, a CSV as a book: what it would change.", metavar="FILE"),
    ] = None,
    expiry: Annotated[
        date | None,
        typer.Option("--after-expiry", help="What this expiry leaves, at the prices of now.", metavar="DATE"),
    ] = None,
    parameters: Annotated[
        Path | None,
        typer.Option("--parameters", help="TOML file of ranges and charges; an example without it.", metavar="FILE"),
    ] = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Requirement, pairing of the legs, worst scenario and assumptions.

    A book has the columns underlying, underlying_price, type, strike, expiry, quantity, price and multiplier, or
    symbol, underlying_price, quantity and price; margin_class, implied_volatility and rate may follow.
    """
    from optionix_core.services import margins, margins_json
    from optionix_tui.cli.risk import margin_layout

    keep_stdout_for_data()
    face = face_of(context)
    if order == book == DASH:
        raise UsageError("--book and --order cannot both read standard input")
    classes = _classes(margin_class or ())
    terms = margins.MarginTerms(
        regime,  # type: ignore[arg-type] # checked where it is taken
        maintenance,
        "cash" if cash_account else "margin",
        None if parameters is None else margins.parameters_of(parameters),
        liquidation,
        None if order is None else margins.book_of_csv(*text_of(order), face.clock.now()).book,
        expiry,
    )
    source = _source(face, book, cash, classes)
    report = margins.margin(source, terms)
    document = margins_json.to_json(report)
    emit(chosen(format_, as_json), document, margin_layout.records(document), margin_layout.table(document))


def _source(face: Face, book: str | None, cash: Decimal | None, classes: dict[str, MarginClass]) -> SourceBook:
    from optionix_core.services import margins

    if book is not None:
        text, shown = text_of(book)
        return margins.book_of_csv(text, shown, face.clock.now(), cash, classes)
    if cash is not None:
        raise UsageError("--cash goes with --book: the account's cash is known")
    with face.workspace() as workspace:
        return margins.book_of_account(workspace, classes)


def _classes(given: list[str] | tuple[str, ...]) -> dict[str, MarginClass]:
    from optionix_core.risk.margin.book import MarginClass

    found: dict[str, MarginClass] = {}
    for text in given:
        name, mark, kind = text.partition("=")
        if not (name and mark and kind):
            raise UsageError(f"--class must be NAME=CLASS, such as SPX=broad_index (got {text!r})")
        found[name.strip()] = MarginClass.of(kind)
    return found
