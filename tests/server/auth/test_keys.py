"""API keys: what they reach, from where, until when; what they never do."""

from __future__ import annotations

import ipaddress
from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from server.auth.identity import Role, Tier
from server.auth.keys import KeyState, may_call_from, parts_of
from server.auth.rights import matrix
from server.store.tables import api_keys
from tests.server.auth.house import House

BODY = {"name": "nightly report", "scopes": ["portfolio:read", "profile:read"]}


def make(house: House, token: str, **more: object) -> str:
    answer = house.ask("POST", "keys", BODY | more, token=token)
    assert answer.status == 201, answer.body
    return str(answer.body["key"])


def test_a_key_is_shown_once_and_kept_as_a_digest(house: House) -> None:
    house.add()
    token = house.token()
    made = house.ask("POST", "keys", BODY, token=token)
    assert made.status == 201
    key = made.body["key"]
    assert key.startswith(f"ok_{made.body['prefix']}_")
    (listed,) = house.ask("GET", "keys", token=token).body["keys"]
    assert listed == {name: value for name, value in made.body.items() if name != "key"}
    assert listed["scopes"] == ["portfolio:read", "profile:read"]
    with house.server.database.reading() as connection:
        row = connection.execute(select(api_keys)).one()
    secret = key.rpartition("_")[2] if key.count("_") == 2 else key.split("_", 2)[2]
    assert len(secret) == 43
    assert secret not in str(row)
    assert "keys.make" in house.actions()


def test_a_key_reaches_its_scopes_and_nothing_else(house: House) -> None:
    house.add()
    key = make(house, house.token())
    assert house.ask("GET", "users/me", token=key).status == 200
    for method, path in (("GET", "sessions"), ("GET", "keys"), ("GET", "accounts/server-1/members")):
        assert house.ask(method, path, token=key).status == 403


def test_a_key_does_not_do_what_asks_for_a_person(house: House) -> None:
    house.add()
    key = make(house, house.token(), scopes=["profile:write", "kill_switch:write"])
    for method, path, body in (
        ("PATCH", "users/me", {"timezone": "UTC"}),
        ("POST", "users/mfa/setup", None),
        ("POST", "kill-switch/arm", {"reason": "test"}),
    ):
        answer = house.ask(method, path, body, token=key)
        assert (answer.status, answer.kind) == (403, "session-needed"), path


@pytest.mark.parametrize(
    "scope",
    ["roles:write", "users:read", "limits:write", "sessions:read", "keys:write", "devices:write", "erasure:write",
     "portfolio", "portfolio:", ":read", "portfolio:delete", "*:*", "*"],
)  # fmt: skip
def test_a_scope_that_is_not_the_makers_is_refused(sqlite_house: House, scope: str) -> None:
    sqlite_house.add()
    answer = sqlite_house.ask("POST", "keys", BODY | {"scopes": ["portfolio:read", scope]}, token=sqlite_house.token())
    assert answer.status == 422
    assert answer.body["errors"][0]["field"].startswith("scopes")


def test_a_key_loses_what_its_owners_role_loses(house: House) -> None:
    from server.store.tables import users

    house.add()
    key = make(house, house.token(), scopes=["sharing:read"])
    assert house.ask("GET", "accounts/server-1/members", token=key).status == 404
    house.server.database.write(lambda connection: connection.execute(users.update().values(role="viewer")))
    house.seconds[0] += 1.0
    assert house.ask("GET", "accounts/server-1/members", token=key).status == 403


def test_a_revoked_key_ends_at_once_and_is_not_listed(house: House) -> None:
    house.add("ann")
    house.add("bob")
    token = house.token()
    key = make(house, token)
    key_id = house.ask("GET", "keys", token=token).body["keys"][0]["key_id"]
    assert house.ask("GET", "users/me", token=key).status == 200
    other = house.token("bob")
    assert house.ask("DELETE", f"keys/{key_id}", token=other).status == 404
    assert house.ask("GET", "keys", token=other).body == {"keys": []}
    assert house.ask("DELETE", f"keys/{uuid4()}", token=token).status == 404
    assert house.ask("DELETE", f"keys/{key_id}", token=token).status == 204
    assert house.ask("GET", "users/me", token=key).kind == "revoked-session"
    assert house.ask("DELETE", f"keys/{key_id}", token=token).status == 404
    assert house.ask("GET", "keys", token=token).body == {"keys": []}


