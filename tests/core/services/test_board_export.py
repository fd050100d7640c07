"""Panes of the orders screen as files."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

import pytest

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.market.clock import ManualClock
from optionix_core.services import board_export
from optionix_core.services.home import HomeFolders
from optionix_core.services.order_board import OrderBoardViewer
from optionix_core.services.workspace import Workspace
from tests.core.services.desk_of_orders import ALERT, ALGO, BOUGHT, SPREAD, work

MOMENT = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    clock = ManualClock(MOMENT)
    with Workspace.open(HomeFolders.of(tmp_path_factory.mktemp("home")), clock=clock, seed=20) as workspace:
        work(workspace, clock)
        return OrderBoardViewer(workspace).view()


def rows(board, pane):
    found = json.loads(board_export.encode(pane, board, board.orders, "json"))
    assert found["schema_version"] == 1
    return found[pane]


def test_every_pane_is_written_as_the_commands_name_its_fields(board):
    fills = rows(board, "fills")
    assert {row["client_order_id"] for row in fills} >= {BOUGHT, SPREAD}
    assert next(row for row in fills if row["client_order_id"] == SPREAD)["legs"]
    (algorithm,) = rows(board, "algorithms")
    assert (algorithm["algo_id"], algorithm["costs"]["fees"]) == (ALGO, 0.65)
    assert [row["id"] for row in rows(board, "alerts")] == [ALERT]
    assert [row["name"] for row in rows(board, "halts")] == ["QUASAR"]


@pytest.mark.parametrize("pane", board_export.PANES)
def test_a_line_of_csv_says_what_the_json_says(board, pane):
    lines = list(csv.DictReader(io.StringIO(board_export.encode(pane, board, board.orders, "csv"))))
    told = rows(board, pane)
    assert len(lines) == len(told)
    for line, row in zip(lines, told, strict=True):
        flat = {name: value for name, value in row.items() if not isinstance(value, (dict, list))}
        assert {name: line[name] for name in flat} == {n: "" if v is None else str(v) for n, v in flat.items()}
    if pane == "algorithms":
        assert lines[0]["costs_fees"] == "0.65"


def test_nothing_is_no_file_of_csv_and_an_empty_list_of_json(board):
    with pytest.raises(MissingDataError, match="there are no fills to write"):
        board_export.encode("fills", board, (), "csv")
    assert json.loads(board_export.encode("fills", board, (), "json"))["fills"] == []
    with pytest.raises(InvalidValueError, match="pane must be one of"):
        board_export.encode("orders", board, (), "csv")
    with pytest.raises(InvalidValueError, match="format must be one of csv, json"):
        board_export.encode("fills", board, (), "xml")
