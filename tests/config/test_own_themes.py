from __future__ import annotations

from pathlib import Path

import pytest

from config import contrast, themes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "themes"
    made.mkdir()
    return made


def write(folder: Path, text: str, name: str = "mine") -> Path:
    file = folder / f"{name}.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_theme_that_extends_a_shipped_one_gives_what_differs(folder: Path) -> None:
    file = write(folder, 'description = "Mine."\nextends = "light"\n[market]\nup = "#004400"\ndown = "ansi_red"\n')
    spec, light = themes.load("mine", folder), themes.load("light")
    assert (spec.name, spec.description, spec.dark, spec.file) == ("mine", "Mine.", False, file)
    assert spec.market == {**light.market, "up": "#004400", "down": "ansi_red"}
    assert spec.base == light.base
    assert themes.names(folder) == (*themes.THEMES, "mine")
    assert themes.load(str(file)) == spec


def test_a_whole_theme_needs_no_other(folder: Path) -> None:
    write(folder, themes.source("dark"))
    spec, dark = themes.load("mine", folder), themes.load("dark")
    assert (spec.base, spec.market, spec.dark) == (dark.base, dark.market, True)


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ('extends = "dark"\n[market]\nupp = "#004400"\n', 3, "unknown colour 'upp' in [market]; nearest: up"),
        ('extends = "dark"\n[markt]\n', 2, "unknown name 'markt'; nearest: market"),
        ('extends = "drak"\n', 1, "extends must be a shipped theme (got 'drak'); nearest: dark"),
        (
            'extends = "dark"\n[base]\nerror = "red"\n',
            3,
            "error must be #rrggbb or one of the ansi_ colours (got 'red')",
        ),
        ('extends = "dark"\n[base]\nerror = "ansi_redd"\n', 3, "nearest: ansi_red"),
        ('extends = "dark"\n[base]\nerror = "#12345"\n', 3, "(got '#12345')"),
        ('extends = "dark"\ndark = "yes"\n', 2, "dark must be true or false (got 'yes')"),
        ('extends = "dark"\ndescription = 3\n', 2, "description must be text (got 3)"),
        ('extends = "dark"\nbase = 3\n', 2, "base must be a section, [base]"),
        ("dark = true\n[base]\n", 2, "[base] lacks primary, secondary"),
        ("dark = true\n", None, "section [base] is missing"),
        ("[base\n", 1, "is not TOML"),
    ],
)
def test_a_wrong_theme_names_file_line_and_nearest_name(folder: Path, text: str, line: int | None, told: str) -> None:
    file = write(folder, text)
    with pytest.raises(themes.ThemeError) as caught:
        themes.load("mine", folder)
    assert (caught.value.source, caught.value.line) == (str(file), line)
    assert told in str(caught.value)


def test_names_that_there_are_not_and_names_that_are_taken(folder: Path) -> None:
    with pytest.raises(themes.ThemeError, match="unknown name 'drak'; nearest: dark"):
        themes.load("drak", folder)
    with pytest.raises(themes.ThemeError, match="there is no such file"):
        themes.load(str(folder / "none.toml"))
    write(folder, 'extends = "light"\n', "dark")
    with pytest.raises(themes.ThemeError, match="dark is a shipped theme: give it another name"):
        themes.load("dark", folder)
    assert themes.names(folder) == themes.THEMES


def test_what_is_hard_to_read_is_told_with_its_contrast(folder: Path) -> None:
    write(folder, 'extends = "dark"\n[market]\nup = "#103010"\n')
    (told,) = themes.warnings(themes.load("mine", folder))
    assert told.startswith("up on background: contrast 1.3, under 4.5")


@pytest.mark.parametrize("name", themes.THEMES)
def test_no_shipped_theme_is_hard_to_read(name: str) -> None:
    assert themes.warnings(themes.load(name)) == ()


def test_contrast_is_that_of_wcag() -> None:
    assert contrast.ratio((0, 0, 0), (255, 255, 255)) == pytest.approx(21.0)
    assert contrast.ratio((119, 119, 119), (255, 255, 255)) == pytest.approx(
        4.48, abs=0.005
    )  # #777 on white, WCAG's own
    assert contrast.ratio((1, 2, 3), (1, 2, 3)) == 1.0
