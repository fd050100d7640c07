"""States, limits, halts and the kill switch of books, by those whose task it is."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from optionix_core.errors import StorageError
from optionix_core.services import account_standing, halts, kill, limits, trading
from optionix_core.services.workspace import Workspace
from optionix_core.trading.limit_board import Breach, LimitGrade, LimitKey, LimitLevel
from optionix_core.trading.limit_records import breached_event
from optionix_core.trading.limits import LimitKind
from optionix_core.trading.orders import TimeInForce
from optionix_core.trading.terms import OrderTerms
from server.auth.identity import Identity, Role, Tier
from tests.server.auth.house import PASSWORD, Answered, House

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from server.parts import AuditEntry

STATE = {"state": "close-only", "reason": "margin call"}


@pytest.fixture
def desk(house: House) -> dict[str, UUID]:
    """A desk of a trader and a risk manager, and a trader of another."""
    ann = house.add("ann")
    ids = {"ann": ann.id, "bob": house.add("bob").id}
    for name, role in (("rita", "risk_manager"), ("carl", "compliance_officer"), ("ada", "admin")):
        ids[name] = house.add(name, role, desk_id=ann.desk_id).id
    for name in ("ann", "bob"):
        house.books.account(Identity(ids[name], Role.TRADER, Tier.STANDARD, uuid4()), None)
    return ids


def book(house: House, owner: UUID) -> Workspace:
    caller = Identity(owner, Role.TRADER, Tier.STANDARD, uuid4())
    return house.books.workspace(house.books.account(caller, None))


def test_the_risk_manager_sets_what_an_account_of_the_desk_may_do(house: House, desk: dict[str, UUID]) -> None:
    token = house.token("rita")
    path = f"admin/accounts/{desk['ann']}/server-1/state"
    answer = house.ask("PUT", path, STATE, token=token)
    assert (answer.status, answer.body["state"], answer.body["reason"]) == (200, "close-only", "margin call")
    assert account_standing.state(book(house, desk["ann"])).status == "close-only"
    active = house.ask("PUT", path, {"state": "active", "reason": "paid", "lease_hours": 2.0}, token=token)
    assert active.body["lease_until"] == "2026-09-15T17:00:00.000000Z"
    open_ended = house.ask("PUT", path, {"state": "active", "reason": "paid"}, token=token)
    assert open_ended.body["lease_until"] is None
    listed = house.ask("GET", "admin/accounts", token=token).body["accounts"]
    assert [(one["owner_id"], one["state"]) for one in listed] == [(str(desk["ann"]), "active")]
    wrong = house.ask("PUT", path, STATE | {"lease_hours": 1.0}, token=token)
    assert (wrong.status, wrong.body["errors"][0]["field"]) == (422, "lease_hours")
    assert house.actions().count("oversight.account-state") == 3


def test_accounts_of_another_desk_are_not_there(house: House, desk: dict[str, UUID]) -> None:
    token = house.token("rita")
    for method, path, body in (
        ("PUT", f"admin/accounts/{desk['bob']}/server-1/state", STATE),
        ("PUT", f"admin/accounts/{desk['ann']}/paper-9/state", STATE),
        ("PUT", f"admin/accounts/{uuid4()}/server-1/state", STATE),
        ("PUT", f"admin/accounts/{desk['bob']}/server-1/limits/limit-delta/hard", {"bound": "1000"}),
        ("DELETE", f"admin/accounts/{desk['bob']}/server-1/limits/limit-delta/hard", None),
        ("POST", "kill-switch/arm", {"owner_id": str(desk["bob"]), "reason": "test"}),
        ("GET", f"kill-switch?owner_id={desk['bob']}", None),
        ("GET", "kill-switch", None),
    ):
        assert house.ask(method, path, body, token=token).status == 404, path
    assert account_standing.state(book(house, desk["bob"])).standing is None


def test_who_sets_states_and_limits_does_not_do_it_to_himself(house: House, desk: dict[str, UUID]) -> None:
    token = house.token("rita")
    for path, body in (("state", STATE), ("limits/limit-delta/hard", {"bound": "1"})):
        answer = house.ask("PUT", f"admin/accounts/{desk['rita']}/server-1/{path}", body, token=token)
        assert (answer.status, answer.kind) == (403, "self-approval")
    for name, path in (
        ("ada", "state"),
        ("ann", "state"),
        ("carl", "limits/limit-delta/hard"),
        ("ada", "limits/limit-delta/hard"),
    ):
        body = STATE if path == "state" else {"bound": "1"}
        answer = house.ask("PUT", f"admin/accounts/{desk['ann']}/server-1/{path}", body, token=house.token(name))
        assert (answer.status, answer.kind) == (403, "forbidden"), (name, path)


def test_limits_are_set_and_taken_away(house: House, desk: dict[str, UUID]) -> None:
    token = house.token("rita")
    path = f"admin/accounts/{desk['ann']}/server-1/limits/limit-delta/hard"
    answer = house.ask("PUT", path, {"bound": "2500.5"}, token=token)
    assert answer.status == 200
    assert answer.body == {
        "account": "server-1",
        "kind": "limit-delta",
        "grade": "hard",
        "bound": "2500.5",
        "set_by": str(desk["rita"]),
    }
    (told,) = limits.report(book(house, desk["ann"])).limits
    assert (told.limit.key.text, str(told.limit.bound)) == ("account/server-1/limit-delta/hard", "2500.5")
    assert house.ask("PUT", path, {"bound": "-1"}, token=token).status == 422
    assert house.ask("PUT", path.replace("delta", "luck"), {"bound": "1"}, token=token).status == 422
    assert house.ask("DELETE", path, token=token).status == 204
    assert house.ask("DELETE", path, token=token).status == 404
    assert limits.report(book(house, desk["ann"])).limits == ()


def test_a_breach_is_acknowledged_by_whoever_sets_limits(house: House, desk: dict[str, UUID]) -> None:
    workspace = book(house, desk["ann"])
    key = LimitKey(LimitLevel.ACCOUNT, "server-1", LimitKind.CONTRACTS, LimitGrade.HARD)
    breach = Breach(key=key, number=1, figure=Decimal(12), bound=Decimal(10), since=house.clock.now(), cause="fill")
    with workspace.store.writing("note a breach") as log:
        log.append([breached_event(breach)])
    path = f"admin/accounts/{desk['ann']}/server-1/limits/limit-contracts/hard/acknowledge"
    body, token = {"number": 1, "note": "seen"}, house.token("rita")
    assert house.ask("POST", path, body, token=house.token("ann")).status == 403
    assert house.ask("POST", path, body | {"number": 2}, token=token).status == 404
    assert house.ask("POST", path, body | {"note": "two\nlines"}, token=token).status == 422
    answer = house.ask("POST", path, body, token=token)
    assert (answer.status, answer.body["by"], answer.body["note"]) == (200, str(desk["rita"]), "seen")
    assert house.ask("POST", path, body, token=token).status == 422
    (standing,) = limits.report(workspace).breaches
    assert (standing.by, standing.acknowledged_at) == (str(desk["rita"]), house.clock.now())
    assert house.actions().count("oversight.breach-acknowledged") == 1
    assert house.actions().count("oversight.breach-acknowledged-failed") == 3


def test_a_halt_holds_in_every_book_of_the_desk(house: House, desk: dict[str, UUID]) -> None:
    token = house.token("rita")
    name = house.books.feed.underlyings()[0].symbol
    body = {"scope": "underlying", "name": name, "reason": "news"}
    answer = house.ask("POST", "admin/halts", body, token=token)
    assert answer.status == 201
    assert [(one["owner_id"], one["name"], one["rule"]) for one in answer.body["halts"]] == [
        (str(desk["ann"]), name, "manual")
    ]
    assert any(one.name == name for one in halts.standing(book(house, desk["ann"])).halts)
    assert not any(one.name == name for one in halts.standing(book(house, desk["bob"])).halts)
    assert house.ask("POST", "admin/halts", body, token=token).status == 422
    assert house.ask("POST", "admin/halts", body | {"name": "NOPE"}, token=token).status == 404
    lifted = house.ask("POST", "admin/halts/lift", body, token=token)
    assert (lifted.status, len(lifted.body["halts"])) == (200, 1)
    assert house.ask("POST", "admin/halts/lift", body, token=token).status == 422
    assert house.ask("POST", "admin/halts", body, token=house.token("ann")).status == 403


def test_a_trader_kills_his_own_book_and_the_risk_manager_the_desks(house: House, desk: dict[str, UUID]) -> None:
    ann, rita = house.token("ann"), house.token("rita")
    armed = house.ask("POST", "kill-switch/arm", {"reason": "ready"}, token=ann)
    assert (armed.status, armed.body["state"], armed.body["by"]) == (200, "armed", str(desk["ann"]))
    fired = house.ask("POST", "kill-switch/fire", {"owner_id": str(desk["ann"]), "reason": "loss"}, token=rita)
    assert (fired.status, fired.body["state"], fired.body["by"]) == (200, "fired", str(desk["rita"]))
    seen = house.ask("GET", "kill-switch", token=ann).body
    assert (seen["state"], seen["in_force"]) == ("fired", True)
    assert kill.standing(book(house, desk["ann"])).switch.in_force
    words = {"reason": "over", "confirmation": seen["confirmation"]}
    assert house.ask("POST", "kill-switch/rearm", {"reason": "over"}, token=ann).status == 422
    assert house.ask("POST", "kill-switch/rearm", words, token=ann).body["state"] == "armed"
    assert house.ask("POST", "kill-switch/disarm", {"reason": "done"}, token=ann).body["state"] == "disarmed"
    other = {"owner_id": str(desk["ann"]), "reason": "spite"}
    assert house.ask("POST", "kill-switch/arm", other, token=house.token("bob")).status == 404


def test_a_kill_tells_what_it_ended_sent_and_holds_with_quantities_as_text(house: House, desk: dict[str, UUID]) -> None:
    ann, workspace = house.token("ann"), book(house, desk["ann"])
    chain = house.books.feed.chain("ORBIT", house.clock.now()).slices[3]
    symbol = str(chain.call.symbols[len(chain.strikes) // 2])
    bought = trading.place(workspace, OrderTerms("buy", 2, symbol), client_order_id="bought")
    assert bought.state == "filled", bought.reason
    rests = OrderTerms("buy", 1, symbol, limit_price=Decimal("0.05"), time_in_force=TimeInForce.GTC)
    assert trading.place(workspace, rests, client_order_id="rests").state == "working"
    seen = house.ask("GET", "kill-switch", token=ann).body
    assert (seen["cancelled"], seen["orders"]) == (["rests"], [])
    assert [(one["symbol"], one["quantity"], one["reason"]) for one in seen["held"]] == [(symbol, "2", None)]
    assert house.ask("POST", "kill-switch/arm", {"reason": "ready"}, token=ann).status == 200
    fired = house.ask("POST", "kill-switch/fire", {"reason": "loss", "flatten": True}, token=ann).body
    (sent,) = fired["orders"]
    assert (fired["cancelled"], fired["held"], fired["kill_id"]) == (["rests"], [], sent["tag"])
    assert (sent["side"], sent["quantity"], sent["filled_quantity"]) == ("sell", "2", "2")
    assert Decimal(sent["average_price"]) > 0


def test_the_kill_switch_asks_for_the_password_after_five_minutes(house: House, desk: dict[str, UUID]) -> None:
    token = house.token("ann")
    house.clock.advance(timedelta(minutes=6))
    answer = house.ask("POST", "kill-switch/arm", {"reason": "ready"}, token=token)
    assert (answer.status, answer.kind) == (403, "step-up-required")
    assert house.ask("GET", "kill-switch", token=token).body["state"] == "disarmed"
    assert house.ask("POST", "auth/step-up", {"password": PASSWORD}, token=token).status == 200
    assert house.ask("POST", "kill-switch/arm", {"reason": "ready"}, token=token).status == 200


ACTS = [
    ("account-state", "PUT", "admin/accounts/{ann}/server-1/state", STATE),
    ("limit", "PUT", "admin/accounts/{ann}/server-1/limits/limit-delta/hard", {"bound": "1"}),
    ("halt", "POST", "admin/halts", {"scope": "market", "reason": "news"}),
    ("kill-arm", "POST", "kill-switch/arm", {"owner_id": "{ann}", "reason": "ready"}),
]
Asked = tuple[str, str, str, dict[str, str]]


def ask(house: House, desk: dict[str, UUID], act: Asked) -> Answered:
    _, method, path, body = act
    filled = {name: text.format(**desk) for name, text in body.items()}
    return house.ask(method, path.format(**desk), filled, token=house.token("rita"))


def oversight(house: House) -> list[str]:
    return [action for action in house.actions() if action.startswith("oversight.")]


@pytest.mark.parametrize("act", ACTS, ids=[act[0] for act in ACTS])
def test_an_act_that_is_undone_takes_its_entry_with_it(
    house: House, desk: dict[str, UUID], act: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk fails once act and entry are in the transaction: neither is there, and that it failed is."""
    head = book(house, desk["ann"]).store.head()

    def full(point: str) -> None:
        if point == "inside-transaction":
            raise StorageError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr("server.store.streams.reach", full)
        assert ask(house, desk, act).status == 503
    assert oversight(house) == [f"oversight.{act[0]}-failed"]
    assert book(house, desk["ann"]).store.head() == head
    assert ask(house, desk, act).status in {200, 201}
    assert oversight(house) == [f"oversight.{act[0]}-failed", f"oversight.{act[0]}"]


