"""Refresh tokens and their families, ending sessions and devices, and how soon everybody knows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from server.auth.identity import Role
from server.store.tables import devices, refresh_tokens, sessions
from tests.server.auth.house import PASSWORD, House

AGENT = {"User-Agent": "terminal of ann"}


def renew(house: House, token: str, *, agent: dict[str, str] = AGENT, **more: Any) -> Any:
    return house.ask("POST", "auth/refresh", {"refresh_token": token} | more, headers=agent)


def test_a_refresh_gives_a_new_pair_of_the_same_session(house: House) -> None:
    house.add()
    first = house.log_in(headers=AGENT).body
    house.clock.advance(timedelta(minutes=20))
    second = renew(house, first["refresh_token"])
    assert second.status == 200
    assert second.body["session_id"] == first["session_id"]
    assert second.body["refresh_token"] != first["refresh_token"]
    assert house.ask("GET", "users/me", token=second.body["access_token"]).status == 200
    assert house.ask("GET", "users/me", token=first["access_token"]).status == 401
    house.clock.advance(timedelta(minutes=20))
    assert renew(house, second.body["refresh_token"]).status == 200


def test_tokens_are_kept_as_digests_and_successors_sealed(house: House) -> None:
    house.add()
    first = house.log_in(headers=AGENT).body["refresh_token"]
    second = renew(house, first).body["refresh_token"]
    with house.server.database.reading() as connection:
        rows = connection.execute(select(refresh_tokens)).all()
    kept = b"".join(row.digest + (row.successor or b"") for row in rows)
    assert first.encode() not in kept
    assert second.encode() not in kept
    assert sorted(row.successor is None for row in rows) == [False, True]


def test_the_same_device_gets_the_same_successor_again_for_ten_seconds(house: House) -> None:
    house.add()
    first = house.log_in(headers=AGENT).body["refresh_token"]
    second = renew(house, first).body["refresh_token"]
    house.clock.advance(timedelta(seconds=10))
    again = renew(house, first)
    assert (again.status, again.body["refresh_token"]) == (200, second)
    assert renew(house, second).status == 200


def test_a_token_shown_again_later_ends_its_session_with_an_alarm(house: House) -> None:
    house.add()
    session = house.log_in(headers=AGENT).body
    other = house.log_in(headers=AGENT).body
    stolen = session["refresh_token"]
    house.clock.advance(timedelta(minutes=1))
    current = renew(house, stolen).body
    house.clock.advance(timedelta(seconds=10, microseconds=1))
    answer = renew(house, stolen)
    assert (answer.status, answer.kind) == (401, "invalid-refresh-token")
    assert renew(house, current["refresh_token"]).status == 401
    assert house.ask("GET", "users/me", token=current["access_token"]).kind == "revoked-session"
    assert renew(house, other["refresh_token"]).status == 200
    (alarm,) = house.entries("auth.alarm")
    assert alarm.details["alarm"] == "refresh-reuse"
    assert alarm.resource == f"sessions/{session['session_id']}"


def test_a_used_token_from_another_device_ends_its_session_at_once(house: House) -> None:
    house.add()
    session = house.log_in(headers=AGENT).body
    current = renew(house, session["refresh_token"]).body
    assert renew(house, session["refresh_token"], agent={"User-Agent": "another"}).status == 401
    assert house.ask("GET", "users/me", token=current["access_token"]).kind == "revoked-session"
    assert "auth.alarm" in house.actions()


def test_a_token_that_another_device_shows_first_ends_its_session(house: House) -> None:
    house.add()
    session = house.log_in(headers=AGENT, device_id="laptop").body
    assert renew(house, session["refresh_token"], device_id="other").status == 401
    assert renew(house, session["refresh_token"], device_id="laptop").status == 401
    assert "auth.alarm" in house.actions()


def test_the_same_refresh_many_times_at_once_gives_one_successor(house: House) -> None:
    house.add()
    first = house.log_in(headers=AGENT).body["refresh_token"]
    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(lambda _: renew(house, first), range(10)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body["refresh_token"] for answer in answers}) == 1
    with house.server.database.reading() as connection:
        assert len(connection.execute(select(refresh_tokens)).all()) == 2


def test_a_refresh_token_ends_with_its_days_and_its_session_with_ninety(house: House) -> None:
    house.add()
    token = house.log_in(headers=AGENT).body["refresh_token"]
    for _ in range(3):
        house.clock.advance(timedelta(days=29))
        token = renew(house, token).body["refresh_token"]
    house.clock.advance(timedelta(days=3))
    assert renew(house, token).status == 401
    idle = house.log_in(headers=AGENT).body["refresh_token"]
    house.clock.advance(timedelta(days=30))
    assert renew(house, idle).status == 401


@pytest.mark.parametrize("token", ["A" * 43, "-" * 43])
def test_an_unknown_refresh_token_is_refused_and_signs_out_quietly(house: House, token: str) -> None:
    assert renew(house, token).status == 401
    assert house.ask("POST", "auth/logout", {"refresh_token": token}).status == 204


def test_signing_out_ends_the_session_at_once(house: House) -> None:
    house.add()
    session = house.log_in(headers=AGENT).body
    assert house.ask("GET", "users/me", token=session["access_token"]).status == 200
    assert house.ask("POST", "auth/logout", {"refresh_token": session["refresh_token"]}).status == 204
    assert house.ask("GET", "users/me", token=session["access_token"]).kind == "revoked-session"
    assert renew(house, session["refresh_token"]).status == 401
    assert "auth.logout" in house.actions()


def test_sessions_are_listed_and_ended_one_by_one_or_all_others(house: House) -> None:
    house.add()
    tokens = []
    for name in ("one", "two", "three"):
        tokens.append(house.token(headers={"User-Agent": name}))
        house.clock.advance(timedelta(seconds=1))
    listed = house.ask("GET", "sessions", token=tokens[0]).body["sessions"]
    assert [(one["user_agent"], one["current"]) for one in listed] == [
        ("three", False),
        ("two", False),
        ("one", True),
    ]
    assert listed[0]["ip_address"] == "192.0.2.1"
    assert house.ask("DELETE", f"sessions/{listed[1]['session_id']}", token=tokens[0]).status == 204
    assert house.ask("DELETE", f"sessions/{listed[1]['session_id']}", token=tokens[0]).status == 404
    assert house.ask("GET", "users/me", token=tokens[1]).kind == "revoked-session"
    assert house.ask("DELETE", "sessions", token=tokens[0]).body == {"ended": 1}
    assert [house.ask("GET", "users/me", token=token).status for token in tokens] == [200, 401, 401]


def test_another_users_sessions_and_devices_are_not_there(house: House) -> None:
    house.add("ann")
    house.add("bob")
    session = house.log_in("ann", device_id="laptop").body
    token = house.token("bob")
    assert house.ask("DELETE", f"sessions/{session['session_id']}", token=token).status == 404
    assert house.ask("DELETE", f"sessions/{uuid4()}", token=token).status == 404
    assert house.ask("DELETE", "devices/laptop", token=token).status == 404
    assert house.ask("DELETE", "devices/unknown", token=token).status == 404
    assert house.ask("DELETE", "sessions", token=token).body == {"ended": 0}
    assert house.ask("GET", "users/me", token=session["access_token"]).status == 200


def test_a_device_is_kept_from_its_sign_in_and_has_one_session(house: House) -> None:
    house.add()
    first = house.log_in(device_id="laptop", device_name="Ann's laptop").body
    second = house.log_in(device_id="laptop").body
    assert house.ask("GET", "users/me", token=first["access_token"]).kind == "revoked-session"
    token = second["access_token"]
    (device,) = house.ask("GET", "devices", token=token).body["devices"]
    assert (device["device_id"], device["name"], device["revoked_at"]) == ("laptop", "Ann's laptop", None)
    with house.server.database.reading() as connection:
        row = connection.execute(select(devices)).one()
    assert row.stream_id == house.books.own_stream(row.user_id)
    identity = house.portal.call(house.auth.identify, f"Bearer {token}", "192.0.2.1")
    assert identity.device_id == "laptop"


def test_a_revoked_device_is_shut_out_for_good(house: House) -> None:
    house.add()
    session = house.log_in(device_id="laptop").body
    token = house.token()
    assert house.ask("DELETE", "devices/laptop", token=token).status == 204
    assert house.ask("DELETE", "devices/laptop", token=token).status == 204
    assert house.ask("GET", "users/me", token=session["access_token"]).kind == "revoked-session"
    assert renew(house, session["refresh_token"], device_id="laptop").status == 401
    answer = house.log_in(device_id="laptop")
    assert (answer.status, answer.kind) == (403, "device-revoked")
    assert [house.log_in(device_id="laptop").status for _ in range(6)] == [403] * 6
    assert house.log_in(device_id="laptop-2").status == 200
    assert house.actions().count("devices.revoke") == 1


def test_a_device_that_was_stopped_goes_on_once_its_owner_has_shown_his_password(house: House) -> None:
    house.add()
    house.add("ben")
    token = house.token(device_id="laptop")
    stop = update(devices).where(devices.c.id == "laptop").values(stopped_why="it contradicts itself")
    house.server.database.write(lambda connection: connection.execute(stop))
    assert house.ask("POST", "devices/laptop/release", token=house.token("ben")).status == 404
    house.clock.advance(timedelta(minutes=6))
    assert house.ask("POST", "devices/laptop/release", token=token).kind == "step-up-required"
    (told,) = house.ask("GET", "devices", token=token).body["devices"]
    assert told["stopped_why"] == "it contradicts itself"
    assert house.ask("POST", "auth/step-up", {"password": PASSWORD}, token=token).status == 200
    for _ in range(2):
        assert house.ask("POST", "devices/laptop/release", token=token).status == 204
    (told,) = house.ask("GET", "devices", token=token).body["devices"]
    assert told["stopped_why"] is None
    (entry,) = house.entries("devices.release")
    assert entry.details["stopped_why"] == "it contradicts itself"
    other = house.token()
    assert house.ask("DELETE", "devices/laptop", token=other).status == 204
    assert house.ask("POST", "devices/laptop/release", token=other).kind == "device-revoked"


def test_a_device_id_belongs_to_one_user(house: House) -> None:
    house.add("ann")
    house.add("bob")
    assert house.log_in("ann", device_id="laptop").status == 200
    answer = house.log_in("bob", device_id="laptop")
    assert (answer.status, answer.kind) == (409, "device-taken")


def revoke_behind(house: House) -> None:
    """Revoke all sessions as another worker does whose hint is lost."""
    now = house.clock.now()
    house.server.database.write(lambda connection: connection.execute(sessions.update().values(revoked_at=now)))


def test_a_revocation_that_nobody_told_of_counts_within_a_second(house: House) -> None:
    house.add()
    token = house.token()
    assert house.ask("GET", "users/me", token=token).status == 200
    revoke_behind(house)
    house.seconds[0] += 0.999
    assert house.ask("GET", "users/me", token=token).status == 200
    house.seconds[0] += 0.001
    assert house.ask("GET", "users/me", token=token).kind == "revoked-session"


def test_a_revocation_counts_at_once_where_its_hint_comes(house: House) -> None:
    house.add()
    session = house.log_in().body
    assert house.ask("GET", "users/me", token=session["access_token"]).status == 200
    revoke_behind(house)
    for heard in house.cache.heard:
        heard(f"session {session['session_id']}".encode())
    assert house.ask("GET", "users/me", token=session["access_token"]).status == 401


@pytest.mark.parametrize("hint", [b"all", b"", b"\xff\xfe", b"session nonsense"])
def test_any_other_hint_makes_everything_be_read_anew(sqlite_house: House, hint: bytes) -> None:
    sqlite_house.add()
    token = sqlite_house.token()
    assert sqlite_house.ask("GET", "users/me", token=token).status == 200
    revoke_behind(sqlite_house)
    for heard in sqlite_house.cache.heard:
        heard(hint)
    assert sqlite_house.ask("GET", "users/me", token=token).status == 401


def test_ending_a_session_tells_other_workers(house: House) -> None:
    house.add()
    session = house.log_in().body
    token = house.token()
    house.cache.hints.clear()
    house.ask("DELETE", f"sessions/{session['session_id']}", token=token)
    house.ask("GET", "users/me", token=token)
    assert f"session {session['session_id']}".encode() in house.cache.hints


def test_a_role_that_was_changed_elsewhere_counts_within_a_second(house: House) -> None:
    from server.store.tables import users

    house.add()
    token = house.token()
    assert house.ask("GET", "users/me", token=token).status == 200
    house.server.database.write(lambda connection: connection.execute(users.update().values(role="viewer")))
    house.seconds[0] += 1.0
    identity = house.portal.call(house.auth.identify, f"Bearer {token}", "192.0.2.1")
    assert identity.role is Role.VIEWER


def test_a_changed_password_ends_all_other_sessions(house: House) -> None:
    house.add()
    token, other = house.token(), house.token()
    body = {"current_password": PASSWORD, "new_password": "another sentence of ours"}
    assert house.ask("POST", "users/me/password", body, token=token).status == 204
    assert house.ask("GET", "users/me", token=token).status == 200
    assert house.ask("GET", "users/me", token=other).kind == "revoked-session"
    assert house.log_in().status == 401
    assert house.log_in(password="another sentence of ours").status == 200  # noqa: S106 - of somebody in a test
    assert "auth.password-change" in house.actions()


def test_none_of_the_last_five_passwords_comes_again(house: House) -> None:
    house.add()
    token = house.token()
    used = [PASSWORD]
    for number in range(6):
        chosen = f"sentence number {number}"
        body = {"current_password": used[-1], "new_password": chosen}
        assert house.ask("POST", "users/me/password", body, token=token).status == 204
        used.append(chosen)
        house.clock.advance(timedelta(minutes=1))
    for old in used[1:]:
        answer = house.ask(
            "POST", "users/me/password", {"current_password": used[-1], "new_password": old}, token=token
        )
        assert (answer.status, answer.body["errors"][0]["field"]) == (422, "new_password"), old
        assert old not in str(answer.body)
    body = {"current_password": used[-1], "new_password": used[0]}
    assert house.ask("POST", "users/me/password", body, token=token).status == 204


def test_a_published_password_may_not_be_chosen(sqlite_house: House, tmp_path: Any) -> None:
    from hashlib import sha1

    from server.auth.passwords import Passwords

    listed = tmp_path / "published.txt"
    digest = sha1(b"a digest of mine", usedforsecurity=False).hexdigest().upper()
    listed.write_text(f"correct horse battery\n{digest}:123\n")
    passwords = Passwords(sqlite_house.hasher, listed)
    for password in ("correct horse battery", "a digest of mine"):
        with pytest.raises(ValueError, match="published") as caught:
            passwords.check_new(password, "ann@example.com")
        assert password not in str(caught.value)
    passwords.check_new("something else of mine", "ann@example.com")
