"""Settings come from the first place that gives them, and every mistake is named with its place."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from config import settings
from config.errors import SettingsError
from config.paths import Paths
from config.schema import SECTIONS, SETTINGS
from config.settings import Settings, load


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    made = Paths.of(tmp_path / "home")
    made.config.mkdir(parents=True)
    return made


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / ".git").mkdir(parents=True)
    return folder


def read(paths: Paths, cwd: Path, environ: dict[str, str] | None = None, **flags: object) -> Settings:
    dotted = {key.replace("__", "."): value for key, value in flags.items()}
    return load(flags=dotted, environ=environ or {}, cwd=cwd, paths=paths)


def test_the_shipped_defaults_cover_every_setting_within_its_bound(paths: Paths, project: Path) -> None:
    settings.validate(Path(settings.__file__).parent / "defaults" / "settings.toml")
    found = read(paths, project)
    assert [row.key for row in found.describe()] == [item.key for item in SETTINGS]
    assert all(item.accepts(found.value(item.key)) for item in SETTINGS)
    assert {row.origin for row in found.describe()} == {"default"}
    assert (found.feed.name, found.feed.seed, found.feed.session) == ("sim", 20, "continuous")
    assert found.account.name == "paper-1"
    assert isinstance(found.terminal.refresh_hz, float)


def test_each_place_wins_over_those_below_it(paths: Paths, project: Path) -> None:
    def seed_and_origin(found: Settings) -> tuple[int, str]:
        return found.feed.seed, found.origins["feed.seed"]

    user = paths.settings_file
    user.write_text("[feed]\n\nseed = 1\n", encoding="utf-8")
    assert seed_and_origin(read(paths, project)) == (1, f"user file {user}, line 3")
    local = project / "optionix.toml"
    local.write_text("feed.seed = 2\n", encoding="utf-8")
    assert seed_and_origin(read(paths, project)) == (2, f"project file {local}, line 1")
    environ = {"OPTIONIX_FEED_SEED": "3"}
    assert seed_and_origin(read(paths, project, environ)) == (3, "environment OPTIONIX_FEED_SEED")
    assert seed_and_origin(read(paths, project, environ, feed__seed=4)) == (4, "flag")


def test_a_place_sets_only_what_it_names(paths: Paths, project: Path) -> None:
    paths.settings_file.write_text('[account]\nname = "desk"\n', encoding="utf-8")
    found = read(paths, project)
    assert found.account.name == "desk"
    assert found.origins["account.name"].startswith("user file")
    assert found.origins["feed.name"] == "default"


@pytest.mark.parametrize(
    ("text", "expected"), [("true", True), ("YES", True), ("1", True), ("off", False), ("0", False)]
)
def test_switches_in_the_environment(paths: Paths, project: Path, text: str, expected: object) -> None:
    assert read(paths, project, {"OPTIONIX_TRADING_CONFIRM": text}).trading.confirm is expected


def test_a_doubled_underscore_means_the_same_variable_but_not_both(paths: Paths, project: Path) -> None:
    assert read(paths, project, {"OPTIONIX_FEED__SEED": "7"}).feed.seed == 7
    with pytest.raises(SettingsError, match="too"):
        read(paths, project, {"OPTIONIX_FEED__SEED": "7", "OPTIONIX_FEED_SEED": "8"})


def test_variables_of_other_purposes_are_left_alone(paths: Paths, project: Path) -> None:
    environ = {"OPTIONIX_HOME": "/somewhere", "OPTIONIX_FAULT_POINT": "after-commit", "FEED_SEED": "9"}
    assert read(paths, project, environ).feed.seed == 20


@pytest.mark.parametrize(
    ("text", "line", "key", "words"),
    [
        ("[feed]\nsead = 1\n", 2, "feed.sead", "unknown setting 'feed.sead'; nearest: feed.seed"),
        ("[fead]\nseed = 1\n", 1, "fead", "unknown section 'fead'; nearest: feed"),
        ('[feed]\n# no\nseed = "x"\n', 3, "feed.seed", "feed.seed must be a whole number from 0"),
        ("[feed]\nseed = -1\n", 2, "feed.seed", "got -1"),
        ("[feed]\nseed = 1.5\n", 2, "feed.seed", "got 1.5"),
        ("[feed]\nseed = true\n", 2, "feed.seed", "got True"),
        ('[feed]\nname = " "\n', 2, "feed.name", "text that is not empty"),
        ('[feed]\nsession = "always"\n', 2, "feed.session", "one of continuous, exchange"),
        ('[terminal]\ntheme = "pink"\n', 2, "terminal.theme", "one of dark, light"),
        ('[terminal]\nkeymap = "emacs"\n', 2, "terminal.keymap", "one of default, vim"),
        ("[terminal]\nrefresh_hz = 0\n", 2, "terminal.refresh_hz", "a number from 1 to 60"),
        ("[terminal]\nrefresh_hz = inf\n", 2, "terminal.refresh_hz", "got inf"),
        ("[trading]\nconfirm = 1\n", 2, "trading.confirm", "true or false"),
        ("feed = 3\n", 1, "feed", "must be a section"),
        ('feed.session = "always"\n', 1, "feed.session", "got 'always'"),
        ("[feed]\nname = \n", 2, None, "is not TOML"),
    ],
)
def test_a_mistake_in_a_file_names_file_line_key_and_bound(
    paths: Paths, project: Path, text: str, line: int, key: str | None, words: str
) -> None:
    file = paths.settings_file
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        settings.validate(file)
    assert (caught.value.source, caught.value.line, caught.value.key) == (str(file), line, key)
    assert str(caught.value).startswith(f"{file}, line {line}: ")
    assert words in str(caught.value)
    assert caught.value.exit_code == 2
    with pytest.raises(SettingsError):
        read(paths, project)


def test_a_mistake_in_the_environment_names_the_variable(paths: Paths, project: Path) -> None:
    with pytest.raises(SettingsError, match=r"OPTIONIX_FEED_SEED: feed\.seed must be a whole number .*got 'many'"):
        read(paths, project, {"OPTIONIX_FEED_SEED": "many"})
    with pytest.raises(SettingsError, match="unknown variable 'OPTIONIX_FEED_SEDE'; nearest: OPTIONIX_FEED_SEED"):
        read(paths, project, {"OPTIONIX_FEED_SEDE": "1"})


def test_a_mistake_in_a_flag_names_the_setting(paths: Paths, project: Path) -> None:
    with pytest.raises(SettingsError, match=r"flag: terminal\.theme must be one of"):
        read(paths, project, terminal__theme="pink")
    with pytest.raises(SettingsError, match="unknown setting"):
        read(paths, project, terminal__colour="pink")


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="cannot be read"):
        settings.validate(file)
    with pytest.raises(SettingsError, match="cannot be read"):
        settings.validate(tmp_path / "absent.toml")


def test_the_project_file_is_found_up_to_the_repository_root_and_no_further(tmp_path: Path) -> None:
    outside = tmp_path / "optionix.toml"
    outside.write_text("feed.seed = 1\n", encoding="utf-8")
    root = tmp_path / "repository"
    deep = root / "a" / "b"
    deep.mkdir(parents=True)
    (root / ".git").mkdir()
    assert settings.project_file(deep) is None
    inside = root / "optionix.toml"
    inside.write_text("feed.seed = 2\n", encoding="utf-8")
    assert settings.project_file(deep) == inside
    nearer = root / "a" / "optionix.toml"
    nearer.write_text("feed.seed = 3\n", encoding="utf-8")
    assert settings.project_file(deep) == nearer


def test_outside_a_repository_only_the_current_folder_counts(tmp_path: Path) -> None:
    if any((parent / ".git").exists() for parent in (tmp_path, *tmp_path.parents)):
        pytest.skip("the temporary folder lies inside a repository")
    below = tmp_path / "below"
    below.mkdir()
    (tmp_path / "optionix.toml").write_text("feed.seed = 1\n", encoding="utf-8")
    assert settings.project_file(below) is None
    assert settings.project_file(tmp_path) == tmp_path / "optionix.toml"


def test_the_initial_file_is_valid_changes_nothing_and_shows_every_setting(paths: Paths, project: Path) -> None:
    text = settings.initial_text()
    paths.settings_file.write_text(text, encoding="utf-8")
    settings.validate(paths.settings_file)
    assert {row.origin for row in read(paths, project).describe()} == {"default"}
    assert all(f"[{section}]" in text for section in SECTIONS)
    assert all(f"\n# {item.name} = " in text for item in SETTINGS)
    uncommented = "\n".join(
        line.removeprefix("# ") if any(line.startswith(f"# {item.name} = ") for item in SETTINGS) else line
        for line in text.splitlines()
    )
    paths.settings_file.write_text(uncommented, encoding="utf-8")
    found = read(paths, project)
    assert all(row.origin.startswith("user file") for row in found.describe())


def test_reading_settings_loads_nothing_heavy(paths: Paths, project: Path) -> None:
    code = (
        "import sys, pathlib\n"
        "from config.paths import Paths\n"
        "from config.settings import load\n"
        f"paths = Paths.of(pathlib.Path({str(paths.data.parent)!r}))\n"
        f"load(environ={{}}, cwd=pathlib.Path({str(project)!r}), paths=paths)\n"
        "roots = {name.partition('.')[0] for name in sys.modules}\n"
        "ours = {'optionix_core', 'optionix_tui', 'screens', 'widgets', 'server'}\n"
        "heavy = {'pydantic', 'numpy', 'textual', 'typer', 'rich', 'platformdirs', 'difflib', 'tempfile'}\n"
        "print(*sorted(roots & (ours | heavy)), *sorted({'config.themes', 'config.keymaps'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
