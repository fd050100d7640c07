"""What the pricer copies and exports: the command that gives its numbers, and the numbers as CSV and JSON. Pure."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from screens.pricer_case import ContractCase, LegsCase

if TYPE_CHECKING:
    from optionix_core.services.what_if import ContractView, Density
    from optionix_core.services.what_if_legs import LegsView
    from optionix_core.services.what_if_methods import MethodRow
    from screens.pricer_case import Case


def command(case: Case | None, pane: str) -> str:
    """The line that gives the numbers of a pane."""
    if isinstance(case, LegsCase):
        verb = "what-if" if pane == "moves" else "strategy payoff"
        return f"optionix {verb} {legs_words(case)}"
    if isinstance(case, ContractCase):
        from optionix_core.services import price_words

        line = price_words.line(case.options)
        if pane == "moves":
            return f"optionix what-if {price_words.line(case.options._replace(method=None))}"
        beside = {"methods": " --methods all", "greeks": " --greeks all"}.get(pane, "")
        return f"optionix price {line}{beside}"
    return "optionix screen pricer --print"


def legs_words(case: LegsCase) -> str:
    """Legs as they were moved, as the command line takes them; rate and yield are those of the nearest expiry."""
    from optionix_core.services.what_if_legs import moved_terms

    terms = moved_terms(case.link.terms, case.moves)
    rows = []
    for leg, one in zip(case.link.strategy.legs, terms.legs, strict=True):
        row: dict[str, object] = {"type": leg.type, "quantity": float(leg.quantity)}
        if leg.strike is not None and leg.expiry is not None:
            row |= {"strike": float(leg.strike), "expiry": leg.expiry.isoformat()}
        row |= {"price": float(leg.price or 0), "multiplier": float(leg.multiplier)}
        if leg.root is not None:
            row["root"] = leg.root
        if one is not None:
            row |= {"iv": one.volatility, "years": one.years}
        rows.append({name: _short(value) for name, value in row.items()})
    nearest = min((one for one in terms.legs if one is not None), key=lambda one: one.years)
    words = ["--legs", json.dumps(rows, separators=(",", ":")), "--spot", f"{terms.spot!r}"]
    if nearest.years > 0.0:
        rate = -math.log(nearest.discount_factor) / nearest.years
        carry = rate - math.log(nearest.forward / terms.spot) / nearest.years
        words += ["--rate", f"{rate!r}", "--dividend-yield", f"{carry!r}"]
    return shlex.join(words)


def exports(
    view: ContractView | LegsView | None, density: Density | str, methods: Sequence[MethodRow]
) -> Mapping[str, Callable[[], str]]:
    """The picture as CSV, everything as JSON; nothing where nothing is priced."""
    from optionix_core.services import what_if_json
    from optionix_core.services.what_if import ContractView as OfContract

    if view is None:
        return {}

    def rows() -> str:
        return what_if_json.csv_text(what_if_json.picture_rows(view.picture, density))

    if isinstance(view, OfContract):
        whole = partial(what_if_json.contract, view, methods, density)
        return {"csv": rows, "json": lambda: what_if_json.dumps(whole())}
    return {"csv": rows, "json": partial(_legs, view)}


def _legs(view: LegsView) -> str:
    from optionix_core.services import what_if_json

    return what_if_json.dumps(what_if_json.legs(view))


def _short(value: object) -> object:
    """Whole floats as integers, as JSON writes them shortest."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