def test_a_key_ends_by_itself(house: House) -> None:
    house.add()
    token = house.token()
    soon = make(house, token, expires_at="2026-09-15T15:01:00Z")
    ordinary = make(house, token)
    house.clock.advance(timedelta(seconds=59))
    assert house.ask("GET", "users/me", token=soon).status == 200
    house.clock.advance(timedelta(seconds=1))
    assert house.ask("GET", "users/me", token=soon).status == 401
    house.clock.advance(timedelta(days=90))
    assert house.ask("GET", "users/me", token=ordinary).status == 401


@pytest.mark.parametrize("moment", ["2026-09-15T15:00:00Z", "2020-01-01T00:00:00Z", "2027-09-17T15:00:00Z"])
def test_an_end_is_ahead_and_within_a_year(sqlite_house: House, moment: str) -> None:
    sqlite_house.add()
    answer = sqlite_house.ask("POST", "keys", BODY | {"expires_at": moment}, token=sqlite_house.token())
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, "expires_at")


def test_a_key_is_good_from_its_addresses_alone(house: House) -> None:
    house.add()
    key = make(house, house.token(), addresses=["10.0.0.0/8", "2001:db8::/32"])
    for address, status in (("10.1.2.3", 200), ("2001:db8::1", 200), ("::ffff:10.1.2.3", 200), ("11.0.0.1", 403)):
        assert house.ask("GET", "users/me", token=key, address=address).status == status
    assert house.ask("GET", "users/me", token=key, address="11.0.0.1").kind == "address-not-allowed"


@pytest.mark.parametrize("network", ["10.0.0.1/8", "10.0.0.0/33", "everywhere", "10.0.0.0 "])
def test_a_network_that_is_none_is_refused(sqlite_house: House, network: str) -> None:
    sqlite_house.add()
    answer = sqlite_house.ask("POST", "keys", BODY | {"addresses": [network]}, token=sqlite_house.token())
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, "addresses")


@settings(deadline=None)
@given(st.ip_addresses(), st.integers(0, 32))
def test_an_address_is_let_in_by_its_networks_alone(address: object, bits: int) -> None:
    parsed = ipaddress.ip_address(str(address))
    network = ipaddress.ip_network((int(parsed), bits), strict=False) if parsed.version == 4 else None
    networks = () if network is None else (network,)
    state = KeyState(uuid4(), uuid4(), Role.TRADER, Tier.STANDARD, b"", frozenset(), networks, 0.0, mfa_enabled=False)
    assert may_call_from(state, str(parsed))
    if network is not None and bits > 0:
        outside = ipaddress.ip_address((int(parsed) ^ (1 << 31)) & 0xFFFFFFFF)
        assert not may_call_from(state, str(outside))
        assert not may_call_from(state, "not an address")


def test_a_key_that_is_altered_is_unknown(house: House) -> None:
    house.add()
    key = make(house, house.token())
    other = make(house, house.token())
    prefix, secret = key[:15], key[16:]
    for wrong in (key[:-1], key + "A", f"{other[:15]}_{secret}", f"{prefix}_", prefix, "ok_", f"ok__{secret}"):
        assert house.ask("GET", "users/me", token=wrong).kind == "invalid-token", wrong


@settings(deadline=None)
@given(st.text(max_size=100))
def test_what_is_no_key_is_none(text: str) -> None:
    found = parts_of("ok_" + text)
    assert found is None or (len(found[0]) == 12 and len(found[1]) == 32)


def test_use_is_noted_to_the_minute(house: House) -> None:
    house.add()
    token = house.token()
    key = make(house, token)
    assert house.ask("GET", "keys", token=token).body["keys"][0]["last_used_at"] is None
    house.ask("GET", "users/me", token=key)
    house.server.database.write(lambda connection: connection.execute(select(1)).all())
    used = house.ask("GET", "keys", token=token).body["keys"][0]["last_used_at"]
    assert used == "2026-09-15T15:00:00.000000Z"


def test_making_one_asks_for_the_password_after_five_minutes(house: House) -> None:
    house.add()
    token = house.token()
    house.clock.advance(timedelta(seconds=301))
    assert house.ask("POST", "keys", BODY, token=token).kind == "step-up-required"


def test_fifty_keys_hold_at_most(sqlite_house: House) -> None:
    sqlite_house.add()
    token = sqlite_house.token()
    for _ in range(50):
        make(sqlite_house, token)
    assert sqlite_house.ask("POST", "keys", BODY, token=token).kind == "too-many-keys"


def test_every_scope_that_a_key_may_have_is_a_right_of_the_matrix() -> None:
    from server.auth.keys import NEVER

    assert {resource for resource, _ in matrix()} >= NEVER
