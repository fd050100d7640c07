"""Which accounts somebody sees, by which name and whose: own ones, those of the desk where the role sees it."""

from __future__ import annotations

from tests.server.auth.house import House


def test_a_trader_sees_own_accounts_and_a_viewer_of_the_desk_everybodys(house: House) -> None:
    ann = house.add("ann")
    ben = house.add("ben", desk_id=ann.desk_id)
    viewer = house.add("vera", role="viewer", desk_id=ann.desk_id)
    house.add("zoe")
    tokens = {name: house.token(name) for name in ("ann", "ben", "vera", "zoe")}
    for name in ("ann", "ben", "zoe"):
        assert house.ask("GET", "portfolio/summary", token=tokens[name]).status == 200  # made by its first look
    own = house.ask("GET", "portfolio/accounts", token=tokens["ann"])
    assert own.status == 200
    (mine,) = own.body["accounts"]
    assert mine == {
        "account_id": "server-1",
        "name": "server-1",
        "owner_id": str(ann.id),
        "owner": "Ann Example",
        "own": True,
        "kind": "server-paper",
        "rights": "trade",
        "shared_with": [],
    }
    seen = house.ask("GET", "portfolio/accounts", token=tokens["vera"]).body["accounts"]
    others = [one for one in seen if not one["own"]]
    assert {one["owner_id"] for one in others} == {str(ann.id), str(ben.id)}
    assert {one["rights"] for one in others} == {"read"}
    assert str(viewer.id) in {one["owner_id"] for one in seen} or len(seen) == 2
    for one in others:
        told = house.ask("GET", f"portfolio/summary?account_id={one['account_id']}", token=tokens["vera"])
        assert (told.status, told.body["account_id"]) == (200, one["account_id"])
        assert house.ask("GET", f"portfolio/summary?account_id={one['account_id']}", token=tokens["zoe"]).status == 404


def test_the_overview_tells_of_each_account_what_its_summary_tells(house: House) -> None:
    ann = house.add("ann")
    ben = house.add("ben", desk_id=ann.desk_id)
    house.add("vera", role="viewer", desk_id=ann.desk_id)
    tokens = {name: house.token(name) for name in ("ann", "ben", "vera")}
    for name in ("ann", "ben"):
        house.ask("GET", "portfolio/summary", token=tokens[name])  # made by its first look
    seen = house.ask("GET", "portfolio/accounts", token=tokens["vera"]).body["accounts"]
    assert {one["owner_id"] for one in seen} >= {str(ann.id), str(ben.id)}
    told = house.ask("GET", "portfolio/overview", token=tokens["vera"])
    assert (told.status, told.headers["x-total-count"], told.headers["x-total-pages"]) == (200, str(len(seen)), "1")
    assert [{name: one[name] for name in seen[0]} for one in told.body["items"]] == seen
    for one in told.body["items"]:
        alone = house.ask("GET", f"portfolio/summary?account_id={one['account_id']}", token=tokens["vera"])
        assert one["summary"] == alone.body
    second = house.ask("GET", "portfolio/overview?page=2&page_size=1", token=tokens["vera"])
    assert second.body["items"] == told.body["items"][1:2]
    assert house.ask("GET", "portfolio/overview?page_size=101", token=tokens["vera"]).status == 422
    own = house.ask("GET", "portfolio/overview", token=tokens["ann"]).body["items"]
    assert [one["owner_id"] for one in own] == [str(ann.id)]


def test_nobody_sees_accounts_without_signing_in(sqlite_house: House) -> None:
    for path in ("accounts", "overview"):
        assert sqlite_house.ask("GET", f"portfolio/{path}").status == 401
    sqlite_house.add("sam", role="support")
    for path in ("accounts", "overview"):
        assert sqlite_house.ask("GET", f"portfolio/{path}", token=sqlite_house.token("sam")).status == 403
