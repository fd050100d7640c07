"""`optionix risk what-if`: the risk of the account before and after a trade that is only thought of."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optionix_core.errors import InvalidValueError, UsageError
from optionix_core.market.units import POINT, unit
from optionix_tui.cli.face import face_of
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit
from optionix_tui.cli.risk.source import PartialOption, account_book

if TYPE_CHECKING:
    from collections.abc import Sequence

EPILOG = (
    "optionix risk what-if buy 2 ORBIT 15JAN27 200 C",
    "optionix risk what-if sell 1 ORBIT 15JAN27 210 C buy 1 ORBIT 15JAN27 220 C --json | jq .after",
    "optionix risk what-if sell 100 ORBIT --confidence 0.975 --horizon 10",
)
_LEG = "a leg must be buy or sell, how many, and what, such as: buy 2 ORBIT 15JAN27 200 C"
_SIGNS = {"buy": 1, "sell": -1}
_ROWS = (
    ("value at risk", "value_at_risk", 1.0),
    ("expected shortfall", "expected_shortfall", 1.0),
    ("delta 1%", "delta_cash", POINT),
    ("gamma 1%", "gamma_cash", POINT * POINT),
    ("vega pt", "vega", unit("vega").factor),
    ("theta day", "theta", unit("theta").factor),
)


def what_if(
    context: typer.Context,
    legs: Annotated[
        list[str], typer.Argument(help="buy or sell, how many, and what; leg after leg.", metavar="LEG...")
    ],
    *,
    confidence: Annotated[float, typer.Option("--confidence", help="Of value at risk.", metavar="NUMBER")] = 0.99,
    horizon: Annotated[int, typer.Option("--horizon", help="Days, by the square root.", metavar="DAYS")] = 1,
    partial: PartialOption = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Value at risk, expected shortfall, worst scenario, Greeks and margin of the book as it is, and with the trade.

    Both books are priced from the same quotes. What the trade costs or brings is left out, and nothing is sent.
    """
    from config.scenarios import STRESS_LIBRARY
    from optionix_core.risk import stress_library
    from optionix_core.services import risk_book, risk_export, risk_figures
    from optionix_core.services.risk_history import Histories
    from optionix_core.services.risk_view import RiskAsked

    asked = RiskAsked(confidence=confidence, horizon_days=horizon, stage=_legs(legs))
    with face_of(context).workspace() as workspace:
        chains = risk_book.Chains()
        built = account_book(workspace, partial=partial, chains=chains)
        histories = Histories(workspace.venue_feed)
        found = risk_figures.what_if(workspace, built, chains, asked, histories, stress_library.read(STRESS_LIBRARY))
    document = risk_export.what_if(built, found)
    records = [{"side": name, **document[name]} for name in ("before", "after")]
    emit(chosen(format_, as_json), document, records, _table(document))


def _legs(texts: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """Legs out of words: each begins with its side."""
    from optionix_core.market import symbols

    given = " ".join(texts).split()
    starts = [place for place, word in enumerate(given) if word.lower() in _SIGNS]
    if not starts or starts[0] != 0:
        raise UsageError(f"{_LEG} (got {' '.join(given)!r})")
    found: dict[str, int] = {}
    for start, end in pairwise((*starts, len(given))):
        side, *words = given[start:end]
        if len(words) < 2 or not words[0].isdecimal():
            raise UsageError(f"{_LEG} (got {' '.join(given[start:end])!r})")
        if int(words[0]) < 1:
            raise InvalidValueError("quantity", words[0], "at least 1")
        name = " ".join(words[1:])
        symbol = symbols.resolve(name) if symbols.is_option(name) else name.upper()
        found[symbol] = found.get(symbol, 0) + _SIGNS[side.lower()] * int(words[0])
    return tuple((symbol, quantity) for symbol, quantity in found.items() if quantity)


def _table(document: dict[str, Any]) -> Table:
    before, after = document["before"], document["after"]
    rows = [_row(name, scale * before[key], scale * after[key]) for name, key, scale in _ROWS]
    rows.append(_row("worst scenario", before["worst"]["pnl"], after["worst"]["pnl"]))
    rows.append(_row("margin, strategy", before["margin"], after["margin"]))
    title = f"{100.0 * before['confidence']:g}% over {before['horizon_days']} d, {document['currency']}"
    lines = [
        title,
        f"worst scenario before: {before['worst']['title'] or 'none'}, after: {after['worst']['title'] or 'none'}",
    ]
    lines += [f"margin {word}: {reason}" for word, reason in _reasons(before, after)]
    return Table(("figure", "before", "after", "change"), rows, "\n".join(lines))


def _row(name: str, before: float | None, after: float | None) -> tuple[str, ...]:
    change = None if before is None or after is None else after - before
    return name, _money(before), _money(after), _money(change)


def _reasons(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str]]:
    pairs = (("before", before["margin_reason"]), ("after", after["margin_reason"]))
    return [(word, reason) for word, reason in pairs if reason is not None]


def _money(value: float | None) -> str:
    return "no data" if value is None else f"{value:,.2f}"
