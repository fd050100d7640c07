"""Where Deribit is and how fast it may be asked: every number that a connection depends on, in one place.

The public limits are Deribit's own: requests that are not orders cost 500 credits of a pool that fills by 10,000
a second (20 a second), subscribing costs 3,000 (3.3 a second), `get_instruments` 10,000 (1 a second), and a
pool overdrawn ends the session. Source: Deribit API documentation, Rate Limits; Connection Management.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from optionix_core.errors import InvalidValueError

LEAST_HEARTBEAT = 10
"""Seconds, the shortest interval that the exchange accepts for heartbeats."""


@dataclass(frozen=True, slots=True)
class DeribitSettings:
    """Addresses, limits and intervals; seconds where nothing else is said."""

    rest_address: str = "https://www.deribit.com/api/v2"
    socket_address: str = "wss://www.deribit.com/ws/api/v2"
    poll_every: float = 10.0
    """Between two summaries of all options, which stand in for books that are not subscribed to."""
    list_every: float = 900.0
    """Between two looks at which options are listed."""
    channel_limit: int = 400
    """Subscriptions of the one connection; the exchange allows some hundred more."""
    channels_per_request: int = 100
    requests_per_second: float = 3.0
    """On the connection, where subscribing is the dearest thing asked for."""
    polls_per_second: float = 5.0
    timeout: float = 10.0
    heartbeat: int = LEAST_HEARTBEAT
    silence: float = 25.0
    """After so long without any message the connection counts as dead."""
    settled_after: float = 60.0
    """A connection that held so long is a success: the next back-off begins anew."""
    first_wait: float = 15.0
    """How long a first question may wait for the first quotes, counted from the start."""
    stale_after: timedelta = timedelta(seconds=30)
    """Three polls."""
    keeps: timedelta = timedelta(seconds=60)
    """How far back a question may reach: a command may solve for a while and then ask about its moment again."""

    def __post_init__(self) -> None:
        for name in (
            "poll_every", "list_every", "requests_per_second", "polls_per_second", "timeout", "silence",
        ):  # fmt: skip
            value = getattr(self, name)
            if not value > 0:
                raise InvalidValueError(name, value, "positive, in seconds")
        if not 3 <= self.channel_limit <= 500:
            raise InvalidValueError("channel_limit", self.channel_limit, "from 3 to 500")
        if self.heartbeat < LEAST_HEARTBEAT:
            raise InvalidValueError("heartbeat", self.heartbeat, f"at least {LEAST_HEARTBEAT} seconds")

    @property
    def books(self) -> int:
        """How many instruments can be followed at once: each takes a channel for its book and one for its ticker."""
        return (self.channel_limit - 1) // 2
