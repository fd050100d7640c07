"""What the book says, reads and explains, out of values alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from optionix_core.errors import InvalidValueError, UnknownNameError
from optionix_core.market.clock import ManualClock
from optionix_core.services import book_life, book_standing
from optionix_core.services.book_groups import GroupBy, strategies_of, tree_of, whole
from optionix_core.services.book_order import SORT_KEYS, part_value, sort_tree
from optionix_core.services.book_view import BookView, BookViewer
from optionix_core.services.chain_view import ChainViewer
from optionix_core.services.day_explained import Span
from optionix_core.services.home import HomeFolders
from optionix_core.services.rolls import Target, legs_of
from optionix_core.services.workspace import Workspace
from screens import book_acts, book_tables
from screens import book_explanations as explain
from screens.book_columns import LAYOUTS, POSITION_COLUMNS, RowKey, columns_of, position_rows, position_style
from screens.book_exports import command
from screens.book_filter import BookFilter
from screens.book_panes import NAMES, panes_shown
from screens.book_roll import RollWish, read_instruction, read_roll
from screens.book_summary import account_pieces, ahead_pieces, explained_pieces
from tests.tui.book_desk import CALLS, FAR, PUTS, hold

MOMENT = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    clock = ManualClock(MOMENT)
    with Workspace.open(HomeFolders.of(tmp_path_factory.mktemp("home")), clock=clock, seed=20) as opened:
        hold(opened, clock)
        clock.advance(timedelta(days=1))
        yield opened


@pytest.fixture(scope="module")
def view(workspace: Workspace) -> BookView:
    return BookViewer(workspace, ChainViewer(workspace.feed)).view(workspace.clock.now())


@pytest.fixture(scope="module")
def standing(workspace: Workspace) -> book_standing.BookStanding:
    return book_standing.standing(workspace, Span.TODAY, lambda *_: None, lambda: False)


@pytest.fixture(scope="module")
def life(workspace: Workspace) -> book_life.LifeCycle:
    return book_life.life_cycle(workspace)


def test_rows_fold_and_the_last_one_sums_what_is_shown(view: BookView) -> None:
    tree = tree_of(view, GroupBy.STRATEGY, strategies_of(view))
    rows = position_rows(tree, (), {})
    condor = next(row for row in rows if "iron condor" in row.cells[0])
    assert isinstance(condor.key, RowKey)
    folded = position_rows(tree, {condor.key.group}, {PUTS[1]: "assignment risk 60%"})
    assert len(rows) - len(folded) == 4
    line = next(row for row in folded if "iron condor" in row.cells[0])
    assert line.cells[0].startswith(" ▸")
    assert line.cells[-1] == "assignment risk 60%"  # what is folded still warns
    assert rows[-1].cells[3] == view.report.positions_value
    noted = next(row for row in position_rows(tree, (), {PUTS[1]: "x"}) if row.key[2] == PUTS[1])
    assert POSITION_COLUMNS[-2].write(noted.cells[-2]) == "10d!"
    assert all(len(row.cells) == len(POSITION_COLUMNS) for row in rows)
    for row in rows:
        for column, value in zip(POSITION_COLUMNS, row.cells, strict=True):
            column.write(value)
            position_style(column, row)


def test_layouts_keep_every_column_in_its_place() -> None:
    for name, shown in LAYOUTS.items():
        columns = columns_of(name)
        assert [column.key for column in columns] == [column.key for column in POSITION_COLUMNS]
        assert {column.key for column in columns if column.rank >= 0} == set(shown)


@pytest.mark.parametrize("key", SORT_KEYS)
@pytest.mark.parametrize("descending", [True, False])
def test_sorting_orders_parts_within_their_groups(view: BookView, key: str, descending: bool) -> None:
    tree = sort_tree(tree_of(view, GroupBy.UNDERLYING), key, descending=descending)
    values = [part_value(part, key) for part in tree.groups[0].parts]
    known = [value for value in values if value is not None]
    assert known == sorted(known, reverse=descending)
    assert values[len(known) :] == [None] * (len(values) - len(known))
    flat = sort_tree(tree_of(view, GroupBy.NONE), key, descending=descending)
    assert sorted(part.line.symbol for part in flat.parts) == sorted(view.held)
    with pytest.raises(InvalidValueError, match="sort"):
        sort_tree(flat, "colour", descending=True)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("", {*PUTS, *CALLS, FAR, "ORBIT"}),
        ("put", set(PUTS)),
        ("CALLS short", {CALLS[0]}),
        ("share", {"ORBIT"}),
        ("options", {*PUTS, *CALLS, FAR}),
        (">20d", {FAR}),
        ("<20d long put", {PUTS[0]}),
        ("215", {CALLS[1], FAR}),
        ("orbit noted", {FAR}),
        ("nothing", set()),
    ],
)
def test_a_filter_keeps_what_fits_every_word(view: BookView, text: str, kept: set[str]) -> None:
    chosen = BookFilter.parse(text)
    assert {line.symbol for line in view.lines if chosen.keeps(whole(line), {FAR})} == kept


def test_gain_and_loss_share_the_positions_that_have_a_mark(view: BookView) -> None:
    gains, losses = (
        {line.symbol for line in view.lines if BookFilter(word).keeps(whole(line), ())} for word in ("gain", "loss")
    )
    assert not gains & losses
    assert gains | losses <= set(view.held)


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("next", RollWish(Target(following=True))),
        ("19MAR27", RollWish(Target(expiry=date(2027, 3, 19)))),
        ("2027-03-19 235", RollWish(Target(expiry=date(2027, 3, 19), strike=Decimal(235)))),
        ("next up 2.5 x1 @ -1.20", RollWish(Target(following=True, shift=Decimal("2.5")), 1, Decimal("-1.20"))),
        ("down 5 @1.2", RollWish(Target(shift=Decimal(-5)), None, Decimal("1.2"))),
    ],
)
def test_where_to_roll_is_read(text: str, wish: RollWish) -> None:
    assert read_roll(text) == wish


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "roll must be an expiry or a strike"),
        ("@ 1.20", "roll must be an expiry or a strike"),
        ("soon", "roll must be read as one of"),
        ("31FEB27", "expiry must be a date such as"),
        ("2027-13-01", "expiry must be a date such as"),
        ("next 19MAR27", "expiry must be told once"),
        ("230 235", "strike must be told once"),
        ("230 up 5", "a strike or a shift, not both"),
        ("next up", "a number after up"),
        ("next @ much", "limit must be a number"),
        ("next x0", "quantity must be at least 1"),
        ("nan", "roll must be read as one of"),
    ],
)
def test_what_is_no_roll_is_refused_by_name(text: str, told: str) -> None:
    with pytest.raises(InvalidValueError, match=told):
        read_roll(text)


def test_an_instruction_is_read_strictly() -> None:
    assert read_instruction("exercise", 3) == ("exercise", 3)
    assert read_instruction(" Expire 2 ", 3) == ("expire", 2)
    for text in ("", "hold", "expire 0", "expire 4", "expire two", "expire 1 2"):
        with pytest.raises(InvalidValueError):
            read_instruction(text, 3)


def test_rolling_a_group_closes_every_option_and_opens_as_many(workspace: Workspace) -> None:
    feed, now = workspace.venue_feed, workspace.clock.now()
    vertical = ((CALLS[0], -2), (CALLS[1], 2), ("ORBIT", 30))
    legs = dict(legs_of(feed, now, vertical, Target(expiry=date(2026, 2, 20))))
    assert legs == {CALLS[0]: 2, CALLS[1]: -2, "ORBIT 260220C00210000": -2, FAR: 2}
    up = dict(legs_of(feed, now, vertical, Target(shift=Decimal(5))))
    assert up == {CALLS[0]: 2, CALLS[1]: -4, "ORBIT 260116C00220000": 2}  # 215 is closed long and opened short
    (following,) = (symbol for symbol, count in legs_of(feed, now, ((FAR, 1),), Target(following=True)) if count > 0)
    assert following > FAR
    for positions, target, told in (
        (vertical, Target(), "an expiry or a strike to roll to"),
        ((("ORBIT", 30),), Target(following=True), "at least one option"),
        (vertical, Target(strike=Decimal(220)), "left out where the legs have several"),
        (((FAR, 1),), Target(expiry=date(2026, 2, 20)), "to another expiry or strike"),
        (((FAR, 1),), Target(shift=Decimal(-215)), "strike must be positive"),
    ):
        with pytest.raises(InvalidValueError, match=told):
            legs_of(feed, now, positions, target)
    with pytest.raises(UnknownNameError):
        legs_of(feed, now, ((FAR, 1),), Target(strike=Decimal("215.01")))


def test_drafts_close_and_roll_what_is_held(workspace: Workspace, view: BookView) -> None:
    tree = tree_of(view, GroupBy.STRATEGY, strategies_of(view))
    condor = next(one for one in tree.groups[0].groups if one.strategy == "iron-condor")
    draft = book_acts.closing_draft(condor.parts)
    assert draft.quantity == 2
    assert {leg.symbol: leg.ratio for leg in draft.legs} == {PUTS[0]: -1, PUTS[1]: 1, CALLS[0]: 1, CALLS[1]: -1}
    quotes = {part.line.symbol: part.line.value.mark.quote for part in condor.parts}
    asked = [quotes[symbol] for symbol in (PUTS[1], CALLS[0])]
    bids = [quotes[symbol] for symbol in (PUTS[0], CALLS[1])]
    net = sum(quote.ask for quote in asked) - sum(quote.bid for quote in bids)
    assert float(draft.limit_price or 0) == pytest.approx(net)
    shares = next(part for part in tree.parts if part.line.symbol == "ORBIT")
    draft = book_acts.closing_draft([shares])
    assert (draft.side, draft.symbol, draft.quantity) == ("sell", "ORBIT", 30)

    far = [part for part in tree.parts if part.line.symbol == FAR]
    rolled = book_acts.roll_draft(workspace, far, read_roll("220 x1 @ -2"))
    assert {leg.symbol: leg.ratio for leg in rolled.legs} == {FAR: -1, "ORBIT 260220C00220000": 1}
    assert (rolled.quantity, rolled.limit_price) == (1, Decimal(-2))
    with pytest.raises(InvalidValueError, match="1 to 2, which are held"):
        book_acts.roll_draft(workspace, far, read_roll("220 x3"))
    with pytest.raises(InvalidValueError, match="a group, which is rolled whole"):
        book_acts.roll_draft(workspace, condor.parts, read_roll("next x1"))
    half = replace(far[0], quantity=Decimal("0.5"))
    with pytest.raises(InvalidValueError, match="a whole number"):
        book_acts.closing_draft([half])


def test_the_lines_tell_margin_parts_and_what_lies_ahead(
    view: BookView, standing: book_standing.BookStanding, life: book_life.LifeCycle
) -> None:
    account = " ".join(piece.text for piece in account_pieces(view, standing))
    assert "margin" in account
    assert "no data" not in account
    assert "margin computing" in " ".join(piece.text for piece in account_pieces(view, None))
    told = " ".join(piece.text for piece in explained_pieces(standing, running=False, now=view.moment))
    assert told.startswith("since 05 Jan 21:00")
    assert "= Δ" in told
    assert "Θ" in told
    assert "old" in " ".join(
        piece.text for piece in explained_pieces(standing, running=False, now=view.moment + timedelta(minutes=5))
    )
    assert "explaining" in explained_pieces(None, running=True, now=view.moment)[1].text
    ahead = " ".join(piece.text for piece in ahead_pieces(life))
    assert "and 3 more settle" in ahead
    assert "no dividend declared" in ahead
    noted = ahead_pieces(life, "ORBIT", "of two")
    assert [piece.text for piece in noted[:2]] == ["ORBIT", "of two"]


def test_explained_rows_add_up_and_bars_point_by_their_sign(
    view: BookView, standing: book_standing.BookStanding
) -> None:
    told = standing.explained
    assert told is not None
    parts = [whole(line) for line in view.lines]
    rows = book_tables.explained_rows(told, book_tables.here_of(told, parts))
    *each, total = rows
    assert total.cells[1] == told.total["actual"]
    assert sum(row.cells[1] for row in each) == pytest.approx(total.cells[1], abs=0.05)
    assert total.cells[2] == pytest.approx(total.cells[1])  # all positions are the book
    bars = {row.key: book_tables.EXPLAINED_COLUMNS[3].write(row.cells[3]) for row in each}
    for row in each:
        left, _, right = bars[row.key].partition("│")
        assert bool(left.strip()) <= (row.cells[1] < 0)
        assert bool(right) <= (row.cells[1] > 0)
    largest = max(each, key=lambda row: abs(row.cells[1]))
    assert bars[largest.key].count("█") == book_tables.BAR_HALF
    assert book_tables.explained_rows(None, None) == []


def test_lots_have_the_position_s_pnl_between_them(view: BookView) -> None:
    rows = book_tables.lot_rows(view.lines, ())
    assert sum(row.cells[5] for row in rows) == view.report.unrealised_pnl


def test_every_number_explains_itself(
    view: BookView, standing: book_standing.BookStanding, life: book_life.LifeCycle
) -> None:
    tree = tree_of(view, GroupBy.STRATEGY, strategies_of(view))
    rows = position_rows(tree, (), {})
    now = view.moment
    for column in POSITION_COLUMNS:
        for part in tree.parts:
            told = explain.explain_part(part, column, "", now)
            assert told.value
            assert dict(told.facts)["key"] == part.line.symbol
        top = tree.groups[0]
        place = POSITION_COLUMNS.index(column)
        group = explain.explain_group("ORBIT", top, top.totals, column, rows[0], place, now)
        assert dict(group.facts)["sum"].startswith("of 6 positions")
    account = explain.explain_account(view, standing)
    assert account.value.startswith(f"{view.report.nlv:,.2f}")
    for row in book_tables.explained_rows(standing.explained, None):
        assert explain.explain_pnl(standing, row, "the book").facts
    columns = book_tables.CALENDAR_COLUMNS
    for row in book_tables.calendar_rows(life):
        told = explain.explain_ahead(life, row, columns[3], 3)
        assert "in the money" in dict(told.facts)


def test_panes_have_room_and_the_marked_one_is_seen() -> None:
    assert panes_shown(200, 55, "lots") == NAMES
    assert panes_shown(120, 36, "lots") == ("positions", "lots", "ledger")
    assert panes_shown(120, 36, "detail") == ("positions", "detail", "calendar")
    assert panes_shown(80, 24, "ledger") == ("positions", "ledger")
    assert panes_shown(80, 12, "ledger") == ("positions",)


def test_commands_follow_pane_and_stretch(standing: book_standing.BookStanding) -> None:
    assert command("positions", "expiry", standing, "today", None) == "positions --group expiry"
    assert command("explained", "expiry", standing, "week", None) == "risk explain --days 5 --partial"
    assert command("detail", "expiry", standing, "today", None) == "ledger show"
