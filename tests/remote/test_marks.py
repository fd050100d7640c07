"""Accounts that a device matches, at the server: marked as their owner's terminal does, each on its own market."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from optionix_core.errors import MissingDataError
from optionix_core.market.units import to_market
from optionix_core.services import book_groups, trading
from optionix_core.services.book_view import BookViewer
from optionix_core.services.chain_view import ChainViewer
from optionix_core.services.workspace import Workspace
from optionix_tui.remote import syncing
from optionix_tui.remote.desk import desk
from tests.remote.conftest import PASSWORD, Live

if TYPE_CHECKING:
    from collections.abc import Callable

    from optionix_tui.remote.team import Team
    from screens.team import DeskRow

SEEDS = {"ann": 20, "ben": 7}


def home_of(live: Live, name: str, *, seed: int, account: str | None = None) -> Workspace:
    return Workspace.open(
        live.home(name), clock=live.clock, seed=seed, account=f"{name}-1" if account is None else account
    )


def sign_in(live: Live, workspace: Workspace, name: str) -> Team:
    team = live.of(workspace.home)
    team.sign_in(workspace, live.url, f"{name}@example.com", PASSWORD)
    return team


def buy(workspace: Workspace, name: str, quantity: int = 2) -> None:
    """A call that the home's own market quotes: strikes differ from one seed to the next."""
    now = workspace.clock.now()
    part = workspace.venue_feed.chain("ORBIT", now).slices[3]
    symbol = part.call.symbols[len(part.strikes) // 2]
    assert symbol is not None
    order = trading.place(workspace, trading.OrderTerms("buy", quantity, symbol), name)
    assert order.filled_quantity == quantity


def figures(workspace: Workspace) -> dict[str, Any]:
    """What the owner's terminal shows."""
    view = BookViewer(workspace, ChainViewer(workspace.venue_feed)).view(workspace.clock.now())
    totals, report = book_groups.tree_of(view, book_groups.GroupBy.NONE).totals, view.report
    assert totals.theta is not None
    assert totals.vega is not None
    return {
        "total_value": report.nlv,
        "day_pnl": report.day_pnl,
        "total_pnl": report.total_pnl,
        "greeks": {
            "dollar_delta": totals.dollar_delta,
            "dollar_gamma": totals.dollar_gamma,
            "theta": to_market("theta", totals.theta),
            "vega": to_market("vega", totals.vega),
        },
    }


def shown(row: DeskRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("total_value", "day_pnl", "total_pnl", "greeks")}


def test_a_viewer_sees_what_each_owners_terminal_shows(live: Live) -> None:
    ann = live.add("ann")
    live.add("ben", desk_id=ann.desk_id)
    live.add("vera", role="viewer", desk_id=ann.desk_id)
    live.add("eve", role="risk_manager")  # of another desk
    homes = {name: home_of(live, name, seed=seed) for name, seed in SEEDS.items()}
    teams = {name: sign_in(live, workspace, name) for name, workspace in homes.items()}
    for name, workspace in homes.items():
        buy(workspace, f"{name}-a")
    syncing.synchronise(teams["ann"], homes["ann"])
    live.clock.advance(timedelta(minutes=7))
    buy(homes["ben"], "ben-b", 1)  # while he is away
    syncing.synchronise(teams["ben"], homes["ben"])
    vera, eve = (sign_in(live, home_of(live, name, seed=1), name) for name in ("vera", "eve"))
    for _ in range(2):  # and so it goes on, whatever the time
        live.clock.advance(timedelta(hours=3))
        rows = {row.account: row for row in desk(vera.client()) if row.kind == "local-sim"}
        assert set(rows) == {"ann-1", "ben-1"}
        for name, workspace in homes.items():
            wanted = figures(workspace)
            assert shown(rows[f"{name}-1"]) == wanted
            assert wanted["total_pnl"] != 0
            (own,) = (row for row in desk(teams[name].client()) if row.account == f"{name}-1")
            assert shown(own) == wanted
    assert figures(homes["ann"]) != figures(homes["ben"])
    with pytest.raises(MissingDataError):
        eve.client().portfolio.summary(rows["ann-1"].account_id)
    for workspace in homes.values():
        workspace.close()


def test_positions_and_risk_are_those_of_the_accounts_own_market(live: Live) -> None:
    live.add("ben")
    workspace = home_of(live, "ben", seed=7)
    team = sign_in(live, workspace, "ben")
    buy(workspace, "b")
    syncing.synchronise(team, workspace)
    client = team.client()
    (position,) = client.portfolio.positions("ben-1")
    (line,) = BookViewer(workspace, ChainViewer(workspace.venue_feed)).view(workspace.clock.now()).lines
    assert Decimal(position["current_price"]) == line.value.mark.price
    assert line.greeks is not None
    assert position["greeks"]["delta"] == line.greeks.delta
    assert client.risk.greeks("ben-1")["total"]["delta"] > 0
    assert client.portfolio.margin("ben-1")["positions"] == 1
    stressed = client.risk.stress({"account_id": "ben-1", "scenarios": [{"name": "down", "spot": -0.2}]})
    assert stressed["positions"] == 1
    assert stressed["scenarios"][0]["portfolio_impact"] < 0
    for path in ("risk/limits", "risk/circuit-breakers", "trade/orders", "trade/history"):
        assert client.call("GET", path, params={"account_id": "ben-1"}).document is not None
    workspace.close()


def test_the_server_does_nothing_to_an_account_that_its_device_matches(live: Live) -> None:
    """An option expires; its device alone settles it."""
    live.add("ann")
    workspace = home_of(live, "ann", seed=20)
    team = sign_in(live, workspace, "ann")
    buy(workspace, "a")
    syncing.synchronise(team, workspace)
    before = workspace.store.head()
    live.clock.advance(timedelta(days=200))
    team.sign_in(workspace, live.url, "ann@example.com", PASSWORD)
    assert team.client().portfolio.summary("ann-1").total_value is None
    (position,) = team.client().portfolio.positions("ann-1")
    assert position["current_price_reason"] == "expired, to be settled"
    assert syncing.synchronise(team, workspace).pulled == 0
    assert workspace.store.head() == before
    workspace.close()


def test_an_account_whose_market_was_not_told_stays_without_marks(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    live.add("ann")
    workspace = home_of(live, "ann", seed=20)
    team = sign_in(live, workspace, "ann")
    untold: Callable[[Workspace], None] = lambda _: None  # noqa: E731
    monkeypatch.setattr(Workspace, "venue_market", property(untold))
    buy(workspace, "a")
    syncing.synchronise(team, workspace)
    summary = team.client().portfolio.summary("ann-1")
    assert (summary.total_value, summary.total_pnl) == (None, None)
    (position,) = team.client().portfolio.positions("ann-1")
    assert position["current_price_reason"] == "no feed of its venue local-sim"
    workspace.close()
