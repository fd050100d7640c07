"""Where a home's folders are. Nothing is made here; whoever writes makes the folder that it needs.

`OPTIONIX_HOME` moves everything into one folder. Otherwise each platform's own places are used.
Compiled kernels and exchange sessions are not part of a home: they belong to the installation.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from config.errors import SettingsError

HOME_VARIABLE = "OPTIONIX_HOME"


@dataclass(frozen=True, slots=True)
class Paths:
    """The four folders of a home, all absolute."""

    config: Path
    """Settings, key maps and themes that the user wrote."""
    data: Path
    """The log, imported chains and recordings: what must be backed up."""
    state: Path
    """What one session leaves for the next."""
    cache: Path
    """May be deleted at any time."""

    @property
    def settings_file(self) -> Path:
        """The user's settings."""
        return self.config / "settings.toml"

    @property
    def keymap_file(self) -> Path:
        """The user's keys, over those of the shipped key map."""
        return self.config / "keymap.toml"

    @property
    def keymaps_folder(self) -> Path:
        """The user's whole key maps, `NAME.toml`."""
        return self.config / "keymaps"

    @property
    def themes_folder(self) -> Path:
        """The user's themes, `NAME.toml`."""
        return self.config / "themes"

    @classmethod
    def of(cls, root: Path) -> Self:
        """All four under one folder."""
        return cls(root / "config", root / "data", root / "state", root / "cache")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Self:
        """The folders that `OPTIONIX_HOME` or the platform gives; SettingsError where the variable is empty."""
        home = (os.environ if environ is None else environ).get(HOME_VARIABLE)
        if home is not None:
            if not home.strip():
                raise SettingsError(
                    HOME_VARIABLE, f"must be a folder (got {home!r})", key=HOME_VARIABLE, value=home, bound="a folder"
                )
            return cls.of(Path(home).expanduser().absolute())
        from platformdirs import PlatformDirs

        folders = PlatformDirs("optionix", appauthor=False)
        return cls(folders.user_config_path, folders.user_data_path, folders.user_state_path, folders.user_cache_path)
