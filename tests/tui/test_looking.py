"""What the stream asks a feed whose quotes stand still: again until the smile is there, and then no more."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optionix_core.feeds.files.feed import FileFeed
from optionix_core.feeds.simulated import SimulatedFeed
from optionix_core.market.clock import ManualClock
from optionix_core.services import surfaces
from optionix_core.services.chain_smile import COMPILING
from optionix_core.services.chain_view import FITTING, ChainViewer
from optionix_core.services.home import HomeFolders
from optionix_core.services.workspace import Workspace
from optionix_tui.mailbox import Mailbox
from optionix_tui.stream import Stream
from screens.session import Selection

if TYPE_CHECKING:
    import pytest

MOMENT = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)


def looks(home: Path, number: int, *, keeps_venue: bool) -> list[dict[str, Any]]:
    """What so many looks at a file leave in the mailbox."""
    feed = FileFeed(SimulatedFeed(seed=20).chain("ORBIT", MOMENT), "orbit")
    workspace = Workspace.open(HomeFolders.of(home), clock=ManualClock(MOMENT))
    mailbox = Mailbox(lambda: None)
    stream = Stream(workspace, mailbox, 20.0, Selection(), keeps_venue=keeps_venue, loaded=lambda: None)
    viewer = ChainViewer(feed)
    found = []
    for _ in range(number):
        stream._look(viewer, MOMENT)
        found.append(mailbox.take())
        if stream._compiler is not None:
            stream._compiler.join()
    return found


def test_a_file_is_looked_at_until_its_smile_is_there(tmp_path: Path) -> None:
    surfaces.prepare("svi")
    first, second, third = looks(tmp_path, 3, keeps_venue=True)
    assert first["chain"].no_smile == FITTING
    assert second["chain"].smile is not None
    assert third == {}


def test_kernels_are_waited_for_where_another_process_compiles_them_and_compiled_where_none_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    surfaces.prepare("svi")
    ready: list[str] = []
    monkeypatch.setattr(surfaces, "is_prepared", lambda _: bool(ready))
    monkeypatch.setattr(surfaces, "prepare", ready.append)
    told = [answer["chain"].no_smile for answer in looks(tmp_path / "a", 4, keeps_venue=True)]
    assert told == [FITTING, COMPILING, COMPILING, COMPILING]
    assert ready == []
    *_, third = looks(tmp_path / "b", 3, keeps_venue=False)
    assert ready == ["svi"]
    assert third["chain"].smile is not None
