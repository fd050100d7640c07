"""Who asks, as a request carries it once its token or key was checked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """What somebody is; which rights that gives is `permissions.toml`."""

    VIEWER = "viewer"
    TRADER = "trader"
    ANALYST = "analyst"
    RISK_MANAGER = "risk_manager"
    COMPLIANCE_OFFICER = "compliance_officer"
    SUPPORT = "support"
    ADMIN = "admin"


class Tier(StrEnum):
    """How many requests a minute somebody has."""

    STANDARD = "standard"
    PREMIUM = "premium"
    ENTERPRISE = "enterprise"


@dataclass(frozen=True, slots=True)
class Identity:
    """An authenticated caller."""

    user_id: UUID
    role: Role
    tier: Tier
    session_id: UUID | None
    """None for an API key."""
    key_id: UUID | None = None
    """Of an API key (`ok_...`)."""
    scopes: frozenset[str] | None = None
    """`resource:verb` that a key is bound to; None: all that the role gives."""
    device_id: str | None = None
    """The device that the session belongs to, where it named one at login."""
    stepped_up_at: float | None = None
    """POSIX seconds at which password or second factor was last shown in this session."""
    must_enrol: bool = False
    """The server demands a second factor of the role, and none is on: nothing is done but to enrol one."""
