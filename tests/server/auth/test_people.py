"""Oneself and others: profiles, ETags, what administrators may do and to whom, sharing of accounts."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from optionix_core.errors import InvalidValueError
from server.auth.emails import folded, masked, masked_name
from server.auth.identity import Identity, Role, Tier
from server.auth.people import find_user
from server.auth.rights import DEFAULT_ROLE, may_grant, rights_of
from server.problems import Problem
from server.store.tables import streams
from tests.server.auth.house import PASSWORD, House

NEW = {"email": "new@example.com", "full_name": "New Example", "password": PASSWORD}


def test_a_profile_is_changed_where_nobody_did_meanwhile(house: House) -> None:
    house.add()
    token = house.token()
    seen = house.ask("GET", "users/me", token=token).headers["ETag"]
    body = {"full_name": "Ann Other", "timezone": "Europe/Berlin"}
    changed = house.ask("PATCH", "users/me", body, token=token, headers={"If-Match": seen})
    assert (changed.status, changed.body["full_name"], changed.body["timezone"]) == (200, "Ann Other", "Europe/Berlin")
    assert changed.headers["ETag"] != seen
    late = house.ask("PATCH", "users/me", {"timezone": "UTC"}, token=token, headers={"If-Match": seen})
    assert (late.status, late.kind) == (412, "changed-meanwhile")
    for odd in ("nonsense", '"0"', 'W/"1"', '"99999999999"'):
        answer = house.ask("PATCH", "users/me", {"timezone": "UTC"}, token=token, headers={"If-Match": odd})
        assert answer.status == 412
    assert house.ask("PATCH", "users/me", {"timezone": "UTC"}, token=token, headers={"If-Match": "*"}).status == 200
    assert house.ask("PATCH", "users/me", {}, token=token).body["full_name"] == "Ann Other"
    assert "profile.write" in house.actions()


@pytest.mark.parametrize(
    "zone", ["Nowhere/City", "../../etc/passwd", "", "UTC\n", "/etc/localtime", "a" * 65, "\u0000"]
)
def test_a_time_zone_is_one_of_the_database(sqlite_house: House, zone: str) -> None:
    sqlite_house.add()
    answer = sqlite_house.ask("PATCH", "users/me", {"timezone": zone}, token=sqlite_house.token())
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, "timezone")


def test_support_sees_masked_people_and_others_see_all(house: House) -> None:
    ann = house.add("ann")
    house.add("sue", "support")
    house.add("ada", "admin")
    seen = house.ask("GET", f"admin/users/{ann.id}", token=house.token("sue")).body
    assert (seen["email"], seen["full_name"]) == ("a***@e***.com", "A. E.")
    listed = house.ask("GET", "admin/users?email=ann", token=house.token("sue"))
    assert len(listed.body["items"]) == 3  # an address is not found out by asking for it
    assert "ann" not in str(listed.body)
    full = house.ask("GET", "admin/users?email=ann", token=house.token("ada"))
    assert [one["email"] for one in full.body["items"]] == ["ann@example.com"]
    assert full.headers["X-Total-Count"] == "1"
    assert house.ask("GET", f"admin/users/{uuid4()}", token=house.token("ada")).status == 404


def test_users_come_in_pages(sqlite_house: House) -> None:
    for number in range(5):
        sqlite_house.add(f"person{number}")
    sqlite_house.add("ada", "admin")
    token = sqlite_house.token("ada")
    answer = sqlite_house.ask("GET", "admin/users?role=trader&page=2&page_size=2", token=token)
    assert [one["email"] for one in answer.body["items"]] == ["person2@example.com", "person3@example.com"]
    assert [answer.headers[f"X-{name}"] for name in ("Total-Count", "Page", "Page-Size", "Total-Pages")] == list("5223")
    assert sqlite_house.ask("GET", "admin/users?email=%25", token=token).body["items"] == []


def test_an_administrator_adds_people(house: House) -> None:
    ann = house.add("ann")
    house.add("ada", "admin")
    token = house.token("ada")
    body = NEW | {"role": "analyst", "tier": "premium", "desk_id": str(ann.desk_id)}
    added = house.ask("POST", "admin/users", body, token=token)
    assert added.status == 201
    assert (added.body["role"], added.body["tier"], added.body["desk_id"]) == ("analyst", "premium", str(ann.desk_id))
    assert house.log_in("new").status == 200
    assert house.ask("POST", "admin/users", NEW, token=token).kind == "email-taken"
    unknown = house.ask("POST", "admin/users", NEW | {"email": "x@example.com", "desk_id": str(uuid4())}, token=token)
    assert (unknown.status, unknown.body["errors"][0]["field"]) == (422, "desk_id")
    (entry,) = [one for one in house.entries("users.add") if one.resource == f"users/{added.body['user_id']}"]
    assert entry.details["role"] == "analyst"
    assert "new@example.com" not in str(entry.details)


@pytest.mark.parametrize("role", ["risk_manager", "compliance_officer"])
def test_an_administrator_gives_no_right_that_he_lacks(house: House, role: str) -> None:
    ann = house.add("ann")
    house.add("ada", "admin")
    token = house.token("ada")
    for method, path, body in (
        ("POST", "admin/users", NEW | {"role": role}),
        ("POST", f"admin/users/{ann.id}/role", {"role": role}),
    ):
        answer = house.ask(method, path, body, token=token)
        assert (answer.status, answer.kind) == (403, "role-not-yours")
    assert house.ask("GET", f"admin/users/{ann.id}", token=token).body["role"] == "trader"
    assert house.actions().count("roles.refused") == 2


def test_nobody_raises_or_changes_himself(house: House) -> None:
    ada = house.add("ada", "admin")
    house.add("ann")
    token = house.token("ada")
    for method, path, body in (
        ("POST", f"admin/users/{ada.id}/role", {"role": "admin"}),
        ("POST", f"admin/users/{ada.id}/role", {"role": "trader"}),
        ("PATCH", f"admin/users/{ada.id}", {"tier": "enterprise"}),
        ("PATCH", f"admin/users/{ada.id}", {"active": False}),
        ("PATCH", f"admin/users/{ada.id}", {"desk_id": "own"}),
        ("POST", f"admin/users/{ada.id}/mfa-reset", None),
    ):
        answer = house.ask(method, path, body, token=token)
        assert (answer.status, answer.kind) == (403, "self-approval"), path
    carl = house.add("carl", "compliance_officer")
    own = house.ask(
        "POST", f"admin/users/{carl.id}/kyc", {"status": "approved", "reason": "me"}, token=house.token("carl")
    )
    assert (own.status, own.kind) == (403, "self-approval")
    assert house.actions().count("users.refused") == 7


def test_a_new_role_counts_at_once_and_is_written_down(house: House) -> None:
    ann = house.add("ann")
    house.add("ada", "admin")
    token = house.token("ann")
    assert house.ask("GET", "admin/users", token=token).status == 403
    answer = house.ask("POST", f"admin/users/{ann.id}/role", {"role": "support"}, token=house.token("ada"))
    assert (answer.status, answer.body["role"]) == (200, "support")
    assert house.ask("GET", "admin/users", token=token).status == 200
    (entry,) = house.entries("roles.write")
    assert entry.details == {"before": "trader", "role": "support"}
    assert house.ask("POST", f"admin/users/{uuid4()}/role", {"role": "viewer"}, token=house.token("ada")).status == 404
    assert house.ask("POST", f"admin/users/{ann.id}/role", {"role": "king"}, token=house.token("ada")).status == 422


def test_giving_roles_and_adding_people_asks_for_the_password_after_five_minutes(house: House) -> None:
    from datetime import timedelta

    ann = house.add("ann")
    house.add("ada", "admin")
    token = house.token("ada")
    house.clock.advance(timedelta(minutes=5))
    for path, body in ((f"admin/users/{ann.id}/role", {"role": "viewer"}), ("admin/users", NEW)):
        assert house.ask("POST", path, body, token=token).kind == "step-up-required"
    assert house.ask("POST", "auth/step-up", {"password": PASSWORD}, token=token).status == 200
    assert house.ask("POST", f"admin/users/{ann.id}/role", {"role": "viewer"}, token=token).status == 200


def test_who_is_shut_out_is_out_at_once_with_sessions_and_keys(house: House) -> None:
    ann = house.add("ann")
    house.add("ada", "admin")
    session = house.log_in("ann").body
    token, admin = session["access_token"], house.token("ada")
    key = house.ask("POST", "keys", {"name": "k", "scopes": ["profile:read"]}, token=token).body["key"]
    assert house.ask("GET", "users/me", token=key).status == 200
    assert house.ask("PATCH", f"admin/users/{ann.id}", {"active": False}, token=admin).body["active"] is False
    assert house.ask("GET", "users/me", token=token).kind == "revoked-session"
    assert house.ask("GET", "users/me", token=key).kind == "revoked-session"
    assert house.ask("POST", "auth/refresh", {"refresh_token": session["refresh_token"]}).status == 401
    assert house.log_in("ann").status == 401
    assert house.ask("PATCH", f"admin/users/{ann.id}", {"active": True}, token=admin).status == 200
    assert house.log_in("ann").status == 200
    assert house.ask("GET", "users/me", token=token).kind == "revoked-session"


def test_tier_and_desk_are_changed_with_the_books_of_their_owner(house: House) -> None:
    ann, bob = house.add("ann"), house.add("bob")
    house.add("ada", "admin")
    token = house.token("ada")
    stream = house.books.own_stream(ann.id)
    body = {"tier": "enterprise", "desk_id": str(bob.desk_id)}
    seen = house.ask("GET", f"admin/users/{ann.id}", token=token).headers["ETag"]
    changed = house.ask("PATCH", f"admin/users/{ann.id}", body, token=token, headers={"If-Match": seen})
    assert (changed.status, changed.body["tier"], changed.body["desk_id"]) == (200, "enterprise", str(bob.desk_id))
    late = house.ask("PATCH", f"admin/users/{ann.id}", {"tier": "standard"}, token=token, headers={"If-Match": seen})
    assert late.status == 412

    def desk() -> UUID:
        with house.server.database.reading(fresh=True) as connection:
            return connection.execute(select(streams.c.desk_id).where(streams.c.id == stream)).scalar_one()

    assert desk() == bob.desk_id
    assert house.ask("PATCH", f"admin/users/{ann.id}", {"desk_id": "own"}, token=token).status == 200
    assert desk() not in {ann.desk_id, bob.desk_id}
    assert house.ask("PATCH", f"admin/users/{ann.id}", {"desk_id": str(uuid4())}, token=token).status == 422


def test_kyc_is_the_compliance_officers(house: House) -> None:
    ann = house.add("ann")
    house.add("ada", "admin")
    house.add("carl", "compliance_officer")
    body = {"status": "approved", "reason": "passport seen"}
    assert house.ask("POST", f"admin/users/{ann.id}/kyc", body, token=house.token("ada")).status == 403
    answer = house.ask("POST", f"admin/users/{ann.id}/kyc", body, token=house.token("carl"))
    assert (answer.status, answer.body["kyc_status"]) == (200, "approved")
    assert house.ask("GET", "users/me", token=house.token("ann")).body["kyc_status"] == "approved"


def test_a_lost_second_factor_is_reset_by_another(house: House) -> None:
    ann = house.add("ann")
    house.add("ada", "admin")
    _, codes = house.enrol("ann")
    token = house.token("ann", mfa_code=codes[0])
    admin = house.token("ada")
    answer = house.ask("POST", f"admin/users/{ann.id}/mfa-reset", token=admin)
    assert (answer.status, answer.body["mfa_enabled"]) == (200, False)
    assert house.ask("GET", "users/me", token=token).kind == "revoked-session"
    assert house.log_in("ann").status == 200
    assert house.ask("POST", f"admin/users/{ann.id}/mfa-reset", token=admin).kind == "mfa-not-enabled"


@settings(deadline=None)
@given(st.sampled_from(Role), st.sampled_from(Role))
def test_whoever_gives_a_role_has_all_of_its_rights(granter: Role, role: Role) -> None:
    assert may_grant(granter, role) == (role is DEFAULT_ROLE or rights_of(role) <= rights_of(granter))


def trader(house: House, name: str) -> UUID:
    """A trader who has the account server-1."""
    user = house.add(name)
    house.books.account(Identity(user.id, Role.TRADER, Tier.STANDARD, uuid4()), None)
    return user.id


def test_an_account_is_shared_to_read_or_trade_and_no_more(house: House) -> None:
    ann, bob = trader(house, "ann"), trader(house, "bob")
    token = house.token("ann")
    shared = house.ask("PUT", f"accounts/server-1/members/{bob}", {"rights": "read"}, token=token)
    assert (shared.status, shared.body["rights"]) == (200, "read")
    caller = Identity(bob, Role.TRADER, Tier.STANDARD, uuid4())
    assert [(one.owner_id, one.rights) for one in house.books.accounts(caller)] == [(bob, "trade"), (ann, "read")]
    house.ask("PUT", f"accounts/server-1/members/{bob}", {"rights": "trade"}, token=token)
    assert [one.rights for one in house.books.accounts(caller)] == ["trade", "trade"]
    listed = house.ask("GET", "accounts/server-1/members", token=token).body["members"]
    assert [(one["user_id"], one["rights"]) for one in listed] == [(str(bob), "trade")]
    assert house.ask("DELETE", f"accounts/server-1/members/{bob}", token=token).status == 204
    assert house.ask("DELETE", f"accounts/server-1/members/{bob}", token=token).status == 404
    assert [one.owner_id for one in house.books.accounts(caller)] == [bob]
    assert house.actions().count("sharing.write") == 2


def test_only_its_owner_shares_an_account(house: House) -> None:
    ann, bob, eve = trader(house, "ann"), trader(house, "bob"), house.add("eve").id
    token = house.token("ann")
    ref = house.books.own_stream(ann)
    house.ask("PUT", f"accounts/server-1/members/{bob}", {"rights": "trade"}, token=token)
    other = house.token("bob")
    for name in (f"{ref}:server-1", "paper-2"):
        answer = house.ask("PUT", f"accounts/{name}/members/{eve}", {"rights": "read"}, token=other)
        assert answer.status in {404, 422}
    assert house.ask("GET", "accounts/server-1/members", token=other).body == {"members": []}
    assert house.ask("PUT", f"accounts/server-1/members/{ann}", {"rights": "read"}, token=token).status == 422
    assert house.ask("PUT", f"accounts/server-1/members/{uuid4()}", {"rights": "read"}, token=token).status == 404
    assert house.ask("PUT", f"accounts/server-1/members/{bob}", {"rights": "own"}, token=token).status == 422
    viewer = house.add("vic", "viewer").id
    assert house.ask("PUT", f"accounts/server-1/members/{viewer}", {"rights": "trade"}, token=token).status == 422
    assert house.ask("PUT", f"accounts/server-1/members/{viewer}", {"rights": "read"}, token=token).status == 200


def test_somebody_of_the_same_desk_is_found_by_his_email_and_told_by_it(house: House) -> None:
    ann = trader(house, "ann")
    bob = house.add("bob", desk_id=find_user(house.auth.stores, ann).desk_id).id
    token = house.token("ann")
    shared = house.ask("POST", "accounts/server-1/members", {"email": "Bob@Example.com", "rights": "read"}, token=token)
    assert (shared.status, shared.body["user_id"]) == (201, str(bob))
    again = {"email": "bob@example.com", "rights": "trade"}
    assert house.ask("POST", "accounts/server-1/members", again, token=token).status == 201
    listed = house.ask("GET", "accounts/server-1/members", token=token).body["members"]
    assert [(one["user_id"], one["email"], one["full_name"], one["rights"]) for one in listed] == [
        (str(bob), "bob@example.com", "Bob Example", "trade")
    ]
    (own,) = house.ask("GET", "portfolio/accounts", token=token).body["accounts"]
    assert own["shared_with"] == ["Bob Example"]
    seen = house.ask("GET", "portfolio/accounts", token=house.token("bob")).body["accounts"]
    assert [one["shared_with"] for one in seen if one["owner_id"] == str(ann)] == [[]]
    for email in ("ann@example.com", "no address"):
        body = {"email": email, "rights": "read"}
        assert house.ask("POST", "accounts/server-1/members", body, token=token).status == 422
    assert house.actions().count("sharing.write") == 2


def test_an_email_of_another_desk_is_answered_as_one_of_nobody(house: House) -> None:
    ann, eve = trader(house, "ann"), house.add("eve").id
    left = house.add("len", desk_id=find_user(house.auth.stores, ann).desk_id).id
    house.add("ada", "admin")
    body = {"active": False}
    assert house.ask("PATCH", f"admin/users/{left}", body, token=house.token("ada")).status == 200
    token = house.token("ann")
    answers = [
        house.ask("POST", "accounts/server-1/members", {"email": f"{name}@example.com", "rights": rights}, token=token)
        for name in ("eve", "nobody", "len")
        for rights in ("read", "trade")
    ]
    told = [{**one.body, "request_id": ""} for one in answers]
    assert {one.status for one in answers} == {404}
    assert all(one == told[0] for one in told)
    assert house.ask("GET", "accounts/server-1/members", token=token).body == {"members": []}
    by_id = house.ask("PUT", f"accounts/server-1/members/{eve}", {"rights": "read"}, token=token)
    assert (by_id.status, by_id.body["email"], by_id.body["full_name"]) == (200, None, None)
    listed = house.ask("GET", "accounts/server-1/members", token=token).body["members"]
    assert [(one["user_id"], one["email"], one["full_name"]) for one in listed] == [(str(eve), None, None)]
    (own,) = house.ask("GET", "portfolio/accounts", token=token).body["accounts"]
    assert own["shared_with"] == [str(eve)]


@pytest.mark.parametrize(
    ("email", "kept"),
    [
        ("Ada@Example.COM", "ada@example.com"),
        ("STRASSE@x.test", "strasse@x.test"),
        ("a+b@example.org", "a+b@example.org"),
    ],
)
def test_addresses_are_kept_in_one_spelling(email: str, kept: str) -> None:
    assert folded(email, strict=False) == kept
    assert folded(kept, strict=False) == kept


@settings(deadline=None)
@given(st.text(max_size=300))
def test_what_is_no_address_is_refused_by_name(text: str) -> None:
    try:
        found = folded(text, strict=False)
    except InvalidValueError as error:
        assert error.field == "email"  # noqa: PT017 - either outcome has its law
    else:
        assert found == folded(found, strict=False)


def test_names_that_only_tests_have_are_refused_in_production() -> None:
    with pytest.raises(InvalidValueError):
        folded("ada@desk.test", strict=True)


@settings(deadline=None)
@given(st.emails(), st.text(st.characters(categories=("L", "Zs")), min_size=3, max_size=40))
def test_what_support_sees_tells_little(email: str, name: str) -> None:
    local, _, domain = email.partition("@")
    shown = masked(email)
    assert shown.startswith(f"{local[:1]}***@{domain[:1]}***.")
    assert all(len(part) == 2 for part in masked_name(name).split(" ") if part)


def test_people_are_added_on_the_host_with_any_role(sqlite_house: House) -> None:
    for role in Role:
        assert sqlite_house.add(role.value.replace("_", ""), role).role is role
    assert {entry.user_id for entry in sqlite_house.entries("users.add")} == {None}
    with pytest.raises(Problem) as caught:
        sqlite_house.add("admin")
    assert caught.value.kind == "email-taken"
