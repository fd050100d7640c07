"""What the terminal's screens ask of a server, over the real one: in the background, woken, and ended."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from queue import Empty, Queue

import pytest

from optionix_core.errors import MissingDataError, ReadOnlyError, RefusedError
from optionix_core.services.home import HomeFolders
from optionix_core.services.workspace import Workspace
from optionix_core.sync.event import Event
from optionix_tui.remote.link import HomeLink
from screens.team import SyncNews
from tests.remote.conftest import PASSWORD, Live

EMAIL = "ann@example.com"
PATIENCE = 60.0


def _raise(error: Exception) -> None:
    raise error


def link_of(live: Live, workspace: Workspace, name: str, *, interval: float = 3600.0) -> HomeLink:
    return HomeLink(lambda: live.of(live.home(name)), workspace, background=True, interval=interval)


def await_news(news: Queue[SyncNews], wanted: Callable[[SyncNews], object], what: str) -> SyncNews:
    while True:
        try:
            told = news.get(timeout=PATIENCE)
        except Empty:
            raise AssertionError(f"waited for {what}") from None
        if wanted(told):
            return told


def write(workspace: Workspace, live: Live, name: str) -> None:
    with workspace.store.writing("a note") as writer:
        writer.append([Event(name, "note.written", live.clock.now(), {"text": "x"})])


def test_two_terminals_have_each_others_entries_without_waiting_for_the_interval(live: Live) -> None:
    live.add()
    one_news: Queue[SyncNews] = Queue()
    other_news: Queue[SyncNews] = Queue()
    changed: Queue[str] = Queue()
    with live.workspace("one") as one, live.workspace("other") as other:
        first, second = link_of(live, one, "one"), link_of(live, other, "other")
        first.start(one_news.put, lambda: changed.put("one"), _raise)
        second.start(other_news.put, lambda: changed.put("other"), _raise)
        with closing(_Stopping(first)), closing(_Stopping(second)):
            await_news(one_news, lambda news: news.member is None, "nobody signed in")
            for link, news in ((first, one_news), (second, other_news)):
                link.sign_in(live.url, EMAIL, PASSWORD, None)
                link.wake()
                await_news(news, lambda told: told.in_step is not None and told.in_step.last_sync, "the first sync")
            write(one, live, "note/1")
            first.wake()  # as the terminal does once its log has grown
            seen = await_news(
                other_news, lambda told: told.in_step is not None and told.in_step.cursor == 1, "the hint"
            )
            assert seen.problem is None
            assert other.store.find("note/1") is not None
            assert changed.get(timeout=PATIENCE) in {"one", "other"}
            second.sign_out()
            second.wake()
            await_news(other_news, lambda told: told.member is None, "the end of the sign-in")


class _Stopping:
    def __init__(self, link: HomeLink) -> None:
        self._link = link

    def close(self) -> None:
        self._link.stop()


def test_what_the_screens_ask_is_answered_by_the_server(live: Live) -> None:
    live.add()
    with live.workspace("one") as workspace:
        link = link_of(live, workspace, "one")
        with pytest.raises(RefusedError, match="optionix login"):
            link.desk()
        assert link.member() is None
        assert link.last_server() == ("", "")
        assert "no keyring" in link.sign_in(live.url, EMAIL, PASSWORD, None)
        member = link.member()
        assert member is not None
        assert (member.email, member.role, link.last_server()) == (EMAIL, "trader", (live.url, EMAIL))
        around = link.surroundings()
        assert [one.here for one in around.devices] == [True]
        assert [one.here for one in around.sessions] == [True]
        write(workspace, live, "note/1")
        assert link.in_step().pending == 1
        assert (link.sync().pushed, link.in_step().pending) == (1, 0)
        first = link.in_step().last_sync
        live.clock.advance(timedelta(seconds=5))
        link.sync()
        later = link.in_step().last_sync
        assert first is not None
        assert later is not None
        assert (later - first).total_seconds() == 5.0
        assert link.conflicts() == ()
        secret, uri = link.begin_mfa()
        assert secret in uri
        with pytest.raises(MissingDataError):
            link.revoke_session("6f1d0c1e-0000-4000-8000-000000000000")
        link.revoke_session(member.session_id)
        with pytest.raises(RefusedError):
            link.desk()
        link.stop()


def test_a_terminal_for_reading_alone_pushes_and_pulls_nothing(live: Live) -> None:
    user = live.add()
    with live.workspace("one") as workspace:
        link_of(live, workspace, "one").sign_in(live.url, EMAIL, PASSWORD, None)
        write(workspace, live, "note/1")
    home = live.home("one")
    reading = HomeFolders(home.data, home.state, home.cache, home.config, read_only=True)
    news: Queue[SyncNews] = Queue()
    with Workspace.open(reading, clock=live.clock) as workspace:
        link = HomeLink(lambda: live.of(reading), workspace, background=True, interval=3600.0)
        link.start(news.put, lambda: None, _raise)
        with closing(_Stopping(link)):
            told = await_news(news, lambda one: one.in_step is not None, "how it stands")
            assert told.in_step is not None
            assert told.in_step.pending == 1
            with pytest.raises(ReadOnlyError, match="synchronise"):
                link.sync()
            assert link.desk() is not None
    assert live.server.books.store(live.server.books.own_stream(user.id)).head().seq == 0