@pytest.mark.parametrize("act", ACTS, ids=[act[0] for act in ACTS])
def test_an_act_whose_entry_cannot_be_written_is_not_done(
    house: House, desk: dict[str, UUID], act: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = book(house, desk["ann"]).store.head()
    audit = house.auth.stores.audit
    write = audit.write

    def broken(connection: Connection, entry: AuditEntry) -> int:
        if entry.action == f"oversight.{act[0]}":
            raise StorageError("the disk is full")
        return write(connection, entry)

    with monkeypatch.context() as patched:
        patched.setattr(audit, "write", broken)
        assert ask(house, desk, act).status == 503
    assert oversight(house) == [f"oversight.{act[0]}-failed"]
    assert book(house, desk["ann"]).store.head() == head


def test_an_act_that_changes_nothing_is_written_down_as_such(house: House, desk: dict[str, UUID]) -> None:
    for _ in range(2):
        assert house.ask("POST", "kill-switch/arm", {"reason": "ready"}, token=house.token("ann")).status == 200
    assert [one.details.get("unchanged") for one in house.entries("oversight.kill-arm")] == [None, True]
    (one,) = {one.user_id for one in house.entries("oversight.kill-arm")}
    assert one == desk["ann"]


def test_a_kill_that_goes_on_closing_is_written_with_its_first_order(house: House, desk: dict[str, UUID]) -> None:
    """Nothing is fired again then, so that the entry goes with what is sent."""
    token = house.token("ann")
    chain = house.books.feed.chain("ORBIT", house.clock.now())
    name = next(str(one) for one in chain.slices[3].call.symbols if one is not None)
    order = {"client_order_id": "one", "symbol": name, "side": "buy", "quantity": "1", "order_type": "market"}
    assert house.ask("POST", "trade/execute", order | {"time_in_force": "IOC"}, token=token).status == 201
    for act, flatten in (("arm", False), ("fire", False), ("fire", True)):
        answer = house.ask("POST", f"kill-switch/{act}", {"reason": "loss", "flatten": flatten}, token=token)
        assert answer.status == 200, answer.body
    told = [(one.details["flatten"], one.details.get("unchanged")) for one in house.entries("oversight.kill-fire")]
    assert told == [(False, None), (True, None)]
