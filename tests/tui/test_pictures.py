"""Snapshots of the real screens as text, at the sizes that must hold. Renewed by `pytest --snapshot-update`."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from config.screens import NAMES
from optionix_core.market.clock import ManualClock
from optionix_core.services import trading
from optionix_core.services.workspace import Workspace
from optionix_tui.app import OptionixApp
from optionix_tui.picture import draw
from tests.core.services.desk_of_orders import work

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

SIZES = ((44, 40), (80, 24), (120, 36), (200, 55))
MakeApp = Callable[..., OptionixApp]


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


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("mode", NAMES)
async def test_a_screen_looks_as_it_did(
    make_app: MakeApp, traded: None, snapshot: SnapshotAssertion, mode: str, size: tuple[int, int]
) -> None:
    text = await draw(make_app(mode=mode), size, "text")
    lines = text.splitlines()
    assert len(lines) == size[1]
    assert all(len(line) <= size[0] for line in lines)
    assert text == snapshot


@pytest.mark.parametrize("size", SIZES[1:3], ids=lambda size: f"{size[0]}x{size[1]}")
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
