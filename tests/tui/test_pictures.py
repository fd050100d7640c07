"""Snapshots of the real screens as text, at the sizes that must hold. Renewed by `pytest --snapshot-update`."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len
from syrupy.extensions.single_file import SingleFileAmberSnapshotExtension

from config.screens import NAMES
from optionix_core.market.clock import ManualClock
from optionix_core.services import trading
from optionix_core.services.doctor import Finding, State
from optionix_core.services.workspace import Workspace
from optionix_tui.app import OptionixApp
from optionix_tui.drawing import screen_text
from optionix_tui.picture import draw, settle
from tests.core.services.desk_of_orders import work
from tests.tui.styled import screen_styles
from tests.tui.team_link import LinkInMemory

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

PAIRS = (((80, 24), (44, 40)), ((120, 36), (200, 55)))
"""A size to start in, and one to change to."""
MakeApp = Callable[..., OptionixApp]


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """A file for each, so that a change of one screen touches its own files alone."""
    return snapshot.use_extension(SingleFileAmberSnapshotExtension)


@pytest.fixture(autouse=True)
def the_same_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the system screen finds of home and machine, whatever machine it is."""
    found = (
        Finding("engine", State.OK, "optionix on Python"),
        Finding(
            "kernels", State.ATTENTION, "not compiled yet: the first use will wait", "optionix warm compiles them now"
        ),
        Finding("home", State.FAILED, "/home (0.0 GB free)", "make room on the disk"),
        Finding("server", State.NOT_CONFIGURED, "no team server is set: this home works by itself"),
    )
    monkeypatch.setattr("optionix_core.services.doctor.examine", lambda *_args, **_options: found)


@pytest.fixture
def traded(open_workspace: Callable[[], Workspace]) -> None:
    """Two contracts bought and one sold again."""
    with open_workspace() as workspace:
        listed = workspace.feed.expiries("ORBIT", workspace.clock.now())
        chain = workspace.feed.chain("ORBIT", workspace.clock.now(), *listed[2]).slices[0]
        symbol = chain.call.symbols[len(chain.strikes) // 2]
        assert symbol is not None
        for side, quantity in (("buy", 2), ("sell", 1)):
            trading.raise_for_state(trading.submit(workspace, side, quantity, symbol, None, f"picture-{side}"))


@pytest.mark.parametrize(("size", "other"), PAIRS, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("mode", NAMES)
async def test_a_screen_looks_as_it_did(
    make_app: MakeApp,
    traded: None,
    snapshot: SnapshotAssertion,
    mode: str,
    size: tuple[int, int],
    other: tuple[int, int],
) -> None:
    app = make_app(mode=mode)
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        assert _fits(screen_text(app), size) == snapshot(name="text")
        assert screen_styles(app) == snapshot(name="dark")
        app.use_theme("light")
        await settle(app, pilot)
        assert screen_styles(app) == snapshot(name="light")
        app.use_theme("dark")
        await pilot.resize_terminal(*other)
        await settle(app, pilot)
        assert _fits(screen_text(app), other) == snapshot(name=f"then {other[0]}x{other[1]}")


def _fits(text: str, size: tuple[int, int]) -> str:
    lines = text.splitlines()
    assert len(lines) == size[1]
    assert [line for line in lines if cell_len(line) > size[0]] == []
    return text


@pytest.mark.parametrize("size", [first for first, _ in PAIRS], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_a_desk_full_of_orders_looks_as_it_did(
    make_app: MakeApp,
    open_workspace: Callable[[], Workspace],
    clock: ManualClock,
    snapshot: SnapshotAssertion,
    size: tuple[int, int],
) -> None:
    with open_workspace() as workspace:
        work(workspace, clock)
    assert await draw(make_app(mode="orders"), size, "text") == snapshot


async def test_two_runs_of_one_moment_are_the_same_to_the_character(make_app: MakeApp, traded: None) -> None:
    first = await draw(make_app(), (120, 36), "text")
    assert await draw(make_app(), (120, 36), "text") == first


async def test_the_svg_is_a_picture_of_the_same_screen(make_app: MakeApp, traded: None) -> None:
    picture = ET.fromstring(await draw(make_app(), (120, 36), "svg"))  # noqa: S314 - written by ourselves just now
    words = " ".join("".join(picture.itertext()).replace("\xa0", " ").split())
    assert "ORBIT" in words
    assert "SIM" in words


@pytest.mark.parametrize(("size", "other"), PAIRS, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_a_home_with_a_server_looks_as_it_did(
    make_app: MakeApp, snapshot: SnapshotAssertion, size: tuple[int, int], other: tuple[int, int]
) -> None:
    app = make_app(mode="sync", team=LinkInMemory(kept=True))
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        assert _fits(screen_text(app), size) == snapshot(name="text")
        await pilot.resize_terminal(*other)
        await settle(app, pilot)
        assert _fits(screen_text(app), other) == snapshot(name=f"then {other[0]}x{other[1]}")
