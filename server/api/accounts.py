"""Accounts as routers ask for them: found by the books, which decide who may see them, and brought up to now.

A router never looks at who owns what.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from optionix_core.services.workspace import Workspace
    from server.auth.identity import Identity
    from server.context import Server
    from server.parts import AccountRef


class Opened(NamedTuple):
    """An account that the caller may see, with what services work on."""

    ref: AccountRef
    workspace: Workspace
    account_id: str
    """As the caller names it."""


def opened(server: Server, identity: Identity, account_id: str | None, *, to_trade: bool = False) -> Opened:
    """The account. Raises Problem 404 and 403 as `Books.account` does."""
    return of_ref(server, identity, server.books.account(identity, account_id, to_trade=to_trade))


def of_ref(server: Server, identity: Identity, ref: AccountRef) -> Opened:
    """An account that the books told; one that may be read only, as its own market has it."""
    books = server.books
    workspace = books.workspace(ref) if ref.rights == "trade" else books.viewed(ref)
    return Opened(ref, workspace, named(identity, ref))


def named(identity: Identity, ref: AccountRef) -> str:
    """An account as the caller names it: another's by stream and name."""
    return ref.account if ref.owner_id == identity.user_id else f"{ref.stream_id}:{ref.account}"


def up_to_now(account: Opened) -> Opened:
    """What time alone has done to the account is done before it is shown, unless somebody writes just now."""
    from optionix_core.services.lifecycle import bring_up_to_date_where_free

    bring_up_to_date_where_free(account.workspace)
    return account
