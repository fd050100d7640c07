"""Whether an account may trade: active, close-only or blocked, as an administrator or a breaker set it, and its lease.

    account/NAME/state/1    account.state-set    the state from here on, by whom, why, and until when it is leased

An account that nobody set anything for is active. At a venue that leases states (all but the one on this device) it is
close-only where it has no lease or is past it: the state was told by a server, and nobody knows whether it still holds.
A lease that is given is kept at every venue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from optionix_core.errors import IntegrityError, InvalidValueError
from optionix_core.portfolio import fields
from optionix_core.sync.canonical import time_text
from optionix_core.sync.event import Event, Json

STATE_SET: Final = "account.state-set"

LEASED_VENUES: Final = frozenset({"server-paper", "live"})
"""Where a state holds for the time of a lease alone."""


class AccountStatus(StrEnum):
    """What an account may do."""

    ACTIVE = "active"
    CLOSE_ONLY = "close-only"
    """Only orders that reduce what is held."""
    BLOCKED = "blocked"
    """Nothing."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of an account, as it was set last."""

    account: str
    status: AccountStatus
    since: datetime
    by: str
    reason: str
    number: int = 1
    """How many times its state was set, this one in it."""
    lease_until: datetime | None = None
    """Past it the account is close-only; None for no end."""

    def __post_init__(self) -> None:
        if self.lease_until is not None and self.lease_until <= self.since:
            raise InvalidValueError("lease_until", self.lease_until, f"after {self.since}")


def effective(
    standing: Standing | None, venue: str, now: datetime, lease: datetime | None = None
) -> tuple[AccountStatus, str | None]:
    """What an account at `venue` may do at `now`, and why (None where nobody said).

    `lease`: until when this device may believe a state that a venue which leases states told it.
    """
    leased = None if standing is None else standing.lease_until
    if venue in LEASED_VENUES and lease is not None:
        leased = lease if leased is None else min(leased, lease)
    status = AccountStatus.ACTIVE if standing is None else standing.status
    why = None if standing is None else standing.reason
    if status is not AccountStatus.ACTIVE:
        return status, why
    if leased is None and venue in LEASED_VENUES:
        return AccountStatus.CLOSE_ONLY, f"no lease, which {venue} needs"
    if leased is not None and now >= leased:
        return AccountStatus.CLOSE_ONLY, f"its lease ended {leased:%Y-%m-%d %H:%M:%S} UTC"
    return status, why


def standing_id(account: str, number: int) -> str:
    """Id of the event that sets an account's state for the n-th time, from 1."""
    return f"account/{account}/state/{number}"


def standing_event(standing: Standing) -> Event:
    """The event that sets a state."""
    return Event(standing_id(standing.account, standing.number), STATE_SET, standing.since, _payload(standing))


def standing_of(event: Event) -> Standing:
    """The state that an event sets. Raises IntegrityError where it is malformed."""
    return _standing(event.payload, event.time)


def standing_state(standing: Standing) -> dict[str, Json]:
    """A state as plain JSON values."""
    return {**_payload(standing), "since": time_text(standing.since)}


def standing_of_state(state: Mapping[str, Json]) -> Standing:
    """The state whose `standing_state` it is. Raises IntegrityError where it is malformed."""
    return _standing(state, fields.moment(state, "since"))


def _payload(standing: Standing) -> dict[str, Json]:
    return {
        "account": standing.account,
        "by": standing.by,
        "lease_until": None if standing.lease_until is None else time_text(standing.lease_until),
        "number": standing.number,
        "reason": standing.reason,
        "state": str(standing.status),
    }


def _standing(payload: Mapping[str, Json], since: datetime) -> Standing:
    state = fields.text(payload, "state")
    if state not in tuple(AccountStatus):
        raise IntegrityError(f"field state must be one of {', '.join(AccountStatus)} (got {state!r})")
    return Standing(
        fields.text(payload, "account"),
        AccountStatus(state),
        since,
        fields.text(payload, "by"),
        fields.text(payload, "reason"),
        fields.integer(payload, "number"),
        fields.optional_moment(payload, "lease_until"),
    )
