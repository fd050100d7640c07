"""A whole server on this machine's loopback, over HTTP, with everybody's password known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import keyring
import pytest
import structlog
import uvicorn
from keyring.backends.fail import Keyring

from optionix_core.services.home import HomeFolders
from optionix_core.services.workspace import DEFAULT_ACCOUNT, Workspace
from optionix_tui.remote.team import Team
from server import assembly
from server.auth.identity import Identity, Role, Tier
from server.auth.people import NewUser, User, add_user
from tests.cli.conftest import CommandLine, optionix  # noqa: F401 # a fixture
from tests.server.conftest import MakeServer, _sqlite_template, make_server, sqlite_backend  # noqa: F401 # fixtures

if TYPE_CHECKING:
    from optionix_core.market.clock import ManualClock
    from server.context import Server

PASSWORD = "a long sentence of ours"  # noqa: S105 - of people who live in tests alone


@dataclass
class Live:
    """A server, where it listens, and homes that speak to it."""

    server: Server
    url: str
    folder: Path
    teams: list[Team] = field(default_factory=list)

    @property
    def clock(self) -> ManualClock:
        return self.server.clock  # type: ignore[return-value] # as it was made

    def add(self, name: str = "ann", role: str = "trader", **more: Any) -> User:
        """Somebody, added on the host."""
        new = NewUser(f"{name}@example.com", f"{name.title()} Example", PASSWORD, Role(role), **more)
        return add_user(self.server.accounts.stores, new, by=None)  # type: ignore[attr-defined] # Identities

    def bound(self, user: User, name: str) -> None:
        """An account of somebody's at the server's venue, of a name that servers gave once."""
        self.server.books.open_account(Identity(user.id, Role.TRADER, Tier.STANDARD, None), name, "server-paper")

    def home(self, name: str) -> HomeFolders:
        return HomeFolders.of(self.folder / name)

    def team(self, name: str = "home", **options: Any) -> Team:
        return self.of(self.home(name), **options)

    def of(self, home: HomeFolders, **options: Any) -> Team:
        """A team that is closed with the test."""
        made = Team(home, self.clock, **{"environ": {}, **options})
        self.teams.append(made)
        return made

    def workspace(self, name: str = "home", account: str = DEFAULT_ACCOUNT) -> Workspace:
        return Workspace.open(self.home(name), account=account, clock=self.clock, seed=20)


@contextmanager
def listening(app: Any) -> Iterator[str]:
    """The application behind a real socket, in a thread with its own event loop."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", lifespan="on", ws="websockets-sansio")
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, name="server of a test")
    thread.start()
    try:
        while not server.started:
            thread.join(0.01)
            assert thread.is_alive(), "the server did not start"
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(autouse=True)
def no_keyring() -> Iterator[None]:
    """Whatever this machine has, tests never see its keyring."""
    before = keyring.get_keyring()
    keyring.set_keyring(Keyring())
    yield
    keyring.set_keyring(before)


@pytest.fixture
def live(make_server: MakeServer, tmp_path: Path) -> Iterator[Live]:  # noqa: F811 # a fixture
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())  # what commands print is read
    server = make_server(rate_standard=100_000)
    with listening(assembly.application(server)) as url:
        made = Live(server, url, tmp_path / "homes")
        yield made
        for team in made.teams:
            team.close()
    structlog.reset_defaults()


@pytest.fixture
def team(optionix: CommandLine, live: Live) -> CommandLine:  # noqa: F811 # a fixture
    """Commands on a home beside the server `live`, by its clock."""
    optionix.clock = live.clock
    return optionix
