"""Margin for eyes: what is needed, then the sets, groups or products that it is made of, then what was assumed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from optionix_core.market import symbols
from optionix_tui.cli.output import Table

Document = Mapping[str, Any]


def records(document: Document) -> list[dict[str, Any]]:
    """Flat rows: of one regime its parts, of all regimes one row each."""
    if "regimes" in document:
        names = ("regime", "currency", "requirement", "requirement_net_of_premium", "against_equity", "worst_scenario")
        return [{name: regime[name] for name in names} for regime in document["regimes"]]
    for part in ("pairing", "groups", "products", "by_position"):
        if part in document:
            return [{"regime": document["regime"], **row} for row in document[part]]
    return []


def table(document: Document) -> Table:
    """One regime with its parts, or all side by side."""
    return _all(document) if "regimes" in document else _one(document)


def _one(document: Document) -> Table:
    kind = "maintenance" if document["maintenance"] else "initial"
    need, net = _money(document["requirement"]), _money(document["requirement_net_of_premium"])
    lines = [
        f"{document['regime']} margin, {kind}: {need} {document['currency']}, {net} net of premium",
        f"worst: {document['worst_scenario']}",
    ]
    if not document.get("exact", True):
        lines.append(f"no pairing needs less than {_money(document['lower_bound'])}")
    lines += [*_health(document), *_ahead(document)]
    lines += [f"assumed: {note}" for note in document["assumptions"]]
    headings, rows, left = _parts(document)
    return Table(headings, rows, "\n".join(lines), left)


def _all(document: Document) -> Table:
    kind = "maintenance" if document["maintenance"] else "initial"
    lines = [f"margin by every regime, {kind}: least by {document['least'] or 'none'}"]
    for regime in document["regimes"]:
        lines += [f"{regime['regime']}: {line}" for line in (*_health(regime), *_ahead(regime))]
    lines += [f"no answer by {one['regime']}: {one['reason']}" for one in document["absent"]]
    notes = dict.fromkeys(note for regime in document["regimes"] for note in regime["assumptions"])
    lines += [f"assumed: {note}" for note in notes]
    rows = [
        (
            regime["regime"],
            _money(regime["requirement"]),
            _money(regime["requirement_net_of_premium"]),
            _money(regime["against_equity"]),
            regime["worst_scenario"],
        )
        for regime in document["regimes"]
    ]
    headings = ("Regime", "Requirement", "Net of premium", "Against equity", "Worst scenario")
    return Table(headings, rows, "\n".join(lines), frozenset({0, 4}))


def _parts(document: Document) -> tuple[tuple[str, ...], Sequence[Sequence[str]], frozenset[int]]:
    if "pairing" in document:
        sets = [
            (one["underlying"], one["name"] or "option", _legs(one["legs"]), _money(one["requirement"]), one["rule"])
            for one in document["pairing"]
        ]
        return ("Underlying", "Set", "Legs", "Requirement", "Rule"), sets, frozenset({0, 1, 2, 4})
    if "groups" in document:
        groups = [
            (
                one["name"],
                _money(one["requirement"]),
                _money(one["greatest_loss"]),
                _money(one["minimum"]),
                one["worst_scenario"],
            )
            for one in document["groups"]
        ]
        return ("Group", "Requirement", "Greatest loss", "Minimum", "Worst"), groups, frozenset({0, 4})
    if "products" in document:
        names = ("requirement", "scan_risk", "inter_month_charge", "inter_commodity_credit", "short_option_minimum")
        products = [
            (one["underlying"], *(_money(one[name]) for name in names), one["worst_scenario"])
            for one in document["products"]
        ]
        headings = ("Product", "Requirement", "Scan risk", "Months", "Credit", "Short minimum", "Worst")
        return headings, products, frozenset({0, 6})
    rows = [
        (_label(one["position"]), one["currency"], f"{one['initial']:.6g}", f"{one['maintenance']:.6g}")
        for one in document["by_position"]
    ]
    return ("Position", "Coin", "Initial", "Maintenance"), rows, frozenset({0, 1})


def _health(document: Document) -> list[str]:
    told = document["health"]
    if told is None:
        return []
    ratio = "nothing is needed" if told["ratio"] is None else f"{told['ratio']:.2f} times what is needed"
    lines = [f"equity {_money(told['net_liquidation_value'])}, {ratio}, margin call {_money(told['margin_call'])}"]
    for end in document.get("liquidation", ()):
        below = "none below" if end["below"] is None else f"below {end['below']:.2f}"
        above = "none above" if end["above"] is None else f"above {end['above']:.2f}"
        lines.append(f"{end['underlying']} at {end['price']:.2f} ends {below}, {above}")
    return lines


def _ahead(document: Document) -> list[str]:
    """What an order would change, and what an expiry would leave."""
    lines = []
    if "order" in document:
        told = document["order"]
        fits = "" if told["units_that_fit"] is None else f", {told['units_that_fit']} of it fit"
        change = f"{told['requirement_change']:+,.2f} to {_money(told['requirement_after'])}"
        lines.append(f"with the order: requirement {change}, equity needed {told['equity_change']:+,.2f}{fits}")
    if "after_expiry" in document:
        told = document["after_expiry"]
        shares = ", ".join(f"{count:+g} {name}" for name, count in told["shares"].items()) or "no shares"
        lines.append(
            f"after {told['expiry']}: {shares}, cash {told['cash']:+,.2f}, requirement {_money(told['requirement'])}"
        )
    return lines


def _legs(legs: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(f"{leg['quantity']:+g} {_label(leg['position'])}" for leg in legs)


def _label(position: str) -> str:
    """A key as a trader writes it; other names as they are."""
    return symbols.terms(position).label if symbols.is_option(position) else position


def _money(amount: float) -> str:
    return f"{amount:,.2f}"
