"""What a server tells, as values, read field by field; VenueError names what is not as agreed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from optionix_core.errors import VenueError
from optionix_tui.remote.reading import Fields


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with an account on the server."""

    user_id: str
    email: str
    full_name: str
    role: str
    kyc_status: str
    mfa_enabled: bool
    created_at: datetime | None
    timezone: str
    must_enrol: bool
    """All is refused until a second factor is on."""

    @classmethod
    def of(cls, document: Any) -> User:
        """From `users/me` or `auth/register`."""
        read = Fields(document, "user")
        return cls(
            read.text("user_id"),
            read.text("email"),
            read.text("full_name"),
            read.text("role"),
            read.text("kyc_status"),
            read.flag("mfa_enabled"),
            read.moment("created_at"),
            read.words("timezone"),
            "must_enrol" in read.document and read.flag("must_enrol"),
        )


@dataclass(frozen=True, slots=True)
class Granted:
    """What a sign-in or a renewal gives."""

    access_token: str
    refresh_token: str
    expires_in: int
    """Seconds that the access token holds."""
    session_id: str

    def __repr__(self) -> str:
        return f"Granted(expires_in={self.expires_in}, session_id={self.session_id!r})"

    @classmethod
    def of(cls, document: Any) -> Granted:
        """From `auth/login` or `auth/refresh`."""
        read = Fields(document, "tokens")
        if read.text("token_type").lower() != "bearer":
            raise VenueError(f"tokens: token_type must be Bearer (got {read.text('token_type')!r})")
        expires_in = read.whole("expires_in")
        if expires_in <= 0:
            raise VenueError(f"tokens: expires_in must be positive (got {expires_in})")
        return cls(read.text("access_token"), read.text("refresh_token"), expires_in, read.words("session_id"))


@dataclass(frozen=True, slots=True)
class RemoteSession:
    """One place where somebody is signed in."""

    session_id: str
    device_id: str
    created_at: datetime | None
    last_used_at: datetime | None
    expires_at: datetime | None
    ip_address: str
    user_agent: str
    current: bool

    @classmethod
    def of(cls, read: Fields) -> RemoteSession:
        """From one of `sessions`."""
        return cls(
            read.text("session_id"),
            read.words("device_id"),
            read.moment("created_at"),
            read.moment("last_used_at"),
            read.moment("expires_at"),
            read.words("ip_address"),
            read.words("user_agent"),
            read.flag("current"),
        )


@dataclass(frozen=True, slots=True)
class RemoteDevice:
    """A home that pushes and pulls."""

    device_id: str
    name: str
    created_at: datetime | None
    last_seen_at: datetime | None
    revoked_at: datetime | None
    stopped_why: str
    """An alarm stopped it."""

    @property
    def state(self) -> str:
        """`revoked`, `stopped` or `active`."""
        return "revoked" if self.revoked_at else "stopped" if self.stopped_why else "active"

    @classmethod
    def of(cls, read: Fields) -> RemoteDevice:
        """From one of the devices."""
        return cls(
            read.text("device_id"),
            read.words("name"),
            read.moment("created_at"),
            read.moment("last_seen_at"),
            read.moment("revoked_at"),
            read.words("stopped_why"),
        )


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key for programs; the key itself is told once, when it is made."""

    key_id: str
    name: str
    prefix: str
    scopes: tuple[str, ...]
    addresses: tuple[str, ...]
    """Networks that it may be used from; empty: all."""
    created_at: datetime | None
    expires_at: datetime | None
    last_used_at: datetime | None
    key: str
    """Only of one just made."""

    def __repr__(self) -> str:
        return f"ApiKey(key_id={self.key_id!r}, name={self.name!r}, prefix={self.prefix!r})"

    @classmethod
    def of(cls, read: Fields) -> ApiKey:
        """From one of `keys`."""
        return cls(
            read.text("key_id"),
            read.text("name"),
            read.words("prefix"),
            read.texts("scopes"),
            read.texts("addresses"),
            read.moment("created_at"),
            read.moment("expires_at"),
            read.moment("last_used_at"),
            read.words("key"),
        )


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A second factor that waits for its first code."""

    secret: str
    otpauth_uri: str

    def __repr__(self) -> str:
        return "Enrolment()"

    @classmethod
    def of(cls, document: Any) -> Enrolment:
        """From `users/mfa/setup`."""
        read = Fields(document, "second factor")
        return cls(read.text("secret"), read.text("otpauth_uri"))


@dataclass(frozen=True, slots=True)
class SeenAccount:
    """An account that the caller may see."""

    account_id: str
    """As the caller names it to the server."""
    name: str
    owner: str
    kind: str
    """The venue that it is bound to: `local-sim`, `server-paper`, `live`."""
    rights: str
    """`trade` or `read`."""
    own: bool
    shared_with: tuple[str, ...]
    """Of an own one: names of whoever its owner lets see it, ids of those of other desks."""

    @classmethod
    def of(cls, read: Fields) -> SeenAccount:
        """From one of `portfolio/accounts`."""
        return cls(
            read.text("account_id"),
            read.text("name"),
            read.words("owner"),
            read.text("kind"),
            read.text("rights"),
            read.flag("own"),
            read.texts("shared_with"),
        )


@dataclass(frozen=True, slots=True)
class AccountMember:
    """Somebody whom an account is shared with."""

    user_id: str
    email: str
    """Empty for somebody of another desk."""
    full_name: str
    """Empty likewise, and where it was erased."""
    rights: str
    """`trade` or `read`."""
    granted_at: datetime | None

    @classmethod
    def of(cls, document: Any) -> AccountMember:
        """From `accounts/{account}/members`."""
        read = document if isinstance(document, Fields) else Fields(document, "member")
        return cls(
            read.text("user_id"),
            read.words("email"),
            read.words("full_name"),
            read.text("rights"),
            read.moment("granted_at"),
        )


@dataclass(frozen=True, slots=True)
class Summary:
    """An account at a glance. Money in the account's currency; None where it cannot be told."""

    account_id: str
    currency: str
    as_of: datetime | None
    total_value: Decimal | None
    cash_balance: Decimal | None
    positions_value: Decimal | None
    day_pnl: Decimal | None
    total_pnl: Decimal | None
    greeks: Mapping[str, float]
    """`dollar_delta`, `dollar_gamma` (for 1 % of the spot), `theta` (per calendar day), `vega` (per point)."""

    @classmethod
    def of(cls, document: Any) -> Summary:
        """From `portfolio/summary`."""
        read = Fields(document, "summary")
        greeks = read.within("greeks")
        told = {name: greeks.number(name) for name in ("dollar_delta", "dollar_gamma", "theta", "vega")}
        return cls(
            read.text("account_id"),
            read.text("currency"),
            read.moment("as_of"),
            read.decimal("total_value"),
            read.decimal("cash_balance"),
            read.decimal("positions_value"),
            read.decimal("day_pnl"),
            read.decimal("total_pnl"),
            {name: value for name, value in told.items() if value is not None},
        )


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list, and how long the whole is."""

    items: tuple[Mapping[str, Any], ...]
    total: int
    page: int
    pages: int
