from __future__ import annotations

from pathlib import Path

import pytest

from config import keymaps, themes
from config.actions import ACTIONS


@pytest.mark.parametrize("name", keymaps.KEY_MAPS)
def test_every_shipped_key_map_loads_and_leaves_no_footer_action_without_a_key(name: str) -> None:
    keymap = keymaps.load(name)
    assert all(keymap.of(action.id) for action in ACTIONS if action.footer)


def test_the_documented_keys_are_the_default_ones() -> None:
    keymap = keymaps.load()
    documented = {
        "app.help": {"?", "f1"}, "app.chain": {"f2", "g c"}, "app.book": {"f5", "g b"}, "app.command": {":"},
        "app.palette": {"ctrl+p"}, "app.last_view": {"-"}, "app.copy": {"y"}, "app.back": {"esc"}, "app.quit": {"q"},
        "chain.next_expiry": {"]"}, "chain.previous_expiry": {"["}, "chain.explain": {"i"}, "chain.filter": {"/"},
    }  # fmt: skip
    for action, keys in documented.items():
        assert keys <= set(keymap.of(action)), action
    assert "b" in keymap.of("chain.buy")
    assert keymap.of("chain.sell") == ("s",)


def test_a_users_file_overrides_by_action_id(tmp_path: Path) -> None:
    file = tmp_path / "keymap.toml"
    file.write_text('[keys]\n"chain.buy" = ["f9", "B"]\napp.book = "g 5"\n', encoding="utf-8")
    keymap = keymaps.load("default", file)
    assert keymap.of("chain.buy") == ("f9", "B")
    assert keymap.of("app.book") == ("g 5",)
    assert keymap.of("chain.sell") == ("s",)
    table = keymap.by_key(("grid", "chain", "app"))
    assert table["B"].id == "chain.buy"
    assert "b" not in table


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ('[keys]\n\n"chain.bye" = "b"\n', 3, "nearest: chain.buy"),
        ('[keys]\n"chain.buy" = "pgup"\n', 2, "nearest: pageup"),
        ('[keys]\n"chain.buy" = 7\n', 2, "a key or a list of keys (got 7)"),
        ('[keyz]\n"chain.buy" = "b"\n', 1, "unknown section 'keyz'"),
        ('[keys\n"chain.buy" = "b"\n', 1, ""),
    ],
)
def test_a_wrong_key_map_names_file_line_and_nearest_name(tmp_path: Path, text: str, line: int, told: str) -> None:
    file = tmp_path / "keymap.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(keymaps.KeyMapError) as caught:
        keymaps.load("default", file)
    assert caught.value.line == line
    assert str(file) in str(caught.value)
    assert told in str(caught.value)


def test_one_key_for_two_actions_of_one_screen_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "keymap.toml"
    file.write_text('[keys]\n"chain.buy" = "s"\n', encoding="utf-8")
    with pytest.raises(keymaps.KeyMapError, match=r"'s' is given to both chain\.buy and chain\.sell"):
        keymaps.load("default", file)


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb`, WCAG 2.1."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", [name for name in themes.THEMES if name != "ansi"])
def test_what_carries_meaning_can_be_read(name: str) -> None:
    spec = themes.load(name)
    ground = spec.base["background"]
    for colour in ("up", "down", "bid", "ask", "strike", "atm", "key", "stale"):
        assert contrast(spec.market[colour], ground) >= 4.5, colour  # WCAG 2.1, 1.4.3 level AA
    assert contrast(spec.base["foreground"], ground) >= 7.0  # level AAA
    assert contrast(spec.market["cursor-text"], spec.market["cursor"]) >= 4.5


def test_the_colour_blind_theme_has_no_red_beside_green() -> None:
    market = themes.load("colour-blind").market
    for colour in (market["up"], market["down"]):
        red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
        assert max(red, green) - min(red, green) > 40 or blue > green  # blue or orange, never plain red or green
    assert int(market["up"][5:7], 16) > 150 > int(market["down"][5:7], 16)
