"""GET requests that bear with a venue: timeouts, retries of what may pass by itself, and its rate limits.

A request is made again after a broken connection, a timeout, an answer of 5xx, and after 429 once the time
that the venue names (`Retry-After`) has passed. Anything else is answered as it came. A venue that asks for
more patience than `longest_wait` is an error that tells how long.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Self

import httpx

from optionix_core.errors import VenueError
from optionix_core.feeds.network.pace import RetryPolicy, Sleep, TokenBucket, Uniform, jitter
from optionix_core.market.clock import Clock

_TOO_MANY = 429
_SERVER_ERRORS = 500


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    """By names in lower case."""
    content: bytes


class PoliteClient:
    """One venue's HTTP side; use it as an async context manager."""

    def __init__(
        self,
        venue: str,
        address: str,
        clock: Clock,
        *,
        timeout: float = 10.0,
        policy: RetryPolicy = RetryPolicy(),  # noqa: B008 - frozen
        pace: TokenBucket | None = None,
        longest_wait: float = 60.0,
        sleep: Sleep = asyncio.sleep,
        uniform: Uniform = jitter,
    ) -> None:
        """`timeout`: seconds for each step of one try; `longest_wait`: seconds that a venue may ask for."""
        self._venue = venue
        self._address = address.rstrip("/")
        self._clock = clock
        self._timeout = timeout
        self._policy = policy
        self._pace = pace
        self._longest_wait = longest_wait
        self._sleep = sleep
        self._uniform = uniform
        self._client = httpx.AsyncClient(timeout=timeout, headers={"user-agent": "optionix"}, follow_redirects=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def get(
        self, path: str, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """The answer to one request. VenueError where there was none after all attempts."""
        failures = 0
        while True:
            if self._pace is not None:
                await self._pace.take()
            wait: float | None = None
            try:
                async with asyncio.timeout(3 * self._timeout):  # a server that drips bytes never runs into httpx's own
                    response = await self._client.get(f"{self._address}/{path}", params=params, headers=headers)
            except (httpx.TimeoutException, TimeoutError):
                reason = f"did not answer within {self._timeout:g} s"
            except httpx.HTTPError as error:
                reason = f"cannot be reached: {error or type(error).__name__}"
            except httpx.InvalidURL as error:
                raise VenueError(f"{self._venue} {path}: {error}") from None
            else:
                if response.status_code != _TOO_MANY and response.status_code < _SERVER_ERRORS:
                    return Answer(response.status_code, response.headers, response.content)
                reason = f"answered {response.status_code} {response.reason_phrase}".rstrip()
                wait = self._asked_to_wait(response.headers.get("retry-after"))
            failures += 1
            if wait is not None and wait > self._longest_wait:
                raise VenueError(f"{self._venue} {path}: {reason}, and to ask again in {wait:.0f} s")
            if failures >= self._policy.attempts:
                raise VenueError(f"{self._venue} {path}: {reason} ({failures} tries)")
            await self._sleep(max(wait or 0.0, self._policy.delay(failures, self._uniform)))

    def _asked_to_wait(self, text: str | None) -> float | None:
        """Seconds of a Retry-After, which may be a number or a date (RFC 9110, 10.2.3); None where it is neither."""
        if text is None:
            return None
        if text.strip().isdecimal():
            return float(text)
        try:
            until = parsedate_to_datetime(text)
        except ValueError:
            return None
        if until.tzinfo is None:
            until = until.replace(tzinfo=UTC)
        now: datetime = self._clock.now()
        return max((until - now).total_seconds(), 0.0)
