"""`trade/*`: orders of every type, exactly once, refused by name; pages of what became of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from server.api.order_values import OrderTold, TradeTold
from tests.server.api.desk import Desk, on_both


@on_both
def test_an_order_is_answered_201_with_its_fills(desk: Desk) -> None:
    status, found = desk.ask("POST", "trade/execute", desk.order("one", quantity="2"))
    assert status == 201
    assert list(found) == list(OrderTold.model_fields)
    assert (found["state"], found["filled_quantity"], found["remaining"]) == ("filled", "2", "0")
    (fill,) = found["fills"]
    assert list(fill) == ["fill_id", "quantity", "price", "fee", "filled_at", "model", "legs"]
    assert found["average_price"] == fill["price"]
    assert all(check["passed"] for check in found["checks"])
    assert found["account_id"] == "server-1"


@on_both
def test_the_same_order_again_is_the_same_answer_and_writes_nothing(desk: Desk) -> None:
    body = desk.order("one")
    first, head = desk.ask("POST", "trade/execute", body), desk.head()
    assert desk.ask("POST", "trade/execute", body) == (200, first[1])
    assert desk.head() == head


def test_the_id_of_another_order_is_refused(desk: Desk) -> None:
    desk.ask("POST", "trade/execute", desk.order("one"))
    head = desk.head()
    status, found = desk.ask("POST", "trade/execute", desk.order("one", quantity="2"))
    assert (status, found["errors"][0]["field"], desk.head()) == (422, "client_order_id", head)


def _resting(**terms: Any) -> dict[str, Any]:
    return {"time_in_force": "GTC", **terms}


@pytest.mark.parametrize(
    ("terms", "state"),
    [
        (_resting(order_type="limit", limit_price="0.05"), "working"),
        (_resting(order_type="limit", limit_price="0.05", post_only=True, time_in_force="DAY"), "working"),
        (_resting(order_type="limit", limit_price="0.05", time_in_force="IOC"), "cancelled"),
        (_resting(order_type="limit", limit_price="0.05", time_in_force="FOK"), "cancelled"),
        (
            _resting(order_type="limit", limit_price="0.05", time_in_force="GTD", good_until="2026-09-16T15:00:00Z"),
            "working",
        ),
        (_resting(order_type="stop", stop_price="90"), "held"),
        (_resting(order_type="stop-limit", stop_price="90", limit_price="91"), "held"),
        (_resting(order_type="trailing-stop", trail="5"), "held"),
        (_resting(order_type="trailing-stop", trail_percent="50"), "held"),
        (_resting(order_type="market-if-touched", stop_price="0.05"), "held"),
        (_resting(order_type="limit-if-touched", stop_price="0.05", limit_price="0.05"), "held"),
    ],
)
def test_every_order_type_is_taken(desk: Desk, terms: dict[str, Any], state: str) -> None:
    status, found = desk.ask("POST", "trade/execute", desk.order("one", **terms))
    assert (status, found.get("state")) == (201, state), found
    assert found["order_type"] == terms["order_type"]
    for name in ("limit_price", "stop_price", "trail", "trail_percent"):
        assert found[name] == terms.get(name)


@on_both
def test_a_combination_is_filled_leg_by_leg(desk: Desk) -> None:
    legs = [{"symbol": desk.symbol(0), "ratio": 1}, {"symbol": desk.symbol(2), "ratio": -1}]
    body = {**desk.order("one"), "legs": legs}
    del body["symbol"]
    status, found = desk.ask("POST", "trade/execute", body)
    assert (status, found["state"]) == (201, "filled")
    assert sorted(leg["ratio"] for leg in found["legs"]) == [-1, 1]
    assert sorted(leg["quantity"] for leg in found["fills"][0]["legs"]) == ["-1", "1"]


@pytest.mark.parametrize(
    ("terms", "status", "field"),
    [
        ({"order_type": "limit"}, 422, "limit_price"),
        ({"limit_price": "1"}, 422, "limit_price"),
        ({"order_type": "stop", "time_in_force": "GTC"}, 422, "stop_price"),
        ({"order_type": "stop", "stop_price": "90"}, 422, "time_in_force"),
        ({"time_in_force": "GTC"}, 422, "time_in_force"),
        ({"order_type": "trailing-stop", "time_in_force": "GTC"}, 422, "trail"),
        ({"symbol": None}, 422, "symbol"),
        ({"symbol": "NOSUCH 18DEC26 100 C"}, 422, "rule"),
        ({"symbol": "?"}, 422, "symbol"),
        ({"quantity": "0"}, 422, "quantity"),
        ({"quantity": 1}, 422, "quantity"),
        ({"quantity": "1.5"}, 422, "quantity"),
        ({"side": "hold"}, 422, "side"),
        ({"client_order_id": "../x"}, 422, "client_order_id"),
        ({"limit_price": "1e3"}, 422, "limit_price"),
        ({"account_id": "other"}, 404, None),
        ({"mine": True}, 422, "mine"),
        ({"parent": "nobody"}, 404, "parent order"),
        ({"quantity": "999999999"}, 422, "rule"),
    ],
)
def test_what_is_wrong_is_named(desk: Desk, terms: dict[str, Any], status: int, field: str | None) -> None:
    body = {name: value for name, value in desk.order("one", **terms).items() if value is not None}
    found = desk.ask("POST", "trade/execute", body)
    assert found[0] == status, found
    assert [one["field"] for one in found[1]["errors"]] == ([] if field is None else [field])


@on_both
def test_a_refusal_is_kept_and_repeated(desk: Desk) -> None:
    body = desk.order("one", quantity="9000", order_type="limit", limit_price="5", time_in_force="GTC")
    first = desk.ask("POST", "trade/execute", body)
    assert (first[0], first[1]["type"]) == (422, "urn:optionix:problem:refused")
    assert first[1]["errors"][0] == {
        "field": "rule",
        "value": "buying-power",
        "bound": first[1]["errors"][0]["bound"],
    }
    head = desk.head()
    assert desk.ask("POST", "trade/execute", body) == first
    assert desk.head() == head
    _, orders = desk.ask("GET", "trade/orders?state=rejected")
    assert _ids(orders) == ["one"]


def test_an_account_that_is_blocked_is_423(desk: Desk) -> None:
    from optionix_core.services import account_standing
    from optionix_core.trading.account_standing import AccountStatus

    account_standing.set_state(desk.workspace(), AccountStatus.BLOCKED, by="compliance", reason="asked for papers")
    status, found = desk.ask("POST", "trade/execute", desk.order("one"))
    assert (status, found["errors"][0]["value"]) == (423, "account-state")


def _ids(found: dict[str, Any]) -> list[str]:
    return [one["client_order_id"] for one in found["items"]]


@on_both
def test_orders_are_paged_filtered_and_newest_first(desk: Desk) -> None:
    for number in range(5):
        desk.clock.advance(timedelta(seconds=10))
        desk.ask("POST", "trade/execute", desk.order(f"buy-{number}"))
    rest = {"order_type": "limit", "limit_price": "0.05", "time_in_force": "GTC"}
    desk.ask("POST", "trade/execute", desk.order("rest", symbol=desk.symbol(3), **rest))
    answer = desk.send("GET", "trade/orders?page=2&page_size=4")
    assert _ids(answer.json()) == ["buy-1", "buy-0"]
    names = ("X-Total-Count", "X-Page", "X-Page-Size", "X-Total-Pages")
    assert [answer.headers[name] for name in names] == ["6", "2", "4", "2"]
    assert _ids(desk.ask("GET", "trade/orders?state=working")[1]) == ["rest"]
    assert _ids(desk.ask("GET", f"trade/orders?symbol={desk.symbol(3)}")[1]) == ["rest"]
    assert _ids(desk.ask("GET", "trade/orders?since=2026-09-15T15:00:50Z")[1]) == ["rest", "buy-4"]
    trades = desk.send("GET", "trade/history?page_size=2")
    assert _ids(trades.json()) == ["buy-4", "buy-3"]
    assert list(trades.json()["items"][0]) == list(TradeTold.model_fields)
    assert trades.headers["X-Total-Count"] == "5"
    assert len(desk.ask("GET", "trade/history?state=filled")[1]["items"]) == 5
    assert desk.ask("GET", "trade/history?state=working")[1] == {"items": []}
    assert desk.ask("GET", "trade/history?state=sold")[0] == 422
    assert desk.ask("GET", "trade/orders?page=9")[1] == {"items": []}


@on_both
def test_an_order_is_cancelled_once_and_what_has_ended_is_a_conflict(desk: Desk) -> None:
    rest = {"order_type": "limit", "limit_price": "0.05", "time_in_force": "GTC"}
    desk.ask("POST", "trade/execute", desk.order("rest", **rest))
    desk.ask("POST", "trade/execute", desk.order("done"))
    status, found = desk.ask("DELETE", "trade/orders/rest")
    assert (status, found["state"], found["remaining"]) == (200, "cancelled", "0")
    head = desk.head()
    assert desk.ask("DELETE", "trade/orders/rest") == (200, found)
    assert desk.ask("DELETE", "trade/orders/done")[0] == 409
    assert desk.ask("DELETE", "trade/orders/unknown")[0] == 404
    assert desk.head() == head


@on_both
def test_somebody_elses_order_is_not_there(desk: Desk) -> None:
    rest = {"order_type": "limit", "limit_price": "0.05", "time_in_force": "GTC"}
    desk.ask("POST", "trade/execute", desk.order("rest", **rest))
    assert desk.ask("DELETE", "trade/orders/rest", who="trader/bob")[0] == 404
    assert desk.ask("GET", "trade/orders", who="trader/bob")[1] == {"items": []}
    assert _ids(desk.ask("GET", "trade/orders?state=working")[1]) == ["rest"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "execute"), ("GET", "orders"), ("GET", "history"), ("DELETE", "orders/one")],
)
def test_nobody_is_not_signed_in_and_who_may_not_trade_does_not(desk: Desk, method: str, path: str) -> None:
    assert desk.ask(method, f"trade/{path}", who=None)[0] == 401
    assert desk.ask(method, f"trade/{path}", who="support/sue")[0] == 403
    if method != "GET":
        assert desk.ask(method, f"trade/{path}", who="risk_manager/rita")[0] == 403


@on_both
def test_an_order_that_is_sent_by_many_at_once_is_one_order(desk: Desk) -> None:
    body = desk.order("one")
    desk.ask("GET", "portfolio/summary")
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: desk.ask("POST", "trade/execute", body), range(6)))
    assert sorted(status for status, _ in answers) == [200] * 5 + [201]
    assert all(document == answers[0][1] for _, document in answers)
    assert desk.ask("GET", "portfolio/positions")[1]["positions"][0]["quantity"] == "1"


def test_how_long_an_order_works_may_be_left_out_or_written_in_any_letters(desk: Desk) -> None:
    market = desk.order("one")
    del market["time_in_force"]
    assert desk.ask("POST", "trade/execute", market)[1]["time_in_force"] == "IOC"
    limit = desk.order("two", order_type="limit", limit_price="0.05", time_in_force="gtc")
    assert desk.ask("POST", "trade/execute", limit)[1]["time_in_force"] == "GTC"
    del limit["time_in_force"]
    assert desk.ask("POST", "trade/execute", {**limit, "client_order_id": "three"})[1]["time_in_force"] == "DAY"
