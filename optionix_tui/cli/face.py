"""What every command shares: flags of the root command, settings, folders, clock and the opened workspace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import typer

    from config.paths import Paths
    from config.settings import Settings
    from optionix_core.market.clock import Clock
    from optionix_core.services.elsewhere import VenueElsewhere
    from optionix_core.services.home import HomeFolders
    from optionix_core.services.workspace import Workspace
    from optionix_tui.remote.team import Team


@dataclass(slots=True)
class Face:
    """The command line's own context; nothing is read before a command asks for it."""

    given_clock: Clock | None = None
    """Another clock than the machine's."""
    flags: dict[str, Any] = field(default_factory=dict)
    """Dotted setting to the value given as a flag of `optionix` itself."""
    _settings: Settings | None = None

    @property
    def clock(self) -> Clock:
        """What tells the time."""
        from optionix_core.market.clock import SystemClock

        return SystemClock() if self.given_clock is None else self.given_clock

    @property
    def paths(self) -> Paths:
        """The folders of this home."""
        from config.paths import Paths

        return Paths.from_environment()

    @property
    def settings(self) -> Settings:
        """Settings with their origins: flags, environment, project file, user file, defaults."""
        if self._settings is None:
            from config.settings import load

            self._settings = load(flags=self.flags)
        return self._settings

    @property
    def home(self) -> HomeFolders:
        """The folders as the engine takes them."""
        return replace(self.folders, read_only=self.settings.trading.read_only)

    @property
    def folders(self) -> HomeFolders:
        """The same before any setting was read, for who only looks."""
        from optionix_core.services.home import HomeFolders

        paths = self.paths
        return HomeFolders(data=paths.data, state=paths.state, cache=paths.cache, config=paths.config)

    @contextmanager
    def workspace(self) -> Iterator[Workspace]:
        """The home with its store, feed and account, closed on the way out."""
        from optionix_core.services.workspace import Workspace
        from optionix_tui.cli.native import keep_stdout_for_data
        from optionix_tui.network import network_feeds
        from optionix_tui.rules import limit_engine, trading_rules

        keep_stdout_for_data()  # what an order needs behind it is asked of a solver
        settings = self.settings
        opened = Workspace.open(
            self.home,
            feed=settings.feed.name,
            account=settings.account.name,
            clock=self.clock,
            seed=settings.feed.seed,
            session=settings.feed.session,
            lock_timeout=settings.trading.lock_timeout_seconds,
            latency=settings.trading.latency_ms / 1000.0,
            network=network_feeds(settings.feed),
            rules=partial(trading_rules, settings),
            limit_engine=limit_engine(),
        )
        opened.lay_way = self._way
        try:
            yield opened
        finally:
            opened.close()

    def _way(self) -> VenueElsewhere:
        """To the venue of the home's server."""
        from optionix_tui.remote.team import Team
        from optionix_tui.remote.venue import ServerVenue

        return ServerVenue(partial(Team.of, self.home, self.clock, self.settings.sync))

    @contextmanager
    def team(self) -> Iterator[Team]:
        """The home's team server; nothing is asked of it yet."""
        from optionix_tui.remote.team import Team

        opened = Team.of(self.home, self.clock, self.settings.sync)
        try:
            yield opened
        finally:
            opened.close()


def face_of(context: typer.Context) -> Face:
    """The Face of a running command."""
    face = context.find_object(Face)
    if face is None:  # a command was called without the root command, as a test may do
        face = Face()
        context.obj = face
    return face
