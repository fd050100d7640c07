"""Two workers on one database and one Redis: what one ends, the other refuses."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from server.auth.people import NewUser, add_user
from server.context import Server
from tests.server.auth.house import PASSWORD
from tests.server.conftest import Backend, ClientOf, MakeServer


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
async def test_a_session_that_one_worker_ended_is_refused_by_the_other_by_its_hint_alone(
    backend: Backend, redis_url: str, make_server: MakeServer, client_of: ClientOf
) -> None:
    first: Server = make_server(backend, redis_url=redis_url)
    second: Server = make_server(backend, redis_url=redis_url)
    frozen: Any = second.accounts
    frozen._sessions._monotonic = lambda: 0.0  # what it has read never ages: only the hint tells it
    add_user(first.accounts.stores, NewUser("ann@example.com", "Ann", PASSWORD), by=None)
    async with client_of(first) as one, client_of(second) as other:
        body = {"email": "ann@example.com", "password": PASSWORD}
        signed = (await one.post("auth/login", json=body)).json()
        headers = {"Authorization": f"Bearer {signed['access_token']}"}
        assert (await one.get("users/me", headers=headers)).status_code == 200
        assert (await other.get("users/me", headers=headers)).status_code == 200
        told = asyncio.Event()
        second.cache.subscribe("identity", lambda _: told.set())
        await one.delete(f"sessions/{signed['session_id']}", headers=headers)
        assert (await one.get("users/me", headers=headers)).status_code == 401
        await asyncio.wait_for(told.wait(), 30)
        answer = await other.get("users/me", headers=headers)
        assert answer.json()["type"] == "urn:optionix:problem:revoked-session"
