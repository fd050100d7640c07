"""Before a home joins a server's stream it is looked whether both mean the same accounts by the same names.

Accounts meet by their names. Where a home has traded `paper-1` and the user's stream has another account of that name,
bound elsewhere or opened on another device, the home's entries would be set apart one by one, or would land in a book
that is not theirs. So nothing is bound then: it is said which two meet, and the home stays as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from optionix_core.errors import RefusedError
from optionix_core.portfolio.ledger import opened_id
from optionix_core.services import syncing
from optionix_core.sync.canonical import decode
from optionix_core.sync.wire import MAXIMUM_PAGE
from optionix_core.trading.account_kinds import LOCAL_SIM, bound_id, bound_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from optionix_core.services.workspace import Workspace
    from optionix_core.sync.event import Record
    from optionix_core.sync.replica import Binding
    from optionix_core.sync.wire import PulledEvent, Transport

RULE: Final = "account-name"
FORBIDDEN: Final = "forbidden"
"""The refusal of whoever may not read the stream."""


class Clash(NamedTuple):
    """An account of this home and another one of the same name in the stream."""

    account: str
    opened: datetime
    """When it was opened here."""
    there: str
    """What the other one is, in words."""


def join(workspace: Workspace, transport: Transport, server: str, user: str, where: str) -> Binding:
    """`syncing.bind`, where no names meet; a home that is bound already is not looked at again.

    `transport` reads the stream of `user`; `where`: that stream in words. Raises as `expect_names_apart` and `bind`.
    """
    if syncing.status(workspace).binding is None:
        expect_names_apart(workspace, transport, where)
    return syncing.bind(workspace, server, user)


def expect_names_apart(workspace: Workspace, transport: Transport, where: str) -> None:
    """RefusedError `account-name` where an account of this home meets another one in the stream that `transport` reads.

    Reads the whole stream, and only where the home has accounts of its own; writes nothing. Whoever may not read the
    stream may not write it either, so that nothing meets.
    """
    own = _opened_here(workspace)
    if not own:
        return
    found = clashes(own, transport)
    if found:
        told = "; ".join(
            f"{one.account} of this home is matched here since {one.opened:%Y-%m-%d %H:%M} UTC, {one.account} of "
            f"{where} is {one.there}"
            for one in found
        )
        raise RefusedError(
            RULE,
            f"{told}. These are two accounts of one name: nothing was bound or sent, and this home is as it was. Sign "
            "in from another home, which then has that one (OPTIONIX_HOME=FOLDER optionix login ...)",
        )


def clashes(own: Mapping[str, Record], transport: Transport) -> tuple[Clash, ...]:
    """Those of a home's openings, by account, that the stream has otherwise. Raises what `transport` raises."""
    found: dict[str, Clash] = {}
    asked = {name: account for account in own for name in (opened_id(account), bound_id(account))}
    for pulled in _stream(transport):
        account = asked.get(pulled.id)
        if account is not None and account not in found:
            there = _otherwise(own[account], pulled)
            if there is not None:
                found[account] = Clash(account, own[account].event.time, there)
    return tuple(found[account] for account in sorted(found))


def _opened_here(workspace: Workspace) -> Mapping[str, Record]:
    """Openings of the home's own accounts that are matched on this device."""
    store = workspace.store
    workspace.desk.follow(store)
    names = [state.account for state in workspace.desk.book.accounts() if state.venue == LOCAL_SIM]
    known = store.find_many([opened_id(name) for name in names])
    return {name: known[opened_id(name)] for name in names}


def _otherwise(own: Record, pulled: PulledEvent) -> str | None:
    """What a pulled event says of another account; None where it says nothing else than the home."""
    if pulled.id == own.event.id:
        if pulled.data == own.data or pulled.status != "accepted":
            return None
        return f"another one, opened {decode(pulled.data).time:%Y-%m-%d %H:%M} UTC on another device"
    _, kind = bound_of(decode(pulled.data))
    return None if kind == LOCAL_SIM else f"bound to {kind}: its orders are matched there"


def _stream(transport: Transport) -> Iterator[PulledEvent]:
    """All events of the stream, page by page."""
    cursor = 0
    while True:
        try:
            page = transport.pull(cursor, MAXIMUM_PAGE)
        except RefusedError as error:
            if error.rule == FORBIDDEN:
                return
            raise
        yield from page.events
        if not page.events or page.next_cursor >= page.head.seq:
            return
        cursor = page.next_cursor
