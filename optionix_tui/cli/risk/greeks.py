"""`optionix risk greeks`: signed Greeks of the book, in cash, by position, underlying, expiry or moneyness."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from optionix_core.errors import UsageError
from optionix_core.market.units import POINT, unit
from optionix_tui.cli.face import face_of
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit
from optionix_tui.cli.risk.book import BookOption
from optionix_tui.cli.risk.source import (
    AllAccountsOption,
    PartialOption,
    RateOption,
    YieldOption,
    account_betas,
    account_book,
    csv_book,
    pairs,
)

if TYPE_CHECKING:
    from optionix_core.risk.greeks import BookGreeks
    from optionix_core.services.risk_book import BuiltBook

EPILOG = (
    "optionix risk greeks",
    "optionix risk greeks --by expiry --json",
    "optionix risk greeks --beta-index TUNDRA --sticky delta",
    "optionix risk greeks --book book.csv --rate 0.04 --dividend-yield 0 --by moneyness",
)


class By(StrEnum):
    """What is summed together."""

    POSITION = "position"
    UNDERLYING = "underlying"
    EXPIRY = "expiry"
    MONEYNESS = "moneyness"
    ACCOUNT = "account"


class Sticky(StrEnum):
    """What a volatility stays with while the spot moves."""

    STRIKE = "strike"
    DELTA = "delta"


COLUMNS: Final[tuple[tuple[str, str, float], ...]] = (
    ("value", "value", 1.0),
    ("delta", "delta", 1.0),
    ("delta 1%", "delta_cash", POINT),
    ("gamma 1%", "gamma_cash", POINT * POINT),
    ("vega pt", "vega", unit("vega").factor),
    ("theta day", "theta", unit("theta").factor),
    ("rho pt", "rho", unit("rho").factor),
    ("vanna", "vanna_cash", POINT * unit("vanna").factor),
    ("volga", "volga", unit("volga").factor),
    ("beta 1%", "beta_delta_cash", POINT),
)
"""Heading, field and market unit: gains for 1% of spot, a point of volatility or rate, a day."""


def greeks(
    context: typer.Context,
    *,
    book: BookOption = None,
    by: Annotated[
        By,
        typer.Option("--by", help="What is summed together.", metavar="position|underlying|expiry|moneyness|account"),
    ] = By.UNDERLYING,
    sticky: Annotated[
        Sticky,
        typer.Option("--sticky", help="What volatilities stay with while the spot moves.", metavar="strike|delta"),
    ] = Sticky.STRIKE,
    beta: Annotated[
        list[str] | None,
        typer.Option("--beta", help="Beta of an underlying to the index; may be repeated.", metavar="NAME=BETA"),
    ] = None,
    beta_index: Annotated[
        str | None,
        typer.Option("--beta-index", help="Estimate the other betas on this underlying's history.", metavar="NAME"),
    ] = None,
    every: AllAccountsOption = False,
    rate: RateOption = None,
    dividend_yield: YieldOption = None,
    partial: PartialOption = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Greeks times quantity and multiplier, in the account's currency; --json has natural units."""
    from optionix_core.risk.greeks import book_greeks
    from optionix_core.risk.scenarios import StickyRule
    from optionix_core.services import risk_json

    face = face_of(context)
    given = pairs(beta, "--beta", "ORBIT=1.2")
    estimated: Any = {}
    betas: dict[str, float] | None = given or None
    if book is not None:
        if beta_index is not None:
            raise UsageError("--beta-index needs a history: a CSV book has none, give --beta")
        built = csv_book(face, book, rate, dividend_yield)
    else:
        with face.workspace() as workspace:
            built = account_book(workspace, partial=partial, every=every)
            betas, estimated = account_betas(workspace, built, given, beta_index)
    found = book_greeks(built.book, betas, StickyRule(sticky.value))
    document = risk_json.greeks(built, found, by.value, _groups(built, found, by), estimated or None)
    rows = [
        *((_name(row["group"]), *_cells(row)) for row in document["groups"]),
        ("total", *_cells(document["total"])),
    ]
    shown = [column for column in COLUMNS if column[1] != "beta_delta_cash" or betas is not None]
    title = f"{len(found.ids)} positions, {document['currency']}, sticky {document['sticky']}"
    table = Table((by.value, *(column[0] for column in shown)), [row[: len(shown) + 1] for row in rows], title)
    emit(chosen(format_, as_json), document, document["groups"], table)


def _groups(built: BuiltBook, found: BookGreeks, by: By) -> dict[Any, Any]:
    if by is By.ACCOUNT:
        if not built.accounts and built.book.positions:
            raise UsageError("--by account: a CSV book is of no account")
        return dict(found.by(lambda place: built.accounts[found.ids[place]]))
    if by is By.POSITION:
        return dict(found.by_position())
    if by is By.UNDERLYING:
        return dict(found.by_underlying())
    return dict(found.by_expiry() if by is By.EXPIRY else found.by_moneyness())


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple("" if row[name] is None else f"{row[name] * scale:,.2f}" for _, name, scale in COLUMNS)


def _name(group: str | None) -> str:
    return "underlying" if group is None else group.strip()
