"""`optionix risk reverse-stress`: the nearest move of the market that loses a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from optionix_core.errors import MissingDataError, RefusedError, UsageError
from optionix_tui.cli.face import Face, face_of
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit, say
from optionix_tui.cli.risk.book import BookOption
from optionix_tui.cli.risk.source import PartialOption, RateOption, YieldOption, account_book, csv_book, pairs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from optionix_core.risk.reverse_stress import Factor
    from optionix_core.services.risk_book import BuiltBook

EPILOG = (
    "optionix risk reverse-stress --limit 10000",
    "optionix risk reverse-stress --limit 5000 --horizon 10 --json | jq .distance",
    "optionix risk reverse-stress --limit 500 --book book.csv --rate 0.04 --dividend-yield 0 --deviation spot=0.02",
)


def reverse_stress(
    context: typer.Context,
    *,
    limit: Annotated[
        float | None,
        typer.Option(
            "--limit", help="Loss to be reached; without it the account's limit that is nearest.", metavar="AMOUNT"
        ),
    ] = None,
    book: BookOption = None,
    deviation: Annotated[
        list[str] | None,
        typer.Option(
            "--deviation",
            help="Of what moves: spot, volatility or rate, or one underlying's, as spot:ORBIT; may be repeated. "
            "Without it the history's.",
            metavar="NAME=DEVIATION",
        ),
    ] = None,
    horizon: Annotated[
        int, typer.Option("--horizon", help="Days of the deviations out of the history.", metavar="DAYS")
    ] = 1,
    reach: Annotated[float, typer.Option("--reach", help="How many deviations away is looked.", metavar="N")] = 8.0,
    rate: RateOption = None,
    dividend_yield: YieldOption = None,
    partial: PartialOption = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """The nearest move at which the book loses the limit, in deviations (Mahalanobis), revalued as its own proof.

    Moves of spots and volatilities are logarithmic. Where no move within reach loses that much, that is the answer,
    with the worst that was found.
    """
    from optionix_core.risk.reverse_stress import reverse_stress as nearest
    from optionix_core.services import risk_json

    face = face_of(context)
    factors: Sequence[Factor] = _given(pairs(deviation, "--deviation", "spot=0.02"))
    correlations: NDArray[Any] | None = None
    notes: tuple[str, ...] = ()
    built: BuiltBook
    if book is not None:
        if limit is None:
            raise UsageError("a CSV book has no limits: give --limit")
        if not factors:
            raise UsageError("a CSV book has no history: give --deviation, such as --deviation spot=0.02")
        built = csv_book(face, book, rate, dividend_yield)
    else:
        if limit is None:
            limit, notes = _nearest_limit(face)
        built, factors, correlations, told = _of_account(face, factors, horizon, partial=partial)
        notes += told
    found = nearest(built.book, limit, factors, correlations, reach=reach)
    document = risk_json.reverse(built, found, notes)
    if found.found:
        title = f"nearest break of {limit:,.2f} {document['currency']}: {found.distance:.3f} deviations away"
        title += f"\nrevalued there: loss {found.loss:,.2f}"
        if found.loss_just_inside is not None:
            title += f"; a hair nearer on the same ray {found.loss_just_inside:,.2f}"
    else:
        title = f"none within {reach:g} deviations loses {limit:,.2f}; the worst found loses {found.loss:,.2f}"
    rows = [
        (row["factor"], _move(row), f"{row['deviations']:+.2f}", f"{row['deviation']:.4f}") for row in document["moves"]
    ]
    table = Table(("factor", "move", "deviations", "deviation"), rows, title)
    emit(chosen(format_, as_json), document, document["moves"], table)


def _nearest_limit(face: Face) -> tuple[float, tuple[str, ...]]:
    from optionix_core.services import limits

    with face.workspace() as workspace:
        room, of = limits.loss_to_break(workspace)
    if room <= 0:
        raise RefusedError(of.rule, f"{of.key.text} is broken already")
    words = f"{of.key.text} of {of.bound:,} is broken by a further loss of {room:,.2f}"
    say(f"note: {words}")
    return float(room), (words,)


def _of_account(
    face: Face, factors: Sequence[Factor], horizon: int, *, partial: bool
) -> tuple[BuiltBook, Sequence[Factor], NDArray[Any] | None, tuple[str, ...]]:
    from optionix_core.services import risk_factors

    with face.workspace() as workspace:
        built = account_book(workspace, partial=partial)
        if not built.book.positions:
            raise MissingDataError("nothing is held: there is no book to stress")
        if factors:
            return built, factors, None, ("no correlations: deviations were given",)
        told = risk_factors.history_factors(workspace.venue_feed, built.book.underlyings, built.moment, horizon)
    note = f"deviations and correlations of {told.days} daily moves, over {horizon} days"
    return built, told.factors, told.correlations, (note, *told.notes)


def _given(deviations: dict[str, float]) -> tuple[Factor, ...]:
    from optionix_core.risk.reverse_stress import Factor, FactorKind
    from optionix_core.risk.scenarios import EVERYTHING

    found = []
    for name, size in deviations.items():
        kind, _, of = name.partition(":")
        if kind not in tuple(FactorKind):
            raise UsageError(f"--deviation must be of {', '.join(FactorKind)} (got {name!r})")
        found.append(Factor(kind=FactorKind(kind), name=of or EVERYTHING, deviation=size))
    return tuple(found)


def _move(row: dict[str, Any]) -> str:
    if row["factor"].startswith("rate"):
        return f"{10_000.0 * row['move']:+.1f} bp"
    return f"{100.0 * row['move']:+.2f}%"
