"""Registering, signing in, the wait after wrong passwords, and what answers may not tell."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.auth.lockout import FIRST_WAIT, FREE, LONGEST_WAIT, wait_after
from server.auth.origin import Origin
from tests.server.auth.house import PASSWORD, House

WRONG = "certainly not it"
NEW = {"email": "Ada@Example.COM", "password": PASSWORD, "full_name": "Ada Lovelace"}


def test_whoever_registers_is_a_trader_on_paper_and_can_sign_in(house: House) -> None:
    answer = house.ask("POST", "auth/register", NEW)
    assert answer.status == 201
    assert {key: answer.body[key] for key in ("email", "full_name", "role", "kyc_status", "mfa_enabled")} == {
        "email": "ada@example.com",
        "full_name": "Ada Lovelace",
        "role": "trader",
        "kyc_status": "none",
        "mfa_enabled": False,
    }
    assert set(answer.body) == {
        "user_id", "email", "full_name", "role", "kyc_status", "mfa_enabled", "created_at"
    }  # fmt: skip
    signed = house.ask("POST", "auth/login", {"email": "ADA@example.com", "password": PASSWORD})
    assert signed.status == 200
    assert set(signed.body) == {"access_token", "refresh_token", "token_type", "expires_in", "session_id"}
    assert (signed.body["token_type"], signed.body["expires_in"]) == ("Bearer", 900)
    me = house.ask("GET", "users/me", token=signed.body["access_token"])
    assert (me.status, me.body["email"], me.body["full_name"]) == (200, "ada@example.com", "Ada Lovelace")
    assert house.ask("GET", "auth/me", token=signed.body["access_token"]).body == me.body
    assert house.actions() == ["auth.register", "auth.login"]


def test_names_lie_sealed_in_the_database_and_passwords_as_argon2id(house: House) -> None:
    from sqlalchemy import select

    from server.store.tables import sessions, users

    house.add()
    house.token(headers={"User-Agent": "terminal"})
    with house.server.database.reading() as connection:
        row = connection.execute(select(users)).one()
        session = connection.execute(select(sessions)).one()
    assert "Ann" not in row.full_name
    assert row.hashed_password.startswith("$argon2id$")
    assert "192.0.2.1" not in session.ip_address
    assert "terminal" not in session.user_agent


def test_registration_is_closed_where_the_operator_says_so(sqlite_house: House) -> None:
    sqlite_house.auth.settings = sqlite_house.auth.settings.model_copy(update={"self_registration": False})
    answer = sqlite_house.ask("POST", "auth/register", NEW)
    assert (answer.status, answer.kind) == (403, "registration-closed")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("password", "too short"),
        ("password", "x" * 129),
        ("password", "aaaaaaaaaaaaaaa"),
        ("password", "ada@example.com"),
        ("email", "no address"),
        ("email", "a@b@c.com"),
        ("full_name", ""),
        ("full_name", " blank"),
        ("full_name", "a\u0000b"),
    ],
)
def test_what_is_registered_has_bounds(sqlite_house: House, field: str, value: str) -> None:
    answer = sqlite_house.ask("POST", "auth/register", NEW | {field: value})
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, field)
    if field == "password":
        assert value not in str(answer.body)


@pytest.mark.parametrize("field", ["role", "tier", "kyc_status", "active", "desk_id", "mfa_enabled", "user_id", "id"])
def test_nobody_sets_more_of_himself_than_is_asked(sqlite_house: House, field: str) -> None:
    assert sqlite_house.ask("POST", "auth/register", NEW | {field: "admin"}).status == 422
    sqlite_house.add()
    token = sqlite_house.token()
    assert sqlite_house.ask("PATCH", "users/me", {field: "admin"}, token=token).status == 422
    assert sqlite_house.ask("GET", "users/me", token=token).body["role"] == "trader"


def test_a_missing_field_does_not_show_the_password_beside_it(sqlite_house: House) -> None:
    for body in ({"password": PASSWORD}, [PASSWORD]):
        answer = sqlite_house.ask("POST", "auth/login", body)
        assert answer.status == 422
        assert PASSWORD not in str(answer.body)


def test_a_taken_email_is_refused_in_every_spelling(house: House) -> None:
    assert house.ask("POST", "auth/register", NEW).status == 201
    answer = house.ask("POST", "auth/register", NEW | {"email": "ADA@EXAMPLE.com"})
    assert (answer.status, answer.kind) == (409, "email-taken")


def test_asking_which_emails_are_taken_is_stopped_for_known_and_unknown_alike(house: House) -> None:
    house.add("ann")
    taken = NEW | {"email": "ann@example.com"}
    assert [house.ask("POST", "auth/register", taken).status for _ in range(FREE)] == [409] * FREE
    known = house.ask("POST", "auth/register", taken)
    unknown = house.ask("POST", "auth/register", NEW)
    assert (known.status, unknown.status) == (429, 429)
    assert known.body["type"] == unknown.body["type"]
    assert known.headers["Retry-After"] == unknown.headers["Retry-After"]
    assert house.ask("POST", "auth/register", NEW, address="198.51.100.7").status == 201


def test_many_people_of_one_address_may_register(sqlite_house: House) -> None:
    for number in range(FREE + 3):
        body = NEW | {"email": f"person{number}@example.com"}
        assert sqlite_house.ask("POST", "auth/register", body).status == 201
        assert sqlite_house.ask("POST", "auth/register", body | {"full_name": ""}).status == 422


def test_both_kinds_of_wrong_sign_in_look_alike_and_cost_the_same(house: House) -> None:
    house.add("ann")
    house.hasher.made = house.hasher.verified = 0
    seen = []
    for email in ("ann@example.com", "nobody@example.com", "no address at all"):
        answer = house.ask("POST", "auth/login", {"email": email, "password": "certainly not it"})
        body = {key: value for key, value in answer.body.items() if key != "request_id"}
        seen.append((answer.status, body, house.hasher.made, house.hasher.verified))
        house.hasher.made = house.hasher.verified = 0
    assert seen[0] == seen[1] == seen[2]
    assert seen[0][0] == 401
    assert seen[0][2:] == (0, 1)


def test_known_and_unknown_emails_cost_the_same_at_registration(sqlite_house: House) -> None:
    sqlite_house.add("ann")
    costs = []
    for email in ("ann@example.com", "new@example.com"):
        sqlite_house.hasher.made = sqlite_house.hasher.verified = 0
        sqlite_house.ask("POST", "auth/register", NEW | {"email": email})
        costs.append((sqlite_house.hasher.made, sqlite_house.hasher.verified))
    assert costs == [(1, 0), (1, 0)]


def test_who_was_shut_out_looks_like_who_does_not_exist(house: House) -> None:
    from server.store.tables import users

    house.add("ann")
    house.server.database.write(lambda connection: connection.execute(users.update().values(active=False)))
    answer = house.log_in()
    assert (answer.status, answer.kind) == (401, "invalid-credentials")


@pytest.mark.parametrize("email", ["ann@example.com", "nobody@example.com"])
def test_after_five_wrong_passwords_the_address_waits_longer_each_time(house: House, email: str) -> None:
    house.add("ann")
    wrong = {"email": email, "password": "certainly not it"}
    assert [house.ask("POST", "auth/login", wrong).status for _ in range(FREE)] == [401] * FREE
    waits = []
    for _ in range(4):
        house.hasher.verified = 0
        answer = house.ask("POST", "auth/login", wrong)
        assert (answer.status, answer.kind, house.hasher.verified) == (429, "too-many-attempts", 0)
        waits.append(int(answer.headers["Retry-After"]))
        house.clock.advance(timedelta(seconds=waits[-1]))
        assert house.ask("POST", "auth/login", wrong).status == 401
    assert waits == [30, 60, 120, 240]


def test_the_right_password_is_refused_too_while_the_address_waits(house: House) -> None:
    house.add("ann")
    for _ in range(FREE):
        house.log_in(password=WRONG)
    assert house.log_in().status == 429
    house.clock.advance(FIRST_WAIT)
    assert house.log_in().status == 200
    assert [house.log_in(password=WRONG).status for _ in range(FREE)] == [401] * FREE


def test_guessing_locks_nobody_out(house: House) -> None:
    """Other addresses sign in, open sessions go on and refresh, other accounts of the address sign in."""
    house.add("ann")
    house.add("bob")
    session = house.log_in().body
    for _ in range(FREE + 2):
        house.log_in(password=WRONG)
    assert house.log_in().status == 429
    assert house.log_in(address="198.51.100.7").status == 200
    assert house.log_in("bob").status == 200
    assert house.ask("GET", "users/me", token=session["access_token"]).status == 200
    assert house.ask("POST", "auth/refresh", {"refresh_token": session["refresh_token"]}).status == 200
    step_up = house.ask("POST", "auth/step-up", {"password": PASSWORD}, token=session["access_token"])
    assert step_up.status == 200


def test_guessing_with_a_stolen_session_waits_as_well(house: House) -> None:
    house.add("ann")
    token = house.token()
    asked = [
        house.ask("POST", "auth/step-up", {"password": "certainly not it"}, token=token).status for _ in range(FREE)
    ]
    change = {"current_password": PASSWORD, "new_password": "another sentence of ours"}
    assert asked == [401] * FREE
    assert house.ask("POST", "users/me/password", change, token=token).status == 429
    assert house.log_in(address="198.51.100.7").status == 200


def test_many_guesses_at_once_are_no_more_than_one_after_another(house: House) -> None:
    from concurrent.futures import ThreadPoolExecutor

    house.add("ann")
    house.hasher.verified = 0
    with ThreadPoolExecutor(20) as threads:
        statuses = list(threads.map(lambda _: house.log_in(password=WRONG).status, range(20)))
    assert sorted(statuses) == [401] * FREE + [429] * (20 - FREE)
    assert house.hasher.verified == FREE


def test_where_too_many_sign_in_at_once_the_rest_come_again(
    sqlite_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that wait are counted until their hash is made, also where whoever asked has left."""
    import asyncio
    import threading

    from server.auth import accounts
    from server.problems import Problem

    monkeypatch.setattr(accounts, "WAITING", 3)
    held = threading.Event()
    auth = sqlite_house.auth

    async def crowd() -> list[object]:
        waiting = [asyncio.ensure_future(auth.in_turn(lambda: held.wait(30))) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        refused = await asyncio.gather(auth.in_turn(bool), return_exceptions=True)
        held.set()
        return [*refused, *await asyncio.gather(*waiting[1:])]

    refused, *done = sqlite_house.portal.call(crowd)
    assert isinstance(refused, Problem)
    assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
    assert done == [True, True]
    assert sqlite_house.log_in().status == 401


def test_a_subscriber_with_an_ipv6_network_is_one_address(house: House) -> None:
    house.add("ann")
    for number in range(FREE):
        assert house.log_in(password=WRONG, address=f"2001:db8:1:2::{number + 1}").status == 401
    assert house.log_in(address="2001:db8:1:2::99").status == 429
    assert house.log_in(address="2001:db8:1:3::1").status == 200


@settings(deadline=None)
@given(st.integers(0, 1000))
def test_waits_grow_to_an_hour_and_stay_there(failures: int) -> None:
    wait, longer = wait_after(failures), wait_after(failures + 1)
    assert timedelta(0) <= wait <= longer <= LONGEST_WAIT
    assert (wait == timedelta(0)) == (failures < FREE)


@settings(deadline=None)
@given(st.ip_addresses(v=6), st.integers(0, (1 << 64) - 1))
def test_addresses_of_one_network_count_together(address: object, other: int) -> None:
    import ipaddress

    parsed = ipaddress.IPv6Address(str(address))
    if parsed.ipv4_mapped is not None:
        return
    same = ipaddress.IPv6Address((int(parsed) >> 64 << 64) | other)
    if same.ipv4_mapped is None:
        assert Origin(str(parsed)).network == Origin(str(same)).network
