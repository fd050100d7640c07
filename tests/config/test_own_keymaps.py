from __future__ import annotations

from pathlib import Path

import pytest

from config import keymaps
from config.actions import ACTIONS
from config.screens import NAMES


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "keymaps"
    made.mkdir()
    return made


def write(file: Path, text: str) -> Path:
    file.write_text(text, encoding="utf-8")
    return file


def test_layers_lie_over_one_another_and_a_named_file_lies_on_top(tmp_path: Path, folder: Path) -> None:
    mine = write(folder / "mine.toml", 'description = "Mine."\nextends = "vim"\n[keys]\n"chain.buy" = "B"\n')
    general = write(tmp_path / "keymap.toml", '[keys]\n"chain.buy" = "f9"\n"chain.sell" = "S"\n')
    named = keymaps.load("mine", general, folder)
    assert (named.of("chain.buy"), named.of("chain.sell")) == (("f9",), ("S",))
    assert "Z Z" in named.of("app.quit")
    assert (named.name, named.description, named.file) == ("mine", "Mine.", mine)
    by_file = keymaps.load(str(mine), general, folder)
    assert (by_file.of("chain.buy"), by_file.of("chain.sell")) == (("B",), ("S",))
    assert keymaps.load("vim", general).of("chain.buy") == ("f9",)
    assert keymaps.names(folder) == ("default", "vim", "mine")


def test_a_key_that_begins_a_sequence_is_refused_with_its_line(folder: Path) -> None:
    file = write(folder / "mine.toml", '[keys]\n\n"chain.buy" = ["b", "g"]\n')
    with pytest.raises(keymaps.KeyMapError, match=r"'g' of chain\.buy begins 'g .' of \w+\.\w+, and so") as caught:
        keymaps.load("mine", None, folder)
    assert (caught.value.source, caught.value.line) == (str(file), 3)


def test_two_actions_on_one_key_are_told_with_file_and_line(folder: Path) -> None:
    file = write(folder / "mine.toml", '[keys]\n"chain.buy" = "s"\n')
    with pytest.raises(keymaps.KeyMapError, match=r"'s' is given to both chain\.buy and chain\.sell") as caught:
        keymaps.load("mine", None, folder)
    assert (caught.value.source, caught.value.line) == (str(file), 2)


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ('extends = "vmi"\n', 1, "extends must be a shipped key map (got 'vmi'); nearest: vim"),
        ('extend = "vim"\n', 1, "unknown section 'extend'; nearest: extends"),
        ('[keys.chain]\nbye = "b"\n', None, "unknown action 'chain.bye'; nearest: chain.buy"),
        ("description = 1\n", 1, "description must be text (got 1)"),
    ],
)
def test_a_wrong_map_names_file_line_and_nearest_name(folder: Path, text: str, line: int | None, told: str) -> None:
    file = write(folder / "mine.toml", text)
    with pytest.raises(keymaps.KeyMapError) as caught:
        keymaps.load("mine", None, folder)
    assert caught.value.source == str(file)
    assert line is None or caught.value.line == line
    assert told in str(caught.value)


def test_names_that_there_are_not_and_names_that_are_taken(folder: Path) -> None:
    with pytest.raises(keymaps.KeyMapError, match="unknown name 'vmi'; nearest: vim"):
        keymaps.load("vmi", None, folder)
    with pytest.raises(keymaps.KeyMapError, match="there is no such file"):
        keymaps.load(str(folder / "none.toml"))
    write(folder / "vim.toml", "[keys]\n")
    with pytest.raises(keymaps.KeyMapError, match="vim is a shipped key map"):
        keymaps.load("vim", None, folder)


@pytest.mark.parametrize("name", keymaps.KEY_MAPS)
def test_no_screen_hides_every_key_of_a_replay(name: str) -> None:
    keymap = keymaps.load(name)
    for screen in NAMES:
        acting = {action.id for action in keymap.by_key(("grid", screen, "replay", "app")).values()}
        assert {action.id for action in ACTIONS if action.scope == "replay"} <= acting, screen


def test_the_vim_map_zooms_by_z_o_on_every_screen_that_zooms() -> None:
    vim = keymaps.load("vim")
    zooming = [action.id for action in ACTIONS if action.id.endswith(".zoom")]
    assert len(zooming) > 5
    assert [action_id for action_id in zooming if "z o" not in vim.of(action_id)] == []
