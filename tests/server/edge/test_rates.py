"""Who is counted where: users, keys, addresses, logins, those who look after the server."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from server.auth.identity import Identity, Role, Tier
from server.caching.local import LocalRates
from server.middleware.rates import RateLimits
from server.observing import Metrics
from server.settings import ServerSettings
from tests.server.edge.asking import Answer, Behind, ask, scope_of

SETTINGS = ServerSettings(rate_standard=4, rate_premium=6, rate_enterprise=8, rate_login=2, rate_health=20)
USER = Identity(uuid4(), Role.TRADER, Tier.STANDARD, uuid4())


class House:
    """One limiter, asked again and again at one moment."""

    def __init__(self) -> None:
        self.behind = Behind()
        self.metrics = Metrics()
        self.layer = RateLimits(self.behind, LocalRates(lambda: 0.0), SETTINGS, self.metrics)

    async def ask(
        self, identity: Identity | None = None, address: str = "203.0.113.9", path: str = "/api/v2/x"
    ) -> Answer:
        behind, behind.answer = self.behind, Answer()
        return await ask(self.layer, behind, scope_of("GET", path, state={"address": address, "identity": identity}))

    async def passes(self, identity: Identity | None = None, **where: str) -> int:
        """How many requests pass before one is refused."""
        for number in range(100):
            if (await self.ask(identity, **where)).status == 429:
                return number
        raise AssertionError


@pytest.fixture
def house() -> House:
    return House()


@pytest.mark.parametrize(("tier", "limit"), [(Tier.STANDARD, 4), (Tier.PREMIUM, 6), (Tier.ENTERPRISE, 8)])
async def test_a_user_has_what_his_tier_gives_wherever_he_is(house: House, tier: Tier, limit: int) -> None:
    user = replace(USER, tier=tier)
    assert (await house.ask(user, "198.51.100.1")).headers["x-ratelimit-limit"] == str(limit)
    assert await house.passes(user, address="198.51.100.2") == limit - 1
    assert await house.passes(replace(user, session_id=uuid4())) == 0  # another session is the same user
    assert await house.passes(replace(user, user_id=uuid4())) == limit


async def test_a_key_is_counted_beside_its_user(house: House) -> None:
    key = replace(USER, key_id=uuid4(), session_id=None)
    assert await house.passes(USER) == 4
    assert await house.passes(key) == 4
    assert await house.passes(replace(key, key_id=uuid4())) == 4


async def test_nobody_is_counted_by_his_address(house: House) -> None:
    assert await house.passes() == 4
    assert await house.passes(address="198.51.100.1") == 4
    assert await house.passes(address="2001:db8::1") == 4
    assert await house.passes(address="2001:db8::2") == 0


async def test_logins_and_health_have_buckets_of_their_own(house: House) -> None:
    assert await house.passes() == 4
    assert await house.passes(path="/api/v2/auth/login") == 2
    assert await house.passes(path="/api/v2/auth/register") == 0
    assert await house.passes(USER, path="/api/v2/auth/login") == 0  # a token does not open it
    assert await house.passes(path="/api/v2/health") == 20
    assert await house.passes(path="/metrics") == 0
    text = house.metrics.metrics().decode()
    assert 'optionix_rate_limited_total{tier="login"} 3.0' in text


async def test_a_refusal_says_when_and_nothing_is_run(house: House) -> None:
    await house.passes()
    calls = house.behind.calls
    answer = await house.ask()
    assert (answer.status, house.behind.calls) == (429, calls)
    assert answer.headers["retry-after"] == "15"
    assert (answer.headers["x-ratelimit-remaining"], answer.headers["x-ratelimit-reset"]) == ("0", "15")
    assert answer.problem["type"] == "urn:optionix:problem:rate-limited"


async def test_a_websocket_counts_once_and_is_refused_before_it_opens(house: House) -> None:
    await house.passes(USER)
    house.behind.answer = Answer()
    scope = scope_of(type="websocket", path="/api/v2/ws", state={"address": "", "identity": USER})
    answer = await ask(house.layer, house.behind, scope)
    assert answer.messages == [{"type": "websocket.close", "code": 1013, "reason": "rate-limited"}]


async def test_logins_are_counted_before_a_password_is_hashed(make_server, client_of, monkeypatch) -> None:
    server = make_server(rate_login=3)
    hashed: list[str] = []
    hasher = server.accounts.stores.passwords
    checked = type(hasher).verify
    monkeypatch.setattr(type(hasher), "verify", lambda self, *shown: hashed.append("once") or checked(self, *shown))
    shown = {"email": "nobody@example.com", "password": "wrong wrong wrong wrong"}
    async with client_of(server) as client:
        statuses = [(await client.post("/auth/login", json=shown)).status_code for _ in range(6)]
        assert statuses == [401] * 3 + [429] * 3
        assert len(hashed) == 3
        server.clock.advance(timedelta(seconds=20))
        assert (await client.post("/auth/login", json=shown)).status_code == 401
