"""`optionix chain show` with columns and a filter: the rows of the terminal's chain, out of any chain."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from optionix_core.errors import MissingDataError
from optionix_tui.cli import chain_layout
from optionix_tui.cli.output import Format, Table, emit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from optionix_core.market.chain import OptionChain
    from optionix_core.services.chain_filter import ChainFilter
    from optionix_core.services.chain_view import ChainView
    from optionix_tui.cli.face import Face

_SCALES = {"iv": 100.0, "bid_iv": 100.0, "ask_iv": 100.0, "probability": 100.0, "relative_spread": 100.0,
           "theta": 1.0 / 365.0, "vega": 0.01}  # fmt: skip
_DIGITS = {"delta": 2, "gamma": 4, "iv": 2, "bid_iv": 2, "ask_iv": 2, "probability": 1, "relative_spread": 1,
           "volume": 0, "open_interest": 0, "bid_size": 0, "ask_size": 0, "theta": 3, "vega": 3}  # fmt: skip
_TITLES = {"iv": "IV", "bid_iv": "IV bid", "ask_iv": "IV ask", "open_interest": "OI", "relative_spread": "spread %",
           "probability": "ITM %", "beyond": "rich/cheap", "theta": "theta/d", "vega": "vega/pt"}  # fmt: skip


class Asked(NamedTuple):
    """What is to be shown of a chain."""

    name: str
    expiry: date | None
    root: str | None
    columns: str
    filter: str


def show(face: Face, chain: OptionChain, asked: Asked, format_: Format) -> None:
    """Print the rows. Raises MissingDataError where the filter keeps none."""
    from optionix_core.services import chain_export
    from optionix_core.services.chain_filter import ChainFilter

    fields, chosen = columns_of(face, asked.columns), ChainFilter.parse(asked.filter)
    fitted = bool(chain_export.BY_SMILE & set(fields))
    root = None if asked.root is None else asked.root.upper()
    views = chain_export.views_of(chain, asked.name, chosen, asked.expiry, root, fitted=fitted)
    document = documents(views, chosen, fields, held_in(face, fields))
    records = [row for one in document["expiries"] for row in one["rows"]]
    if not records:
        raise MissingDataError(f"no option of {chain.underlying} is within {chosen.text!r}")
    emit(format_, document, records, table(document, fields))


def columns_of(face: Face, text: str) -> tuple[str, ...]:
    """The columns of a layout by its name, or those that are listed. ChainLayoutError names the nearest."""
    from config import chain_layouts

    layouts = chain_layouts.load(face.home.config / chain_layouts.FILE_NAME)
    if text in layouts.layouts:
        return layouts.columns(text)
    words = [word.strip().lower() for word in text.split(",") if word.strip()]
    if len(words) == 1 and words[0] not in chain_layouts.COLUMNS:
        known = (*layouts.layouts, *chain_layouts.COLUMNS)
        raise chain_layouts.ChainLayoutError(
            "--columns", f"no layout or column {text!r}{chain_layouts.nearest(text, known)}"
        )
    return chain_layouts.check_columns(words, "--columns")


def held_in(face: Face, columns: Sequence[str]) -> dict[str, Decimal]:
    """Positions of the account by key, where a column asks for them."""
    if "held" not in columns:
        return {}
    with face.workspace() as workspace:
        desk = workspace.desk
        desk.follow(workspace.store)
        with desk.lock:
            state = desk.book.account(workspace.account)
    return {} if state is None else {position.symbol: position.quantity for position in state.positions}


def documents(
    views: Sequence[ChainView], chosen: ChainFilter, columns: Sequence[str], held: Mapping[str, Decimal]
) -> dict[str, Any]:
    """One document of all expiries."""
    from optionix_core.services import chain_export

    told = [chain_export.document(view, chosen, columns, held) for view in views]
    shared = {name: told[0][name] for name in ("schema_version", "underlying", "as_of", "spot", "filter")}
    kept = [{name: value for name, value in one.items() if name not in {*shared, "staged"}} for one in told]
    return {**shared, "expiries": kept}


def table(document: Mapping[str, Any], columns: Sequence[str]) -> Table:
    """One line for each option, in the units of the market."""
    headings = ("expiry", "strike", "type", *(_TITLES.get(name, name.replace("_", " ")) for name in columns))
    rows = [
        (expiry["expiry"], f"{row['strike']:g}", row["type"], *(_cell(name, row[name]) for name in columns))
        for expiry in document["expiries"]
        for row in expiry["rows"]
    ]
    forwards = "; ".join(
        f"{one['root']} {one['expiry']} {one['days']} d, forward {chain_layout.figure(one['forward'], 2) or 'unknown'}"
        for one in document["expiries"][:4]
    )
    title = f"{document['underlying']} as of {document['as_of']}: {forwards}"
    words = {0, 2, *(3 + place for place, name in enumerate(columns) if name == "lint")}
    return Table(headings, rows, title=title, left=frozenset(words))


def _cell(name: str, value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return f"{value * _SCALES.get(name, 1.0):,.{_DIGITS.get(name, 2)}f}"
