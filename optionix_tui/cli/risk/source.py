"""Where a command of `risk` takes a priced book from: the account at its venue's feed, or a CSV file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from optionix_core.errors import UsageError
from optionix_tui.cli.face import Face
from optionix_tui.cli.output import say

if TYPE_CHECKING:
    from optionix_core.services.risk_book import BuiltBook, Chains
    from optionix_core.services.workspace import Workspace

PartialOption = Annotated[
    bool, typer.Option("--partial", help="Leave out what has no data, and say so, instead of failing.")
]
TakesOption = Annotated[
    float, typer.Option("--takes-per-day", help="How often a day a displayed size can be taken.", metavar="N")
]
RateOption = Annotated[
    float | None,
    typer.Option("--rate", help="Of a CSV book without rates: continuously compounded, a fraction.", metavar="RATE"),
]
YieldOption = Annotated[
    float | None,
    typer.Option("--dividend-yield", help="Of a CSV book without yields: continuously compounded.", metavar="YIELD"),
]


AllAccountsOption = Annotated[bool, typer.Option("--all-accounts", help="Every account of this home as one book.")]


def account_book(
    workspace: Workspace, *, partial: bool, every: bool = False, chains: Chains | None = None
) -> BuiltBook:
    """The account's book as it stands now, or that of all; remarks on stderr tell what was taken for granted.

    `chains` keeps what was solved for the account's own.
    """
    from optionix_core.services import risk_book
    from optionix_tui.cli.book import up_to_now

    up_to_now(workspace)
    if every:
        return told(risk_book.of_all_accounts(workspace, partial=partial))
    return told(risk_book.of_account(workspace, partial=partial, chains=chains))


def csv_book(face: Face, name: str, rate: float | None, dividend_yield: float | None) -> BuiltBook:
    """The book of a CSV file, or of standard input."""
    from optionix_core.services import risk_book
    from optionix_tui.cli.risk.book import text_of

    text, shown = text_of(name)
    return told(risk_book.of_csv(text, shown, face.clock.now(), rate, dividend_yield))


def told(built: BuiltBook) -> BuiltBook:
    """Say what is left out and what was assumed."""
    for one in built.left_out:
        say(f"left out: {one.id.strip()}: {one.reason}")
    for note in built.notes:
        say(f"note: {note}")
    return built


def pairs(given: list[str] | None, option: str, example: str) -> dict[str, float]:
    """`NAME=NUMBER`, each once."""
    found: dict[str, float] = {}
    for text in given or ():
        name, mark, value = text.partition("=")
        try:
            number = float(value)
        except ValueError:
            number = None
        if not (name and mark) or number is None or name in found:
            raise UsageError(f"{option} must be NAME=NUMBER, each name once, such as {example} (got {text!r})")
        found[name] = number
    return found


def numbers(text: str, option: str, scale: float = 1.0) -> tuple[float, ...]:
    """Numbers with commas between them, each times `scale`."""
    try:
        found = tuple(float(part) * scale for part in text.split(","))
    except ValueError as error:
        raise UsageError(f"{option} must be numbers with commas between them (got {text!r})") from error
    return found


def account_betas(
    workspace: Workspace, built: BuiltBook, given: Mapping[str, float], index: str | None
) -> tuple[dict[str, float] | None, Mapping[str, object]]:
    """Betas as given, the others by regression on an index of the feed; None where nothing was asked for."""
    from optionix_core.services import risk_factors

    if index is None:
        return (dict(given) or None), {}
    missing = [name for name in built.book.underlyings if name not in given]
    found = risk_factors.history_betas(workspace.venue_feed, missing, index, built.moment)
    return {**{name: one.beta for name, one in found.items()}, **given}, found
