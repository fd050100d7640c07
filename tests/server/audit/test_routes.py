"""The audit log over HTTP, keys replaced and people erased, on a whole server."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from optionix_core.sync import merkle
from server.api.audit import JSON_LINES
from server.audit.entries import head_payload
from server.audit.heads import FOLDER, exported
from server.auth.identity import Role
from server.auth.people import NewUser, add_user
from server.context import Server
from server.store.tables import audit_logs
from tests.server.tampering import tamper

PASSWORD = "a long phrase that nobody has published 7"  # noqa: S105 - of nobody


def person(server: Server, name: str, role: Role) -> str:
    """Somebody with a role; his id."""
    new = NewUser(f"{name}@example.com", name.title(), PASSWORD, role)
    return str(add_user(server.accounts.stores, new, by=None).id)


async def signed_in(client: Any, name: str) -> dict[str, str]:
    answer = await client.post("/auth/login", json={"email": f"{name}@example.com", "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def stepped_up(client: Any, headers: dict[str, str]) -> None:
    assert (await client.post("/auth/step-up", json={"password": PASSWORD}, headers=headers)).status_code < 300


@pytest.fixture
def server(make_server: Any, backend: Any) -> Any:
    return make_server(backend)


async def test_the_log_is_read_by_those_who_may_and_in_pages(server: Server, client_of: Any) -> None:
    person(server, "ada", Role.ADMIN)
    person(server, "bob", Role.TRADER)
    async with client_of(server) as client:
        admin, trader = await signed_in(client, "ada"), await signed_in(client, "bob")
        for path in ("", "/alerts", "/verify", "/export"):
            assert (await client.get(f"/admin/audit{path}")).status_code == 401
            assert (await client.get(f"/admin/audit{path}", headers=trader)).status_code == 403
        found = await client.get("/admin/audit", params={"action": "auth.", "page_size": 1}, headers=admin)
        assert found.headers["X-Total-Count"] == "2"
        (line,) = found.json()["items"]
        assert (line["action"], line["ip_address"]) == ("auth.login", "127.0.0.1")
        refused = await client.get("/admin/audit/alerts", headers=admin)
        assert {one["action"] for one in refused.json()["items"]} == {"request.refused"}
        assert len(refused.json()["items"]) == 8
        nobody = await client.get("/admin/audit", params={"since": "2027-01-01T00:00:00Z"}, headers=admin)
        assert nobody.json() == {"items": []}
        assert (await client.get("/admin/audit", params={"action": "x" * 201}, headers=admin)).status_code == 422


async def test_a_used_refresh_token_is_an_alert(server: Server, client_of: Any) -> None:
    person(server, "ada", Role.ADMIN)
    person(server, "bob", Role.TRADER)
    async with client_of(server) as client:
        admin = await signed_in(client, "ada")
        login = await client.post("/auth/login", json={"email": "bob@example.com", "password": PASSWORD})
        token = {"refresh_token": login.json()["refresh_token"]}
        assert (await client.post("/auth/refresh", json=token)).status_code == 200
        server.clock.advance(timedelta(seconds=11))  # type: ignore[attr-defined] # make_server's is a ManualClock
        assert (await client.post("/auth/refresh", json=token)).status_code == 401
        alerts = (await client.get("/admin/audit/alerts", headers=admin)).json()["items"]
        assert ("auth.alarm", "refresh-reuse") in {(one["action"], one["details"].get("alarm")) for one in alerts}


async def test_the_log_is_checked_and_the_first_bad_sequence_named(server: Server, client_of: Any) -> None:
    person(server, "ada", Role.COMPLIANCE_OFFICER)
    async with client_of(server) as client:
        officer = await signed_in(client, "ada")
        found = (await client.get("/admin/audit/verify", headers=officer)).json()
        assert (found["valid"], found["entries"], found["first_bad"]) == (True, 2, None)
        altered = update(audit_logs).where(audit_logs.c.seq == 2).values(action="auth.nothing")
        tamper(server.database, lambda connection: connection.execute(altered).rowcount)
        found = (await client.get("/admin/audit/verify", headers=officer)).json()
        assert (found["valid"], found["entries"], found["first_bad"]) == (False, 1, 2)
        alerts = (await client.get("/admin/audit/alerts", headers=officer)).json()["items"]
        assert alerts[0]["action"] == "audit.alarm"


async def test_an_export_proves_itself(server: Server, client_of: Any) -> None:
    person(server, "ada", Role.ADMIN)
    async with client_of(server) as client:
        admin = await signed_in(client, "ada")
        answer = await client.get("/admin/audit/export", headers=admin)
    assert answer.headers["content-type"].startswith(JSON_LINES)
    *lines, last = map(json.loads, answer.text.splitlines())
    assert [line["seq"] for line in lines] == [1, 2, 3]
    (head,) = exported(server.settings.data_folder / FOLDER)
    assert last["head"] == head.document()
    head.check(server.envelopes.head_key())
    assert head.root == merkle.root(merkle.leaf_hash(line["data"].encode()) for line in lines)
    assert head_payload(head.seq, head.hash, head.root).endswith(head.root)


async def test_keys_are_replaced_while_requests_go_on(server: Server, client_of: Any) -> None:
    person(server, "ada", Role.ADMIN)
    async with client_of(server) as client:
        admin = await signed_in(client, "ada")
        assert (await client.post("/admin/encryption/rotate")).status_code == 401
        server.clock.advance(timedelta(minutes=6))  # type: ignore[attr-defined]
        asked = await client.post("/admin/encryption/rotate", headers=admin)
        assert (asked.status_code, asked.json()["type"].rpartition(":")[2]) == (403, "step-up-required")
        await stepped_up(client, admin)
        done = await client.post("/admin/encryption/rotate", headers=admin)
        assert (done.status_code, done.json()["epoch"]) == (200, 2)
        me = await client.get("/users/me", headers=admin)
        assert me.json()["full_name"] == "Ada", "a token of the former key is believed, and its envelope opens"
        found = (await client.get("/admin/audit/verify", headers=admin)).json()
        assert found["valid"] is True


async def test_a_person_is_erased_by_another_who_shows_who_he_is(server: Server, client_of: Any) -> None:
    ada, bob = person(server, "ada", Role.COMPLIANCE_OFFICER), person(server, "bob", Role.TRADER)
    async with client_of(server) as client:
        officer, trader = await signed_in(client, "ada"), await signed_in(client, "bob")
        assert (await client.post(f"/admin/users/{bob}/erase", headers=trader)).status_code == 403
        await stepped_up(client, officer)
        himself = await client.post(f"/admin/users/{ada}/erase", headers=officer)
        assert (himself.status_code, himself.json()["type"].rpartition(":")[2]) == (403, "self-approval")
        done = await client.post(f"/admin/users/{bob}/erase", headers=officer)
        assert (done.status_code, done.json()) == (200, {"user_id": bob, "erased": True})
        assert (await client.get("/users/me", headers=trader)).status_code == 401
        gone = await client.post("/auth/login", json={"email": "bob@example.com", "password": PASSWORD})
        assert gone.status_code == 401
        unknown = await client.post("/admin/users/00000000-0000-0000-0000-000000000000/erase", headers=officer)
        assert unknown.status_code == 404
        lines = (await client.get("/admin/audit", params={"user_id": bob}, headers=officer)).json()["items"]
        assert lines
        assert {(one["ip_address"], one["user_agent"]) for one in lines} == {(None, None)}
        found = (await client.get("/admin/audit/verify", headers=officer)).json()
        assert (found["valid"], found["erased"] > 0) == (True, True)
