"""Rate limits: a token bucket for each user, key or address, by tier.

Who is signed in has a bucket of his own; everybody else shares that of his address. Login and registration have
another bucket of the address, taken from before a password is hashed; health and metrics a wide one, so that whoever
looks after the server is not in the way of those who use it.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from server.api.costs import COSTS
from server.auth.identity import Identity, Tier
from server.middleware.asgi import App, Message, Receive, Scope, Send, refuse, state_of
from server.middleware.proxies import bucket_of
from server.problems import Problem

if TYPE_CHECKING:
    from server.parts import Rate, RateLimiter
    from server.settings import ServerSettings

LOGIN_PATHS: Final = frozenset({"/api/v2/auth/login", "/api/v2/auth/register"})
HEALTH_PATHS: Final = frozenset({"/api/v2/health", "/metrics"})
STARTS: Final = frozenset({"http.response.start", "websocket.http.response.start"})


class Counting(Protocol):
    """Who hears of refusals."""

    def limited(self, tier: str) -> None:
        """One request was refused."""
        ...


class Bucket(NamedTuple):
    """Where a request is counted."""

    key: str
    per_minute: int
    tier: str


class RateLimits:
    """Answers 429 where a bucket is empty, and tells on every answer what is left."""

    def __init__(self, app: App, rates: RateLimiter, settings: ServerSettings, counting: Counting) -> None:
        self._app = app
        self._rates = rates
        self._counting = counting
        self._login = settings.rate_login
        self._health = settings.rate_health
        self._tiers: Mapping[Tier, int] = {
            Tier.STANDARD: settings.rate_standard,
            Tier.PREMIUM: settings.rate_premium,
            Tier.ENTERPRISE: settings.rate_enterprise,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, which counts for what `COSTS` says, or one WebSocket, which counts once."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        bucket = self._bucket(scope)
        cost = min(COSTS.get(scope["path"], 1), bucket.per_minute)
        rate = await self._rates.take(bucket.key, bucket.per_minute, cost)
        headers = _headers(rate)

        async def sent(message: Message) -> None:
            if message["type"] in STARTS:
                message["headers"] = [*message.get("headers", ()), *headers]
            await send(message)

        if rate.allowed:
            await self._app(scope, receive, sent)
            return
        self._counting.limited(bucket.tier)
        wait = max(1, ceil(rate.reset_seconds))
        problem = Problem(
            429,
            "rate-limited",
            f"{bucket.per_minute} requests a minute are used up; the next one may come in {wait} s",
            headers={"Retry-After": str(wait)},
        )
        await refuse(scope, sent, problem)

    def _bucket(self, scope: Scope) -> Bucket:
        state = state_of(scope)
        path = scope["path"]
        if path in LOGIN_PATHS:
            return Bucket(f"login:{bucket_of(state['address'])}", self._login, "login")
        if path in HEALTH_PATHS:
            return Bucket(f"health:{bucket_of(state['address'])}", self._health, "health")
        identity = state.get("identity")
        if not isinstance(identity, Identity):
            return Bucket(f"address:{bucket_of(state['address'])}", self._tiers[Tier.STANDARD], "address")
        key = f"user:{identity.user_id}" if identity.key_id is None else f"key:{identity.key_id}"
        return Bucket(key, self._tiers[identity.tier], identity.tier)


def _headers(rate: Rate) -> tuple[tuple[bytes, bytes], ...]:
    """`X-RateLimit-Reset`: seconds until the bucket is full again, or until the next request may come."""
    return (
        (b"x-ratelimit-limit", b"%d" % rate.limit),
        (b"x-ratelimit-remaining", b"%d" % rate.remaining),
        (b"x-ratelimit-reset", b"%d" % ceil(rate.reset_seconds)),
    )
