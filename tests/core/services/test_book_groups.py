"""The grouped book of a real workspace: groups add up to the book to the last digit, whatever they are told by."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from optionix_core.errors import InvalidValueError
from optionix_core.market.clock import ManualClock
from optionix_core.services import book_groups_json, sending
from optionix_core.services.book_groups import (
    BookPart,
    BookTree,
    GroupBy,
    holdings_of,
    strategies_of,
    totals_of,
    tree_of,
    whole,
)
from optionix_core.services.book_view import BookView, BookViewer
from optionix_core.services.chain_view import ChainViewer
from optionix_core.services.home import HomeFolders
from optionix_core.services.workspace import Workspace
from optionix_core.trading.orders import OrderLeg, OrderState, TimeInForce
from optionix_core.trading.terms import OrderTerms

MOMENT = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
PUTS = ("ORBIT 260116P00195000", "ORBIT 260116P00200000")
CALLS = ("ORBIT 260116C00210000", "ORBIT 260116C00215000")
FAR = "ORBIT 260220C00215000"


def send(workspace: Workspace, name: str, terms: OrderTerms) -> None:
    order = sending.send(workspace, terms, name)
    assert order.state is OrderState.FILLED, (order.state, order.reason)


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BookView]:
    """Two iron condors by one order, one call of them bought back, two calls further out, and shares."""
    home: Path = tmp_path_factory.mktemp("home")
    with Workspace.open(HomeFolders.of(home), clock=ManualClock(MOMENT), seed=20) as workspace:
        ratios = ((PUTS[0], 1), (PUTS[1], -1), (CALLS[0], -1), (CALLS[1], 1))
        legs = tuple(OrderLeg(symbol, ratio) for symbol, ratio in ratios)
        send(workspace, "condor", OrderTerms("buy", 2, "", Decimal(0), TimeInForce.DAY, legs=legs))
        send(workspace, "back", OrderTerms("buy", 1, CALLS[0]))
        send(workspace, "far", OrderTerms("buy", 2, FAR))
        send(workspace, "shares", OrderTerms("buy", 30, "ORBIT"))
        yield BookViewer(workspace, ChainViewer(workspace.feed)).view(MOMENT)


def grouped(view: BookView, by: GroupBy) -> BookTree:
    return tree_of(view, by, strategies_of(view) if by is GroupBy.STRATEGY else ())


@pytest.mark.parametrize("by", list(GroupBy))
def test_groups_add_up_to_the_book_exactly(view: BookView, by: GroupBy) -> None:
    tree = grouped(view, by)
    expected = totals_of([whole(line) for line in view.lines])
    sums = totals_of(tree.parts)
    assert (sums.market_value, sums.unrealised_pnl, sums.day_pnl) == (
        expected.market_value,
        expected.unrealised_pnl,
        expected.day_pnl,
    )
    assert sums.market_value == view.report.positions_value
    assert sums.dollar_delta == pytest.approx(expected.dollar_delta, rel=1e-12)
    held: dict[str, Decimal] = {}
    for part in tree.parts:
        held[part.line.symbol] = held.get(part.line.symbol, Decimal(0)) + part.quantity
    assert held == view.held
    for top in tree.groups:
        assert top.totals == totals_of(top.parts)
        if top.groups:
            assert tuple(part for one in top.groups for part in one.parts) == top.parts


def test_strategies_of_a_broken_condor(view: BookView) -> None:
    (top,) = grouped(view, GroupBy.STRATEGY).groups
    assert top.title == "ORBIT"
    told = {one.title: one.units for one in top.groups}
    assert told == {
        "long stock": 30,
        "bull put spread 16 Jan 26": 1,
        "iron condor 16 Jan 26": 1,
        "long call 16 Jan 26": 1,
        "long call 20 Feb 26": 2,
    }
    condor = next(one for one in top.groups if one.strategy == "iron-condor")
    assert [part.quantity for part in condor.parts] == [1, -1, -1, 1]
    assert [part.whole for part in condor.parts] == [False, False, True, False]
    assert condor.net_price == pytest.approx(float(condor.totals.market_value or 0) / 100)
    assert condor.days == 11


def test_a_part_of_a_position_has_its_share_and_the_last_takes_the_rest(view: BookView) -> None:
    tree = grouped(view, GroupBy.STRATEGY)
    line = next(line for line in view.lines if line.symbol == CALLS[1])
    parts = [part for part in tree.parts if part.line.symbol == CALLS[1]]
    assert [part.quantity for part in parts] == [1, 1]
    assert sum((part.unrealised_pnl or Decimal(0) for part in parts), Decimal(0)) == line.value.unrealised_pnl
    assert parts[0].greeks is not None
    assert line.greeks is not None
    assert parts[0].greeks.delta == line.greeks.delta / 2
    assert parts[0].greeks.iv == line.greeks.iv


def test_groups_by_expiry_come_in_order_and_shares_have_none(view: BookView) -> None:
    tree = grouped(view, GroupBy.EXPIRY)
    assert [one.title for one in tree.groups] == ["no expiry", "16 Jan 26", "20 Feb 26"]
    assert tree.groups[0].days is None
    assert grouped(view, GroupBy.NONE).groups == ()


def test_a_filter_keeps_parts_and_the_groups_that_have_some(view: BookView) -> None:
    def puts(part: BookPart) -> bool:
        return part.line.label.endswith(" P")

    (top,) = tree_of(view, GroupBy.STRATEGY, strategies_of(view), puts).groups
    assert [one.strategy for one in top.groups] == ["bull-put-spread", "iron-condor"]
    assert top.groups[1].net_price is None  # half of a condor has no price of its own
    assert len(tree_of(view, GroupBy.NONE, (), puts).parts) == 2


def test_strategies_of_another_book_are_refused(view: BookView) -> None:
    other = replace(view, lines=view.lines[1:])
    with pytest.raises(InvalidValueError, match="of what is held"):
        tree_of(other, GroupBy.STRATEGY, strategies_of(view))
    with pytest.raises(InvalidValueError, match="of what is held"):
        tree_of(view, GroupBy.STRATEGY, strategies_of(other))
    assert holdings_of(other) != holdings_of(view)
    assert holdings_of(replace(view, events=view.events + 1)) == holdings_of(view)


def test_what_cannot_be_told_is_told_of_no_group_above_it(view: BookView) -> None:
    line = view.lines[-1]
    blind = replace(
        line,
        value=replace(line.value, market_value=None, unrealised_pnl=None, day_pnl=None),
        greeks=None,
        greeks_reason="no bid",
    )
    tree = tree_of(replace(view, lines=(*view.lines[:-1], blind)), GroupBy.UNDERLYING)
    sums = tree.groups[0].totals
    assert (sums.market_value, sums.unrealised_pnl, sums.day_pnl) == (None, None, None)
    assert sums.without_greeks == 1
    assert sums.dollar_delta is not None


def test_json_and_csv_tell_the_same_parts(view: BookView) -> None:
    tree = grouped(view, GroupBy.STRATEGY)
    document = book_groups_json.to_json(tree, view.moment, "paper-1", {FAR: "a note"})
    assert json.loads(json.dumps(document)) == document
    assert [one["title"] for one in document["groups"]] == ["ORBIT"]
    rows = list(csv.DictReader(io.StringIO(book_groups_json.to_csv(document["positions"]))))
    assert len(rows) == len(tree.parts) == len(document["positions"])
    assert rows[0]["group"] == "ORBIT / long stock"
    assert [row["note"] for row in rows if row["symbol"] == FAR] == ["a note"]
    assert sum(row["market_value"] for row in document["positions"]) == pytest.approx(
        document["totals"]["market_value"]
    )
    assert book_groups_json.to_csv([]) == ""


def test_group_by_goes_round() -> None:
    assert [one.after() for one in GroupBy] == [*tuple(GroupBy)[1:], GroupBy.UNDERLYING]
