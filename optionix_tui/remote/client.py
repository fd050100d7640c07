"""The API of a server, typed, by resource: a method for each route that a home or a job of its user has a use for.

Left out are `admin/*`, the work of overseers and administrators and of no home; `kill-switch`, for `optionix kill`
moves the switch in the home's own log, which is pushed; `ws/tickets` of browsers, which send no header as this does;
`auth/me`, of which `users/me` tells more; `health` and `metrics`, which machines ask. docs/api.md has them all.

Every method raises what `ServerLine.request` raises, and VenueError where an answer is not as agreed. A request whose
access token was refused is made once more with a renewed one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol
from urllib.parse import quote

from optionix_core.errors import RefusedError
from optionix_tui.remote.answers import (
    AccountMember,
    ApiKey,
    Enrolment,
    Granted,
    RemoteDevice,
    RemoteSession,
    User,
)
from optionix_tui.remote.engine_routes import Market, Options, Portfolio, Risk, Trade
from optionix_tui.remote.line import Answer, ServerLine
from optionix_tui.remote.reading import Fields
from optionix_tui.remote.resource import Resource
from optionix_tui.remote.signing import not_signed_in

EXPIRED = frozenset({"expired-token", "invalid-token"})
"""Rules of refusals that a renewed token may lift."""
RENEWAL_STEP: Final = 3.0
"""Seconds for each step of a try to renew: a server gives the same successor again for ten seconds and ends the session
of whoever asks later, so that all tries are sent within these."""


class Bearer(Protocol):
    """Who asks."""

    def bearer(self) -> str:
        """A token or key."""
        ...

    def renewed(self, refused: str) -> str:
        """Another one. RefusedError where there is none."""
        ...


class Client:
    """One server's API. Threads may share it."""

    def __init__(self, line: ServerLine, credentials: Bearer | None = None) -> None:
        self.line = line
        self._credentials = credentials
        self.auth = _Auth(self)
        self.me = _Me(self)
        self.sessions = _Sessions(self)
        self.devices = _Devices(self)
        self.keys = _Keys(self)
        self.members = _Members(self)
        self.sync = _Sync(self)
        self.trade = Trade(self)
        self.portfolio = Portfolio(self)
        self.risk = Risk(self)
        self.market = Market(self)
        self.options = Options(self)

    def close(self) -> None:
        """Let go of the connections."""
        self.line.close()

    def bearer(self) -> str:
        """What the Authorization header carries. RefusedError where nobody is signed in."""
        if self._credentials is None:
            raise not_signed_in()
        return self._credentials.bearer()

    def call(self, method: str, path: str, **options: Any) -> Answer:
        """A request of whoever is signed in. RefusedError where nobody is."""
        if self._credentials is None:
            raise not_signed_in()
        bearer = self._credentials.bearer()
        try:
            return self.line.request(method, path, bearer=bearer, **options)
        except RefusedError as error:
            if error.rule not in EXPIRED:
                raise
            return self.line.request(method, path, bearer=self._credentials.renewed(bearer), **options)


class _Auth(Resource):
    """Without a token."""

    def register(self, email: str, password: str, full_name: str) -> User:
        """Make an account."""
        body = {"email": email, "password": password, "full_name": full_name}
        return User.of(self.client.line.request("POST", "auth/register", body=body).document)

    def login(
        self, email: str, password: str, *, mfa_code: str | None = None, device: tuple[str, str] | None = None
    ) -> Granted:
        """Sign in; `device`: id and name of this home. RefusedError `mfa-required` where a code is needed."""
        body = {"email": email, "password": password}
        if mfa_code is not None:
            body["mfa_code"] = mfa_code
        if device is not None:
            body["device_id"], body["device_name"] = device
        return Granted.of(self.client.line.request("POST", "auth/login", body=body).document)

    def refresh(self, refresh_token: str, device_id: str | None = None) -> Granted:
        """A new pair. May be asked twice: within seconds the same device is given the same successor."""
        body = {"refresh_token": refresh_token}
        if device_id is not None:
            body["device_id"] = device_id
        answer = self.client.line.request("POST", "auth/refresh", body=body, twice=True, step=RENEWAL_STEP)
        return Granted.of(answer.document)

    def logout(self, refresh_token: str) -> None:
        """End the session of a token."""
        self.client.line.request("POST", "auth/logout", body={"refresh_token": refresh_token}, twice=True)


