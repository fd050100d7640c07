"""What is let go in time, who was erased, and a database that does not answer."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from optionix_core.errors import StorageError
from server.auth.identity import Role
from server.auth.people import NewUser, add_user
from server.auth.purging import purge
from server.crypto.erasing import erase
from server.store.tables import login_failures, refresh_tokens, sessions
from tests.server.auth.house import PASSWORD, House
from tests.server.conftest import ClientOf, MakeServer


def counts(house: House) -> list[int]:
    with house.server.database.reading(fresh=True) as connection:
        tables = (refresh_tokens, sessions, login_failures)
        return [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables]


def test_what_has_ended_is_let_go_and_what_holds_is_kept(house: House) -> None:
    house.add()
    first = house.log_in(headers={"User-Agent": "one"}).body["refresh_token"]
    house.log_in(password="certainly not it")  # noqa: S106 - of nobody
    house.log_in("nobody")
    assert counts(house) == [1, 1, 2]
    house.clock.advance(timedelta(days=29))
    second = house.ask("POST", "auth/refresh", {"refresh_token": first}, headers={"User-Agent": "one"}).body
    assert purge(house.auth) == {"refresh_tokens": 0, "sessions": 0, "late_entries": 0, "login_failures": 2}
    house.clock.advance(timedelta(days=2))
    assert purge(house.auth)["refresh_tokens"] == 1
    house.ask("POST", "auth/logout", {"refresh_token": second["refresh_token"]})
    assert counts(house) == [1, 1, 0]
    house.clock.advance(timedelta(days=31))
    assert purge(house.auth)["sessions"] == 1
    assert counts(house) == [0, 0, 0]


def test_who_waits_is_not_forgotten_before_his_time(house: House) -> None:
    for _ in range(5):
        house.log_in("nobody")
    assert purge(house.auth)["login_failures"] == 0
    assert house.log_in("nobody").status == 429


def test_who_was_erased_looks_like_who_does_not_exist(house: House) -> None:
    user = house.add()
    token = house.token()
    server = house.server
    assert erase(server.database, server.envelopes, server.audit, house.clock, user.id, None)
    house.seconds[0] += 1.0
    assert house.ask("GET", "users/me", token=token).status == 401
    for name in (f"{user.id}@erased.invalid", "ann@example.com"):
        house.hasher.verified = 0
        answer = house.ask("POST", "auth/login", {"email": name, "password": "!" * 12})
        assert (answer.status, answer.kind, house.hasher.verified) == (401, "invalid-credentials", 1)


async def test_where_the_database_does_not_answer_only_open_routes_do(
    make_server: MakeServer, client_of: ClientOf
) -> None:
    server = make_server()
    new = NewUser("ann@example.com", "Ann", PASSWORD, Role.TRADER)
    add_user(server.accounts.stores, new, by=None)
    async with client_of(server) as client:
        body = {"email": "ann@example.com", "password": PASSWORD}
        token = (await client.post("auth/login", json=body)).json()["access_token"]

        def broken(_: object) -> dict[object, object]:
            raise StorageError("the database does not answer")

        server.accounts._sessions._load = broken  # type: ignore[assignment]
        headers = {"Authorization": f"Bearer {token}"}
        answer = await client.get("users/me", headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:optionix:problem:storage")
        assert (await client.get("openapi.json", headers=headers)).status_code == 200
