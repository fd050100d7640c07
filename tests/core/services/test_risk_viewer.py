"""Views of risk: the same figures as the commands', made once a book, stopped when asked, errors in their own place."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from optionix_core.errors import InterruptedByUserError, InvalidValueError, MissingDataError, UnknownNameError
from optionix_core.market.clock import ManualClock
from optionix_core.risk.stress_library import ScenarioKind, StressScenario
from optionix_core.services import limits, risk_book, risk_export, risk_json, risk_tails, trading
from optionix_core.services.home import HomeFolders
from optionix_core.services.limit_figures import RiskLimitEngine
from optionix_core.services.risk_view import DAYS, SPOTS, Part, RiskAsked
from optionix_core.services.risk_viewer import STEPS, RiskViewer
from optionix_core.services.workspace import Workspace
from optionix_core.trading.limit_board import LimitGrade, LimitKey, LimitLevel
from optionix_core.trading.limits import LimitKind

if TYPE_CHECKING:
    from optionix_core.market.protocols import PriceHistory

MOMENT = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
SCENARIOS = (
    StressScenario("fall", "Fall", ScenarioKind.HYPOTHETICAL, "chosen for a test", spot=-0.1),
    StressScenario("rise", "Rise", ScenarioKind.HYPOTHETICAL, "chosen for a test", spot=0.1),
)
ASKED = RiskAsked()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An account that is long two calls and ten shares of ORBIT."""
    folder = tmp_path_factory.mktemp("risk")
    with _opened(folder) as workspace:
        listed = workspace.feed.expiries("ORBIT", MOMENT)
        chain = workspace.feed.chain("ORBIT", MOMENT, *listed[3]).slices[0]
        symbol = chain.call.symbols[len(chain.strikes) // 2]
        assert symbol is not None
        for number, (name, quantity) in enumerate(((symbol, 2), ("ORBIT", 10))):
            trading.raise_for_state(trading.submit(workspace, "buy", quantity, name, None, f"risk-{number}"))
    return folder


def _opened(folder: Path) -> Workspace:
    engine = RiskLimitEngine(lambda: SCENARIOS)
    return Workspace.open(HomeFolders.of(folder), clock=ManualClock(MOMENT), seed=20, limit_engine=engine)


@pytest.fixture(scope="module")
def workspace(home: Path) -> Iterator[Workspace]:
    with _opened(home) as opened:
        yield opened


@pytest.fixture(scope="module")
def viewer(workspace: Workspace) -> RiskViewer:
    return RiskViewer(workspace, lambda: SCENARIOS)


def test_every_part_of_a_view_has_its_answer_and_the_tails_are_those_of_the_command(
    workspace: Workspace, viewer: RiskViewer
) -> None:
    view = viewer.look(ASKED, 1)
    for part in (view.nlv, view.limits, view.greeks, view.grid, view.stressed, view.margin, view.liquidity):
        assert part.problem is None
        assert part.answer is not None
    assert view.backtest.answer is not None
    assert view.reverse.answer is not None
    assert not view.what_if.made  # nothing is staged
    built = risk_book.of_account(workspace, MOMENT)
    for method in risk_tails.METHODS:
        alone = risk_tails.tails(built, workspace.venue_feed, confidences=(0.99,), method=method)  # type: ignore[arg-type]
        told = view.tail(method).answer  # type: ignore[arg-type] # each of METHODS
        assert told is not None
        assert told.estimates == alone.estimates
    total = view.tail().answer
    assert total is not None
    parts = total.value_at_risk_parts
    assert math.fsum(parts.component.tolist()) == pytest.approx(total.estimates[0].value_at_risk, rel=1e-12)


def test_another_level_horizon_or_grouping_asks_the_feed_for_nothing_and_gives_the_same_book(
    viewer: RiskViewer, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = viewer.look(ASKED, 1)

    def forbidden(*_: object) -> PriceHistory:
        raise AssertionError("a history was asked for again")

    monkeypatch.setattr(type(workspace.venue_feed), "history", forbidden)
    other = viewer.look(replace(ASKED, confidence=0.95, horizon_days=10, by="factor", method="copula"), 1)
    assert other.built is first.built
    assert other.greeks is first.greeks
    told = other.tail("plain").answer
    base = first.tail("plain").answer
    assert told is not None
    assert base is not None
    (ten,) = told.estimates
    assert ten.horizon_days == 10
    assert ten.value_at_risk < base.estimates[0].value_at_risk * math.sqrt(10.0)  # of a lower level
    drawn = other.tail().answer
    assert drawn is not None
    assert "together" in drawn.value_at_risk_parts.labels
    again = viewer.look(ASKED, 1)
    assert again.tail().answer is base


def test_the_grid_reads_zero_where_nothing_moves_and_has_every_spot_and_day(viewer: RiskViewer) -> None:
    grid = viewer.look(ASKED, 1).grid.answer
    assert grid is not None
    found = grid.found
    assert found.spot_returns == SPOTS
    assert found.days == DAYS
    still = found.total[SPOTS.index(0.0), found.volatility_moves.index(0.0), 0]
    assert abs(still) < 1e-9
    assert found.total[0, 0, 0] < 0.0 < found.total[-1, -1, 0]  # long calls and shares


def test_the_staged_legs_are_told_before_and_after_from_the_same_quotes(viewer: RiskViewer) -> None:
    plain = viewer.look(ASKED, 1)
    held = plain.built.book.positions
    closing = tuple((one.id, -int(one.quantity)) for one in held)
    view = viewer.look(replace(ASKED, stage=closing), 1)
    found = view.what_if.answer
    assert found is not None
    base = plain.tail().answer
    assert base is not None
    assert found.before.tail == base.estimates[0]
    assert found.before.margin.answer is not None
    assert found.after.tail.value_at_risk == 0.0  # all of it is closed
    assert found.after.margin.answer == 0.0
    assert found.after.worst_scenario == ""
    more = viewer.look(replace(ASKED, stage=((held[0].id, 10),)), 1).what_if.answer
    assert more is not None
    assert more.after.tail.value_at_risk > more.before.tail.value_at_risk
    unknown = viewer.look(replace(ASKED, stage=(("ORBIT 991231C00100000", 1),)), 1).what_if
    assert isinstance(unknown.problem, MissingDataError)
    assert unknown.answer is None


def test_reverse_stress_looks_for_what_was_asked_else_the_nearest_limit_else_all_that_the_account_is_worth(
    home: Path, tmp_path: Path, viewer: RiskViewer
) -> None:
    view = viewer.look(ASKED, 1)
    reverse = view.reverse.answer
    assert reverse is not None
    assert reverse.found.limit == pytest.approx(float(view.nlv.answer or 0))
    assert "net liquidation value" in reverse.of
    asked = viewer.look(replace(ASKED, loss=Decimal(50)), 1).reverse.answer
    assert asked is not None
    assert asked.found.limit == 50.0
    assert asked.found.loss >= 50.0 > (asked.found.loss_just_inside or 0.0)
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in home.rglob("*"):
        if path.is_file() and path.suffix != ".lock":
            target = copy / path.relative_to(home)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    with _opened(copy) as workspace:
        key = LimitKey(LimitLevel.ACCOUNT, workspace.account, LimitKind.STRESS_LOSS, LimitGrade.SOFT)
        limits.set_limit(workspace, key, Decimal(75), "tester")
        limited = RiskViewer(workspace, lambda: SCENARIOS).look(ASKED, 1)
        assert limited.reverse.answer is not None
        assert limited.reverse.answer.found.limit == 75.0
        assert "limit-stress-loss" in limited.reverse.answer.of
        report = limited.limits.answer
        assert report is not None
        assert [one.limit.key for one in report.limits] == [key]
        assert report.limits[0].figure is not None


def test_an_account_without_positions_is_empty_and_its_staged_legs_are_told_all_the_same(tmp_path: Path) -> None:
    with _opened(tmp_path) as workspace:
        viewer = RiskViewer(workspace, lambda: SCENARIOS)
        view = viewer.look(replace(ASKED, stage=(("ORBIT", 100),)), 1)
        assert view.empty
        assert view.state is None
        assert not view.tails
        assert view.what_if.answer is not None
        assert view.what_if.answer.before.tail.value_at_risk == 0.0
        assert view.what_if.answer.after.tail.value_at_risk > 0.0
        with pytest.raises(MissingDataError, match="nothing is held"):
            risk_export.encode(view, "components", "json")


def test_a_history_that_is_not_there_is_told_in_its_place_and_the_rest_stands(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _opened(home) as workspace:

        def none(*_: object) -> PriceHistory:
            raise MissingDataError("no history of ORBIT")

        monkeypatch.setattr(type(workspace.venue_feed), "history", none)
        view = RiskViewer(workspace, lambda: SCENARIOS).look(ASKED, 1)
        parts: tuple[Part[Any], ...] = (*view.tails.values(), view.backtest, view.reverse)
        for part in parts:
            assert part.answer is None
            assert str(part.problem) == "no history of ORBIT"
        assert view.grid.answer is not None
        assert view.margin.answer is not None


def test_a_look_is_stopped_between_its_steps_and_what_was_made_is_kept(home: Path) -> None:
    with _opened(home) as workspace:
        viewer = RiskViewer(workspace, lambda: SCENARIOS)
        heard: list[int] = []

        def progress(done: int, total: int) -> None:
            assert total == len(STEPS)
            heard.append(done)

        with pytest.raises(InterruptedByUserError):
            viewer.look(ASKED, 1, progress, lambda: len(heard) > STEPS.index("margin and liquidity"))
        assert heard == [0, 1, 2, 3]
        assert viewer.made is not None
        assert viewer.made.greeks.answer is not None
        assert not viewer.made.tails
        whole = viewer.look(ASKED, 1)
        assert whole.built is viewer.made.built


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"confidence": 1.0}, InvalidValueError),
        ({"confidence": 0.4}, InvalidValueError),
        ({"horizon_days": 0}, InvalidValueError),
        ({"horizon_days": 251}, InvalidValueError),
        ({"method": "guess"}, UnknownNameError),
        ({"by": "moon"}, UnknownNameError),
        ({"loss": Decimal(0)}, InvalidValueError),
    ],
)
def test_what_cannot_be_asked_is_named(fields: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        replace(ASKED, **fields)  # type: ignore[arg-type] # wrong on purpose


def test_exports_are_the_documents_and_rows_of_the_commands(viewer: RiskViewer) -> None:
    view = viewer.look(replace(ASKED, stage=(("ORBIT", 1),)), 1)
    for pane in risk_export.PANES:
        document = json.loads(risk_export.encode(view, pane, "json"))
        assert document["schema_version"] == 1
        if pane == "limits":
            with pytest.raises(MissingDataError, match="no rows"):
                risk_export.encode(view, pane, "csv")
            continue
        rows = risk_export.encode(view, pane, "csv").splitlines()
        assert len(rows) == 1 + len(risk_export.records(document, pane))
        assert len(rows) > 1
    told = view.tail().answer
    assert told is not None
    written = json.loads(risk_export.encode(view, "components", "json"))
    assert written == json.loads(json.dumps(risk_json.tails(view.built, told)))
    methods = json.loads(risk_export.encode(view, "methods", "json"))
    assert [one["method"] for one in methods["methods"]] == list(risk_tails.METHODS)
    assert methods["what_if"]["legs"] == [{"symbol": "ORBIT", "quantity": 1}]
    with pytest.raises(InvalidValueError, match="format"):
        risk_export.encode(view, "components", "xml")
    with pytest.raises(InvalidValueError, match="pane"):
        risk_export.encode(view, "moon", "csv")  # type: ignore[arg-type] # wrong on purpose


def test_reading_limits_writes_nothing(tmp_path: Path) -> None:
    from optionix_core.services.limit_watch import standing

    with _opened(tmp_path) as workspace:
        key = LimitKey(LimitLevel.ACCOUNT, workspace.account, LimitKind.VALUE_AT_RISK, LimitGrade.SOFT)
        trading.raise_for_state(trading.submit(workspace, "buy", 10, "ORBIT", None, "one"))
        limits.set_limit(workspace, key, Decimal(100_000), "tester")
        head = workspace.store.head()
        report = standing(workspace)
        assert workspace.store.head() == head
        (one,) = report.limits
        assert one.figure is not None
        assert one.figure > 0
        assert not one.beyond
