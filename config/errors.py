"""What goes wrong with settings. `config` imports nothing of ours, so this stands beside the engine's error tree.

Faces treat it as they treat the engine's configuration error: words on stderr, exit code 2.
"""

from __future__ import annotations

from typing import ClassVar


class SettingsError(Exception):
    """A setting that cannot be used. `str()` names the place, the key, the value and the bound.

    `settings.toml, line 3: feed.seed must be a whole number (got "x")`
    """

    exit_code: ClassVar[int] = 2
    problem: ClassVar[str] = "configuration"

    def __init__(
        self,
        source: str,
        reason: str,
        *,
        line: int | None = None,
        key: str | None = None,
        value: object = None,
        bound: str | None = None,
    ) -> None:
        self.reason = reason
        """What is wrong, without the place."""
        self.source = source
        """Path of the file, name of the environment variable, or `flag`."""
        self.line = line
        """1-based, where the source is a file."""
        self.key = key
        """The setting, dotted: `feed.seed`."""
        self.value = value
        self.bound = bound
        super().__init__(f"{source}{'' if line is None else f', line {line}'}: {reason}")
