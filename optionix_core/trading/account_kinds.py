"""Which venue an account is bound to, for life: this device, a server's paper venue, or a broker.

    account/NAME/bound    account.bound    the kind, told by the server that opened the account

An account that nobody bound belongs to the venue that its first order opened it at. Names that begin with `server-`
are the server's to give: a device opens none, so that a home that has traded and its server never mean two accounts by
one name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, cast, get_args

from optionix_core.errors import IntegrityError, InvalidValueError
from optionix_core.sync.event import Event

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from optionix_core.sync.event import Json

AccountKind = Literal["local-sim", "server-paper", "live"]
KINDS: Final = frozenset(get_args(AccountKind))
BOUND: Final = "account.bound"
LOCAL_SIM: Final = "local-sim"
"""The venue on this device; it trades the simulated feed and no other."""
SERVER_PREFIX: Final = "server-"
"""How names begin that only a server gives."""


def server_names() -> Iterator[str]:
    """`server-1`, `server-2` ...: names of accounts that a server opens by itself."""
    number = 1
    while True:
        yield f"{SERVER_PREFIX}{number}"
        number += 1


def check_opening(account: str, venue: str) -> None:
    """InvalidValueError where a device would open an account under a name that is a server's to give."""
    if venue == LOCAL_SIM and account.startswith(SERVER_PREFIX):
        bound = f"a name that does not begin with {SERVER_PREFIX!r}, which only accounts at a server's venue do"
        raise InvalidValueError("account", repr(account), f"{bound}; `optionix sync now` brings yours here")


def bound_id(account: str) -> str:
    """Id of the event that binds an account."""
    return f"account/{account}/bound"


def bound_event(account: str, kind: AccountKind, time: datetime) -> Event:
    """The event that binds an account to its venue."""
    return Event(bound_id(account), BOUND, time, {"account": account, "kind": kind})


def bound_of(event: Event) -> tuple[str, AccountKind]:
    """Account and kind. IntegrityError where the event is malformed."""
    account, kind = event.payload.get("account"), event.payload.get("kind")
    if not isinstance(account, str) or kind not in KINDS:
        raise IntegrityError(f"{event.id} binds no account to a venue")
    return account, cast("AccountKind", kind)


def kinds_of(state: Mapping[str, Json]) -> dict[str, AccountKind]:
    """Kinds by account, of a fold's state. IntegrityError for a kind that is none."""
    for account, kind in state.items():
        if kind not in KINDS:
            bound = ", ".join(sorted(KINDS))
            raise IntegrityError(f"field kinds must hold one of {bound} for {account} (got {kind!r})")
    return cast("dict[str, AccountKind]", dict(state))
