"""A home joins a stream only where both mean the same accounts by the same names; a device gives no server's name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from optionix_core.errors import InvalidValueError, RefusedError, VenueError
from optionix_core.market.clock import ManualClock
from optionix_core.portfolio.ledger import account_opened_event
from optionix_core.services import joining, syncing, trading
from optionix_core.services.home import HomeFolders
from optionix_core.services.workspace import Workspace
from optionix_core.sync.canonical import encode
from optionix_core.sync.event import Event
from optionix_core.sync.wire import PulledEvent, PullPage, SignedHead
from optionix_core.trading.account_kinds import bound_event, check_opening, server_names
from optionix_core.trading.terms import OrderTerms

NOW = datetime(2026, 1, 16, 15, 30, tzinfo=UTC)
CALL = "ORBIT 15JAN27 230 C"
BUY = OrderTerms("buy", 1, CALL)


class Stream:
    """Shows events, few in a page."""

    def __init__(self, *events: Event, status: str = "accepted", problem: Exception | None = None) -> None:
        self.events, self.status, self.problem = events, status, problem
        self.pulls: list[int] = []

    def pull(self, cursor: int, limit: int) -> PullPage:
        self.pulls.append(cursor)
        assert limit >= 2
        if self.problem is not None:
            raise self.problem
        shown: Any = [
            PulledEvent(seq, event.id, encode(event), self.status)  # type: ignore[arg-type] # one of the two
            for seq, event in enumerate(self.events, 1)
        ][cursor : cursor + 2]
        head = SignedHead("s", len(self.events), b"", b"", b"", b"")
        return PullPage(shown, cursor + len(shown), head)


def note(number: int) -> Event:
    return Event(f"note/{number}", "journal.noted", NOW, {"text": "x"})


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace(HomeFolders.of(tmp_path), clock=ManualClock(NOW)) as opened:
        yield opened


def join(workspace: Workspace, stream: Any) -> None:
    joining.join(workspace, stream, "https://server", "user", "ann@x on https://server")


def test_a_home_without_accounts_joins_unasked(workspace: Workspace) -> None:
    stream = Stream(bound_event("paper-1", "server-paper", NOW))
    join(workspace, stream)
    assert (stream.pulls, syncing.status(workspace).word) == ([], "synced")


@pytest.mark.parametrize(
    ("there", "words"),
    [
        (bound_event("paper-1", "server-paper", NOW), "bound to server-paper"),
        (bound_event("paper-1", "live", NOW), "bound to live"),
        (account_opened_event("paper-1", "local-sim", "USD", NOW - timedelta(days=9)), "opened 2026-01-07 15:30 UTC"),
    ],
)
def test_two_accounts_of_one_name_are_told_and_nothing_is_bound(workspace: Workspace, there: Event, words: str) -> None:
    assert trading.place(workspace, BUY, "first").fills
    before = workspace.store.head()
    stream = Stream(note(1), note(2), note(3), there)
    with pytest.raises(RefusedError) as caught:
        join(workspace, stream)
    assert (caught.value.rule, caught.value.exit_code, stream.pulls) == ("account-name", 5, [0, 2])
    for told in ("paper-1 of this home is matched here since 2026-01-16 15:30", "ann@x on https://server", words):
        assert told in str(caught.value)
    assert (syncing.status(workspace).word, workspace.store.head()) == ("unbound", before)
    assert trading.place(workspace, BUY, "second").fills  # it goes on as it was


def test_an_account_that_the_home_pushed_before_is_the_same_account(workspace: Workspace) -> None:
    assert trading.place(workspace, BUY, "first").fills
    own = [record.event for record in workspace.store.read()]
    join(
        workspace, Stream(*own, bound_event("server-1", "server-paper", NOW), bound_event("paper-1", "local-sim", NOW))
    )
    assert syncing.status(workspace).pending == len(own)
    stream = Stream(bound_event("paper-1", "server-paper", NOW))
    join(workspace, stream)  # bound already
    assert stream.pulls == []


def test_an_opening_that_was_set_apart_is_no_account(workspace: Workspace) -> None:
    assert trading.place(workspace, BUY, "first").fills
    there = account_opened_event("paper-1", "local-sim", "USD", NOW - timedelta(days=9))
    join(workspace, Stream(there, status="quarantined"))
    assert syncing.status(workspace).word == "pending"


def test_a_stream_that_cannot_be_read_is_not_taken_for_empty(workspace: Workspace) -> None:
    assert trading.place(workspace, BUY, "first").fills
    with pytest.raises(VenueError):
        join(workspace, Stream(problem=VenueError("no route")))
    assert syncing.status(workspace).word == "unbound"
    join(workspace, Stream(problem=RefusedError("forbidden", "your role does not give sync:read")))
    assert syncing.status(workspace).word == "pending"


def test_a_device_opens_no_account_under_a_name_that_is_a_servers(workspace: Workspace, tmp_path: Path) -> None:
    names = server_names()
    assert [next(names), next(names)] == ["server-1", "server-2"]
    check_opening("server-1", "server-paper")
    check_opening("observer-1", "local-sim")
    with Workspace(workspace.home, account="server-1", clock=workspace.clock) as other:
        for act in (trading.place, trading.preview_terms):
            with pytest.raises(InvalidValueError, match=r"does not begin with 'server-'.*sync now"):
                act(other, BUY)
        assert other.store.head().seq == 0
