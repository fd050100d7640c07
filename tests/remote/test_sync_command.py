"""Push, pull, conflicts and the desk by command, against the whole server."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optionix_core.sync.event import Event
from optionix_tui.remote import syncing
from tests.cli.conftest import Answer, CommandLine
from tests.remote.commands import EMAIL, login
from tests.remote.conftest import PASSWORD, Live

if TYPE_CHECKING:
    import pytest

ACCOUNT = ("--account", "own-1")
BUY = (*ACCOUNT, "buy", "2", "ORBIT 15JAN27 230 C")


def told(answer: Answer) -> Any:
    assert answer.code == 0, answer.words
    return json.loads(answer.out)


def test_what_one_home_writes_the_other_has_after_both_have_synced(team: CommandLine, live: Live) -> None:
    live.add()
    login(team, live)
    assert told(team("sync", "status", "--json"))["bound"] is True
    assert team(*BUY, "--client-id", "first").code == 0
    findings = json.loads(team("doctor", "--json").out)["findings"]
    assert next(one["detail"] for one in findings if one["subject"] == "server") == f"follows {live.url}"
    before = told(team("sync", "status", "--json"))
    assert (before["pending"], before["cursor"]) == (4, 0)
    first = told(team("sync", "now", "--json"))
    assert (first["pushed"], first["pending"], first["conflicts"], first["cursor"]) == (4, 0, 0, 4)
    assert first["last_sync"] == live.clock.now().isoformat()
    live.clock.advance(timedelta(seconds=5))
    again = told(team("sync", "now", "--json"))
    assert (again["pushed"], again["last_sync"]) == (0, live.clock.now().isoformat())
    other = live.team("other")
    with live.workspace("other") as workspace:
        other.sign_in(workspace, live.url, EMAIL, PASSWORD)
        done = syncing.synchronise(other, workspace)
        assert (done.pulled, done.pushed) == (4, 0)
        assert workspace.store.find("order/first/intent") is not None
        with workspace.store.writing("a note") as writer:
            writer.append([Event("note/1", "note.written", live.clock.now(), {"text": "from the other home"})])
        assert syncing.synchronise(other, workspace).pushed == 1
    assert told(team("sync", "now", "--json"))["pulled"] == 1
    found = told(team("log", "show", "--type", "note", "--json"))["events"]
    assert [one["payload"]["text"] for one in found] == ["from the other home"]


def test_without_the_server_one_trades_on_and_nothing_is_lost(team: CommandLine, live: Live) -> None:
    live.add()
    login(team, live)
    file = team.home / "state" / "server" / "session.json"
    kept = file.read_text()
    file.write_text(kept.replace(live.url, "http://127.0.0.1:9"))
    assert team(*BUY).code == 0
    away = team("sync", "now")
    assert (away.code, "cannot be reached" in away.words) == (3, True)
    assert told(team("sync", "status", "--json"))["pending"] == 4
    assert told(team(*ACCOUNT, "positions", "--json"))["positions"][0]["quantity"] == 2
    file.write_text(kept)
    assert told(team("sync", "now", "--json"))["pushed"] == 4


def test_a_fact_that_breaks_a_rule_waits_for_a_decision(team: CommandLine, live: Live) -> None:
    """An entry of an account at the server's venue is not a device's to write."""
    user = live.add()
    login(team, live)
    live.bound(user, "paper-1")
    assert team("buy", "1", "ORBIT 15JAN27 230 C").code == 0  # this home does not know of it yet
    done = told(team("sync", "now", "--json"))
    assert done["quarantined"] > 0
    assert done["conflicts"] == done["quarantined"]
    found = told(team("sync", "conflicts", "--json"))["conflicts"]
    assert len(found) == done["conflicts"]
    assert all(one["reason"] and one["type"] and one["seq"] for one in found)
    assert {one["payload"].get("account") for one in found} == {"paper-1"}
    assert "account paper-1, currency USD" in team("sync", "conflicts").out
    for one in found:
        assert told(team("sync", "resolve", one["id"], "discard", "--json"))["resolution"] == "discard"
    assert told(team("sync", "conflicts", "--json"))["conflicts"] == []
    assert told(team("sync", "status", "--json"))["conflicts"] == 0
    unknown = team("sync", "resolve", "nothing", "accept")
    assert unknown.code != 0


def test_a_revoked_device_neither_pushes_nor_pulls(team: CommandLine, live: Live) -> None:
    live.add()
    login(team, live)
    assert team(*BUY).code == 0
    other = live.team("other")
    with live.workspace("other") as workspace:
        other.sign_in(workspace, live.url, EMAIL, PASSWORD)
    device = told(team("sync", "status", "--json"))["device_id"]
    other.client().devices.revoke(device)
    refused = team("sync", "now")
    assert refused.code == 5, refused.words
    assert told(team("sync", "status", "--json"))["pending"] == 4
    again = login(team, live)
    assert (again.code, "device-revoked" in again.words) == (5, True)


def test_a_clock_that_is_off_keeps_the_outbox(team: CommandLine, live: Live) -> None:
    live.add()
    login(team, live)
    assert team(*BUY).code == 0
    from optionix_core.market.clock import ManualClock

    team.clock = ManualClock(live.clock.now() + timedelta(minutes=6))
    off = team("sync", "now")
    assert (off.code, "clock-drift" in off.words) == (5, True)
    team.clock = live.clock
    assert told(team("sync", "now", "--json"))["pushed"] == 4


def test_reading_alone_looks_at_the_desk_and_neither_pushes_nor_pulls(team: CommandLine, live: Live) -> None:
    live.add()
    login(team, live)
    assert team("sync", "now").code == 0
    for command in (("sync", "now"), ("sync", "resolve", "x", "accept"), ("sync", "leave", "--yes"), ("logout",)):
        answer = team("--read-only", *command)
        assert (answer.code, "nothing is written here" in answer.words) == (5, True), answer.words
    assert team("--read-only", "sync", "desk").code == 0
    assert team("--read-only", "sync", "status").code == 0


def test_a_viewer_of_the_desk_sees_what_its_traders_hold_with_greeks(team: CommandLine, live: Live) -> None:
    ann = live.add()
    live.add("vera", role="viewer", desk_id=ann.desk_id)
    trader = live.team("trader")
    with live.workspace("trader") as workspace:
        trader.sign_in(workspace, live.url, EMAIL, PASSWORD)
    assert trader.client().portfolio.summary().account_id == "server-1"  # made by the first look
    order = {
        "account_id": "server-1", "client_order_id": "first", "symbol": "ORBIT 15JAN27 230 C", "side": "buy",
        "quantity": "2", "order_type": "market", "time_in_force": "IOC",
    }  # fmt: skip
    placed = trader.client().trade.execute(order)
    assert placed["state"] == "filled"
    assert trader.client().trade.execute(order)["client_order_id"] == placed["client_order_id"]
    assert trader.client().trade.orders(symbol="ORBIT 15JAN27 230 C").total == 1
    assert len(trader.client().portfolio.positions()) == 1
    assert login(team, live, email="vera@example.com").code == 0
    rows = told(team("sync", "desk", "--json"))["accounts"]
    (row,) = (one for one in rows if one["owner"] == "Ann Example")
    assert row["rights"] == "read"
    assert Decimal(row["total_value"]) < 100_000  # the spread and fees
    assert Decimal(row["total_pnl"]) == Decimal(row["total_value"]) - 100_000
    assert row["dollar_delta"] > 0 > row["theta"]
    assert "Ann Example" in team("sync", "desk").out
    drawn = team("screen", "sync", "--print", "--size", "140x40")
    assert drawn.code == 0, drawn.words
    assert "vera@example.com" in drawn.out
    assert "Ann Example" in drawn.out


def test_a_job_with_a_key_keeps_a_home_in_step(
    team: CommandLine, live: Live, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    live.add()
    owner = live.team("owner")
    with live.workspace("owner") as workspace:
        owner.sign_in(workspace, live.url, EMAIL, PASSWORD)
    made = owner.client().keys.create("nightly", ["sync:read", "sync:write", "orders:write", "profile:read"])
    file = tmp_path / "job.key"
    file.write_text(made.key)
    file.chmod(0o600)
    monkeypatch.setenv("OPTIONIX_API_KEY_FILE", str(file))
    monkeypatch.setenv("OPTIONIX_SYNC_SERVER", live.url)
    assert team(*BUY).code == 0
    done = told(team("sync", "now", "--json"))
    assert (done["pushed"], done["bound"]) == (4, True)
    owner.client().keys.revoke(made.key_id)
    assert team("sync", "now").code == 5


def test_a_home_follows_one_book_until_it_leaves(team: CommandLine, live: Live) -> None:
    live.add()
    live.add("ben")
    login(team, live)
    other = login(team, live, email="ben@example.com")
    assert other.code != 0
    assert told(team("sync", "status", "--json"))["email"] == EMAIL  # the first one is still signed in
    assert "--yes is missing" in team("sync", "leave").words
    assert told(team("sync", "leave", "--yes", "--json"))["left"] is True
    assert told(team("sync", "status", "--json"))["bound"] is False
    refused = team("sync", "now")
    assert (refused.code, "follows no server" in refused.words) == (5, True)
    assert "--yes is missing" in team("sync", "resume").words
