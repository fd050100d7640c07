"""What happened to a position, how the account stands, and why it gained, of a book that was really traded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from optionix_core.errors import MissingDataError
from optionix_core.market.clock import ManualClock
from optionix_core.portfolio.dividends import CashDividend, declared_event
from optionix_core.services import (
    book_life,
    book_standing,
    exercising,
    expiring,
    expiring_json,
    journal,
    ledger_lots,
    sending,
)
from optionix_core.services.day_explained import TOLD, Span, explain_span, moments_of
from optionix_core.services.home import HomeFolders
from optionix_core.services.position_story import NOTE, Stories, story, to_json
from optionix_core.services.workspace import Workspace
from optionix_core.trading.orders import OrderLeg, TimeInForce
from optionix_core.trading.terms import OrderTerms

MOMENT = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
LOW, HIGH, TODAY = "ORBIT 260116C00200000", "ORBIT 260116C00210000", "ORBIT 260105C00205000"
Home = Callable[[], Workspace]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(MOMENT)


@pytest.fixture
def home(tmp_path: Path, clock: ManualClock) -> Home:
    """Two verticals bought as one order, one short leg bought back, with notes."""

    def opened() -> Workspace:
        return Workspace.open(HomeFolders.of(tmp_path), clock=clock, seed=20)

    with opened() as workspace:
        legs = (OrderLeg(LOW, 1), OrderLeg(HIGH, -1))
        sending.send(workspace, OrderTerms("buy", 2, "", Decimal(20), TimeInForce.DAY, legs=legs), "spread")
        clock.advance(timedelta(seconds=10))
        sending.send(workspace, OrderTerms("buy", 1, HIGH), "half")
        journal.add(workspace, "sold half", subject=journal.subject_of(position=LOW), note_id="a")
        journal.add(workspace, "cheap", subject=journal.subject_of(order="spread"), note_id="b")
        journal.add(workspace, "of the other", subject=journal.subject_of(position=HIGH), note_id="c")
        journal.add(workspace, "of the day", subject=journal.subject_of(day=MOMENT.date()), note_id="d")
    return opened


def test_a_story_is_of_the_position_alone_newest_first(home: Home) -> None:
    with home() as workspace:
        lines = story(workspace, [LOW])
        both, high = story(workspace, [LOW, HIGH]), story(workspace, [HIGH])
    assert [(line.kind, line.quantity) for line in lines] == [(NOTE, None), (NOTE, None), ("trade", 2)]
    assert [line.quantity for line in high if line.kind == "trade"] == [1, -2]
    assert [line.words for line in lines[:2]] == ["cheap", "sold half"]
    bought = lines[-1]
    assert bought.cash is not None
    assert bought.fee is not None
    assert bought.fee > 0
    assert bought.cash < -bought.fee
    assert sum(line.quantity or 0 for line in both if line.symbol == HIGH) == -1
    assert {line.words for line in both if line.kind == NOTE} == {"cheap", "sold half", "of the other"}
    assert [row["kind"] for row in to_json(lines)] == ["note", "note", "trade"]


def test_cash_of_the_legs_is_the_cash_of_the_account(home: Home) -> None:
    with home() as workspace:
        both = story(workspace, [LOW, HIGH])
        workspace.desk.follow(workspace.store)
        state = workspace.desk.book.account(workspace.account)
    assert state is not None
    assert sum((line.cash for line in both if line.cash is not None), Decimal(0)) == state.cash - 100_000


def test_what_is_new_in_the_log_is_followed(home: Home) -> None:
    with home() as workspace:
        followed, stories = ledger_lots.ClosedLots(workspace.account), Stories(workspace.account)
        mine = followed.follow(workspace.store)
        stories.follow(workspace.store)
        assert mine == ledger_lots.lots(workspace.store).closed
        assert [(one.symbol, one.quantity) for one in mine] == [(HIGH, -1)]
        assert ledger_lots.ClosedLots("paper-9").follow(workspace.store) == ()
        before = stories.of([HIGH])
        sending.send(workspace, OrderTerms("buy", 1, HIGH), "rest")
        again = followed.follow(workspace.store)
        assert again[:1] == mine
        assert again == ledger_lots.lots(workspace.store).closed
        assert stories.of([HIGH]) == before
        stories.follow(workspace.store)
        assert stories.of([HIGH])[1:] == before
        assert stories.of([LOW, HIGH]) == story(workspace, [LOW, HIGH])


def test_the_parts_of_a_day_sum_to_what_the_account_gained(home: Home, clock: ManualClock) -> None:
    with home() as workspace:
        today = explain_span(workspace, Span.TODAY)
        assert sum(part.amount for part in today.parts) == pytest.approx(today.total["actual"])
        assert {part.name for part in today.parts if abs(part.amount) > 0.005} <= {"trades", "fees", "resid"}
        clock.advance(timedelta(days=1))
        today = explain_span(workspace, Span.TODAY)
        assert today.start == datetime(2026, 1, 5, 21, 0, tzinfo=UTC)
        named = {part.name: part.amount for part in today.parts}
        assert named["Θ"] != 0
        assert named["trades"] == named["fees"] == 0
        assert sum(named.values()) == pytest.approx(today.total["actual"])
        assert today.by_position[LOW]["actual"] + today.by_position[HIGH]["actual"] == pytest.approx(
            today.total["actual"]
        )
        week = explain_span(workspace, Span.WEEK)
        assert len(week.periods) == 5
        assert week.total["actual"] == pytest.approx(sum(one.explained.total()["actual"] for one in week.periods))


def test_every_part_is_under_one_short_name() -> None:
    from optionix_core.risk.explained import TERMS

    assert sorted(term for terms in TOLD.values() for term in terms) == sorted((*TERMS, "residual"))


def test_stretches_begin_and_end_at_closes() -> None:
    monday = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
    closes = [datetime(2025, 12, day, 21, tzinfo=UTC) for day in (26, 29, 30, 31)]
    friday = datetime(2026, 1, 2, 21, tzinfo=UTC)
    assert moments_of(Span.TODAY, monday) == (friday, monday)
    assert moments_of(Span.SESSION, monday) == (closes[-1], friday)
    early = datetime(2025, 12, 24, 18, tzinfo=UTC)
    assert moments_of(Span.WEEK, monday) == (early, *closes, friday)
    assert [span.after() for span in Span] == [Span.SESSION, Span.WEEK, Span.TODAY]


def test_one_figure_without_data_leaves_the_other(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[tuple[int, int]] = []

    def told(done: int, of: int) -> None:
        steps.append((done, of))

    with home() as workspace:
        whole = book_standing.standing(workspace, Span.TODAY, told, lambda: False)
        assert whole.margin is not None
        assert whole.margin > 0
        assert whole.explained is not None
        assert steps == [(0, 2), (1, 2)]

        def fails(*_: object) -> None:
            raise MissingDataError("no quotes at the close")

        monkeypatch.setattr(book_standing, "explain_span", fails)
        half = book_standing.standing(workspace, Span.TODAY, told, lambda: False)
        assert (half.explained, half.explained_reason) == (None, "no quotes at the close")
        assert half.margin == pytest.approx(whole.margin)
        assert book_standing.standing(workspace, Span.TODAY, told, lambda: True).margin_reason == "cancelled"


def test_notes_tell_today_s_expiry_and_instructions(home: Home) -> None:
    with home() as workspace:
        listed = {day for day, _ in workspace.feed.expiries("ORBIT", MOMENT)}
        near = min(listed)
        chain = workspace.feed.chain("ORBIT", MOMENT, near, "ORBIT").slices[0]
        symbol = next(one for one in chain.call.symbols if one is not None and one.endswith("00200000"))
        sending.send(workspace, OrderTerms("buy", 1, symbol), "near")
        exercising.instruct(workspace, symbol, "expire")
        life = book_life.life_cycle(workspace)
        assert life.instructions[symbol].wish == "expire"
        assert "instructed: expire 1" in life.notes[symbol]
        entry = life.entry(symbol)
        assert entry is not None
        assert ("expires today" in life.notes[symbol]) == (entry.settles_at.date() == MOMENT.date())
        short = life.entry(HIGH)
        assert short is not None
        assert short.probability is not None
        assert (HIGH in life.notes) == (short.probability >= 0.5)


def test_a_declared_dividend_is_told_and_takes_part_in_the_chances(home: Home) -> None:
    with home() as workspace:
        before = expiring.calendar(workspace)
        dividend = CashDividend(
            "ORBIT", Decimal("0.26"), "USD", date(2026, 1, 9), date(2026, 1, 9), date(2026, 1, 20), "test"
        )
        gone = CashDividend("ORBIT", Decimal(1), "USD", date(2026, 1, 2), date(2026, 1, 2), date(2026, 1, 3), "test")
        with workspace.store.writing("declare", 1.0) as log:
            log.append((declared_event(dividend, MOMENT), declared_event(gone, MOMENT)))
        after = expiring.calendar(workspace)
        life = book_life.life_cycle(workspace)
    assert before.dividends == ()
    (told,) = expiring_json.calendar(after)["dividends"]
    assert (told["symbol"], told["per_share"], told["ex_date"]) == ("ORBIT", 0.26, "2026-01-09")
    assert after.dividends == (dividend,)
    assert life.dividend(LOW) == dividend
    assert "ex-dividend 0.26 on 09 Jan" in life.notes[LOW]
    for old, new in zip(before.entries, after.entries, strict=True):
        # The forward is the quotes', with or without the dividend told apart: the chance is the same.
        assert new.probability == pytest.approx(old.probability, abs=2e-4)
