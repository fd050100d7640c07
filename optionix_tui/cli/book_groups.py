"""`optionix positions --group`: the book as a tree with subtotals, Greeks and notes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from optionix_core.market.units import theta_per_day, vega_per_point
from optionix_tui.cli.output import Format, Table, emit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from optionix_core.services.book_groups import BookGroup, BookPart, BookTree, Totals
    from optionix_core.services.workspace import Workspace

HEADINGS = ("position", "qty", "mark", "value", "open P&L", "day P&L", "Δ$", "Γ$ 1%", "Θ/day", "V/pt", "exp", "note")


def write(workspace: Workspace, by: str, format_: Format) -> None:
    """Print the positions of the workspace's account told by `by`, a name of `GroupBy`."""
    from optionix_core.services import book_groups, book_groups_json, book_life
    from optionix_core.services.book_view import BookViewer
    from optionix_core.services.chain_view import ChainViewer

    chains = ChainViewer(workspace.venue_feed)
    life = book_life.life_cycle(workspace, chains)
    view = BookViewer(workspace, chains).view(life.moment)
    chosen = book_groups.GroupBy(by)
    strategies = book_groups.strategies_of(view) if chosen is book_groups.GroupBy.STRATEGY else ()
    tree = book_groups.tree_of(view, chosen, strategies)
    document = book_groups_json.to_json(tree, view.moment, workspace.account, life.notes)
    rows = list(_rows(tree, life.notes))
    table = Table(HEADINGS, rows, left=frozenset({0, 11})) if tree.parts else Table(title="no open positions")
    emit(format_, document, document["positions"], table)


def _rows(tree: BookTree, notes: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    for one in tree.groups:
        yield from _branch(one, 0, notes)
    if not tree.groups:
        yield from (_leaf(part, 0, notes) for part in tree.parts)
    if tree.parts:
        yield ("all", "", "", *_sums(tree.totals), "", _missing(tree.totals))


def _branch(one: BookGroup, depth: int, notes: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    units = "" if one.units is None else f"{one.units:f}"
    days = "" if one.days is None else f"{one.days}d"
    price = "" if one.net_price is None else f"{one.net_price:,.2f}"
    yield (f"{'  ' * depth}{one.title}", units, price, *_sums(one.totals), days, _missing(one.totals))
    for below in one.groups:
        yield from _branch(below, depth + 1, notes)
    if not one.groups:
        yield from (_leaf(part, depth + 1, notes) for part in one.parts)


def _leaf(part: BookPart, depth: int, notes: Mapping[str, str]) -> tuple[str, ...]:
    line, greeks = part.line, part.greeks
    mark = line.value.mark
    reasons = [mark.reason, line.greeks_reason if mark.reason is None else None, notes.get(line.symbol)]
    return (
        f"{'  ' * depth}{line.label}",
        f"{part.quantity:+f}",
        "no mark" if mark.price is None else f"{mark.price:,.2f}",
        _money(part.market_value),
        _money(part.unrealised_pnl),
        _money(part.day_pnl),
        _whole(None if greeks is None else greeks.dollar_delta),
        _whole(None if greeks is None else greeks.dollar_gamma),
        _money(None if greeks is None else theta_per_day(greeks.theta)),
        _money(None if greeks is None else vega_per_point(greeks.vega)),
        "" if line.days is None else f"{line.days}d",
        "; ".join(reason for reason in reasons if reason),
    )


def _sums(sums: Totals) -> tuple[str, ...]:
    return (
        _money(sums.market_value),
        _money(sums.unrealised_pnl),
        _money(sums.day_pnl),
        _whole(sums.dollar_delta),
        _whole(sums.dollar_gamma),
        _money(None if sums.theta is None else theta_per_day(sums.theta)),
        _money(None if sums.vega is None else vega_per_point(sums.vega)),
    )


def _missing(sums: Totals) -> str:
    told = [f"{', '.join(sums.currencies)}: not added up"] if len(sums.currencies) > 1 else []
    told += [f"{sums.without_mark} without a mark"] if sums.without_mark else []
    told += [f"{sums.without_greeks} without Greeks"] if sums.without_greeks else []
    return "; ".join(told)


def _money(value: Any) -> str:
    return "unknown" if value is None else f"{value:+,.2f}"


def _whole(value: float | None) -> str:
    return "unknown" if value is None else f"{value:+,.0f}"
