"""What a chain shows, as CSV and JSON: the rows that a filter keeps, in the fields of a layout, natural units.

Volatilities, deltas and probabilities are fractions, theta is per year, vega per 1.00 of volatility; an empty cell of
CSV and a null of JSON is what is absent.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from optionix_core.errors import MissingDataError, UnknownNameError
from optionix_core.services.chains_json import utc_text

if TYPE_CHECKING:
    from optionix_core.market.chain import OptionChain
    from optionix_core.services.chain_filter import ChainFilter
    from optionix_core.services.chain_view import ChainRow, ChainView, SideRow
    from optionix_core.services.staging import StagedReport

SCHEMA_VERSION = 1
Held = Mapping[str, Decimal]

FIELDS: Final = (
    "held", "open_interest", "volume", "delta", "gamma", "theta", "vega", "iv", "bid_iv", "ask_iv", "bid", "ask",
    "bid_size", "ask_size", "mid", "last", "spread", "relative_spread", "value", "beyond", "probability",
)  # fmt: skip
"""Of an option; `lint` is of a strike."""
LINT: Final = "lint"
BY_SMILE: Final = frozenset({"value", "beyond", "probability", LINT})
"""Fields that a fitted smile tells."""


def views_of(
    chain: OptionChain, name: str, chosen: ChainFilter, expiry: date | None = None, root: str | None = None,
    *, fitted: bool = False,
) -> tuple[ChainView, ...]:  # fmt: skip
    """Expiries of a chain that stands still: the one that is named, those within a filter's days, else the first.

    `fitted`: with a smile fitted to each. Raises UnknownNameError for an expiry that is not listed, MissingDataError
    where no expiry is within the filter's days.
    """
    from optionix_core.feeds.files.feed import FileFeed
    from optionix_core.services import surfaces
    from optionix_core.services.chain_filter import Bounds
    from optionix_core.services.chain_smile import MODEL
    from optionix_core.services.chain_view import ChainViewer

    viewer, as_of = ChainViewer(FileFeed(chain, name)), chain.as_of
    first = viewer.view(chain.underlying, as_of, expiry, root)
    places: list[tuple[date, str]] = [(first.expiry, first.root)]
    if expiry is None and chosen.days != Bounds():
        kept = chosen.expiries(first.expiries)
        places = [(tab.expiry, tab.root) for tab in kept if root in (None, tab.root)]
        if not places:
            days = ", ".join(str(tab.days) for tab in first.expiries)
            raise MissingDataError(f"no expiry of {chain.underlying} is within {chosen.text!r}; days to them: {days}")
    if not fitted:
        return tuple(viewer.view(chain.underlying, as_of, *place) for place in places)
    surfaces.prepare(MODEL)
    viewer.view(chain.underlying, as_of, *places[0], fitted=True)  # the first has no smile yet
    return tuple(viewer.view(chain.underlying, as_of, *place, fitted=True) for place in places)


def check_fields(fields: Sequence[str]) -> tuple[str, ...]:
    """The fields, where all of them are some. UnknownNameError for another."""
    for name in fields:
        if name not in (*FIELDS, LINT):
            raise UnknownNameError("column", name, (*FIELDS, LINT))
    return tuple(fields)


def records(view: ChainView, chosen: ChainFilter, fields: Sequence[str], held: Held) -> list[dict[str, Any]]:
    """One flat row for each option that is kept: where it stands, its key, and the fields."""
    found = []
    for row in chosen.apply(view):
        for kind, side in (("call", row.call), ("put", row.put)):
            if side.symbol is None or (chosen.judges_options and not chosen.keeps(view, row, side)):
                continue
            told: dict[str, Any] = {
                "expiry": view.expiry.isoformat(),
                "root": view.root,
                "strike": row.strike,
                "type": kind,
                "symbol": side.symbol,
            }
            told |= {name: _value(row, side, name, held) for name in fields}
            found.append(told | {"rejected": side.rejected})
    return found


def _value(row: ChainRow, side: SideRow, name: str, held: Held) -> Any:
    if name == "held":
        number = held.get(side.symbol or "")
        return None if number is None else int(number) if number == number.to_integral_value() else float(number)
    return (row.lint or None) if name == LINT else getattr(side, name)


def document(
    view: ChainView, chosen: ChainFilter, fields: Sequence[str], held: Held, staged: StagedReport | None = None
) -> dict[str, Any]:
    """The expiry as a whole, its smile, its rows, and what is staged."""
    smile = view.smile
    return {
        "schema_version": SCHEMA_VERSION,
        "underlying": view.underlying,
        "source": view.source,
        "as_of": utc_text(view.as_of),
        "spot": view.spot,
        "expiry": view.expiry.isoformat(),
        "root": view.root,
        "days": view.days,
        "forward": view.forward,
        "discount_factor": view.discount_factor,
        "rate": view.rate,
        "carry": view.carry,
        "at_the_money_volatility": view.at_the_money_volatility,
        "expected_move": view.expected_move,
        "historical_volatility": view.history.historical_volatility,
        "implied_volatility_30": view.history.implied_volatility,
        "iv_rank": view.history.iv_rank,
        "filter": chosen.text or None,
        "smile": None
        if smile is None
        else {
            "model": smile.model,
            "fitted_at": utc_text(smile.fitted_at),
            "quotes": smile.quotes,
            "rmse_vol_points": smile.rmse_vol_points,
            "inside_bid_ask": smile.inside_bid_ask,
            "curve": [list(point) for point in smile.curve],
        },
        "no_smile": view.no_smile or None,
        "rows": records(view, chosen, fields, held),
        "staged": None if staged is None else staged_document(staged),
    }


def staged_document(found: StagedReport) -> dict[str, Any]:
    """The staged legs as `strategy build` tells a strategy, with what the account needs behind them."""
    from optionix_core.services import strategies_json

    asked = found.asked
    before, after = (None, None) if asked.need is None else asked.need
    return {
        **strategies_json.to_json(found.report),
        "underlying": found.underlying,
        "fees": None if asked.fees is None else float(asked.fees),
        "need_before": None if before is None else float(before),
        "need_after": None if after is None else float(after),
        "need_is_bounded": None if asked.need is None else after is not None,
        "margin_before": None if asked.margin is None else asked.margin.before,
        "margin_after": None if asked.margin is None else asked.margin.after,
        "no_margin": asked.no_margin or None,
        "checks": [{"rule": one.rule, "passed": one.passed, "detail": one.detail} for one in asked.checks],
    }


def json_text(
    view: ChainView, chosen: ChainFilter, fields: Sequence[str], held: Held, staged: StagedReport | None = None
) -> str:
    """`document` as text."""
    return json.dumps(document(view, chosen, fields, held, staged), indent=2, ensure_ascii=False) + "\n"


def csv_text(view: ChainView, chosen: ChainFilter, fields: Sequence[str], held: Held) -> str:
    """The records under one heading."""
    names = ["expiry", "root", "strike", "type", "symbol", *fields, "rejected"]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(records(view, chosen, fields, held))
    return text.getvalue()
