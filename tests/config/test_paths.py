"""One variable moves a home; otherwise the platform's places hold it."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.errors import SettingsError
from config.paths import Paths


def test_optionix_home_holds_everything(tmp_path: Path) -> None:
    paths = Paths.from_environment({"OPTIONIX_HOME": str(tmp_path)})
    folders = (paths.config, paths.data, paths.state, paths.cache)
    assert folders == tuple(tmp_path / name for name in ("config", "data", "state", "cache"))
    assert paths.settings_file == tmp_path / "config" / "settings.toml"
    assert not list(tmp_path.iterdir())


def test_a_relative_home_becomes_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Paths.from_environment({"OPTIONIX_HOME": "mine"}).data == tmp_path / "mine" / "data"


def test_a_tilde_is_the_users_folder() -> None:
    assert Paths.from_environment({"OPTIONIX_HOME": "~/optionix"}).data == Path.home() / "optionix" / "data"


@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_home_is_refused(empty: str) -> None:
    with pytest.raises(SettingsError, match="OPTIONIX_HOME"):
        Paths.from_environment({"OPTIONIX_HOME": empty})


def test_without_it_the_platform_decides() -> None:
    import platformdirs

    paths = Paths.from_environment({})
    assert paths.config == platformdirs.user_config_path("optionix", appauthor=False)
    assert paths.data == platformdirs.user_data_path("optionix", appauthor=False)
    assert paths.state == platformdirs.user_state_path("optionix", appauthor=False)
    assert paths.cache == platformdirs.user_cache_path("optionix", appauthor=False)
    assert all(folder.is_absolute() for folder in (paths.config, paths.data, paths.state, paths.cache))