class _Me(Resource):
    """Whoever is signed in, and the second factor."""

    def show(self) -> User:
        """The account."""
        return User.of(self.client.call("GET", "users/me").document)

    def change(self, *, full_name: str | None = None, timezone: str | None = None) -> User:
        """Change what is given."""
        given = {"full_name": full_name, "timezone": timezone}
        body = {name: value for name, value in given.items() if value is not None}
        return User.of(self.client.call("PATCH", "users/me", body=body).document)

    def step_up(self, password: str, mfa_code: str | None = None) -> None:
        """Show again who one is, for what asks for it within five minutes: keys, the second factor."""
        body = {"password": password} if mfa_code is None else {"password": password, "mfa_code": mfa_code}
        self.client.call("POST", "auth/step-up", body=body)

    def mfa_setup(self) -> Enrolment:
        """Begin an enrolment; in force only after a first code. RefusedError `step-up-required` after a while."""
        return Enrolment.of(self.client.call("POST", "users/mfa/setup").document)

    def mfa_verify(self, code: str) -> tuple[str, ...]:
        """End it by a first code: the backup codes, told once."""
        return Fields(self.client.call("POST", "users/mfa/verify", body={"code": code}).document, "codes").texts(
            "backup_codes"
        )

    def change_password(self, current: str, new: str, mfa_code: str | None = None) -> None:
        """Another password; all other sessions end. RefusedError `mfa-required` where a code is needed."""
        body = {"current_password": current, "new_password": new}
        if mfa_code is not None:
            body["mfa_code"] = mfa_code
        self.client.call("POST", "users/me/password", body=body)

    def renew_backup_codes(self, code: str, password: str) -> tuple[str, ...]:
        """Ten new ones, told once; the earlier ones end."""
        answer = self.client.call("POST", "users/mfa/backup-codes", body={"code": code, "password": password})
        return Fields(answer.document, "codes").texts("backup_codes")

    def mfa_disable(self, code: str, password: str) -> None:
        """Take the second factor away."""
        self.client.call("POST", "users/mfa/disable", body={"code": code, "password": password})


class _Sessions(Resource):
    def list(self) -> tuple[RemoteSession, ...]:
        """Where one is signed in."""
        read = Fields(self.client.call("GET", "sessions").document, "sessions")
        return tuple(RemoteSession.of(one) for one in read.several("sessions"))

    def revoke(self, session_id: str) -> None:
        """End one."""
        self.client.call("DELETE", f"sessions/{quote(session_id, safe='')}")

    def revoke_others(self) -> None:
        """End all but this one."""
        self.client.call("DELETE", "sessions")


class _Devices(Resource):
    def list(self) -> tuple[RemoteDevice, ...]:
        """Homes that have pushed or pulled."""
        read = Fields(self.client.call("GET", "devices").document, "devices")
        return tuple(RemoteDevice.of(one) for one in read.several("devices"))

    def revoke(self, device_id: str) -> None:
        """Let it neither push nor pull any more, and end its sessions."""
        self.client.call("DELETE", f"devices/{quote(device_id, safe='')}")

    def release(self, device_id: str) -> None:
        """Let it push again that an alarm stopped. RefusedError `step-up-required` after a while."""
        self.client.call("POST", f"devices/{quote(device_id, safe='')}/release")


class _Keys(Resource):
    def list(self) -> tuple[ApiKey, ...]:
        """Keys for programs."""
        read = Fields(self.client.call("GET", "keys").document, "keys")
        return tuple(ApiKey.of(one) for one in read.several("keys"))

    def create(
        self, name: str, scopes: Sequence[str], addresses: Sequence[str] = (), expires_at: datetime | None = None
    ) -> ApiKey:
        """Make one; the key itself is in the answer and nowhere else. RefusedError `step-up-required` after a while.

        `addresses`: networks that it may be used from, none for all; `expires_at`: 90 days from now where absent.
        """
        body: dict[str, Any] = {"name": name, "scopes": list(scopes), "addresses": list(addresses)}
        if expires_at is not None:
            body["expires_at"] = expires_at.isoformat()
        return ApiKey.of(Fields(self.client.call("POST", "keys", body=body).document, "key"))

    def revoke(self, key_id: str) -> None:
        """End one."""
        self.client.call("DELETE", f"keys/{quote(key_id, safe='')}")


class _Members(Resource):
    """Whom one's own accounts are shared with."""

    def list(self, account: str) -> tuple[AccountMember, ...]:
        """Of one account, the first first."""
        read = Fields(self.client.call("GET", _members(account)).document, "members")
        return tuple(AccountMember.of(one) for one in read.several("members"))

    def share(self, account: str, email: str, rights: str) -> AccountMember:
        """With somebody of one's desk. MissingDataError where nobody of it has the email."""
        body = {"email": email, "rights": rights}
        return AccountMember.of(self.client.call("POST", _members(account), body=body, twice=True).document)

    def share_by_id(self, account: str, user_id: str, rights: str) -> AccountMember:
        """With somebody of any desk. MissingDataError where there is nobody of the id."""
        path = f"{_members(account)}/{quote(user_id, safe='')}"
        return AccountMember.of(self.client.call("PUT", path, body={"rights": rights}, twice=True).document)

    def unshare(self, account: str, user_id: str) -> None:
        """No more. MissingDataError where it is not shared with him."""
        self.client.call("DELETE", f"{_members(account)}/{quote(user_id, safe='')}")


def _members(account: str) -> str:
    return f"accounts/{quote(account, safe='')}/members"


class _Sync(Resource):
    """Documents as they are; `transport` reads them, and the device's own client sends them again."""

    def push(self, document: Mapping[str, Any]) -> Mapping[str, Any]:
        """Events of this device, each of which has an id."""
        answer = self.client.call("POST", "sync/push", body=document, compressed=True, patient=False)
        return Fields(answer.document, "push").document

    def pull(self, cursor: int, limit: int) -> Mapping[str, Any]:
        """Events after a cursor, and the head."""
        params = {"cursor": str(cursor), "limit": str(limit)}
        return Fields(self.client.call("GET", "sync/pull", params=params, patient=False).document, "pull").document

    def inclusion(self, seq: int) -> Mapping[str, Any]:
        """What ties an event of one's stream to its signed head: `leaf`, `proof`, `head`."""
        answer = self.client.call("GET", "sync/proofs/inclusion", params={"seq": str(seq)})
        return Fields(answer.document, "inclusion").document

    def consistency(self, older: int) -> Mapping[str, Any]:
        """What shows that one's stream begins with its first `older` events: `older_root`, `proof`, `head`."""
        answer = self.client.call("GET", "sync/proofs/consistency", params={"older": str(older)})
        return Fields(answer.document, "consistency").document

    def conflicts(self) -> tuple[Fields, ...]:
        """Open ones, the oldest first."""
        return Fields(self.client.call("GET", "sync/conflicts").document, "conflicts").several("conflicts")

    def resolve(self, event_id: str, resolution: str) -> Fields:
        """Decide one; the same decision again is answered as before."""
        body = {"event_id": event_id, "resolution": resolution}
        return Fields(self.client.call("POST", "sync/resolve", body=body, twice=True).document, "conflict")
